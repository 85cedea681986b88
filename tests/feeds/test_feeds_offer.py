"""What feeds say of push, in headers and documents; hostile ones among them."""

from __future__ import annotations

import json

import pytest

from monitor.errors import ParseError
from monitor.feeds.offer import in_headers
from monitor.feeds.parse import read
from monitor.model import Offer
from tests.fakes import FEED, START

URL = "https://wire.example/feed"
ATOM = 'xmlns:atom="http://www.w3.org/2005/Atom"'
ATOM_FEED = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://hub.example/"/>'
    b'<link rel="self" href="https://wire.example/topic"/><entry><id>1</id><title>a</title></entry></feed>'
)
BOTH = Offer(("https://hub.example/",), "https://wire.example/topic")
NONE = Offer()


@pytest.mark.parametrize(
    ("link", "offer"),
    [
        ('<https://hub.example/>; rel="hub", <https://wire.example/topic>; rel="self"', BOTH),
        ("<https://hub.example/>;rel=hub,<https://wire.example/topic>;rel=self", BOTH),
        ('<https://hub.example/>; title="a, b"; REL="HUB other", </topic>; rel="self"', BOTH),
        ('<https://hub.example/>; rel="hub"', Offer(BOTH.hubs, URL)),  # no name of its own
        ('<https://wire.example/topic>; rel="self"', None),
        ("<https://hub.example/>", None),
        ('<file:///etc/passwd>; rel="hub", <https://u:p@hub.example/>; rel="hub"', None),
        ("", None),
        ("<" * 5000, None),
        ("<a>;" * 5000, None),
    ],
)
def test_a_link_header_is_read(link: str, offer: Offer | None) -> None:
    assert in_headers(link, url=URL) == offer


def rss(links: str, *, inside: str = "") -> bytes:
    item = f"<item><title>a</title><guid>1</guid>{inside}</item>"
    return f'<rss version="2.0" {ATOM}><channel><title>t</title>{links}{item}</channel></rss>'.encode()


HUB = '<atom:link rel="hub" href="https://hub.example/"/>'
SELF = '<atom:link rel="self" href="/topic"/>'


@pytest.mark.parametrize(
    ("document", "offer"),
    [
        (rss(SELF + HUB), BOTH),
        (rss(HUB), Offer(BOTH.hubs, FEED.url)),
        (rss(SELF), NONE),
        (rss("", inside=HUB), NONE),  # an item's links are not the feed's
        (rss('<link rel="hub" href="https://hub.example/"/>'), NONE),  # RSS has no such link of its own
        (rss('<atom:link rel="hub" href="http://["/>'), NONE),
        (ATOM_FEED, BOTH),
        (rss("".join(HUB.replace("/hub", f"/{n}hub") for n in range(60))), "three"),
        (rss(SELF + HUB).replace(b"</rss>", b""), None),  # broken: it says nothing that is sure
    ],
)
def test_a_documents_own_links_are_read(document: bytes, offer: Offer | str | None) -> None:
    found = read(document, feed=FEED, content_type="", now=START).offer
    if offer == "three":
        assert found is not None
        assert len(found.hubs) == 3
    else:
        assert found == offer


def test_an_offer_is_found_where_every_item_is_known() -> None:
    first = read(rss(SELF + HUB), feed=FEED, content_type="", now=START)
    again = read(rss(SELF + HUB), feed=FEED, content_type="", now=START, marks=first.marks)
    assert (again.familiar, again.offer) == (1, BOTH)


@pytest.mark.parametrize(
    ("more", "offer"),
    [
        ({"hubs": [{"type": "WebSub", "url": "https://hub.example/"}], "feed_url": "/topic"}, BOTH),
        ({"hubs": [{"type": "rssCloud", "url": "https://hub.example/"}]}, NONE),
        ({"hubs": ["https://hub.example/", {"type": "WebSub"}]}, NONE),
        ({"hubs": "https://hub.example/"}, NONE),
        ({}, NONE),
    ],
)
def test_a_json_feed_names_its_hubs(more: dict[str, object], offer: Offer) -> None:
    document = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "a"}], **more}
    assert read(json.dumps(document).encode(), feed=FEED, content_type="", now=START).offer == offer


def test_what_is_no_feed_offers_nothing() -> None:
    with pytest.raises(ParseError):
        read(
            b'<html><link rel="hub" href="https://hub.example/"></html>',
            feed=FEED,
            content_type="",
            now=START,
        )
