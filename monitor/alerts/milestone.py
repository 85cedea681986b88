"""When a story that was told is told of again: when so many outlets carry it. Decides only.

What is counted is how many outlets carry a lead (a story, or one development of it) now, and how many did
when the alert was decided: the message says that itself, so nothing is told twice of one number.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Alert, Kind, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.model import AlertId

MILESTONES = (5, 20, 50)  # outlets; the operator's settings say others


@dataclass(frozen=True, slots=True)
class Spread:
    """An alert that was decided, and how far what it told of has spread since.

    `seen` is when each outlet that carries its lead was first seen with it, the first first; `reached` the
    highest milestone that was told of it (0 for none); `receivers` who got it or will.
    """

    alert: Alert
    decided: datetime
    receivers: tuple[str, ...]
    seen: tuple[datetime, ...]
    reached: int


@dataclass(frozen=True, slots=True)
class Reached:
    """The milestones to tell, and to whom."""

    alerts: tuple[Alert, ...]
    deliveries: tuple[tuple[AlertId, str], ...]  # (alert, receiver)


def reached(spreads: Iterable[Spread], *, milestones: Sequence[int]) -> Reached:
    """What is to be told of these: of each the highest milestone alone, if it is new."""
    alerts, deliveries = [], []
    for spread in spreads:
        number = _new_milestone(spread, sorted(milestones))
        if not number or not spread.receivers:
            continue
        alert = _alert(spread.alert, number)
        alerts.append(alert)
        deliveries += [(alert.id, receiver) for receiver in spread.receivers]
    return Reached(tuple(alerts), tuple(deliveries))


def _new_milestone(spread: Spread, milestones: Sequence[int]) -> int:
    """The highest that is reached, if neither the alert nor a milestone has told of as many; else 0."""
    passed = [number for number in milestones if number <= len(spread.seen)]
    known = max(spread.reached, bisect_right(spread.seen, spread.decided))
    return passed[-1] if passed and passed[-1] > known else 0


def _alert(told: Alert, number: int) -> Alert:
    kind = Kind.MILESTONE
    return Alert(
        id=identity("alert", str(told.story), told.rule, kind.value, str(told.lead), str(number)),
        story=told.story,
        rule=told.rule,
        kind=kind,
        lead=told.lead,
        entry=told.entry,
        match=told.match,
        outlets=number,
    )
