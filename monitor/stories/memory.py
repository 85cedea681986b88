"""Flat, small memory for an index of a million entries: postings in chains, candidates packed. Pure.

A dict of lists costs over a hundred bytes a key in Python and a candidate over a kilobyte; chained in arrays
a posting costs some twenty bytes, and a packed candidate what its words cost. No package is needed for it.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import chain
from math import isnan, nan
from typing import TYPE_CHECKING

from monitor.model import Candidate
from monitor.stories.fingerprint import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.model import EntryId

_BUCKETS = 1 << 11  # at first: the entries of one document; they grow fourfold
_CROWDED = 1  # postings a bucket, above which they grow
_YOUNG = 2_048  # candidates that are kept as they are: most that is found is young
_RECENT = 2_048  # older ones that are kept unpacked once they were asked for


class Postings:
    """Which numbers stand under a key: for each bucket of keys a chain, the newest first."""

    def __init__(self) -> None:
        self._heads = array("I", bytes(4 * _BUCKETS))  # one more than the place; 0 ends a chain
        self._mask = _BUCKETS - 1
        self._keys, self._numbers, self._next = array("q"), array("I"), array("I")

    def put(self, keys: Collection[int], number: int) -> None:
        """From now on the number stands under each of the keys."""
        if len(self._keys) + len(keys) > _CROWDED * len(self._heads):
            self._grow()
        heads, mask, following, last = self._heads, self._mask, self._next, len(self._keys)
        for key in keys:
            last += 1
            bucket = key & mask
            following.append(heads[bucket])
            heads[bucket] = last
        self._keys.extend(keys)
        self._numbers.extend([number] * len(keys))

    def count(self, keys: set[int], *, most: int) -> dict[int, int]:
        """How many of the keys each number stands under; of a key only its `most` newest."""
        held, numbers, following, heads, mask = self._keys, self._numbers, self._next, self._heads, self._mask
        counts: dict[int, int] = {}
        for key in keys:
            at, left = heads[key & mask], most
            while at and left:
                at -= 1
                if held[at] == key:
                    number = numbers[at]
                    counts[number] = counts.get(number, 0) + 1
                    left -= 1
                at = following[at]
        return counts

    def _grow(self) -> None:
        size = 4 * len(self._heads)
        heads, mask, following = array("I", bytes(4 * size)), size - 1, self._next
        for at, key in enumerate(self._keys):
            bucket = key & mask
            following[at] = heads[bucket]
            heads[bucket] = at + 1
        self._heads, self._mask = heads, mask


class Lists:
    """As Postings, for the few thousand entries of one decision: quicker, and larger."""

    def __init__(self) -> None:
        self._numbers: defaultdict[int, list[int]] = defaultdict(list)

    def put(self, keys: Collection[int], number: int) -> None:
        """As Postings.put."""
        for key in keys:
            self._numbers[key].append(number)

    def count(self, keys: set[int], *, most: int) -> dict[int, int]:
        """As Postings.count."""
        held = self._numbers
        return Counter(chain.from_iterable(held[key][-most:] for key in keys if key in held))


class Candidates:
    """Candidates by the order in which they came; all but the youngest are packed."""

    def __init__(self) -> None:
        self.seen = array("d")  # seconds since 1970
        self.entries = array("q")
        self._published = array("d")  # as seen; NaN where there is no date
        self._stories, self._leads = array("q"), array("q")
        self._feeds, self._outlets = array("I"), array("I")
        self._names: dict[str, int] = {}
        self._named: list[str] = []
        self._held: list[Candidate | bytes] = []
        self._packed = 0
        self._places: dict[EntryId, int] = {}
        self._recent: dict[int, Candidate] = {}

    def put(self, candidate: Candidate) -> int | None:
        """The number of a candidate that is new; None if it takes the place of its earlier form."""
        number = self._places.get(candidate.entry)
        if number is not None:
            self._replace(number, candidate)
            return None
        number = self._places[candidate.entry] = len(self._held)
        self._held.append(candidate)
        self.seen.append(candidate.seen.timestamp())
        self.entries.append(candidate.entry)
        self._published.append(_seconds(candidate.published))
        self._stories.append(candidate.story)
        self._leads.append(candidate.lead)
        self._feeds.append(self._name(candidate.feed))
        self._outlets.append(self._name(candidate.outlet))
        if number - self._packed >= _YOUNG:
            self._pack(self._packed)
            self._packed += 1
        return number

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, number: int) -> Candidate:
        held = self._held[number]
        if isinstance(held, Candidate):
            return held
        found = self._recent.get(number)
        if found is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            found = self._recent[number] = self._unpacked(number, held)
        return found

    def _replace(self, number: int, candidate: Candidate) -> None:
        self._held[number] = candidate
        self._recent.pop(number, None)
        self.seen[number] = candidate.seen.timestamp()
        self._published[number] = _seconds(candidate.published)
        self._stories[number], self._leads[number] = candidate.story, candidate.lead
        self._feeds[number], self._outlets[number] = self._name(candidate.feed), self._name(candidate.outlet)
        if number < self._packed:
            self._pack(number)

    def _pack(self, number: int) -> None:
        held = self._held[number]
        assert isinstance(held, Candidate)
        self._held[number] = pack(held.fingerprint).encode("utf-8", "surrogatepass")

    def _unpacked(self, number: int, held: bytes) -> Candidate:
        published = self._published[number]
        return Candidate(
            entry=self.entries[number],
            story=self._stories[number],
            lead=self._leads[number],
            feed=self._named[self._feeds[number]],
            outlet=self._named[self._outlets[number]],
            seen=datetime.fromtimestamp(self.seen[number], UTC),
            fingerprint=unpack(held.decode("utf-8", "surrogatepass")),
            published=None if isnan(published) else datetime.fromtimestamp(published, UTC),
        )

    def _name(self, name: str) -> int:
        number = self._names.setdefault(name, len(self._named))
        if number == len(self._named):
            self._named.append(name)
        return number


def _seconds(moment: datetime | None) -> float:
    return nan if moment is None else moment.timestamp()
