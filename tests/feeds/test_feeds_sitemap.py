"""News sitemaps: read as feeds are, under any prefix, however hostile."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds import scan, sitemap
from monitor.feeds.discover import feeds_of
from monitor.feeds.parse import parse, read
from monitor.model import Entry, Feed, identity

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FEED = Feed("wire", "https://www.wire.example/news-sitemap.xml", outlet="wire")
PLAIN, NEWS = "http://www.sitemaps.org/schemas/sitemap/0.9", "http://www.google.com/schemas/sitemap-news/0.9"
TITLE = "Министры подписали соглашение, рассказал посол"


def url(number: int = 1, *, title: str = TITLE, more: str = "", n: str = "news:", s: str = "") -> str:
    return (
        f"<{s}url><{s}loc>https://www.wire.example/a?id={number}&amp;x=1</{s}loc><{s}lastmod>2026-01-01</{s}lastmod>"
        f"<{n}news><{n}publication><{n}name>The Wire</{n}name><{n}language>en</{n}language></{n}publication>"
        f"<{n}publication_date>2026-11-21T09:30+04:00</{n}publication_date><{n}title>{title}</{n}title></{n}news>"
        f"{more}</{s}url>"
    )


def urlset(*urls: str, head: str = "", attributes: str = f'xmlns="{PLAIN}" xmlns:news="{NEWS}"') -> str:
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{head}<urlset {attributes}>{''.join(urls)}</urlset>"


def entries(body: str, feed: Feed = FEED) -> tuple[Entry, ...]:
    return parse(body.encode(), feed=feed, content_type="application/xml", now=NOW)


def test_an_address_of_a_news_sitemap_becomes_an_entry() -> None:
    image = (
        '<image:image xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><image:loc>https://x.example/1'
        "</image:loc><image:title>A picture</image:title></image:image>"
    )
    (one,) = entries(urlset(url(more=image)))
    assert one == Entry(
        id=identity("wire", "https://www.wire.example/a?id=1&x=1"),
        feed="wire",
        outlet="The Wire",
        guid="",
        link="https://www.wire.example/a?id=1&x=1",
        title=TITLE,
        summary="",
        body="",
        published=datetime(2026, 11, 21, 5, 30, tzinfo=UTC),
        lang="ru",
        digest=one.digest,
        origin="wire.example",
    )


SPELT = [
    (urlset(url(n="n:"), attributes=f'xmlns="{PLAIN}" xmlns:n="{NEWS}"'), "another prefix"),
    (urlset(url(n="n:"), attributes=f'xmlns="{PLAIN}" xmlns:n="{NEWS.replace("http:", "https:")}"'), "https"),
    (f'<s:urlset xmlns:s="{PLAIN}" xmlns="{NEWS}">{url(s="s:", n="")}</s:urlset>', "the other way round"),
    (urlset(url().replace("<news:news>", f'<news:news xmlns:news="{NEWS}">'), attributes=f'xmlns="{PLAIN}"'),
     "declared where it is used"),
    (urlset(url().replace("&amp;", "&")), "a bare ampersand in an address"),
    (urlset(url().replace(TITLE, f"<![CDATA[{TITLE}]]>")), "CDATA"),
    (urlset(url(title=TITLE.replace(" ", "&nbsp;"))), "a reference of HTML"),
    (urlset("<url><loc>https://wire.example/about</loc></url>", url()), "a page beside the news"),
    (urlset(url(), head="<!DOCTYPE urlset [<!ENTITY a 'x'>]><!-- made -->"), "a DOCTYPE before it"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "why"), SPELT, ids=[row[1] for row in SPELT])
def test_it_is_read_however_it_is_written(body: str, why: str) -> None:
    (one,) = entries(body)
    assert (one.title, one.link, one.outlet) == (TITLE, "https://www.wire.example/a?id=1&x=1", "The Wire"), (
        why
    )


def index(*names: str) -> str:
    listed = "".join(f"<sitemap><loc> https://wire.example/{name}.xml</loc></sitemap>" for name in names)
    return f'<?xml version="1.0"?><sitemapindex xmlns="{PLAIN}">{listed}</sitemapindex>'


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
REFUSED = [
    (index("page", "news"), r"in its place: https://wire\.example/news\.xml, https://wire\.example/page\.xml$",
     "an index"),
    (index(*map(str, range(9))), "4.xml and 4 more$", "a long one"),
    (index(), "and empty$", "an empty one"),
    (index(r"a\b", "x" * 300), "and empty$", "one of what cannot be polled"),
    (urlset("<url><loc>https://x.example/</loc></url>", attributes=""), "of pages, not of news", "no news"),
    (urlset(url(), "<url>"), "broken: mismatched tag", "cut off"),
    (urlset(url(), "<x:url/>"), "broken: unbound prefix", "a prefix that nobody declared"),
    (urlset("<a>" * 50 + "</a>" * 50), "nests too deep", "deep"),
    (urlset(url(), "<!DOCTYPE urlset []>"), "broken", "a DOCTYPE in its midst"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "what", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_is_no_news_sitemap_says_so(body: str, what: str, why: str) -> None:
    with pytest.raises(ParseError) as refused:
        entries(body)
    assert re.search(what, refused.value.what), why


def test_a_bomb_of_entities_is_a_word() -> None:
    (one,) = entries(urlset(url(title="&l9;"), head=f'<!DOCTYPE urlset [<!ENTITY l0 "ha">{LAUGHS}]>'))
    assert one.title == "&l9;"


@pytest.mark.parametrize(
    "piece", ["<url>", "<loc>", "&", "&a", "<news:title>", "<url/>", "<![CDATA[", "<!--"]
)
def test_a_long_hostile_sitemap_holds_nothing_or_is_refused(piece: str) -> None:
    with suppress(ParseError):  # how long it takes: benchmarks/hostile.py
        assert entries(urlset(piece * (30_000 // len(piece)))) == ()


@settings(max_examples=50)
@given(st.text(alphabet="<>/urlsetnwoc:& ;'\"=x", max_size=80))
def test_whatever_stands_in_it_gives_entries_or_a_parse_error(inside: str) -> None:
    with suppress(ParseError):
        entries(urlset(url(), inside))


def test_only_new_addresses_are_read_and_they_are_what_the_whole_would_give() -> None:
    page = "<url><loc>https://wire.example/about</loc></url>" * 2
    first = read(urlset(url(1), url(2), page).encode(), feed=FEED, content_type="", now=NOW)
    body = urlset(url(3), url(1, title="Changed"), url(2), page).encode()
    again = read(body, feed=FEED, content_type="", now=NOW, marks=first.marks)
    whole = parse(body, feed=FEED, content_type="", now=NOW)
    assert [one.title for one in again.entries] == [TITLE, "Changed"]
    assert again.entries == whole[:2]
    assert again.familiar == 1
    unread = read(urlset(url(1), page).encode(), feed=FEED, content_type="", now=NOW, marks=first.marks)
    assert unread.entries == (), "what is left are pages, and that is no fault"


def test_its_first_document_is_kept_as_a_feeds_is() -> None:
    assert scan.items_of(urlset(url(1), url(2)).encode()) == 2
    assert scan.items_of(b"<rss><channel><image><url>x</url></image><item/></channel></rss>") == 0


@pytest.mark.parametrize(
    ("feed", "outlet", "why"),
    [
        (Feed("wire", FEED.url, outlet="Wire Service"), "Wire Service", "the operator has named it"),
        (Feed("wire", FEED.url, outlet="Wire Service", aggregator=True), "The Wire", "it shows several"),
        (
            Feed("maps", "https://maps.example/1.xml", outlet="Maps"),
            "The Wire",
            "it leads to another's pages",
        ),
    ],
)
def test_whose_it_is(feed: Feed, outlet: str, why: str) -> None:
    assert entries(urlset(url()), feed)[0].outlet == outlet, why


def test_the_feeds_behind_an_index_are_its_sitemaps_those_of_news_first() -> None:
    found = feeds_of(index("pages", "news").encode(), url="https://wire.example/sitemap.xml")
    assert found[:2] == ("https://wire.example/news.xml", "https://wire.example/pages.xml")
    assert not sitemap.listed("no loc")
