"""How a word or phrase is spelt in a rule file: `peace (agreement|treaty)`, `sanction*`, `=Word`.

Takes the text of one scalar, returns every phrase it stands for; what cannot be read is a fault at its
place. There are no regular expressions for users: `(a+)+$` takes Python's `re` 53 s on 27 characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from monitor import text as plain

if TYPE_CHECKING:
    from monitor.errors import Fault
    from monitor.rules.document import Node

SHORTEST_HEAD = 3  # letters before a star: "s*" is a tenth of a dictionary
MOST_PHRASES = 1_000  # that one spelling may multiply out to

_PART = re.compile(
    rf"(?P<exact>=?)(?P<word>{plain.WORD.pattern})(?P<star>\*?)|(?P<sign>[()|])|(?P<stray>[*=$?,;~^\\\[\]{{}}])"
)
_STRAYS = {
    "*": "a star stands at the end of a word, with no space between",
    "=": 'write "=" directly before a word',
    "$": 'a name with "$" stands in "when:" only',
    "?": 'write the words out, or "word*" for any ending',
    ",": "write each phrase as an item of its own, and leave the comma out",
    ";": "write each phrase as an item of its own",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a phrase as typed: `any_ending` if a star followed, `exact` if "=" went before."""

    text: str
    any_ending: bool
    exact: bool


Phrase = tuple[Word, ...]


class _MisspeltError(Exception):
    def __init__(self, offset: int, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.offset, self.what, self.remedy = offset, what, remedy


def phrases(node: Node, faults: list[Fault]) -> tuple[Phrase, ...]:
    """Every phrase that the scalar stands for, alternatives multiplied out; () and a fault if it is wrong."""
    try:
        return _expanded(plain.clean(node.text))
    except _MisspeltError as wrong:
        faults.append(node.fault_at(wrong.offset, wrong.what, wrong.remedy))
        return ()


def _expanded(spelling: str) -> tuple[Phrase, ...]:
    columns = _columns(spelling)
    count = 1
    for column in columns:
        count *= len(column)
        if count > MOST_PHRASES:
            raise _MisspeltError(
                0, f'"{plain.cut(spelling, 40)}" stands for more than {MOST_PHRASES} phrases', "split it up"
            )
    if not columns:
        raise _MisspeltError(0, f'there is no word in "{spelling}"')
    return tuple(dict.fromkeys(sum(choice, ()) for choice in product(*columns)))


def _columns(spelling: str) -> list[list[Phrase]]:
    """The spelling from left to right: at each place, the phrases of which one stands there."""
    reading = _Spelling()
    for part in _PART.finditer(spelling):
        if part["word"]:
            reading.word(_word(part))
        elif part["sign"] == "(":
            reading.opens(part.start())
        elif part["sign"]:
            reading.closes(part)
        else:
            stray = part["stray"]
            raise _MisspeltError(part.start(), f'"{stray}" has no meaning here', _STRAYS.get(stray, ""))
    if reading.bracket is not None:
        raise _MisspeltError(reading.opened, "this bracket is never closed", 'add ")"')
    return reading.columns


class _Spelling:
    """The columns read so far, and the alternatives of the bracket that is open."""

    def __init__(self) -> None:
        self.columns: list[list[Phrase]] = []
        self.bracket: list[Phrase] | None = None
        self.opened = 0

    def word(self, word: Word) -> None:
        if self.bracket is None:
            self.columns.append([(word,)])
        else:
            self.bracket[-1] += (word,)

    def opens(self, offset: int) -> None:
        if self.bracket is not None:
            raise _MisspeltError(offset, "brackets inside brackets", "multiply them out")
        self.bracket, self.opened = [()], offset

    def closes(self, part: re.Match[str]) -> None:
        """An alternative, and at ")" the bracket with it."""
        if self.bracket is None:
            what = f'"{part["sign"]}" without a bracket before it'
            raise _MisspeltError(part.start(), what, 'write "(this|that)"')
        if not self.bracket[-1]:
            remedy = 'write "(this|that)", or two phrases'
            raise _MisspeltError(part.start(), "an alternative is empty", remedy)
        if part["sign"] == "|":
            self.bracket.append(())
        else:
            self.columns.append(self.bracket)
            self.bracket = None


def _word(part: re.Match[str]) -> Word:
    word, starred = part["word"], bool(part["star"])
    if len(word) > plain.LONGEST_WORD:
        raise _MisspeltError(part.start(), f"a word of over {plain.LONGEST_WORD} letters is never found")
    if starred and len(word) < SHORTEST_HEAD:
        raise _MisspeltError(
            part.start(),
            f'"{word}*" is too short for a wildcard',
            f"write at least {SHORTEST_HEAD} letters before the star",
        )
    return Word(word, any_ending=starred, exact=bool(part["exact"]))
