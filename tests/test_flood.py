"""A feed that floods us holds up the others for a share of the time, and loses nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.engine import first_portion
from monitor.feeds import health
from monitor.model import Feed, FeedState, Fresh, Lost, NotModified, Validators
from monitor.store.store import Store
from tests.fakes import FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.model import PollResult

BOOK = rules("rules: [{id: q, title: Quake, any: [quake], send: [mail], examples: {match: [Quake]}}]")
TOWNS = ("Aksu", "Belen", "Cizre", "Datca", "Emet")
EVERY = timedelta(hours=6)


class Desk:
    """One feed of six hours, whose outlet shows what it is told to; it was empty when it was first polled."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, FakeClock()
        self.feed = Feed("wire", "https://wire.example/feed", outlet="The Wire", every=EVERY)
        self.outlet = FakeOutlet(self.feed)
        store.sync_feeds([self.feed], first_poll=lambda _: self.clock.now)

    @property
    def state(self) -> FeedState:
        return self.store.feed_states(["wire"])["wire"]

    def poll(self, *, backfill: bool = False) -> pipeline.Counts:
        """The next poll, when it is due."""
        due = self.state.next_poll
        assert due is not None
        self.clock.now = max(self.clock.now, due)
        result = self.outlet.poll(self.state)
        return pipeline.take(self.store, [result], rulebook=BOOK, now=self.clock.now, backfill=backfill)

    def show(self, *towns: str) -> None:
        self.outlet.items = [Item(town, f"Strong quake hits {town}", "") for town in towns]

    def notices(self) -> list[str]:
        return [row["sentence"] for row in self.store._rows("select sentence from notices")]


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Iterator[Desk]:
    with Store(tmp_path) as store:
        yield Desk(store)


def test_what_there_is_no_time_for_is_told_at_the_next_polls_each_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.poll()
    desk.show(*TOWNS)
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    caplog.set_level(logging.WARNING)
    begun, read = desk.clock.now + EVERY * 1.1, desk.state.last_good
    assert [desk.poll().alerts for _ in TOWNS[1:]] == [1] * len(TOWNS[1:])
    assert desk.state.last_good == read, "the document is not read yet"
    assert desk.poll().alerts == 1
    assert desk.clock.now < begun + EVERY / 2, "what is left does not wait for the interval"
    assert desk.poll().unchanged == 1
    assert [line.getMessage() for line in caplog.records if "crowded" in line.getMessage()] == [
        f"feed=wire outcome=crowded taken=1 left={left}" for left in (4, 3, 2, 1)
    ]
    assert desk.notices().count(health.CROWDED) == 1


def test_a_document_that_changes_while_some_of_it_waits_loses_none_that_it_still_shows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    desk.show(*TOWNS[:3])
    told = desk.poll().alerts
    desk.show(TOWNS[3], *TOWNS[:3], TOWNS[4])
    told += sum(desk.poll().alerts for _ in range(5))
    assert told == len(TOWNS)


def test_what_a_feed_held_first_is_taken_in_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of it would be news at the next poll."""
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    desk.show(*TOWNS)
    assert desk.poll().baseline == len(TOWNS)
    assert desk.poll().unchanged == 1
    assert desk.notices() == []


def test_taken_for_news_it_is_not(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    desk.show(*TOWNS)
    assert [desk.poll(backfill=True).alerts for _ in range(6)] == [1, 1, 1, 1, 1, 0]


def test_a_feed_whose_document_took_long_rests_twenty_times_as_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    desk.show(*TOWNS)
    usual = EVERY * 1.5
    for seconds, rest in ((0.001, None), (3600.0, timedelta(hours=20))):
        monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 1e9)
        monkeypatch.setattr(pipeline, "thread_time", count(0.0, seconds).__next__)
        desk.poll()
        assert desk.state.next_poll is not None
        waits = desk.state.next_poll - desk.clock.now
        assert waits < usual if rest is None else waits >= rest
        desk.show(*TOWNS[1:], "Fatsa")
    assert desk.notices() == []


def test_results_are_taken_in_by_portions_that_end_in_time() -> None:
    def fresh(entries: int) -> Fresh:
        return Fresh(Feed(f"f{entries}", "https://a.example/", "o"), Validators(), (None,) * entries)  # type: ignore[arg-type]  # they are counted

    small, half, most = fresh(10), fresh(2_600), fresh(5_000)
    rest: list[PollResult | Lost] = [NotModified(small.feed, Validators()), Lost(small.feed)]
    assert first_portion([small, *rest, half]) == [small, *rest, half]
    assert first_portion([half, *rest, half, small]) == [half, *rest]
    assert first_portion([most, small]) == first_portion([most]) == [most]
    assert first_portion([fresh(6_000), small]) != []
