"""How many entries a second the one coordinator takes in: candidates, judge, rules, decision, rows, commit.

    python -m benchmarks.coordinator                       100,000 entries stored, documents of 5, 20, 50
    python -m benchmarks.coordinator --stored 1000000 --keep DIR     a state that is made once and used again
    python -m benchmarks.coordinator --rules 200 --profile

DIR/stream/headlines.tsv.gz gives the headlines, as their sites had them and in their order. Each has a text
of some forty words, drawn word by word from what follows what in DIR/stories/wire-1987.jsonl.gz. What is
stored was all seen within the window of 72 hours: 70 days of this stream squeezed into three, so that more is
near an entry than a desk of these sites has. Of more than 100,000 stored entries each is there several times,
its keys dealt out anew: as crowded, and no copies. Another process fingerprints what arrives, as the daemon's
parsers do; then monitor.pipeline.take has it, as many documents to a commit as the daemon takes at once when
it lags. Processor time and wall clock apart, medians of the batches; Linux says what was read and written.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import json
import logging
import os
import pstats
import random
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.names import rulebook_of
from benchmarks.stories import STREAM, endless, fill
from monitor import config, pipeline
from monitor.model import Entry, Feed, Fresh, Validators, identity
from monitor.store.store import DATABASE, Store
from monitor.stories.index import printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Print
    from monitor.rules.rulebook import Rulebook

DOCUMENTS = (5, 20, 50)  # new entries of one
TOGETHER = 32  # documents that one commit takes (engine.PLACES)
WORDS = 40  # of a text
DIFFERENT = 100_000  # stored entries that are; a state of more has them several times
BEGIN = datetime(2026, 3, 5, tzinfo=UTC)  # what is stored was seen in the three days before
ROOT = Path(__file__).parent.parent


# ---- the news ----------------------------------------------------------------------------------------------


class Texts:
    """Words after words as they follow each other on the wire."""

    def __init__(self, wire: Path) -> None:
        self._after: dict[str, list[str]] = defaultdict(list)
        with gzip.open(wire, "rt", encoding="utf-8") as rows:
            for row in islice(rows, 4000):
                words = json.loads(row)["body"].split()
                for one, other in pairwise(words):
                    self._after[one].append(other)
        self._starts = [word for word in self._after if word[0].isupper()]

    def of(self, title: str) -> str:
        """The text under this title, always the same."""
        chance = random.Random(title)
        words = [chance.choice(self._starts)]
        while len(words) < WORDS:
            words.append(chance.choice(self._after.get(words[-1]) or self._starts))
        return " ".join(words) + "."


def news(data: Path, *, past: int = 0) -> Iterator[tuple[datetime, Entry]]:
    """Entries as feeds have them, without end, but for the first; each with when it was first seen."""
    texts = Texts(data / "stories" / "wire-1987.jsonl.gz")
    for seen, one in islice(endless(data / STREAM), past, None):
        site = urlsplit(one.link).hostname or "nowhere"
        text = texts.of(one.title)
        own = identity(site, one.link)
        yield (
            seen,
            replace(
                one,
                id=own,
                feed=site,
                outlet=site,
                guid=one.link,
                summary=text,
                digest=f"{own:x}",
                published=None,
            ),
        )


def documents(stream: Iterator[tuple[datetime, Entry]], size: int) -> Iterator[tuple[Entry, ...]]:
    """What one site has new, so many entries at a time."""
    waiting: dict[str, list[Entry]] = defaultdict(list)
    for _, one in stream:
        waiting[one.feed].append(one)
        if len(waiting[one.feed]) == size:
            yield tuple(waiting.pop(one.feed))


def prints(entries: Sequence[Entry]) -> tuple[Print, ...]:
    """What a parser process makes of them."""
    return tuple(printed(entry) for entry in entries)


# ---- the desk ----------------------------------------------------------------------------------------------


def desk(count: int, data: Path) -> Rulebook:
    """The rules that are shipped, or so many with a name of the headlines each, some of them often there."""
    if not count:
        return config.load_desk(ROOT / "rules", env={}, secrets_required=False).rulebook
    found: dict[str, int] = defaultdict(int)
    for _, one in islice(endless(data / STREAM), 20_000):
        for word in set(one.title.split()[1:]):
            if word.isalpha() and word[0].isupper() and not word.isupper() and len(word) > 4:
                found[word] += 1
    names = sorted((word for word in found if 1 < found[word] < 40), key=lambda word: (found[word], word))
    step = max(1, len(names) // count)
    return rulebook_of([(name,) for name in names[::step][:count]])


def stocked(folder: Path, data: Path, size: int) -> None:
    """A state with so many entries, all within the window; of over 100,000 a multiple of as many."""
    with Store(folder) as store:
        store._db.execute("pragma synchronous = off")  # noqa: SLF001 - nobody cuts the power here
        fill(store, news(data), min(size, DIFFERENT))
        for number in range(1, size // DIFFERENT):
            with store.transaction():
                _again(store, number)


def _again(store: Store, number: int) -> None:
    """The first entries once more, their keys dealt out anew among them: as crowded, and no copies."""
    db = store._db  # noqa: SLF001 - no other way to so many rows in minutes
    db.execute(
        "create temp table if not exists numbered as"
        " select row_number() over (order by seen, id) - 1 at, id, seen from entries"
    )
    for column in ("at", "id"):
        db.execute(f"create index if not exists temp.numbered_{column} on numbered ({column})")
    db.execute(
        "insert into stories select id + ?1, title, first_seen, last_seen from stories"
        " where id in (select id from numbered)",
        (number,),
    )
    db.execute(
        """
        insert into entries select id + ?1, feed, outlet, guid, link || '#' || ?1, title, summary, body,
            published, lang, digest, seen, edited, status, story + ?1, lead + ?1, copy_of, verdict, score,
            why, fingerprint from entries where id in (select id from numbered)
        """,
        (number,),
    )
    db.execute(
        """
        insert or ignore into keys select hash, other.seen, other.id + ?1
        from keys join numbered own on own.id = entry
        join numbered other on other.at = (own.at + (hash / 7 & 0xffffffffff)) % ?2
        order by hash
        """,
        (number, DIFFERENT),
    )


# ---- taking in ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking in came to: an entry's seconds in the median of the batches, its bytes, what became of all.

    The bytes are those read from files and written to them, whether the files were in memory or not.
    """

    size: int
    entries: int
    cpu: float
    wall: float
    read: float
    written: float
    copies: int
    developments: int
    alerts: int

    def __str__(self) -> str:
        return (
            f"{self.size:>4} {self.entries:>8,} {self.cpu * 1e3:>8.3f} {self.wall * 1e3:>8.3f}"
            f" {1 / self.cpu:>10,.0f} {1 / self.wall:>10,.0f}"
            f" {self.read / 1e3:>7.0f} {self.written / 1e3:>8.0f} {self.copies / self.entries:>8.1%}"
            f" {self.developments / self.entries:>8.1%} {self.alerts / self.entries:>8.2f}"
        )


HEAD = " new  entries   CPU ms  wall ms  CPU ent./s wall ent./s read kB wrote kB   copies  develop.  alerts"


def taken(
    state: Path,
    stream: Iterator[tuple[datetime, Entry]],
    book: Rulebook,
    *,
    size: int,
    most: int,
    together: int,
) -> Taken:
    """`most` entries in documents of `size`, `together` of them to a commit."""
    feeds: dict[str, Feed] = {}
    now, cpu, wall, read, written = BEGIN, [], [], 0, 0
    total = pipeline.Counts()
    arriving = documents(stream, size)
    with Store(state) as store, ProcessPoolExecutor(1) as parser:
        while total.entries < most:
            batch = list(islice(arriving, together))
            made = list(parser.map(prints, batch))
            _open(store, feeds, {entries[0].feed for entries in batch}, now=now, book=book)
            results = [
                Fresh(feeds[entries[0].feed], Validators(), entries, familiar=size, prints=its)
                for entries, its in zip(batch, made, strict=True)
            ]
            before, began, worked = _moved(), time.perf_counter(), time.process_time()
            counts = pipeline.take(store, results, rulebook=book, now=now)
            cpu.append((time.process_time() - worked) / counts.entries)
            wall.append((time.perf_counter() - began) / counts.entries)
            after = _moved()
            read, written = read + after[0] - before[0], written + after[1] - before[1]
            total += counts
            now += timedelta(seconds=1)
    return Taken(
        size,
        total.entries,
        statistics.median(cpu),
        statistics.median(wall),
        read / total.entries,
        written / total.entries,
        total.copies,
        total.developments,
        total.alerts,
    )


def _moved() -> tuple[int, int]:
    """The bytes that this process has read and written so far (Linux)."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(told["rchar"]), int(told["wchar"])


def _open(store: Store, feeds: dict[str, Feed], names: set[str], *, now: datetime, book: Rulebook) -> None:
    """Feeds whose first poll showed nothing: all that they have is news."""
    new = {name: Feed(name, f"https://{name}/feed", name) for name in sorted(names - feeds.keys())}
    if not new:
        return
    feeds |= new
    store.sync_feeds([*feeds.values()], first_poll=lambda _: now)
    pipeline.take(store, [Fresh(feed, Validators(), ()) for feed in new.values()], rulebook=book, now=now)


def main() -> None:
    """Prints a line a size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--stored", type=int, default=100_000, help="entries that are there before")
    parser.add_argument("--keep", type=Path, help="folder of the states that are made, to use them again")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=list(DOCUMENTS), help="new entries a document"
    )
    parser.add_argument("--entries", type=int, default=6_000, help="that arrive, for each size")
    parser.add_argument("--together", type=int, default=TOGETHER, help="documents to a commit")
    parser.add_argument("--rules", type=int, default=0, help="so many in the place of the shipped ones")
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    book = desk(options.rules, options.data)
    print(
        f"{options.stored:,} stored, {len(book.rules)} rules, {options.together} documents a commit;", end=" "
    )
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="monitor-coordinator-") as folder:
        made = (options.keep or Path(folder)) / f"stored-{options.stored}"
        if not (made / DATABASE).exists():
            made.mkdir(parents=True)
            stocked(made, options.data, options.stored)
        print(HEAD)
        for size in options.sizes:
            state = Path(folder) / "state"
            shutil.copytree(made, state)
            stream = news(options.data, past=min(options.stored, DIFFERENT))
            with cProfile.Profile() if options.profile else nullcontext() as profile:
                found = taken(state, stream, book, size=size, most=options.entries, together=options.together)
            print(found, flush=True)
            if profile:
                pstats.Stats(profile).sort_stats("tottime").print_stats(45)
            shutil.rmtree(state)


if __name__ == "__main__":
    main()
