"""The two rounds: what polls brought goes in, what is due goes out. Transaction boundaries live here.

Round one takes results of polls (T1: plans and the reads they rest on, all or none). Round two sends one
message (T2 claims it, T3 records what came of it); no transaction is open while the network is.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from monitor.alerts import outbox
from monitor.alerts.compose import compose
from monitor.alerts.decide import NEVER_CHANGED, Arrival, decide
from monitor.alerts.notify import is_chat
from monitor.errors import SendError, StateError
from monitor.feeds import health, schedule
from monitor.feeds.recognise import recognised
from monitor.model import Failed, FeedState, Fresh, Kind, NotModified, Plan, Status
from monitor.stories import index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from monitor.model import (
        Claim,
        Entry,
        EntryId,
        Message,
        PollResult,
        Print,
        Receiver,
        Stored,
        StoryId,
    )
    from monitor.rules.rulebook import Rulebook
    from monitor.rules.tenure import Earlier, Standing
    from monitor.store.store import Store

log = logging.getLogger("monitor")

_RECORD_TRIES, _RECORD_PAUSE = 25, 1.0  # with SQLite's own 5 s a try: within the lease of 3 minutes

_STANDING = 1_000  # entries of a feed that a document is compared with; documents hold some hundreds


@dataclass(frozen=True, slots=True)
class Counts:
    """What a round took in: polls by outcome, entries that were new or edited, and what they called for."""

    fresh: int = 0
    unchanged: int = 0
    failed: int = 0
    entries: int = 0
    baseline: int = 0
    edited: int = 0
    stories: int = 0
    copies: int = 0
    developments: int = 0
    alerts: int = 0
    deliveries: int = 0

    def __add__(self, other: Counts) -> Counts:
        names = self.__dataclass_fields__
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})


# ---- round one -------------------------------------------------------------------------------------------


def take(
    store: Store,
    results: Sequence[PollResult],
    *,
    rulebook: Rulebook,
    now: datetime,
    backfill: bool = False,
    standing: Standing = NEVER_CHANGED,
) -> Counts:
    """T1 for polls that came back together: one commit, and a savepoint a feed so that none harms another."""
    counts = Counts()
    with store.transaction():
        states = store.feed_states([result.feed.name for result in results])
        for result in results:
            state = states.get(result.feed.name, FeedState())
            counts += _take_one(
                store, result, state, rulebook=rulebook, now=now, backfill=backfill, standing=standing
            )
    return counts


def _take_one(
    store: Store,
    result: PollResult,
    state: FeedState,
    *,
    rulebook: Rulebook,
    now: datetime,
    backfill: bool,
    standing: Standing,
) -> Counts:
    try:
        with store.savepoint():
            plan = plan_of(
                store, result, state=state, rulebook=rulebook, now=now, backfill=backfill, standing=standing
            )
            store.apply(plan, now=now, rulebook=rulebook.hash)
        _give_notice(result, state, plan)
    except Exception:
        log.exception("feed=%s outcome=error its entries could not be taken in", result.feed.name)
        failed = Failed(result.feed, "its entries could not be taken in: see the log")
        plan = _bare_plan(failed, state, now=now)
        store.apply(plan, now=now, rulebook=rulebook.hash)
        return _logged(failed, plan)
    return _logged(result, plan)


def plan_of(
    store: Store,
    result: PollResult,
    *,
    state: FeedState,
    rulebook: Rulebook,
    now: datetime,
    backfill: bool = False,
    standing: Standing = NEVER_CHANGED,
) -> Plan:
    """The rows that this result calls for, given what the store holds; reads only, inside T1."""
    if not isinstance(result, Fresh):
        return _bare_plan(result, state, now=now)
    aliases = store.aliases([entry.id for entry in result.entries])
    digests = store.digests([aliases.get(entry.id, entry.id) for entry in result.entries])
    strange = state.last_good is not None and bool(result.entries) and not result.familiar and not digests
    found = _recognised(store, result) if strange else {}
    digests |= store.digests(found.values()) if found else {}
    ids = aliases | found
    entries = [_under_its_id(entry, ids) for entry in result.entries]
    arrivals = [
        _arrival(entry, made)
        for entry, made in zip_longest(entries, result.prints)
        if digests.get(entry.id) != entry.digest
    ]
    known = store.known([arrival.entry.id for arrival in arrivals if arrival.entry.id in digests])
    near = store.candidates(
        [arrival.keys for arrival in arrivals], since=now - index.WINDOW, shared=index.MIN_SHARED
    )
    stories = {candidate.story for candidate, _ in near} | {item.candidate.story for item in known.values()}
    decision = decide(
        arrivals,
        feed=result.feed,
        state=state,
        known=known,
        index=index.Index(near),
        told=store.told(stories),
        rulebook=rulebook,
        now=now,
        backfill=backfill,
        standing=standing,
        earlier=_earlier(store, stories, standing, now=now),
    )
    return Plan(
        feed=result.feed.name,
        asked=result.feed.url,
        state=schedule.after(
            result,
            state,
            now=now,
            new=sum(entry.id not in digests for entry in entries),
            gap=strange and not digests and state.shown > 0,
        ),
        error="",
        aliases=tuple(found.items()),
        entries=decision.entries,
        alerts=decision.alerts,
        deliveries=decision.deliveries,
    )


def _earlier(
    store: Store, stories: set[StoryId], standing: Standing, *, now: datetime
) -> dict[StoryId, list[Earlier]]:
    """What stood in these stories before the youngest rule did; nothing once all rules are old enough.

    Stories outlive the window only copy by copy; twice the window is far beyond what a copy reaches back.
    """
    youngest = standing.youngest
    if youngest is None or youngest < now - 2 * index.WINDOW or not stories:
        return {}
    return store.earlier(stories, before=youngest)


def _recognised(store: Store, result: Fresh) -> dict[EntryId, EntryId]:
    """Where nothing of a document is known by id: its entries that stand under other ids, with those."""
    return recognised(result.entries, store.entries_of(result.feed.name, most=_STANDING))


def _under_its_id(entry: Entry, ids: Mapping[EntryId, EntryId]) -> Entry:
    return replace(entry, id=ids[entry.id]) if entry.id in ids else entry


def _arrival(entry: Entry, made: Print | None) -> Arrival:
    """The entry with its print: the parser's, or made here where it made none."""
    made = made or index.printed(entry)
    return Arrival(entry, made.fingerprint, made.keys)


def _bare_plan(result: PollResult, state: FeedState, *, now: datetime) -> Plan:
    error = result.what if isinstance(result, Failed) else ""
    return Plan(
        feed=result.feed.name,
        asked=result.feed.url,
        state=schedule.after(result, state, now=now),
        error=error,
    )


def _give_notice(result: PollResult, before: FeedState, plan: Plan) -> None:
    for notice in health.notices(result.feed, before, plan.state, plan.error):
        log.warning("feed=%s notice=%r", result.feed.name, notice)


def _logged(result: PollResult, plan: Plan) -> Counts:
    """The counts of one poll, after its one line in the log."""
    name = result.feed.name
    if isinstance(result, Failed):
        log.warning("feed=%s outcome=failed failures=%.2f error=%r", name, plan.state.failures, result.what)
        return Counts(failed=1)
    if isinstance(result, NotModified):
        log.info("feed=%s outcome=unchanged", name)
        return Counts(unchanged=1)
    counts = Counts(
        fresh=1,
        entries=len(plan.entries),
        baseline=sum(item.status is Status.BASELINE for item in plan.entries),
        edited=sum(item.known for item in plan.entries),
        stories=sum(_is(item, Kind.NEW) for item in plan.entries),
        copies=sum(_is(item, Kind.COPY) for item in plan.entries),
        developments=sum(_is(item, Kind.DEVELOPMENT) for item in plan.entries),
        alerts=len(plan.alerts),
        deliveries=len(plan.deliveries),
    )
    log.info(
        "feed=%s outcome=fresh entries=%d baseline=%d edited=%d stories=%d copies=%d developments=%d"
        " alerts=%d",
        name,
        counts.entries,
        counts.baseline,
        counts.edited,
        counts.stories,
        counts.copies,
        counts.developments,
        counts.alerts,
    )
    return counts


def _is(item: Stored, kind: Kind) -> bool:
    """Whether the entry came in as this; an edit that stays in its story comes in as nothing."""
    return item.placement.verdict.kind is kind and item.placement.of != item.entry.id


# ---- round two -------------------------------------------------------------------------------------------


def deliver(
    store: Store,
    receiver: Receiver,
    *,
    send: Callable[[Receiver, Message], None],
    clock: Callable[[], datetime],
) -> Claim | None:
    """Claim, compose, send and record the oldest message due to this receiver; None if none is due."""
    now = clock()
    with store.transaction():
        claim = store.claim(receiver.name, now=now, lease=outbox.LEASE)
    if claim is None:
        return None
    error, uncertain = _sent(receiver, claim, send=send, now=now)
    now = clock()
    again = outbox.retry(claim, now=now) if error else None
    _record(store, claim, error, again=again, uncertain=uncertain, now=now)
    _log_delivery(claim, error, again=again, uncertain=uncertain)
    return claim


def _sent(
    receiver: Receiver, claim: Claim, *, send: Callable[[Receiver, Message], None], now: datetime
) -> tuple[str, bool]:
    """Send it: ("", False) once accepted, else (why not, whether it may have arrived all the same)."""
    try:
        message = compose(claim, chat=is_chat(receiver), now=now)
    except Exception as error:
        log.exception("receiver=%s outcome=error the message could not be composed", receiver.name)
        return f"the message could not be composed: {type(error).__name__}", False
    try:
        send(receiver, message)
    except SendError as error:
        return error.what, error.uncertain
    except Exception as error:
        log.exception("receiver=%s outcome=error the delivery broke", receiver.name)
        return f"the delivery broke: {type(error).__name__}", True
    return "", False


def _record(
    store: Store, claim: Claim, error: str, *, again: datetime | None, uncertain: bool, now: datetime
) -> None:
    """T3, tried until it is written or the lease is nearly out: what was sent must not be sent again.

    Each try waits up to 5 s for another's lock by itself. Raises StateError when it was all in vain.
    """
    for left in reversed(range(_RECORD_TRIES)):
        try:
            with store.transaction():
                if error:
                    store.record_failed(claim, error, again=again, uncertain=uncertain)
                else:
                    store.record_sent(claim, now=now)
        except StateError:
            if not left:
                raise
            log.warning("receiver=%s outcome=unrecorded it is tried again", claim.receiver)
            time.sleep(_RECORD_PAUSE)
        else:
            return


def _log_delivery(claim: Claim, error: str, *, again: datetime | None, uncertain: bool) -> None:
    rules = ",".join(told.match.rule for told in claim.tolds)
    said = "receiver=%s story=%016x rules=%s attempt=%d outcome=%s"
    values = (claim.receiver, claim.story, rules, claim.attempts)
    if not error:
        log.info(said, *values, "sent")
    elif again is None:
        log.error(f"{said} error=%r", *values, "dead", error)  # noqa: G004
    else:
        log.warning(f"{said} error=%r", *values, "uncertain" if uncertain else "failed", error)  # noqa: G004
