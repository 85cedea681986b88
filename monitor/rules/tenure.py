"""How long each rule has looked for what it looks for: a new or widened rule never fires on old stories.

What makes a rule fire is old if it stood in the story before the rule did. A copy or an edit that brings it
for the first time is news, whatever the age of the story.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.rules.match import match
from monitor.rules.zones import NOWHERE_ELSE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.model import Entry, EntryId
    from monitor.rules.rule import Rule, Rulebook

_NO_TAGS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tenure:
    """Since when a rule has had this content (rule.Rule), and the ids it had before."""

    content: str
    since: datetime
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """An entry that stands in a story already: what it repeats (model.Candidate), and when it was seen."""

    entry: Entry
    lead: EntryId
    seen: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The tenures of a rulebook's rules, by id, and the tags of the feeds, by name."""

    tenures: Mapping[str, Tenure] = field(default_factory=dict)
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def youngest(self) -> datetime | None:
        """When the rule came that came last; None without any."""
        return max((tenure.since for tenure in self.tenures.values()), default=None)

    def former(self, rule: str) -> tuple[str, ...]:
        """The ids that the rule had before."""
        return self.tenures[rule].former if rule in self.tenures else ()

    def is_old(
        self,
        rulebook: Rulebook,
        rule: str,
        earlier: Sequence[Earlier],
        *,
        outside: Mapping[str, str] = NOWHERE_ELSE,
    ) -> bool:
        """Whether an entry of these was there before the rule and fires it, lines `outside` it left out."""
        tenure = self.tenures.get(rule)
        if tenure is None:
            return False
        return any(
            found.rule == rule
            for one in earlier
            if one.seen < tenure.since
            for found in match(
                rulebook, one.entry, tags=self.tags.get(one.entry.feed, _NO_TAGS), outside=outside
            )
        )


def tenures(rulebook: Rulebook, before: Mapping[str, Tenure], *, now: datetime) -> dict[str, Tenure]:
    """The tenures of this rulebook's rules, given those before it; `was:` carries one over a rename."""
    return {rule.id: _tenure(rule, before, now=now) for rule in rulebook.rules}


def _tenure(rule: Rule, before: Mapping[str, Tenure], *, now: datetime) -> Tenure:
    known = before.get(rule.id) or before.get(rule.was)
    if known is None:
        return Tenure(rule.content, now, (rule.was,) if rule.was else ())
    since = known.since if known.content == rule.content else now
    ids = dict.fromkeys((*known.former, rule.was))
    return Tenure(rule.content, since, tuple(name for name in ids if name and name != rule.id))
