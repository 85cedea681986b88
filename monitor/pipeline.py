"""The two rounds: what polls brought goes in, what is due goes out. Transaction boundaries live here.

Round one takes results of polls (T1: plans and the reads they rest on, all or none). Round two sends one
message (T2 claims it, T3 records what came of it); no transaction is open while the network is.
"""

from __future__ import annotations

import gc
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from time import thread_time
from typing import TYPE_CHECKING

from monitor import dispatch, recording
from monitor.alerts import digest, notice
from monitor.alerts.compose import compose
from monitor.alerts.decide import NEVER_CHANGED, Arrival, decide
from monitor.alerts.milestone import reached
from monitor.alerts.notify import is_chat
from monitor.alerts.outbox import LEASE, Failure
from monitor.alerts.route import PLAIN
from monitor.alerts.template import OURS
from monitor.errors import SendError, StateError
from monitor.feeds import aggregators, health, schedule
from monitor.feeds.recognise import recognised
from monitor.model import (
    Claim,
    Digest,
    Failed,
    FeedState,
    Fresh,
    Kept,
    Kind,
    Notice,
    NotModified,
    Plan,
    Settled,
    Status,
    Validators,
)
from monitor.stories import index
from monitor.stories.fingerprint import cited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from monitor.alerts.outbox import Setback
    from monitor.alerts.route import Customs
    from monitor.alerts.template import Templates
    from monitor.model import (
        Entry,
        EntryId,
        Feed,
        Message,
        PollResult,
        Print,
        Receiver,
        Stored,
        StoryId,
    )
    from monitor.rules.recurring import Recurring
    from monitor.rules.rulebook import Rulebook
    from monitor.rules.tenure import Earlier, Standing
    from monitor.store.claims import Count
    from monitor.store.store import Store

log = logging.getLogger("monitor")

_RECORD_TRIES, _RECORD_PAUSE = 25, 1.0  # with SQLite's own 5 s a try: within the lease of 3 minutes

BURST = 16  # messages claimed in one commit: what a power cut may repeat, all of it marked
_LONGEST_BURST = LEASE / 3  # a send ends within 60 s: what is begun by then ends within its lease

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_STANDING = 1_000  # entries of a feed that a document is compared with; documents hold some hundreds
# A feed of thousands of like entries holds up the others for a twentieth of the time (docs/decisions/0132).
_LONGEST_LOOK = 10.0  # seconds of the processor in which the entries of a document find what they are near
_REST = 20  # times what a document took until its feed is asked again


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
    milestones: Sequence[int] = (),
) -> Counts:
    """T1 for polls that came back together: one commit, and a savepoint a feed so that none harms another.

    `milestones` are the numbers of outlets at which what was told is told of again.
    """
    counts = Counts()
    spread: set[tuple[StoryId, EntryId]] = set()
    with _garbage_kept(), store.roomy(), store.transaction():
        states = store.feed_states([result.feed.name for result in results])
        again = store.unread_since_restore([one.feed.name for one in results if isinstance(one, Fresh)])
        counts += _take_unchanged(store, results, states, now=now)
        for result in _in_order(results):
            if isinstance(result, NotModified):
                continue
            state = states.get(result.feed.name, FeedState())
            plan, one = _take_one(
                store, result, state, rulebook=rulebook, now=now, backfill=backfill, standing=standing
            )
            states[result.feed.name] = plan.state
            counts += one
            spread |= {(item.placement.story, item.placement.lead) for item in plan.entries if _is_news(item)}
        if spread and milestones:
            counts += _tell_milestones(
                store, spread, milestones=milestones, rulebook=rulebook, now=now, uncertain=again
            )
        store.tally(_tallied(counts), now=now)
    return counts


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """No look for garbage in circles meanwhile: T1 makes many objects and no circles.

    Each look goes through all that the daemon holds: a tenth of T1's time (benchmarks/coordinator.py).
    """
    was_looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looking:
            gc.enable()


def _take_unchanged(
    store: Store,
    results: Sequence[PollResult],
    states: Mapping[str, FeedState],
    *,
    now: datetime,
) -> Counts:
    """What is remembered of the feeds that had not changed, most of all: written in one statement."""
    plans: list[Plan] = []
    counts = Counts()
    for result in results:
        if not isinstance(result, NotModified):
            continue
        state = states.get(result.feed.name, FeedState())
        vouched = _vouched(result, state)
        try:
            plan = _bare_plan(vouched, state, now=now)
            _give_notice(store, vouched, state, plan, now=now)
        except Exception:
            log.exception("feed=%s outcome=error its poll could not be taken in", result.feed.name)
            failed = Failed(result.feed, "its poll could not be taken in: see the log")
            plan = _bare_plan(failed, state, now=now)
            counts += _logged(failed, plan)
        else:
            counts += _logged(vouched, plan)
        plans.append(plan)
    store.put_feed_states(plans)
    return counts


def _vouched(result: NotModified, state: FeedState) -> NotModified | Failed:
    """The result; a failure where it says that nothing changed since a document that was not taken in.

    The poll began before that was known. As a good one it would make all of the next document news.
    """
    if state.last_good is None and state.validators == Validators():
        return Failed(result.feed, "unchanged since a document that could not be read: it is read anew")
    return result


def _in_order(results: Iterable[PollResult]) -> Iterator[PollResult]:
    """The results, before each the first document that had to be read for it."""
    for result in results:
        if isinstance(result, Fresh) and result.settled is not None:
            yield result.settled
        yield result


def _tallied(counts: Counts) -> dict[str, int]:
    """What is counted for ever of a round, by name: these are the names of the metrics."""
    return {
        "polls fresh": counts.fresh,
        "polls unchanged": counts.unchanged,
        "polls failed": counts.failed,
        "entries baseline": counts.baseline,
        "entries new": counts.stories,
        "entries copy": counts.copies,
        "entries development": counts.developments,
        "alerts": counts.alerts,
    }


def _tell_milestones(
    store: Store,
    leads: set[tuple[StoryId, EntryId]],
    *,
    milestones: Sequence[int],
    rulebook: Rulebook,
    now: datetime,
    uncertain: bool,
) -> Counts:
    """What this round made of these leads; once for all its feeds: from 3 outlets to 21, 20 is told alone.

    They are `uncertain` where one of the feeds was not read since a backup was put in place.
    """
    try:
        with store.savepoint():
            found = reached(store.spreads(leads), milestones=milestones)
            store.add_alerts(
                found.alerts, found.deliveries, now=now, rulebook=rulebook.hash, uncertain=uncertain
            )
    except Exception:
        log.exception("outcome=error the outlets of what was told could not be counted")
        return Counts()
    for alert in found.alerts:
        log.info("story=%016x rule=%s outlets=%d outcome=milestone", alert.story, alert.rule, alert.outlets)
    return Counts(alerts=len(found.alerts), deliveries=len(found.deliveries))


def _is_news(item: Stored) -> bool:
    return item.status is Status.NEWS


def _take_one(
    store: Store,
    result: PollResult,
    state: FeedState,
    *,
    rulebook: Rulebook,
    now: datetime,
    backfill: bool,
    standing: Standing,
) -> tuple[Plan, Counts]:
    if isinstance(result, Fresh) and result.familiar and state.unsettled == 0 and state.last_good is None:
        # Those that it knows again stood in a first document that could not be taken in.
        result = Failed(result.feed, "its first document could not be taken in: it is read anew")
        state = replace(state, marks=b"", validators=Validators())
    # Asked before a plan is applied, which ends it, and for feeds alone whose pages may tell.
    again = result.feed.full_text and store.unread_since_restore([result.feed.name])
    try:
        with store.savepoint():
            plan = plan_of(
                store, result, state=state, rulebook=rulebook, now=now, backfill=backfill, standing=standing
            )
            if isinstance(result, Settled) and not plan.settled:
                return plan, Counts()  # nothing to write, and nothing to say
            seen = result.made if isinstance(result, Settled) else now
            if result.feed.full_text:
                store.mend_articles(mended_articles(plan))
            store.apply(plan, now=seen, rulebook=rulebook.hash)
            if result.feed.full_text:
                store.want_articles(wanted_articles(plan), now=now, uncertain=again)
            _give_notice(store, result, state, plan, now=now)
    except Exception:
        log.exception("feed=%s outcome=error its entries could not be taken in", result.feed.name)
        failed = Failed(result.feed, "its entries could not be taken in: see the log")
        result = replace(result, reading=failed) if isinstance(result, Settled) else failed
        plan = plan_of(store, result, state=state, rulebook=rulebook, now=now)
        store.apply(plan, now=now, rulebook=rulebook.hash)
    return plan, _logged(result, plan)


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
    if isinstance(result, Settled):
        return _settled_plan(store, result, state, rulebook=rulebook, now=now, standing=standing)
    if not isinstance(result, Fresh):
        return _bare_plan(result, state, now=now)
    assert not state.unsettled, "what a feed showed first is read before what it shows next"
    began = thread_time()
    aliases = store.aliases([entry.id for entry in result.entries])
    digests = store.digests([aliases.get(entry.id, entry.id) for entry in result.entries])
    bygone = store.bygone([entry.id for entry in result.entries if entry.id not in digests])
    strange = (
        state.last_good is not None
        and bool(result.entries)
        and not result.familiar
        and not digests
        and not bygone
    )
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
    texts = store.texts(known) if known else {}
    known |= {key: replace(known[key], entry=replace(known[key].entry, text=texts[key])) for key in texts}
    silent = state.last_good is None and not backfill  # a first document tells nobody, of edits neither
    new_first = sorted(range(len(arrivals)), key=lambda at: arrivals[at].entry.id in digests)
    looked: set[int] = set()
    whole = state.last_good is None  # of a first document nothing is left: it would come as something else
    near = store.candidates(
        (arrivals[at].wanted for at in _while_there_is_time(new_first, looked, ever=whole and backfill)),
        since=now - index.WINDOW,
        shared=index.MIN_SHARED,
    )
    later = [arrival for at, arrival in enumerate(arrivals) if at not in looked and not whole]
    arrivals = [
        arrival if at in looked else replace(arrival, keys=(), cited=frozenset())  # nobody joins its story
        for at, arrival in enumerate(arrivals)
        if at in looked or whole
    ]
    stories = {candidate.story for candidate, _ in near} | {item.candidate.story for item in known.values()}
    stories |= {item.story for item in bygone.values()}
    decision = decide(
        arrivals,
        feed=result.feed,
        state=state,
        known=known,
        index=index.deciding(near),
        told=store.told(stories),
        rulebook=rulebook,
        now=now,
        backfill=backfill,
        standing=standing,
        earlier=earlier_in(store, stories, standing, now=now),
        recurring=recurring_in(
            store,
            [*(arrival.entry for arrival in arrivals), *(item.entry for item in known.values())],
            feed=result.feed,
            now=now,
        ),
        bygone=bygone,
        later=later,
    )
    after = schedule.after(
        result,
        state,
        now=now,
        new=sum(entry.id not in digests and entry.id not in bygone for entry in entries),
        gap=strange and not digests and state.shown > 0,
    )
    rest = timedelta(seconds=_REST * (thread_time() - began))
    return Plan(
        feed=result.feed.name,
        asked=result.feed.url,
        state=schedule.rested(after, state, now=now, rest=rest, left=len(later)),
        left=len(later),
        error="",
        aliases=tuple(found.items()),
        entries=decision.entries,
        alerts=() if silent else decision.alerts,
        deliveries=() if silent else decision.deliveries,
        offer=result.reply.offer,
    )


def _while_there_is_time(places: Iterable[int], looked: set[int], *, ever: bool) -> Iterator[int]:
    """One place after the other, which is in `looked` from then on; one at least, all where there is ever."""
    until = thread_time() + _LONGEST_LOOK
    for place in places:
        if looked and not ever and thread_time() >= until:
            return
        looked.add(place)
        yield place


def recurring_in(store: Store, entries: Sequence[Entry], *, feed: Feed, now: datetime) -> Recurring:
    """What the store knows of the lines of these entries of a feed; reads only."""
    return store.recurring_lines(entries, feed=feed.name, outlet=feed.outlet, texts=feed.full_text, now=now)


def earlier_in(
    store: Store, stories: set[StoryId], standing: Standing, *, now: datetime
) -> dict[StoryId, list[Earlier]]:
    """What stood in these stories before the youngest rule did; nothing once all rules are old enough.

    Stories outlive the window only copy by copy; twice the window is far beyond what a copy reaches back.
    """
    youngest = standing.youngest
    if youngest is None or youngest < now - 2 * index.WINDOW or not stories:
        return {}
    found = store.earlier(stories, before=youngest)
    texts = store.texts([one.entry.id for several in found.values() for one in several])
    if not texts:
        return found
    return {
        story: [replace(one, entry=replace(one.entry, text=texts.get(one.entry.id, ""))) for one in several]
        for story, several in found.items()
    }


def _recognised(store: Store, result: Fresh) -> dict[EntryId, EntryId]:
    """Where nothing of a document is known by id: its entries that stand under other ids, with those.

    Of a recurring feed only those of the same date: an equal title is no sign that it is the same entry.
    """
    standing = store.entries_of(result.feed.name, most=_STANDING)
    found = recognised(result.entries, standing)
    if not result.feed.recurring:
        return found
    dates = {entry.id: entry.published for entry in (*standing, *result.entries)}
    return {entry: known for entry, known in found.items() if dates[entry] == dates[known]}


def _under_its_id(entry: Entry, ids: Mapping[EntryId, EntryId]) -> Entry:
    return replace(entry, id=ids[entry.id]) if entry.id in ids else entry


def _arrival(entry: Entry, made: Print | None) -> Arrival:
    """The entry with its print: the parser's, or made here where it made none."""
    made = made or index.printed(entry)
    pages = cited(entry) if made.keys else frozenset()
    return Arrival(entry, made.fingerprint, made.keys, pages)


def _bare_plan(result: NotModified | Failed | Kept, state: FeedState, *, now: datetime) -> Plan:
    return Plan(
        feed=result.feed.name,
        asked=result.feed.url,
        state=schedule.after(result, state, now=now),
        error=_error(result),
        kept=result.document if isinstance(result, Kept) else None,
        offer=None if isinstance(result, Failed) else result.reply.offer,
    )


def _settled_plan(
    store: Store, result: Settled, state: FeedState, *, rulebook: Rulebook, now: datetime, standing: Standing
) -> Plan:
    """The entries of a first document, all of them baseline, as if they had been taken in when it came."""
    plan = Plan(feed=result.feed.name, asked=result.feed.url, state=state, error="")
    if not state.unsettled or store.baseline_made(result.feed.name) not in (None, result.made):
        return plan  # settled meanwhile, and what the feed has shown since is newer
    if isinstance(result.reading, Fresh):
        plan = plan_of(
            store,
            result.reading,
            state=replace(state, last_good=None, unsettled=0),
            rulebook=rulebook,
            now=result.made,
            standing=standing,
        )
    return replace(plan, state=schedule.settled(result, state, now=now), error=_error(result), settled=True)


def _error(result: PollResult) -> str:
    """Why it failed; "" for what did not."""
    if isinstance(result, Settled):
        return _error(result.reading)
    return result.what if isinstance(result, Failed) else ""


def _give_notice(store: Store, result: PollResult, before: FeedState, plan: Plan, *, now: datetime) -> None:
    """What became different with a feed, in the log and for the operators."""
    for said in health.notices(result.feed, before, plan.state, plan.error):
        log.warning("feed=%s notice=%r", result.feed.name, said)
        store.put_notice(f"Feed {result.feed.name}", said, now=now)
    reading = result.reading if isinstance(result, Settled) else result
    if isinstance(reading, Fresh) and health.is_cut(reading):
        store.put_notice(f"Feed {result.feed.name}", health.CUT, now=now, unless_since=_EVER)
    if plan.left:
        log.warning(
            "feed=%s outcome=crowded taken=%d left=%d", result.feed.name, len(plan.entries), plan.left
        )
        store.put_notice(f"Feed {result.feed.name}", health.CROWDED, now=now, unless_since=now - health.AGAIN)


def _logged(result: PollResult, plan: Plan) -> Counts:
    """The counts of one poll, after its one line in the log."""
    name = result.feed.name
    if isinstance(result, Failed):
        log.warning("feed=%s outcome=failed failures=%.2f error=%r", name, plan.state.failures, result.what)
        return Counts(failed=1)
    if isinstance(result, NotModified):
        log.info("feed=%s outcome=unchanged", name)
        return Counts(unchanged=1)
    if isinstance(result, Kept):
        log.info("feed=%s outcome=fresh kept=%d", name, result.items)
        return Counts(fresh=1)
    if isinstance(result, Settled):
        return _logged_settled(result, plan)
    counts = Counts(fresh=1) + _of_entries(plan)
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


def _of_entries(plan: Plan) -> Counts:
    return Counts(
        entries=len(plan.entries),
        baseline=sum(item.status is Status.BASELINE for item in plan.entries),
        edited=sum(item.known for item in plan.entries),
        stories=sum(_is(item, Kind.NEW) for item in plan.entries),
        copies=sum(_is(item, Kind.COPY) for item in plan.entries),
        developments=sum(_is(item, Kind.DEVELOPMENT) for item in plan.entries),
        alerts=len(plan.alerts),
        deliveries=len(plan.deliveries),
    )


def _logged_settled(result: Settled, plan: Plan) -> Counts:
    """The counts of a first document, of which its poll counted nothing but itself."""
    if isinstance(result.reading, Failed):
        error, failures = result.reading.what, plan.state.failures
        log.warning("feed=%s outcome=unsettled failures=%.2f error=%r", result.feed.name, failures, error)
        return Counts(failed=1)
    copies = sum(_is(item, Kind.COPY) for item in plan.entries)
    log.info("feed=%s outcome=settled baseline=%d copies=%d", result.feed.name, len(plan.entries), copies)
    return _of_entries(plan)


def wanted_articles(plan: Plan) -> list[tuple[EntryId, str]]:
    """The entries of a plan whose pages are to be read, with its feed: what is news, or became other news.

    What stood in a feed when it was first polled, and what it dug out, may tell nobody; an edit that stays
    in its story keeps the text that it has. An aggregator's link leads to its own cookie wall, not to a page.
    """
    return [
        (item.entry.id, plan.feed)
        for item in plan.entries
        if _is_news(item) and leads_to_a_page(item.entry) and item.placement.of != item.entry.id
    ]


def mended_articles(plan: Plan) -> list[tuple[EntryId, str]]:
    """The entries of a plan whose pages may be found under another link now, with that."""
    return [
        (item.entry.id, item.entry.link)
        for item in plan.entries
        if item.known and _is_news(item) and leads_to_a_page(item.entry)
    ]


def leads_to_a_page(entry: Entry) -> bool:
    """Whether the entry's link is that of a page which can be read."""
    return bool(entry.link) and not aggregators.is_opaque(entry.link)


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
    customs: Customs = PLAIN,
    templates: Templates = OURS,
) -> Claim | Digest | Notice | None:
    """Take, compose, send and record the next message to this receiver; None if nothing may go now."""
    now = clock()
    with store.transaction():
        parcel = dispatch.taken(store, receiver, customs=customs, now=now)
        count = store.count_claims(0 if parcel is None else 1)
    if parcel is not None:
        _keep_count(store, count)
        _deliver_taken(store, receiver, parcel, send=send, clock=clock, templates=templates)
    return parcel


def deliver_burst(
    store: Store,
    receiver: Receiver,
    *,
    send: Callable[[Receiver, Message], None],
    clock: Callable[[], datetime],
    customs: Customs = PLAIN,
    templates: Templates = OURS,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """As `deliver`, for as many as BURST alerts taken in one commit; whether anything went or was tried.

    Each is recorded as soon as it was sent. Only the taking and the last record wait for the disk, the latter
    not where the burst was full: the next taking, or `settle`, waits for both. After a failure, after a
    while, once people have said something that bears on the rest, or once `stop` says so before a message,
    what is left is given back.
    """
    began = clock()
    with store.transaction():
        parcels = dispatch.several(store, receiver, most=BURST, customs=customs, now=began)
        count = store.count_claims(len(parcels))
        changed = _watch(store)
    if parcels:
        _keep_count(store, count)
    else:
        store.settle()
    for number, parcel in enumerate(parcels):
        if number and (stop() or clock() - began > _LONGEST_BURST or changed(parcel)):
            return _given_back(store, parcels[number:], now=clock())
        last = number == len(parcels) - 1
        waits = last and len(parcels) < BURST
        sent = _deliver_taken(
            store, receiver, parcel, send=send, clock=clock, templates=templates, durable=waits
        )
        if not sent and not last:
            return _given_back(store, parcels[number + 1 :], now=clock())
    return bool(parcels)


def look_back(store: Store, *, now: datetime) -> None:
    """See whether the database has gone back; then what it tells again says so, and the operators hear of it.

    At each start, before anything is read or sent.
    """
    if found := store.gone_back():
        with store.transaction():
            store.mark_gone_back(now, noticed=True)
            store.put_notice(
                "The database", f"{found}. What was told since is told again, and says so", now=now
            )
        log.error("outcome=gone-back the database %s; what was told since is told again, marked so", found)
    _keep_count(store, store.claims_made(), anew=True)


def _keep_count(store: Store, count: Count, *, anew: bool = False) -> None:
    try:
        store.keep_count(count, anew=anew)
    except OSError as error:
        log.warning("outcome=uncounted a database that goes back is not noticed: %s", error.strerror)


def _watch(store: Store) -> Callable[[Claim | Digest | Notice], bool]:
    """Answers whether people have silenced something since now, or acknowledged or dropped this message.

    Asks more than one cheap question only once another has written.
    """
    wrote, silences = store.others_wrote(), store.silences_made()

    def changed(parcel: Claim | Digest | Notice) -> bool:
        if store.others_wrote() == wrote or not isinstance(parcel, Claim):
            return False
        return store.silences_made() != silences or not store.is_still_wanted(parcel)

    return changed


def _given_back(store: Store, parcels: Sequence[Claim | Digest | Notice], *, now: datetime) -> bool:
    with store.transaction():
        store.release([parcel for parcel in parcels if isinstance(parcel, Claim)], now=now)
    return True


def _deliver_taken(
    store: Store,
    receiver: Receiver,
    parcel: Claim | Digest | Notice,
    *,
    send: Callable[[Receiver, Message], None],
    clock: Callable[[], datetime],
    templates: Templates,
    durable: bool = True,
) -> bool:
    """Compose, send and record what was taken; whether it was accepted."""
    failure = _sent(receiver, parcel, send=send, now=clock(), templates=templates)
    _record(store, parcel, failure, now=clock(), durable=durable or failure is not None)
    return failure is None


def pass_on(store: Store, receivers: Iterable[Receiver], *, customs: Customs, now: datetime) -> None:
    """See to it that critical alerts to receivers that are paused reach their second receivers in time."""
    outages = store.outages()
    paused = [
        one for one in receivers if one.escalate and one.name in outages and outages[one.name].until > now
    ]
    if not paused:
        return
    with store.transaction():
        for receiver in paused:
            dispatch.pass_on(store, receiver, customs=customs, now=now)


def _sent(
    receiver: Receiver,
    parcel: Claim | Digest | Notice,
    *,
    send: Callable[[Receiver, Message], None],
    now: datetime,
    templates: Templates,
) -> Failure | None:
    """Send it: None once it was accepted, else why it was not."""
    try:
        message = _composed(parcel, chat=is_chat(receiver), now=now, templates=templates)
    except Exception as error:
        log.exception("receiver=%s outcome=error the message could not be composed", receiver.name)
        return Failure(f"the message could not be composed: {type(error).__name__}", own=True)
    try:
        send(receiver, message)
    except SendError as error:
        return Failure(error.what, error.uncertain, error.own, error.retry_after)
    except Exception as error:
        log.exception("receiver=%s outcome=error the delivery broke", receiver.name)
        return Failure(f"the delivery broke: {type(error).__name__}", uncertain=True)
    return None


def _composed(parcel: Claim | Digest | Notice, *, chat: bool, now: datetime, templates: Templates) -> Message:
    if isinstance(parcel, Digest):
        return digest.compose(parcel, chat=chat, templates=templates)
    if isinstance(parcel, Notice):
        return notice.compose(parcel, chat=chat)
    return compose(parcel, chat=chat, now=now, templates=templates)


def _record(
    store: Store,
    parcel: Claim | Digest | Notice,
    failure: Failure | None,
    *,
    now: datetime,
    durable: bool,
) -> None:
    """T3, tried until it is written or the lease is nearly out: what was sent must not be sent again.

    Each try waits up to 5 s for another's lock by itself. Raises StateError when it was all in vain.
    """
    for left in reversed(range(_RECORD_TRIES)):
        try:
            with store.transaction(durable=durable):
                if failure is None:
                    recording.sent(store, parcel, now=now)
                    found = None
                else:
                    found = recording.failed(store, parcel, failure, now=now)
                store.tally({f"sends {_outcome(failure, found)}": 1}, now=now)
        except StateError:
            if not left:
                raise
            log.warning("receiver=%s outcome=unrecorded it is tried again", parcel.receiver)
            time.sleep(_RECORD_PAUSE)
        else:
            _log_delivery(parcel, failure, found)
            return


def _log_delivery(parcel: Claim | Digest | Notice, failure: Failure | None, found: Setback | None) -> None:
    """A line about the send, and one about each story that went in a digest.

    Their templates hold the keys: what is filled in makes no field of the journal.
    """
    outcome = _outcome(failure, found)
    level = logging.INFO if failure is None else logging.WARNING if outcome != "dead" else logging.ERROR
    error = () if failure is None else (failure.error,)
    of_which, named = _called(parcel)
    said = f"receiver=%s {of_which} attempt=%d outcome=%s{' error=%r' if error else ''}"
    log.log(level, said, parcel.receiver, *named, parcel.attempts, outcome, *error)
    if not isinstance(parcel, Digest):
        return
    for claim in parcel.claims:
        of_which, named = _called(claim)
        said = f"receiver=%s {of_which} digest=%d attempt=%d outcome=%s"
        log.log(level, said, claim.receiver, *named, parcel.id, parcel.attempts, outcome)


def _outcome(failure: Failure | None, found: Setback | None) -> str:
    """What a send came to, in a word."""
    if failure is None or found is None:
        return "sent"
    if found.dead or found.over:
        return "dead"
    return "uncertain" if failure.uncertain else "failed"


def _called(parcel: Claim | Digest | Notice) -> tuple[str, tuple[object, ...]]:
    """What a message is called in the log: a template, and what fills it in."""
    if isinstance(parcel, Digest):
        return "digest=%d stories=%d", (parcel.id, len(parcel.claims))
    if isinstance(parcel, Notice):
        return "notice=%d", (parcel.id,)
    rules = ",".join(told.match.rule for told in parcel.tolds)
    return "story=%016x rules=%s", (parcel.story, rules)
