"""Finding the few entries that could be the same story, without looking at the others. Pure, in memory.

Keys are the smallest hashes (bottom-k sketch, Broder 1997) of the unordered pairs of a title's words and of
the three-word runs of its text: near copies share several, strangers hardly ever two. Evidence that must be
found by itself (the same link, an equal title too short for pairs) is stored as two salted keys, so that one
rule - "at least MIN_SHARED keys in common" - finds everything, here and in SQL.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import lru_cache
from heapq import nsmallest
from itertools import combinations
from operator import itemgetter
from typing import TYPE_CHECKING

from monitor.model import Fingerprint, Print, identity
from monitor.stories.fingerprint import fingerprint
from monitor.stories.memory import Candidates, Lists, Postings
from monitor.stories.spelling import content_words, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from monitor.model import Candidate, Entry

WINDOW = timedelta(hours=72)  # between copies: half within 1.9 h, 95 % 22 h, 99 % 48 h
MIN_SHARED = 2  # keys in common that make an entry worth judging
NEAREST = 32  # candidates judged at most
HOT = 128  # entries of one key that are looked at in a whole window, the newest
ALL = sys.maxsize  # ... where a decision is made: the oldest of a crowd is what was told
_TITLE_KEYS = 12
_TEXT_KEYS = 8
_RUN = 3  # words
_FEW_PAIRS = 3  # words of news; a title with fewer is found by them as a whole
_LONGEST_TITLE = 40  # words that make pairs: a hostile title of thousands must cost nothing
_MOST_CITED = 8  # pages; longer lists of links are menus
_MASK = (1 << 64) - 1

# Of what is too old to be anybody's copy: found by no key, and its fingerprint made only if it is edited.
NO_PRINT = Print(Fingerprint((), (), frozenset(), "", "", summary=False), ())

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


def cited_keys(pages: Iterable[str]) -> tuple[int, ...]:
    """The keys by which the entries of these pages are found; an entry is never found by what it cites."""
    return tuple(key for page in sorted(pages)[:_MOST_CITED] for key in _pair("link", page))


class Index:
    """The entries of a window by their keys; it holds what it is given and forgets nothing.

    Of a key that stands under more than `hot` entries only the newest are looked at. `postings` are small,
    for a window of a million entries, unless they are to be quick.
    """

    def __init__(
        self,
        known: Iterable[tuple[Candidate, tuple[int, ...]]] = (),
        *,
        hot: int = HOT,
        postings: Postings | Lists | None = None,
    ) -> None:
        self._hot = hot
        self._candidates = Candidates()
        self._postings = postings or Postings()
        for candidate, its_keys in known:
            self.add(candidate, its_keys)

    def add(self, candidate: Candidate, keys: tuple[int, ...]) -> None:
        """From now on the candidate is found; an entry that stands already keeps its first form's keys."""
        number = self._candidates.put(candidate)
        if number is not None:
            self._postings.put(set(keys), number)

    def near(self, keys: tuple[int, ...]) -> list[Candidate]:
        """The candidates that share at least MIN_SHARED keys, at most NEAREST.

        Those that share most come first, of equals the oldest; the order is the same whatever the order of
        adding, as long as no key has more than `hot` entries.
        """
        return [self.at(number) for _, number in nsmallest(NEAREST, self.ranked(keys), key=itemgetter(0))]

    def ranked(self, keys: tuple[int, ...]) -> Iterator[tuple[Rank, int]]:
        """The number of each candidate that shares MIN_SHARED keys, the best with the smallest rank."""
        seen, entries = self._candidates.seen, self._candidates.entries
        for number, count in self._postings.count(set(keys), most=self._hot).items():
            if count >= MIN_SHARED:
                yield (-count, seen[number], entries[number]), number

    def at(self, number: int) -> Candidate:
        """The candidate of this number."""
        return self._candidates[number]


def deciding(known: Iterable[tuple[Candidate, tuple[int, ...]]]) -> Index:
    """An index of what is near the entries of one document: quick, and no crowd hides anything from it."""
    return Index(known, hot=ALL, postings=Lists())


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
        oldest = (now - self._length).timestamp()
        found = (
            (rank, number, index)
            for index in (self._older, self._newer)
            for rank, number in index.ranked(keys)
            if rank[1] >= oldest
        )
        return [index.at(number) for _, number, index in nsmallest(NEAREST, found, key=itemgetter(0))]

    def add(self, candidate: Candidate, keys: tuple[int, ...]) -> None:
        """From now on the candidate is found, until the window has passed."""
        if self._begun is None:
            self._begun = candidate.seen
        if candidate.seen - self._begun > self._length:
            self._newer, self._older, self._begun = Index(), self._newer, candidate.seen
        self._newer.add(candidate, keys)


def _title_keys(fp: Fingerprint) -> list[int]:
    """The smallest pairs; an entry without a text spends its whole allowance on its title."""
    content = sorted(content_words(plain(fp.title)))[:_LONGEST_TITLE]
    hashes = map(_hash, content)
    pairs = _mixed({one + other for one, other in combinations(hashes, 2)})
    return nsmallest(_TITLE_KEYS, pairs)


def _text_keys(fp: Fingerprint) -> list[int]:
    """The smallest runs of the text after the title; a title alone has none."""
    hashes = [_hash(word) for word in fp.text[len(fp.title) :]]
    threes = zip(hashes, hashes[1:], hashes[2:], strict=False)
    runs = _mixed({one * 3 + two * 5 + three * 7 for one, two, three in threes})
    return nsmallest(_TEXT_KEYS, runs)


def _exact_keys(fp: Fingerprint) -> list[int]:
    """Two keys for the link, two for a title with too few pairs to be found by them."""
    evidence = []
    if fp.link:
        evidence.append(("link", fp.link))
    content = sorted(content_words(plain(fp.title)))
    if len(content) < _FEW_PAIRS and fp.title:
        evidence.append(("title", " ".join(content or fp.title)))
    return [key for one in evidence for key in _pair(*one)]


def _pair(*evidence: str) -> tuple[int, int]:
    """Two keys, which are MIN_SHARED by themselves."""
    one, two = (_signed(identity(salt, *evidence) << 1) for salt in ("one", "two"))
    return one, two


@lru_cache(maxsize=1 << 12)
def _hash(word: str) -> int:
    return identity(word)


def _mixed(values: set[int]) -> set[int]:
    """Signed 64-bit integers, every bit of which depends on every bit of a value (splitmix64, Vigna)."""
    mixed = set()
    for value in values:
        one = value & _MASK
        one = ((one ^ (one >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        one = ((one ^ (one >> 27)) * 0x94D049BB133111EB) & _MASK
        one ^= one >> 31
        mixed.add(one - (1 << 64) if one >> 63 else one)
    return mixed


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value
