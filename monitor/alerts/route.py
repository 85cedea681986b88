"""What becomes of an alert that is due: it is sent, held for a digest, or muted. Decides; touches nothing.

Asked at the moment of sending and not when the alert is decided: a silence or quiet hours that have begun
since apply, and those that have ended do not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.model import Claim, Scope, Severity
from monitor.timetable import HOURLY, Limit, Timetable, Timing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from monitor.model import AlertId, Receiver, Silence, Told

DIGEST, LIMIT, QUIET = "digest", "limit", "quiet"  # why an alert is held
_SETTLED = 20  # hours that exclude each other never come to rest

_NO_TIMING = Timing()


@dataclass(frozen=True, slots=True)
class Customs:
    """When a desk tells: each rule's timing, when what is over a limit goes, and whom it tells of itself."""

    timings: Mapping[str, Timing] = field(default_factory=dict)
    digest: Timetable = HOURLY
    operators: str = ""
    heartbeat: Timetable | None = None

    def limits(self, claim: Claim) -> dict[str, Limit]:
        """The limits of the rules that a claim is of, by rule."""
        found = {told.match.rule: self._of(told).limit for told in claim.tolds}
        return {rule: limit for rule, limit in found.items() if limit is not None}

    def _of(self, told: Told) -> Timing:
        return self.timings.get(told.match.rule, _NO_TIMING)

    def held(
        self, told: Told, receiver: Receiver, *, sent: Mapping[str, int], now: datetime
    ) -> tuple[str, datetime] | None:
        """Why and until when this alert is held; None where it may go at once."""
        if told.match.severity is Severity.CRITICAL:
            return None
        timing = self._of(told)
        opening = self._opening(told, receiver, now)
        if opening > now:
            return QUIET, opening
        table = timing.digest or receiver.digest
        if table and (receiver.digest or not timing.limit):
            return DIGEST, self._opening(told, receiver, table.after(now))
        if timing.limit and sent.get(told.match.rule, 0) >= timing.limit.most:
            return LIMIT, self._opening(told, receiver, (table or self.digest).after(now))
        return None

    def closed(self, told: Told, receiver: Receiver, *, now: datetime) -> tuple[str, datetime] | None:
        """As `held`, of one that waited for its digest: only the hours of the receiver and the rule count."""
        opening = self._opening(told, receiver, now)
        return (QUIET, opening) if opening > now else None

    def _opening(self, told: Told, receiver: Receiver, moment: datetime) -> datetime:
        """The first moment from this one on at which the receiver is not quiet and the rule is active."""
        active = self._of(told).active
        for _ in range(_SETTLED):
            before = moment
            moment = receiver.quiet.end(moment) if receiver.quiet else moment
            moment = active.begin(moment) if active else moment
            if moment == before:
                break
        return moment


PLAIN = Customs()


@dataclass(frozen=True, slots=True)
class Routes:
    """What becomes of a claim: what goes now (None: nothing), what is held and why, what is muted by what."""

    go: Claim | None
    held: Mapping[AlertId, str]
    until: datetime | None
    muted: Mapping[AlertId, int]


def route(
    claim: Claim,
    receiver: Receiver,
    *,
    customs: Customs,
    silences: Sequence[Silence],
    now: datetime,
    sent: Mapping[str, int],
    collected: bool = False,
) -> Routes:
    """Where each alert of a claim goes.

    `silences` are those in force; `sent` how many were sent to this receiver under each rule that has a
    limit, within its period. `collected` says that the claim was held before and its digest goes now.
    Rules that fired on one story go together: if one may go now, all that are not muted do; else all wait
    for the first of their digests.
    """
    muted = {told.alert: by for told in claim.tolds if (by := _muted_by(told, claim, silences)) is not None}
    rest = tuple(told for told in claim.tolds if told.alert not in muted)
    if not rest:
        return Routes(None, {}, None, muted)
    waits = [
        customs.closed(told, receiver, now=now)
        if collected
        else customs.held(told, receiver, sent=sent, now=now)
        for told in rest
    ]
    until = _all(waits)
    if until is None:
        return Routes(replace(claim, tolds=rest), {}, None, muted)
    held = {told.alert: wait[0] for told, wait in zip(rest, waits, strict=True) if wait}
    return Routes(None, held, min(moment for _, moment in until), muted)


def _all(waits: Sequence[tuple[str, datetime] | None]) -> list[tuple[str, datetime]] | None:
    """The waits, if none goes at once."""
    found = [wait for wait in waits if wait is not None]
    return found if len(found) == len(waits) else None


def _muted_by(told: Told, claim: Claim, silences: Sequence[Silence]) -> int | None:
    return next((silence.id for silence in silences if _silences(silence, told, claim)), None)


def _silences(silence: Silence, told: Told, claim: Claim) -> bool:
    """Whether the silence is about this alert.

    One of a name is where all that made the rule fire are mentions of that name; one of an outlet while no
    other outlet carries the story.
    """
    if silence.scope is Scope.STORY:
        return silence.value == f"{claim.story:016x}"
    if silence.scope is Scope.RULE:
        return silence.value == told.match.rule
    if silence.scope is Scope.NAME:
        return {mention.what for mention in told.match.mentions} == {f"${silence.value}"}
    return _carried_by(claim, told) == {silence.value}


def _carried_by(claim: Claim, told: Told) -> Collection[str]:
    return {*claim.outlets, told.entry.outlet}
