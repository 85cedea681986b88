"""The clock is set, the machine sleeps: nothing stalls, nothing floods, nothing is told twice."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import clock
from monitor.alerts.outbox import LEASE, LONGEST_RETRY
from monitor.clock import Reading, utc_now
from monitor.config import Desk
from monitor.daemon import Daemon
from monitor.engine import PLACES, Engine
from monitor.feeds.courtesy import PER_HOST
from monitor.model import Feed, FeedState, Poll, Receiver, Reply
from monitor.store.rows import to_milliseconds
from monitor.store.store import DATABASE
from monitor.store.upkeep import Upkeep
from monitor.urls import parts
from tests.desks import eventually
from tests.fakes import START, FakeClock, FakeOutlet, rules
from tests.test_daemon import Ear, ear, running  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

EVERY = timedelta(minutes=10)
HOUR, MONTH = timedelta(hours=1), timedelta(days=30)
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")


# ---- which clock did what ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "booted", "steady", "step", "slept"),
    [
        (1, 1, 1, 0, 0),  # a second goes by
        (4, 1, 1, 0, 0),  # drift, or NTP at work
        (-3599, 1, 1, -3600, 0),  # summer time taken for local time
        (86401, 1, 1, 86400, 0),
        (3600, 3600, 1, 0, 3599),  # a suspend: the time did go by
        (300, 300, 300, 0, 0),  # SIGSTOP, or a machine out of breath: every clock went on
        (7201, 3601, 1, 3600, 3600),  # set on waking up
    ],
)
def test_a_set_clock_is_told_from_a_sleep(
    wall: float, booted: float, steady: float, step: float, slept: float
) -> None:
    before = Reading(START, timedelta(hours=9), timedelta(hours=5))
    after = Reading(
        START + timedelta(seconds=wall),
        before.booted + timedelta(seconds=booted),
        before.steady + timedelta(seconds=steady),
    )
    assert clock.step(before, after) == timedelta(seconds=step)
    assert clock.slept(before, after) == timedelta(seconds=slept)


# ---- due times in the database -----------------------------------------------------------------------------


FEEDS = tuple(Feed(name, f"https://{name}.example/", name, every=EVERY) for name in ("soon", "late", "down"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Upkeep]:
    """Three feeds: due in 2 min, overdue by 5 s, and asked to stay away for 3 h."""
    with Upkeep(tmp_path) as opened:
        waits = {"soon": timedelta(minutes=2), "late": -timedelta(seconds=5), "down": timedelta(hours=3)}
        opened.sync_feeds(FEEDS, first_poll=lambda feed: START + waits[feed.name])
        with opened.transaction():
            opened._db.execute("update feeds set failures = 1 where name = 'down'")
        yield opened


def waits(store: Upkeep, now: datetime) -> dict[str, timedelta]:
    states = store.feed_states([feed.name for feed in FEEDS])
    return {name: state.next_poll - now for name, state in states.items() if state.next_poll}


@pytest.mark.parametrize("step", [HOUR, -HOUR, MONTH, -MONTH, timedelta(minutes=3), -timedelta(seconds=6)])
def test_whatever_the_clock_is_set_to_what_waits_waits_no_longer_than_before(
    store: Upkeep, step: timedelta
) -> None:
    before = waits(store, START)
    store.shift_dues(step, now=START + step)
    after = waits(store, START + step)
    assert after["late"] <= timedelta()
    assert all(timedelta(0) < after[name] <= before[name] for name in ("soon", "down")), after
    assert before["soon"] == after["soon"] or step == timedelta(minutes=3)


def test_an_hour_back_for_eight_seconds_leaves_every_wait_as_it_was(store: Upkeep) -> None:
    before = waits(store, START)
    store.shift_dues(-HOUR, now=START - HOUR)
    wrong = START - HOUR + timedelta(seconds=8)
    store.shift_dues(HOUR, now=wrong + HOUR)
    after = waits(store, wrong + HOUR)
    assert after["soon"] == before["soon"] - timedelta(seconds=8)
    assert after["late"] <= timedelta()


def test_moments_that_lie_ahead_after_a_step_back_become_now(store: Upkeep) -> None:
    """What was read while the clock was ahead would make all that is published now look old."""
    outlet = FakeOutlet(FEEDS[0])
    with store.transaction():
        store._db.execute("update feeds set last_good = ?, whole = ?", (2_000_000_000_000, 2_000_000_000_000))
    latest = store.latest_moment()
    assert latest is not None
    assert latest > START
    store.shift_dues(START - latest, now=START)
    state = store.feed_states([outlet.feed.name])[outlet.feed.name]
    assert (state.last_good, state.whole, state.gap) == (START, START, None)
    assert store.latest_moment() == START


def test_what_a_clock_that_was_ahead_calls_restored_is_so_no_longer_than_until_feeds_are_read(
    store: Upkeep,
) -> None:
    """Else all that comes would be told as a possible repeat until that date has come."""
    ahead = START + MONTH
    with store.transaction():
        store._db.execute("update feeds set last_good = 0")
        store.mark_gone_back(ahead, noticed=True)
        store.mark_gone_back(ahead + HOUR, noticed=True)
    assert store.latest_moment() == ahead + HOUR, "a start sees that the clock has been ahead"
    read = "update feeds set last_good = ? where name = ?"
    with store.transaction():
        store._db.execute(read, (to_milliseconds(ahead + 2 * HOUR), "soon"))
        store._db.execute(read, (to_milliseconds(ahead + HOUR / 2), "down"))  # before the second
    assert store.latest_moment() == ahead + 2 * HOUR
    store.shift_dues(-MONTH, now=START)
    assert [store.unread_since_restore([feed.name]) for feed in FEEDS] == [False, True, True]
    with store.transaction():
        store._db.execute("update feeds set last_good = ?", (to_milliseconds(START + HOUR),))
    assert not store.unread_since_restore([feed.name for feed in FEEDS])


@pytest.mark.parametrize(
    ("table", "column"), [("articles", "tried"), ("feeds", "rung"), ("subscriptions", "asked")]
)
def test_what_was_done_while_the_clock_was_ahead_was_done_by_now(
    store: Upkeep, table: str, column: str
) -> None:
    with_delivery(store, "due", START)
    ahead = to_milliseconds(START + MONTH)
    with store.transaction():
        store._db.execute("insert into articles (entry, feed, since, due) values (1, 'soon', 0, 0)")
        store._db.execute(
            "insert into subscriptions (token, feed, hub, topic, callback, secret, due)"
            " values ('t', 'soon', 'h', 't', 'c', 's', 0)"
        )
        store._db.execute(f"update {table} set {column} = ?", (ahead,))
    store.shift_dues(-MONTH, now=START)
    found = store._rows(f"select max({column}) latest from {table}")
    assert found[0]["latest"] == to_milliseconds(START)


def test_an_empty_database_has_no_latest_moment(tmp_path: Path) -> None:
    with Upkeep(tmp_path) as store:
        assert store.latest_moment() is None


def with_delivery(store: Upkeep, state: str, due: datetime) -> None:
    moment = round(due.timestamp() * 1000)
    with store.transaction():
        store._db.execute("pragma defer_foreign_keys = on")
        store._db.execute("insert or ignore into stories values (1, 't', 0, 0)")
        store._db.execute(
            "insert or ignore into entries values (1, 'soon', 'o', 'g', 'l', 't', '', '', null, null, 'd', 0,"
            " null, 'news', 1, 1, null, 'new', 0, '', '')"
        )
        store._db.execute(
            "insert or ignore into alerts values (1, 1, 'peace', 'new', 1, 1, '{}', 't', 1, '[]', 'h', 0, 0)"
        )
        store._db.execute(
            "insert or replace into deliveries (alert, receiver, state, due) values (1, 'mail', ?, ?)",
            (state, moment),
        )


@pytest.mark.parametrize("state", ["due", "sending"])
def test_retries_and_leases_keep_what_is_left_of_them(store: Upkeep, state: str) -> None:
    """A lease that ended with a step forward would be claimed, and its message sent, a second time."""
    left = timedelta(seconds=90)
    for step in (-HOUR, HOUR):
        with_delivery(store, state, START + left)
        store.shift_dues(step, now=START + step)
        assert store.next_delivery_due(["mail"]) == {"mail": START + step + left}


@pytest.mark.parametrize(("state", "longest"), [("due", LONGEST_RETRY), ("sending", LEASE)])
def test_no_delivery_waits_beyond_the_longest_retry_nor_its_lease(
    store: Upkeep, state: str, longest: timedelta
) -> None:
    with_delivery(store, state, START + MONTH)
    assert store.clamp_dues({}, now=START, retry=LONGEST_RETRY, lease=LEASE) == 1
    assert store.next_delivery_due(["mail"]) == {"mail": START + longest}
    assert store.clamp_dues({}, now=START, retry=LONGEST_RETRY, lease=LEASE) == 0


# ---- the whole daemon --------------------------------------------------------------------------------------


@dataclass
class Outlets:
    """Stands where the network is: keeps who was asked, and how many at once."""

    asked: Counter[str] = field(default_factory=Counter)
    flying: Counter[str] = field(default_factory=Counter)
    most: int = 0
    most_at_a_host: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, poll: Poll) -> Reply:
        host = parts(poll.feed.url).host
        with self._lock:
            self.asked[poll.feed.name] += 1
            self.flying[host] += 1
            self.most = max(self.most, self.flying.total())
            self.most_at_a_host = max(self.most_at_a_host, self.flying[host])
        threading.Event().wait(0.01)  # a server's time to answer
        with self._lock:
            self.flying[host] -= 1
        return Reply()

    def close(self) -> None:
        pass


@dataclass
class Machine:
    """A machine whose clocks can be set, and which can be suspended."""

    off: timedelta = timedelta()
    asleep: timedelta = timedelta()

    def now(self) -> datetime:
        return utc_now() + self.off + self.asleep

    def clocks(self) -> Reading:
        asleep = self.asleep  # once: it may change in between
        real = clock.read(lambda: utc_now() + self.off + asleep)
        return Reading(real.wall, real.booted + asleep, real.steady)


MANY = tuple(
    Feed(f"f{number}", f"https://h{number % 40}.example/{number}", "o", every=EVERY, allow_private=True)
    for number in range(120)
)


@contextmanager
def a_daemon(folder: Path, machine: Machine) -> Iterator[tuple[Outlets, Engine]]:
    """A daemon that has just asked each of its 120 feeds."""
    engine = Engine(Desk(MANY, (Receiver("mail", "json://127.0.0.1:9/a"),), BOOK), folder, clock=machine.now)
    engine.fetcher.close()
    outlets = Outlets()
    engine.fetcher = outlets  # type: ignore[assignment]  # what fetches is a callable of the shell
    with Upkeep(folder) as store:
        store.sync_feeds(MANY, first_poll=lambda _: machine.now())
        store._db.execute("""update feeds set etag = '"read before"' where etag is null""")
    with running(Daemon(engine, reload=lambda: engine.desk, read_clocks=machine.clocks)):
        eventually(lambda: len(outlets.asked) == len(MANY) and not outlets.flying.total())
        eventually(lambda: len(states(folder)) == len(MANY) and all(s.last_good for s in states(folder)))
        yield outlets, engine


def states(folder: Path) -> list[FeedState]:
    with Upkeep(folder) as store:
        return list(store.feed_states([feed.name for feed in MANY]).values())


def ahead(folder: Path, machine: Machine) -> list[timedelta]:
    """How long each feed waits now."""
    now = machine.now()
    return [state.next_poll - now for state in states(folder) if state.next_poll]


@pytest.mark.parametrize("step", [-HOUR, HOUR, MONTH, -MONTH], ids=["-1 h", "+1 h", "+30 d", "-30 d"])
def test_when_the_clock_is_set_every_feed_keeps_its_turn(
    tmp_path: Path,
    step: timedelta,
    ear: Ear,  # noqa: F811
) -> None:
    machine = Machine()
    with a_daemon(tmp_path, machine) as (outlets, _):
        machine.off += step
        eventually(lambda: any("clock-minded" in line for line in ear.lines))
        left = ahead(tmp_path, machine)
        assert timedelta() < min(left) and max(left) <= 2 * EVERY
        assert max(left) - min(left) > EVERY * 0.15, "their spread of ± 10 % is gone"
        assert outlets.asked.total() == len(MANY), "a set clock is no reason to ask anybody"


def test_an_hour_back_and_soon_forward_again_moves_nothing(
    tmp_path: Path,
    ear: Ear,  # noqa: F811
) -> None:
    machine = Machine()
    with a_daemon(tmp_path, machine) as (outlets, _):
        before = ahead(tmp_path, machine)
        for off in (-HOUR, timedelta()):
            machine.off = off
            seen = len(ear.lines)
            eventually(lambda seen=seen: any("clock-minded" in line for line in ear.lines[seen:]))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        after = ahead(tmp_path, machine)
        assert all(abs(a - b) < timedelta(minutes=2) for a, b in zip(after, before, strict=True))
        assert outlets.asked.total() == len(MANY)


def test_a_step_that_meets_a_locked_database_is_minded_once_it_is_free(
    tmp_path: Path,
    ear: Ear,  # noqa: F811
) -> None:
    machine = Machine()
    with a_daemon(tmp_path, machine):
        other = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
        other.execute("begin immediate")
        machine.off = -HOUR
        eventually(lambda: any("stay as the old clock set them for now" in line for line in ear.lines))
        other.execute("rollback")
        other.close()
        eventually(lambda: any("clock-minded" in line for line in ear.lines))
        assert max(ahead(tmp_path, machine)) <= 2 * EVERY


def test_after_a_suspend_all_are_asked_at_once_but_within_places_and_politeness(
    tmp_path: Path,
    ear: Ear,  # noqa: F811
) -> None:
    machine = Machine()
    with a_daemon(tmp_path, machine) as (outlets, _):
        machine.asleep += 8 * HOUR
        eventually(lambda: outlets.asked.total() == 2 * len(MANY))
        assert any(line.startswith("outcome=resumed seconds=28800") for line in ear.lines)
        assert outlets.most <= PLACES
        assert outlets.most_at_a_host <= PER_HOST
        eventually(lambda: min(ahead(tmp_path, machine)) > timedelta())
        left = ahead(tmp_path, machine)
        assert max(left) - min(left) > EVERY * 0.15, "all would fall due together"


def test_a_clock_that_was_set_back_while_no_daemon_ran_stalls_nobody(
    tmp_path: Path,
    ear: Ear,  # noqa: F811
) -> None:
    machine = Machine()
    with a_daemon(tmp_path, machine):
        pass
    machine.off = -MONTH
    with a_daemon(tmp_path, machine) as (outlets, _):
        assert any("while no daemon ran" in line for line in ear.lines)
        assert max(ahead(tmp_path, machine)) <= 2 * EVERY
        assert outlets.asked.total() == len(MANY)


def test_news_that_comes_while_the_clock_was_ahead_is_news(tmp_path: Path) -> None:
    """The feed's last good poll seems to lie in the future: its entries are not old for that."""
    from monitor import pipeline
    from tests.fakes import Item

    now, outlet = FakeClock(START + MONTH), FakeOutlet(FEEDS[0])
    with Upkeep(tmp_path) as store:
        store.sync_feeds(FEEDS, first_poll=lambda _: START)
        for _ in range(2):
            state = store.feed_states(["soon"])["soon"]
            counts = pipeline.take(store, [outlet.poll(state)], rulebook=BOOK, now=now.now)
            now.now = START
            outlet.items.append(Item("n", "Ministers sign a peace agreement in the capital", published=START))
    assert counts.alerts == 1


def test_texts_are_pruned_daily_but_not_on_a_clock_that_was_just_set(
    tmp_path: Path,
    ear: Ear,  # noqa: F811
) -> None:
    machine = Machine()
    with a_daemon(tmp_path, machine):
        machine.off += MONTH
        eventually(lambda: any("clock-minded" in line for line in ear.lines))
        machine.asleep += 2 * HOUR
        eventually(lambda: any("outcome=resumed" in line for line in ear.lines))
        assert not any("outcome=pruned" in line for line in ear.lines)
        machine.asleep += 24 * HOUR
        eventually(lambda: "outcome=pruned entries=0" in ear.lines)
