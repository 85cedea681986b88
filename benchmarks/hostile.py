"""What hostile documents cost: the time and memory of their parser, the daemon's memory, the others' waiting.

    python benchmarks/hostile.py --data DIR
    python benchmarks/hostile.py --only loose_self --only combining

DIR/../tools/hostile_feeds.py holds shapes, functions from a size to a document; more stand here, found by
trying some 120 on feedparser 6.0.14 and keeping those that cost it most, and those aimed at our own code.
Each is parsed at 20 and at 900 KB by a parser process as the daemon has them. `wall` is until the answer,
`waited` the part of it in which parser or caller were ready and had no core (/proc/*/schedstat): on a busy
machine the bound of 5 s is held against the difference. `CPU` is the parser's, `peak` the most memory that it
held and, behind the stroke, addressed: that is what its limit of 768 MiB counts.
Then documents of 20 items are parsed one after another, alone and while another thread has all shapes of
900 KB parsed in turn, by turns, so that both meet the same machine; and again with those as suspects.
Prints what took over a second of CPU and the medians; exits 1 where a bound is missed: 5 s, 768 MiB, 20 MiB
of growth in this process, twice the others' time.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass
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
LONGEST, LARGEST, GROWTH, SLOWER = 5.0, 768.0, 20.0, 2.0  # seconds, MiB, MiB, times
TURN, TURNS = 4.0, 4  # seconds, and how often the others are measured alone and beset
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


# ---- shapes of our own -------------------------------------------------------------------------------------

_NAMESPACES = (
    b" xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
)


def _rss(inside: bytes) -> bytes:
    return b"<rss version='2.0'" + _NAMESPACES + b"><channel><title>t</title>" + inside + b"</channel></rss>"


def _item(inside: bytes) -> bytes:
    return _rss(b"<item><title>a</title><link>http://e.example/1</link>" + inside + b"</item>")


def _text_of(text: bytes) -> bytes:
    return _item(b"<description><![CDATA[" + text + b"]]></description>")


def _loose(inside: bytes) -> bytes:
    """Not well-formed: feedparser falls back to its reader of tag soup."""
    return _rss(b"<item><title>&</title>" + inside + b"</item>")


def _filled(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit))


def _counted(unit: str, size: int) -> bytes:
    """The unit again and again, a number in place of #."""
    return "".join(unit.replace("#", str(number)) for number in range(size // (len(unit) + 4))).encode()


def _nested(tag: str, size: int) -> bytes:
    count = size // (2 * len(tag) + 5)
    return f"<{tag}>".encode() * count + f"</{tag}>".encode() * count


OWN: dict[str, Shape] = {
    # lists in which feedparser looks for each new member from the front
    "category_many": lambda size: _item(_counted("<category>#</category>", size)),
    "dc_subject_many": lambda size: _item(_counted("<dc:subject>#</dc:subject>", size)),
    "itunes_category_many": lambda size: _rss(_counted("<itunes:category text='#'/>", size)),
    "attributes_many": lambda size: _item(b"<x " + _counted("a#='' ", size) + b"/>"),
    # its search for an address in an author's name
    "author_long": lambda size: _item(b"<author>" + b"a" * size + b"</author>"),
    "author_dots": lambda size: _item(b"<author>" + _filled(b"a.", size) + b"@</author>"),
    # elements in elements, closed and not
    "deep_item": lambda size: _item(_nested("b", size)),
    "items_open": lambda size: _rss(_filled(b"<item>", size)),
    "items_nested": lambda size: _rss(_filled(b"<item><title>a</title>", size)),
    "root_unknown": lambda size: b"<x>" + _filled(b"<y/>", size) + b"</x>",
    # its reader of tag soup
    "loose_open": lambda size: _loose(_filled(b"<b>", size)),
    "loose_self": lambda size: _loose(_filled(b"<x/>", size)),
    "loose_slash": lambda size: _loose(_filled(b"<a/", size)),
    "loose_unclosed": lambda size: _loose(_filled(b"<a ", size)),
    "loose_references": lambda size: _loose(_filled(b"&#x", size)),
    # bytes in no alphabet, so that they come to feedparser as they are
    "unlabelled_lines": lambda size: b"\n" * size + _rss(b"<item><title>\xe9\xff</title></item>"),
    "unlabelled_entities": lambda size: (
        b"<!DOCTYPE r [<!ENTITY x '" + b"A" * (size // 2) + b"'>]>"
        + _rss(b"<item><title>\xe9\xff" + _filled(b"&x;", size // 2) + b"</title></item>")
    ),
    # entries without end, for those who take them in
    "items_many": lambda size: _rss(_counted("<item><title>a#</title></item>", size)),
    "json_items": lambda size: (
        b'{"version":"https://jsonfeed.org/version/1.1","items":[' + _counted('{"id":"#"},', size) + b"{}]}"
    ),
    "json_deep": lambda size: b"[" * size,
    # our own reading: accents in an order that is not theirs are sorted one by one
    "combining": lambda size: _text_of(b"a" + _filled("\u0301\u0316".encode(), size)),
    "one_word": lambda size: _text_of(b"x" * size),
    "words_many": lambda size: _text_of(_counted("w#-", size)),
    "sitemap_empty": lambda size: (
        b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        b"xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>" + _filled(b"<url/>", size)
        + b"</urlset>"
    ),
    "links_many": lambda size: _text_of(_counted("<a href='http://e.example/#'>x</a>", size)),
}  # fmt: skip


def shapes(path: Path) -> dict[str, Shape]:
    """The shapes by their names."""
    spec = importlib.util.spec_from_file_location("hostile_feeds", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Shape] = module.A
    return found | OWN


# ---- what a document costs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """What a document came to: seconds, the parser's MiB, and what was said of it."""

    wall: float
    waited: float
    cpu: float
    held: float
    addressed: float
    said: str


class Watch:
    """Looks at the parser processes every 20 ms: one that is killed takes its numbers with it."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}  # process -> ns on a core and ns waiting for one
        self._held = self._addressed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Ends it."""
        self._stop.set()
        self._thread.join()

    def cost(self, parsers: Parsers, body: bytes) -> Cost:
        """Of this document."""
        self._look()
        before, self._held, self._addressed = dict(self._seen), 0, 0
        ours, began = _schedule("self/task/" + str(threading.get_native_id())), time.perf_counter()
        said = parsed(parsers, body)[1]
        wall = time.perf_counter() - began
        self._look()
        spent = [
            (now[0] - then[0], now[1] - then[1])
            for process, now in self._seen.items()
            for then in [before.get(process, (0, 0))]
        ]
        waited = _schedule("self/task/" + str(threading.get_native_id()))[1] - ours[1]
        return Cost(
            wall,
            (sum(wait for _, wait in spent) + waited) / 1e9,
            sum(cpu for cpu, _ in spent) / 1e9,
            self._held / 1024,
            self._addressed / 1024,
            said,
        )

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self._look()

    def _look(self) -> None:
        for tasks in Path("/proc/self/task").iterdir():
            for process in _text(tasks / "children").split():
                if numbers := _schedule(process):
                    self._seen[process] = numbers
                sizes = dict(
                    line.split(":", 1) for line in _text(Path(f"/proc/{process}/status")).splitlines()
                )
                self._held = max(self._held, int(sizes.get("VmRSS", "0").split()[0]))
                self._addressed = max(self._addressed, int(sizes.get("VmSize", "0").split()[0]))


def _schedule(process: str) -> tuple[int, int]:
    """Nanoseconds on a core, and waiting for one; nothing of a process that is gone."""
    words = _text(Path("/proc") / process / "schedstat").split()
    return (int(words[0]), int(words[1])) if words else (0, 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


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
    """Each shape by itself; whether all were over in time and both processes stayed small."""
    parsers, watch = Parsers(1), Watch()
    parsed(parsers, GOOD)
    before = memory()
    costs: list[tuple[str, Cost]] = []
    print(f"{'':>29}{'wall':>8}{'waited':>8}{'CPU':>7}{'peak MiB':>12}")
    for size in SIZES:
        for name, shape in found.items():
            cost = watch.cost(parsers, shape(size))
            costs.append((f"{size // 1000:>4} KB  {name}", cost))
            if cost.cpu > 1 or cost.wall - cost.waited > LONGEST:
                _say(*costs[-1])
    watch.close()
    parsers.close()
    grown = memory() - before
    slowest = max(costs, key=lambda one: one[1].wall - one[1].waited)
    largest = max(costs, key=lambda one: one[1].addressed)
    killed = [name.split()[-1] for name, cost in costs if "left out" in cost.said]
    print(
        f"{len(costs)} documents, {len(killed)} left out: {', '.join(killed)}; the slowest and the largest:"
    )
    _say(*slowest)
    _say(*largest)
    print(f"this process grew by {grown:.1f} MiB")
    longest = slowest[1].wall - slowest[1].waited
    return longest <= LONGEST and largest[1].addressed <= LARGEST and grown <= GROWTH


def _say(name: str, cost: Cost) -> None:
    peak = f"{cost.held:.0f}/{cost.addressed:.0f}"
    print(f"{name:<29}{cost.wall:>7.2f}s{cost.waited:>7.2f}s{cost.cpu:>6.2f}s{peak:>12}  {cost.said}")


# ---- what the others wait ----------------------------------------------------------------------------------


class Attack:
    """All shapes of 900 KB, one after another, from a thread of its own, while it may."""

    def __init__(self, parsers: Parsers, bodies: list[bytes], *, suspect: bool) -> None:
        self._parsers, self._bodies, self._suspect = parsers, bodies, suspect
        self._may, self._over, self._idle = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def begin(self) -> None:
        """From now on it may."""
        self._idle.clear()
        self._may.set()

    def pause(self) -> None:
        """Returns when the document that it is at has ended."""
        self._may.clear()
        self._idle.wait()

    def close(self) -> None:
        """Ends it, when the document that it is at has ended."""
        self._over.set()
        self._may.set()
        self._thread.join()

    def _run(self) -> None:
        for body in itertools.cycle(self._bodies):
            if not self._may.is_set():
                self._idle.set()
                self._may.wait()
            if self._over.is_set():
                return
            parsed(self._parsers, body, suspect=self._suspect)


def beside(found: dict[str, Shape]) -> bool:
    """The others alone and beside the shapes, by turns; whether they wait at most twice as long."""
    parsers, good = Parsers(2), True
    bodies = [shape(SIZES[-1]) for shape in found.values()]
    random.Random(1).shuffle(bodies)
    _others(parsers)
    for suspect in (False, True):
        attack = Attack(parsers, bodies, suspect=suspect)
        alone: list[float] = []
        beset: list[float] = []
        for _ in range(TURNS):
            alone += _others(parsers)
            attack.begin()
            beset += _others(parsers)
            attack.pause()
        attack.close()
        name = "as suspects" if suspect else "met first"
        times = statistics.median(beset) / statistics.median(alone)
        print(
            f"beside hostile ones {name}: median {statistics.median(beset) * 1e3:.1f} ms, alone"
            f" {statistics.median(alone) * 1e3:.1f} ms ({times:.2f} times); p99"
            f" {_p99(beset) * 1e3:.1f} ms, alone {_p99(alone) * 1e3:.1f} ms"
        )
        good = good and times <= SLOWER
    parsers.close()
    return good


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


def _others(parsers: Parsers) -> list[float]:
    """Seconds of documents parsed one after the other, a pause between two."""
    took, until = [], time.perf_counter() + TURN
    while time.perf_counter() < until:
        took.append(parsed(parsers, GOOD)[0])
        time.sleep(0.02)
    return took


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="its neighbour is tools/")
    parser.add_argument("--only", action="append", default=[], help="this shape alone, repeatable")
    options = parser.parse_args()
    path = options.data.parent / "tools" / "hostile_feeds.py"
    if not path.is_file():
        sys.exit(f"{path} is not there: name the folder beside tools/ with --data")
    found = {name: shape for name, shape in shapes(path).items() if name in options.only or not options.only}
    print(f"{len(found)} shapes; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    results = [alone(found)] if options.only else [alone(found), beside(found)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
