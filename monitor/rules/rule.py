"""A compiled rulebook: immutable values, ready to match with. Knows nothing of YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.rules.lexicon import Builder, Lexicon, Role
from monitor.text import language_code
from monitor.timetable import Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Entry, Severity
    from monitor.rules.condition import Condition
    from monitor.rules.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands in the rule files, 1-based."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Example:
    """An article and what its rule is to say of it: `expected` is "match", "ignore" or "later"."""

    expected: str
    entry: Entry
    tags: frozenset[str]
    position: Position


@dataclass(frozen=True, slots=True)
class Spelling:
    """One spelling of a name, a term or an `any:` as it was written, and the phrases it stands for."""

    owner: int
    role: Role
    proper: bool  # of a name: with endings and the capital rule
    text: str
    phrases: tuple[Phrase, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Rule:
    """A standing interest. `was` is the id it had before, or ""; empty filters let everything pass.

    `content` changes whenever what the rule fires on may have: its condition, filters, and the names in it.
    """

    id: str
    title: str
    severity: Severity
    send: tuple[str, ...]
    condition: Condition
    was: str
    sources: frozenset[str]
    not_sources: frozenset[str]
    lang: frozenset[str]
    examples: tuple[Example, ...]
    position: Position
    content: str = ""
    timing: Timing = Timing()  # noqa: RUF009 - a frozen value; when its alerts may go

    def admits(self, entry: Entry, tags: frozenset[str], *, sourced: bool = True) -> bool:
        """Whether the entry passes the rule's filters; an entry whose language is unknown passes `lang`.

        One of no known source (`sourced` is False) is asked about its language only.
        """
        origin = tags | {entry.feed, entry.outlet}
        if sourced and self.sources and not self.sources & origin:
            return False
        if sourced and self.not_sources & origin:
            return False
        return not self.lang or not entry.lang or language_code(entry.lang) in self.lang


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every rule in the order of the files, what is needed to find their names, and a hash of it all.

    `whats` is what each name is called in a mention; `triggers` the rules that an occurrence may fire.
    """

    rules: tuple[Rule, ...]
    hash: str
    lexicon: Lexicon = field(compare=False, repr=False)
    whats: tuple[str, ...] = field(repr=False)
    triggers: Mapping[int, tuple[int, ...]] = field(compare=False, repr=False)
    spellings: tuple[Spelling, ...] = field(default=(), compare=False, repr=False)


EMPTY = Rulebook(rules=(), hash="0" * 32, lexicon=Builder().lexicon(), whats=(), triggers={})
