"""T3: what came of a send, written down with all that follows from it. Inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts import outbox
from monitor.alerts.notice import AGAIN_AFTER
from monitor.model import Claim, Digest

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.alerts.outbox import Failure, Setback
    from monitor.model import Notice, Outage
    from monitor.store.store import Store

TELL = 6  # tries in vain after which the operators hear of an outage: more than half an hour


def sent(store: Store, parcel: Claim | Digest | Notice, *, now: datetime) -> None:
    """The receiver accepted it: an outage is over, and what waited goes at once, the oldest first."""
    if isinstance(parcel, Claim):
        store.record_sent(parcel, now=now)
    else:
        store.record_letter_sent(parcel, now=now)
    outage = store.outage(parcel.receiver)
    if outage is None:
        return
    store.end_outage(parcel.receiver)
    if outage.tries >= TELL:
        store.put_notice(_about(parcel), f"takes messages again; it took none {_since(outage)}", now=now)


def failed(store: Store, parcel: Claim | Digest | Notice, failure: Failure, *, now: datetime) -> Setback:
    """The receiver did not accept it: what that calls for, written down."""
    found = outbox.setback(parcel, failure, outage=store.outage(parcel.receiver), now=now)
    if isinstance(parcel, Claim):
        store.record_failed(
            parcel, failure.error, again=found.again, uncertain=failure.uncertain, dead=found.dead, now=now
        )
    else:
        store.record_letter_failed(
            parcel, failure.error, again=found.again, uncertain=failure.uncertain, over=found.over, now=now
        )
    if found.outage is not None:
        store.begin_outage(parcel.receiver, found.outage)
        if found.outage.tries == TELL:
            store.put_notice(_about(parcel), f"takes no messages, {_since(found.outage)}", now=now)
    if found.dead or (found.over and isinstance(parcel, Digest)):
        store.put_notice(
            _about(parcel),
            f"alerts were given up after a day of trying: {failure.error};"
            " monitor deliveries list --only dead shows them, monitor deliveries retry sends them again",
            now=now,
            unless_since=now - AGAIN_AFTER,
        )
    return found


def _about(parcel: Claim | Digest | Notice) -> str:
    return f"Receiver {parcel.receiver}"


def _since(outage: Outage) -> str:
    return f"since {outage.since:%Y-%m-%d %H:%M} UTC: {outage.error}"
