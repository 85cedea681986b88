"""Every word that the rules look for, and the reading of a text for them.

Words are normalised, not documents: each distinct printed word is folded and its endings are tried once,
phrases are walked in a trie of the words it can be, and every offset is the original's.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import accumulate, compress
from operator import and_, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from monitor import text as plain
from monitor.rules import endings as grammar
from monitor.rules.zones import NOWHERE_ELSE, ignored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.model import Entry
    from monitor.rules.phrase import Phrase, Word
    from monitor.rules.zones import Ignored

MOST_SURFACES = 1 << 15  # distinct printed words remembered; then the memory begins anew
MOST_MENTIONS = 1_000  # of one name in one entry; what is beyond adds nothing
MOST_OCCURRENCES = 3 * MOST_MENTIONS  # of one name, counting or not, that are looked at
MOST_STARTS = 4 * MOST_MENTIONS  # of one printed word in one field, from which phrases are looked for
LONGEST_TEXT = 200_000  # characters of an entry that are read: the title first, its page's text last
SHORT_ALONE = "stands only in its short form, with no full form and no context word"
EXCEPTED = "stands only inside what its except: names"
FIELDS = ("title", "summary", "body", "text")  # the last is of the page that an entry leads to
TITLE, SUMMARY, BODY, TEXT = range(4)

_HEAD = 4  # letters by which a word is turned away at once
_LONGEST_ELISION = 4  # letters before an apostrophe that are no part of a name: d'Aliyev, l'Iran, dell'
_LONGEST_ABBREVIATION = 4  # letters before a full stop inside a phrase: St. Petersburg, Gen. Gerasimov
_APOSTROPHE = re.compile(f"[{plain.APOSTROPHES}]")
# What no phrase runs across: a comma, a bracket, the end of a sentence. A line break or a dash is no end.
_BREAK = re.compile(r"[,;:!?|()\[\]{}<>•·…։՝،؛؟。、，！？：；]|\.[\"'’”»]*\s")
_ABBREVIATED = re.compile(r"\.\s+")


class Role(IntEnum):
    """What a phrase says about its name."""

    WORD = 0  # a term, always a mention
    FULL = 1  # a name in full, always a mention, with a middle initial too
    SHORT = 2  # a mention beside a full form or a context word
    CONTEXT = 3  # makes short forms count
    EXCEPT = 4  # blanks the mentions it overlaps


class Hit(NamedTuple):
    """A mention by numbers: the field, its words [first, last), its characters [start, end), the name."""

    field: int
    first: int
    last: int
    start: int
    end: int
    owner: int


@dataclass(frozen=True, slots=True)
class _Sense:
    """One word a printed word may be: `endings` None for any, `capitals` the pattern "=" asks for."""

    id: int
    endings: grammar.Endings | None
    capital: bool
    capitals: str


@dataclass(slots=True)
class _Branch:
    """A place in the trie of phrases: what ends here, and where the next word leads."""

    ends: list[tuple[int, Role]] = field(default_factory=list)
    next: dict[int, _Branch] = field(default_factory=dict)


class _Seen(NamedTuple):
    """What a printed word can be: words of the lexicon, phrases of this word alone, and longer ones' begin.

    `onward` are the words of which one must follow for any of the longer phrases. `bits` and `wants` are the
    senses and `onward` as sets of few bits: where they share none, neither do the two.
    """

    senses: frozenset[int] = frozenset()
    ends: tuple[tuple[int, Role], ...] = ()
    starts: tuple[_Branch, ...] = ()
    onward: frozenset[int] = frozenset()
    bits: int = 0
    wants: int = 0


_NOTHING = _Seen()
_INITIAL = -1  # the sense of a capital letter that stands alone; any longer phrase may go on with it
_ENDS, _BITS, _WANTS = itemgetter(1), itemgetter(4), itemgetter(5)
# Of 100,000 pairs of words (benchmarks/rules.py) 60 bits look at one word in 7 in vain, 120 at one in 14.
_MOST_BITS = 120


def _bits(senses: Iterable[int]) -> int:
    found = 0
    for sense in senses:
        found |= 1 << sense % _MOST_BITS
    return found


def _thinned(seen: Iterable[_Seen]) -> Iterator[_Seen]:
    """The words of a long text; one that came too often begins no more phrases, but still goes on with them.

    Of the words of any article the commonest is under a tenth: only a text made for it comes here.
    """
    met: dict[int, int] = {}
    for one in seen:
        if one.starts or one.ends:
            met[id(one)] = met.get(id(one), 0) + 1
            yield one if met[id(one)] <= MOST_STARTS else one._replace(ends=(), wants=0)
        else:
            yield one


class _Surfaces(dict[str, _Seen]):
    """What each printed word can be, worked out once when it is first met; nothing for most.

    `shouted` is for the words of a headline set in capitals, where =Word may stand as WORD.
    """

    def __init__(self, senses: dict[str, list[_Sense]], root: _Branch, *, shouted: bool) -> None:
        super().__init__()
        self._senses = senses
        self._root = root
        self._shouted = shouted
        self._heads = frozenset(stem[:_HEAD] for stem in senses)
        self._small_heads = frozenset(
            stem[:_HEAD] for stem, found in senses.items() if not all(sense.capital for sense in found)
        )
        self._longest = max(map(len, senses), default=0)

    def __missing__(self, surface: str) -> _Seen:
        if len(surface) > plain.LONGEST_WORD:
            return _NOTHING
        if len(self) >= MOST_SURFACES:
            self.clear()
        found = self[surface] = self._seen(surface)
        return found

    def _seen(self, surface: str) -> _Seen:
        parts = _parts(surface) if _APOSTROPHE.search(surface) else (surface,)
        senses = frozenset(sense for part in parts for sense in self._of(part))
        if _is_initial(surface):
            senses |= {_INITIAL}
        if not senses:
            return _NOTHING
        branches = [self._root.next[sense] for sense in sorted(senses) if sense in self._root.next]
        starts = tuple(branch for branch in branches if branch.next)
        onward = frozenset({_INITIAL} if starts else ()).union(*(branch.next for branch in starts))
        return _Seen(
            senses,
            ends=tuple(end for branch in branches for end in branch.ends),
            starts=starts,
            onward=onward,
            bits=_bits(senses),
            wants=_bits(onward),
        )

    def _of(self, part: str) -> Iterator[int]:
        heads = self._heads if _is_capital(part[:1]) else self._small_heads
        if not heads:
            return
        folded = plain.fold(part)
        head = _HEAD
        while head and folded[:head] not in heads:
            head -= 1
        longest = min(len(folded), self._longest) if head == _HEAD else min(len(folded), head)
        for length in range(longest, 0, -1):
            for sense in self._senses.get(folded[:length], ()):
                if self._is(sense, part, folded[length:]):
                    yield sense.id

    def _is(self, sense: _Sense, part: str, ending: str) -> bool:
        if sense.endings is not None and ending not in sense.endings:
            return False
        if sense.capital and not _is_capital(part[0]):
            return False
        return not sense.capitals or capitals(part) == sense.capitals or (self._shouted and part.isupper())


def _parts(surface: str) -> Iterator[str]:
    """A printed word as itself and, round its apostrophes, as what may be meant.

    The whole; before the last; before the first; without any; after a first part of at most 4 letters.
    """
    yield surface
    marks = [mark.start() for mark in _APOSTROPHE.finditer(surface)]
    if not marks:
        return
    yield surface[: marks[-1]]
    yield surface[: marks[0]]
    yield _APOSTROPHE.sub("", surface)
    if marks[0] <= _LONGEST_ELISION:
        yield from _parts(surface[marks[0] + 1 :])


def _is_initial(word: str) -> bool:
    """Whether the word is one capital letter, as in "Antony J. Blinken"."""
    return len(word) == 1 and word.isupper()


def _is_capital(letter: str) -> bool:
    return letter.isupper() or letter.istitle()


def carries_capital(word: str) -> bool:
    """Whether a word is written with a capital that its mentions must carry too.

    In Latin, Cyrillic, Greek and Armenian; Georgian has no capitals in ordinary text.
    """
    return (
        _is_capital(word[0]) and not "\u10a0" <= word[0] <= "\u10ff" and not "\u1c90" <= word[0] <= "\u1cbf"
    )


def capitals(word: str) -> str:
    """The word's pattern of capitals: "Ull" for "Abc", whatever its marks and apostrophes."""
    return "".join("U" if _is_capital(letter) else "l" for letter in word if letter.isalpha())


class Builder:
    """Gathers phrases while a rulebook is compiled; `lexicon` closes it."""

    def __init__(self) -> None:
        self._senses: dict[str, list[_Sense]] = {}
        self._ids: dict[tuple[str, bool, bool, bool, str], int] = {}
        self._root = _Branch()

    def add(self, owner: int, role: Role, phrase: Phrase, *, proper: bool) -> None:
        """One phrase of a name (`proper`: with endings and the capital rule) or of a term."""
        branch = self._root
        for word in phrase:
            branch = branch.next.setdefault(self._id(word, proper=proper), _Branch())
        if (owner, role) not in branch.ends:
            branch.ends.append((owner, role))

    def lexicon(self) -> Lexicon:
        """What was gathered, ready to read with."""
        return Lexicon(
            root=self._root,
            quiet=_Surfaces(self._senses, self._root, shouted=False),
            shouted=_Surfaces(self._senses, self._root, shouted=True),
        )

    def _id(self, word: Word, *, proper: bool) -> int:
        folded = plain.fold(word.text)
        inflected = proper and not (word.any_ending or word.exact)
        capital = proper and carries_capital(word.text)
        pattern = capitals(word.text) if word.exact else ""
        key = (folded, word.any_ending, inflected, capital, pattern)
        if key in self._ids:
            return self._ids[key]
        number = self._ids[key] = len(self._ids)
        for stem, ends in _stems(folded, inflected=inflected, any_ending=word.any_ending):
            self._senses.setdefault(stem, []).append(_Sense(number, ends, capital, pattern))
        return number


def _stems(folded: str, *, inflected: bool, any_ending: bool) -> Iterable[tuple[str, grammar.Endings | None]]:
    if any_ending:
        return ((folded, None),)
    return grammar.stems(folded) if inflected else ((folded, grammar.NONE),)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All phrases as a trie, and what each printed word can be in it."""

    root: _Branch
    quiet: _Surfaces
    shouted: _Surfaces

    def read(self, entry: Entry, outside: Mapping[str, str] = NOWHERE_ELSE) -> Reading:
        """The entry as the rules see it: every phrase that stands in it, outside tails and furniture.

        `outside` are lines that are no part of it (recurring.py), and why.
        """
        found: dict[int, list[_Occurrence]] = {}
        away: list[_Occurrence] = []
        for number, text in enumerate(_capped(entry)):
            if text:
                self._field(number, text, found, away, outside)
        return Reading(found, away)

    def knows(self, word: str) -> bool:
        """Whether the printed word can be any word that is looked for."""
        return not self.quiet[word].senses <= {_INITIAL}

    def _field(
        self,
        number: int,
        text: str,
        found: dict[int, list[_Occurrence]],
        away: list[_Occurrence],
        outside: Mapping[str, str],
    ) -> None:
        """Add what stands in one field; its tails are looked for only where something was found."""
        words = self._words(text, shouted=number == TITLE and text.isupper())
        phrases = _phrases(words)
        if not phrases:
            return
        ends = words.ends()
        zones = () if number == TITLE else ignored(text, outside)
        for owner, role, first, last in phrases:
            known = found.setdefault(owner, [])
            if len(known) >= MOST_OCCURRENCES:
                continue
            start, end = ends[2 * first], ends[2 * last - 1]
            zone = _zone(zones, start, end) if zones else None
            occurrence = _Occurrence(owner, role, Hit(number, first, last, start, end, owner), zone)
            if zone is None:
                known.append(occurrence)
            elif len(away) < MOST_OCCURRENCES:
                away.append(occurrence)

    def _words(self, text: str, *, shouted: bool) -> _Words:
        parts = plain.parts(text)
        surfaces = self.shouted if shouted else self.quiet
        seen = list(map(surfaces.__getitem__, parts[1::2]))
        return _Words(parts, list(_thinned(seen)) if len(seen) > MOST_STARTS else seen)


def _phrases(words: _Words) -> list[tuple[int, Role, int, int]]:
    """(name, role, first word, word after the last) of each phrase, by its first word.

    The words go by without a step of ours but where one ends a phrase, or two may begin one: of what is
    read, this is what grows with the number of phrases (benchmarks/rules.py, "own phrases").
    """
    seen, numbers = words.seen, range(len(words.seen))
    alone = compress(numbers, map(_ENDS, seen))
    may_begin = compress(numbers, map(and_, map(_WANTS, seen), map(_BITS, seen[1:])))
    begun = [at for at in may_begin if not seen[at].onward.isdisjoint(seen[at + 1].senses)]
    found = [(owner, role, at, at + 1) for at in alone for owner, role in seen[at].ends]
    for first in begun:
        for branch in seen[first].starts:
            found += _longer(words, branch, first)
    return sorted(found, key=_by_first_word) if begun else found


_by_first_word = itemgetter(2)


def _longer(words: _Words, branch: _Branch, first: int) -> Iterator[tuple[int, Role, int, int]]:
    """The phrases of several words that begin with this one, read as `branch`."""
    waiting = list(_onward(words, branch, first, initial=False))
    while waiting:
        branch, at, initial = waiting.pop()
        seen = words.seen[at]
        for sense in branch.next.keys() & seen.senses:
            after = branch.next[sense]
            for owner, role in after.ends:
                if not initial or role is Role.FULL:
                    yield owner, role, first, at + 1
            if after.next:
                waiting.extend(_onward(words, after, at, initial=initial))


def _zone(zones: Sequence[Ignored], start: int, end: int) -> Ignored | None:
    """The zone that a stretch of the text touches; the zones stand in order, apart."""
    at = bisect_left(zones, end, key=lambda zone: zone.start)
    return zones[at - 1] if at > 0 and zones[at - 1].end > start else None


@dataclass(frozen=True, slots=True)
class _Words:
    """A text cut at its words (gap, word, gap, ..., gap), and what each word can be."""

    parts: Sequence[str]
    seen: Sequence[_Seen]

    def ends(self) -> Sequence[int]:
        """Where each part ends."""
        return list(accumulate(map(len, self.parts)))

    def joined(self, at: int) -> bool:
        """Whether a phrase may run on from word `at` to the next."""
        if at + 1 >= len(self.seen):
            return False
        gap = self.parts[2 * at + 2]
        if gap == " " or not _BREAK.search(gap):
            return True
        word = self.parts[2 * at + 1]
        return len(word) <= _LONGEST_ABBREVIATION and _ABBREVIATED.fullmatch(gap) is not None

    def is_initial(self, at: int) -> bool:
        """Whether the word is one capital letter, as in "Antony J. Blinken"."""
        return _INITIAL in self.seen[at].senses


def _onward(words: _Words, branch: _Branch, at: int, *, initial: bool) -> Iterator[tuple[_Branch, int, bool]]:
    """Where a phrase may run on to: the next word, or the one after a middle initial."""
    if not words.joined(at):
        return
    if words.seen[at + 1].senses:
        yield branch, at + 1, initial
    if not initial and words.is_initial(at + 1) and words.joined(at + 1) and words.seen[at + 2].senses:
        yield branch, at + 2, True


class _Occurrence(NamedTuple):
    owner: int
    role: Role
    hit: Hit
    zone: Ignored | None  # where it does not count


def _capped(entry: Entry) -> Iterator[str]:
    left = LONGEST_TEXT
    for name in FIELDS:
        text: str = getattr(entry, name)
        yield text[:left]
        left = max(0, left - len(text))


class Reading:
    """What was found of each name in one entry; the mentions that count are worked out when asked for."""

    def __init__(self, found: dict[int, list[_Occurrence]], outside: Sequence[_Occurrence] = ()) -> None:
        self._found = found
        self._outside = outside
        self._hits: dict[int, tuple[Hit, ...]] = {}

    @property
    def owners(self) -> Iterable[int]:
        """The names of which anything at all was found."""
        return [owner for owner, occurrences in self._found.items() if occurrences]

    def hits(self, owner: int) -> tuple[Hit, ...]:
        """The name's mentions in order, none inside another, at most 1,000."""
        if owner not in self._hits:
            self._hits[owner] = tuple(_outermost(self._counting(owner)))[:MOST_MENTIONS]
        return self._hits[owner]

    def why_none(self, owner: int) -> str:
        """For people: why a name that has no mentions has none."""
        if any(role is Role.SHORT for role, _ in self._unexcepted(owner)):
            return SHORT_ALONE
        if any(one.role in _NAMING for one in self._found.get(owner, ())):
            return EXCEPTED
        zone = next((one.zone for one in self._outside if one.owner == owner and one.role in _NAMING), None)
        return f"stands only where nothing counts: {zone.why}" if zone else "is not mentioned"

    def naming(self) -> list[tuple[Hit, Role]]:
        """Every occurrence of a spelling, whether it counts or not."""
        return [(one.hit, one.role) for found in self._found.values() for one in found if one.role in _NAMING]

    def discarded(self) -> list[tuple[Hit, str]]:
        """Every mention that does not count, in the order of the text, and why."""
        found = [(one.hit, one.zone.why) for one in self._outside if one.zone and one.role in _NAMING]
        for owner, occurrences in self._found.items():
            counting, kept = self._counting(owner), {hit for _, hit in self._unexcepted(owner)}
            found += [
                (one.hit, SHORT_ALONE if one.hit in kept else EXCEPTED)
                for one in occurrences
                if one.role in _NAMING and one.hit not in counting
            ]
        return sorted(set(found))

    def _counting(self, owner: int) -> set[Hit]:
        left = self._unexcepted(owner)
        context = any(role in (Role.FULL, Role.CONTEXT) for role, _ in left)
        return {hit for role, hit in left if role in _ALWAYS or (context and role is Role.SHORT)}

    def _unexcepted(self, owner: int) -> list[tuple[Role, Hit]]:
        """The name's occurrences but for mentions that an exception overlaps."""
        occurrences = self._found.get(owner, ())
        blanks = _Blanks(one.hit for one in occurrences if one.role is Role.EXCEPT)
        return [
            (role, hit)
            for _, role, hit, _ in occurrences
            if role is Role.CONTEXT or (role in _NAMING and not blanks.overlap(hit))
        ]


_ALWAYS = frozenset({Role.WORD, Role.FULL})
_NAMING = frozenset({Role.WORD, Role.FULL, Role.SHORT})


class _Blanks:
    """The words that exceptions cover."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self._words = {(hit.field, word) for hit in hits for word in range(hit.first, hit.last)}

    def overlap(self, hit: Hit) -> bool:
        if not self._words:
            return False
        return any((hit.field, word) in self._words for word in range(hit.first, hit.last))


def _outermost(hits: Iterable[Hit]) -> Iterator[Hit]:
    """The hits that stand inside no other, in order."""
    field = reached = -1
    for hit in sorted(hits, key=lambda hit: (hit.field, hit.first, -hit.last)):
        if hit.field != field or hit.last > reached:
            field, reached = hit.field, hit.last
            yield hit
