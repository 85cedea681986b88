"""What a rulebook would have caught: the stories of the past, rule by rule. Decides; sends nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.rules.match import match
from monitor.rules.recurring import Passing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from monitor.model import Entry, Mention, StoryId
    from monitor.rules.rule import Rulebook


@dataclass(frozen=True, slots=True)
class Past:
    """An entry as it came in: its story, the day, and the tags of its feed."""

    entry: Entry
    story: StoryId
    day: date
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Caught:
    """The first entry of a story that a rule fires on."""

    story: StoryId
    day: date
    title: str
    outlet: str
    mentions: tuple[Mention, ...]


@dataclass(slots=True)
class Tally:
    """What one rule caught: each story once, as it was first caught."""

    stories: dict[StoryId, Caught] = field(default_factory=dict)
    entries: int = 0  # copies and developments too

    @property
    def days(self) -> Counter[date]:
        """Stories by the day on which they were first caught."""
        return Counter(caught.day for caught in self.stories.values())

    @property
    def outlets(self) -> Counter[str]:
        """Stories by the outlet that had them first."""
        return Counter(caught.outlet for caught in self.stories.values())

    @property
    def terms(self) -> Counter[str]:
        """Stories by each name or term that was mentioned."""
        return Counter(
            what for caught in self.stories.values() for what in {mention.what for mention in caught.mentions}
        )

    @property
    def surfaces(self) -> Counter[tuple[str, str]]:
        """Stories by each name or term and the words in which it was printed, in small letters."""
        return Counter(
            found
            for caught in self.stories.values()
            for found in {(mention.what, mention.surface.casefold()) for mention in caught.mentions}
        )


def backtest(rulebook: Rulebook, past: Iterable[Past]) -> dict[str, Tally]:
    """What each rule would have caught, by id; `past` in the order in which it came in."""
    found = {rule.id: Tally() for rule in rulebook.rules}
    passing = Passing()
    for one in past:
        outside = passing.outside(one.entry, one.story)
        for fired in match(rulebook, one.entry, tags=one.tags, outside=outside):
            tally = found[fired.rule]
            tally.entries += 1
            caught = Caught(one.story, one.day, one.entry.title, one.entry.outlet, fired.mentions)
            tally.stories.setdefault(one.story, caught)
    return found


def moved(
    before: Mapping[str, Tally], after: Mapping[str, Tally], *, was: Mapping[str, str]
) -> dict[str, tuple[list[Caught], list[Caught]]]:
    """For each rule, the stories gained and the stories lost, in the order of their days.

    `was` gives the id under which a rule stood before; a rule that is new gains all, one that is gone loses
    all.
    """
    former = {was.get(rule) or rule for rule in after}
    pairs = {rule: (before.get(was.get(rule) or rule, Tally()), tally) for rule, tally in after.items()}
    pairs |= {rule: (tally, Tally()) for rule, tally in before.items() if rule not in former}
    return {rule: (_missing(new, old), _missing(old, new)) for rule, (old, new) in pairs.items()}


def _missing(here: Tally, there: Tally) -> list[Caught]:
    return sorted(
        (caught for story, caught in here.stories.items() if story not in there.stories),
        key=lambda caught: (caught.day, caught.title),
    )
