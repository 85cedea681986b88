"""The examples of every rule, run: which fail, and the clause or mention that made them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from monitor.errors import Fault
from monitor.rules.condition import All, AnyOf, AtLeast, Name, Near, Within, Without, mentions
from monitor.rules.match import as_mention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Entry
    from monitor.rules.condition import Condition
    from monitor.rules.lexicon import Hit, Reading
    from monitor.rules.rule import Example, Rule, Rulebook

_MOST_TOLD = 4  # mentions or clauses named in one message


def failing_examples(rulebook: Rulebook) -> list[Fault]:
    """A fault for each `match` that does not match and each `ignore` that does, at its line.

    An example under `later` is a known failure and is never a fault.
    """
    return [
        Fault(example.position.file, example.position.line, example.position.column, what)
        for rule in rulebook.rules
        for example in rule.examples
        if (what := _failure(rulebook, rule, example))
    ]


def _failure(rulebook: Rulebook, rule: Rule, example: Example) -> str:
    if example.expected == "later":
        return ""
    reading = rulebook.lexicon.read(example.entry)
    admitted = _admitted(rule, example)
    hits = mentions(rule.condition, reading) if admitted else ()
    wanted = example.expected == "match"
    if bool(hits) is wanted:
        return ""
    if not wanted:
        return (
            f'"{rule.id}" should ignore this example, but it matches: {_told(rulebook, example.entry, hits)}'
        )
    why = (
        _Shortfall(rulebook, example.entry, reading).of(rule.condition) if admitted else "its filters say no"
    )
    return f'"{rule.id}" should match this example, but does not: {why}'


def _admitted(rule: Rule, example: Example) -> bool:
    """Whether the rule's filters pass the example; one that names no source is asked about its words only."""
    if not example.tags:
        rule = replace(rule, sources=frozenset(), not_sources=frozenset())
    return rule.admits(example.entry, example.tags)


def _told(rulebook: Rulebook, entry: Entry, hits: Sequence[Hit]) -> str:
    told = [as_mention(rulebook, entry, hit) for hit in hits[:_MOST_TOLD]]
    listed = ", ".join(f'{mention.what} "{mention.surface}" ({mention.field})' for mention in told)
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
        return _told(self._rulebook, self._entry, hits)

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
