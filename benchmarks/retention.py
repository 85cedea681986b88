"""How large the database is over a year: a simulated one, pruned daily as the daemon does.

    python benchmarks/retention.py [--entries N] [--feeds N] [--keep DAYS]

Each day so many invented entries of some 120 words come from so many feeds, which show 20 each; the clock is
advanced, and the real rounds, outbox and pruning run on it. Prints a line a month: entries whole and bygone,
alerts, the file's size, the longest that pruning has held the write lock, and the most processor time it has
spent there before the commit, which is as slow as the disk. Exits 1 where the file grows by over 5 % from
the fourth month's end to the year's, or that work takes over 200 ms.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import pipeline
from monitor.model import Entry, Feed, Fresh, Receiver, Validators, identity
from monitor.retention import prune
from monitor.rules import document, rulebook
from monitor.store.store import DATABASE
from monitor.store.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.rules.rulebook import Rulebook

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SHOWN = 20
MOST_GROWTH, LONGEST_LOCK = 0.05, 0.2
MAIL = Receiver("mail", "mailto://localhost")
RULES = "rules: [{id: rare, title: Rare, any: [marmot], send: [mail]}]"


class Timed(Upkeep):
    """A database that knows how long its write lock was held."""

    longest = 0.0  # s, until the commit was on the disk
    work = 0.0  # s of processor time before the commit, whatever else the machine was doing

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """As ever, timed."""
        began, worked = time.monotonic(), time.thread_time()  # nobody else writes: the lock is had at once
        with super().transaction(durable=durable):
            yield
            self.work = max(self.work, time.thread_time() - worked)
        self.longest = max(self.longest, time.monotonic() - began)


def book() -> Rulebook:
    """One rule, which one entry in two hundred fires."""
    root = document.read("bench.yaml", RULES, [])
    assert root is not None
    return rulebook.compile_rulebook(
        [root], receivers=("mail",), sources=(), read_article=lambda _: "", faults=[]
    )


def written(chance: random.Random, words: list[str], feed: Feed, number: int, now: datetime) -> Entry:
    """An invented entry."""
    title = " ".join(chance.choices(words, k=9)) + (" marmot" if number % 200 == 0 else "")
    text = " ".join(chance.choices(words, k=120))
    guid = f"{feed.name}/{number}"
    return Entry(
        id=identity(feed.name, guid),
        feed=feed.name,
        outlet=feed.outlet,
        guid=guid,
        link=f"https://{feed.name}.example/{number}",
        title=title,
        summary=text,
        body="",
        published=now,
        lang="en",
        digest=f"{identity(title, text):032x}",
    )


def main() -> int:
    """Simulate the year; print it month by month."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--entries", type=int, default=100, help="a day")
    parser.add_argument("--feeds", type=int, default=10)
    parser.add_argument("--keep", type=int, default=90, help="days")
    parser.add_argument("--data", help="not read: the entries are invented")
    options = parser.parse_args()
    chance, rules = random.Random(1), book()
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 11))) for _ in range(20_000)
    ]
    feeds = [
        Feed(f"f{number}", f"https://f{number}.example/", f"o{number}") for number in range(options.feeds)
    ]
    shown: dict[str, list[Entry]] = {feed.name: [] for feed in feeds}
    sizes: dict[int, float] = {}
    longest = work = 0.0
    print(f"{options.entries} entries a day from {options.feeds} feeds, kept {options.keep} days")
    print("month  whole  bygone  alerts      MB  lock ms  work ms")
    with tempfile.TemporaryDirectory() as folder, Timed(Path(folder)) as store:
        store.sync_feeds(feeds, first_poll=lambda _: START)
        number = 0
        for day in range(1, 366):
            now = START + day * DAY
            results = []
            store._db.execute("pragma synchronous = off")  # noqa: SLF001 - nobody cuts the power here
            for feed in feeds:
                for _ in range(options.entries // options.feeds):
                    number += 1
                    shown[feed.name].insert(0, written(chance, words, feed, number, now))
                del shown[feed.name][SHOWN:]
                results.append(Fresh(feed, Validators(), tuple(shown[feed.name])))
            pipeline.take(store, results, rulebook=rules, now=now)
            while pipeline.deliver(store, MAIL, send=lambda *_: None, clock=lambda now=now: now):  # type: ignore[misc]  # a lambda's default
                pass
            store._db.execute("pragma synchronous = full")  # noqa: SLF001 - what is timed is as in life
            store.longest = store.work = 0.0
            prune(store, keep=options.keep * DAY, now=now)
            longest, work = max(longest, store.longest), max(work, store.work)
            if day % 30 == 0 and day // 30 <= 12:
                sizes[day // 30] = size(Path(folder))
                told(store, day // 30, sizes[day // 30], longest=longest, work=work)
    growth = sizes[12] / sizes[4] - 1
    print(
        f"from month 4 to 12 the file grew by {growth:.1%}; the longest lock was {longest * 1000:.0f} ms,"
        f" the most work before a commit {work * 1000:.0f} ms"
    )
    return 0 if growth <= MOST_GROWTH and work <= LONGEST_LOCK else 1  # a commit is the disk's business


def size(folder: Path) -> float:
    """MB of the database, its journal left out: it is bounded by itself."""
    return (folder / DATABASE).stat().st_size / 1e6


def told(store: Upkeep, month: int, megabytes: float, *, longest: float, work: float) -> None:
    """One line of the table."""
    counts = store.counts()
    bygone = store.count_bygone()
    print(
        f"{month:5}  {counts['entries']:5}  {bygone:6}  {counts['alerts']:6}  {megabytes:6.1f}"
        f"  {longest * 1000:7.0f}  {work * 1000:7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
