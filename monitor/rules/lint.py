"""What is no mistake and looks like one: remarks about a rulebook, from its text and from what it caught.

Takes a rulebook and, for the second kind, a backtest and the words of the past; returns faults to read. None
of them keeps a rulebook from being used.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from monitor.errors import Fault
from monitor.model import Entry
from monitor.rules.condition import All, AnyOf, AtLeast, Near, Within, Without, names
from monitor.rules.lexicon import EXCEPTED, Builder, Role
from monitor.text import clean, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.rules.backtest import Tally
    from monitor.rules.condition import Condition
    from monitor.rules.phrase import Phrase
    from monitor.rules.rule import Position, Rule, Rulebook, Spelling

_NAMING = frozenset({Role.WORD, Role.FULL, Role.SHORT})
_SHORTEST_TERM = 4  # letters of a word in small letters that stands alone
_FEW = 10  # stories, below which shares say nothing
_SHORTEST_NEAR = 6  # letters of a word of which another may be a misspelling
_MOST_NEAR = 3  # near misses told of one spelling


def remarks(rulebook: Rulebook) -> list[Fault]:
    """What looks odd in the rules as they are written, in the order of the files."""
    found = [
        *_unused(rulebook),
        *_covered(rulebook),
        *_collisions(rulebook),
        *_too_short(rulebook),
        *_without_examples(rulebook),
        *_shadowed(rulebook),
    ]
    return sorted(dict.fromkeys(found))


def _at(place: Position, what: str, remedy: str = "") -> Fault:
    return Fault(place.file, place.line, place.column, what, remedy)


# ---- names and terms ---------------------------------------------------------------------------------------


def _unused(rulebook: Rulebook) -> Iterator[Fault]:
    used = {name.owner for rule in rulebook.rules for name in names(rule.condition)}
    told: set[int] = set()
    for spelling in rulebook.spellings:
        if spelling.owner not in used and spelling.owner not in told:
            told.add(spelling.owner)
            yield _at(
                spelling.position,
                f'"{rulebook.whats[spelling.owner]}" is used by no rule',
                "use it, or remove it",
            )


def _covered(rulebook: Rulebook) -> Iterator[Fault]:
    """Spellings that add nothing, because another of the same name finds all that they find."""
    by_owner: dict[tuple[int, Role, bool], list[Spelling]] = defaultdict(list)
    for spelling in rulebook.spellings:
        by_owner[spelling.owner, spelling.role, spelling.proper].append(spelling)
    for spellings in by_owner.values():
        for number, spelling in enumerate(spellings):
            for other in spellings[:number] + spellings[number + 1 :]:
                if spellings.index(other) > number and _covers_all(spelling, other):
                    continue  # they find the same, and the later one is told
                if _covers_all(other, spelling):
                    yield _at(
                        spelling.position,
                        f'"{spelling.text}" adds nothing: "{other.text}" finds it too',
                        "remove one of the two",
                    )
                    break


def _covers_all(spelling: Spelling, other: Spelling) -> bool:
    return bool(other.phrases) and all(_finds(spelling, phrase) for phrase in other.phrases)


def _finds(spelling: Spelling, phrase: Phrase) -> bool:
    return any(_covers(shorter, phrase) for shorter in spelling.phrases)


def _covers(general: Phrase, phrase: Phrase) -> bool:
    """Whether a phrase is found wherever another is: it stands in it, word for word."""
    span = len(general)
    return any(
        all(
            one.text == two.text and one == two
            if one.exact or two.exact or (two.any_ending and not one.any_ending)
            else fold(two.text).startswith(fold(one.text))
            and (one.any_ending or fold(one.text) == fold(two.text))
            for one, two in zip(general, phrase[at : at + span], strict=True)
        )
        for at in range(len(phrase) - span + 1)
    )


def _collisions(rulebook: Rulebook) -> Iterator[Fault]:
    """Spellings of one name that are forms of another's: Алиева is her nominative and his genitive.

    A spelling that stands in both names as it is, is meant to.
    """
    meant = Counter(
        (tuple(fold(word.text) for word in phrase), owner)
        for owner, phrases in _phrases_by_owner(rulebook)
        for phrase in phrases
    )
    for spelling in rulebook.spellings:
        if not spelling.proper or spelling.role not in (Role.FULL, Role.SHORT):
            continue
        for phrase in spelling.phrases:
            text = clean(" ".join(word.text for word in phrase))
            other = _another(rulebook, spelling, text)
            if other is not None and not meant[tuple(fold(word.text) for word in phrase), other]:
                yield _at(
                    spelling.position,
                    f'"{text}" is also a form of {rulebook.whats[other]}',
                    f"add the other's full name to the except: of {rulebook.whats[other]}",
                )
                break


def _phrases_by_owner(rulebook: Rulebook) -> Iterator[tuple[int, tuple[Phrase, ...]]]:
    for spelling in rulebook.spellings:
        if spelling.role in _NAMING:
            yield spelling.owner, spelling.phrases


def _another(rulebook: Rulebook, spelling: Spelling, text: str) -> int | None:
    """The other name of which this text, whole, is a mention that no exception strikes out."""
    reading = rulebook.lexicon.read(_only_text(text))
    struck = {hit for hit, why in reading.discarded() if why == EXCEPTED}
    found = [hit for hit, _ in reading.naming() if hit not in struck and hit.owner != spelling.owner]
    return next((hit.owner for hit in found if (hit.start, hit.end) == (0, len(text))), None)


def _only_text(text: str) -> Entry:
    return Entry(0, "", "", "", "", "", text, "", None, None, "")


def _too_short(rulebook: Rulebook) -> Iterator[Fault]:
    for spelling in rulebook.spellings:
        for phrase in spelling.phrases:
            if len(phrase) == 1 and not phrase[0].exact and _is_short(phrase[0].text):
                yield _at(
                    spelling.position,
                    f'"{phrase[0].text}" is short, and will stand in many texts for something else',
                    f"write ={phrase[0].text.upper()} if it is an abbreviation, or more words",
                )
                break


def _is_short(word: str) -> bool:
    """In small letters and under four of them; Georgian has no others, so its abbreviations pass."""
    return word.islower() and len(word) < _SHORTEST_TERM and not "\u10d0" <= word[0] <= "\u10ff"


# ---- rules -------------------------------------------------------------------------------------------------


def _without_examples(rulebook: Rulebook) -> Iterator[Fault]:
    for rule in rulebook.rules:
        if not any(example.expected == "match" for example in rule.examples):
            yield _at(
                rule.position, f'rule "{rule.id}" has no example that must match', "add one under examples:"
            )


def _shadowed(rulebook: Rulebook) -> Iterator[Fault]:
    """Rules that tell nobody anything: wherever they fire, another does, to as many and as urgently."""
    for number, rule in enumerate(rulebook.rules):
        for place, other in enumerate(rulebook.rules):
            alike = rule.content == other.content and rule.send == other.send
            if rule is other or (alike and rule.severity == other.severity and place > number):
                continue
            if _is_louder(other, rule) and implies(rule.condition, other.condition):
                yield _at(
                    rule.position,
                    f'rule "{rule.id}" is shadowed: wherever it fires, "{other.id}" tells the same receivers',
                    "remove it, or narrow the other",
                )
                break


def _is_louder(other: Rule, rule: Rule) -> bool:
    """Whether what passes the rule's filters passes the other's, which tells as many at least as urgently."""
    return (
        set(rule.send) <= set(other.send)
        and rule.severity <= other.severity
        and (not other.sources or (bool(rule.sources) and rule.sources <= other.sources))
        and other.not_sources <= rule.not_sources
        and (not other.lang or (bool(rule.lang) and rule.lang <= other.lang))
    )


def implies(one: Condition, other: Condition) -> bool:
    """Whether the other holds wherever the one does, by their shape alone: a yes is certain, a no is not."""
    if one == other:
        return True
    if isinstance(one, AnyOf):
        return all(implies(part, other) for part in one.parts)
    if isinstance(other, All):
        return all(implies(one, part) for part in other.parts)
    if isinstance(other, AnyOf):
        return any(implies(one, part) for part in other.parts) or _weaker(one, other)
    return _weaker(one, other)


def _weaker(one: Condition, other: Condition) -> bool:  # noqa: PLR0911  # a table
    match one:
        case All():
            return any(implies(part, other) for part in one.parts)
        case Without():
            return implies(one.kept, other)
        case Near():
            if isinstance(other, Near) and (one.left, one.right) == (other.left, other.right):
                return one.words <= other.words and (one.ordered or not other.ordered)
            return implies(one.left, other) or implies(one.right, other)
        case AtLeast():
            if isinstance(other, AtLeast) and one.inner == other.inner:
                return one.count >= other.count
            return implies(one.inner, other)
        case Within():
            return not _counts(one.inner) and implies(one.inner, other)
        case _:
            return False


def _counts(condition: Condition) -> bool:
    """Whether something in it may hold in a zone and not in the whole: an "and not"."""
    match condition:
        case Without():
            return True
        case All() | AnyOf():
            return any(_counts(part) for part in condition.parts)
        case Near():
            return _counts(condition.left) or _counts(condition.right)
        case AtLeast() | Within():
            return _counts(condition.inner)
        case _:
            return False


# ---- from history ------------------------------------------------------------------------------------------


class Met:
    """The spellings that stood in the articles read so far, whether a rule fired on them or not."""

    def __init__(self, rulebook: Rulebook) -> None:
        builder = Builder()
        for number, spelling in enumerate(rulebook.spellings):
            for phrase in spelling.phrases if spelling.role in _NAMING else ():
                builder.add(number, Role.FULL, phrase, proper=spelling.proper)
        self._lexicon = builder.lexicon()
        self._spellings = rulebook.spellings
        self._met: set[int] = set()

    def read(self, entry: Entry) -> None:
        """Meet what stands in one article."""
        self._met.update(self._lexicon.read(entry).owners)

    def never(self, owner: int) -> Iterator[Spelling]:
        """The spellings of a name that stood in none."""
        for number, spelling in enumerate(self._spellings):
            if spelling.owner == owner and spelling.role in _NAMING and number not in self._met:
                yield spelling


def remarks_from_history(
    rulebook: Rulebook, caught: Mapping[str, Tally], *, met: Met, days: int
) -> list[Fault]:
    """What looks odd once the rules have run over the past: words that caught nothing, or nearly all.

    A name that made no rule fire is told as a whole, of any other each spelling that stood in no article.
    """
    found: list[Fault] = []
    seen = Counter[tuple[int, str]]()
    numbers = {what: owner for owner, what in enumerate(rulebook.whats)}
    for tally in caught.values():
        for (what, surface), stories in tally.surfaces.items():
            seen[numbers[what], surface] += stories
    hit = {owner for owner, _ in seen}
    used = {name.owner for rule in rulebook.rules for name in names(rule.condition)}
    first = {spelling.owner: spelling for spelling in reversed(rulebook.spellings)}
    found += [
        _at(
            first[owner].position,
            f'"{rulebook.whats[owner]}" made no rule fire in {days} days',
            "see that it is spelt as the news spells it",
        )
        for owner in sorted(used - hit)
        if owner in first
    ]
    found += [
        _at(
            spelling.position,
            f'"{spelling.text}" stood in no article of {days} days',
            "see that it is spelt as the news spells it",
        )
        for owner in sorted(used & hit)
        for spelling in met.never(owner)
    ]
    for rule in rulebook.rules:
        found += _lopsided(rule, caught[rule.id])
    return sorted(dict.fromkeys(found))


def _lopsided(rule: Rule, tally: Tally) -> Iterator[Fault]:
    """A wording that stands in over half of what a rule of several wordings caught."""
    stories = len(tally.stories)
    by_wording = Counter(
        wording
        for caught in tally.stories.values()
        for wording in {m.surface.casefold() for m in caught.mentions}
    )
    if stories < _FEW or len(by_wording) <= len(names(rule.condition)):
        return
    wording, number = by_wording.most_common(1)[0]
    if number * 2 > stories:
        yield _at(
            rule.position,
            f'"{wording}" stands in {number} of the {stories} stories of rule "{rule.id}"',
            "see that it is not too common a word",
        )


def near_misses(rulebook: Rulebook, words: Mapping[str, int]) -> list[Fault]:
    """Words of the past that are one letter off a word looked for and no form of it: `words` by how often.

    For people to look at: they may be misspellings, or other words.
    """
    wanted = _wanted(rulebook)
    found: dict[Spelling, list[tuple[int, str]]] = defaultdict(list)
    for word, often in words.items():
        folded = fold(word)
        if len(folded) < _SHORTEST_NEAR or rulebook.lexicon.knows(word):
            continue
        for spelling in {
            spelling
            for cut in _one_less(folded)
            for spelt, spelling in wanted.get(cut, ())
            if _is_one_off(folded, spelt)
        }:
            found[spelling].append((often, word))
    return sorted(
        _at(
            spelling.position,
            f'near "{spelling.text}" in the news: '
            + ", ".join(f"{word} ({often})" for often, word in sorted(misses, reverse=True)[:_MOST_NEAR]),
            "a misspelling, or another word?",
        )
        for spelling, misses in found.items()
    )


def _wanted(rulebook: Rulebook) -> dict[str, list[tuple[str, Spelling]]]:
    """Each word that is looked for alone, under every way to leave out a letter of it."""
    found: dict[str, list[tuple[str, Spelling]]] = defaultdict(list)
    for spelling in rulebook.spellings:
        if spelling.role not in _NAMING:
            continue
        for phrase in spelling.phrases:
            folded = fold(phrase[0].text)
            if len(phrase) == 1 and len(folded) >= _SHORTEST_NEAR and not phrase[0].any_ending:
                for cut in _one_less(folded):
                    found[cut].append((folded, spelling))
    return found


def _one_less(word: str) -> Iterable[str]:
    """The word, and the word without each of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _is_one_off(one: str, other: str) -> bool:
    """Of two words that share one of _one_less: whether one letter more, less or changed parts them."""
    return len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) == 1
