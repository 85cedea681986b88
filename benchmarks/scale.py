"""What it costs to grow: each thing that is done, measured, and what 1,000 to 1,000,000 feeds need by that.

    python -m benchmarks.scale                         some minutes; a table of costs, one of needs
    python -m benchmarks.scale --json
    python -m benchmarks.scale --stored 20000 --feeds 100 --entries 2000      shorter, and rougher

Measured: an unchanged poll, a changed one and a first document (benchmarks/polling.py: the real line on
loopback) and what TLS adds; an entry taken in (benchmarks/coordinator.py); rules; a stored entry, in bytes by
table; an alert to a webhook (benchmarks/delivery.py); a feed in memory. Read from DIR/feeds/history: how
often a feed of the press is asked by the learned schedule, how often it has changed, how many entries it has
in a day, how large its documents are; from DIR/stream: the entries of many sites. All else that the needs
rest on is in ASSUMED. Processor time and wall clock apart, medians.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import math
import os
import shutil
import sqlite3
import ssl
import statistics
import sys
import tempfile
import time
import tracemalloc
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import timedelta
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
from rich.console import Console

from benchmarks import coordinator, delivery, latency, polling
from benchmarks.stories import STREAM, headlines
from monitor.feeds import schedule
from monitor.model import Feed, FeedState, Fresh, NotModified, Validators
from monitor.rules.match import match
from monitor.store.store import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from benchmarks.latency import Outlet
    from monitor.model import Entry

FEEDS = (1_000, 10_000, 100_000, 1_000_000)
RULES = (1, 10, 100, 1_000)
RUNS = 3
DAY = 86_400
MIB = 1 << 20

# What the needs rest on beside what is measured, each with its reason.
ASSUMED = {
    "alerts an entry": 0.01,  # a desk that watches something: one in a hundred entries begins or develops it
    "receivers an alert": 2.0,
    "busiest hour": 3.0,  # times the mean of the day
    "days kept": 90.0,  # `keep:` as it is shipped
    "bytes of a 304": 700.0,  # request and answer with their headers
    "bytes of certificates": 3_000.0,  # of a chain in a full handshake, beyond that of the test's authority
    "MiB of the program": 200.0,  # the daemon has 70 (docs/polling.md), its two parsers the rest
}
# What one machine of the usual kind has: what is used up first is what breaks first.
HAS = {
    "cores": 8.0,
    "core of the coordinator": 1.0,  # one thread writes
    "core of the main process": 1.0,  # Python's lock: what is fetched is fetched in threads of one process
    "memory": 16_384.0,  # MiB
    "bandwidth": 100.0,  # Mbit/s
    "disk": 1_000.0,  # GB
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time and of wall clock for one of something."""

    cpu: float
    wall: float


# ---- polls -------------------------------------------------------------------------------------------------


def polls(count: int) -> dict[str, Cost]:
    """An unchanged and a changed poll and an entry of a first document, by the real line."""
    bench = polling.Bench(count, None)
    folder = Path(tempfile.mkdtemp(prefix="monitor-scale-"))
    names = ["first", "settling", *["unchanged"] * RUNS, *["5 % changed"] * RUNS]
    try:
        for number, name in enumerate(names):
            if name == "5 % changed":
                bench._edition(number)  # noqa: SLF001 - a pass after the other, some of them several times
            bench._pass("monitor", name, folder, plain=False)  # noqa: SLF001
    finally:
        assert bench.server.stdin is not None
        bench.server.stdin.close()
        bench.server.wait(10)
        shutil.rmtree(folder)

    def median(name: str, what: str) -> float:
        return statistics.median(row[what] for row in bench.took["monitor", name])

    def one(what: str) -> tuple[float, float, float]:
        same, changed = median("unchanged", what), median("5 % changed", what)
        some = count // polling.CHANGED
        return (
            same / count,
            max(changed - same * (count - some) / count, 0) / some,
            median("settling", what) / count / polling.ENTRIES,
        )

    found = zip(one("cpu"), one("wall"), strict=True)
    named = ("unchanged poll", "changed poll", "entry of a first document")
    return {name: Cost(*both) for name, both in zip(named, found, strict=True)}


def handshake() -> tuple[Cost, int]:
    """What a full TLS 1.3 handshake takes here, the client's part, and the bytes of both sides."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feed.example").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    spent, size = [], 0
    for _ in range(100):
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        ours = client.wrap_bio(to_client, to_server, server_hostname="feed.example")
        theirs = server.wrap_bio(to_server, to_client, server_side=True)
        took, size, done = 0.0, 0, False
        while not done:
            began = time.thread_time()
            done = _shake(ours)
            took += time.thread_time() - began
            size += to_server.pending
            _shake(theirs)
            size += to_client.pending
        spent.append(took)
    seconds = statistics.median(spent)
    return Cost(seconds, seconds), size


def _shake(hand: ssl.SSLObject) -> bool:
    """One step of a handshake; whether it is done."""
    try:
        hand.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


# ---- entries, rules, rows, alerts --------------------------------------------------------------------------


def entries(state: Path, options: argparse.Namespace) -> dict[str, Cost]:
    """An entry taken in, where so many are stored, with the shipped rules."""
    book = coordinator.desk(0, options.data)
    found = {}
    for size in coordinator.DOCUMENTS:
        with tempfile.TemporaryDirectory(prefix="monitor-scale-") as folder:
            shutil.copy(state / DATABASE, folder)
            stream = coordinator.news(options.data, past=min(options.stored, coordinator.DIFFERENT))
            taken = coordinator.taken(
                Path(folder), stream, book, size=size, most=options.entries, together=coordinator.TOGETHER
            )
        found[f"entry, {size} in a document"] = Cost(taken.cpu, taken.wall)
    return found


def rules(data: Path) -> dict[int, float]:
    """Seconds of processor time to match an entry, by the number of rules."""
    some = [one for _, one in islice(coordinator.news(data), 1_000)]
    return {count: _matching(count, some, data) for count in RULES}


def _matching(count: int, some: list[Entry], data: Path) -> float:
    book, took = coordinator.desk(count, data), []
    for _ in range(RUNS + 1):
        began = time.process_time()
        for entry in some:
            match(book, entry)
        took.append((time.process_time() - began) / len(some))
    return statistics.median(took[1:])


def stored(state: Path, size: int) -> dict[str, float]:
    """Bytes of disk an entry, by what they are for."""
    kinds = {"keys": "keys", "entries": "entries", "stories": "stories", "catalogue": "search"}
    found: dict[str, float] = {"in all": (state / DATABASE).stat().st_size / size}
    with sqlite3.connect(f"file:{state / DATABASE}?mode=ro", uri=True) as db:
        try:
            rows = db.execute("select name, sum(pgsize) from dbstat group by name").fetchall()
        except sqlite3.OperationalError:  # an SQLite without dbstat
            return found
    for name, used in rows:
        kind = next((of for table, of in kinds.items() if table in name.partition("_")[0]), "the rest")
        found[kind] = found.get(kind, 0.0) + used / size
    return found


def alert(count: int) -> Cost:
    """An alert to a webhook, claimed, composed, sent, recorded."""
    sink = delivery.Sink.start(delivery._handled)  # noqa: SLF001 - the benchmark's own
    to = delivery.receiver("webhook", sink)
    delivery.ours(to, 5)
    rounds = [delivery.ours(to, count) for _ in range(RUNS)]
    sink.process.terminate()
    return Cost(
        statistics.median(cpu for _, cpu in rounds) / 1e3, 1 / statistics.median(rate for rate, _ in rounds)
    )


def feed_in_memory() -> float:
    """Bytes of a feed as the desk has it, with what is known of it while it is polled."""
    count = 10_000
    tracemalloc.start()
    feeds = [Feed(str(n), f"https://{n}.example/feed", f"outlet {n}") for n in range(count)]
    states = [FeedState(Validators(f'"{n}"', None, f"{n:032x}")) for n in range(count)]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / min(len(feeds), len(states))


# ---- how feeds behave --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Habit:
    """What a feed does in a day, in the mean; its documents in bytes as they travel (gzip) and unpacked."""

    polls: float
    changed: float
    entries: float
    packed: float
    unpacked: float
    sites: int
    entries_of_a_site: float


def habit(data: Path) -> Habit:
    """The captured outlets under the learned schedule; the stream's sites beside them."""
    history = data / "feeds" / "history"
    weeks = [_week(outlet) for outlet in latency.outlets(history)]
    files = [path for path in history.glob("*/*.gz") if path.stat().st_size > 1_000]
    days = latency.WEEK / timedelta(days=1) * len(weeks)
    seen, sites, count = [], set(), 0
    for at, one in headlines(data / STREAM):
        seen.append(at)
        sites.add(one.link.partition("://")[2].partition("/")[0])
        count += 1
    span = (seen[-1] - seen[0]) / timedelta(days=1)
    return Habit(
        polls=sum(week[0] for week in weeks) / days,
        changed=sum(week[1] for week in weeks) / days,
        entries=sum(week[2] for week in weeks) / days,
        packed=statistics.median(path.stat().st_size for path in files),
        unpacked=statistics.median(len(gzip.decompress(path.read_bytes())) for path in files[::10]),
        sites=len(sites),
        entries_of_a_site=count / span / len(sites),
    )


def _week(outlet: Outlet) -> tuple[int, int, int]:
    """Polls, those that found something new, and what they found."""
    now, before, state = latency.END - latency.WEEK, 0, FeedState()
    asked = changed = 0
    while now <= latency.END:
        asked += 1
        known = _published(outlet, now)
        new = known - before if asked > 1 else 0
        result: Fresh | NotModified = NotModified(outlet.feed, Validators())
        if new or state.last_good is None:
            result = Fresh(outlet.feed, Validators(), (), familiar=outlet.holds)
        state = schedule.after(result, state, now=now, new=new, gap=new >= outlet.holds)
        changed, before = changed + bool(new), known
        assert state.next_poll is not None
        now = state.next_poll
    return asked, changed, len(outlet.published)


def _published(outlet: Outlet, now: datetime) -> int:
    return sum(moment <= now for moment in outlet.published)


# ---- needs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """All of it, in seconds and bytes."""

    costs: dict[str, Cost]
    rules: dict[int, float]
    bytes_of_entry: dict[str, float]
    bytes_of_feed: float
    bytes_of_handshake: int
    habit: Habit
    stored: int
    load: float


def needs(feeds: int, of: Measured) -> dict[str, float]:
    """What so many feeds use of each thing that a machine has, in the busiest hour; of the disk, at most."""
    a, habit, costs = ASSUMED, of.habit, of.costs
    peak = a["busiest hour"] / DAY
    unchanged, changed = (feeds * each * peak for each in (habit.polls - habit.changed, habit.changed))
    new = feeds * habit.entries * peak
    sent = new * a["alerts an entry"] * a["receivers an alert"]
    tls, entry = costs["TLS handshake"].cpu, costs["entry, 5 in a document"].cpu
    asking = (unchanged + changed) * (costs["unchanged poll"].cpu + tls)
    reading = changed * costs["changed poll"].cpu
    taking = new * entry
    telling = sent * costs["alert"].cpu
    wire = (unchanged + changed) * (a["bytes of a 304"] + a["bytes of certificates"] + of.bytes_of_handshake)
    kept = feeds * habit.entries * a["days kept"]
    return {
        "polls a second": unchanged + changed,
        "entries a second": new,
        "cores": asking + reading + taking + telling,
        "core of the main process": asking + taking + telling,
        "core of the coordinator": taking,
        "memory": a["MiB of the program"] + feeds * of.bytes_of_feed / MIB,
        "bandwidth": (wire + changed * habit.packed) * 8 / 1e6,
        "entries kept": kept,
        "disk": kept * of.bytes_of_entry["in all"] / 1e9,
    }


def first_to_break(need: dict[str, float]) -> tuple[str, float]:
    """What is used up first, and how much of it one machine has is used."""
    return max(((name, need[name] / has) for name, has in HAS.items()), key=lambda one: one[1])


# ---- the command -------------------------------------------------------------------------------------------


def measured(options: argparse.Namespace, console: Console) -> Measured:
    """Measures one thing after the other, and says which."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="monitor-scale-") as folder, console.status("") as at:
        at.update(f"a state of {options.stored:,} entries")
        state = (options.keep or Path(folder)) / f"stored-{options.stored}"
        if not (state / DATABASE).exists():
            state.mkdir(parents=True)
            coordinator.stocked(state, options.data, options.stored)
        costs: dict[str, Cost] = {}
        at.update("entries")
        costs |= entries(state, options)
        at.update("stored entries")
        rows = stored(state, options.stored)
        at.update("rules")
        by_rules = rules(options.data)
        at.update("polls")
        costs |= polls(options.feeds)
        costs["TLS handshake"], size = handshake()
        at.update("alerts")
        costs["alert"] = alert(options.alerts)
        at.update("habits")
        of_feed, habits = feed_in_memory(), habit(options.data)
        return Measured(costs, by_rules, rows, of_feed, size, habits, options.stored, load)


def told(of: Measured) -> Iterator[str]:
    """The tables."""
    yield f"load average {of.load:.1f} on {os.cpu_count()} cores; {of.stored:,} entries stored\n"
    yield "| one | ms of CPU | ms of wall clock |\n|---|---|---|"
    for name, cost in of.costs.items():
        yield f"| {name} | {cost.cpu * 1e3:.2f} | {cost.wall * 1e3:.2f} |"
    yield "\n| rules | µs of CPU to match an entry |\n|---|---|"
    for count, seconds in of.rules.items():
        yield f"| {count:,} | {seconds * 1e6:.0f} |"
    yield "\n| a stored entry | bytes |\n|---|---|"
    for name, size in sorted(of.bytes_of_entry.items(), key=lambda one: -one[1]):
        yield f"| {name} | {size:,.0f} |"
    yield f"\nbytes: a feed in memory {of.bytes_of_feed:,.0f}, a TLS handshake {of.bytes_of_handshake:,}"
    yield (
        f"a feed of the press in a day: {of.habit.polls:.0f} polls, {of.habit.changed:.1f} of them changed,"
        f" {of.habit.entries:.1f} entries; its document {of.habit.packed / 1e3:.0f} kB, unpacked"
        f" {of.habit.unpacked / 1e3:.0f}; of the stream's {of.habit.sites:,} sites each has"
        f" {of.habit.entries_of_a_site:.1f} entries a day"
    )
    yield "assumed: " + ", ".join(f"{name} {value:g}" for name, value in ASSUMED.items())
    yield "\n| feeds | " + " | ".join(f"{count:,}" for count in FEEDS) + " |\n|---|" + "---|" * len(FEEDS)
    each = [needs(count, of) for count in FEEDS]
    for name in each[0]:
        yield f"| {name} | " + " | ".join(_figure(need[name]) for need in each) + " |"
    yield (
        "| used up first | " + " | ".join("{} ({:.0%})".format(*first_to_break(need)) for need in each) + " |"
    )


def _figure(value: float) -> str:
    digits = max(0, 1 - math.floor(math.log10(value))) if value else 0
    return f"{value:,.{digits}f}"


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--stored", type=int, default=100_000, help="entries that are there before")
    parser.add_argument("--keep", type=Path, help="folder of the state that is made, to use it again")
    parser.add_argument("--feeds", type=int, default=200, help="that are polled on loopback")
    parser.add_argument("--entries", type=int, default=4_000, help="that are taken in, for each size")
    parser.add_argument("--alerts", type=int, default=300, help="that are sent")
    parser.add_argument("--json", action="store_true", help="figures in seconds and bytes")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with redirect_stdout(StringIO()):  # what is used of other benchmarks prints at times
        found = measured(options, Console(stderr=True))
    if options.json:
        needed = {count: needs(count, found) for count in FEEDS}
        first = {count: first_to_break(need) for count, need in needed.items()}
        print(json.dumps(asdict(found) | {"assumed": ASSUMED, "needs": needed, "first": first}, indent=2))
        return 0
    for line in told(found):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
