"""The numbers, dates and weekdays of a text, written one way whatever the language: "two" is "2".

Pure; the words come from words.py. A number is a decimal without grouping, a magnitude folded in
("$1.8 bn" and "1,8 млрд" are "1800000000"); a weekday is d0 to d6, a month m1 to m12.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.stories.words import LANGUAGES
from monitor.text import APOSTROPHES, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = re.compile(
    r"(?P<number>\d+(?:[.,  \u202f]\d+)*)(?:-(?=[^\W\d_]))?"  # 9-month is a 9 and a month
    rf"|(?P<word>[^\W\d_](?:[^\W\d_]|[\u0300-\u036f՛՜՞]|[{APOSTROPHES}](?=[^\W\d_]))*)"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:([,.  \u202f])\d{3})(?:\1\d{3})*$")
_LATIN_TURKIC = re.compile("[əğışİƏĞŞ]")
_SCRIPTS = (
    ("ru", re.compile("[а-яёА-ЯЁ]")),
    ("hy", re.compile("[ա-ևԱ-Ֆ]")),
    ("ka", re.compile("[ა-ჰ]")),
    ("en", re.compile("[a-zA-Z]")),
)
_LONGEST = 24  # digits; longer runs are data, and hostile ones must cost nothing
_AMBIGUOUS_MONTHS = frozenset({"may", "march", "mart", "sep", "mar", "мая", "мае", "май", "ocak", "ekim"})


def languages(text: str, lang: str | None) -> tuple[str, ...]:
    """The languages whose words may stand in the text: by its letters, and by what the feed says it is.

    Feeds are often wrong about their language, so what they say only adds; "on" is ten only where Turkish or
    Azerbaijani is declared, or shows in a letter.
    """
    found = [name for name, letters in _SCRIPTS if letters.search(text)]
    declared = (lang or "")[:2].lower()
    if declared in ("az", "tr") and declared not in found:
        found.append(declared)
    elif declared != "en" and _LATIN_TURKIC.search(text):
        found += ["az", "tr"]
    return tuple(found)


def numbers(text: str, tongues: tuple[str, ...], *, counted: bool = False) -> frozenset[str]:
    """Every number, month and weekday that the text names, in one spelling.

    Counted, the second 5 is "5#2", the third "5#3".
    """
    times = Counter(_numbers(text, _lexicon(tongues)))
    if not counted:
        return frozenset(times)
    return frozenset(
        number if time == 1 else f"{number}#{time}"
        for number, last in times.items()
        for time in range(1, last + 1)
    )


def _numbers(text: str, lexicon: dict[str, str]) -> Iterator[str]:
    pending: Decimal | None = None
    joined = False  # nothing stands between the pending number and what follows
    for found in _PIECE.finditer(text):
        if found["number"]:
            if pending is not None:
                yield _plain(pending)
            pending, joined = _value(found["number"]), True
            continue
        word = fold(found["word"])
        meaning = lexicon.get(word, "")
        if meaning.startswith("e") and (len(word) > 1 or joined):
            pending = (Decimal(1) if pending is None else pending).scaleb(int(meaning[1:]))
        elif meaning[:1] in ("u", "t"):
            amount = Decimal(meaning[1:])
            if meaning[0] == "u" and pending is not None and _takes_units(pending, amount, joined=joined):
                amount += pending
            elif pending is not None:
                yield _plain(pending)
            pending = amount
        else:
            beside = pending is not None or text[found.end() : found.end() + 4].strip()[:1].isdigit()
            if pending is not None:
                yield _plain(pending)
            pending = None
            if meaning.startswith("d") or (meaning and (beside or word not in _AMBIGUOUS_MONTHS)):
                yield meaning
        joined = False
    if pending is not None:
        yield _plain(pending)


def _takes_units(tens: Decimal, units: Decimal, *, joined: bool) -> bool:
    """Whether two number-words are one number ("twenty-five"); a figure takes none."""
    return not joined and 10 <= tens < 100 and tens % 10 == 0 and 0 < units < 10


def _value(figure: str) -> Decimal:
    """The figure without grouping; a last comma before other than three digits is a decimal point."""
    figure = figure[:_LONGEST]
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
    """What each word means: u7 a unit, t20 a ten, e6 a power of ten, d0 a weekday, m3 a month."""
    meanings: dict[str, str] = {}
    for language in (LANGUAGES[tongue] for tongue in tongues):
        for place, forms in enumerate(language.weekdays):
            meanings |= dict.fromkeys(_forms(forms), f"d{place}")
        for place, forms in enumerate(language.months, start=1):
            meanings |= dict.fromkeys(_forms(forms), f"m{place}")
        meanings |= {fold(word): f"e{power}" for word, power in language.magnitudes.items()}
        meanings |= {
            fold(word): f"{'t' if value >= 10 and value % 10 == 0 else 'u'}{value}" for word, value in language.units.items()
        }
    return meanings


def _forms(forms: str) -> list[str]:
    return [fold(form) for form in forms.split()]
