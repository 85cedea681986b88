"""A round of feeds on a cluster, one of its two workers killed with -9 amid it: what is lost or repeated.

    python benchmarks/cluster.py [--feeds 600] [--runs 5] [--seed 1]

Scheduler, workers and outlets are on this machine, under TLS; each feed has an address of its own, answers
after 50 ms and shows a story that no other has. A webhook keeps what arrives, counted by story. The table has
the round made here, on the cluster, and on the cluster with a worker killed at a random moment, run by run.
Exits 1 where a feed has not exactly one result, or an alert is lost or comes twice.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import config
from monitor.engine import Engine, Observer, run_once
from monitor.model import Feed, Receiver, Scheduler
from tests.campaign.world import Hook, Outlet, Reckoning, named, reckoned
from tests.dask_world import World
from tests.fakes import rules
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from monitor.model import PollResult
    from tests.web_server import Request

BOOK = rules("rules: [{id: watched, title: Watched, any: [peace agreement], send: [hook]}]", ("hook",))
THREADS = 16  # of each worker: together as many polls as are in flight on one machine
DELAY = 0.05  # seconds of an outlet's answer


@dataclass(frozen=True)
class Round:
    """What came of one."""

    once: int  # feeds that had exactly one result
    again: int  # requests beyond one a feed
    alerts: Reckoning
    seconds: float  # to the last result

    def held(self, feeds: int) -> bool:
        """Whether it is as it should be."""
        return self.once == self.alerts.owed == feeds and not self.alerts.lost and not self.alerts.repeats


class Outlets:
    """As many feeds as are wanted, each with one story, on one server at many addresses."""

    def __init__(self, web: WebServer, count: int) -> None:
        self.asked: Counter[str] = Counter()
        self._items = Outlet(published=count)
        self.feeds = tuple(
            Feed(
                f"f{number}",
                web.url(f"/{number}", host=f"127.1.{number >> 8}.{number & 255}"),
                f"o{number}",
                allow_private=True,
            )
            for number in range(count)
        )
        for number in range(count):
            web.answer(f"/{number}", self._answer)
        self.owed = named(self._items)

    def _answer(self, request: Request) -> Response:
        self.asked[request.path] += 1
        time.sleep(DELAY)
        item = self._items._item(int(request.path[1:]))  # noqa: SLF001
        return Response(f'<rss version="2.0"><channel><title>t</title>{item}</channel></rss>'.encode())


def made(outlets: Outlets, scheduler: Scheduler | None) -> Round:
    """One round from nothing; all that the feeds show is news."""
    outlets.asked.clear()
    results: Counter[str] = Counter()
    last = began = 0.0

    def polled(result: PollResult) -> None:
        nonlocal last
        results[result.feed.name] += 1
        last = time.perf_counter()

    with tempfile.TemporaryDirectory(prefix="monitor-cluster-") as folder, Hook("hook") as hook:
        desk = config.Desk(outlets.feeds, (Receiver("hook", hook.url),), BOOK, scheduler=scheduler)
        engine = Engine(desk, Path(folder), observer=Observer(polled), backfill=True)
        with closing(engine):
            began = time.perf_counter()
            run_once(engine)
        alerts = reckoned(hook.bodies, outlets.owed)
    once = sum(number == 1 for number in results.values())
    return Round(once, outlets.asked.total() - len(outlets.feeds), alerts, last - began)


def killed(outlets: Outlets, world: World, *, after: float, worker: int) -> Round:
    """A round in which this worker is killed after so many seconds; another takes its place afterwards."""
    timer = threading.Timer(after, world.kill, [worker])
    timer.start()
    try:
        return made(outlets, world.named)
    finally:
        timer.join()
        world.open(workers=1)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=600)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", help="taken for the sake of `.ci/run bench`; nothing is read")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    chance = random.Random(options.seed)
    print(f"{options.feeds} feeds; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'round':34} {'one result':>10} {'asked again':>11} {'seconds':>7}  alerts")
    rounds: list[Round] = []

    def row(what: str, done: Round) -> None:
        rounds.append(done)
        print(f"{what:34} {done.once:10} {done.again:11} {done.seconds:7.1f}  {done.alerts}", flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="monitor-cluster-") as folder,
        WebServer(address=("", 0)) as web,
        World(Path(folder), threads=THREADS) as world,
    ):
        outlets = Outlets(web, options.feeds)
        world.open(workers=2)
        made(outlets, world.named)  # the workers load what they need
        here, there = [], []
        for _ in range(options.runs):
            here.append(made(outlets, None))
            row("here", here[-1])
            there.append(made(outlets, world.named))
            row("on the cluster", there[-1])
        usual = statistics.median(one.seconds for one in there)
        for _ in range(options.runs):
            after, worker = chance.uniform(0.2, 0.9) * usual, chance.randrange(2)
            row(f"a worker killed after {after:.1f} s", killed(outlets, world, after=after, worker=worker))
    print(
        f"medians: {statistics.median(one.seconds for one in here):.1f} s here, {usual:.1f} s on the cluster,"
        f" {statistics.median(one.seconds for one in rounds[2 * options.runs :]):.1f} s with a worker killed"
    )
    return 0 if all(one.held(options.feeds) for one in rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
