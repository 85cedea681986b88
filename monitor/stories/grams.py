"""Words of a text for judging it: folded words, and runs of letters where no spaces part the words. Pure.

Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan set no spaces between words. A word of theirs is not
to be had without a dictionary, so short overlapping runs of letters stand for it, as Cavnar and Trenkle's
n-grams do (1994): two texts share them where they share words, and one word changed changes some on both
sides. The first and the last letter of a stretch make a run with its edge, so that an addition at the end
shows as well.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from monitor.text import folded_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_HAN = "\u3005-\u3007\u3040-\u3098\u309d-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BRAHMIC = (
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e81-\u0ece\u0edc-\u0edf"  # Lao
    "\u0f40-\u0fbc"  # Tibetan
    "\u1000-\u103f\u1050-\u108f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17d3"  # Khmer
)
_STRETCH = re.compile(f"(?P<han>[{_HAN}]+)|(?P<brahmic>[{_BRAHMIC}]+)")
_EDGE = "|"
_LONGEST = 2_000  # letters of a stretch that are read; a hostile one must cost nothing


def words_or_grams(text: str) -> tuple[str, ...]:
    """The folded words in order; of a stretch without spaces every two Han or kana, or three other letters.

    A ligature that folds to several words (U+FDFA is a sentence) gives each of them.
    """
    return tuple(part for word in _pieces(text) for part in word.split())


def _pieces(text: str) -> Iterator[str]:
    if text.isascii():
        yield from folded_words(text)
        return
    end = 0
    for stretch in _STRETCH.finditer(text):
        yield from folded_words(text[end : stretch.start()])
        yield from _grams(stretch.group()[:_LONGEST], 2 if stretch["han"] else 3)
        end = stretch.end()
    yield from folded_words(text[end:])


def _grams(stretch: str, size: int) -> Iterator[str]:
    """Every run of so many letters, those with the edges included."""
    letters = f"{_EDGE}{unicodedata.normalize('NFKC', stretch)}{_EDGE}"
    return (letters[at : at + size] for at in range(max(1, len(letters) - size + 1)))
