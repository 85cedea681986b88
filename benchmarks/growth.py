"""Ten thousand feeds on one machine, and a hundred thousand in simulation.

    python benchmarks/growth.py                        10,000 feeds, two minutes of the real daemon
    python benchmarks/growth.py --feeds 2000 --seconds 30
    python benchmarks/growth.py --feeds 0 --simulated 10000

Every feed has an address of its own on loopback and is asked every 15 minutes. `steady`: the daemon is
started on a database as it stands after hours, the feeds' due times spread, and watched for so many seconds:
how long after its due time each request comes in, and what CPU the daemon uses. `resume`: the same database
an hour later, everything overdue: how long it takes to catch up, how many requests the busiest second has,
and how the feeds are spread afterwards. `simulated`: a day of 100,000 feeds of learned intervals by
monitor.feeds.schedule, with a stop of three hours, and the cost of such a table in the store. Exits 1
with a lag of over 2 s (p99) or over 25 % of a core.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import math
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from monitor import config, pipeline
from monitor.clock import utc_now
from monitor.daemon import Daemon, exit_now
from monitor.engine import Engine
from monitor.feeds import schedule
from monitor.model import Entry, Feed, FeedState, Fresh, NotModified, Reply, Validators
from monitor.rules import document, rulebook
from monitor.store.store import DATABASE, Store

EVERY = timedelta(minutes=15)
SIMULATED = 100_000
HOURS, STOPPED = 24, timedelta(hours=3)
RATE = 470  # polls a second that the daemon does where all are overdue (`resume`)
LAG, SHARE = 2.0, 0.25  # seconds, of a core


# ---- the server --------------------------------------------------------------------------------------------


class Outlets(asyncio.Protocol):
    """Answers every feed with 304 and keeps when each was asked; /log tells, and forgets."""

    asked: list[tuple[int, float]]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport: Any = transport
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """Answers each request that has come whole."""
        self._head += data
        while b"\r\n\r\n" in self._head:
            head, _, self._head = self._head.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode().strip("/")
            if path == "log":
                body, Outlets.asked = json.dumps(Outlets.asked).encode(), []
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                continue
            Outlets.asked.append((int(path), time.time()))
            self._transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')


async def serve() -> None:
    """Serves every loopback address until standard input ends; prints its port."""
    Outlets.asked = []
    server = await asyncio.get_running_loop().create_server(Outlets, "0.0.0.0", 0, backlog=1024)  # noqa: S104
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


# ---- the daemon --------------------------------------------------------------------------------------------


def desk(count: int, port: int) -> config.Desk:
    """So many feeds, each at a loopback address of its own."""
    root = document.read("r", "rules: [{id: r, title: R, any: [peace], send: [mail]}]", [])
    assert root is not None
    book = rulebook.compile_rulebook(
        [root], receivers=("mail",), sources=(), read_article=lambda _: "", faults=[]
    )
    feeds = []
    for number in range(count):
        host = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
        url = f"http://{host}:{port}/{number}"
        feeds.append(Feed(str(number), url, "o", every=EVERY, allow_private=True))
    return config.Desk(tuple(feeds), (), book)


def prepare(state: Path, made: config.Desk, *, ago: timedelta) -> dict[int, float]:
    """A database as after hours, the last poll `ago`; when each feed is due, in seconds since 1970."""
    begin, groups = utc_now() - ago, min(1000, len(made.feeds))
    size = len(made.feeds) / groups
    with Store(state) as store:
        store.sync_feeds(made.feeds, first_poll=lambda _: begin)
        for group in range(groups):
            batch = made.feeds[int(group * size) : int((group + 1) * size)]
            due = begin + EVERY * (group / groups)
            answers = [NotModified(feed, Validators(etag='"1"'), Reply(whole=True)) for feed in batch]
            pipeline.take(store, answers, rulebook=made.rulebook, now=due - EVERY)
            store.retry_feeds([feed.name for feed in batch], now=due)
        return dues(store)


def dues(store: Store) -> dict[int, float]:
    """When each feed is due."""
    return {
        int(name): state.next_poll.timestamp()
        for name, (state, _) in store.feed_conditions().items()
        if state.next_poll is not None
    }


def daemon(state: Path, count: int, port: int) -> None:
    """Runs until SIGTERM."""
    made = desk(count, port)
    served = Daemon(Engine(made, state), reload=lambda: made)
    signal.signal(signal.SIGTERM, lambda *_: served.stop())
    served.run()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
    exit_now(0)


class Bench:
    """A server, and a daemon now and then."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.server = subprocess.Popen(
            [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.server.stdout is not None
        self.port = int(self.server.stdout.readline())

    def asked(self) -> list[tuple[int, float]]:
        """Which feeds were asked since the last look, and when."""
        with urlopen(f"http://127.0.0.1:{self.port}/log", timeout=30) as answer:
            return [(number, moment) for number, moment in json.load(answer)]

    def start(self, state: Path) -> subprocess.Popen[str]:
        """A daemon on this state."""
        words = [sys.executable, __file__, "--daemon", str(state), "--port", str(self.port)]
        return subprocess.Popen(
            [*words, "--feeds", str(self.count)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def close(self) -> None:
        """Ends the server."""
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait(10)


def steady(bench: Bench, seconds: float) -> bool:
    """The daemon among feeds that are spread; whether lag and CPU are within their bounds."""
    with tempfile.TemporaryDirectory(prefix="monitor-growth-") as folder:
        state = Path(folder)
        due = prepare(state, desk(bench.count, bench.port), ago=timedelta(0))
        running = bench.start(state)
        try:
            while not bench.asked():
                time.sleep(0.2)
            began, cpu = time.time(), cpu_of(running.pid)
            time.sleep(seconds)
            spent, lasted = cpu_of(running.pid) - cpu, time.time() - began
            asked = [(number, moment) for number, moment in bench.asked() if due[number] >= began]
        finally:
            running.terminate()
            memory = running.communicate(timeout=60)[0].strip()
    lags = sorted(moment - due[number] for number, moment in asked)
    p99, share = lags[int(len(lags) * 0.99)], spent / lasted
    rate = len(asked) / lasted
    ideal = bench.count / EVERY.total_seconds()
    print(
        f"steady: {bench.count:,} feeds every {EVERY // timedelta(minutes=1)} min, {lasted:.0f} s:"
        f" {rate:.1f} polls/s (of {ideal:.1f}), lag median {statistics.median(lags) * 1e3:.0f} ms,"
        f" p99 {p99 * 1e3:.0f} ms, most {lags[-1] * 1e3:.0f} ms;"
        f" {share:.1%} of a core ({spent / max(len(asked), 1) * 1e3:.1f} ms a poll), {memory} MB"
    )
    return p99 < LAG and share <= SHARE


def resume(bench: Bench) -> None:
    """The daemon where everything is overdue."""
    with tempfile.TemporaryDirectory(prefix="monitor-growth-") as folder:
        state = Path(folder)
        prepare(state, desk(bench.count, bench.port), ago=timedelta(hours=1))
        bench.asked()
        running = bench.start(state)
        began, asked = time.time(), list[tuple[int, float]]()
        try:
            while len({number for number, _ in asked}) < bench.count and time.time() - began < 300:
                time.sleep(0.5)
                asked += bench.asked()
            time.sleep(1)
        finally:
            running.terminate()
            running.communicate(timeout=60)
        with Store(state) as store:
            after = Counter(int(moment) for moment in dues(store).values())
    asked += bench.asked()
    first, last = min(moment for _, moment in asked), max(moment for _, moment in asked)
    busiest = max(Counter(int(moment) for _, moment in asked).values())
    print(
        f"resume: {bench.count:,} overdue feeds asked in {last - first:.0f} s, {busiest} requests in the"
        f" busiest second, none twice: {len(asked) == bench.count}; afterwards at most {max(after.values())}"
        f" are due in one second, {bench.count / EVERY.total_seconds():.1f} on average over an interval"
    )


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and its ended children used."""
    row = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, row[11:15])) / os.sysconf("SC_CLK_TCK")


# ---- a hundred thousand ------------------------------------------------------------------------------------


def simulated(count: int, hours: int) -> None:
    """So many hours of so many feeds by the schedule alone, and such a table in the store.

    The daemon asks at most RATE in a second, and is stopped for a while in the middle.
    """
    dice, begin, bare = random.Random(1), datetime(2026, 11, 20, tzinfo=UTC), _held()
    feeds = [Feed(str(number), f"https://{number}.example/feed", "o") for number in range(count)]
    known = _held() - bare
    paces = [math.exp(dice.uniform(math.log(0.01), math.log(6))) for _ in feeds]  # entries an hour
    states = [FeedState() for _ in feeds]
    due = [(schedule.first_poll(feed, now=begin), number) for number, feed in enumerate(feeds)]
    heapq.heapify(due)
    end, stop = begin + timedelta(hours=hours), begin + timedelta(hours=hours / 3)
    resumed = stop + STOPPED if hours > 6 * STOPPED / timedelta(hours=1) else stop
    busy, now, began = Counter[int](), begin, time.process_time()
    while due[0][0] < end:
        now, number = max(due[0][0], now + timedelta(seconds=1) / RATE), due[0][1]
        now = max(now, resumed) if now > stop else now
        states[number] = _polled(feeds[number], states[number], paces[number], now, dice)
        following = states[number].next_poll
        assert following is not None
        heapq.heapreplace(due, (following, number))
        busy[int((now - begin).total_seconds())] += 1
    spent, polls = time.process_time() - began, sum(busy.values())
    print(
        f"simulated: {count:,} feeds, {hours} h: {polls:,} polls ({polls / count:.1f} a feed),"
        f" {spent / polls * 1e6:.0f} µs of CPU a poll and {spent / count * 1e3:.1f} ms a feed for the"
        f" schedule; {known * 1024 / count:.1f} KiB of memory a feed, with what is known of it"
        f" {(_held() - bare) * 1024 / count:.1f}"
    )
    _herds(busy, after_start=(timedelta(0), stop - begin), after_stop=(resumed - begin, end - begin))
    _table(feeds, states, end)


def _polled(feed: Feed, state: FeedState, pace: float, now: datetime, dice: random.Random) -> FeedState:
    """The state after a poll of a feed with so many entries an hour; its first document tells its pace."""
    since = (now - state.last_good) / timedelta(hours=1) if state.last_good else 0.0
    new = _arrived(pace * since, dice)
    answer: Fresh | NotModified = NotModified(feed, Validators())
    if state.last_good is None:
        answer = Fresh(
            feed, Validators(), (_dated(now - timedelta(hours=30 / pace)), _dated(now)), familiar=28
        )
    elif new:
        answer = Fresh(feed, Validators(), (), familiar=30)
    known = schedule.after(answer, state, now=now, new=new)
    if state.last_good is None:
        known = replace(known, pace=pace * dice.uniform(0.5, 2))  # of thirty entries, not of the two above
    return known


def _dated(published: datetime) -> Entry:
    return Entry(0, "", "", "", "", "", "", "", published, None, "")


def _herds(busy: Counter[int], **spans: tuple[timedelta, timedelta]) -> None:
    """How many are asked in the busiest second of each span, once the crowd at its beginning is through."""
    for name, (first, last) in spans.items():
        at, until = int(first.total_seconds()), int(last.total_seconds())
        crowd = at + 60  # the first polls have a minute
        while busy[crowd] >= RATE - 1 and crowd < until:
            crowd += 1
        later = [busy[second] for second in range(crowd + 1, until)]
        print(
            f"  {name.replace('_', ' the ')}: {crowd - at} s of crowd, then {statistics.mean(later):.0f}"
            f" polls a second, {max(later)} in the busiest"
        )


def _held() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


def _arrived(mean: float, dice: random.Random) -> int:
    """A number of entries, Poisson (by counting; the mean is small)."""
    left, count = math.exp(-min(mean, 500)), 0
    product = dice.random()
    while product > left:
        product *= dice.random()
        count += 1
    return count


def _table(feeds: list[Feed], states: list[FeedState], now: datetime) -> None:
    """What that many feeds cost the store."""
    with tempfile.TemporaryDirectory(prefix="monitor-growth-") as folder, Store(Path(folder)) as store:
        book = desk(0, 0).rulebook
        began = time.perf_counter()
        store.sync_feeds(feeds, first_poll=lambda feed: schedule.first_poll(feed, now=now))
        synced = time.perf_counter() - began
        answers = [NotModified(feed, state.validators) for feed, state in zip(feeds, states, strict=True)]
        for at in range(0, len(answers), 5000):
            pipeline.take(store, answers[at : at + 5000], rulebook=book, now=now)
        size = sum((Path(folder) / f"{DATABASE}{end}").stat().st_size for end in ("", "-wal"))
        looked = _median(lambda: store.due_feeds(now + timedelta(days=2), most=128))
        asked = _median(store.next_feed_due)
        taken = _median(lambda: pipeline.take(store, answers[:32], rulebook=book, now=now)) / 32
    print(
        f"store: {len(feeds):,} feeds put in {synced:.1f} s, at most {size / len(feeds):.0f} bytes each; the"
        f" next due in {asked * 1e3:.2f} ms, 128 due in {looked * 1e3:.2f} ms, an unchanged poll taken in"
        f" {taken * 1e3:.2f} ms (32 together)"
    )


def _median(work: Any, times: int = 15) -> float:
    """Seconds that the work takes."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> int:
    """Prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=120, help="of the steady daemon")
    parser.add_argument("--simulated", type=int, default=SIMULATED)
    parser.add_argument("--hours", type=int, default=HOURS, help="of the simulation")
    parser.add_argument("--data", help="taken for the sake of `.ci/run bench`; nothing is read")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    for hidden in ("--daemon", "--port"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    if options.daemon:
        daemon(Path(options.daemon), options.feeds, int(options.port))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    good = True
    if options.feeds:
        bench = Bench(options.feeds)
        try:
            good = steady(bench, options.seconds)
            resume(bench)
        finally:
            bench.close()
    if options.simulated:
        simulated(options.simulated, options.hours)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
