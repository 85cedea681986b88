"""T2: what a receiver gets next. Each due alert is routed, and the first message that may go is taken.

Inside one transaction: what is held or muted on the way is written with what is taken, or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import digest, notice, outbox
from monitor.alerts.notify import is_chat
from monitor.alerts.route import route
from monitor.model import Claim, Digest, Kind, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from monitor.alerts.route import Customs, Routes
    from monitor.model import Notice, Receiver, Silence
    from monitor.store.store import Store

_MOST_HELD = 500  # alerts looked at for one digest; what is beyond follows in another
_UNHEARD = timedelta(days=7)  # what nobody could be told for so long is no news
_NOT_ACKED = "Nobody has acknowledged this alert: it comes to you for that."


def taken(
    store: Store, receiver: Receiver, *, customs: Customs, now: datetime
) -> Claim | Digest | Notice | None:
    """The message that goes to this receiver now, leased; None if nothing may go. Inside a transaction.

    Alerts go before digests and notices, but for the turn of another message than the one that fails.
    """
    silences = store.silences(now=now)
    outage = store.outage(receiver.name)
    if outage is not None and outage.until > now:
        return None
    another = outbox.asks_with_another(outage)
    claim = _claimed(store, receiver, customs=customs, silences=silences, least_tried=another, now=now)
    if claim is not None and not (another and claim.attempts > 1):
        store.lease(claim, until=now + outbox.LEASE)
        return claim
    _make_letters(store, receiver, customs=customs, silences=silences, now=now)
    if claim is None or _was_tried_more(claim, store.due_letter(receiver.name, now=now)):
        letter = _letter(store, receiver, customs=customs, silences=silences, now=now)
        if letter is not None or claim is None:
            return letter
    store.lease(claim, until=now + outbox.LEASE)
    return claim


def _was_tried_more(claim: Claim, letter: Digest | Notice | None) -> bool:
    return letter is not None and letter.attempts < claim.attempts


def several(
    store: Store, receiver: Receiver, *, most: int, customs: Customs, now: datetime
) -> list[Claim | Digest | Notice]:
    """What `taken` gives, and as long as that is alerts of a receiver that is well, more: at most so many."""
    first = taken(store, receiver, customs=customs, now=now)
    if first is None:
        return []
    found = [first]
    if not isinstance(first, Claim) or store.outage(receiver.name) is not None:
        return found
    silences = store.silences(now=now)
    while len(found) < most:
        claim = _claimed(store, receiver, customs=customs, silences=silences, least_tried=False, now=now)
        if claim is None:
            break
        store.lease(claim, until=now + outbox.LEASE)
        found.append(claim)
    return found


# ---- alerts ----------------------------------------------------------------------------------------------


def _claimed(
    store: Store,
    receiver: Receiver,
    *,
    customs: Customs,
    silences: list[Silence],
    least_tried: bool,
    now: datetime,
) -> Claim | None:
    """The first due claim of which something goes; what is held or muted before it is written down."""
    while True:
        claim = store.due_claim(receiver.name, now=now, least_tried=least_tried)
        if claim is None:
            return None
        routes = route(
            claim,
            receiver,
            customs=customs,
            silences=_heard(store, claim, silences),
            now=now,
            sent=_sent(store, receiver, claim, customs=customs, now=now),
        )
        _write(store, receiver, routes)
        if routes.go is not None:
            _escalate(store, routes.go, receiver, now=now)
            return _noted(routes.go, receiver)


def _heard(store: Store, claim: Claim, silences: list[Silence]) -> list[Silence]:
    """The silences as they bear on a claim: one of what its story was merged into is one of its story, too.

    A merge leaves an alert under its old story where the other story has one like it.
    """
    if all(silence.scope is not Scope.STORY for silence in silences):
        return silences
    own, now_called = (f"{number:016x}" for number in (claim.story, store.now_called(claim.story)[-1]))
    return [
        replace(silence, value=own)
        if silence.scope is Scope.STORY and silence.value == now_called
        else silence
        for silence in silences
    ]


def _sent(
    store: Store, receiver: Receiver, claim: Claim, *, customs: Customs, now: datetime
) -> dict[str, int]:
    own = [told.alert for told in claim.tolds]
    return {
        rule: store.count_sent(receiver.name, rule, since=now - limit.per, but=own)
        for rule, limit in customs.limits(claim).items()
    }


def _write(store: Store, receiver: Receiver, routes: Routes) -> None:
    if routes.muted:
        store.mute(receiver.name, routes.muted)
    if routes.held:
        assert routes.until is not None, "what is held is held till then"
        store.hold(receiver.name, routes.held, until=routes.until)


def _noted(claim: Claim, receiver: Receiver) -> Claim:
    """The claim with the lines that go with it."""
    if claim.escalated:
        return replace(claim, notes=(_NOT_ACKED, _how_to_acknowledge(claim)))
    if receiver.escalate and _critical(claim):
        return replace(claim, notes=(_how_to_acknowledge(claim),))
    return claim


def _how_to_acknowledge(claim: Claim) -> str:
    return f"Acknowledge: monitor ack {claim.story:016x}"


# ---- escalation ------------------------------------------------------------------------------------------


def _escalate(store: Store, claim: Claim, receiver: Receiver, *, now: datetime) -> None:
    """The critical alerts of a claim go to the second receiver too, unless somebody acknowledges them."""
    if receiver.escalate and (critical := _critical(claim)):
        escalation = receiver.escalate
        store.escalate(critical, of=receiver.name, to=escalation.to, due=now + escalation.after)


def _critical(claim: Claim) -> list[int]:
    """A milestone is no new cause: only what tells of the story itself asks for somebody's answer."""
    return [
        told.alert
        for told in claim.tolds
        if told.match.severity is Severity.CRITICAL and told.kind is not Kind.MILESTONE
    ]


def pass_on(store: Store, receiver: Receiver, *, customs: Customs, now: datetime) -> None:
    """The time to acknowledge runs while a receiver is paused, too: that is when it is needed most.

    Inside a transaction.
    """
    if receiver.escalate is None:
        return
    silences = store.silences(now=now)
    for claim in store.unescalated(
        receiver.name, to=receiver.escalate.to, severity=Severity.CRITICAL, now=now
    ):
        heard = _heard(store, claim, silences)
        routes = route(claim, receiver, customs=customs, silences=heard, now=now, sent={})
        if routes.go is not None:
            _escalate(store, routes.go, receiver, now=now)


# ---- letters ---------------------------------------------------------------------------------------------


def _letter(
    store: Store, receiver: Receiver, *, customs: Customs, silences: list[Silence], now: datetime
) -> Digest | Notice | None:
    """The digest or notice that is due, leased. One that failed waits for quiet hours to end.

    What has been silenced since a digest was made is taken out of it, and counted there.
    """
    while True:
        letter = store.due_letter(receiver.name, now=now)
        if letter is None:
            return None
        if isinstance(letter, Digest):
            if _is_muted(store, receiver, letter, customs=customs, silences=silences, now=now):
                continue
            if not letter.claims:
                store.drop_letter(letter)  # all that it held was muted, or dropped by hand
                continue
        if receiver.quiet and receiver.quiet.covers(now):
            store.put_off(letter, until=receiver.quiet.end(now))
            continue
        store.lease_letter(letter, until=now + outbox.LEASE)
        return letter


def _is_muted(
    store: Store,
    receiver: Receiver,
    letter: Digest,
    *,
    customs: Customs,
    silences: list[Silence],
    now: datetime,
) -> bool:
    """Whether anything that the digest holds has been silenced: it is muted."""
    muted: dict[int, int] = {}
    for claim in letter.claims:
        heard = _heard(store, claim, silences)
        routes = route(claim, receiver, customs=customs, silences=heard, now=now, sent={}, collected=True)
        muted |= routes.muted
    store.mute(receiver.name, muted)
    return bool(muted)


def _make_letters(
    store: Store, receiver: Receiver, *, customs: Customs, silences: list[Silence], now: datetime
) -> None:
    _make_digest(store, receiver, customs=customs, silences=silences, now=now)
    if receiver.name == customs.operators and not _is_quiet(receiver, now):
        _make_notice(store, receiver, now=now)
        _make_heartbeat(store, receiver, customs=customs, now=now)


def _make_digest(
    store: Store, receiver: Receiver, *, customs: Customs, silences: list[Silence], now: datetime
) -> None:
    """Of what is held and due: what has been silenced since is muted, what may not be said now held on."""
    going = []
    held = store.held_claims(receiver.name, now=now, most=_MOST_HELD)
    for claim in held:
        heard = _heard(store, claim, silences)
        routes = route(claim, receiver, customs=customs, silences=heard, now=now, sent={}, collected=True)
        _write(store, receiver, routes)
        if routes.go is not None:
            going.append(routes.go)
    if not going:
        return
    fitting = digest.fitting(going, chat=is_chat(receiver))
    alerts = [told.alert for claim in fitting for told in claim.tolds]
    store.make_digest(receiver.name, alerts, more=len(fitting) < len(going), now=now)


def _make_notice(store: Store, receiver: Receiver, *, now: datetime) -> None:
    store.forget_notices(before=now - _UNHEARD)
    first = store.open_notice()
    if first is not None and notice.due(first, store.last_letter("notice")) <= now:
        store.make_notice(receiver.name, notice.TITLE, now=now)


def _make_heartbeat(store: Store, receiver: Receiver, *, customs: Customs, now: datetime) -> None:
    """The first goes at once, so that whoever asked for it sees that it comes."""
    last = store.last_letter("heartbeat")
    if customs.heartbeat and (last is None or last < customs.heartbeat.last(now)):
        store.make_heartbeat(receiver.name, notice.ALIVE, notice.heartbeat(store.counts()), now=now)


def _is_quiet(receiver: Receiver, now: datetime) -> bool:
    return receiver.quiet is not None and receiver.quiet.covers(now)


# ---- when ------------------------------------------------------------------------------------------------


def next_due(
    store: Store, receivers: Collection[Receiver], *, customs: Customs, now: datetime
) -> dict[str, datetime]:
    """When the next message to each of these receivers is due; receivers without any are left out."""
    due = store.next_delivery_due([receiver.name for receiver in receivers])
    operators = next((one for one in receivers if one.name == customs.operators), None)
    if operators is not None and (moment := _notice_due(store, operators, customs=customs, now=now)):
        due[operators.name] = min(moment, due.get(operators.name, moment))
    return due


def _notice_due(store: Store, operators: Receiver, *, customs: Customs, now: datetime) -> datetime | None:
    """When the operators are told something next: outside of their quiet hours, once they can be."""
    times = []
    if (first := store.open_notice()) is not None:
        times.append(notice.due(first, store.last_letter("notice")))
    if customs.heartbeat:
        last = store.last_letter("heartbeat")
        times.append(now if last is None else customs.heartbeat.after(last))
    if not times:
        return None
    outage = store.outage(operators.name)
    moment = max(min(times), now, outage.until if outage else now)
    return operators.quiet.end(moment) if operators.quiet else moment
