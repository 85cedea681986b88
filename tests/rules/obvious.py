"""A matcher too simple to be wrong, and slow: every spelling is tried at every word, every pair is looked at.

It shares with the real one the text's words, the folding, the tables of endings and the zones; nothing that
finds phrases, weighs mentions or evaluates conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from monitor.rules.condition import All, AnyOf, AtLeast, Name, Near, Within, Without
from monitor.rules.endings import stems
from monitor.rules.lexicon import Role
from monitor.rules.zones import ignored
from monitor.text import APOSTROPHES, fold, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Entry
    from monitor.rules.condition import Condition
    from monitor.rules.phrase import Phrase, Word
    from monitor.rules.rulebook import Rulebook

FIELDS = ("title", "summary", "body")


@dataclass(frozen=True, order=True)
class Stand:
    """Where a spelling stands: a field, its words [first, last) and characters [start, end), whose it is."""

    field: int
    first: int
    last: int
    start: int
    end: int
    owner: int


def fired(book: Rulebook, entry: Entry) -> dict[str, list[tuple[str, str, str]]]:
    """Each rule that fires, with what is mentioned, where (field, start, end) and as what, in order."""
    reading = _Reading(book, entry)
    found = {}
    for rule in book.rules:
        if stands := reading.holds(rule.condition, ""):
            found[rule.id] = [
                (
                    book.whats[one.owner],
                    f"{FIELDS[one.field]} {one.start}",
                    getattr(entry, FIELDS[one.field])[one.start : one.end],
                )
                for one in sorted(stands)
            ]
    return found


class _Reading:
    def __init__(self, book: Rulebook, entry: Entry) -> None:
        self._all = [
            (spelling.role, stand)
            for spelling in book.spellings
            for phrase in spelling.phrases
            for number, field in enumerate(FIELDS)
            for stand in _stands(
                phrase,
                number,
                getattr(entry, field),
                owner=spelling.owner,
                role=spelling.role,
                proper=spelling.proper,
            )
        ]

    def counting(self, owner: int) -> set[Stand]:
        """The mentions of a name that count, none inside another."""
        of_name = [(role, stand) for role, stand in self._all if stand.owner == owner]
        blanks = [stand for role, stand in of_name if role is Role.EXCEPT]
        left = [
            (role, stand)
            for role, stand in of_name
            if role is not Role.EXCEPT
            and (role is Role.CONTEXT or not any(_overlap(stand, one) for one in blanks))
        ]
        sure = any(role in (Role.FULL, Role.CONTEXT) for role, _ in left)
        kinds = {Role.WORD, Role.FULL} | ({Role.SHORT} if sure else set())
        found = {stand for role, stand in left if role in kinds}
        return {one for one in found if not any(one != other and _inside(one, other) for other in found)}

    def holds(self, condition: Condition, zone: str) -> set[Stand]:  # noqa: PLR0911  # a table
        match condition:
            case Name():
                return {one for one in self.counting(condition.owner) if _is_in(one, zone)}
            case All():
                parts = [self.holds(part, zone) for part in condition.parts]
                return set().union(*parts) if all(parts) else set()
            case AnyOf():
                return set().union(*(self.holds(part, zone) for part in condition.parts))
            case Without():
                return set() if self.holds(condition.barred, zone) else self.holds(condition.kept, zone)
            case Near():
                pairs = product(self.holds(condition.left, zone), self.holds(condition.right, zone))
                near = [
                    pair for pair in pairs if _near(*pair, words=condition.words, ordered=condition.ordered)
                ]
                return {one for pair in near for one in pair}
            case AtLeast():
                inner = self.holds(condition.inner, zone)
                return inner if _any_apart(inner, condition.count) else set()
            case Within():
                return self.holds(condition.inner, condition.zone)


def _overlap(one: Stand, other: Stand) -> bool:
    return one.field == other.field and one.first < other.last and other.first < one.last


def _inside(one: Stand, other: Stand) -> bool:
    return one.field == other.field and other.first <= one.first and one.last <= other.last


def _is_in(one: Stand, zone: str) -> bool:
    return {
        "": True,
        "title": one.field == 0,
        "body": one.field == 2,
        "lead": one.field < 2 or one.first < 60,
    }[zone]


def _near(left: Stand, right: Stand, *, words: int, ordered: bool) -> bool:
    spans = (left.first, left.last), (right.first, right.last)
    if left.field != right.field or spans[0] == spans[1]:
        return False
    between = max(spans)[0] - min(spans)[1]
    return between <= words and (spans[0] < spans[1] or not ordered)


def _any_apart(stands: set[Stand], count: int) -> bool:
    return any(
        not any(_overlap(one, other) for one, other in combinations(chosen, 2))
        for chosen in combinations(stands, count)
    )


# ---- one phrase ------------------------------------------------------------------------------------------


def _stands(
    phrase: Phrase, number: int, text: str, *, owner: int, role: Role, proper: bool
) -> Iterator[Stand]:
    found = list(words(text))
    shouted = number == 0 and text.isupper()
    zones = () if number == 0 else ignored(text)
    for first in range(len(found)):
        for taken in _runs(first, len(phrase), initials=role is Role.FULL):
            if taken[-1] >= len(found) or any(
                not _joined(text, found[at], found[at + 1]) for at in range(first, taken[-1])
            ):
                continue
            skipped = set(range(first, taken[-1])) - set(taken)
            if any(not (len(found[at].group()) == 1 and found[at].group().isupper()) for at in skipped):
                continue
            alike = all(
                _is(word, found[at].group(), proper=proper, shouted=shouted)
                for word, at in zip(phrase, taken, strict=True)
            )
            start, end = found[first].start(), found[taken[-1]].end()
            if alike and not any(zone.start < end and start < zone.end for zone in zones):
                yield Stand(number, first, taken[-1] + 1, start, end, owner)


def _runs(first: int, length: int, *, initials: bool) -> Iterator[list[int]]:
    """The places of a phrase's words: in a row, or, in a name in full, with one left out between."""
    yield list(range(first, first + length))
    for gap in range(1, length if initials else 0):
        yield [*range(first, first + gap), *range(first + gap + 1, first + length + 1)]


def _joined(text: str, left: object, right: object) -> bool:
    gap = text[left.end() : right.start()]  # type: ignore[attr-defined]  # matches
    word: str = left.group()  # type: ignore[attr-defined]
    if any(sign in gap for sign in ",;:!?|()[]{}<>•·…"):
        return False
    stops = [gap[at + 1 :] for at, sign in enumerate(gap) if sign == "."]
    ends_sentence = any(after.lstrip("\"'’”»")[:1].isspace() for after in stops)
    return not ends_sentence or (len(word) <= 4 and gap[0] == "." and gap[1:].isspace())


def _is(word: Word, surface: str, *, proper: bool, shouted: bool) -> bool:
    return any(_part_is(word, part, proper=proper, shouted=shouted) for part in _parts(surface))


def _part_is(word: Word, part: str, *, proper: bool, shouted: bool) -> bool:
    folded, wanted = fold(part), fold(word.text)
    if proper and word.text[0].isupper() and not "ა" <= word.text[0] <= "ჿ" and not part[0].isupper():
        return False
    if word.exact:
        alike = [one.isupper() for one in part if one.isalpha()] == [
            one.isupper() for one in word.text if one.isalpha()
        ]
        return folded == wanted and (alike or (shouted and part.isupper()))
    if word.any_ending:
        return folded.startswith(wanted)
    if not proper:
        return folded == wanted
    return any(
        folded[: len(stem)] == stem and folded[len(stem) :] in endings for stem, endings in stems(wanted)
    )


def _parts(surface: str) -> set[str]:
    found = {surface}
    marks = [at for at, letter in enumerate(surface) if letter in APOSTROPHES]
    if marks:
        found |= {surface[: marks[-1]], surface[: marks[0]]}
        found.add("".join(letter for letter in surface if letter not in APOSTROPHES))
        if marks[0] <= 4:
            found |= _parts(surface[marks[0] + 1 :])
    return found - {""}
