"""Feeds asked beside the rounds."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.errors import FetchError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.workers import Parsers
from monitor.model import Feed
from monitor.survey import find
from tests.desks import rss
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator


NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(name="tools", scope="module")
def _tools() -> Iterator[tuple[Fetcher, Parsers]]:
    fetcher, parsers = Fetcher(user_agent="test"), Parsers(1)
    yield fetcher, parsers
    fetcher.close()
    parsers.close()


def test_a_feed_that_moved_for_good_is_found_where_it_is(tools: tuple[Fetcher, Parsers]) -> None:
    with WebServer() as web:
        web.serve("/feed", rss(*map(str, range(9))))
        web.serve("/old", b"", {"Location": "/feed"}, status=301)
        web.serve("/detour", b"", {"Location": "/feed"}, status=302)
        feed = Feed("a", web.url("/old"), "A", allow_private=True)
        (found,) = find(feed, fetcher=tools[0], parsers=tools[1], now=NOW)
        assert found.feed.url == web.url("/feed")
        assert [entry.title for entry in found.last] == ["8", "7", "6", "5", "4"]
        feed = Feed("a", web.url("/detour"), "A", allow_private=True)
        assert find(feed, fetcher=tools[0], parsers=tools[1], now=NOW)[0].feed == feed


def test_a_page_of_our_own_network_names_no_other_host_of_it(tools: tuple[Fetcher, Parsers]) -> None:
    with WebServer(address=("0.0.0.0", 0)) as web:  # noqa: S104
        others = (web.url("/feed", host="127.0.0.2"), "http://127.0.0.1:9/feed")
        links = "".join(
            f"<link rel=alternate type=application/rss+xml href={url}>" for url in (*others, "/feed")
        )
        web.serve("/", f"<html>{links}".encode())
        web.serve("/feed", rss("One"))
        feed = Feed("a", web.url("/"), "A", allow_private=True)
        found = find(feed, fetcher=tools[0], parsers=tools[1], now=NOW)
    assert [one.feed.url for one in found] == [web.url("/feed")]


def test_of_an_index_of_sitemaps_those_of_news_are_found(tools: tuple[Fetcher, Parsers]) -> None:
    news = 'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
    with WebServer() as web:
        listed = "".join(f"<sitemap><loc>{web.url(way)}</loc></sitemap>" for way in ("/pages", "/news.gz"))
        web.serve("/sitemap", f"<sitemapindex>{listed}</sitemapindex>".encode())
        web.serve("/pages", b"<urlset><url><loc>https://x.example/</loc></url></urlset>")
        one = "<url><loc>https://x.example/1</loc><n:news><n:title>One</n:title></n:news></url>"
        web.serve("/news.gz", gzip.compress(f"<urlset {news}>{one}</urlset>".encode()))
        feed = Feed("a", web.url("/sitemap"), "A", allow_private=True)
        (found,) = find(feed, fetcher=tools[0], parsers=tools[1], now=NOW)
        assert (found.feed.url, found.latest) == (web.url("/news.gz"), "One")


def test_a_document_that_kills_its_parser_is_not_taken_for_a_page_without_feeds() -> None:
    """On a busy machine this said "there is no feed, and none behind the page"."""
    fetcher, parsers = Fetcher(user_agent="test"), Parsers(1, cpu=timedelta(seconds=0.5))
    bomb = b"<rss version='2.0'><channel><item><title>&amp;</title><author>" + b"a" * 4_000_000
    with WebServer() as web:
        web.serve("/feed", bomb + b"</author></item></channel></rss>")
        feed = Feed("a", web.url("/feed"), "A", allow_private=True)
        with pytest.raises(FetchError, match="of CPU"):
            find(feed, fetcher=fetcher, parsers=parsers, now=NOW)
    fetcher.close()
    parsers.close()
