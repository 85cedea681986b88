"""Every word that the rules look for, and the reading of a text for them.

Words are normalised, not documents: each distinct printed word is folded and its endings are tried once,
phrases are walked in a trie of the words it can be, and every offset is the original's.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from monitor import text as plain
from monitor.rules import endings as grammar
from monitor.rules.zones import ignored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.model import Entry
    from monitor.rules.phrase import Phrase, Word
    from monitor.rules.zones import Ignored

MOST_SURFACES = 1 << 18  # distinct printed words remembered; then the memory begins anew
MOST_MENTIONS = 1_000  # of one name in one entry; what is beyond adds nothing
LONGEST_TEXT = 200_000  # characters of an entry that are read: the title first, the body last
FIELDS = ("title", "summary", "body")
TITLE, SUMMARY, BODY = range(3)

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


class _Surfaces(dict[str, tuple[int, ...]]):
    """The words each printed word can be, worked out once when it is first met.

    `shouted` is for the words of a headline set in capitals, where =Word may stand as WORD.
    """

    def __init__(self, senses: dict[str, list[_Sense]], *, shouted: bool) -> None:
        super().__init__()
        self._senses = senses
        self._shouted = shouted
        self._heads = frozenset(head[:2] for head in senses)
        self._longest = max(map(len, senses), default=0)

    def __missing__(self, surface: str) -> tuple[int, ...]:
        if len(surface) > plain.LONGEST_WORD:
            return ()
        if len(self) >= MOST_SURFACES:
            self.clear()
        found = self[surface] = tuple(sorted({word for part in _parts(surface) for word in self._of(part)}))
        return found

    def _of(self, part: str) -> Iterator[int]:
        folded = plain.fold(part)
        if folded[:2] not in self._heads and folded[:1] not in self._heads:
            return
        for length in range(min(len(folded), self._longest), 0, -1):
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
            quiet=_Surfaces(self._senses, shouted=False),
            shouted=_Surfaces(self._senses, shouted=True),
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

    def read(self, entry: Entry) -> Reading:
        """The entry as the rules see it: every phrase that stands in it, outside tails and furniture."""
        found: dict[int, list[_Occurrence]] = {}
        for number, text in enumerate(_capped(entry)):
            for occurrence in self._field(number, text):
                found.setdefault(occurrence.owner, []).append(occurrence)
        return Reading(found)

    def _field(self, number: int, text: str) -> Iterator[_Occurrence]:
        shouted = number == TITLE and text.isupper()
        surfaces = self.shouted if shouted else self.quiet
        senses = list(map(surfaces.__getitem__, plain.WORD.findall(text)))
        if not any(senses):
            return
        words = _Words(text, senses, [word.span() for word in plain.WORD.finditer(text)])
        zones = () if number == TITLE else ignored(text)
        for owner, role, first, last in self._phrases(words):
            start, end = words.spans[first][0], words.spans[last - 1][1]
            if not _inside(zones, start, end):
                yield _Occurrence(owner, role, Hit(number, first, last, start, end, owner))

    def _phrases(self, words: _Words) -> Iterator[tuple[int, Role, int, int]]:
        """(name, role, first word, last word) of each phrase, by its first word."""
        for first, senses in enumerate(words.senses):
            if not senses:
                continue
            waiting = [(self.root, first, False)]
            while waiting:
                branch, at, initial = waiting.pop()
                for sense in words.senses[at]:
                    after = branch.next.get(sense)
                    if after is None:
                        continue
                    for owner, role in after.ends:
                        if not initial or role is Role.FULL:
                            yield owner, role, first, at + 1
                    if after.next:
                        waiting.extend(_onward(words, after, at, initial=initial))


def _inside(zones: Sequence[Ignored], start: int, end: int) -> bool:
    """Whether a stretch of the text touches a zone that is ignored; the zones stand in order, apart."""
    at = bisect_left(zones, end, key=lambda zone: zone.start)
    return at > 0 and zones[at - 1].end > start


@dataclass(frozen=True, slots=True)
class _Words:
    """A text's words: what each can be, and where it stands."""

    text: str
    senses: Sequence[tuple[int, ...]]
    spans: Sequence[tuple[int, int]]

    def joined(self, at: int) -> bool:
        """Whether a phrase may run on from word `at` to the next."""
        if at + 1 >= len(self.spans):
            return False
        (start, end), (onward, _) = self.spans[at], self.spans[at + 1]
        if onward - end == 1 and self.text[end] == " ":
            return True
        gap = self.text[end:onward]
        if not _BREAK.search(gap):
            return True
        return end - start <= _LONGEST_ABBREVIATION and _ABBREVIATED.fullmatch(gap) is not None

    def is_initial(self, at: int) -> bool:
        """Whether the word is one capital letter, as in "Antony J. Blinken"."""
        start, end = self.spans[at]
        return end - start == 1 and self.text[start].isupper()


def _onward(words: _Words, branch: _Branch, at: int, *, initial: bool) -> Iterator[tuple[_Branch, int, bool]]:
    """Where a phrase may run on to: the next word, or the one after a middle initial."""
    if not words.joined(at):
        return
    if words.senses[at + 1]:
        yield branch, at + 1, initial
    if not initial and words.is_initial(at + 1) and words.joined(at + 1) and words.senses[at + 2]:
        yield branch, at + 2, True


class _Occurrence(NamedTuple):
    owner: int
    role: Role
    hit: Hit


def _capped(entry: Entry) -> Iterator[str]:
    left = LONGEST_TEXT
    for text in (entry.title, entry.summary, entry.body):
        yield text[:left]
        left = max(0, left - len(text))


class Reading:
    """What was found of each name in one entry; the mentions that count are worked out when asked for."""

    def __init__(self, found: dict[int, list[_Occurrence]]) -> None:
        self._found = found
        self._hits: dict[int, tuple[Hit, ...]] = {}

    @property
    def owners(self) -> Iterable[int]:
        """The names of which anything at all was found."""
        return self._found

    def hits(self, owner: int) -> tuple[Hit, ...]:
        """The name's mentions in order, none inside another, at most 1,000."""
        if owner not in self._hits:
            self._hits[owner] = tuple(_outermost(self._counting(owner)))[:MOST_MENTIONS]
        return self._hits[owner]

    def why_none(self, owner: int) -> str:
        """For people: why a name that has no mentions has none."""
        occurrences = self._found.get(owner, ())
        if any(role is Role.SHORT for role, _ in self._unexcepted(owner)):
            return "stands only in its short form, with no full form and no context word"
        if any(role in _NAMING for _, role, _ in occurrences):
            return "stands only inside what its except: names"
        return "is not mentioned"

    def _counting(self, owner: int) -> set[Hit]:
        left = self._unexcepted(owner)
        context = any(role in (Role.FULL, Role.CONTEXT) for role, _ in left)
        return {hit for role, hit in left if role in _ALWAYS or (context and role is Role.SHORT)}

    def _unexcepted(self, owner: int) -> list[tuple[Role, Hit]]:
        """The name's occurrences but for mentions that an exception overlaps."""
        occurrences = self._found.get(owner, ())
        blanks = _Blanks(hit for _, role, hit in occurrences if role is Role.EXCEPT)
        return [
            (role, hit)
            for _, role, hit in occurrences
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
