"""The condition of a rule (`when:`): its grammar, and the mentions that make it true.

A condition evaluates to mentions, so a match is its own explanation. `and` beside `or` without brackets is
refused: vendors disagree on which binds tighter, and a guess would lose alerts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from monitor.rules.document import nearest
from monitor.rules.lexicon import BODY, FIELDS, SUMMARY, TEXT, TITLE, Hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.errors import Fault
    from monitor.rules.document import Node
    from monitor.rules.lexicon import Reading

LEAD_WORDS = 60  # of the body, and of the page's text, that belong to the lead
FARTHEST = 1_000  # words that near and before may span
MOST_AT_LEAST = 100
_DEEPEST = 20  # brackets inside brackets


@dataclass(frozen=True, slots=True)
class Name:
    """A name or term is mentioned."""

    owner: int
    what: str


@dataclass(frozen=True, slots=True)
class All:
    """Each part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """`kept` holds and `barred` does not."""

    kept: Condition
    barred: Condition


@dataclass(frozen=True, slots=True)
class Near:
    """Mentions of both in one field with at most `words` words between; `ordered`: left before right."""

    left: Condition
    right: Condition
    words: int
    ordered: bool


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many mentions that do not overlap."""

    count: int
    inner: Condition


@dataclass(frozen=True, slots=True)
class Within:
    """The inner condition holds in one zone alone: title, lead or body."""

    zone: str
    inner: Condition


Condition = Name | All | AnyOf | Without | Near | AtLeast | Within


# ---- the grammar -------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<space>\s+) | (?P<name>\$[\w-]*) | (?P<bracket>[()]) | (?P<zone>(?:title|lead|body):)
      | (?P<near>(?:near|before)/\d+(?![\w/.-])) | (?P<atleast>atleast/\d+(?![\w/.-]))
      | (?P<word>(?:and|or|not)(?![\w:/-])) | (?P<stray>"[^"]*"?|'[^']*'?|[^\s()$"']+)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


class _WrongError(Exception):
    def __init__(self, offset: int, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.offset, self.what, self.remedy = offset, what, remedy


def parse(node: Node, known: Mapping[str, int], faults: list[Fault]) -> Condition | None:
    """The condition that a scalar, not a blank one, spells; None and its faults where it is wrong.

    `known` gives the number of each name and term. Every undefined name is a fault of its own.
    """
    grammar = _Grammar(node, known, faults)
    before = len(faults)
    try:
        condition = grammar.whole()
    except _WrongError as wrong:
        faults.append(node.fault_at(wrong.offset, wrong.what, wrong.remedy))
        return None
    return condition if len(faults) == before else None


class _Grammar:
    """One reading of a condition, from left to right."""

    def __init__(self, node: Node, known: Mapping[str, int], faults: list[Fault]) -> None:
        self._node, self._known, self._faults = node, known, faults
        self._tokens = [
            _Token(found.lastgroup or "", found.group().lower(), found.start())
            for found in _TOKEN.finditer(node.text)
            if found.lastgroup != "space"
        ]
        self._at = 0
        self._depth = 0
        self._zone = ""

    def whole(self) -> Condition:
        found = self._sequence()
        if self._peek is not None:
            raise _WrongError(
                self._peek.offset,
                f'"{self._peek.text}" closes a bracket that was never opened',
                "take it out",
            )
        return found

    @property
    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _took(self, *words: str) -> bool:
        if self._peek is None or self._peek.text not in words:
            return False
        self._at += 1
        return True

    def _sequence(self) -> Condition:
        """Parts joined by "and" and "and not", or by "or"; never by both."""
        found = self._pair()
        joint = ""
        parts = [found]
        while (token := self._peek) is not None and token.text != ")":
            self._refuse_no_joint(token)
            if joint not in ("", token.text):
                raise _WrongError(token.offset, '"and" and "or" side by side: add brackets')
            joint = self._take().text
            if self._took("not"):
                if joint == "or":
                    raise _WrongError(
                        token.offset, '"or not" would fire on nearly everything', 'write "and not"'
                    )
                parts = [Without(_all(parts), self._pair())]
            else:
                parts.append(self._pair())
        return AnyOf(tuple(parts)) if joint == "or" else _all(parts)

    def _refuse_no_joint(self, token: _Token) -> None:
        if token.text in ("and", "or"):
            return
        if token.text == "not":
            raise _WrongError(token.offset, '"not" stands only after "and"', 'write "and not"')
        if token.kind == "near":
            raise _WrongError(token.offset, f'"{token.text}" after another near or before: add brackets')
        if token.kind == "stray":
            raise _stray(token)
        raise _WrongError(
            token.offset, f'"and" or "or" is missing before "{token.text}"', "join the two with one of them"
        )

    def _pair(self) -> Condition:
        left = self._single()
        if self._peek is None or self._peek.kind != "near":
            return left
        token = self._take()
        kind, _, count = token.text.partition("/")
        words = self._count(token, count, most=FARTHEST)
        return Near(left, self._single(), words, ordered=kind == "before")

    def _count(self, token: _Token, digits: str, *, most: int) -> int:
        if len(digits) > len(str(most)) or int(digits) > most:
            raise _WrongError(token.offset, f'"{token.text}" is more than {most}')
        return int(digits)

    def _single(self) -> Condition:
        if self._peek is None:
            raise self._ended()
        token = self._take()
        if token.kind == "name":
            return self._name(token)
        if token.kind == "zone":
            return self._within(token)
        if token.kind == "atleast":
            count = self._count(token, token.text.partition("/")[2], most=MOST_AT_LEAST)
            if not count:
                raise _WrongError(token.offset, '"atleast/0" is always true', "write atleast/2 or more")
            return AtLeast(count, self._single())
        if token.text == "(":
            return self._bracketed(token)
        raise _misplaced(token)

    def _ended(self) -> _WrongError:
        last = self._tokens[-1]
        return _WrongError(
            last.offset, f'something is missing after "{last.text}"', "name what to look for: $name"
        )

    def _within(self, token: _Token) -> Condition:
        if self._zone:
            raise _WrongError(token.offset, f'"{token.text}" inside "{self._zone}"', "one of them is enough")
        self._zone = token.text
        inner = self._single()
        self._zone = ""
        return Within(token.text[:-1], inner)

    def _bracketed(self, opening: _Token) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _WrongError(opening.offset, f"brackets stand more than {_DEEPEST} deep")
        found = self._sequence()
        if not self._took(")"):
            raise _WrongError(opening.offset, "this bracket is never closed", 'add ")"')
        self._depth -= 1
        return found

    def _name(self, token: _Token) -> Condition:
        if token.text == "$":
            raise _WrongError(token.offset, '"$" without a name', "write the name directly after it")
        name = token.text[1:]
        if name not in self._known:
            self._faults.append(
                self._node.fault_at(
                    token.offset,
                    f'"{token.text}" is not defined',
                    nearest(token.text, ("$" + known for known in self._known)),
                )
            )
        return Name(self._known.get(name, -1), token.text)


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _misplaced(token: _Token) -> _WrongError:
    if token.kind == "stray":
        return _stray(token)
    if token.text == "not":
        return _WrongError(token.offset, '"not" stands only after "and"', "say first what to look for")
    return _WrongError(
        token.offset, f'"{token.text}" stands where a name should', "name what to look for: $name"
    )


def _stray(token: _Token) -> _WrongError:
    operator = token.text.partition("/")[0].rstrip(":")
    if operator in ("near", "before", "atleast"):
        return _WrongError(
            token.offset, f'"{token.text}" needs a number of its own', f"write {operator}/12, without spaces"
        )
    if token.text.strip("\"'") in FIELDS or token.text.endswith(":"):
        return _WrongError(token.offset, f'"{token.text}" is no field', "write title:, lead: or body:")
    bare = token.text.strip("\"'")
    return _WrongError(
        token.offset,
        f'"{bare}" is no name',
        'put the words under "terms:" and write $ and its name, or use "any:" instead of "when:"',
    )


# ---- the mentions ------------------------------------------------------------------------------------------


def mentions(condition: Condition, reading: Reading, zone: str = "") -> tuple[Hit, ...]:
    """The mentions that make the condition true, in order; () where it is false."""
    found: tuple[Hit, ...] = ()
    match condition:
        case Name():
            found = tuple(hit for hit in reading.hits(condition.owner) if not zone or _is_in(hit, zone))
        case All():
            found = _every([mentions(part, reading, zone) for part in condition.parts])
        case AnyOf():
            found = _ordered(hit for part in condition.parts for hit in mentions(part, reading, zone))
        case Without():
            if not mentions(condition.barred, reading, zone):
                found = mentions(condition.kept, reading, zone)
        case Near():
            left, right = mentions(condition.left, reading, zone), mentions(condition.right, reading, zone)
            found = neighbours(left, right, condition.words, ordered=condition.ordered)
        case AtLeast():
            inner = mentions(condition.inner, reading, zone)
            found = inner if _times(inner) >= condition.count else ()
        case Within():
            found = mentions(condition.inner, reading, condition.zone)
        case _:
            assert_never(condition)
    return found


def needed(condition: Condition) -> frozenset[int]:
    """Names of which one must stand in an entry for the condition to hold: never empty."""
    match condition:
        case Name():
            return frozenset({condition.owner})
        case All():
            return min((needed(part) for part in condition.parts), key=len)
        case AnyOf():
            return frozenset().union(*(needed(part) for part in condition.parts))
        case Without():
            return needed(condition.kept)
        case Near():
            return min(needed(condition.left), needed(condition.right), key=len)
        case AtLeast() | Within():
            return needed(condition.inner)
    assert_never(condition)


def reads_pages(condition: Condition, zone: str = "") -> bool:
    """Whether what stands in a page's text alone can make it true: not where it asks for headlines."""
    match condition:
        case Name():
            return zone != "title"
        case All() | AnyOf():
            return any(reads_pages(part, zone) for part in condition.parts)
        case Without():
            return reads_pages(condition.kept, zone)
        case Near():
            return reads_pages(condition.left, zone) and reads_pages(condition.right, zone)
        case AtLeast():
            return reads_pages(condition.inner, zone)
        case Within():
            return reads_pages(condition.inner, condition.zone)
    assert_never(condition)


def names(condition: Condition) -> frozenset[Name]:
    """Every name and term that the condition asks about."""
    match condition:
        case Name():
            return frozenset({condition})
        case All() | AnyOf():
            return frozenset().union(*(names(part) for part in condition.parts))
        case Without():
            return names(condition.kept) | names(condition.barred)
        case Near():
            return names(condition.left) | names(condition.right)
        case AtLeast() | Within():
            return names(condition.inner)
    assert_never(condition)


def _is_in(hit: Hit, zone: str) -> bool:
    if zone == "title":
        return hit.field == TITLE
    if zone == "body":
        return hit.field in (BODY, TEXT)
    return hit.field in (TITLE, SUMMARY) or hit.first < LEAD_WORDS


def _ordered(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(set(hits)))


def _every(found: Sequence[tuple[Hit, ...]]) -> tuple[Hit, ...]:
    return _ordered(hit for hits in found for hit in hits) if all(found) else ()


def apart(hits: Iterable[Hit]) -> int:
    """The greatest number of the mentions that do not overlap one another."""
    count, field, reached = 0, -1, 0
    for hit in sorted(hits, key=lambda hit: (hit.field, hit.last)):
        if hit.field != field or hit.first >= reached:
            count, field, reached = count + 1, hit.field, hit.last
    return count


def _times(hits: Sequence[Hit]) -> int:
    """How often it stands: a page's text says again what the feed gave of it, so one of the two counts."""
    given = apart(hit for hit in hits if hit.field != TEXT)
    return max(given, apart(hit for hit in hits if hit.field in (TITLE, TEXT)))


def neighbours(left: Sequence[Hit], right: Sequence[Hit], words: int, *, ordered: bool) -> tuple[Hit, ...]:
    """The mentions of both sides that have one of the other within so many words in the same field.

    Mentions that overlap are near; one and the same stretch of text is not near itself. `ordered` wants the
    left one to begin first. A sweep of sorted mentions, not a product: n log n.
    """
    starts = _Stretch(left, words), _Stretch(right, words)
    return _ordered(
        [
            *(hit for hit in left if starts[1].follows(hit) or (not ordered and starts[1].precedes(hit))),
            *(hit for hit in right if starts[0].precedes(hit) or (not ordered and starts[0].follows(hit))),
        ]
    )


class _Stretch:
    """Sorted mentions of one side, to be asked what stands close before or after another's."""

    def __init__(self, hits: Sequence[Hit], words: int) -> None:
        self._words = words
        self._spans = sorted({hit[:3] for hit in hits})
        self._reach: list[int] = []  # of the spans of the field up to here, the furthest last word
        for field, _, last in self._spans:
            fresh = not self._reach or self._spans[len(self._reach) - 1][0] != field
            self._reach.append(last if fresh else max(last, self._reach[-1]))

    def follows(self, hit: Hit) -> bool:
        """Whether a mention begins after this one does, within the distance."""
        at = bisect_left(self._spans, (hit.field, hit.first, hit.last + 1))
        return (
            at < len(self._spans)
            and self._spans[at][0] == hit.field
            and self._spans[at][1] - hit.last <= self._words
        )

    def precedes(self, hit: Hit) -> bool:
        """Whether a mention begins before this one does, within the distance."""
        at = bisect_left(self._spans, hit[:3])
        return (
            at > 0 and self._spans[at - 1][0] == hit.field and hit.first - self._reach[at - 1] <= self._words
        )
