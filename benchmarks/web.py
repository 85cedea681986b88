"""How long each page takes with a million entries stored, and what search costs when entries come in.

    python -m benchmarks.web                       a state of 1,000,000 entries is made (minutes), then asked
    python -m benchmarks.web --entries 50000       a smaller one
    python -m benchmarks.web --state DIR           one that stands already (made there if it does not)
    python -m benchmarks.web --t1                  only what the words of an entry cost in the transaction

The entries are made up: words drawn as often as words are (Zipf), every tenth story in Chinese, 300 feeds, a
year, stories with one to many copies, alerts of the shipped rules. Times are of whole answers over HTTP on
loopback: medians and the worst of --times requests, and beside them the CPU of this process, which is server
and visitor in one, and which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor import config, pipeline
from monitor.model import Entry, Feed, Fresh, Validators, identity
from monitor.rules.rule import EMPTY
from monitor.store.store import DATABASE, Store
from tests.web.server import served
from tests.web.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.rules.rule import Rule

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAYS, FEEDS, VOCABULARY = 365, 300, 60_000
GOAL = 100  # milliseconds
_HUGE = 500  # entries of the largest stories
_ALERTED = 0.08  # of all stories
_CHINESE = 10  # every such story
_BATCH = 20_000
_TABLES = {  # in this order: rows point at those before them
    "stories": "",
    "entries": "",
    "alerts": "",
    "deliveries": "(alert, receiver, state, due, attempts, sent)",
}


def main() -> int:
    """Measure and print; 1 where a page takes longer than it may."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--t1", action="store_true")
    parser.add_argument("--data", help="not used: the entries are made up")
    options = parser.parse_args()
    if options.t1:
        return cost_of_words()
    with tempfile.TemporaryDirectory() as scratch:
        state = options.state or Path(scratch)
        if not (state / DATABASE).exists():
            state.mkdir(exist_ok=True)
            begin = time.perf_counter()
            fill(state, options.entries)
            print(f"made in {time.perf_counter() - begin:.0f} s")
        print(f"{(state / DATABASE).stat().st_size / 1e6:,.0f} MB")
        return ask(state, times=options.times)


# ---- a state of this size ----------------------------------------------------------------------------------


def words(chance: random.Random) -> Iterator[str]:
    """Made-up words, as unevenly used as words are."""
    letters = "aeiou", "bcdfghklmnprstvz"
    vocabulary = [
        "".join(chance.choice(letters[(place + 1) % 2]) for place in range(chance.randint(2, 9)))
        for _ in range(VOCABULARY)
    ]
    vocabulary[0], vocabulary[500] = "the", "railway"
    weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
    while True:
        yield from chance.choices(vocabulary, cum_weights=weights, k=100_000)


def signs(chance: random.Random) -> Iterator[str]:
    """Chinese characters, as unevenly used as they are."""
    weights = list(accumulate(1 / (rank + 3) for rank in range(3000)))
    while True:
        yield from chance.choices([chr(0x4E00 + 7 * n) for n in range(3000)], cum_weights=weights, k=100_000)


@dataclass
class Rows:
    """Rows by table, in the order in which tables need them."""

    chance: random.Random
    word: Iterator[str]
    sign: Iterator[str]
    rules: tuple[Rule, ...]
    feeds: list[Feed]
    tables: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    story: int = 0
    title: str = ""
    left: int = 0  # copies of the story that are still to come
    large: int = 2  # stories of _HUGE entries that are still to come
    is_chinese: bool = False

    def add(self, place: int, number: int) -> None:
        """One entry: the first of a story, or a copy in the story that is told at the moment."""
        at = NOW - timedelta(days=DAYS) * (1 - place / number)
        moment, own = round(at.timestamp() * 1000), identity("bench", str(place))
        feed = self.chance.choice(self.feeds)
        first = self.left == 0
        if first:
            self._begin(own, moment, is_large=place > number * (0.99 if self.large == 1 else 0.5))
        self.left -= 1
        link, text = f"https://o.example/{place}", self._text(38)
        placed = ("new", 100.0, "nothing like it", "") if first else ("copy", 100.0, "same text", "")
        told = (feed.name, feed.outlet, str(place), link, self.title, text, "", moment, "en", "d")
        of = None if first else self.story
        self._put("entries", own, *told, moment, None, "news", self.story, self.story, of, *placed)
        if first and self.chance.random() < _ALERTED:
            entry = Entry(own, feed.name, feed.outlet, "", link, self.title, text, "", None, "en", "")
            self._alert(entry, moment, sent=place < number - 3000)

    def _begin(self, own: int, moment: int, *, is_large: bool) -> None:
        self.left = min(40, int(self.chance.paretovariate(1.1)))
        if is_large and self.large:
            self.left, self.large = _HUGE, self.large - 1
        self.is_chinese = own % _CHINESE == 0
        self.story, self.title = own, self._text(9)
        self._put("stories", own, self.title, moment, moment)

    def _text(self, length: int) -> str:
        if self.is_chinese:
            return "".join(next(self.sign) for _ in range(2 * length))
        return " ".join(next(self.word) for _ in range(length))

    def _alert(self, entry: Entry, moment: int, *, sent: bool) -> None:
        rule = self.rules[min(len(self.rules) - 1, int(self.chance.expovariate(0.25)))]
        alert, own = identity("alert", str(entry.id)), entry.id
        article = json.dumps({name: getattr(entry, name) for name in entry.__dataclass_fields__})
        told = (rule.title, int(rule.severity), "[]", "x", moment, 0)
        self._put("alerts", alert, own, rule.id, "new", own, own, article, *told)
        for name in rule.send:
            state = ("sent", moment, 1, moment) if sent else ("due", moment, 0, None)
            self._put("deliveries", alert, name, *state)

    def _put(self, table: str, *row: object) -> None:
        self.tables.setdefault(table, []).append(row)


def fill(state: Path, number: int) -> None:
    """Entries, stories, alerts and deliveries, with their indexes and words, in large transactions."""
    chance = random.Random(8)
    desk = config.load_desk(ROOT / "rules", env={}, secrets_required=False)
    feeds = [Feed(f"feed-{n}", f"https://f{n}.example/feed", f"Outlet {n // 2}") for n in range(FEEDS)]
    rows = Rows(chance, words(chance), signs(chance), desk.rulebook.rules, feeds)
    with Store(state) as store:
        store.sync_feeds(feeds, first_poll=lambda _: NOW)
        store.keep_desk(desk.sources.packed(), rulebook=desk.rulebook.hash, now=NOW)
        store._db.execute("update feeds set last_good = next_poll, pace = 1.5")  # noqa: SLF001
        for begin in range(0, number, _BATCH):
            for place in range(begin, min(begin + _BATCH, number)):
                rows.add(place, number)
            with store.transaction():
                for table, columns in _TABLES.items():
                    made = rows.tables.pop(table, [])
                    if made:
                        marks = ", ".join("?" * len(made[0]))
                        store._db.conn.executemany(f"insert into {table} {columns} values ({marks})", made)  # noqa: S608, SLF001
            print(f"\r{begin + _BATCH:,} entries", end="", flush=True)
    print()


# ---- asking ------------------------------------------------------------------------------------------------


def pages(state: Path) -> dict[str, str]:
    """What is asked for, by name."""
    week = round((NOW - timedelta(days=7)).timestamp() * 1000)
    with Store(state) as store:
        rows = store._rows  # noqa: SLF001
        alert = rows("select story, entry from alerts order by created desc limit 1")[0]
        large = "select story, count(*) n from entries where seen > ? group by story order by n desc limit 1"
        huge = rows(large, (week,))[0]
        busiest = Counter(row["rule"] for row in rows("select rule from alerts")).most_common(1)[0][0]
    return {
        "today": "/",
        "a day half a year ago": f"/?day={(NOW - timedelta(days=180)).date()}",
        "is there news": f"/new?after={round((NOW - timedelta(minutes=10)).timestamp() * 1000)}",
        "a story": f"/stories/{alert['story']:016x}",
        f"a story of {huge['n']} entries": f"/stories/{huge['story']:016x}",
        "why": f"/entries/{alert['entry']:016x}",
        "search: one word, in most": "/search?q=the",
        "search: one word": "/search?q=railway",
        "search: both of two": "/search?q=the+railway",
        "search: a phrase": "/search?q=%22the+railway%22",
        "search: one without another": "/search?q=railway+-the",
        "search: how words begin": "/search?q=rai*",
        "search: a Chinese character in most": f"/search?q={quote(chr(0x4E00))}",
        "search: two together": f"/search?q={quote(chr(0x4E00) + chr(0x4E00 + 70))}",
        "search: what is nowhere": "/search?q=railway+zzzzqqq",
        "rules": "/rules",
        "a rule": f"/rules/{busiest}",
        "a rule's Atom feed": f"/rules/{busiest}.atom",
        "feeds": "/feeds",
        "receivers": "/receivers",
    }


def ask(state: Path, *, times: int) -> int:
    """Ask for each page, and print how long it took."""
    slow = 0
    asked = pages(state)
    print(f"{'page':36} {'median':>9} {'worst':>9} {'CPU':>9}   bytes")
    with served(state, clock=lambda: NOW) as address:
        visitor = Visitor(address)
        for name, path in asked.items():
            visitor.get(path)  # the desk is compiled, pages of the file are in memory
            spans, worked = [], []
            for _ in range(times):
                begin, work = time.perf_counter(), time.process_time()
                answer = visitor.get(path)
                spans.append((time.perf_counter() - begin) * 1000)
                worked.append((time.process_time() - work) * 1000)
                assert answer.status == 200, answer.text
            slow += statistics.median(spans) >= GOAL
            numbers = (statistics.median(spans), max(spans), statistics.median(worked))
            told = " ".join(f"{number:6.1f} ms" for number in numbers)
            print(f"{name:36} {told} {len(answer.text):7,}")
    print("every page within 100 ms" if not slow else f"{slow} pages take longer than 100 ms")
    return int(slow > 0)


# ---- the transaction ---------------------------------------------------------------------------------------


@contextmanager
def _state(*, worded: bool) -> Iterator[Store]:
    folder = Path(tempfile.mkdtemp())
    with Store(folder) as store:
        if not worded:
            for name in ("entries_catalogued", "entries_catalogued_anew", "entries_forgotten"):
                store._db.execute(f"drop trigger {name}")  # noqa: SLF001
        yield store
    shutil.rmtree(folder)


def cost_of_words() -> int:
    """Time what polls take in (T1) with the words kept for search, and without: CPU, not waiting."""
    logging.getLogger("monitor").setLevel(logging.ERROR)  # each poll here is a gap
    chance = random.Random(8)
    word = words(chance)
    feeds = [Feed(f"feed-{n}", f"https://f{n}.example/feed", f"Outlet {n}") for n in range(20)]
    spans: dict[bool, list[float]] = {True: [], False: []}
    with _state(worded=True) as with_words, _state(worded=False) as without:
        for store in (with_words, without):
            store.sync_feeds(feeds, first_poll=lambda _: NOW)
        for number in range(150):
            feed = feeds[number % 20]
            entries = tuple(_entry(feed, number, place, word) for place in range(20))
            for worded, store in sorted([(True, with_words), (False, without)], reverse=number % 2 == 0):
                begin = time.process_time()
                pipeline.take(store, [Fresh(feed, Validators(), entries)], rulebook=EMPTY, now=NOW)
                spans[worded].append((time.process_time() - begin) * 1000 / 20)
    for worded, name in ((False, "without search"), (True, "with search")):
        median = statistics.median(spans[worded][20:])
        print(f"{name:16} {median:.3f} ms of CPU an entry, median of 130 polls of 20")
    return 0


def _entry(feed: Feed, number: int, place: int, word: Iterator[str]) -> Entry:
    title, text = (" ".join(next(word) for _ in range(length)) for length in (9, 38))
    own = identity(feed.name, f"{number} {place}")
    link = f"https://o.example/{own}"
    return Entry(own, feed.name, feed.outlet, str(own), link, title, text, "", None, "en", str(own))


if __name__ == "__main__":
    raise SystemExit(main())
