"""A digest as the message that a person reads: by rule and story, the most carried first, then the count.

Composes; touches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.alerts.compose import defused
from monitor.alerts.telling import headline, main_tolds, sign, web_link
from monitor.alerts.template import OURS
from monitor.model import Message
from monitor.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.alerts.template import Templates
    from monitor.model import Claim, Digest, Tally

CHAT = 1900  # characters; Discord takes 2,000, the least of the services desks use
MAIL = 24_000  # its page comes to less than the 102 kB from which on Gmail cuts (test_digest)
HEADLINE = 140
LINK = 300  # a longer one is left out: it would take the place of other stories
_OUTLET = 40
_OUTLETS = 3
_REST = 400  # characters kept for the first and the last lines


@dataclass(frozen=True, slots=True)
class Story:
    """One story of a digest, by the names that templates use; they mean what those of a Telling mean."""

    kind: str
    severity: str
    sign: str
    headline: str
    link: str
    stamp: str
    outlets: int
    named: tuple[str, ...]
    unnamed: int
    again: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The stories that are told for one rule, or for several together: their titles, with " + " between."""

    title: str
    stories: tuple[Story, ...]


def compose(digest: Digest, *, chat: bool, templates: Templates = OURS) -> Message:
    """The message for this digest; a chat message has no title, and mentions are defused.

    A mail has the same as a page beside its text.
    """
    told = facts(digest)
    if chat:
        text = templates.render("digest.txt", told, fits=lambda text: len(defused(text)) <= CHAT)
        return Message(title="", body=defused(text))
    return Message(
        title=told["title"],
        body=templates.render("digest.txt", told),
        html=templates.render("digest.html", told),
    )


def facts(digest: Digest) -> Mapping[str, Any]:
    """What a digest tells, by the names that templates use."""
    number = len(digest.claims)
    return {
        "title": f"Digest: {number} {'story' if number == 1 else 'stories'}",
        "sections": _sections(digest.claims),
        "held": _held(digest.tally),
        "muted": digest.tally.muted,
        "more": digest.more,
        "again": digest.uncertain,
    }


def fitting(claims: Sequence[Claim], *, chat: bool) -> tuple[Claim, ...]:
    """Those of the claims that one message of our template holds, at least one: the most carried first."""
    room = (CHAT if chat else MAIL) - _REST
    ordered = sorted(claims, key=_weight)
    for number, claim in enumerate(ordered):
        room -= _length(claim)
        if room < 0 and number:
            return tuple(ordered[:number])
    return tuple(ordered)


def _length(claim: Claim) -> int:
    """How many characters a claim takes at most: as if its rule were told of nothing else."""
    bare = {
        "title": "",
        "sections": _sections([claim]),
        "held": (),
        "muted": 0,
        "more": False,
        "again": False,
    }
    return len(defused(OURS.render("digest.txt", bare))) + 2  # the line breaks round it


def _sections(claims: Iterable[Claim]) -> tuple[Section, ...]:
    """The stories under the rule that they are told for; of several rules, under all of them."""
    rules: dict[str, list[Story]] = {}
    for claim in sorted(claims, key=_weight):
        titles = dict.fromkeys(cut(one_line(told.match.title), HEADLINE) for told in claim.tolds)
        rules.setdefault(" + ".join(list(titles)[:_OUTLETS]), []).append(_story(claim))
    return tuple(Section(rule, tuple(stories)) for rule, stories in rules.items())


def _story(claim: Claim) -> Story:
    first = main_tolds(claim)[0]
    entry, link = first.entry, web_link(first.entry)
    outlets = claim.outlets or (entry.outlet,)
    return Story(
        kind=first.kind.value,
        severity=max(told.match.severity for told in claim.tolds).name.lower(),
        sign=sign(claim),
        headline=cut(headline(entry), HEADLINE),
        link=link if len(link) <= LINK else "",
        stamp=(entry.published or first.decided).strftime("%Y-%m-%d %H:%M UTC"),
        outlets=len(outlets),
        named=tuple(cut(one_line(outlet), _OUTLET) for outlet in outlets[:_OUTLETS]),
        unnamed=len(outlets[_OUTLETS:]),
        again=claim.uncertain,
    )


def _weight(claim: Claim) -> tuple[int, int, float, int]:
    """The most carried first, of these the most urgent, of these the oldest."""
    severity = max(told.match.severity for told in claim.tolds)
    return -len(claim.outlets), -severity, claim.created.timestamp(), claim.story


def _held(tally: Tally) -> tuple[str, ...]:
    """How many alerts were held, and why."""
    reasons = (
        (tally.digest, "for the digest"),
        (tally.quiet, "in quiet hours"),
        (tally.limit, "over a limit"),
    )
    return tuple(f"{number} {reason}" for number, reason in reasons if number)
