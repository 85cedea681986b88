"""What an outlet prints under everything: calls to subscribe, hashtags, lists of programmes. Pure.

Under a video channel's titles the same hundred words may stand each time; taken for the text of the news,
they would fold every new story into the last one. Runs of words that the outlet also printed under other
titles are its formula, and no evidence between two entries of that outlet.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.stories.guards import difference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Candidate, Fingerprint

Runs = frozenset[tuple[str, str, str]]

OFTEN = 2  # entries under other titles: one may be a copy under a new headline, two are a habit
NO_RUNS: Runs = frozenset()


def body(of: Fingerprint) -> tuple[str, ...]:
    """The words after the title."""
    return of.text[len(of.title) :]


@lru_cache(maxsize=1 << 8)  # an entry's neighbours, twice over; each takes 10 kB
def runs(words: tuple[str, ...]) -> Runs:
    """Every run of three words."""
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def formula(new: Fingerprint, near: Iterable[Candidate], *, outlet: str) -> Runs:
    """The runs of the entry's body that its outlet printed under at least OFTEN other titles.

    `near` are candidates, and other entries of the same document: one document shows most formulas. Other
    titles are those of which each has a word that the other lacks; copies of one story count as one.
    """
    ours: Runs | None = None
    counts: Counter[tuple[str, str, str]] = Counter()
    seen: set[tuple[str, ...]] = set()
    for candidate in near:
        title = candidate.fingerprint.title
        if candidate.outlet != outlet or title in seen:
            continue
        if ours is None:
            ours = runs(body(new))
        shared = ours & runs(body(candidate.fingerprint))
        if shared and _other_news(new, candidate.fingerprint):
            seen.add(title)
            counts.update(shared)
    return frozenset(run for run, count in counts.items() if count >= OFTEN)


def _other_news(new: Fingerprint, old: Fingerprint) -> bool:
    """Whether each title has a word that the other lacks."""
    found = difference(new.title, old.title)
    return bool(found.new_only and found.old_only)
