"""A feed's first document: kept as it came, settled in time, and then as if it had been read at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest

from monitor import config, pipeline
from monitor.engine import Engine
from monitor.errors import ParseError
from monitor.feeds.fetch import Fetched
from monitor.feeds.poll import poll
from monitor.feeds.scan import items_of
from monitor.model import (
    Document,
    Failed,
    Feed,
    FeedState,
    Fresh,
    Kept,
    Offer,
    Poll,
    PollResult,
    Reply,
    Settled,
    Validators,
)
from monitor.retention import prune
from monitor.store.backup import back_up, restore
from monitor.store.baselines import Baseline
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from tests.fakes import START, FakeClock, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.feeds.parse import Reading

BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")
FEED = Feed("wire", "https://wire.example/feed", outlet="The Wire")
OLD = ("old", "Museum of clocks opens again in the old harbour town", "Thu, 01 Jan 2026 08:00:00 GMT")
LATE = ("late", "Ministers of both countries meet before the long winter", "Mon, 02 Mar 2026 08:00:00 GMT")
NEXT = ("next", "Second peace agreement between the northern islands", "Mon, 02 Mar 2026 10:00:00 GMT")
NEWS = ("news", "Parliament ratifies peace agreement after a night of talks", "Mon, 02 Mar 2026 09:30:00 GMT")


def document(*items: tuple[str, str, str]) -> bytes:
    """An RSS document of these (guid, title, date)."""
    entries = "".join(
        f"<item><guid>{guid}</guid><title>{title}</title><pubDate>{date}</pubDate>"
        f"<description>{title}, says {guid}.</description></item>"
        for guid, title, date in items
    )
    return f"<rss version='2.0'><channel><ttl>60</ttl>{entries}</channel></rss>".encode()


class Shelf:
    """Gives one document after the other."""

    body = b""
    offer: Offer | None = None  # what its headers say of push

    def fetch(self, poll: Poll) -> Fetched | Reply:
        """The document of the moment."""
        digest = blake2b(self.body).hexdigest()
        if digest == poll.validators.digest:
            return Reply()
        return Fetched(
            Validators(digest=digest), self.body, "", poll.feed.url, Reply(whole=True, offer=self.offer)
        )

    def close(self) -> None:
        """Nothing is open."""


class Here:
    """Reads documents in this process."""

    def __init__(self) -> None:
        self.breaking = 0  # how many documents more will break it

    def read(self, body: bytes, *, suspect: bool = False, **rest: object) -> Reading:
        """As a worker would."""
        from monitor.feeds.worker import Job, Refused, _reply

        del suspect
        if self.breaking:
            self.breaking -= 1
            raise ParseError("took over 4 s of CPU: left out", weight=ParseError.KILLED)
        reading = _reply(Job(body, **rest))  # type: ignore[arg-type]  # they are Parsers.read's
        assert not isinstance(reading, Refused)
        return reading

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Line:
    """The engine on a shelf, and its store."""

    engine: Engine
    store: Store
    clock: FakeClock
    shelf: Shelf
    parsers: Here
    keeps: bool = True

    def state(self) -> FeedState:
        return self.store.feed_states([FEED.name])[FEED.name]

    def poll(self, *items: tuple[str, str, str], feed: Feed = FEED) -> PollResult:
        """The feed shows these now, and is polled."""
        result = self.asked(*items, feed=feed)
        self.counts = self.engine.take(self.store, [result])
        return result

    def asked(self, *items: tuple[str, str, str], feed: Feed = FEED) -> PollResult:
        """What that poll gives, not taken in."""
        self.shelf.body = document(*items)
        self.clock.advance(timedelta(minutes=10))
        state = self.state()
        return (
            self.engine.poll(feed, state)
            if self.keeps
            else poll(
                Poll(feed, state.validators, state.marks),
                fetcher=self.shelf,
                parsers=self.engine.parsers,
                now=self.clock(),
            )
        )

    def settle(self) -> Settled:
        settled = self.engine.settle(FEED, self.store.baseline(FEED.name))
        self.counts = self.engine.take(self.store, [settled])
        return settled

    def restore(self, copy: Path | None = None) -> None:
        """A backup, or one made now, is put back, and every feed begins anew."""
        folder = self.engine.state / "restored"
        folder.mkdir()
        if copy is None:
            copy = folder / "copy"
            back_up(self.engine.state, copy)
        restore(copy, folder, now=self.clock.now, baseline=True)
        self.store.close()
        self.engine.state, self.store = folder, Store(folder)

    def rows(self) -> list[dict[str, object]]:
        return [dict(row) for row in self.store._rows("select * from entries order by id")]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    yield from made(tmp_path / "kept")


@pytest.fixture
def at_once(tmp_path: Path) -> Iterator[Line]:
    """The same, with every document read when it comes."""
    for other in made(tmp_path / "read"):
        other.keeps = False
        yield other


def made(folder: Path) -> Iterator[Line]:
    folder.mkdir()
    clock, shelf, parsers = FakeClock(), Shelf(), Here()
    engine = Engine(config.Desk((FEED,), (), BOOK), folder, clock=clock)
    engine.fetcher.close()
    engine.parsers.close()
    engine.fetcher, engine.parsers = shelf, parsers  # type: ignore[assignment]  # they do what is asked of them
    with Store(folder) as store:
        engine.sync(store)
        yield Line(engine, store, clock, shelf, parsers)


def test_a_first_document_is_kept_and_then_settled_as_if_it_had_been_read_at_once(
    line: Line, at_once: Line
) -> None:
    assert isinstance(line.poll(NEWS, LATE), Kept)
    assert (line.rows(), line.state().unsettled, line.counts.baseline) == ([], 2, 0)
    line.clock.advance(timedelta(minutes=4))
    line.settle()
    assert isinstance(at_once.poll(NEWS, LATE), Fresh)
    assert (line.counts.baseline, line.counts.fresh, line.counts.alerts) == (2, 0, 0)
    assert line.rows() == at_once.rows()
    assert line.state() == at_once.state()
    assert line.store.unsettled(most=9) == []


def test_a_hub_that_headers_alone_name_is_known_still_once_the_document_is_settled(line: Line) -> None:
    line.shelf.offer = Offer(("https://hub.example/",), FEED.url)
    line.poll(NEWS)
    line.settle()
    assert line.store.offers() == {FEED.name: line.shelf.offer}


def test_what_comes_before_it_is_settled_waits_for_it_and_only_what_is_new_is_news(line: Line) -> None:
    line.poll(LATE, OLD)
    again = line.poll(NEWS, LATE, OLD)
    assert isinstance(again, Fresh)
    assert (again.familiar, [entry.guid for entry in again.entries]) == (2, ["news"])
    assert (line.counts.baseline, line.counts.stories, line.counts.alerts) == (2, 3, 1)
    assert line.state().unsettled == 0


def test_an_edit_before_it_is_settled_is_an_edit(line: Line) -> None:
    line.poll(LATE, OLD)
    line.poll((*LATE[:1], f"{LATE[1]} sets in", LATE[2]), OLD)
    assert (line.counts.edited, line.counts.alerts) == (1, 0)
    assert {row["status"] for row in line.rows()} == {"baseline"}


def test_one_that_was_settled_meanwhile_changes_nothing(line: Line) -> None:
    line.poll(LATE, OLD)
    late = line.engine.settle(FEED, line.store.baseline(FEED.name))
    line.poll((*LATE[:1], f"{LATE[1]} sets in", LATE[2]), OLD)
    before = line.rows(), line.state()
    line.engine.take(line.store, [late])
    assert (line.rows(), line.state()) == before


def test_a_poll_that_finds_it_settled_meanwhile_says_nothing_of_it(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.poll(LATE, OLD)
    before = line.state()
    line.settle()
    with line.store.transaction():
        line.store._db.execute("update feeds set failures = 4, error = 'it is down'")
    line.engine.take(line.store, [line.engine.settle(FEED, None)])
    assert line.store.feed_errors() == {"wire": "it is down"}
    line.shelf.body = document(NEWS, LATE, OLD)
    caplog.clear()
    line.counts = line.engine.take(line.store, [line.engine.poll(FEED, before)])
    assert (line.counts.failed, line.counts.fresh, line.counts.alerts) == (0, 1, 1)
    assert "unsettled" not in caplog.text


def test_a_feed_that_was_to_be_asked_at_once_is_asked_though_it_is_settled(line: Line) -> None:
    line.poll(LATE, OLD)
    line.store.retry_feeds([FEED.name], now=line.clock.now)
    line.clock.advance(timedelta(minutes=1))
    due = line.state().next_poll
    line.settle()
    assert line.state().next_poll == due


def test_what_a_feed_showed_first_that_is_gone_from_the_desk_is_forgotten_in_time(line: Line) -> None:
    line.poll(LATE, OLD)
    line.store.sync_feeds([], first_poll=lambda _: START)
    with Upkeep(line.engine.state) as store:
        prune(store, keep=timedelta(days=30), now=line.clock.now + timedelta(days=29))
        assert store.baseline(FEED.name) is not None
        prune(store, keep=timedelta(days=30), now=line.clock.now + timedelta(days=31))
        assert store.baseline(FEED.name) is None
    line.store.sync_feeds([FEED], first_poll=lambda _: START)
    assert isinstance(line.poll(LATE, OLD), Kept), "it begins anew"


def test_what_no_copy_can_reach_is_found_by_no_key_and_its_edit_is_still_known_for_one(line: Line) -> None:
    line.poll(LATE, OLD)
    line.settle()
    keyed = {row["guid"]: row["fingerprint"] != "" for row in line.rows()}
    assert keyed == {"late": True, "old": False}
    stories = {row["guid"]: row["story"] for row in line.rows()}
    line.poll(LATE, (OLD[0], f"{OLD[1]}, peace agreement or not", OLD[2]))
    assert (line.counts.edited, line.counts.alerts) == (1, 1)
    assert {row["guid"]: row["story"] for row in line.rows()} == stories
    assert all(row["fingerprint"] for row in line.rows())


def test_one_that_cannot_be_read_is_a_failure_and_the_next_document_is_the_first(line: Line) -> None:
    line.poll(LATE)
    line.parsers.breaking = 1
    line.settle()
    state = line.state()
    assert (line.counts.failed, state.failures, state.last_good) == (1, ParseError.KILLED, None)
    assert (state.unsettled, state.validators) == (0, Validators())
    assert isinstance(line.poll(NEWS, LATE), Fresh), "after a failure it is read at once"
    assert (line.counts.baseline, line.counts.alerts) == (2, 0)


def test_where_it_cannot_be_read_what_came_next_is_the_first(line: Line) -> None:
    line.poll(LATE)
    line.parsers.breaking = 1
    line.poll(NEWS, LATE)
    assert (line.counts.failed, line.counts.baseline, line.counts.alerts) == (1, 2, 0)
    assert (line.state().failures, line.state().unsettled) == (0, 0)


def test_where_it_cannot_be_taken_in_the_feed_is_read_anew(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.poll(LATE, OLD)
    monkeypatch.setattr(Store, "candidates", lambda *_, **__: 1 / 0)
    line.poll(NEWS, LATE, OLD)
    monkeypatch.undo()
    assert line.counts.failed == 2
    assert (line.rows(), line.state().last_good) == ([], None)
    line.poll(NEWS, LATE, OLD)
    assert (line.counts.baseline, line.counts.alerts) == (3, 0)


def test_one_that_is_gone_is_a_failure(line: Line) -> None:
    line.poll(LATE)
    with line.store.transaction():
        line.store._forget_baseline(FEED.name, asked=FEED.url)
    line.settle()
    assert line.store.feed_errors() == {"wire": "its first document is gone"}
    assert line.state().unsettled == 0


def test_a_fault_of_ours_in_settling_harms_one_feed(line: Line) -> None:
    line.engine.parsers = None  # type: ignore[assignment]  # that is the fault
    settled = line.engine.settle(FEED, Baseline(FEED.name, START, Document(b"", "", "")))
    assert settled.reading == Failed(FEED, "settling broke: AttributeError")


def test_what_was_kept_of_an_address_that_the_feed_has_left_is_not_kept(line: Line) -> None:
    line.shelf.body = document(LATE)
    kept = line.engine.poll(FEED, line.state())
    assert isinstance(kept, Kept)
    line.store.sync_feeds([replace(FEED, url="https://wire.example/new")], first_poll=lambda _: START)
    line.engine.take(line.store, [kept])
    assert line.store.baseline(FEED.name) is None
    assert line.state().last_good is None


@pytest.mark.parametrize("alone", [True, False])
def test_what_an_address_showed_first_is_still_known_where_the_feed_left_it_meanwhile(
    line: Line, *, alone: bool
) -> None:
    line.poll(LATE, OLD)
    in_flight = (
        line.engine.settle(FEED, line.store.baseline(FEED.name)) if alone else line.asked(NEWS, LATE, OLD)
    )
    moved = replace(FEED, url="https://wire.example/new")
    line.store.sync_feeds([moved], first_poll=lambda _: START)
    told = line.engine.take(line.store, [in_flight]).alerts
    line.poll(NEXT, NEWS, LATE, OLD, feed=moved)
    assert (told + line.counts.alerts, line.counts.failed) == (2, 0)
    assert (line.state().unsettled, line.store.baseline(FEED.name)) == (0, None)


def test_unchanged_since_a_document_that_could_not_be_read_is_no_good_poll(line: Line) -> None:
    line.poll(LATE, NEWS)
    unchanged = line.asked(LATE, NEWS)
    line.parsers.breaking = 1
    line.settle()
    line.counts = line.engine.take(line.store, [unchanged])
    state = line.state()
    assert (line.counts.failed, state.last_good, state.validators) == (1, None, Validators())
    line.poll(NEXT, NEWS, LATE)
    assert (line.counts.baseline, line.counts.alerts) == (3, 0)


def test_a_restored_feed_that_was_not_settled_begins_anew(line: Line) -> None:
    line.poll(LATE, OLD)
    line.restore()
    assert (line.state().unsettled, line.store.baseline(FEED.name)) == (0, None)
    line.poll(LATE, OLD)
    line.poll(NEWS, LATE, OLD)
    assert (line.counts.baseline, line.counts.alerts) == (2, 1)
    line.store.close()


@pytest.mark.parametrize("keeps", [True, False])
def test_an_edit_that_a_restored_feed_shows_first_is_told_nobody(line: Line, *, keeps: bool) -> None:
    line.poll(LATE, OLD)
    line.settle()
    back_up(line.engine.state, line.engine.state / "copy")
    edited = (LATE[0], f"{LATE[1]}, peace agreement signed", LATE[2])
    line.poll(edited, OLD)
    assert line.counts.alerts == 1
    line.restore(line.engine.state / "copy")
    line.keeps = keeps
    assert isinstance(line.poll(edited, OLD), Kept if keeps else Fresh)
    if keeps:
        line.settle()
    assert (line.counts.edited, line.counts.alerts, line.counts.deliveries) == (1, 0, 0)
    assert line.store._rows("select * from deliveries") == []
    line.store.close()


def test_a_feed_whose_marks_outlived_its_last_good_poll_is_read_anew(line: Line) -> None:
    line.poll(LATE, OLD)
    line.settle()
    with line.store.transaction():
        line.store._db.execute("update feeds set last_good = null, failures = 1")
    edited = (*OLD[:1], f"{OLD[1]} tomorrow", OLD[2])
    line.poll(LATE, edited)
    assert line.counts.failed == 1
    line.poll(LATE, edited)
    assert (line.counts.failed, line.state().failures) == (0, 0)
    line.poll(NEWS, LATE, edited)
    assert line.counts.alerts == 1


def test_of_a_document_that_is_cut_without_marks_the_operators_hear_once(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.feeds.worker.MOST_ENTRIES", 1)
    line.poll(LATE, OLD)
    line.settle()
    assert line.store._rows("select * from notices") == [], "what is left out is known by its marks"
    monkeypatch.setattr("monitor.feeds.scan.pack", lambda *_: b"")
    line.poll(NEWS, OLD, (*LATE[:1], "Ministers meet again", LATE[2]))
    line.poll(NEXT, NEWS, OLD, LATE)
    notices = [row["sentence"] for row in line.store._rows("select * from notices")]
    assert len([one for one in notices if "are never told" in one]) == 1


def test_for_a_backfill_a_first_document_is_read_at_once(line: Line) -> None:
    line.engine.backfill = True
    assert isinstance(line.poll(NEWS), Fresh)
    assert line.counts.alerts == 1


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"<rss version='2.0'><channel><item><title>a</title></item><item/></channel></rss>", 1),
        (b"<rss><item>1</item><item rdf:about='x'>2</item></rss>", 2),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<feed xmlns='a'><entry>1</entry></feed>", 1),
        (b"<?xml version='1.0'?><?xml-stylesheet href='a'?><rdf:RDF><item>1</item></rdf:RDF>", 1),
        (b"<rss><channel></channel></rss>", 0),  # nothing to keep for later
        (b"<html><body><item>1</item></body></html>", 0),
        (b"<!DOCTYPE html><rss><item>1</item></rss>", 0),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', 0),
        ("<rss><item>1</item></rss>".encode("utf-16"), 0),
        (b"<rssx><item>1</item></rssx>", 0),
        (b"", 0),
    ],
)
def test_only_what_begins_as_a_feed_is_kept_unread(body: bytes, items: int) -> None:
    assert items_of(body) == items


def test_results_of_unchanged_feeds_that_break_harm_no_other(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.poll(LATE)
    unchanged = line.engine.poll(FEED, line.state())
    monkeypatch.setattr("monitor.feeds.health.notices", lambda *_: 1 / 0)
    counts = pipeline.take(line.store, [unchanged], rulebook=BOOK, now=line.clock.now)
    assert (counts.unchanged, counts.failed) == (0, 1)
    assert line.state().failures == 1.0
