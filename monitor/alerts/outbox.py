"""What becomes of a message that failed: when its receiver is tried again, what is given up. Decides only.

A receiver that takes nothing is left alone as a whole: one message asks, at most eight times an hour, whether
it takes any again, and the others wait behind it untried. A message that fails while others pass waits alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Claim, Notice, Outage, identity

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import AlertId, Digest

LEASE = timedelta(
    minutes=3
)  # a send ends within 60 s (Apprise's own limit); what takes longer is not coming back
# The last one for good. Eight tries in the first hour and fewer in any other; a receiver that comes back is
# noticed within 14.4 minutes, the spread included.
RETRIES = tuple(timedelta(seconds=s) for s in (30, 60, 180, 720))
SPREAD = 0.2  # upwards only, so that what failed together does not come back together
LONGEST_RETRY = RETRIES[-1] * (1 + SPREAD)
PATIENCE = timedelta(hours=24)  # never given up earlier: an outage of a day loses nothing
# Tries before giving up: so many take 24 hours even if each comes as early as it may, so that a day with this
# machine off does not count as tried.
FEWEST = 124
_IN_TURN = 4  # of so many tries, one is with another message than the oldest: it may be that one's own fault


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not accepted.

    `uncertain`: it may have been all the same. `own`: the receiver answers, and does not want this message.
    `retry_after` is what the receiver asked for.
    """

    error: str
    uncertain: bool = False
    own: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Setback:
    """What a failure calls for.

    Either the whole receiver waits (`outage`), or the message alone, until `again`. `dead` are the alerts
    that are given up, `over` says that the message is (a digest, a notice).
    """

    outage: Outage | None
    again: datetime | None
    dead: tuple[AlertId, ...] = ()
    over: bool = False


def asks_with_another(outage: Outage | None) -> bool:
    """Whether a receiver in an outage is tried next with the message tried least, not the oldest."""
    return outage is not None and outage.tries % _IN_TURN == 1


def setback(
    parcel: Claim | Digest | Notice, failure: Failure, *, outage: Outage | None, now: datetime
) -> Setback:
    """What the failure of this message calls for, where the receiver was in this outage (None: was well)."""
    alone = failure.own or (outage is None and parcel.attempts > 1 and failure.retry_after is None)
    if alone:
        again = now + _wait(parcel, parcel.attempts)
        return _given_up(parcel, Setback(None, again), tried=parcel.attempts, now=now)
    tries = 1 if outage is None else outage.tries + 1
    since = now if outage is None else outage.since
    until = now + max(_wait(parcel, tries), failure.retry_after or timedelta())
    long = since <= now - PATIENCE
    found = Setback(Outage(since, tries, until, failure.error), None)
    return _given_up(parcel, found, tried=tries if long else 0, now=now)


def _given_up(parcel: Claim | Digest | Notice, found: Setback, *, tried: int, now: datetime) -> Setback:
    if tried < FEWEST:
        return found
    tolds = parcel.tolds if isinstance(parcel, Claim) else ()
    dead = tuple(told.alert for told in tolds if now - told.decided >= PATIENCE)
    ends = not isinstance(parcel, Claim) and not (isinstance(parcel, Notice) and parcel.lasting)
    over = ends and now - parcel.created >= PATIENCE
    return Setback(found.outage, found.again, dead, over)


def _wait(parcel: Claim | Digest | Notice, tries: int) -> timedelta:
    """1 to 1 + SPREAD times the retry's length, the same whenever it is asked for."""
    which = parcel.story if isinstance(parcel, Claim) else parcel.id
    share = identity(parcel.receiver, str(which), str(tries)) % 1000 / 999
    return RETRIES[min(tries, len(RETRIES)) - 1] * (1 + SPREAD * share)
