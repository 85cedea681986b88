"""Feeds asked beside the rounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import FetchError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.workers import Parsers
from monitor.model import Feed
from monitor.survey import find
from tests.web_server import WebServer


def test_a_document_that_kills_its_parser_is_not_taken_for_a_page_without_feeds() -> None:
    """On a busy machine this said "there is no feed, and none behind the page"."""
    fetcher, parsers = Fetcher(user_agent="test"), Parsers(1, cpu=timedelta(seconds=0.5))
    bomb = b"<rss version='2.0'><channel><item><title>&amp;</title><author>" + b"a" * 4_000_000
    with WebServer() as web:
        web.serve("/feed", bomb + b"</author></item></channel></rss>")
        feed = Feed("a", web.url("/feed"), "A", allow_private=True)
        with pytest.raises(FetchError, match="of CPU"):
            find(feed, fetcher=fetcher, parsers=parsers, now=datetime(2026, 11, 21, tzinfo=UTC))
    fetcher.close()
    parsers.close()
