"""From a claim to the message a person reads: what happened, where, and why they are told.

Headlines are hostile: mention tokens are defused for chat, everything is plain text on its own line, and
lengths are cut at a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from monitor.model import Kind, Message
from monitor.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from monitor.model import Claim, Entry, Mention, Told

TITLE = 200  # Slack takes 250, and a mail client shows fewer
HEADLINE = 300
QUOTE = 320
BODY = 1900  # Discord takes 2,000, the least of the services desks use
MOST_WHY = 6  # rules explained in full; the rest by name
AGAIN = "Sent again after an interruption; you may already have it."

_SENTENCE_END = re.compile(r"(?<=[.!?…։።。])[\"»”’)]*\s+|\n+")
_MENTION_TOKEN = re.compile(r"[@<](?=\S)")
_JOINER = "\u200d"  # zero-width: a reader sees no difference, a chat service no mention


def compose(claim: Claim, *, chat: bool, now: datetime) -> Message:
    """The message for this claim, in plain text; `chat` defuses mention tokens such as @everyone, <!channel>.

    The first line of the body is the headline; then severity, outlet, age and how many carry the story; the
    link; and why: each rule that fired, with the sentence that made it fire and the [hit] in brackets. A
    chat message has no title: services that have none print it above the body, and the headline twice.
    """
    first = claim.tolds[0]
    headline = " ".join(cut(first.entry.title or first.entry.summary or first.entry.link, HEADLINE).split())
    severity = max(told.match.severity for told in claim.tolds).name.lower()
    sign = f"{severity}, development" if first.kind is Kind.DEVELOPMENT else severity
    lines = [
        headline,
        f"{sign} · {_provenance(first.entry, claim.outlets, decided=first.decided, now=now)}",
        first.entry.link,
        "",
        *_reasons(claim.tolds),
    ]
    if claim.notes:
        lines += ["", *claim.notes]
    if claim.uncertain:
        lines += ["", AGAIN]
    body = cut("\n".join(lines), BODY)
    if chat:
        return Message(title="", body=defused(body))
    return Message(title=cut(f"[{sign}] {headline}", TITLE), body=body)


def refusal(error: str, *, chat: bool) -> Message:
    """The message that tells the operators of mistakes in their files: each on its line, as many as fit."""
    what = "The rules, feeds or receivers have mistakes. What was good last stays in force."
    body = cut(f"{what}\n\n{error}\n\nTo see them all: monitor check", BODY)
    return (
        Message(title="", body=defused(body)) if chat else Message(title=f"media-monitor: {what}", body=body)
    )


def defused(text: str) -> str:
    """The text with a zero-width joiner behind each @ and < that could begin a mention."""
    return _MENTION_TOKEN.sub(lambda token: token.group() + _JOINER, text)


def _provenance(entry: Entry, outlets: tuple[str, ...], *, decided: datetime, now: datetime) -> str:
    moment = entry.published or decided
    age = _age(now - moment)
    carried = f" · {len(outlets)} outlets so far: {', '.join(outlets[:5])}" if len(outlets) > 1 else ""
    stamp = moment.strftime("%Y-%m-%d %H:%M UTC")
    word = "published" if entry.published else "seen"
    return f"{entry.outlet} · {word} {age} ({stamp}){carried}"


def _age(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min ago"
    if minutes < 60 * 48:
        return f"{minutes // 60} h ago"
    return f"{minutes // (60 * 24)} days ago"


def _reasons(tolds: tuple[Told, ...]) -> Iterable[str]:
    for told in tolds[:MOST_WHY]:
        yield f"Why: {told.match.title} [{told.match.severity.name.lower()}, rule {told.match.rule}]"
        for sentence, hits in _by_sentence(told.entry, _one_a_sort(told.match.mentions)).items():
            whats = ", ".join(hit.what for hit in hits)
            yield f"  {sentence.field}: {_marked(told.entry, sentence, hits)} ({whats})"
    if rest := tolds[MOST_WHY:]:
        yield "And: " + ", ".join(told.match.title for told in rest)


def _one_a_sort(mentions: tuple[Mention, ...]) -> Iterable[Mention]:
    """The first mention of each name or term."""
    first: dict[str, Mention] = {}
    for mention in mentions:
        first.setdefault(mention.what, mention)
    return first.values()


class _Sentence(NamedTuple):
    """A stretch of one of the entry's texts."""

    field: str
    start: int
    stop: int


def _by_sentence(entry: Entry, mentions: Iterable[Mention]) -> dict[_Sentence, list[Mention]]:
    """The mentions by the sentence that holds them, in the order of the mentions."""
    found: dict[_Sentence, list[Mention]] = {}
    for mention in mentions:
        ends = [end.end() for end in _SENTENCE_END.finditer(_text(entry, mention.field))]
        start = max((end for end in ends if end <= mention.start), default=0)
        stop = min((end for end in ends if end >= mention.end), default=len(_text(entry, mention.field)))
        found.setdefault(_Sentence(mention.field, start, stop), []).append(mention)
    return found


def _marked(entry: Entry, sentence: _Sentence, hits: list[Mention]) -> str:
    """The sentence on one line with every hit in [brackets]; a long one is cut round the first."""
    text = _text(entry, sentence.field)
    spans = _joined(sorted((hit.start, hit.end) for hit in hits))
    start = sentence.start
    if spans[0][0] - start > QUOTE // 2:
        start = text.find(" ", spans[0][0] - QUOTE // 2) + 1 or spans[0][0]
    marked, at = "…" * (start > sentence.start), start
    for begin, end in spans:
        marked += f"{text[at:begin]}[{text[begin:end]}]"
        at = end
    return cut(" ".join((marked + text[at : sentence.stop]).split()), QUOTE)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans, those that overlap made one."""
    joined = [spans[0]]
    for start, end in spans[1:]:
        if start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _text(entry: Entry, field: str) -> str:
    return {"title": entry.title, "summary": entry.summary, "body": entry.body}[field]
