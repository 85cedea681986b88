"""One word written in several ways: endings, misprints, abbreviations, set phrases. Pure.

Whatever is forgiven here can no longer tell two stories apart. So a variant counts only where a title has a
word left over for which the other has that variant left over too; and names are given little room: one letter
makes another country of Iran.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.stories.words import DAYS, KEYBOARDS, LIGHT, MODALS, NUMBER_WORDS, PHRASES, SAME, STOPS

if TYPE_CHECKING:
    from collections.abc import Sequence

Title = tuple[str, ...]

_VOWELS = frozenset("aeiouyаеиоуыэюяіїєə")
_ONE_SOUND = ({"i", "y"}, {"s", "z"})
_SHORTEST_STEM = 4
_SHORTEST_MISSPELT = 5  # letters; of shorter names one letter makes another (Iran, Iraq; Mali, Malta)
_SHORTEST_SLIP = 6  # letters of a word in which one key may have been missed ("Botcoin")
_LONG = 8  # letters; a word may lack any one of them inside ("Annouces")
_SHORTEST_ROOT = 6  # letters; "transport" in "transportation", but not "Niger" in "Nigeria"
# Endings that make a noun or an adjective of a word and leave what it speaks of; those that make a person of
# it (prison, prisoner) are not among them.
_DERIVED = frozenset(("ation", "ion", "ment", "al", "ial", "ic", "ical", "ance", "ence"))
_EMPTY = STOPS | LIGHT | NUMBER_WORDS | MODALS.keys() | DAYS
_FIRST_OF_PHRASES = frozenset(first for first, _ in PHRASES)
_INITIALS = range(2, 6)  # letters of an abbreviation
_SLAVIC = re.compile("sk(?:iy|yy|ij|ii|i)$")


# ---- words ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 10)
def content_words(title: Title) -> tuple[str, ...]:
    """The stems of the words that carry news, each once, in order."""
    return tuple(dict.fromkeys(filter(None, map(_stem_of_news, title))))


@lru_cache(maxsize=1 << 14)  # most words of the news: each is asked for with every title that has it
def _stem_of_news(word: str) -> str:
    """The word's stem; "" where it carries no news by itself."""
    return stem(word) if carries_news(word) else ""


@lru_cache(maxsize=1 << 12)
def carries_news(word: str) -> bool:
    """Whether the word carries news by itself; numbers and dates have a guard of their own."""
    return not (word[0].isdigit() or word in _EMPTY)


@lru_cache(maxsize=1 << 12)
def stem(word: str) -> str:
    """The word without the endings that English headlines change freely; other languages keep theirs."""
    word = SAME.get(word, word)
    if not word.isascii():
        return word
    found = _without_ending(word)
    return _SAME_STEMS.get(found, found)


def _without_ending(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) == _SHORTEST_STEM - 1 and word.endswith("s") and not _VOWELS & set(word):
        return word[:-1]  # MPs
    for ending, instead in (("ies", "y"), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if (
            word.endswith(ending)
            and len(word) - len(ending) >= _SHORTEST_STEM - 1
            and not word.endswith("ss")
        ):
            word = word.removesuffix(ending) + instead
            break
    if re.search("(ia|ea|ya)n$", word):
        word = word[:-1]
    if re.search(r"([bdgklmnprt])\1$", word):
        word = word[:-1]
    if len(word) >= _SHORTEST_STEM:
        word = word.removesuffix("e")
    if len(word) >= _LONG and word.endswith("is"):  # radicalised, radicalized
        word = word[:-1] + "z"
    return _SLAVIC.sub("sky", word)


_SAME_STEMS = {
    _without_ending(other): _without_ending(first) for other, first in SAME.items() if other.isascii()
}
_GROUPS = {
    first: tuple(other for other, of in _SAME_STEMS.items() if of == first)
    for first in set(_SAME_STEMS.values())
}
_GROUP_INITIALS = {first: frozenset(other[0] for other in others) for first, others in _GROUPS.items()}


# ---- variants of a word -----------------------------------------------------------------------------------


def respelt(word: str, among: Sequence[str]) -> str | None:
    """The first of the other title's stems that is the same word, spelt otherwise."""
    for other in among:
        if word[0] == other[0] and variants(word, other):
            return other
    for other in among:
        if (word[0] in _GROUP_INITIALS.get(other, "") and _of_group(word, other)) or (
            word in _GROUPS and other[0] in _GROUP_INITIALS[word] and _of_group(other, word)
        ):
            return other
    return None


@lru_cache(maxsize=1 << 11)
def _of_group(word: str, first: str) -> bool:
    """Whether the word is a misprint of one that means the same as `first` ("Annouces")."""
    return any(
        word[0] == other[0] and (misspelt(word, other) or _lacks_a_letter(word, other))
        for other in _GROUPS[first]
    )


def _lacks_a_letter(word: str, whole: str) -> bool:
    return len(word) >= _SHORTEST_SLIP and any(
        word == whole[:at] + whole[at + 1 :] for at in range(1, len(whole))
    )


@lru_cache(maxsize=1 << 11)
def variants(one: str, other: str) -> bool:
    """Whether both are one word: misspelt, or one derived from the other."""
    return misspelt(one, other) or _derived(*sorted((one, other), key=len))


def _derived(root: str, word: str) -> bool:
    return len(root) >= _SHORTEST_ROOT and word.startswith(root) and word[len(root) :] in _DERIVED


@lru_cache(maxsize=1 << 11)
def misspelt(one: str, other: str) -> bool:
    """Whether both are one word spelt in two ways: ou / o, i / y, s / z, a letter doubled or swapped."""
    if min(len(one), len(other)) < _SHORTEST_MISSPELT or one[0] != other[0] or one[-1] != other[-1]:
        return False
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) != len(other):
        extra = other[at]
        slight = extra in _VOWELS or extra in other[at - 1 : at + 2 : 2] or len(other) >= _LONG
        return one[at:] == other[at + 1 :] and slight
    if one[at + 1 :] == other[at + 1 :]:
        return {one[at : at + 1], other[at : at + 1]} in _ONE_SOUND or _slipped(one, other, at)
    swapped = other[:at] + other[at : at + 2][::-1] + other[at + 2 :]
    return one == swapped or _moved(one, other)


def _slipped(one: str, other: str, at: int) -> bool:
    """Whether the letters at this place are neighbours on a keyboard."""
    return len(one) >= _SHORTEST_SLIP and one[at : at + 1] in KEYBOARDS.get(other[at : at + 1], "")


def _moved(one: str, other: str) -> bool:
    """Whether one letter of a long word stands two places off ("Wearhouse", "Warehouse")."""
    if len(one) < _LONG:
        return False
    at = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    here, there = one[at : at + 3], other[at : at + 3]
    return one[at + 3 :] == other[at + 3 :] and there in (here[1:] + here[0], here[2] + here[:2])


# ---- several words for one --------------------------------------------------------------------------------


def reworded(title: Title, other: Title) -> Title:
    """The title in the other's way of writing: two words as one, initials for a name."""
    return _abbreviated(_joined(title, other), other)


@lru_cache(maxsize=1 << 10)
def plain(title: Title) -> Title:
    """The title with each set phrase in one word ("more than" is "over")."""
    if _FIRST_OF_PHRASES.isdisjoint(title):
        return title
    at = next((place for place, pair in enumerate(pairwise(title)) if pair in PHRASES), None)
    if at is None:
        return title
    return (*title[:at], *PHRASES[title[at], title[at + 1]], *plain(title[at + 2 :]))


def _joined(title: Title, other: Title) -> Title:
    """The title with each two words that the other writes as one ("Mt Gox", "MtGox") written so."""
    known = set(other)
    at = next(
        (
            place
            for place, (one, two) in enumerate(pairwise(title))
            if one + two in known and not known >= {one, two}
        ),
        None,
    )
    if at is None:
        return title
    return (*title[:at], title[at] + title[at + 1], *_joined(title[at + 2 :], other))


def _abbreviated(title: Title, other: Title) -> Title:
    """The title with a name in the initials that the other gives it ("Hong Kong", "HK").

    None of the name's words stands in the other, nor its initials in the title.
    """
    initials = "".join(word[0] for word in title)
    for short in other:
        if len(short) not in _INITIALS or (at := initials.find(short)) < 0 or not carries_news(short):
            continue
        name = title[at : at + len(short)]
        if short not in title and not set(name) & set(other):
            return (*title[:at], short, *title[at + len(short) :])
    return title
