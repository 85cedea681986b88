"""A feed that floods us holds up the others for a share of the time, and loses nothing."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from monitor import config, engine, pipeline
from monitor.daemon import Daemon
from monitor.engine import Engine, first_portion
from monitor.errors import StateError
from monitor.feeds import health, schedule
from monitor.model import Failed, Feed, FeedState, Fresh, Lost, NotModified, Settled, Validators
from monitor.store.rows import to_milliseconds
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules
from tests.stories.test_stories_formula import SUBSCRIBE

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

    def publish_every(self, every: timedelta) -> None:
        self.feed = self.outlet.feed = replace(self.feed, every=every)
        self.store.sync_feeds([self.feed], first_poll=lambda _: self.clock.now)

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


def test_taken_for_news_it_is_told_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of it would be the baseline of the next poll, unless that takes it for news too."""
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    desk.show(*TOWNS)
    assert desk.poll(backfill=True).alerts == len(TOWNS)
    assert desk.poll().unchanged == 1


def test_what_a_first_document_had_no_time_to_look_for_hides_nothing_that_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, title = FakeClock(), "Strong quake hits Turkey and Syria overnight killing hundreds"
    outlets = {name: FakeOutlet(Feed(name, f"https://{name}.example/feed", outlet=name)) for name in "abc"}
    with Store(tmp_path) as store:
        store.sync_feeds([outlet.feed for outlet in outlets.values()], first_poll=lambda _: clock.now)

        def told(name: str, *titles: str) -> int:
            clock.advance(timedelta(minutes=5))
            outlets[name].items = [Item(title, title) for title in titles]
            result = outlets[name].poll(store.feed_states([name])[name])
            return pipeline.take(store, [result], rulebook=BOOK, now=clock.now).alerts

        assert (told("a"), told("c"), told("a", title)) == (0, 0, 1)
        with monkeypatch.context() as hurried:
            hurried.setattr(pipeline, "_LONGEST_LOOK", 0.0)
            assert told("b", "Parliament votes on the budget", f"{title} of people") == 0
        assert told("c", f"{title} of people") == 0


def test_what_is_new_goes_before_what_was_edited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some feeds show a count of readers in every text, another at every poll."""
    desk.poll()
    desk.show("Aksu")
    desk.poll()
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    desk.show("Aksu", "Belen")
    for readers, told in enumerate((1, 0)):
        desk.outlet.items[0] = replace(desk.outlet.items[0], summary=f"Read {readers} times")
        counts = desk.poll()
        assert (counts.alerts, counts.edited) == (told, 1 - told)


def test_what_waits_shows_an_outlets_formula_to_what_does_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    towns = ("Panay", "Bicol", "Luzon", "Samar")
    desk.outlet.items = [
        Item(town, f"Evening news of {town} - April 28", f"{SUBSCRIBE} quake") for town in towns
    ]
    assert [desk.poll().alerts for _ in towns] == [1] * len(towns)


def test_what_a_restored_database_may_have_told_says_so_until_the_document_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    desk.show(*TOWNS)
    with desk.store.transaction():
        desk.store._db.execute("insert into restores values (?, 1)", (to_milliseconds(desk.clock.now) + 1,))
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    for _ in TOWNS:
        desk.poll()
    desk.show(*TOWNS, "Fatsa")
    desk.poll()
    sent = "select uncertain from deliveries join alerts on alerts.id = alert order by alerts.created"
    marked = [row["uncertain"] for row in desk.store._rows(sent)]
    assert marked == [1] * len(TOWNS) + [0]


def test_a_feed_that_fails_and_then_names_all_anew_tells_what_was_left_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    desk.show(*TOWNS)
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    told = desk.poll().alerts + desk.poll().alerts
    pipeline.take(desk.store, [Failed(desk.feed, "time-out")], rulebook=BOOK, now=desk.clock.now)
    desk.outlet.items = [
        replace(item, guid=f"new {item.guid}", link=f"https://wire.example/{item.guid}")
        for item in desk.outlet.items
    ]
    assert told + sum(desk.poll().alerts for _ in TOWNS) == len(TOWNS), "two of them edited"
    assert desk.poll().unchanged == 1


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


@pytest.mark.parametrize("look", [0.0, 1e9])
def test_a_rest_ends_for_no_ring_and_no_restart_and_moves_with_the_clock(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: float
) -> None:
    desk.publish_every(timedelta(minutes=2))
    desk.poll()
    desk.show(*TOWNS)
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", look)
    monkeypatch.setattr(pipeline, "thread_time", count(0.0, 20.0).__next__)
    desk.poll()
    rests = desk.state.next_poll
    assert rests is not None
    assert rests - desk.clock.now > timedelta(minutes=15)
    desk.clock.advance(timedelta(seconds=31))
    with desk.store.transaction():
        desk.store.ring("wire", now=desk.clock.now)
    assert desk.state.next_poll == rests
    assert engine._backing_off(desk.state, desk.clock.now), "by `run --once`"
    with Upkeep(tmp_path) as upkeep:
        back = timedelta(hours=-3)
        desk.clock.advance(back)
        upkeep.shift_dues(back, now=desk.clock.now)
        latest = schedule.after_step(desk.feed, desk.state, now=desk.clock.now)
        upkeep.clamp_dues({"wire": latest}, now=desk.clock.now, retry=EVERY, lease=EVERY)
    assert desk.state.next_poll == desk.state.rests == rests + back
    desk.clock.advance(timedelta(days=-3))
    assert schedule.rests(desk.state, now=desk.clock.now) is None, (
        "a clock that was set unseen stalls no feed"
    )
    desk.clock.now = rests
    desk.store.retry_feeds(["wire"], now=rests)
    assert not engine._backing_off(desk.state, rests)


def test_what_is_left_of_a_document_that_a_hub_rang_for_is_no_news_without_a_ring(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.poll()
    with desk.store.transaction():
        desk.store.ring("wire", now=desk.clock.now)
    rung = desk.state.rung
    desk.show(*TOWNS)
    monkeypatch.setattr(pipeline, "_LONGEST_LOOK", 0.0)
    for _ in TOWNS:
        desk.clock.now = max(desk.clock.now, desk.state.next_poll or desk.clock.now)
        result = desk.outlet.poll(desk.state)
        assert isinstance(result, Fresh)
        result = replace(result, rung=rung)
        assert pipeline.take(desk.store, [result], rulebook=BOOK, now=desk.clock.now).alerts == 1
    assert (desk.state.rung, desk.state.owed) == (rung, 0)


@pytest.mark.parametrize("stops", [False, True])
def test_portions_end_with_the_stop_and_keep_what_the_disk_has_no_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stops: bool
) -> None:
    feeds = [Feed(name, f"https://{name}.example/", name) for name in ("a", "b", "c")]
    works = Engine(config.Desk(tuple(feeds), (), BOOK), tmp_path)
    daemon = Daemon(works, reload=lambda: works.desk)
    taken: list[str] = []

    def take(_: Engine, __: Store, results: list[PollResult]) -> pipeline.Counts:
        if taken and not stops:
            raise StateError("the disk is full")
        taken.extend(result.feed.name for result in results)
        if stops:
            daemon._stop.set()
        return pipeline.Counts()

    monkeypatch.setattr(Engine, "take", take)
    monkeypatch.setattr("monitor.engine._PORTION", 0)
    for feed in feeds:
        daemon._courtesy.begin(feed, now=0.0)
        daemon._arrived.put(NotModified(feed, Validators()) if feed.name != "a" else _fresh(1, feed))
    with Store(tmp_path) as store, nullcontext() if stops else pytest.raises(StateError):
        daemon._take_landed(store)
    works.close()
    assert taken == ["a"]
    assert [result.feed.name for result in daemon._landed] == ["b", "c"]
    assert len(daemon._courtesy) == len(daemon._landed), "they are in flight until they are taken in"


def test_results_are_taken_in_by_portions_that_end_in_time() -> None:
    def fresh(entries: int) -> Fresh:
        return _fresh(entries, Feed(f"f{entries}", "https://a.example/", "o"))

    small, half, most = fresh(10), fresh(260), fresh(5_000)
    rest: list[PollResult | Lost] = [NotModified(small.feed, Validators()), Lost(small.feed)]
    assert first_portion([small, *rest, half]) == [small, *rest, half]
    assert first_portion([half, *rest, half, small]) == [half, *rest]
    assert first_portion([most, small]) == first_portion([most]) == [most]
    assert first_portion([fresh(501), small]) != []
    first = replace(small, settled=Settled(small.feed, START, most))
    assert first_portion([first, first]) == [first], "the first document that was read for it counts"
    unread = replace(small, settled=Settled(small.feed, START, Failed(small.feed, "gone")))
    assert first_portion([unread, small]) == [unread, small]


def _fresh(entries: int, feed: Feed) -> Fresh:
    return Fresh(feed, Validators(), (None,) * entries)  # type: ignore[arg-type]  # they are counted
