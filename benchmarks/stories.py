"""How well and how fast copies are told from other news, beside the scores that others use.

    python -m benchmarks.stories [--data DIR] [--window N]

Quality: labelled wire items, streamed with a 72 h window (pairs labelled unsure do not count), and labelled
pairs of headlines. The rivals get our candidates, window and cut titles, which is more than they have
elsewhere; their thresholds are those that did best on a larger set of the same wire. The judge's own
thresholds and words were chosen with this data in view: for an unseen half, give another --data.
A lost item is other news taken for a copy; a repeat is a copy told again. Time: one item with preparation,
lookup and judgement, in a window of real headlines, and its size in the database.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz

from monitor.model import Candidate, Entry, Fingerprint, Kind
from monitor.stories.fingerprint import fingerprint, pack
from monitor.stories.index import WINDOW, Index, keys
from monitor.stories.judge import judge, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = {"wire": "stories/wire-1987.jsonl.gz", "pairs": "stories/headline-pairs.jsonl"}


@dataclass(slots=True)
class Tally:
    """What one method got right and wrong on the wire."""

    right: int = 0
    lost: int = 0
    repeats: int = 0

    def row(self, name: str) -> str:
        """A line of the table."""
        precision = self.right / max(1, self.right + self.lost)
        recall = self.right / max(1, self.right + self.repeats)
        both = 2 * precision * recall / max(1e-9, precision + recall)
        return f"{name:<34}{precision:>7.3f}{recall:>8.3f}{both:>8.3f}{self.lost:>6}{self.repeats:>9}"


def same_title(new: Fingerprint, old: Fingerprint) -> bool:
    """Rival: the folded titles are equal."""
    return new.title == old.title


def token_set(new: Fingerprint, old: Fingerprint) -> bool:
    """Rival: as many deduplicators do, blind to what one title adds."""
    return fuzz.token_set_ratio(" ".join(new.title), " ".join(old.title)) >= 98


def plain_ratio(new: Fingerprint, old: Fingerprint) -> bool:
    """Rival: letters of title and text."""
    return fuzz.ratio(" ".join(new.text), " ".join(old.text), score_cutoff=91) > 0


def ours(new: Fingerprint, old: Fingerprint) -> bool:
    """The judge under test."""
    return judge(new, old, same_outlet=True).kind is Kind.COPY


METHODS: dict[str, Callable[[Fingerprint, Fingerprint], bool]] = {
    "exact folded title": same_title,
    "token_set_ratio title >= 98": token_set,
    "ratio title + text >= 91": plain_ratio,
    "this judge": ours,
}


def entry(number: int, title: str, text: str = "", *, outlet: str = "", link: str = "") -> Entry:
    """An entry as the feeds room would give it."""
    return Entry(number, outlet, outlet, "", link, title, " ".join(text.split()), "", None, None, "")


def wire(path: Path) -> None:
    """The wire, item by item: the best of an item's candidates decides, as in the pipeline."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        items: list[dict[str, Any]] = [json.loads(line) for line in lines]
    tallies = {name: Tally() for name in METHODS}
    index, earlier = Index(), defaultdict[str, list[int]](list)
    for number, item in enumerate(items):
        made = fingerprint(entry(number, item["title"], item["body"], outlet=item["outlet"]))
        seen = datetime.fromisoformat(item["published"])
        its_keys = keys(made)
        near = [one for one in index.near(its_keys) if seen - one.seen <= WINDOW]
        for name, same in METHODS.items():
            found = next((one.entry for one in near if same(made, one.fingerprint)), None)
            if name == "this judge":
                found = place(number, made, near, outlet=item["outlet"]).of
            count(tallies[name], items, number, found=found, earlier=earlier[item["story"]])
        earlier[item["story"]].append(number)
        index.add(Candidate(number, number, number, "wire", item["outlet"], seen, made), its_keys)
    print(f"\nWire, {len(items)} items        precision  recall      F1  lost  repeats")
    for name, tally in tallies.items():
        print(tally.row(name))


def count(
    tally: Tally, items: list[dict[str, Any]], number: int, *, found: int | None, earlier: list[int]
) -> None:
    """Adds one decision to the tally; an unsure pair counts neither way."""
    item = items[number]
    if found is None:
        if earlier and not any(items[one]["id"] in item["unsure"] for one in earlier):
            tally.repeats += 1
    elif items[found]["story"] == item["story"]:
        tally.right += 1
    elif items[found]["id"] not in item["unsure"] and item["id"] not in items[found]["unsure"]:
        tally.lost += 1


def pairs(path: Path) -> None:
    """Headline pairs: D one text, P the same event in other words, N different news."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    print(f"\nHeadline pairs, {len(rows)}: called copy of        D       P       N")
    for name, same in METHODS.items():
        called: dict[str, list[bool]] = defaultdict(list)
        for row in rows:
            called[row["label"]].append(same(*(fingerprint(entry(1, row[side])) for side in "ab")))
        shares = "".join(f"{sum(called[label]):>5}/{len(called[label])}" for label in "DPN")
        print(f"{name:<34}{shares}")


def headlines(path: Path) -> Iterator[tuple[datetime, Entry]]:
    """Real headlines in the order in which they were first seen."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for number, line in enumerate(lines):
            row = line.rstrip("\n").split("\t")
            yield datetime.fromtimestamp(int(row[0]), UTC), entry(number, row[4], outlet=row[5], link=row[3])


def speed(path: Path, sizes: list[int]) -> None:
    """A window filled with headlines, then 1,000 more placed in it."""
    print("\nWindow of   ms an item: prepare   look up and judge   packed, keys")
    for size in sizes:
        stream = headlines(path)
        index = Index()
        stored = 0
        for seen, one in islice(stream, size):
            made = fingerprint(one)
            stored += len(pack(made).encode())
            index.add(Candidate(one.id, one.id, one.id, one.feed, one.outlet, seen, made), keys(made))
        batch = [one for _, one in islice(stream, 1000)]
        begun = time.process_time()
        prepared = [(one, made, keys(made)) for one, made in ((one, fingerprint(one)) for one in batch)]
        prepared_at = time.process_time()
        for one, made, its_keys in prepared:
            place(one.id, made, index.near(its_keys), outlet=one.outlet)
        placed_at = time.process_time()
        share = 1000 / len(batch)
        its_keys_count = sum(len(its_keys) for _, _, its_keys in prepared) / len(batch)
        print(
            f"{size:>9}{(prepared_at - begun) * share:>22.2f}{(placed_at - prepared_at) * share:>20.2f}"
            f"{stored / size:>11.0f} B,{its_keys_count:>5.1f}"
        )


def main() -> None:
    """Prints the three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--window", type=int, action="append", help="entries in the window (repeatable)")
    asked = parser.parse_args()
    wire(asked.data / FILES["wire"])
    pairs(asked.data / FILES["pairs"])
    speed(asked.data / "stream/headlines.tsv.gz", asked.window or [10_000, 50_000])


if __name__ == "__main__":
    main()
