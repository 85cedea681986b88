"""Who does it to whom: whether two titles of like words set them in orders that say two things. Pure.

An order is forgiven where a headline writer has a choice: a speaker first or last, a place before the noun or
behind "in", the active or the passive voice, both sides of a meeting.
"""

from __future__ import annotations

from itertools import pairwise, takewhile

from monitor.stories.spelling import carries_news, respelt, stem
from monitor.stories.words import AND, FIRMS, MUTUAL, PLACED

Title = tuple[str, ...]
Words = list[str]

BY = "by"
_TOLD = frozenset(map(stem, ("say", "tell", "ask", "report")))
ALIKE = 0.75  # of two titles' words, under which a part that moved is more than a part that moved
_DESCRIBED = (1, 2, 3)  # words of a name, and of what it is
_LONGEST_MOVED = 3  # words of a part that may stand elsewhere, behind "in" or "for"


def roles_differ(new: Title, old: Title) -> str:
    """Why the two do not say that one does it to another, or ""."""
    if _passive(new, old) or _passive(old, new):
        return ""
    return _order(new, old) or _voice(new, old)


def _order(new: Title, old: Title) -> str:
    """The words that both share stand in another order, and not in one that headlines choose freely."""
    ours = sequence(new)
    theirs = _in_our_spelling(sequence(old), ours)
    common = set(ours) & set(theirs)
    here, there = ([word for word in words if word in common] for words in (ours, theirs))
    if len(here) != len(common) or len(there) != len(common) or here == there:
        return ""
    if _paired(here, new) == _paired(there, old) or _mutual(here, there):
        return ""
    if _rotated(ours, theirs, here, there):
        return ""
    alike = 2 * len(common) / (len(ours) + len(theirs))
    if alike >= ALIKE and (_placed(ours, theirs, here, there, new, old) or _described(here, there)):
        return ""
    return "the same words in another order"


def _voice(new: Title, old: Title) -> str:
    """Who did it: "Georgia beaten by Spain" and "Georgia beat Spain" have their words in one order."""
    ours, theirs = _followed(new), _followed(old)
    for word in ours.keys() & theirs.keys():
        here, there = ours[word], theirs[word]
        if BY in (here, there) and "" in (here, there):
            return f"only one says “by {word}”"
    return ""


def _followed(title: Title) -> dict[str, str]:
    """Each word that carries news: "by" if that stands before it, "" after another such word, else "-"."""
    found = {}
    for before, word in pairwise(title):
        if carries_news(word):
            found[stem(word)] = BY if before == BY else "" if carries_news(before) else "-"
    return found


def sequence(title: Title) -> Words:
    """The title's words in order, who says or tells included, articles and prepositions not."""
    return [stem(word) for word in title if len(word) > 1 and (carries_news(word) or stem(word) in _TOLD)]


def _paired(words: Words, title: Title) -> Words:
    """The words with "B and A" written "A and B"."""
    found = list(words)
    paired = {
        frozenset((stem(before), stem(after)))
        for before, between, after in zip(title, title[1:], title[2:], strict=False)
        if between in AND
    }
    for place, (one, other) in enumerate(pairwise(words)):
        if frozenset((one, other)) in paired and one > other:
            found[place], found[place + 1] = other, one
    return found


def _in_our_spelling(theirs: Words, ours: Words) -> Words:
    left = [word for word in ours if word not in theirs]
    return [word if word in ours else respelt(word, left) or word for word in theirs]


def _rotated(ours: Words, theirs: Words, here: Words, there: Words) -> bool:
    """Whether one is the other with its end put first ("Snowden: leaks helped" / "Leaks helped: Snowden").

    The longer part must open its title, of two as long each its own: "Russia strikes a depot" and "Drones
    strike a depot in Russia" have two actors.
    """
    cut = here.index(there[0])
    if here[cut:] + here[:cut] != there:
        return False
    left = len(here) - cut
    return (cut > left or theirs[0] == there[0]) and (cut < left or ours[0] == here[0])


def _mutual(here: Words, there: Words) -> bool:
    """Whether two sides changed places round a verb that binds both alike ("A meets B")."""
    for verb in MUTUAL.intersection(here):
        at, then = here.index(verb), there.index(verb)
        if here[:at] == there[then + 1 : then + 1 + at] and there[:then] == here[at + 1 : at + 1 + then]:
            return here[at + 1 + then :] == there[then + 1 + at :]
    return False


def _placed(ours: Words, theirs: Words, here: Words, there: Words, new: Title, old: Title) -> bool:
    """Whether one part moved that one title has behind "in", "for" or "at" ("Maine gas", "gas in Maine").

    The actor must be the same: what is left begins with one word in both titles, and with it both begin.
    """
    for size in range(1, min(_LONGEST_MOVED, len(here) - 1) + 1):
        for at in range(len(here) - size + 1):
            part = here[at : at + size]
            left = here[:at] + here[at + size :]
            then = there.index(part[0])
            if there[then : then + size] != part or there[:then] + there[then + size :] != left:
                continue
            first = [next(word for word in words if word not in part) for words in (ours, theirs)]
            stays = first == [left[0]] * 2 and _same_forms(part, new, old)
            if stays and any(_behind_preposition(part[0], title) for title in (new, old)):
                return True
    return False


def _same_forms(part: Words, new: Title, old: Title) -> bool:
    """Whether the part's words stand in both titles as they are: a Georgian ship is not one in Georgia."""
    forms = [{word.removesuffix("s") for word in title if stem(word) in part} for title in (new, old)]
    return forms[0] == forms[1]


def _behind_preposition(word: str, title: Title) -> bool:
    """Whether a preposition of place or purpose opens the group of words in which the word stands."""
    at = next((place for place, one in enumerate(title) if stem(one) == word), 0)
    while at and carries_news(title[at - 1]):
        at -= 1
    return at > 0 and title[at - 1] in PLACED


def _described(here: Words, there: Words) -> bool:
    """Whether a firm and what it is change places at the beginning ("Pizza chain Sbarro files")."""
    return any(
        here[first : first + second] + here[:first] + here[first + second :] == there
        and FIRMS & {here[first - 1], here[first + second - 1]}
        and max(first, second) > 1
        for first in _DESCRIBED
        for second in _DESCRIBED
        if first + second <= len(here)
    )


def _passive(one: Title, other: Title) -> bool:
    """Whether the one says in the passive voice what the other says in the active.

    "Minister ousted by parliament" / "Parliament ousts minister": all words of the doer stand before the verb
    in the other title, and the last word of whom it is done to behind it.
    """
    at = next((place for place, word in enumerate(one) if place > 1 and word == BY), None)
    if at is None or BY in other or not one[at - 1].endswith(("ed", "en", "t", "n")):
        return False
    verb, told = stem(one[at - 1]), sequence(other)
    doer, done_to = _group(one[at + 1 :]), sequence(one[: at - 1])
    if verb not in told or not doer or not done_to or {*doer, *done_to} - set(told):
        return False
    then = told.index(verb)
    return all(told.index(word) < then for word in doer) and told.index(done_to[-1]) > then


def _group(title: Title) -> Words:
    """The title's first words that carry news, up to one that does not."""
    first = next((at for at, word in enumerate(title) if carries_news(word)), len(title))
    return [stem(word) for word in takewhile(carries_news, title[first:])]
