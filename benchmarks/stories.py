"""How well and how fast copies are told from other news, beside what others use.

    python -m benchmarks.stories [--data DIR] [--window N]... [--plots DIR] [--only METHOD]
                                 [quality] [recall] [speed] [disk]

quality  Labelled wire items, streamed with a 72 h window (pairs labelled unsure do not count), and labelled
         pairs of headlines. A lost item is other news taken for a copy; a repeat is a copy told again. Every
         rival is given our candidates and our cut titles, and the threshold that does best on this very data;
         tt-rss also runs at the .75 it ships. The judge's thresholds and words were chosen with this data in
         view; halves (by a hash of the story) show how much that matters. ARI compares whole clusters.
recall   Copies that a scan of the whole window finds, and how many of them the index finds.
speed    One item with preparation, look-up and judgement, in a window of real headlines in memory (median of
         five batches), against a scan with rapidfuzz and against datasketch. Beyond the 150,000 headlines of
         the data, they come again with two words changed. Bytes are what the process grew by.
disk     The same look-up in the database, as the daemon does it, and bytes in it.

datasketch is no dependency: without it, its rows are left out.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import importlib
import json
import multiprocessing
import random
import sqlite3
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz, process

from benchmarks.plots import bars, lines
from monitor.model import Candidate, Entry, FeedState, Fingerprint, Kind, Plan, Status, Stored, identity
from monitor.store.store import DATABASE, Store
from monitor.stories import index
from monitor.stories.fingerprint import fingerprint
from monitor.stories.index import WINDOW, Index, Window, keys
from monitor.stories.judge import judge, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FILES = {"wire": "stories/wire-1987.jsonl.gz", "pairs": "stories/headline-pairs.jsonl"}
STREAM = "stream/headlines.tsv.gz"
OURS = "media-monitor"
SIZES = (10_000, 100_000, 1_000_000)
BATCHES, BATCH = 5, 200


# ---- rivals ------------------------------------------------------------------------------------------------

Score = Callable[[Fingerprint, Fingerprint], float]


def trigrams(title: tuple[str, ...]) -> frozenset[str]:
    """The trigrams of PostgreSQL's pg_trgm: each word with two spaces before it and one behind."""
    padded = (f"  {word} " for word in title)
    return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def trigram_similarity(new: Fingerprint, old: Fingerprint) -> float:
    """What pg_trgm's similarity() gives, 0 to 100."""
    ours, theirs = trigrams(new.title), trigrams(old.title)
    return 100 * len(ours & theirs) / (len(ours | theirs) or 1)


def runs(fp: Fingerprint) -> set[str]:
    """Three-word runs of title and text, as deduplicators by MinHash take them."""
    return {" ".join(run) for run in zip(fp.text, fp.text[1:], fp.text[2:], strict=False)} or {
        " ".join(fp.text)
    }


RIVALS: dict[str, Score] = {
    "exact folded title": lambda new, old: 100.0 * (new.title == old.title),
    "token_set_ratio, title": lambda new, old: fuzz.token_set_ratio(" ".join(new.title), " ".join(old.title)),
    "token_sort_ratio, title": lambda new, old: fuzz.token_sort_ratio(
        " ".join(new.title), " ".join(old.title)
    ),
    "trigrams, title": trigram_similarity,
    "ratio, title and text": lambda new, old: fuzz.ratio(" ".join(new.text), " ".join(old.text)),
}
TT_RSS = ("trigrams, title", 75.0)


def datasketch() -> Any | None:
    """The package; None where it is not installed."""
    try:
        return importlib.import_module("datasketch")
    except ImportError:
        return None


def minhash(fp: Fingerprint) -> Any:
    """Datasketch's sketch of the runs."""
    made = datasketch().MinHash(num_perm=128)  # type: ignore[union-attr]  # only called where it is there
    made.update_batch([run.encode() for run in runs(fp)])
    return made


# ---- quality -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """What one method got right and wrong, and the clusters it made."""

    right: int = 0
    lost: int = 0
    repeats: int = 0
    clusters: list[int] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of what was called a copy, the part that is one."""
        return self.right / max(1, self.right + self.lost)

    @property
    def recall(self) -> float:
        """Of the copies, the part that was called one."""
        return self.right / max(1, self.right + self.repeats)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


Found = tuple[int, float]  # the item that was found, and its score


@dataclass(frozen=True, slots=True)
class Wire:
    """The items, and for each method the best earlier item of each, with its score."""

    items: list[dict[str, Any]]
    best: dict[str, list[Found | None]]


def read_wire(path: Path) -> Wire:
    """Stream the items; each method scores the candidates, ours places."""
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        items = [json.loads(row) for row in rows]
    best: dict[str, list[Found | None]] = defaultdict(list)
    window, near_sketches = Window(), lsh()
    sketches: dict[int, Any] = {}
    for number, item in enumerate(items):
        made = fingerprint(entry(number, item["title"], item["body"], outlet=item["outlet"]))
        seen, its_keys = datetime.fromisoformat(item["published"]), keys(made)
        near = window.near(its_keys, now=seen)
        for name, score in RIVALS.items():
            best[name].append(highest((one.entry, score(made, one.fingerprint)) for one in near))
        if near_sketches is not None:
            sketch = minhash(made)
            found = [one for one in near_sketches.query(sketch) if within(items[one], seen)]
            best["MinHashLSH, title and text"].append(
                highest((one, 100 * sketch.jaccard(sketches[one])) for one in found)
            )
            sketches[number] = sketch
            near_sketches.insert(number, sketch)
        placed = place(number, made, near, outlet=item["outlet"])
        copied = placed.of if placed.verdict.kind is Kind.COPY else None
        best[OURS].append(None if copied is None else (copied, 100.0))
        window.add(Candidate(number, placed.story, placed.lead, "wire", item["outlet"], seen, made), its_keys)
    return Wire(items, best)


def lsh() -> Any | None:
    """An index of sketches at the threshold that was best in a first study (.35); None if not installed."""
    package = datasketch()
    return package.MinHashLSH(threshold=0.35, num_perm=128) if package else None


def within(item: dict[str, Any], seen: datetime) -> bool:
    """Whether the item is young enough to be found."""
    return seen - datetime.fromisoformat(item["published"]) <= WINDOW


def highest(found: Iterable[Found]) -> Found | None:
    """The one with the best score."""
    return max(found, key=lambda one: one[1], default=None)


def tally(wire: Wire, name: str, threshold: float, *, half: int | None = None) -> Tally:
    """What the method gets at this threshold, on all items or on one half of the stories."""
    made, earlier = Tally(), defaultdict[str, list[int]](list)
    for number, (item, best) in enumerate(zip(wire.items, wire.best[name], strict=True)):
        found = best[0] if best and best[1] >= threshold else None
        made.clusters.append(number if found is None else made.clusters[found])
        if half is None or half_of(item["story"]) == half:
            count(made, wire.items, number, found=found, earlier=earlier[item["story"]])
        earlier[item["story"]].append(number)
    return made


def count(
    made: Tally, items: list[dict[str, Any]], number: int, *, found: int | None, earlier: list[int]
) -> None:
    """Adds one decision to the tally; an unsure pair counts neither way."""
    item = items[number]
    if found is None:
        made.repeats += bool(earlier) and not any(items[one]["id"] in item["unsure"] for one in earlier)
    elif items[found]["story"] == item["story"]:
        made.right += 1
    elif items[found]["id"] not in item["unsure"] and item["id"] not in items[found]["unsure"]:
        made.lost += 1


def half_of(story: object) -> int:
    """0 or 1, by the story's hash."""
    return blake2b(str(story).encode()).digest()[0] & 1


def adjusted_rand(ours: Sequence[object], labels: Sequence[object]) -> float:
    """How far two clusterings agree beyond chance, at most 1 (Hubert and Arabie 1985)."""
    together = sum(comb(size, 2) for size in Counter(zip(ours, labels, strict=True)).values())
    here = sum(comb(size, 2) for size in Counter(ours).values())
    there = sum(comb(size, 2) for size in Counter(labels).values())
    chance = here * there / comb(len(labels), 2)
    return (together - chance) / ((here + there) / 2 - chance)


def quality(data: Path, plots: Path | None) -> None:
    """The tables of the wire and of the headline pairs."""
    wire = read_wire(data / FILES["wire"])
    sure = [number for number, item in enumerate(wire.items) if not item["unsure"]]
    print(f"\n| wire, {len(wire.items):,} items | precision | recall | F1 | lost | repeats | cluster ARI |")
    print("|---|---|---|---|---|---|---|")
    drawn = []
    for name, threshold in (*thresholds(wire), (OURS, 0.0)):
        made = tally(wire, name, threshold)
        clusters = [made.clusters[number] for number in sure]
        ari = adjusted_rand(clusters, [wire.items[number]["story"] for number in sure])
        shown = name if name == OURS or "exact" in name else f"{name} ≥ {threshold:.0f}"
        print(
            f"| {shown} | {made.precision:.3f} | {made.recall:.3f} | {made.f1:.3f} | {made.lost}"
            f" | {made.repeats} | {ari:.3f} |"
        )
        drawn.append((shown, made.lost, made.repeats))
    for half in (0, 1):
        made = tally(wire, OURS, 0.0, half=half)
        print(
            f"| {OURS}, half {half} | {made.precision:.3f} | {made.recall:.3f} | {made.f1:.3f}"
            f" | {made.lost} | {made.repeats} | |"
        )
    if plots:
        (plots / "stories-quality.svg").write_text(
            bars("Lost alerts and repeats on 9,521 wire items", drawn, ("lost", "repeats")), "utf-8"
        )
    pairs(data / FILES["pairs"], dict(thresholds(wire)))


def thresholds(wire: Wire) -> Iterator[tuple[str, float]]:
    """Each rival with the threshold of its highest F1, and tt-rss's with the one it ships."""
    for name in wire.best:
        if name != OURS:
            yield name, max(range(30, 101), key=lambda least: tally(wire, name, least).f1)
    yield TT_RSS


def pairs(path: Path, at: dict[str, float]) -> None:
    """Headline pairs: D one text, P the same event in other words, N different news."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    made = [(row["label"], *(fingerprint(entry(1, row[side])) for side in "ab")) for row in rows]
    total = Counter(label for label, _, _ in made)
    print(
        f"\n| headline pairs | D copy ({total['D']}) | P same event ({total['P']}) | N other ({total['N']}) |"
    )
    print("|---|---|---|---|")
    for name, score in RIVALS.items():
        if "text" not in name:
            called = Counter(label for label, one, other in made if score(one, other) >= at[name])
            print(f"| {name} ≥ {at[name]:.0f} | {called['D']} | {called['P']} | {called['N']} |")
    for kind in (Kind.COPY, Kind.DEVELOPMENT):
        called = Counter(
            label for label, one, other in made if judge(one, other, same_outlet=False).kind is kind
        )
        print(f"| {OURS}: {kind.value} | {called['D']} | {called['P']} | {called['N']} |")


# ---- recall of the index -----------------------------------------------------------------------------------


def recall(data: Path, *, items: int = 250, window: int = 6_000) -> None:
    """Copies found by a scan of a window of titles, and by the index; the items are the last of it."""
    stream = list(islice(headlines(data / STREAM), 40_000, 40_000 + window + items))
    known, standing = Index(), []
    for seen, one in stream[:window]:
        made = fingerprint(one)
        standing.append(Candidate(one.id, one.id, one.id, one.feed, one.outlet, seen, made))
        known.add(standing[-1], keys(made))
    scanned, found = Counter[str](), Counter[str]()
    for _, one in stream[window:]:
        made = fingerprint(one)
        near = {candidate.entry for candidate in known.near(keys(made))}
        for old in standing:
            kind = judge(made, old.fingerprint, same_outlet=old.outlet == one.outlet).kind.value
            scanned[kind] += 1
            found[kind] += old.entry in near
    print(f"\n| pairs of titles alone, {items} against {window:,} | a scan finds | the index finds |")
    print("|---|---|---|")
    for kind in (Kind.COPY.value, Kind.DEVELOPMENT.value):
        print(f"| {kind} | {scanned[kind]} | {found[kind]} |")


# ---- speed and memory --------------------------------------------------------------------------------------


def entry(number: int, title: str, text: str = "", *, outlet: str = "", link: str = "") -> Entry:
    """An entry as the feeds room would give it."""
    return Entry(number, outlet, outlet, "", link, title, " ".join(text.split()), "", None, None, "")


def headlines(path: Path) -> Iterator[tuple[datetime, Entry]]:
    """Real headlines in the order in which they were first seen."""
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        next(rows)
        for number, row in enumerate(rows):
            fields = row.rstrip("\n").split("\t")
            seen = datetime.fromtimestamp(int(fields[0]), UTC)
            yield seen, entry(number, fields[4], outlet=fields[5], link=fields[3])


def endless(path: Path) -> Iterator[tuple[datetime, Entry]]:
    """The headlines, and then the same again and again with two words of each changed."""
    yield from headlines(path)
    chance, number = random.Random(1987), 1_000_000
    while True:
        for seen, one in headlines(path):
            words, number = one.title.split(), number + 1
            for _ in range(2):
                at = chance.randrange(len(words) or 1)
                words[at : at + 1] = [f"{words[at] if words else ''}{chance.randrange(1000)}"]
            yield seen, replace(one, id=number, title=" ".join(words), link=f"{one.link}#{number}")


def batches(stream: Iterator[tuple[datetime, Entry]]) -> list[list[Entry]]:
    """The next entries, in BATCHES of BATCH."""
    return [[one for _, one in islice(stream, BATCH)] for _ in range(BATCHES)]


def milliseconds(work: Callable[[Entry], object], of: list[list[Entry]]) -> float:
    """The median over the batches of what one item costs, in milliseconds of processor time."""
    costs = []
    for batch in of:
        begun = time.process_time()
        for one in batch:
            work(one)
        costs.append((time.process_time() - begun) * 1000 / len(batch))
    return statistics.median(costs)


def grown() -> int:
    """Bytes of memory that this process holds (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def measure_ours(path: Path, size: int) -> tuple[float, float]:
    """(ms an item, bytes an entry) with our index in memory."""
    stream, before, known = endless(path), grown(), Index()
    for seen, one in islice(stream, size):
        made = fingerprint(one)
        known.add(Candidate(one.id, one.id, one.id, one.feed, one.outlet, seen, made), keys(made))
    after = grown()

    def work(one: Entry) -> None:
        made = fingerprint(one)
        place(one.id, made, known.near(keys(made)), outlet=one.outlet)

    return milliseconds(work, batches(stream)), (after - before) / size


def measure_scan(path: Path, size: int, scorer: Callable[..., float]) -> tuple[float, float]:
    """(ms an item, bytes an entry) for the best of all titles by rapidfuzz, with the folding done before."""
    stream, before = endless(path), grown()
    titles = [" ".join(fingerprint(one).title) for _, one in islice(stream, size)]
    after = grown()
    few = [[one for _, one in islice(stream, 4)] for _ in range(3)]

    def work(one: Entry) -> None:
        process.extractOne(" ".join(fingerprint(one).title), titles, scorer=scorer, score_cutoff=90)

    return milliseconds(work, few), (after - before) / size


def measure_token_set(path: Path, size: int) -> tuple[float, float]:
    """A scan with the score that most deduplicators use."""
    return measure_scan(path, size, fuzz.token_set_ratio)


def measure_ratio(path: Path, size: int) -> tuple[float, float]:
    """A scan with the cheapest score."""
    return measure_scan(path, size, fuzz.ratio)


def measure_lsh(path: Path, size: int) -> tuple[float, float]:
    """(ms an item, bytes an entry) for datasketch's MinHashLSH of the titles' runs."""
    stream, before, known = endless(path), grown(), lsh()
    assert known is not None
    for _, one in islice(stream, size):
        known.insert(one.id, minhash(fingerprint(one)), check_duplication=False)
    after = grown()
    return milliseconds(lambda one: known.query(minhash(fingerprint(one))), batches(stream)), (
        after - before
    ) / size


MEASURES: dict[str, tuple[Callable[[Path, int], tuple[float, float]], int]] = {  # with the largest window
    OURS: (measure_ours, 10**9),
    "rapidfuzz ratio, scan": (measure_ratio, 10**9),
    "rapidfuzz token_set_ratio, scan": (measure_token_set, 10**9),
    "datasketch MinHashLSH": (measure_lsh, 100_000),  # 15 kB an entry: 15 GB for a million
}


def speed(data: Path, sizes: Sequence[int], plots: Path | None, *, only: str) -> None:
    """Time and memory by window, each measured in a process of its own."""
    print("\n| ms an item (bytes an entry), window of |" + "|".join(f" {size:,} " for size in sizes) + "|")
    print("|---|" + "---|" * len(sizes))
    drawn: dict[str, list[tuple[float, float]]] = {}
    for name, (measure, largest) in MEASURES.items():
        if only not in name or (measure is measure_lsh and lsh() is None):
            continue
        cells = []
        for size in sizes:
            if size > largest:
                cells.append("not run")
                continue
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                cost, room = pool.apply(measure, (data / STREAM, size))
            drawn.setdefault(name, []).append((size, cost))
            cells.append(f"{cost:.2f} ({room:,.0f})")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    if plots and not only:
        chart = lines("Milliseconds an item, by entries in the window", drawn)
        (plots / "stories-speed.svg").write_text(chart, "utf-8")


# ---- the database ------------------------------------------------------------------------------------------


def disk(data: Path, sizes: Sequence[int]) -> None:
    """The look-up as the daemon does it: candidates from the database, twenty entries at a time."""
    print("\n| in the database, window of | ms an item | bytes of keys an entry | bytes in all an entry |")
    print("|---|---|---|---|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
            stream = endless(data / STREAM)
            now = fill(store, stream, size)
            costs = [looked_up(store, [one for _, one in islice(stream, 20)], now=now) for _ in range(15)]
            store.close()
            of_keys, everything = bytes_of(Path(folder) / DATABASE)
        cost = statistics.median(costs)
        print(f"| {size:,} | {cost:.2f} | {of_keys / size:.0f} | {everything / size:.0f} |", flush=True)


def bytes_of(path: Path) -> tuple[int, int]:
    """(bytes of the table of keys, bytes of the file): the file shrinks by the keys when they are dropped."""
    with sqlite3.connect(path) as db:
        sizes = []
        for statement in ("pragma optimize", "drop table keys"):
            db.execute(statement)
            db.commit()
            db.execute("vacuum")
            pages, page = (db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
            sizes.append(pages * page)
    return sizes[0] - sizes[1], sizes[0]


def fill(store: Store, stream: Iterator[tuple[datetime, Entry]], size: int) -> datetime:
    """Store that many entries as news of their own within one window; the time when it is done."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    step = timedelta(hours=71) / size
    for at in range(0, size, 1000):
        rows = []
        for _, one in islice(stream, min(1000, size - at)):
            known = replace(one, id=identity("entry", str(one.id)))
            made = fingerprint(known)
            rows.append(
                Stored(
                    entry=known,
                    status=Status.NEWS,
                    placement=place(known.id, made, [], outlet=known.outlet),
                    fingerprint=made,
                    keys=keys(made),
                    matches=(),
                    known=False,
                )
            )
        plan = Plan(feed="none", asked="", state=FeedState(next_poll=now), error="", entries=tuple(rows))
        with store.transaction():
            store.apply(plan, now=now, rulebook="")
        now += step * 1000
    return now


def looked_up(store: Store, batch: list[Entry], *, now: datetime) -> float:
    """Milliseconds an item for preparing, finding and placing a poll's entries."""
    begun = time.process_time()
    prepared = [(one, made, keys(made)) for one, made in ((one, fingerprint(one)) for one in batch)]
    near = index.deciding(
        store.candidates(
            [its_keys for _, _, its_keys in prepared], since=now - WINDOW, shared=index.MIN_SHARED
        )
    )
    for one, made, its_keys in prepared:
        place(one.id, made, near.near(its_keys), outlet=one.outlet)
    return (time.process_time() - begun) * 1000 / len(batch)


# ---- the command -------------------------------------------------------------------------------------------


def main() -> None:
    """Prints the tables that are asked for, all if none is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="quality, recall, speed, disk; default: all")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--window", type=int, action="append", help="entries in the window (repeatable)")
    parser.add_argument("--plots", type=Path, help="folder to write the plots to, as SVG")
    parser.add_argument("--only", default="", help="of speed: the method whose name holds this")
    asked = parser.parse_args()
    parts = asked.parts or ["quality", "recall", "speed", "disk"]
    sizes = asked.window or SIZES
    if "quality" in parts:
        quality(asked.data, asked.plots)
    if "recall" in parts:
        recall(asked.data)
    if "speed" in parts:
        speed(asked.data, sizes, asked.plots, only=asked.only)
    if "disk" in parts:
        disk(asked.data, [size for size in sizes if size <= 100_000 or asked.window])


if __name__ == "__main__":
    main()
