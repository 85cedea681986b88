"""Why two texts that look alike are different news all the same. Pure; the words come from words.py.

Each guard answers with a short reason for people, or with "" if it has nothing against a copy. A guard that
is wrong costs a repeat; a guard that is missing costs an alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.stories.fingerprint import known_numbers, title_numbers, told_numbers
from monitor.stories.order import roles_differ
from monitor.stories.spelling import carries_news, content_words, plain, respelt, reworded, stem
from monitor.stories.words import (
    ADVERBS,
    DENIALS,
    EVENTS,
    FIRMS,
    MODALS,
    NAMED,
    NEGATIONS,
    NUMBER_WORDS,
    ONE,
    OPPOSITES,
    QUALIFIERS,
    RECURRING,
    SOME,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Fingerprint

Title = tuple[str, ...]

_SMALL = 3  # words; a longer insertion is a sentence added, and additions alone are no development
_RESPELT = 3  # words of a title that may be written otherwise in the other
_MOST_RESPELT = 4  # words left over on the side that has fewer; with more of them titles are two
_WORTH_JOINING = 2  # words that both titles share
_SINGLE = frozenset({"1", "one", "first", "a", "an"})
_LONGEST_RECURRING = max(map(len, RECURRING))
_OWN = 4  # words beside "Press review:"; with as many a title names its news and no longer returns as it is
_FAR_FROM_ITS_NOUN = 2  # words: "four" in "four young workers"


@dataclass(frozen=True, slots=True)
class Difference:
    """Two titles word by word: what both say, in the order of each, and what only one says."""

    shared: tuple[str, ...]
    shared_in_old: tuple[str, ...]
    new_only: tuple[str, ...]
    old_only: tuple[str, ...]

    @property
    def likeness(self) -> float:
        """The part of all words that both share, 0 to 1."""
        both = 2 * len(self.shared)
        return both / ((both + len(self.new_only) + len(self.old_only)) or 1)


@lru_cache(maxsize=1 << 9)  # each pair is asked for in a row
def difference(new: Title, old: Title) -> Difference:
    """How the titles differ, stop words, endings and plain misspellings aside."""
    new, old = plain(new), plain(old)
    ours, theirs = content_words(new), content_words(old)
    common = set(ours) & set(theirs)
    if len(common) < min(len(ours), len(theirs)) and len(common) >= _WORTH_JOINING:
        ours, theirs = content_words(reworded(new, old)), content_words(reworded(old, new))
        common = set(ours) & set(theirs)
    here = tuple(word for word in ours if word not in common)
    there = tuple(word for word in theirs if word not in common)
    few = min(len(here), len(there)) <= _MOST_RESPELT
    spelt = {word: other for word in here if (other := respelt(word, there))} if few else {}
    found = common.union(spelt.values())
    shared = (spelt.get(word, word) for word in ours if word in common or word in spelt)
    return Difference(
        shared=tuple(dict.fromkeys(shared)),
        shared_in_old=tuple(word for word in theirs if word in found),
        new_only=tuple(word for word in here if word not in spelt),
        old_only=tuple(word for word in there if word not in found),
    )


def may_be_alike(new: Title, old: Title, *, least: float) -> bool:
    """A cheap test before difference(new, old): whether it may find likeness enough, or nothing left over.

    One word may be spelt in two ways, or, where the shorter title may be part of the other, a few.
    """
    ours, theirs = _content_set(new), _content_set(old)
    common = len(ours & theirs)
    return 2 * (common + 1) >= least * (len(ours) + len(theirs)) or (
        common + _RESPELT >= min(len(ours), len(theirs))
    )


@lru_cache(maxsize=1 << 10)
def _content_set(title: Title) -> frozenset[str]:
    return frozenset(content_words(plain(title)))


@lru_cache(maxsize=1 << 9)
def recurring(title: Title) -> bool:
    """Whether the title is that of a live page or daily digest: equal words tomorrow are other news.

    The known words open or close it (a single one, "live", closes it), and little else is said beside them.
    """
    for size in range(1, min(_LONGEST_RECURRING, len(title)) + 1):
        if title[-size:] in RECURRING and len(content_words(title[:-size])) < _OWN:
            return True
        if size > 1 and title[:size] in RECURRING and len(content_words(title[size:])) < _OWN:
            return True
    return False


def numbers_differ(new: Fingerprint, old: Fingerprint) -> str:
    """Each title, or each text, has a number, date or weekday that the other lacks."""
    if not new.numbers or not old.numbers:
        return ""
    ours, theirs = title_numbers(new), title_numbers(old)
    return _each_lacks(ours - theirs, theirs - ours) or _each_lacks(
        told_numbers(new) - known_numbers(old), told_numbers(old) - known_numbers(new)
    )


def titles_contradict(new: Fingerprint, old: Fingerprint) -> str:
    """The first reason why titles of nearly the same words do not say the same.

    Texts that agree bear out whom both speak of, and an order of words under one and the same actor.
    """
    ours, theirs = new.title, old.title
    told = new.summary and old.summary
    return (
        _polarity(ours, theirs)
        or contrary(ours, theirs)
        or _tense(ours, theirs)
        or ("" if told and _one_actor(ours, theirs) else _roles(ours, theirs))
        or person_differs(ours, theirs, known=(new.text, old.text) if told else None)
        or _quantity(ours, theirs)
    )


def _roles(new: Title, old: Title) -> str:
    new, old = plain(new), plain(old)
    return roles_differ(reworded(new, old), reworded(old, new))


def _one_actor(new: Title, old: Title) -> bool:
    """Whether both titles begin with the same word that carries news."""
    return content_words(new)[:1] == content_words(old)[:1]


def names_differ(titles: Difference, new: Fingerprint, old: Fingerprint) -> str:
    """Each title has a word that the other entry does not know at all: a name for a name."""
    here = [word for word in titles.new_only if word not in _stems(old.text)]
    there = [word for word in titles.old_only if word not in _stems(new.text)]
    return f"one for another: “{here[0]}” / “{there[0]}”" if here and there else ""


def telling_words(ours: Title, theirs: Title) -> list[str]:
    """The words of weight (not, will, former, rises) that only one of two texts has."""
    return [word for word in sorted(set(ours) ^ set(theirs)) if _weighs(word)]


def texts_contradict(ours: Title, theirs: Title) -> str:
    """One text has, between words that both share, a "not" or a contrary that the other lacks."""
    if not ours or not theirs:
        return ""
    for here, there in _small_edits(ours, theirs):
        ours_denied, theirs_denied = _denials(here), _denials(there)
        if bool(ours_denied) != bool(theirs_denied):
            return f"only one says “{(ours_denied or theirs_denied)[0]}”"
        if here and there and (other := contrary(here, there)):
            return other
    return ""


def _denials(words: Title) -> list[str]:
    """The words that deny; "declined to say" is "would not say"."""
    return _of(words, DENIALS) or [
        word for word, behind in pairwise(words) if word.startswith("declin") and behind == "to"
    ]


def _small_edits(ours: Title, theirs: Title) -> Iterator[tuple[Title, Title]]:
    """What stands at one place in the one text and in the other, where that is at most _SMALL words."""
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    for before, after in pairwise(blocks[:-1]):
        here, there = ours[before.a + before.size : after.a], theirs[before.b + before.size : after.b]
        if max(len(here), len(there)) <= _SMALL:
            yield here, there


@lru_cache(maxsize=1 << 11)
def _weighs(word: str) -> bool:
    heavy = (NEGATIONS, QUALIFIERS, *(side for pair in OPPOSITES for side in pair))
    return word in MODALS or any(_of((word,), listed) for listed in heavy)


@lru_cache(maxsize=1 << 8)  # texts, which take 10 kB each
def _stems(text: Title) -> frozenset[str]:
    return frozenset(map(stem, text))


def event_added(titles: Difference, new: Title, old: Title) -> str:
    """One title tells of an event on top of what the other tells: dies, resigns, wins."""
    apart = set(titles.new_only + titles.old_only)
    told = [
        word
        for word in sorted({*new} ^ {*old})
        if stem(word) in apart and _of((word,), EVENTS) and not (word == "failed" and not _denied(new + old))
    ]
    return f"only one says “{told[0]}”" if told else ""


def _each_lacks(here: frozenset[str], there: frozenset[str]) -> str:
    return f"numbers differ: {_some(here)} / {_some(there)}" if here and there else ""


def _some(values: Iterable[str]) -> str:
    return ", ".join(_spoken(value.partition("#")[0]) for value in sorted(values)[:2])


def _spoken(number: str) -> str:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    if number.startswith("d"):
        return days[int(number[1:])]
    return f"month {number[1:]}" if number.startswith("m") else number


def _polarity(new: Title, old: Title) -> str:
    """One denies, fails or stops what the other does."""
    ours, theirs = _denied(new), _denied(old)
    if bool(ours) != bool(theirs):
        return f"only one says “{(ours or theirs)[0]}”"
    return ""


def _denied(title: Title) -> list[str]:
    """The words that turn the title round; a "failed exchange" is a firm and denies nothing."""
    return [
        word
        for word in _of(title, NEGATIONS)
        if word != "failed" or not _names_a_firm(title[title.index(word) + 1 :])
    ]


def _names_a_firm(words: Title) -> bool:
    return any(stem(word) in FIRMS for word in words[:_FAR_FROM_ITS_NOUN])


Pairs = tuple[tuple[frozenset[str], frozenset[str]], ...]


def contrary(new: Title, old: Title, *, pairs: Pairs = OPPOSITES) -> str:
    """One says the contrary: rises / falls, imposes / lifts."""
    ours, theirs = _sides(new, pairs), _sides(old, pairs)
    for (pair, side), here in ours.items():
        there = theirs.get((pair, 1 - side))
        if there and (pair, 1 - side) not in ours and (pair, side) not in theirs:
            return f"contraries: “{here}” / “{there}”"
    return ""


def _sides(title: Title, pairs: Pairs) -> dict[tuple[int, int], str]:
    """The pairs of contraries that the title's words stand in, with the side, and the first such word."""
    found: dict[tuple[int, int], str] = {}
    for word in title:
        for side in _sides_of(word, pairs):
            found.setdefault(side, word)
    return found


@lru_cache(maxsize=1 << 11)
def _sides_of(word: str, pairs: Pairs) -> tuple[tuple[int, int], ...]:
    return tuple(
        (place, side)
        for place, pair in enumerate(pairs)
        for side, listed in enumerate(pair)
        if _is(word, listed)
    )


def _tense(new: Title, old: Title) -> str:
    """One announces what the other reports: to visit / visits, will / should."""
    ours, theirs = _moods(new), _moods(old)
    for word in ours.keys() & theirs.keys():
        here, there = ours[word], theirs[word]
        if here != there and "ongoing" not in (here, there):
            return f"to come / done: “{word}”"
    return ""


def _quantity(new: Title, old: Title) -> str:
    """One says three, the other several or a: of the same noun, right behind it."""
    ours, theirs = _quantities(new), _quantities(old)
    for word in ours.keys() & theirs.keys():
        here, there = ours[word], theirs[word]
        if _amount(here) != _amount(there):
            return f"how many: “{here}” / “{there}”"
    return _alone(new, ours, old) or _alone(old, theirs, new)


def _alone(title: Title, quantities: dict[str, str], other: Title) -> str:
    """The other has without a number, in the singular, what the title has several of ("8 terrorists")."""
    for word in title:
        if word.endswith("s") and quantities.get(stem(word), "1") not in _SINGLE and word[:-1] in other:
            return f"how many: “{quantities[stem(word)]} {word}” / “{word[:-1]}”"
    return ""


def _quantities(title: Title) -> dict[str, str]:
    """The words that stand behind a number or a word for some of them, each with that word."""
    found: dict[str, str] = {}
    for place, word in enumerate(title):
        if not _amount(word):
            continue
        for noun in title[place + 1 : place + 1 + _FAR_FROM_ITS_NOUN]:
            if not carries_news(noun):
                break
            found.setdefault(stem(noun), word)
    return found


@lru_cache(maxsize=1 << 11)
def _amount(word: str) -> str:
    """What kind of quantity the word says: one, some or counted; "" for none."""
    if word in ONE:
        return "one"
    if word in SOME:
        return "some"
    return "counted" if word[0].isdigit() or word in NUMBER_WORDS else ""


def person_differs(new: Title, old: Title, *, known: tuple[Title, Title] | None = None) -> str:
    """One speaks of the former, the deputy, the wife of whom the other speaks of.

    What both texts know, where they are given, is left out of one title for brevity.
    """
    ours, theirs = _persons(new), _persons(old)
    shared = {stem(word) for word in {*known[0]} & {*known[1]}} if known else set()
    apart = sorted((ours.keys() ^ theirs.keys()) - shared)
    return f"only one says “{(ours | theirs)[apart[0]]}”" if apart else ""


def _persons(title: Title) -> dict[str, str]:
    """The words that make of a person another one, by what they say; "Son" behind "chairman" is a name."""
    named = {word for before, word in pairwise(title) if before in NAMED}
    return {stem(word): word for word in _of(title, QUALIFIERS) if word not in named}


def _of(title: Title, listed: frozenset[str]) -> list[str]:
    exact, beginnings = _split(listed)
    if not beginnings:
        return [word for word in title if word in exact]
    return [word for word in title if word in exact or word.startswith(beginnings)]


def _is(word: str, listed: frozenset[str]) -> bool:
    exact, beginnings = _split(listed)
    return word in exact or bool(beginnings and word.startswith(beginnings))


@lru_cache(maxsize=256)
def _split(listed: frozenset[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    beginnings = tuple(sorted(word[:-1] for word in listed if word.endswith("*")))
    return frozenset(word for word in listed if not word.endswith("*")), beginnings


def _moods(title: Title) -> dict[str, str]:
    """Each word's stem with how it is said: plain, ongoing (-ing), or after a modal verb and its adverbs."""
    moods, modal = {}, ""
    for word in title:
        if word in MODALS:
            modal = MODALS[word]
        elif not (modal and (word.endswith("ly") or word in ADVERBS)):
            moods[stem(word)] = modal or ("ongoing" if word.endswith("ing") else "plain")
            modal = ""
    return moods
