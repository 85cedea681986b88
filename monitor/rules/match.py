"""Which rules an entry fires, and the mentions that say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Match, Mention
from monitor.rules.condition import mentions
from monitor.rules.lexicon import FIELDS
from monitor.rules.zones import NOWHERE_ELSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Entry
    from monitor.rules.lexicon import Hit, Reading
    from monitor.rules.rule import Rule, Rulebook

_NO_TAGS: frozenset[str] = frozenset()


def match(
    rulebook: Rulebook,
    entry: Entry,
    *,
    tags: frozenset[str] = _NO_TAGS,
    sourced: bool = True,
    outside: Mapping[str, str] = NOWHERE_ELSE,
) -> tuple[Match, ...]:
    """The matches of an entry, in the order of the rules; `tags` are those of its feed.

    An article of no known source (`sourced` is False) passes every filter of sources.
    `outside` are lines that are no part of it (recurring.py). Each mention is text[start:end] of the entry's
    title, summary, body or text; a match has at least one.
    """
    reading = rulebook.lexicon.read(entry, outside)
    due = {number for owner in reading.owners for number in rulebook.triggers.get(owner, ())}
    rules = (rulebook.rules[number] for number in sorted(due))
    found = (
        matched(rulebook, rule, entry, reading) for rule in rules if rule.admits(entry, tags, sourced=sourced)
    )
    return tuple(match for match in found if match is not None)


def matched(rulebook: Rulebook, rule: Rule, entry: Entry, reading: Reading) -> Match | None:
    """The match of one rule, whose filters the entry passes; None where its condition does not hold."""
    hits = mentions(rule.condition, reading)
    if not hits:
        return None
    told = tuple(as_mention(rulebook, entry, hit) for hit in hits)
    return Match(rule.id, rule.title, rule.severity, rule.send, told)


def as_mention(rulebook: Rulebook, entry: Entry, hit: Hit) -> Mention:
    """A hit as people read it."""
    field = FIELDS[hit.field]
    surface = getattr(entry, field)[hit.start : hit.end]
    return Mention(rulebook.whats[hit.owner], field, hit.start, hit.end, surface)
