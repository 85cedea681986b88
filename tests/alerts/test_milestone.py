"""A story that was told is told of again at 5, 20 and 50 outlets: once each, and never for what we knew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import pipeline
from monitor.alerts.milestone import MILESTONES, Spread, reached
from monitor.model import Alert, Feed, FeedState, Kind, Match, Mention, Receiver, Severity
from monitor.store.store import Store
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, entry, rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BOOK = rules("rules:\n  - {id: peace, title: Peace, any: [peace agreement], send: [mail, chat]}")
MAIL, CHAT = Receiver("mail", "mailto://localhost"), Receiver("chat", "json://localhost")
TITLE = "Ministers of the two countries sign a peace agreement in Geneva after three days of talks"
TEXT = (
    "The ministers of both countries signed the document on Monday evening, after three days of talks behind"
    " closed doors, and said that it would enter into force once both parliaments had ratified it in spring."
)


# ---- what is decided --------------------------------------------------------------------------------------


def spread(
    *,
    seen: Sequence[int],
    decided: int = 0,
    reached_before: int = 0,
    receivers: tuple[str, ...] = ("mail",),
) -> Spread:
    """Outlets by the minute in which each was first seen."""
    article = entry(Feed("wire", "https://wire.example/f", "Wire"), Item("g", TITLE))
    match = Match("peace", "Peace", Severity.HIGH, (), (Mention("x", "title", 0, 1, "M"),))
    moments = tuple(START + timedelta(minutes=minute) for minute in sorted(seen))
    alert = Alert(1, 7, "peace", Kind.NEW, 7, article, match)
    return Spread(alert, START + timedelta(minutes=decided), receivers, moments, reached_before)


@pytest.mark.parametrize(
    ("outlets", "before", "number", "why"),
    [
        (4, 0, 0, "too few"),
        (5, 0, 5, "just enough"),
        (6, 5, 0, "told already"),
        (21, 0, 20, "of 5 and 20 the higher alone"),
        (21, 5, 20, "the next one"),
        (19, 5, 0, "between two"),
        (500, 50, 0, "beyond the last"),
    ],
)
def test_the_highest_milestone_that_is_new_is_told(outlets: int, before: int, number: int, why: str) -> None:
    found = reached([spread(seen=range(outlets), reached_before=before)], milestones=MILESTONES)
    assert [alert.outlets for alert in found.alerts] == [number] * bool(number), why
    assert found.deliveries == tuple((alert.id, "mail") for alert in found.alerts)


def test_what_the_alert_itself_told_of_is_no_milestone() -> None:
    known = spread(seen=[0, 1, 2, 3, 4, 5, 9], decided=6)
    assert reached([known], milestones=[5]).alerts == ()
    assert [alert.outlets for alert in reached([known], milestones=[5, 7]).alerts] == [7]


def test_nobody_is_told_where_nobody_was() -> None:
    assert reached([spread(seen=range(9), receivers=())], milestones=[5]).alerts == ()


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=12),
    st.sets(st.integers(2, 60), max_size=6),
    st.integers(0, 20),
)
def test_however_outlets_join_each_milestone_is_told_at_most_once_and_the_last_one_is(
    joins: list[int], milestones: set[int], decided: int
) -> None:
    told: list[int] = []
    seen: list[int] = []
    for minute, number in enumerate(joins):
        seen += [minute] * number
        if minute < decided:  # the alert is decided later; it tells of all that there is by then
            continue
        one = spread(seen=seen, decided=decided, reached_before=max(told, default=0))
        again = reached([one], milestones=sorted(milestones))
        assert again == reached([one], milestones=sorted(milestones, reverse=True))
        told += [alert.outlets for alert in again.alerts]
    assert told == sorted(set(told))
    assert set(told) <= milestones
    known = sum(joins[: decided + 1])
    due = [number for number in milestones if known < number <= len(seen)]
    assert max(told, default=0) == max(due, default=0)


# ---- what is stored and told ------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as opened:
        yield opened


class World:
    """Outlets of their own, all read once before anything happens."""

    def __init__(self, store: Store, outlets: int, milestones: Sequence[int] = MILESTONES) -> None:
        self.store, self.milestones, self.clock = store, milestones, FakeClock()
        self.receivers = FakeReceivers()
        feeds = [
            Feed(f"f{number}", f"https://f{number}.example/", f"Outlet {number}") for number in range(outlets)
        ]
        self.outlets = [FakeOutlet(feed) for feed in feeds]
        store.sync_feeds(feeds, first_poll=lambda _: self.clock.now)
        self.poll(*self.outlets)

    def poll(self, *outlets: FakeOutlet) -> pipeline.Counts:
        """Poll these together, a minute later."""
        self.clock.advance(timedelta(minutes=1))
        states = self.store.feed_states([outlet.feed.name for outlet in outlets])
        results = [outlet.poll(states.get(outlet.feed.name, FeedState())) for outlet in outlets]
        return pipeline.take(
            self.store, results, rulebook=BOOK, now=self.clock.now, milestones=self.milestones
        )

    def publish(self, *outlets: FakeOutlet, title: str = TITLE) -> None:
        for outlet in outlets:
            outlet.items.append(Item(f"{outlet.feed.name}-{title}", title, TEXT))

    def deliver(self) -> list[str]:
        """What arrives now by mail, as its lines of facts."""
        before = len(self.receivers.arrived)
        for receiver in (MAIL, CHAT):
            while pipeline.deliver(self.store, receiver, send=self.receivers.send, clock=self.clock):
                pass
        new = self.receivers.arrived[before:]
        return [message.body.split("\n")[1] for name, message in new if name == "mail"]


def test_the_fifth_outlet_makes_one_note_to_whom_the_story_was_told(store: Store) -> None:
    world = World(store, 7)
    world.publish(world.outlets[0])
    world.poll(world.outlets[0])
    assert len(world.deliver()) == 1
    arrived = []
    for outlet in world.outlets[1:]:
        world.publish(outlet)
        world.poll(outlet)
        arrived.append(world.deliver())
    notes = [lines for lines in arrived if lines]
    assert len(notes) == 1
    assert notes[0][0].startswith("normal, milestone · 5 outlets carry it now: Outlet 0, Outlet 1")
    assert arrived.index(notes[0]) == 3  # the fifth outlet
    assert [name for name, _ in world.receivers.arrived].count("chat") == 2
    _, first = world.receivers.arrived[0]
    title, thread = world.receivers.arrived[2][1].title, world.receivers.arrived[2][1].thread
    assert (title, thread) == (f"Re: {first.title}", first.thread)


def test_from_three_outlets_to_twenty_one_in_a_round_twenty_is_told_alone(store: Store) -> None:
    world = World(store, 22)
    world.publish(world.outlets[0])
    world.poll(world.outlets[0])
    world.publish(*world.outlets[1:3])
    world.poll(*world.outlets[1:3])
    world.deliver()
    world.publish(*world.outlets[3:21])
    counts = world.poll(*world.outlets[3:21])
    assert (counts.alerts, counts.deliveries) == (1, 2)
    assert [line.split(" outlets")[0] for line in world.deliver()] == ["normal, milestone · 21"]
    world.publish(world.outlets[21])
    assert world.poll(world.outlets[21]).alerts == 0


def test_outlets_that_come_with_the_alert_are_in_it_and_make_no_note(store: Store) -> None:
    world = World(store, 6)
    world.publish(*world.outlets)
    assert world.poll(*world.outlets).alerts == 1
    (line,) = world.deliver()
    assert "6 outlets so far" in line


def test_a_note_that_waits_with_its_alert_goes_out_with_it(store: Store) -> None:
    world = World(store, 5)
    for outlet in world.outlets:
        world.publish(outlet)
        world.poll(outlet)
    assert store.counts()["alerts"] == 2
    (line,) = world.deliver()
    assert line.startswith("normal · Outlet 0")
    assert "5 outlets so far" in line


def test_a_feed_that_is_new_to_us_counts_and_tells_nothing_by_itself(store: Store) -> None:
    world = World(store, 4)
    world.publish(world.outlets[0])
    world.poll(world.outlets[0])
    world.publish(*world.outlets[1:])
    world.poll(*world.outlets[1:])
    late = FakeOutlet(Feed("late", "https://late.example/", "Late"))
    store.sync_feeds([*(outlet.feed for outlet in world.outlets), late.feed], first_poll=lambda _: START)
    world.publish(late)
    assert world.poll(late).alerts == 0
    last = FakeOutlet(Feed("last", "https://last.example/", "Last"))
    store.sync_feeds([last.feed], first_poll=lambda _: START)
    world.poll(last)
    world.publish(last)
    assert world.poll(last).alerts == 1


def test_the_same_round_again_tells_nothing(store: Store) -> None:
    world = World(store, 6, milestones=[3])
    for outlet in world.outlets[:3]:
        world.publish(outlet)
        world.poll(outlet)
    spreads = store.spreads(
        [(row["story"], row["lead"]) for row in store._rows("select story, lead from alerts")]
    )
    assert {one.reached for one in spreads} == {3}
    found = reached([replace(one, reached=0) for one in spreads], milestones=[3])
    with store.transaction():
        store.add_alerts(
            found.alerts, found.deliveries, now=world.clock.now, rulebook="again", uncertain=False
        )
    assert store.counts()["alerts"] == 2


def test_without_milestones_nothing_is_told_of_outlets(store: Store) -> None:
    world = World(store, 6, milestones=[])
    for outlet in world.outlets:
        world.publish(outlet)
        world.poll(outlet)
    assert store.counts()["alerts"] == 1


def test_a_development_counts_its_own_outlets(store: Store) -> None:
    world = World(store, 3, milestones=[2])
    world.publish(world.outlets[0])
    world.poll(world.outlets[0])
    world.publish(world.outlets[1])
    assert world.poll(world.outlets[1]).alerts == 1
    spreads = store.spreads(
        [(row["story"], row["lead"]) for row in store._rows("select story, lead from alerts")]
    )
    assert [len(one.seen) for one in spreads] == [2]


def test_a_fault_in_counting_harms_no_feed(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Store):
        def spreads(self, *_: object) -> list[Spread]:
            raise RuntimeError("of its own")

    broken = Broken(store._path.parent)
    world = World(broken, 2)
    world.publish(world.outlets[0])
    counts = world.poll(world.outlets[0])
    broken.close()
    assert (counts.entries, counts.alerts) == (1, 1)
    assert "could not be counted" in caplog.text
