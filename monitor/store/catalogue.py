"""What search knows of a text, and by which number a link finds its entries.

The triggers of the schema call these as `searchable` and `page_of`; whoever writes entries has them
(store.connection). What stands in the catalogue was made by them: one that answers differently calls for a
migration that makes the catalogue anew.
"""

from __future__ import annotations

import re
from itertools import pairwise

from monitor.model import identity
from monitor.urls import canonical

# What is written without spaces between words (or, in Korean, with endings on them), and the marks on its
# letters: blocks of Unicode 15.0 less their digits and punctuation.
_ALONE = (
    "\u3005-\u3007\u3040-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"  # Han, kana
    "\uac00-\ud7a3"  # Hangul
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd\u0ec0-\u0ec6\u0edc-\u0edf"  # Lao
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081"  # Myanmar
    "\u1780-\u17b3\u17d7"  # Khmer
)
_MARKS = (
    "\u3099\u309a\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d"
    "\u17b4-\u17d3\u17dd"
)
RUN = re.compile(f"[{_ALONE}{_MARKS}]+")
_UNIT = re.compile(f"[{_ALONE}]?[{_MARKS}]+|[{_ALONE}]")
# Set inside words and left out as often: Armenian signs of stress and question, Hebrew points, Arabic vowels.
_DROPPED = re.compile(
    "[\u055b-\u055e\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]"
)
# One letter to text.fold and two to SQLite's tokenizer.
_SAME = str.maketrans({"ё": "е", "Ё": "Е", "ı": "i", "İ": "I", "և": "եվ"})
_EV = re.compile("[եԵ][ւՒ]")


def searchable(text: str) -> str:
    """The text as search keeps it: runs of scripts without spaces as letters with their marks, and pairs.

    "東京都" becomes "東 東京 京 京都 都": letters in a row are found as pairs, one by itself.
    """
    if text.isascii():
        return text
    return RUN.sub(_in_pairs, _plain(text))


def asked(words: str) -> str:
    """Words of a query as they stand side by side in searchable texts.

    A run may begin and end within another: what begins a pair stands before it by itself, and what ends it
    behind.
    """
    return " ".join(searchable(words).split())


def page_of(link: str) -> int | None:
    """The number of the page that a link leads to (urls.canonical); None for a home page and for no link."""
    page = canonical(link)
    return identity("page", page) if page.partition("://")[2].partition("/")[2] else None


def _plain(text: str) -> str:
    return _EV.sub("եվ", _DROPPED.sub("", text).translate(_SAME))


def _in_pairs(run: re.Match[str]) -> str:
    units = _units(run)
    pairs = "".join(f"{one}{other} {other} " for one, other in pairwise(units))
    return f" {units[0]} {pairs}"


def _units(run: re.Match[str]) -> list[str]:
    return _UNIT.findall(run.group())
