"""The examples of every rule, run: which fail, and the clause or mention that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import Fault
from monitor.rules.condition import mentions
from monitor.rules.explain import barred, shortfall, told

if TYPE_CHECKING:
    from monitor.rules.lexicon import Hit
    from monitor.rules.rule import Example, Rule, Rulebook


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


def later_examples(rulebook: Rulebook) -> list[Fault]:
    """What becomes of each example that stands under `later`: a report, and never a mistake."""
    return [
        Fault(
            example.position.file,
            example.position.line,
            example.position.column,
            f'"{rule.id}" {"fires" if _hits(rulebook, rule, example) else "does not fire"} on this example',
        )
        for rule in rulebook.rules
        for example in rule.examples
        if example.expected == "later"
    ]


def _hits(rulebook: Rulebook, rule: Rule, example: Example) -> tuple[Hit, ...]:
    return mentions(rule.condition, rulebook.lexicon.read(example.entry))


def _failure(rulebook: Rulebook, rule: Rule, example: Example) -> str:
    if example.expected == "later":
        return ""
    reading = rulebook.lexicon.read(example.entry)
    # An example that names no source is asked about its words only.
    kept_out = barred(rule, example.entry, example.tags, sourced=bool(example.tags))
    hits = () if kept_out else mentions(rule.condition, reading)
    wanted = example.expected == "match"
    if bool(hits) is wanted:
        return ""
    if not wanted:
        found = told(rulebook, example.entry, hits)
        return f'"{rule.id}" should ignore this example, but it matches: {found}'
    why = kept_out or shortfall(rulebook, example.entry, reading, rule.condition)
    return f'"{rule.id}" should match this example, but does not: {why}'
