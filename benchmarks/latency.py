"""How long news waits to be seen: the learned schedule against fixed ones at the same number of requests.

    python benchmarks/latency.py --data DIR

DIR/feeds/history/OUTLET holds successive captures of each outlet's feed. When their entries were published
is known to the second; a week of it is polled in simulation by monitor.feeds.schedule, its waits stretched
so that it asks as often in all as polling every 5, 15 and 60 minutes does. Each entry waits from its
publication to the next poll, and then for what the real line takes until a receiver has its alert; one that a
document no longer held by then is lost. What the line takes is measured first: captures of the last day are
polled one after another, parsed, judged, matched by a rule that fires on nearly everything, and sent through
Apprise to a webhook on loopback; its median goes into every row. Exits 1 where the learned schedule is not
quicker.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import tempfile
import time
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import pipeline, replay
from monitor.alerts.notify import Notifier
from monitor.demo.sinks import ChatSink
from monitor.errors import ParseError
from monitor.feeds import schedule
from monitor.feeds.parse import read
from monitor.feeds.poll import poll
from monitor.feeds.workers import Parsers
from monitor.model import Feed, FeedState, Fresh, NotModified, Poll, Receiver, Validators
from monitor.store.store import Store

WEEK = timedelta(days=7)
LAST = timedelta(days=1)
END = datetime(2020, 5, 3, tzinfo=UTC)  # the captures run from 2020-04-21 to 2020-05-03
FIXED = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60))


@dataclass(frozen=True, slots=True)
class Outlet:
    """When each entry was published, in order, and how many a document holds."""

    feed: Feed
    published: tuple[datetime, ...]
    holds: int


@dataclass(frozen=True, slots=True)
class Waits:
    """What a policy came to."""

    requests: int
    waits: tuple[timedelta, ...]
    lost: int


def outlets(history: Path) -> list[Outlet]:
    """The outlets whose captures tell when their entries were published."""
    found = []
    for folder in sorted(history.iterdir()):
        feed = Feed(folder.name, f"https://{folder.name}.invalid/feed", folder.name)
        published: dict[int, datetime] = {}
        sizes = []
        for path in sorted(folder.glob("*.gz")):
            try:
                body = gzip.decompress(path.read_bytes())
                entries = read(body, feed=feed, content_type="", now=END + WEEK).entries
            except ParseError:
                continue
            sizes.append(len(entries))
            for entry in entries:
                if entry.published is not None:
                    published.setdefault(entry.id, entry.published)
        inside = sorted(moment for moment in published.values() if END - WEEK <= moment <= END)
        if inside:
            found.append(Outlet(feed, tuple(inside), int(statistics.median(sizes))))
    return found


def learned(outlet: Outlet, *, stretch: float) -> Waits:
    """A week under the learned schedule, its waits stretched by a factor."""
    now, state, polls = END - WEEK, FeedState(), []
    while now <= END:
        polls.append(now)
        before = bisect_right(outlet.published, polls[-2]) if len(polls) > 1 else 0
        new = bisect_right(outlet.published, now) - before
        gap = new >= outlet.holds
        result: Fresh | NotModified = NotModified(outlet.feed, Validators())
        if new or state.last_good is None:
            result = Fresh(outlet.feed, Validators(), (), familiar=outlet.holds)
        state = schedule.after(result, state, now=now, new=new, gap=gap)
        assert state.next_poll is not None
        now += (state.next_poll - now) * stretch
        state = replace(state, next_poll=now)  # the stretched schedule is kept to
    return _waits(outlet, polls)


def fixed(outlet: Outlet, every: timedelta) -> Waits:
    """A week of polls at one interval."""
    polls, now = [], END - WEEK
    while now <= END:
        polls.append(now)
        now += every
    return _waits(outlet, polls)


def _waits(outlet: Outlet, polls: list[datetime]) -> Waits:
    waits, lost, before = [], 0, 0
    for moment in polls:
        until = bisect_right(outlet.published, moment)
        fresh = outlet.published[before:until]
        lost += max(len(fresh) - outlet.holds, 0)
        waits += [moment - published for published in fresh[-outlet.holds :]]
        before = until
    return Waits(len(polls), tuple(waits), lost)


def together(each: list[Waits]) -> Waits:
    """All outlets in one."""
    return Waits(
        sum(one.requests for one in each),
        tuple(wait for one in each for wait in one.waits),
        sum(one.lost for one in each),
    )


def at_cost(found: list[Outlet], requests: int) -> Waits:
    """The learned schedule, stretched until it asks about so often."""
    low, high = 0.01, 100.0
    for _ in range(20):
        middle = (low * high) ** 0.5
        waits = together([learned(outlet, stretch=middle) for outlet in found])
        low, high = (middle, high) if waits.requests > requests else (low, middle)
    return together([learned(outlet, stretch=high) for outlet in found])


# ---- from the poll to the receiver -------------------------------------------------------------------------


def line(history: Path) -> list[timedelta]:
    """How long after its poll began each alert was accepted by its receiver, the shortest first."""
    found = [capture for capture in replay.captures(history) if capture.taken >= END - LAST]
    feeds = {capture.feed.name: capture.feed for capture in found}
    took: list[timedelta] = []
    book, parsers, notifier = replay.everything(), Parsers(1), Notifier()
    with tempfile.TemporaryDirectory(prefix="monitor-latency-") as folder, ChatSink("replay") as sink:
        receiver = Receiver("replay", sink.url)
        with Store(Path(folder)) as store:
            store.sync_feeds(list(feeds.values()), first_poll=lambda _: END)
            for capture in found:
                began = time.perf_counter()
                state = store.feed_states([capture.feed.name])[capture.feed.name]
                job = Poll(capture.feed, state.validators, state.marks)
                result = poll(job, fetcher=replay.Shelf(capture), parsers=parsers, now=capture.taken)
                pipeline.take(store, [result], rulebook=book, now=capture.taken)
                while _delivered(store, receiver, notifier, capture.taken):
                    took.append(timedelta(seconds=time.perf_counter() - began))
    parsers.close()
    return sorted(took)


def _delivered(store: Store, receiver: Receiver, notifier: Notifier, now: datetime) -> bool:
    return pipeline.deliver(store, receiver, send=notifier.send, clock=lambda: now) is not None


def row(name: str, waits: Waits, line: timedelta) -> str:
    """A line of the table, times in minutes."""
    minutes = sorted((wait + line) / timedelta(minutes=1) for wait in waits.waits)
    p90 = minutes[int(len(minutes) * 0.9)]
    average, median = statistics.mean(minutes), statistics.median(minutes)
    return f"{name:<24}{waits.requests:>10,}{average:>8.1f}{median:>8.1f}{p90:>8.1f}{waits.lost:>6}"


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with feeds/history")
    history = parser.parse_args().data / "feeds" / "history"
    if not history.is_dir():
        sys.exit(f"{history} is not there: name the folder of captures with --data")
    took = line(history)
    usual, slow = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(
        f"from the beginning of a poll to the receiver: {len(took)} alerts, median"
        f" {usual.total_seconds():.2f} s, p99 {slow.total_seconds():.2f} s"
    )
    found = outlets(history)
    entries = sum(len(outlet.published) for outlet in found)
    print(
        f"{len(found)} outlets, {entries:,} entries in the week to {END:%Y-%m-%d};"
        " minutes from publication to alert"
    )
    print(f"{'':<24}{'requests':>10}{'mean':>8}{'median':>8}{'p90':>8}{'lost':>6}")
    slower = 0
    for every in FIXED:
        plain = together([fixed(outlet, every) for outlet in found])
        ours = at_cost(found, plain.requests)
        name = f"every {every // timedelta(minutes=1)} min"
        print(row(name, plain, usual))
        print(row("learned, same requests", ours, usual))
        slower += sum(ours.waits, timedelta()) / len(ours.waits) >= sum(plain.waits, timedelta()) / len(
            plain.waits
        )
    print(row("learned, as it is", together([learned(outlet, stretch=1.0) for outlet in found]), usual))
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
