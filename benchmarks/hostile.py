"""What hostile documents cost: the time and memory of their parser, the daemon's memory, the others' waiting.

    python benchmarks/hostile.py --data DIR

DIR/../tools/hostile_feeds.py holds the shapes, functions from a size to a document. Each is parsed at 20 and
at 900 KB by a parser process as the daemon has them. Then documents of 20 items are parsed one after another,
first alone and then while another thread has all shapes of 900 KB parsed in turn, and again as suspects.
Prints what took over a second and the medians; exits 1 where a document is not over in 5 s, this process has
grown by over 20 MiB, or the others wait over twice as long. On a machine that is busy otherwise the times are
of that too: the load is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import ParseError
from monitor.feeds.workers import Parsers
from monitor.model import Feed

if TYPE_CHECKING:
    from collections.abc import Callable

    Shape = Callable[[int], bytes]

SIZES = (20_000, 900_000)
LONGEST, GROWTH, SLOWER = 5.0, 20.0, 2.0  # seconds, MiB, times
BESIDE = 12.0  # seconds of each measurement of the others
NOW = datetime(2026, 11, 21, tzinfo=UTC)
FEED = Feed("a", "https://a.example/", "A")
TEXT = "the peace agreement was signed by ministers of both countries in the capital on friday "
GOOD = (
    "<rss version='2.0'><channel><title>t</title>"
    + "".join(
        f"<item><title>Item {number}: {TEXT[number:]}</title><guid>{number}</guid>"
        f"<description>{TEXT * 4}</description></item>"
        for number in range(20)
    )
    + "</channel></rss>"
).encode()


def shapes(path: Path) -> dict[str, Shape]:
    """The shapes by their names."""
    spec = importlib.util.spec_from_file_location("hostile_feeds", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Shape] = module.A
    return found


def parsed(parsers: Parsers, body: bytes, *, suspect: bool = False) -> tuple[float, str]:
    """How long it took in seconds, and what came of it."""
    began = time.perf_counter()
    try:
        entries = parsers.read(body, feed=FEED, content_type="text/xml", now=NOW, suspect=suspect).entries
        said = f"{len(entries)} entries"
    except ParseError as error:
        said = error.what
    return time.perf_counter() - began, said


def memory() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


def alone(found: dict[str, Shape]) -> bool:
    """Each shape by itself; whether all were over in time and this process stayed small."""
    parsers = Parsers(1)
    parsed(parsers, GOOD)
    before, slowest, good = memory(), 0.0, True
    for size in SIZES:
        for name, shape in found.items():
            seconds, said = parsed(parsers, shape(size))
            slowest = max(slowest, seconds)
            good = good and seconds <= LONGEST
            if seconds > 1:
                print(f"  {size // 1000:>4} KB  {name:<22}{seconds:>6.2f} s  {said}")
    parsers.close()
    grown = memory() - before
    print(
        f"{2 * len(found)} documents: the slowest was over in {slowest:.2f} s;"
        f" this process grew by {grown:.1f} MiB"
    )
    return good and grown <= GROWTH


def beside(found: dict[str, Shape]) -> bool:
    """The others alone and beside the shapes; whether they wait at most twice as long."""
    parsers = Parsers(2)
    bodies = [shape(SIZES[-1]) for shape in found.values()]
    parsed(parsers, GOOD)
    usual = _others(parsers)
    print(f"others alone: median {usual[0] * 1e3:.1f} ms, p99 {usual[1] * 1e3:.1f} ms")
    good = True
    for suspect in (False, True):
        stop = threading.Event()

        def attack(*, suspect: bool = suspect, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                for body in bodies:
                    if not stop.is_set():
                        parsed(parsers, body, suspect=suspect)

        attacker = threading.Thread(target=attack)
        attacker.start()
        median, p99 = _others(parsers)
        stop.set()
        attacker.join()
        name = "as suspects" if suspect else "met first"
        times = median / usual[0]
        print(
            f"beside hostile ones {name}: median {median * 1e3:.1f} ms ({times:.2f} times),"
            f" p99 {p99 * 1e3:.1f} ms"
        )
        good = good and times <= SLOWER
    parsers.close()
    return good


def _others(parsers: Parsers) -> tuple[float, float]:
    """Median and 99th percentile of documents parsed one after the other, a pause between two."""
    took, until = [], time.perf_counter() + BESIDE
    while time.perf_counter() < until:
        took.append(parsed(parsers, GOOD)[0])
        time.sleep(0.02)
    return statistics.median(took), sorted(took)[int(len(took) * 0.99)]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="its neighbour is tools/")
    path = parser.parse_args().data.parent / "tools" / "hostile_feeds.py"
    if not path.is_file():
        sys.exit(f"{path} is not there: name the folder beside tools/ with --data")
    found = shapes(path)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    results = [alone(found), beside(found)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
