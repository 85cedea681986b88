"""From a claim to the message a person reads: what happened, where, and why they are told.

Headlines are hostile: what a chat service would act on is defused, a page escapes everything, and lengths are
cut at a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.alerts.telling import Room, continues, headline, main_tolds, telling
from monitor.alerts.template import OURS
from monitor.model import Kind, Message, identity
from monitor.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.alerts.telling import Telling
    from monitor.alerts.template import Templates
    from monitor.model import Claim, Severity, StoryId, Told

TITLE = 200  # Slack takes 250, and a mail client shows fewer
BODY = 1900  # characters; Discord takes 2,000, the least of the services desks use
AGAIN = "Sent again after an interruption; you may already have it."

# What is left out first when a message is too long for a chat.
_ROOMS = (Room(), Room(reasons=6, quotes=1), Room(reasons=2, quotes=1), Room(reasons=1, quotes=0))
# Mentions; and links that hide their address, images among them, as Discord, Mattermost and Teams make them
# of "[text](address)", "[text][name]" and "[name]: address".
_LIVE = re.compile(r"[@<](?=\S)|\](?=[(\[:])")
_ADDRESS = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
_JOINER = "\u200d"  # zero-width: a reader sees no difference, a chat service no mention


def compose(claim: Claim, *, chat: bool, now: datetime, templates: Templates = OURS) -> Message:
    """The message for this claim; `chat` defuses mention tokens such as @everyone, <!channel>.

    The first line of the body is the headline; then severity, outlet, age and how many carry the story; the
    link; and why: each rule that fired, with the sentence that made it fire and the [hit] in brackets. A
    chat message has no title: services that have none print it above the body, and the headline twice.
    A mail has the same as a page beside it.
    """
    key = f"{identity('delivery', claim.receiver, *(str(told.alert) for told in claim.tolds)):016x}"
    thread = thread_of(claim.story)
    if chat:
        return Message("", _fitted(claim, "chat.txt", templates, now=now, chat=True), thread=thread, key=key)
    told = telling(claim, now=now)
    subject = _subject(claim, told)
    return Message(
        subject,
        _fitted(claim, "mail.txt", templates, now=now, chat=False),
        html=templates.render("mail.html", {**told.facts(), "subject": subject}),
        thread=thread,
        key=key,
    )


def defused(text: str) -> str:
    """The text with a zero-width joiner inside whatever could begin a mention or hide a link's address.

    In an address the joiner would lead elsewhere: there an @ is written %40, which servers read as the same
    (RFC 3986 §2.1).
    """
    safe = _ADDRESS.sub(lambda found: found.group().replace("@", "%40"), text)
    return _LIVE.sub(lambda token: token.group() + _JOINER, safe)


def thread_of(story: StoryId) -> str:
    """The id that stands for the head of a story's thread, though no mail has it: the same for everybody.

    As Alertmanager does it (References to a made-up root): whichever mail is read first, lost or deleted,
    those after it still belong together.
    """
    return f"story-{story:016x}@media-monitor.invalid"


def _fitted(claim: Claim, name: str, templates: Templates, *, now: datetime, chat: bool) -> str:
    """The text, as much of the reasons as leaves it within BODY, in the form in which it is sent."""
    body = ""
    for body in _texts(claim, name, templates, now=now, chat=chat):
        if len(body) <= BODY:
            return body
    return cut(body, BODY)


def _texts(claim: Claim, name: str, templates: Templates, *, now: datetime, chat: bool) -> Iterator[str]:
    for room in _ROOMS:
        text = templates.render(name, telling(claim, now=now, room=room).facts())
        yield defused(text) if chat else text


# ---- subjects --------------------------------------------------------------------------------------------


def _subject(claim: Claim, told: Telling) -> str:
    """The subject of a mail: of a follow-up, that of its thread.

    Gmail joins mails to a thread only where their subjects are the same but for "Re:". What is more urgent
    than its thread must not come in under it: it has a subject of its own, and only References joins it.
    """
    own = f"[{told.sign}] {told.headline}"
    if not claim.opening or _severity(main_tolds(claim)) > _severity(claim.opening):
        return cut(own, TITLE)
    return cut(f"Re: {_opening_subject(claim)}" if continues(claim) else _opening_subject(claim), TITLE)


def _opening_subject(claim: Claim) -> str:
    first = claim.opening[0]
    severity = _severity(claim.opening).name.lower()
    sign = severity if first.kind is Kind.NEW else f"{severity}, {first.kind.value}"
    return f"[{sign}] {headline(first.entry)}"


def _severity(tolds: tuple[Told, ...]) -> Severity:
    return max(told.match.severity for told in tolds)
