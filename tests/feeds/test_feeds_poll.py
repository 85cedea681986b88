from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feeds.fetch import Fetcher
from monitor.feeds.poll import poll, unconditional
from monitor.feeds.workers import Parsers
from monitor.model import Failed, Feed, Fresh, NotModified, Poll, PollResult, Validators
from tests.web_server import WebServer

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RSS = b"<rss version='2.0'><channel><item><title>Peace</title><link>a</link></item></channel></rss>"


class Desk:
    """A server with one feed, and what polls it."""

    def __init__(self, web: WebServer, parsers: Parsers) -> None:
        self.web = web
        self.parsers = parsers
        self.fetcher = Fetcher(user_agent="test")
        self.feed = Feed(name="feed", url=web.url("/feed"), outlet="outlet", allow_private=True)

    def poll(self, validators: Validators = Validators()) -> PollResult:  # noqa: B008  # a frozen value
        return poll(Poll(self.feed, validators), fetcher=self.fetcher, parsers=self.parsers, now=NOW)


@pytest.fixture(name="parsers", scope="module")
def _parsers() -> Iterator[Parsers]:
    parsers = Parsers(1)
    yield parsers
    parsers.close()


@pytest.fixture(name="desk")
def _desk(parsers: Parsers) -> Iterator[Desk]:
    with WebServer() as web:
        desk = Desk(web, parsers)
        yield desk
        desk.fetcher.close()


def test_a_changed_feed_is_fresh_with_its_entries(desk: Desk) -> None:
    desk.web.serve("/feed", RSS, {"ETag": '"1"'})
    result = desk.poll()
    assert isinstance(result, Fresh)
    assert [entry.title for entry in result.entries] == ["Peace"]
    assert (result.feed, result.validators.etag) == (desk.feed, '"1"')


def test_links_belong_to_where_the_document_was_found(desk: Desk) -> None:
    desk.web.serve("/feed", b"", {"Location": "/elsewhere/feed"}, status=301)
    desk.web.serve("/elsewhere/feed", RSS)
    result = desk.poll()
    assert isinstance(result, Fresh)
    assert result.entries[0].link == desk.web.url("/elsewhere/a")
    assert result.feed == desk.feed


def test_the_same_bytes_cost_no_parse_even_without_validators(desk: Desk) -> None:
    desk.web.serve("/feed", RSS)
    first = desk.poll()
    assert isinstance(first, Fresh)
    parsed = desk.parsers.parsed
    desk.web.serve("/feed", RSS, {"ETag": '"2"'})
    second = desk.poll(first.validators)
    assert isinstance(second, NotModified)
    assert second.validators.etag == '"2"'
    assert desk.parsers.parsed == parsed


def test_a_304_keeps_what_was_sent_back(desk: Desk) -> None:
    desk.web.serve("/feed", b"", status=304)
    validators = Validators(etag='"1"', digest="d")
    assert desk.poll(validators) == NotModified(desk.feed, validators)


def test_an_unconditional_poll_still_knows_the_digest(desk: Desk) -> None:
    desk.web.serve("/feed", RSS, {"ETag": '"1"'})
    first = desk.poll()
    assert isinstance(first, Fresh)
    again = unconditional(Poll(desk.feed, first.validators))
    assert isinstance(desk.poll(again.validators), NotModified)
    assert "if-none-match" not in desk.web.requests[-1].headers


@pytest.mark.parametrize(
    ("body", "what"), [(b"", "empty"), (b"<html>", "HTML page"), (b"\x00\x01", "no feed")]
)
def test_what_is_no_feed_is_a_failure_and_not_a_feed_without_entries(
    desk: Desk, body: bytes, what: str
) -> None:
    desk.web.serve("/feed", body)
    result = desk.poll()
    assert isinstance(result, Failed)
    assert what in result.what
    assert result.weight == 0.5


def test_a_failed_fetch_is_a_value_with_everything_the_server_said(desk: Desk) -> None:
    desk.web.serve("/feed", b"", {"Retry-After": "60"}, status=503)
    wait = timedelta(minutes=1)
    assert desk.poll() == Failed(desk.feed, "answered 503 Service Unavailable", weight=0.5, retry_after=wait)
    desk.web.serve("/feed", b"", status=410)
    assert desk.poll() == Failed(desk.feed, "answered 410 Gone", gone=True)
