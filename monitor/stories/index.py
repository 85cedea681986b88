"""Finding the few entries that could be the same story, without looking at the others. Pure, in memory.

Keys are the smallest hashes (bottom-k sketch, Broder 1997) of the unordered pairs of a title's words and of
the three-word runs of its text: near copies share several, strangers hardly ever two. Evidence that must be
found by itself (the same link, an equal title too short for pairs) is stored as two salted keys, so that one
rule - "at least MIN_SHARED keys in common" - finds everything, here and in SQL.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import lru_cache
from heapq import nsmallest
from itertools import combinations
from operator import itemgetter
from typing import TYPE_CHECKING

from monitor.model import Print, identity
from monitor.stories.fingerprint import fingerprint
from monitor.stories.guards import content_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from monitor.model import Candidate, Entry, EntryId, Fingerprint

WINDOW = timedelta(hours=72)  # between copies: half within 1.9 h, 95 % 22 h, 99 % 48 h
MIN_SHARED = 2  # keys in common that make an entry worth judging
NEAREST = 32  # candidates judged at most
_TITLE_KEYS = 12
_TEXT_KEYS = 8
_RUN = 3  # words
_FEW_PAIRS = 3  # words of news; a title with fewer is found by them as a whole
_LONGEST_TITLE = 40  # words that make pairs: a hostile title of thousands must cost nothing
_MASK = (1 << 64) - 1

Rank = tuple[int, float, int]  # most keys shared first, of equals the oldest


def keys(fp: Fingerprint) -> tuple[int, ...]:
    """The keys the entry is found by: 64-bit signed integers, sorted, distinct, the same on every machine.

    At most 24. Two entries that share MIN_SHARED of them are worth judging: two pairs of title words or
    runs of text, or one piece of exact evidence (each gives two keys).
    """
    found = {*_title_keys(fp), *_text_keys(fp), *_exact_keys(fp)}
    return tuple(sorted(found))


def printed(entry: Entry) -> Print:
    """What the entry is judged by and found by."""
    made = fingerprint(entry)
    return Print(made, keys(made))


class Index:
    """The entries of a window by their keys; it holds what it is given and forgets nothing."""

    def __init__(self, known: Iterable[tuple[Candidate, tuple[int, ...]]] = ()) -> None:
        self._candidates: dict[EntryId, Candidate] = {}
        self._entries: dict[int, EntryId | list[EntryId]] = {}  # most keys have one entry: it saves a list
        for candidate, its_keys in known:
            self.add(candidate, its_keys)

    def add(self, candidate: Candidate, keys: tuple[int, ...]) -> None:
        """From now on the candidate is found; an entry that stands already keeps its first form's keys."""
        if candidate.entry not in self._candidates:
            for key in set(keys):
                self._put(key, candidate.entry)
        self._candidates[candidate.entry] = candidate

    def near(self, keys: tuple[int, ...]) -> list[Candidate]:
        """The candidates that share at least MIN_SHARED keys, at most NEAREST.

        Those that share most come first, of equals the oldest; the order is
        the same whatever the order of adding.
        """
        return [candidate for _, candidate in nsmallest(NEAREST, self.ranked(keys), key=itemgetter(0))]

    def ranked(self, keys: tuple[int, ...]) -> Iterator[tuple[Rank, Candidate]]:
        """Every candidate that shares at least MIN_SHARED keys, the best with the smallest rank."""
        shared = Counter(entry for key in set(keys) for entry in self._with(key))
        for entry, count in shared.items():
            if count >= MIN_SHARED:
                candidate = self._candidates[entry]
                yield (-count, candidate.seen.timestamp(), entry), candidate

    def _put(self, key: int, entry: EntryId) -> None:
        held = self._entries.setdefault(key, entry)
        if isinstance(held, list):
            held.append(entry)
        elif held != entry:
            self._entries[key] = [held, entry]

    def _with(self, key: int) -> Sequence[EntryId]:
        held = self._entries.get(key)
        if held is None:
            return ()
        return held if isinstance(held, list) else (held,)


class Window:
    """The entries of the last hours in memory, each in its place: what is older is forgotten.

    Two indexes take turns, each filled for one window's length; the older one goes when all it holds is too
    old to be found, so nothing is ever taken out of an index.
    """

    def __init__(self, length: timedelta = WINDOW) -> None:
        self._length = length
        self._newer, self._older = Index(), Index()
        self._begun: datetime | None = None

    def near(self, keys: tuple[int, ...], *, now: datetime) -> list[Candidate]:
        """As Index.near, of the candidates seen within the window before now."""
        found = (
            (rank, candidate)
            for index in (self._older, self._newer)
            for rank, candidate in index.ranked(keys)
            if now - candidate.seen <= self._length
        )
        return [candidate for _, candidate in nsmallest(NEAREST, found, key=itemgetter(0))]

    def add(self, candidate: Candidate, keys: tuple[int, ...]) -> None:
        """From now on the candidate is found, until the window has passed."""
        if self._begun is None:
            self._begun = candidate.seen
        if candidate.seen - self._begun > self._length:
            self._newer, self._older, self._begun = Index(), self._newer, candidate.seen
        self._newer.add(candidate, keys)


def _title_keys(fp: Fingerprint) -> list[int]:
    """The smallest pairs; an entry without a text spends its whole allowance on its title."""
    content = sorted(content_words(fp.title))[:_LONGEST_TITLE]
    pairs = {_mixed(_hash(one) + _hash(other)) for one, other in combinations(content, 2)}
    return nsmallest(_TITLE_KEYS, pairs)


def _text_keys(fp: Fingerprint) -> list[int]:
    """The smallest runs of the text after the title; a title alone has none."""
    hashes = [_hash(word) for word in fp.text[len(fp.title) :]]
    runs = {
        _mixed(one * 3 + two * 5 + three * 7)
        for one, two, three in zip(hashes, hashes[1:], hashes[2:], strict=False)
    }
    return nsmallest(_TEXT_KEYS, runs)


def _exact_keys(fp: Fingerprint) -> list[int]:
    """Two keys for the link, two for a title with too few pairs to be found by them."""
    evidence = []
    if fp.link:
        evidence.append(("link", fp.link))
    content = sorted(content_words(fp.title))
    if len(content) < _FEW_PAIRS and fp.title:
        evidence.append(("title", " ".join(content or fp.title)))
    return [_signed(identity(salt, *one) << 1) for one in evidence for salt in ("one", "two")]


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    return identity(word)


def _mixed(value: int) -> int:
    """A signed 64-bit integer, every bit of which depends on every bit of the value (splitmix64, Vigna)."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return _signed(value ^ (value >> 31))


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value
