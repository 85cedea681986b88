"""The numbers, dates and weekdays of a text, written one way whatever the language: "two" is "2".

Pure; the words come from words.py. A number is a decimal without grouping, a magnitude folded in
("$1.8 bn" and "1,8 млрд" are "1800000000"); a weekday is d0 to d6, a month m1 to m12.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from functools import lru_cache

from monitor.stories.words import LANGUAGES
from monitor.text import APOSTROPHES, fold

_PIECE = re.compile(
    r"(?P<number>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
    r"(?:-(?=[^\W\d_]))?"  # 9-month is a 9 and a month
    rf"|(?P<word>[^\W\d_](?:[^\W\d_]|[\u0300-\u036f՛՜՞]|[{APOSTROPHES}](?=[^\W\d_]))*)"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:([,.])\d{3})(?:\1\d{3})*$")
_GROUPING = re.compile("[ \u00a0\u202f]")
_LATIN_TURKIC = re.compile(r"[əğışİƏĞŞ]|\b(?:üçün|için|[Mm]ilyon|[Mm]ilyard?|[Tt]rilyon)")
_SCRIPTS = (
    ("ru", re.compile("[а-яёА-ЯЁ]")),
    ("hy", re.compile("[ա-ևԱ-Ֆ]")),
    ("ka", re.compile("[ა-ჰ]")),
    ("en", re.compile("[a-zA-Z]")),
)
_LARGEST = 10**18
_TEN = 10
_TENS = frozenset(map(Decimal, range(_TEN, 100, _TEN)))
_LONGEST = 24  # digits; longer runs are data, and hostile ones must cost nothing
_AMBIGUOUS_MONTHS = frozenset({"may", "march", "mart", "sep", "mar", "мая", "мае", "май", "ocak", "ekim"})


def languages(text: str, lang: str | None) -> tuple[str, ...]:
    """The languages whose words may stand in the text: by its letters, and by what the feed says it is.

    Feeds are often wrong about their language, so what they say only adds; "on" is ten only where Turkish or
    Azerbaijani is declared, or shows in a letter.
    """
    found = [name for name, letters in _SCRIPTS if letters.search(text)]
    declared = (lang or "")[:2].lower()
    if declared in ("az", "tr"):
        found.append(declared)
    elif declared != "en" and _LATIN_TURKIC.search(text):
        found += ["az", "tr"]
    return tuple(found)


def numbers(text: str, tongues: tuple[str, ...], *, counted: bool = False) -> frozenset[str]:
    """Every number, month and weekday that the text names, in one spelling.

    Counted, the second 5 is "5#2", the third "5#3".
    """
    times = Counter(_Reading(text, _lexicon(tongues)).found)
    if not counted:
        return frozenset(times)
    return frozenset(
        number if time == 1 else f"{number}#{time}"
        for number, last in times.items()
        for time in range(1, last + 1)
    )


class _Reading:
    """A text read piece by piece; a number waits until it is known to be whole ("1.8", then "billion")."""

    __slots__ = ("_joined", "_text", "_waiting", "found")

    def __init__(self, text: str, lexicon: dict[str, str]) -> None:
        self.found: list[str] = []
        self._text = text
        self._waiting: Decimal | None = None
        self._joined = False  # what waits is a figure, and nothing stood after it
        for piece in _PIECE.finditer(text):
            if piece.lastgroup == "number":
                self._wait(_value(piece["number"]))
                self._joined = True
                continue
            word = fold(piece["word"])
            meaning = lexicon.get(word)
            if meaning is not None:
                self._word(piece, word, meaning)
            else:
                self._finish()
            self._joined = False
        self._finish()

    def _word(self, piece: re.Match[str], word: str, meaning: str) -> None:
        """One that means something."""
        if meaning.startswith("e") and (len(word) > 1 or self._joined):
            self._magnify(int(meaning[1:]))
        elif meaning.startswith("u"):
            self._count(Decimal(meaning[1:]))
        else:
            beside = self._waiting is not None or self._text[piece.end() :][:4].strip()[:1].isdigit()
            self._finish()
            if meaning[:1] == "d" or (meaning[:1] == "m" and (beside or word not in _AMBIGUOUS_MONTHS)):
                self.found.append(meaning)

    def _magnify(self, power: int) -> None:
        """A thousand or more of what waits, or one of it; a "million million million" has its limit."""
        amount = Decimal(1) if self._waiting is None else self._waiting
        if amount > _LARGEST:
            self._wait(Decimal(1))
        else:
            self._waiting = amount.scaleb(power)

    def _count(self, amount: Decimal) -> None:
        """A number-word: it goes on a ten ("twenty-five", "on iki"), or begins a new number."""
        tens = self._waiting
        if tens is None or self._joined or tens not in _TENS or not 0 < amount < _TEN:
            self._wait(amount)
        else:
            self._waiting = tens + amount

    def _wait(self, amount: Decimal) -> None:
        self._finish()
        self._waiting = amount

    def _finish(self) -> None:
        if self._waiting is not None:
            self.found.append(_plain(self._waiting))
            self._waiting = None


def _value(figure: str) -> Decimal:
    """The figure without grouping; a last comma before other than three digits is a decimal point."""
    figure = _GROUPING.sub("", figure)[:_LONGEST]
    if _THOUSANDS.match(figure) and not figure.startswith("0"):
        return Decimal(re.sub(r"\D", "", figure))
    parts = re.split(r"\D", figure)
    if len(parts) == 1:
        return Decimal(figure)
    return Decimal(f"{''.join(parts[:-1])}.{parts[-1] or 0}")


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


@lru_cache(maxsize=64)
def _lexicon(tongues: tuple[str, ...]) -> dict[str, str]:
    """What each word means: u7 a seven, e6 a power of ten, d0 a weekday, m3 a month."""
    meanings: dict[str, str] = {}
    for language in (LANGUAGES[tongue] for tongue in tongues):
        for place, forms in enumerate(language.weekdays):
            meanings |= dict.fromkeys(_forms(forms), f"d{place}")
        for place, forms in enumerate(language.months, start=1):
            meanings |= dict.fromkeys(_forms(forms), f"m{place}")
        meanings |= {fold(word): f"e{power}" for word, power in language.magnitudes.items()}
        meanings |= {fold(word): f"u{value}" for word, value in language.units.items()}
    return meanings


def _forms(forms: str) -> list[str]:
    return [fold(form) for form in forms.split()]
