"""Why an entry fires a rule or does not: the clause that decided, the mentions, and what was ignored.

Takes a rulebook and an entry; returns values for people to read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from monitor.rules.condition import All, AnyOf, AtLeast, Name, Near, Within, Without, mentions
from monitor.rules.lexicon import FIELDS, LONGEST_TEXT
from monitor.rules.match import as_mention
from monitor.rules.zones import NOWHERE_ELSE, ignored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Entry, Mention
    from monitor.rules.condition import Condition
    from monitor.rules.lexicon import Hit, Reading
    from monitor.rules.rule import Rule, Rulebook
    from monitor.rules.zones import Ignored

_MOST_TOLD = 4  # mentions or clauses named in one message


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of an entry: the clause that decided, and the mentions if it fired."""

    rule: Rule
    fired: bool
    clause: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Discarded:
    """A mention that does not count, and why."""

    mention: Mention
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every rule's verdict, the mentions that do not count, and the zones of each field that never do."""

    verdicts: tuple[Verdict, ...]
    discarded: tuple[Discarded, ...]
    zones: tuple[tuple[str, Ignored], ...]
    unread: int  # characters at the end that are beyond the longest text

    @property
    def fired(self) -> tuple[Verdict, ...]:
        """The verdicts of the rules that fired."""
        return tuple(verdict for verdict in self.verdicts if verdict.fired)


def explain(
    rulebook: Rulebook,
    entry: Entry,
    *,
    tags: frozenset[str],
    sourced: bool = True,
    outside: Mapping[str, str] = NOWHERE_ELSE,
) -> Explanation:
    """What every rule says of the entry, in the order of the rules.

    `tags` are those of its feed. An article of no known source (`sourced` is False) passes every filter of
    sources, as an example does that names none. `outside` are lines that are no part of it (recurring.py).
    """
    reading = rulebook.lexicon.read(entry, outside)
    return Explanation(
        verdicts=tuple(
            _verdict(rulebook, rule, entry, reading, barred=barred(rule, entry, tags, sourced=sourced))
            for rule in rulebook.rules
        ),
        discarded=discarded(rulebook, entry, reading),
        zones=tuple(
            (field, zone) for field in FIELDS[1:] for zone in ignored(getattr(entry, field), outside)
        ),
        unread=max(0, sum(len(getattr(entry, field)) for field in FIELDS) - LONGEST_TEXT),
    )


def discarded(rulebook: Rulebook, entry: Entry, reading: Reading) -> tuple[Discarded, ...]:
    """The mentions that do not count, and why."""
    return tuple(Discarded(as_mention(rulebook, entry, hit), why) for hit, why in reading.discarded())


def barred(rule: Rule, entry: Entry, tags: frozenset[str], *, sourced: bool) -> str:
    """The filter that keeps the entry from the rule, as a clause; "" where none does."""
    if rule.admits(entry, tags, sourced=sourced):
        return ""
    origin = f'"{entry.feed}"' if entry.feed else "no feed"
    if not rule.admits(entry, tags, sourced=False):
        return f'its "lang" is {_listed(rule.lang)}, and this is {entry.lang}'
    if replace(rule, not_sources=frozenset()).admits(entry, tags):
        return f'its "not-sources" name where this came from ({origin})'
    return f'its "sources" are {_listed(rule.sources)}, and this came from {origin}'


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _verdict(rulebook: Rulebook, rule: Rule, entry: Entry, reading: Reading, *, barred: str) -> Verdict:
    hits = mentions(rule.condition, reading)
    if hits and not barred:
        told = tuple(as_mention(rulebook, entry, hit) for hit in hits)
        return Verdict(rule, fired=True, clause=decisive(rule.condition, reading), mentions=told)
    if hits:
        return Verdict(rule, fired=False, clause=f"its words stand here, but {barred}", mentions=())
    return Verdict(rule, fired=False, clause=shortfall(rulebook, entry, reading, rule.condition), mentions=())


# ---- the clause that decided -------------------------------------------------------------------------------


def spelt(condition: Condition) -> str:  # noqa: PLR0911  # a table
    """The condition as an editor would write it."""
    match condition:
        case Name():
            return condition.what if condition.what.startswith("$") else f'"{condition.what}"'
        case All():
            return " and ".join(_bracketed(part) for part in condition.parts)
        case AnyOf():
            return " or ".join(_bracketed(part) for part in condition.parts)
        case Without():
            return f"{_bracketed(condition.kept)} and not {_bracketed(condition.barred)}"
        case Near():
            operator = "before" if condition.ordered else "near"
            return f"{_bracketed(condition.left)} {operator}/{condition.words} {_bracketed(condition.right)}"
        case AtLeast():
            return f"atleast/{condition.count} {_bracketed(condition.inner)}"
        case Within():
            return f"{condition.zone}:{_bracketed(condition.inner)}"
    assert_never(condition)


def _bracketed(condition: Condition) -> str:
    bare = isinstance(condition, (Name, Within, AtLeast))
    return spelt(condition) if bare else f"({spelt(condition)})"


def decisive(condition: Condition, reading: Reading) -> str:
    """The condition that held, with only those of its alternatives that did."""
    return spelt(_pruned(condition, reading, ""))


def _pruned(condition: Condition, reading: Reading, zone: str) -> Condition:
    match condition:
        case AnyOf():
            held = tuple(
                _pruned(part, reading, zone) for part in condition.parts if mentions(part, reading, zone)
            )
            return held[0] if len(held) == 1 else AnyOf(held)
        case All():
            return All(tuple(_pruned(part, reading, zone) for part in condition.parts))
        case Without():
            return replace(condition, kept=_pruned(condition.kept, reading, zone))
        case Near():
            left, right = (_pruned(side, reading, zone) for side in (condition.left, condition.right))
            return replace(condition, left=left, right=right)
        case Within():
            return replace(condition, inner=_pruned(condition.inner, reading, condition.zone))
        case Name() | AtLeast():
            return condition
    assert_never(condition)


def shortfall(rulebook: Rulebook, entry: Entry, reading: Reading, condition: Condition) -> str:
    """Why a condition does not hold for an entry, in a clause for people."""
    return _Shortfall(rulebook, entry, reading).of(condition)


def told(rulebook: Rulebook, entry: Entry, hits: Sequence[Hit]) -> str:
    """The first of some mentions, for people."""
    shown = [as_mention(rulebook, entry, hit) for hit in hits[:_MOST_TOLD]]
    listed = ", ".join(f'{mention.what} "{mention.surface}" ({mention.where})' for mention in shown)
    return listed + (f" and {len(hits) - _MOST_TOLD} more" if len(hits) > _MOST_TOLD else "")


class _Shortfall:
    """Why a condition does not hold for an entry, in a clause for people."""

    def __init__(self, rulebook: Rulebook, entry: Entry, reading: Reading) -> None:
        self._rulebook, self._entry, self._reading = rulebook, entry, reading

    def of(self, condition: Condition, zone: str = "") -> str:
        """The clause: the first part that fails, or every alternative."""
        match condition:
            case Name():
                why = self._name(condition, zone)
            case All():
                why = next(self.of(part, zone) for part in condition.parts if not self._hits(part, zone))
            case AnyOf():
                why = self._none_of(condition, zone)
            case Without():
                why = self._without(condition, zone)
            case Near():
                why = self._near(condition, zone)
            case AtLeast():
                why = self._too_few(condition, zone)
            case Within():
                why = self.of(condition.inner, condition.zone)
            case _:
                assert_never(condition)
        return why

    def _too_few(self, condition: AtLeast, zone: str) -> str:
        found = self._hits(condition.inner, zone)
        if not found:
            return self.of(condition.inner, zone)
        return f"fewer than {condition.count} mentions: {self._told(found)}"

    def _hits(self, condition: Condition, zone: str) -> tuple[Hit, ...]:
        return mentions(condition, self._reading, zone)

    def _told(self, hits: Sequence[Hit]) -> str:
        return told(self._rulebook, self._entry, hits)

    def _name(self, name: Name, zone: str) -> str:
        if zone and self._reading.hits(name.owner):
            return f"{name.what} does not stand in the {zone}"
        return f"{name.what} {self._reading.why_none(name.owner)}"

    def _none_of(self, condition: AnyOf, zone: str) -> str:
        reasons = [self.of(part, zone) for part in condition.parts]
        more = len(reasons) - _MOST_TOLD
        return "; ".join(reasons[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")

    def _without(self, condition: Without, zone: str) -> str:
        if not self._hits(condition.kept, zone):
            return self.of(condition.kept, zone)
        return f'"and not" finds {self._told(self._hits(condition.barred, zone))}'

    def _near(self, condition: Near, zone: str) -> str:
        for side in (condition.left, condition.right):
            if not self._hits(side, zone):
                return self.of(side, zone)
        left, right = self._hits(condition.left, zone), self._hits(condition.right, zone)
        order = "before" if condition.ordered else "of"
        return f"{self._told(left)} stands nowhere within {condition.words} words {order} {self._told(right)}"
