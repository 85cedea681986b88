"""Lines that are an outlet's and not an article's: they stand in story after story, or are other headlines.

Takes what a feed showed of late, returns the lines of an entry that do not count, each with its reason. No
language is asked for. What an entry begins with always counts: its headline, all up to its first sentence.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.rules.zones import bare, beyond_the_lead

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.model import Entry, StoryId

# | threshold | the case that set it |
# |---|---|
# | 3 stories | three entries that are copies are one story; two stories may share a sentence |
# | a third | "Country: Azerbaijan" in some of an office's notices says what they are about |
# | 4 words | "Ilham Aliyev" is a headline somewhere |
STORIES = 3
SHARE = 3  # of the feed's last stories, one in so many
SHORTEST_HEADLINE = 4  # words
LATEST = 30  # entries of a feed that are looked at
AGE = timedelta(days=14)  # and none that is older
TAIL = 10_000  # characters at the end of each: where boilerplate stands

HEADLINE = "repeated line: the headline of another story"


@dataclass(frozen=True, slots=True)
class Stood:
    """An entry that the feed showed of late: its story and the end of its text."""

    story: StoryId
    text: str


@dataclass(frozen=True, slots=True)
class Recurring:
    """Of some lines: the stories of the feed in which each stood of late, and those it is the headline of."""

    lines: Mapping[str, frozenset[StoryId]] = field(default_factory=dict)
    headlines: Mapping[str, frozenset[StoryId]] = field(default_factory=dict)
    stories: frozenset[StoryId] = frozenset()

    def outside(self, story: StoryId) -> dict[str, str]:
        """The lines that do not count in an entry of this story, as `bare` gives them, and why."""
        total = len(self.stories - {story})
        found: dict[str, str] = {}
        for line, stories in self.lines.items():
            others = len(stories - {story})
            if others >= STORIES and others * SHARE >= total:
                found[line] = f"repeated line: in {others} of the feed's last {total} stories"
        return found | {line: HEADLINE for line, stories in self.headlines.items() if stories - {story}}


NOTHING_RECURRING = Recurring()


def wanted(entries: Iterable[Entry]) -> frozenset[str]:
    """The lines of these entries that may turn out to be no part of them, as `bare` gives them."""
    return frozenset(
        line
        for entry in entries
        for text in (entry.summary, entry.body, entry.text)
        for _, _, line in beyond_the_lead(text)
    )


def recurring(
    lines: frozenset[str], *, of_late: Iterable[Stood], headlines: Iterable[tuple[str, StoryId]]
) -> Recurring:
    """What is known of these lines, given what the feed showed of late and headlines with their stories."""
    stood: dict[str, set[StoryId]] = defaultdict(set)
    stories: set[StoryId] = set()
    for one in of_late:
        stories.add(one.story)
        for line in lines & {bare(line) for line in one.text.split("\n")}:
            stood[line].add(one.story)
    heads: dict[str, set[StoryId]] = defaultdict(set)
    for title, story in headlines:
        if title in lines and len(title.split()) >= SHORTEST_HEADLINE:
            heads[title].add(story)
    return Recurring(_frozen(stood), _frozen(heads), frozenset(stories))


def _frozen(found: Mapping[str, set[StoryId]]) -> dict[str, frozenset[StoryId]]:
    return {line: frozenset(stories) for line, stories in found.items()}


class Passing:
    """The same for a past that goes by entry by entry, its oldest first: for backtests."""

    def __init__(self) -> None:
        self._of_late: dict[str, deque[tuple[StoryId, frozenset[int]]]] = defaultdict(
            lambda: deque(maxlen=LATEST)
        )
        self._headlines: dict[str, deque[tuple[StoryId, int]]] = defaultdict(
            lambda: deque(maxlen=10 * LATEST)
        )
        self._count: dict[str, Counter[int]] = defaultdict(Counter)

    def outside(self, entry: Entry, story: StoryId) -> dict[str, str]:
        """The lines that do not count in this entry, given those before it, which it now joins."""
        lines = wanted([entry])
        found = self._known(entry, lines).outside(story) if lines else {}
        self._join(entry, story)
        return found

    def _known(self, entry: Entry, lines: frozenset[str]) -> Recurring:
        of_late, heads = self._of_late[entry.feed], self._headlines[entry.outlet]
        headed = {line for line in lines if self._count[entry.outlet][hash(line)]}
        return Recurring(
            {line: frozenset(story for story, stood in of_late if hash(line) in stood) for line in lines},
            {
                line: frozenset(story for story, title in heads if title == hash(line))
                for line in headed
                if len(line.split()) >= SHORTEST_HEADLINE
            },
            frozenset(story for story, _ in of_late),
        )

    def _join(self, entry: Entry, story: StoryId) -> None:
        text = f"{entry.summary}\n{entry.body}\n{entry.text}"[-TAIL:]
        self._of_late[entry.feed].append((story, frozenset(hash(bare(line)) for line in text.split("\n"))))
        heads, count = self._headlines[entry.outlet], self._count[entry.outlet]
        if len(heads) == heads.maxlen:
            count[heads[0][1]] -= 1
        heads.append((story, hash(entry.title)))
        count[hash(entry.title)] += 1
