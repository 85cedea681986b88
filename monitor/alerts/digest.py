"""A digest as the message that a person reads: by rule and story, the most carried first, then the count.

Composes; touches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.compose import AGAIN, defused
from monitor.alerts.telling import headline, main_tolds, sign, web_link
from monitor.model import Kind, Message
from monitor.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Claim, Digest, Tally

CHAT = 1900  # characters; Discord takes 2,000, the least of the services desks use
MAIL = 50_000
HEADLINE = 140
LINK = 300  # a longer one is left out: it would take the place of other stories
_OUTLETS = 3
_REST = 400  # characters kept for the first and the last lines
_MORE = "More was held than fits: the rest follows."


def compose(digest: Digest, *, chat: bool) -> Message:
    """The message for this digest, in plain text; a chat message has no title, and mentions are defused."""
    title = _title(digest)
    lines = [title, *_stories(digest.claims), "", *_ending(digest.tally)]
    if digest.more:
        lines.append(_MORE)
    if digest.uncertain:
        lines += ["", AGAIN]
    body = "\n".join(lines)
    if chat:
        return Message(title="", body=defused(body))
    return Message(title=title, body=body)


def fitting(claims: Sequence[Claim], *, chat: bool) -> tuple[Claim, ...]:
    """Those of the claims that one message holds, at least one: the most carried first."""
    room = (CHAT if chat else MAIL) - _REST
    ordered = sorted(claims, key=_weight)
    for number, claim in enumerate(ordered):
        text = "\n".join(_stories([claim]))
        room -= len(defused(text)) + 1
        if room < 0 and number:
            return tuple(ordered[:number])
    return tuple(ordered)


def _title(digest: Digest) -> str:
    stories = len(digest.claims)
    return f"Digest: {stories} {'story' if stories == 1 else 'stories'}"


def _stories(claims: Iterable[Claim]) -> list[str]:
    """The stories under the rule that they are told for; of several rules, under all of them."""
    rules: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=_weight):
        titles = dict.fromkeys(cut(one_line(told.match.title), HEADLINE) for told in claim.tolds)
        rules.setdefault(" + ".join(list(titles)[:_OUTLETS]), []).append(claim)
    lines = []
    for rule, told in rules.items():
        lines += ["", rule]
        for claim in told:
            lines += _story(claim)
    return lines


def _story(claim: Claim) -> list[str]:
    first = main_tolds(claim)[0]
    entry, link = first.entry, web_link(first.entry)
    outlets = claim.outlets or (entry.outlet,)
    carried = ", ".join(cut(one_line(outlet), 40) for outlet in outlets[:_OUTLETS])
    if len(outlets) > _OUTLETS:
        carried += f" and {len(outlets) - _OUTLETS} more"
    if first.kind is Kind.MILESTONE:
        carried = f"{len(outlets)} outlets carry it now: {carried}"
    moment = (entry.published or first.decided).strftime("%Y-%m-%d %H:%M UTC")
    again = " · may have reached you before" if claim.uncertain else ""
    lines = [f"- {cut(headline(entry), HEADLINE)}", f"  {sign(claim)} · {carried} · {moment}{again}"]
    return [*lines, f"  {link}"] if link and len(link) <= LINK else lines


def _weight(claim: Claim) -> tuple[int, int, float, int]:
    """The most carried first, of these the most urgent, of these the oldest."""
    severity = max(told.match.severity for told in claim.tolds)
    return -len(claim.outlets), -severity, claim.created.timestamp(), claim.story


def _ending(tally: Tally) -> list[str]:
    """How many alerts were held, and why; how many were muted."""
    reasons = (
        (tally.digest, "for the digest"),
        (tally.quiet, "in quiet hours"),
        (tally.limit, "over a limit"),
    )
    held = ", ".join(f"{number} {reason}" for number, reason in reasons if number)
    lines = [f"Held: {held}."] if held else []
    return [*lines, f"Muted by silences since the last digest: {tally.muted}."] if tally.muted else lines
