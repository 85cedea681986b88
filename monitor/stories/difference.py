"""Where two texts differ, word by word, for people who read them side by side."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from monitor.text import fold, parts

MOST = 400  # words of each text that are compared: the matcher's time grows with their product


@dataclass(frozen=True, slots=True)
class Run:
    """Some words in a row, with the gaps round them: whether the other text has them too."""

    text: str
    shared: bool


def differences(text: str, other: str) -> tuple[Run, ...]:
    """`text` in runs that stand in `other` too, in this order, or do not; joined they are the text.

    Words are compared folded, so that case, accents and punctuation make no difference. What is beyond MOST
    words is not compared, and said to be shared.
    """
    pieces = parts(text)
    words, others = (
        [fold(word) for word in pieces[1::2][:MOST]],
        [fold(word) for word in parts(other)[1::2][:MOST]],
    )
    alike = [False] * len(words)
    for block in SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks():
        alike[block.a : block.a + block.size] = [True] * block.size
    alike += [True] * (len(pieces) // 2 - len(alike))
    return tuple(_runs(pieces, alike))


def _runs(pieces: list[str], alike: list[bool]) -> list[Run]:
    """Gaps go with the words after them where both sides are alike in kind, else they are shared."""
    runs: list[Run] = []
    before = True
    for number, shared in enumerate(alike):
        gap, word = pieces[2 * number], pieces[2 * number + 1]
        if before == shared and runs:
            runs[-1] = Run(runs[-1].text + gap + word, shared)
        else:
            if gap:
                runs.append(Run(gap, shared=True))
            runs.append(Run(word, shared))
        before = shared
    if pieces[-1]:
        runs.append(Run(pieces[-1], shared=True))
    return runs
