"""A day of the real daemon, compressed: its own jobs, run after every quarter minute of its clock.

    python benchmarks/day.py                       1,000 feeds
    python benchmarks/day.py --feeds 10000         longer: some 2 ms of CPU a poll

Outlets publish 0.01 to 6 entries an hour each, a third of them copies of what another has just had; one in
twenty is about what the desk's rule looks for. Only the sockets to the feeds are not real: documents come
from memory, with their ETags. Of the feeds 2 % are gone (410) and 5 % answer 503 from hour 6 to 9. At hour 11
the machine sleeps for three hours, at hour 18 its clock is set back by one. Told is told: the messages are
counted where Apprise delivered them, on loopback. Exits 1 where a story that was published three hours before
the end was not told exactly once, or where feeds were asked in a herd: over five times as many in a minute
as on average, ten minutes after any of this.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import re
import statistics
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import config
from monitor.clock import Reading
from monitor.daemon import Daemon
from monitor.demo.sinks import ChatSink
from monitor.engine import Engine
from monitor.errors import FetchError
from monitor.feeds.fetch import Fetched
from monitor.model import Feed, Receiver, Reply, Validators
from monitor.rules import document, rulebook
from monitor.store.store import DATABASE, Store

if TYPE_CHECKING:
    from monitor.model import Poll

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY, STEP, TAIL = 24 * HOUR, timedelta(seconds=15), 3 * HOUR
OUTAGE, SLEEP, SET_BACK = (6 * HOUR, 9 * HOUR), (11 * HOUR, 3 * HOUR), 18 * HOUR
SHOWN = 30  # entries of a document
CALM, HERD = 10, 5.0  # minutes after an event; times the average
NUMBER = re.compile(r"story (\d+)\b")


# ---- the world ---------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """Its three clocks, as far from the beginning as each has come."""

    wall: timedelta = timedelta()
    booted: timedelta = timedelta()  # the true time
    steady: timedelta = timedelta()

    def go_on(self, by: timedelta) -> None:
        """Time passes."""
        self.wall += by
        self.booted += by
        self.steady += by

    def now(self) -> datetime:
        """What the clock on the wall says."""
        return BEGIN + self.wall

    def clocks(self) -> Reading:
        """All three."""
        return Reading(self.now(), self.booted, self.steady)


@dataclass(frozen=True)
class Piece:
    """A publication."""

    at: timedelta
    story: int
    text: str


@dataclass
class Outlets:
    """All feeds, as monitor.engine wants what fetches."""

    machine: Machine
    pieces: list[list[Piece]]
    asked: Counter[int] = field(default_factory=Counter)  # minute -> requests
    times: list[list[timedelta]] = field(init=False)

    def __post_init__(self) -> None:
        self.times = [[piece.at for piece in pieces] for pieces in self.pieces]

    def fetch(self, poll: Poll) -> Fetched | Reply:
        """The feed as it is now."""
        number, now = int(poll.feed.name), self.machine.booted
        self.asked[int(now / timedelta(minutes=1))] += 1
        if number % 50 == 1:
            raise FetchError("answered 410 Gone", gone=True)
        if number % 20 == 2 and OUTAGE[0] <= now < OUTAGE[1]:
            raise FetchError("answered 503", weight=0.5, retry_after=HOUR / 2)
        count = bisect_right(self.times[number], now)
        etag = f'"{count}"'
        if poll.validators.etag == etag:
            return Reply()
        items = "".join(piece.text for piece in reversed(self.pieces[number][max(0, count - SHOWN) : count]))
        body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()
        validators = Validators(etag=etag, digest=etag)
        return Fetched(validators, body, "application/rss+xml", poll.feed.url, Reply(whole=True))

    def close(self) -> None:
        """Nothing is open."""


def published(count: int, dice: random.Random) -> list[list[Piece]]:
    """What each feed publishes in the day, and the thirty entries that stand there before."""
    letters = "bdfghklmnprst"
    stems = ["".join(dice.choice(letters) + dice.choice("aeiou") for _ in range(3)) for _ in range(4000)]
    found: list[list[Piece]] = []
    moments: list[tuple[timedelta, int]] = []
    for number in range(count):
        pace = 10 ** dice.uniform(-2, 0.78)
        found.append([_piece(-HOUR * (left + 1) / pace, -1, stems, dice) for left in reversed(range(SHOWN))])
        at = HOUR * dice.expovariate(pace)
        while at < DAY:
            moments.append((at, number))
            at += HOUR * dice.expovariate(pace)
    recent: list[Piece] = []
    for story, (at, number) in enumerate(sorted(moments)):
        piece = _piece(at, story, stems, dice)
        if recent and dice.random() < 1 / 3:
            other = dice.choice(recent)
            piece = Piece(
                at, other.story, re.sub("<guid>.*?</guid>", f"<guid>{number}/{story}</guid>", other.text)
            )
        elif at > HOUR / 2:  # what a baseline may hold is copied by nobody
            recent = [one for one in recent[-99:] if one.at > at - 2 * HOUR] + [piece]
        found[number].append(piece)
    return found


def _piece(at: timedelta, story: int, stems: list[str], dice: random.Random) -> Piece:
    """A story in words that no other shares to a degree; one in twenty is what the rule looks for."""
    title = " ".join(dice.sample(stems, 8)).capitalize()
    if story >= 0 and story % 20 == 0:
        title = f"Peace agreement of story {story}: {title}"
    text = " ".join(dice.sample(stems, 40))
    guid = f"<guid>{dice.getrandbits(60)}</guid>"
    return Piece(at, story, f"<item><title>{title}</title>{guid}<description>{text}.</description></item>")


# ---- the day -----------------------------------------------------------------------------------------------


def desk(count: int, receiver: Receiver) -> config.Desk:
    """So many feeds, each on a host of its own, and a rule."""
    text = "rules: [{id: peace, title: Peace, any: [peace agreement], send: [chat]}]"
    root = document.read("r", text, [])
    assert root is not None
    book = rulebook.compile_rulebook(
        [root], receivers=("chat",), sources=(), read_article=lambda _: "", faults=[]
    )
    feeds = (Feed(str(n), f"http://h{n}.example/feed", f"o{n}", allow_private=True) for n in range(count))
    return config.Desk(tuple(feeds), (receiver,), book)


def live(daemon: Daemon, machine: Machine) -> list[float]:
    """The day, step by step; at each the daemon's jobs run, in its scheduler's stead, until all is done.

    Answers with the MiB of this process after each quarter of it.
    """
    slept, is_back, held = False, False, list[float]()
    while machine.booted < DAY:
        machine.go_on(STEP)
        if machine.booted >= SLEEP[0] and not slept:
            slept = True
            machine.wall += SLEEP[1]
            machine.booted += SLEEP[1]
        if machine.booted >= SET_BACK and not is_back:
            is_back = True
            machine.wall -= HOUR
        daemon._poll_due()  # noqa: SLF001
        while len(daemon._courtesy):  # noqa: SLF001
            time.sleep(0.0005)
            daemon._poll_due()  # noqa: SLF001
        daemon._deliver_due()  # noqa: SLF001
        while daemon._sending:  # noqa: SLF001
            time.sleep(0.0005)
        if machine.booted >= DAY / 4 * (len(held) + 1):
            held.append(_held())
    return held


def told_of(sink: ChatSink) -> Counter[int]:
    """How often each story was told."""
    return Counter(int(found[1]) for one in sink.arrivals if (found := NUMBER.search(one.body)))


def judged(outlets: Outlets, told: Counter[int]) -> bool:
    """Prints what was told and what was asked; whether both are as they should be."""
    due: dict[int, timedelta] = {}
    for number, pieces in enumerate(outlets.pieces):
        for piece in pieces:
            if piece.story >= 0 and piece.story % 20 == 0 and number % 50 != 1 and piece.at > HOUR / 2:
                due[piece.story] = min(piece.at, due.get(piece.story, piece.at))
    sure = {story for story, at in due.items() if at < DAY - TAIL}
    lost, again = sure - set(told), [story for story, times in told.items() if times > 1]
    print(
        f"stories of the rule: {len(due):,}, told {len(told):,}; of the {len(sure):,} before the last three"
        f" hours {len(lost)} not told; told again: {len(again)}"
    )
    minutes = [outlets.asked[minute] for minute in range(int(DAY / timedelta(minutes=1)))]
    usual = statistics.mean(minutes[60:])
    busiest = {}
    events = {"start": timedelta(), "outage": OUTAGE[1], "sleep": SLEEP[0] + SLEEP[1], "set clock": SET_BACK}
    for name, at in events.items():
        first = int(at / timedelta(minutes=1)) + CALM
        busiest[name] = max(minutes[first : first + 3 * 60])
    print(
        f"requests a minute: {usual:.0f} on average; the busiest of the three hours after: "
        + ", ".join(f"{name} {most}" for name, most in busiest.items())
    )
    return not lost and not again and max(busiest.values()) <= HERD * max(usual, 10)


def main() -> int:
    """Prints the day."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--data", help="taken for the sake of `.ci/run bench`; nothing is read")
    count = parser.parse_args().feeds
    logging.disable(logging.CRITICAL)
    machine, pieces = Machine(), published(count, random.Random(1))
    print(f"{count:,} feeds, {sum(map(len, pieces)) - SHOWN * count:,} publications in a day;", end=" ")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    outlets = Outlets(machine, pieces)
    with tempfile.TemporaryDirectory(prefix="monitor-day-") as folder, ChatSink("chat") as sink:
        made = desk(count, Receiver("chat", sink.url))
        engine = Engine(made, Path(folder), clock=machine.now)
        engine.fetcher.close()
        engine.fetcher = outlets  # type: ignore[assignment]  # what fetches is a callable of the shell
        daemon = Daemon(engine, reload=lambda: made, read_clocks=machine.clocks)
        with Store(Path(folder)) as store:
            engine.sync(store)
        cpu, began = time.process_time(), time.perf_counter()
        held = live(daemon, machine)
        spent, lasted = time.process_time() - cpu, time.perf_counter() - began
        daemon._stop.set()  # noqa: SLF001
        daemon._poll_due()  # noqa: SLF001
        daemon._pool.shutdown()  # noqa: SLF001
        daemon._senders.shutdown()  # noqa: SLF001
        engine.close()
        with Store(Path(folder)) as store:
            counts = store.counts()
        size = (Path(folder) / DATABASE).stat().st_size / (1 << 20)
        told = told_of(sink)
    polls = outlets.asked.total()
    print(
        f"{polls:,} polls ({polls / count:.1f} a feed) in {lasted:.0f} s, {spent / polls * 1e3:.2f} ms of CPU"
        f" a poll without the parsers, which is {spent / DAY.total_seconds():.2%} of a core over the day;"
        f" {', '.join(f'{one:.0f}' for one in held)} MiB after each quarter of it; the database"
        f" has {size:.0f} MiB, {counts['entries']:,} entries, {counts['stories']:,} stories"
    )
    return 0 if judged(outlets, told) else 1


def _held() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


if __name__ == "__main__":
    sys.exit(main())
