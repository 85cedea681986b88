"""Plain text as the house keeps it, the words in it, and the folded form in which words are compared.

A text is cleaned once, when it comes in; it is stored, matched and quoted in that form, and every offset
refers to it. A word is folded when it is compared, once per distinct word.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Soft hyphen, zero-width characters, bidirectional controls, invisible operators, byte order mark: none is
# seen by a reader, each can hide a word from a matcher or turn a headline round.
_INVISIBLE = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_DELETED = re.compile(f"[{_INVISIBLE}]")
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACE = re.compile("[^\\S\n]|[\x00-\x09\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")

APOSTROPHES = "'`´ʹʻʼʽʾʿˈ՚‘’‛′＇"
_ARMENIAN_MARKS = "՛՜՞"  # set inside a word, on its stressed vowel
_COMBINING = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u0900-\u0903\u093a-\u094f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a"
    "\ufe20-\ufe2f"
)
_CJK = "\u3005-\u3007\u3040-\u3098\u309d-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = f"[^\\W_{_CJK}]"
# The letters run in one step, not one by one: half as long again (benchmarks/rules.py, "words").
WORD = re.compile(
    f"{_LETTER}+(?:[{_COMBINING}{_ARMENIAN_MARKS}]{_LETTER}*|[{APOSTROPHES}]{_LETTER}+)*|[{_CJK}]"
)
_PARTS = re.compile(f"({WORD.pattern})")
LONGEST_WORD = (
    64  # letters; longer runs are data, not words (a hostile 60,000-letter "word" must cost nothing)
)

_TO_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
_DROPPED_MARKS = re.compile(f"[{_ARMENIAN_MARKS}\u0300\u0301\u0307]")  # stress marks; the dot of a folded İ
_AS_LATIN = str.maketrans({"ı": "i", "ø": "o", "đ": "d", "ł": "l", "ё": "е", "ß": "ss"})

# The two ways of writing Norwegian, and codes that were given up for others (IANA's registry of language
# subtags, "Preferred-Value"): who asks for one asks for the other.
_SAME_LANGUAGE = {
    "nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro",
}  # fmt: skip


def clean(text: str) -> str:
    """The text in NFC, without invisible characters, its white space reduced to U+0020 and line feeds.

    Lone surrogates, which UTF-8 cannot hold, become U+FFFD. clean(clean(t)) == clean(t).
    """
    if text.isascii() and text.isprintable():
        return text
    text = _SURROGATE.sub("\ufffd", text)
    text = _LINE_BREAK.sub("\n", _DELETED.sub("", text))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", text))


def cleaned(raw: str) -> tuple[str, Sequence[int]]:
    """clean(raw), and for each offset into it (the end included) the offset in `raw` of what stands there.

    For texts that others keep in their own form and mark in. What is cut off a letter's end goes with it.
    """
    text = clean(raw)
    if text == raw:
        return text, range(len(text) + 1)
    for cut in (_clusters(raw), [line.end() for line in re.finditer("[^\n]*\n?", raw)]):
        made: list[int] = []
        length = at = 0
        for end in cut:
            piece = clean(raw[at:end])
            made += [at if number == 0 else end for number in range(len(piece))]
            length, at = length + len(piece), end
        if length == len(text):
            break
    made = (made + [len(raw)] * len(text))[: len(text)]
    return text, [*made, len(raw)]


def _clusters(raw: str) -> list[int]:
    """The end of each letter with its marks and of what is not seen after it."""
    ends = [
        at
        for at in range(1, len(raw))
        if not (
            unicodedata.combining(raw[at])
            or _DELETED.match(raw, at)
            or raw[at - 1 : at + 1] == "\r\n"
            or "\u1161" <= raw[at] <= "\u11c2"
        )
    ]
    return [*ends, len(raw)]


def one_line(text: str) -> str:
    """The cleaned text on one line, with single spaces: for titles, names and links."""
    return " ".join(clean(text).split())


def words(text: str) -> Iterator[re.Match[str]]:
    """The words of a text, in order, each with its offsets; runs of over 64 letters are passed over.

    A word is a run of letters and digits with apostrophes, Armenian or combining marks inside it; hyphens,
    dashes, full stops and underscores separate; each Han or kana character is a word of its own.
    """
    return (found for found in WORD.finditer(text) if found.end() - found.start() <= LONGEST_WORD)


def parts(text: str) -> list[str]:
    """The text cut at its words: gap, word, gap, word, ..., gap; joined they are the text."""
    return _PARTS.split(text)


@lru_cache(maxsize=1 << 13)  # as large as pays: docs/decisions/0096
def fold(word: str) -> str:
    """The word as it is compared: case, accents, kinds of apostrophe and stress marks off.

    ə stays ə: folding it would merge the dative Əliyevə with Əliyeva, another person. й, ї and ў stay
    themselves. İ, I, ı and i are one letter; so are Armenian եւ, և and եվ. fold(fold(w)) == fold(w).
    """
    straight = word.replace("’", "'")  # all that is beyond ASCII in most English words that are
    if straight.isascii():
        return straight.lower().replace("`", "'")
    # Apostrophes first: NFKC makes of U+00B4 a space with an accent on it.
    word = unicodedata.normalize("NFKC", word.translate(_TO_APOSTROPHE)).casefold().translate(_TO_APOSTROPHE)
    word = unicodedata.normalize("NFKC", "".join(_base(letter) for letter in _DROPPED_MARKS.sub("", word)))
    return word.translate(_AS_LATIN).replace("եւ", "եվ")


def _base(letter: str) -> str:
    """The ASCII letter under an accented one; any other letter without stress marks."""
    parts = unicodedata.normalize("NFD", letter)
    if parts[0].isascii() and parts[0].isalpha():
        return parts[0]
    return _DROPPED_MARKS.sub("", parts)


def folded_words(text: str) -> tuple[str, ...]:
    """Every word of the text, folded, in order."""
    return tuple([fold(word) for word in WORD.findall(text) if len(word) <= LONGEST_WORD])


def language_code(tag: str) -> str:
    """The language of a tag, without its region, and by one code where it has several ("nb-NO": "no")."""
    code = tag.strip().lower().partition("-")[0]
    return _SAME_LANGUAGE.get(code, code)


def cut(text: str, longest: int) -> str:
    """The text in at most `longest` characters, cut at a word where that costs under half, with “…”."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    space = head.rfind(" ")
    return (head[:space] if space > longest // 2 else head).rstrip() + "…"
