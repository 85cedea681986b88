"""What a message tells, as values that templates print: the headline, where it stands, and why.

Everything here came from outside: each text is one line, without control characters and invisible signs; what
is marked up or defused is the business of whoever prints it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from monitor.model import Kind
from monitor.text import clean, cut, one_line, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from monitor.model import Claim, Entry, Mention, StoryId, Told

HEADLINE = 300
QUOTE = 320
OUTLET = 80
MOST_OUTLETS = 5  # named; the others are counted
LEAD_WORDS = 60  # of the body, as rules have it (rules.condition)

_SENTENCE_END = re.compile(r"(?<=[.!?…։።。])[\"»”’)]*\s+|\n+")
_LINK = re.compile(r"https?://[^\s<>\"\\^`{|}]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a quote; `hit` where it is what was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that made a rule fire.

    `zone` is title, summary, lead (the first 60 words of the body), body or article's text; `wanted` are the
    names and terms that it holds, `spellings` how they are printed there.
    """

    zone: str
    runs: tuple[Run, ...]
    wanted: tuple[str, ...]
    spellings: tuple[str, ...]

    @property
    def marked(self) -> str:
        """The sentence with every hit in [brackets]."""
        return "".join(f"[{run.text}]" if run.hit else run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that fired, and the sentences that made it."""

    rule: str
    title: str
    severity: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """How much a message may hold: rules explained in full (the rest by name), and quotes of each."""

    reasons: int = 6
    quotes: int = 12


@dataclass(frozen=True, slots=True)
class Telling:
    """One message's facts, by the names that templates use.

    sign:     severity and kind, as "high" or "high, development"
    link:     the article's address if it is one of the web, else ""
    age:      "12 min ago"; `stamp` the time itself in UTC; `dated` whether the outlet gave it
    outlets:  how many carry the story so far; `named` the first of them, `unnamed` how many more
    also:     titles of rules that fired and are not explained
    again:    whether an earlier send of it may have arrived
    mute:     the command that silences the story
    notes:    lines that go with it
    opening:  the headline of the thread that this message continues, "" where it begins one
    """

    kind: str
    severity: str
    sign: str
    headline: str
    link: str
    lang: str
    outlet: str
    age: str
    stamp: str
    dated: bool
    outlets: int
    named: tuple[str, ...]
    unnamed: int
    reasons: tuple[Reason, ...]
    also: tuple[str, ...]
    again: bool
    notes: tuple[str, ...]
    mute: str
    opening: str

    def facts(self) -> Mapping[str, Any]:
        """Each fact by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def telling(claim: Claim, *, now: datetime, room: Room | None = None) -> Telling:
    """What is told of a claim. Milestones that go out with the alert itself are told by its outlets alone."""
    room = room or Room()
    tolds = main_tolds(claim)
    first = tolds[0]
    entry = first.entry
    moment = entry.published or first.decided
    names = tuple(cut(one_line(name), OUTLET) for name in claim.outlets)
    head = headline(claim.opening[0].entry) if continues(claim) else ""
    return Telling(
        kind=first.kind.value,
        severity=max(told.match.severity for told in tolds).name.lower(),
        sign=sign(claim),
        headline=headline(entry),
        link=web_link(entry),
        lang=entry.lang or "",
        outlet=cut(one_line(entry.outlet), OUTLET),
        age=_age(now - moment),
        stamp=moment.strftime("%Y-%m-%d %H:%M UTC"),
        dated=entry.published is not None,
        outlets=len(names),
        named=names[:MOST_OUTLETS],
        unnamed=len(names[MOST_OUTLETS:]),
        reasons=tuple(_reason(told, most=room.quotes) for told in tolds[: room.reasons]),
        also=tuple(one_line(told.match.title) for told in tolds[room.reasons :]),
        again=claim.uncertain,
        notes=tuple(one_line(note) for note in claim.notes),
        mute=mute(claim.story),
        opening=head,
    )


def main_tolds(claim: Claim) -> tuple[Told, ...]:
    """The alerts that a message is about: the milestones only where there is nothing else."""
    return tuple(told for told in claim.tolds if told.kind is not Kind.MILESTONE) or claim.tolds


def continues(claim: Claim) -> bool:
    """Whether this receiver was told of the story before what this claim holds."""
    own = {told.alert for told in claim.tolds}
    return bool(claim.opening) and not any(told.alert in own for told in claim.opening)


def sign(claim: Claim) -> str:
    """Severity and kind, as "high" or "high, development"."""
    severity = max(told.match.severity for told in claim.tolds).name.lower()
    kind = main_tolds(claim)[0].kind
    return severity if kind is Kind.NEW else f"{severity}, {kind.value}"


def web_link(entry: Entry) -> str:
    """The entry's address if it is one of the web, else ""."""
    link = clean(entry.link)
    return link if _LINK.fullmatch(link) else ""


def headline(entry: Entry) -> str:
    """What a message about the entry is headed by: its title, or whatever there is, on one line."""
    return cut(one_line(entry.title or entry.summary or entry.link), HEADLINE)


def mute(story: StoryId) -> str:
    """The command that silences a story for a day."""
    return f'monitor silence add --story {story:016x} --for 24h --comment "seen"'


def _age(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min ago"
    if minutes < 60 * 48:
        return f"{minutes // 60} h ago"
    return f"{minutes // (60 * 24)} days ago"


# ---- why -------------------------------------------------------------------------------------------------


def _reason(told: Told, *, most: int) -> Reason:
    match = told.match
    sentences = list(_by_sentence(told.entry, _one_a_sort(match.mentions)).items())
    quotes = tuple(_quote(told.entry, sentence, hits) for sentence, hits in sentences[:most])
    return Reason(match.rule, one_line(match.title), match.severity.name.lower(), quotes)


def _one_a_sort(mentions: tuple[Mention, ...]) -> Iterable[Mention]:
    """The first mention of each name or term."""
    first: dict[str, Mention] = {}
    for mention in mentions:
        first.setdefault(mention.what, mention)
    return first.values()


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A stretch of one of the entry's texts."""

    field: str
    start: int
    stop: int


def _by_sentence(entry: Entry, mentions: Iterable[Mention]) -> dict[_Sentence, list[Mention]]:
    """The mentions by the sentence that holds them, in the order of the mentions."""
    found: dict[_Sentence, list[Mention]] = {}
    for mention in mentions:
        text: str = getattr(entry, mention.field)
        ends = [end.end() for end in _SENTENCE_END.finditer(text)]
        start = max((end for end in ends if end <= mention.start), default=0)
        stop = min((end for end in ends if end >= mention.end), default=len(text))
        found.setdefault(_Sentence(mention.field, start, stop), []).append(mention)
    return found


def _quote(entry: Entry, sentence: _Sentence, hits: list[Mention]) -> Quote:
    text: str = getattr(entry, sentence.field)
    return Quote(
        zone=_zone(text, sentence, hits),
        runs=_runs(text, sentence, hits),
        wanted=tuple(one_line(hit.what) for hit in hits),
        spellings=tuple(dict.fromkeys(one_line(hit.surface) for hit in hits)),
    )


def _zone(text: str, sentence: _Sentence, hits: list[Mention]) -> str:
    if sentence.field != "body":
        return hits[0].where
    before = sum(1 for _ in words(text[: hits[0].start]))
    return "lead" if before < LEAD_WORDS else "body"


def _runs(text: str, sentence: _Sentence, hits: list[Mention]) -> tuple[Run, ...]:
    """The sentence on one line, in runs; a long one is cut round its first hit."""
    spans = _joined(sorted((hit.start, hit.end) for hit in hits))
    start = sentence.start
    if spans[0][0] - start > QUOTE // 2:
        start = text.find(" ", spans[0][0] - QUOTE // 2) + 1 or spans[0][0]
    runs = [Run("…", hit=False)] if start > sentence.start else []
    at = start
    for begin, end in spans:
        runs += [Run(text[at:begin], hit=False), Run(text[begin:end], hit=True)]
        at = end
    runs.append(Run(text[at : sentence.stop], hit=False))
    return _fitted(runs)


def _fitted(runs: list[Run]) -> tuple[Run, ...]:
    """The runs as one line of at most QUOTE characters, each space between two words once."""
    fitted: list[Run] = []
    left, spaced = QUOTE, True
    for run in runs:
        text = _spaced_once(run.text, after_space=spaced)
        if not text:
            continue
        spaced = text.endswith(" ")
        short = cut(text, left) if left > 1 else "…"
        fitted.append(Run(short, run.hit))
        left -= len(short)
        if short != text:
            break
    if fitted:
        fitted[-1] = Run(fitted[-1].text.rstrip(), fitted[-1].hit)
    return tuple(run for run in fitted if run.text)


def _spaced_once(text: str, *, after_space: bool) -> str:
    text = re.sub(r"\s+", " ", clean(text))
    return text.lstrip() if after_space else text


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans, those that overlap made one."""
    joined = [spans[0]]
    for start, end in spans[1:]:
        if start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
