"""What the operators are told of the desk itself, and when: damped, so that a bad hour is one message.

Composes and decides; touches nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.compose import AGAIN, BODY, defused
from monitor.model import Message
from monitor.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.model import Notice

GATHER = timedelta(minutes=1)  # what goes wrong together is told together
DAMP = timedelta(minutes=30)  # between two notices
AGAIN_AFTER = timedelta(hours=6)  # until the same thing is told again
MOST = 20  # lines; the rest is in `monitor status`
TITLE = "media-monitor: something needs a look"
REFUSED = "media-monitor: the rules, feeds or receivers have mistakes; what was good last stays in force"
ALIVE = "media-monitor: the desk is alive"


def due(first: datetime, last: datetime | None) -> datetime:
    """When a notice goes, whose first line is of then, after the last notice."""
    gathered = first + GATHER
    return gathered if last is None else max(gathered, last + DAMP)


def compose(notice: Notice, *, chat: bool) -> Message:
    """The message for this notice: a line for each thing, as many as fit."""
    lines = [notice.title, "", *map(one_line, notice.lines[:MOST])]
    if rest := len(notice.lines) - MOST:
        lines += [f"and {rest} more: monitor status"] if rest > 0 else []
    if notice.uncertain:
        lines += ["", AGAIN]
    body = "\n".join(lines)
    return Message("", cut(defused(body), BODY)) if chat else Message(notice.title, cut(body, BODY))


def refusal(error: str) -> tuple[str, ...]:
    """The title and the lines of a notice of mistakes in the files: each on its line, as many as fit."""
    lines = error.splitlines()
    shown = lines if len(lines) < MOST else lines[: MOST - 1]
    return (REFUSED, *shown, f"To see {'them all' if len(lines) > 1 else 'it again'}: monitor check")


def heartbeat(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The lines of a heartbeat: what is watched, what went out, and what did not."""
    return (
        f"Feeds: {counts['feeds']}, {counts['failing']} of them failing.",
        f"Alerts so far: {counts['alerts']}; deliveries: {counts['sent']} sent, {counts['waiting']} waiting.",
        f"Held for a digest: {counts['held']}; muted: {counts['muted']}; given up: {counts['dead']}.",
    )
