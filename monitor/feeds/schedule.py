"""When a feed is asked again: its interval, spread; longer after failures, never sooner than it asked for.

The interval is the operator's where `every` says one, and else learned. Of all ways to share out a number
of requests among feeds the mean wait for an entry is least where intervals go with the square root of the
time between entries (the delay is sum(rate * interval / 2) and the cost sum(1 / interval): Lagrange), so a
feed of one entry in 10 min is asked every 5 min, of one an hour every 13 min, of one a day every 66 min.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.model import Failed, FeedState, Fresh, Kept, Validators, identity

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Entry, Feed, NotModified, Settled

LONGEST = timedelta(hours=24)
SHORTEST = timedelta(minutes=2)
UNCONDITIONAL = timedelta(hours=24)  # some servers keep an ETag while the document changes

_FARTHEST = 1.5  # intervals that a feed may wait for once, to find its own step again
_SPREAD = 0.1  # of the interval, to both sides, so that feeds of one interval do not fall due together
_SOON = timedelta(minutes=1)  # within which a new feed is first asked
_USUAL = timedelta(minutes=10)  # until something is learned
_CROSSING = timedelta(minutes=3)  # the time between entries that is the interval too, by the law above
_DEAD = timedelta(days=30)  # a feed that is gone (410) is asked once a month, in case it was a mistake
_MOST_DOUBLINGS = 20.0  # 2 min doubled so often is four years: long past every bound
# The pace forgets in so long. benchmarks/latency.py, mean wait at the cost of a poll an hour: with 3 h of
# memory 32.3 min (a night is taken for the end), with 8 h 20.9, with 24 h 24.8, all with _CROSSING at 10 min;
# as it stands 19.5, at a fixed interval 29.8.
_MEMORY = timedelta(hours=8)
_MOST_HEEDED = timedelta(minutes=15)  # feeds say "60 minutes" and publish every five
_MOST_NEW = 0.5  # of a document: an interval in which more of it is new will some day lose entries
_MOVES = 3  # permanent redirects to one address in a row
_TURN_BACK = 3.0  # weighted failures at a new address after which the operator's is asked again
_SILENT = timedelta(days=14)
RUNG_APART = timedelta(seconds=30)  # between two polls that rings call for, however many ring
_RUNG_LATELY = timedelta(minutes=2)  # a poll so long after a ring was not for it
_RUNG_AGAIN = timedelta(
    minutes=1
)  # after a ring that brought nothing: caches show the old document for a while
_RINGS = 2  # polls that a ring calls for, the second only where the first brings nothing new
_PUSHED = timedelta(hours=1)  # docs/decisions/0146


# ---- the next poll -----------------------------------------------------------------------------------------


def first_poll(feed: Feed, *, now: datetime) -> datetime:
    """When a feed not yet polled is asked: within a minute and its interval, for a quick baseline."""
    return now + min(_SOON, feed.every or _SOON) * _share(feed.url)


def interval(feed: Feed, state: FeedState) -> timedelta:
    """How long to wait between two good polls, before spreading: the operator's `every`, else as learned.

    What was learned lies between 2 min and 24 h. What the feed or its server says of caching (`stays`) holds
    it up, by 15 min at most; a document half of which would be new by then brings it down. A feed whose hub
    has rung for all that was new of late is asked half as often, and once an hour at least.
    """
    if feed.every is not None:
        return feed.every
    heeded = min(state.stays or SHORTEST, _MOST_HEEDED)
    wait = max(_by_pace(state), heeded)
    if state.rung is not None:
        wait = max(wait, min(2 * wait, _PUSHED))
    return min(max(wait, SHORTEST), LONGEST)


def next_poll(  # what a due time hangs on
    feed: Feed,
    failures: float = 0.0,
    *,
    now: datetime,
    every: timedelta | None = None,
    retry_after: timedelta | None = None,
    gone: bool = False,
) -> datetime:
    """When a feed that has just been polled is asked again; `failures` is FeedState's weighted count.

    Without failures: the interval (`every`) ± 10 %, by a hash of the address. With them: anywhere between
    that and the interval doubled per failure, at most 24 h. Retry-After is a lower bound.
    """
    if gone:
        return now + _DEAD
    usual = every or feed.every or _USUAL
    wait = usual * (1 + _SPREAD * (2 * _share(feed.url) - 1))
    if failures > 0:
        wait += (_backoff(usual, failures) - wait) * _share(feed.url, f"{failures:g}")
    if retry_after is not None:
        wait = max(wait, min(retry_after, _DEAD) + usual * _SPREAD * _share(feed.url))
    return now + wait


def wants_whole(state: FeedState, *, now: datetime) -> bool:
    """Whether it is time for a poll without conditions."""
    return state.whole is None or not timedelta(0) <= now - state.whole < UNCONDITIONAL


# ---- what is remembered ------------------------------------------------------------------------------------


def after(
    result: Fresh | NotModified | Failed | Kept,
    state: FeedState,
    *,
    now: datetime,
    new: int = 0,
    gap: bool = False,
) -> FeedState:
    """What is remembered after a poll; one that failed keeps the validators and the last good poll.

    `new` counts the entries that had not been seen before; `gap` says that the document shared none with
    the last one, so that some may have come and gone between.
    """
    if isinstance(result, Failed):
        return _after_failure(result, state, now=now)
    known = replace(
        state,
        **_learned(result, state, now=now, new=new, gap=gap),
        **_moved(state, result),
        **_announced(state, result, new=new),
        validators=result.validators,
        last_good=now,
        failures=0.0,
        gone=False,
        whole=now if result.reply.whole else state.whole,
        stays=result.reply.stays if isinstance(result, Fresh) else _either(result.reply.stays, state.stays),
        unsettled=result.items if isinstance(result, Kept) else state.unsettled,
    )
    every = interval(result.feed, known)
    due = next_poll(result.feed, now=now, every=every)
    if state.failures == 0 and _is_out_of_step(state, every, now=now):
        due = now + every * _step(result.feed, state, every, now=now)
    if known.owed:
        due = min(due, now + (_RUNG_AGAIN if state.rung == result.rung else RUNG_APART))
    return replace(known, next_poll=due)


def rested(
    after: FeedState, before: FeedState, *, now: datetime, rest: timedelta, left: int = 0
) -> FeedState:
    """What is remembered after a poll whose document took long to take in: the feed rests for so long.

    No ring of a hub ends a rest that is longer than rings are apart. Where entries were `left` to the next
    poll it comes then, whatever the interval, and all that says which document was read last stays as it was:
    the same is shown again, and what was left is new, without a ring of its own.
    """
    until = now + rest
    known = replace(after, rests=until) if rest > RUNG_APART else after
    if left:
        return replace(
            known,
            next_poll=until,
            last_good=before.last_good,
            validators=before.validators,
            marks=before.marks,
            shown=before.shown,
            owed=before.owed,
        )
    if known.next_poll is None or known.next_poll >= until:
        return known
    return replace(known, next_poll=until)


def rests(state: FeedState, *, now: datetime) -> datetime | None:
    """Till when the feed rests; None if it does not. No rest is a day long: the clock was set since."""
    if state.rests is None or not timedelta(0) < state.rests - now <= LONGEST:
        return None
    return state.rests


def rung(state: FeedState, *, now: datetime) -> FeedState:
    """What is remembered once a hub has rung: the feed is due, but one that fails or rests waits."""
    known = replace(state, rung=now, owed=_RINGS)
    if state.last_good is None or state.next_poll is None or state.failures or state.gone:
        return known
    answered = state.rung is not None and state.last_good - state.rung < _RUNG_LATELY
    due = max(now, state.last_good + RUNG_APART) if answered else now
    return replace(known, next_poll=min(state.next_poll, max(due, rests(state, now=now) or now)))


def _announced(state: FeedState, result: Fresh | NotModified | Kept, *, new: int) -> dict[str, Any]:
    """What a good poll leaves of a ring; what was new without one says that the hub does not ring for all.

    One that came while the poll was under way may have come too late for it: it calls for the next.
    """
    if state.rung != result.rung:
        return {}
    if state.owed:
        return {"owed": 0 if new else state.owed - 1}
    return {"rung": None} if new else {}


def settled(result: Settled, state: FeedState, *, now: datetime) -> FeedState:
    """What is remembered once a feed's first document is read: what reading it at once would have taught.

    It is asked when that would have had it asked, unless it was asked since or is due already. One that
    cannot be read was no good poll: the next one is the first.
    """
    if isinstance(result.reading, Failed):
        unread = replace(state, validators=Validators(), last_good=None, marks=b"", shown=0, unsettled=0)
        return _after_failure(result.reading, unread, now=now)
    first = after(result.reading, FeedState(), now=result.made)
    stays = [one for one in (first.stays, state.stays) if one is not None]
    is_due = state.next_poll is not None and state.next_poll <= now
    return replace(
        state,
        marks=first.marks,
        shown=first.shown,
        pace=first.pace,
        stays=max(stays, default=None),
        next_poll=first.next_poll if state.last_good == result.made and not is_due else state.next_poll,
        unsettled=0,
    )


def _after_failure(result: Failed, state: FeedState, *, now: datetime) -> FeedState:
    failures = state.failures + result.weight
    every = interval(result.feed, state)
    due = next_poll(
        result.feed, failures, now=now, every=every, retry_after=result.retry_after, gone=result.gone
    )
    failed = replace(state, failures=failures, next_poll=due, gone=result.gone, moved="", moves=0)
    if state.address and failures >= _TURN_BACK:
        return replace(failed, address="", failures=0.25, gone=False, next_poll=min(due, now + every))
    return failed


def _is_out_of_step(state: FeedState, every: timedelta, *, now: datetime) -> bool:
    """Whether the feed was polled with the crowd: for the first time, or late, as after a stop."""
    if state.last_good is None or state.next_poll is None:
        return True
    return now - state.next_poll > every * _SPREAD


def _step(feed: Feed, state: FeedState, every: timedelta, *, now: datetime) -> float:
    """Half an interval to one and a half: where the feed's own steps go on, so that no crowd comes back."""
    if state.last_good is None or state.next_poll is None:
        return 0.5 + _share(feed.url, "step")
    phase = (state.next_poll - now) / every % 1
    return phase if phase >= 0.5 else phase + 1  # noqa: PLR2004  # the middle


def after_step(feed: Feed, state: FeedState, *, now: datetime) -> tuple[datetime, datetime]:
    """After the clock was set: the latest that a feed may have to wait for, and when it is due if it has.

    Those that waited for an hour that is now far off are spread over their interval, not all due at its end.
    One that rests, rests on.
    """
    every, least = interval(feed, state), rests(state, now=now) or now
    return max(least, now + every * _FARTHEST), max(least, now + every * _share(feed.url, "step"))


def _moved(state: FeedState, result: Fresh | NotModified | Kept) -> dict[str, Any]:
    """The address moves once permanent redirects have led to the same place three times running."""
    to = result.reply.moved
    moves = state.moves + 1 if to == state.moved else 1
    if not to:
        return {"moved": "", "moves": 0}
    if moves < _MOVES:
        return {"moved": to, "moves": moves}
    return {"moved": "", "moves": 0, "address": to}


def _learned(
    result: Fresh | NotModified | Kept, state: FeedState, *, now: datetime, new: int, gap: bool
) -> dict[str, Any]:
    """What of the state is otherwise by what was shown; as a dict, for to copy the state takes longer."""
    last_new = now if new or state.last_new is None else state.last_new
    known = {
        "last_new": last_new,
        "silent": now - last_new > _SILENT,
        "gap": now if gap else state.gap,
        "pace": _pace(state, now=now, new=new, gap=gap),
    }
    if not isinstance(result, Fresh):
        return known
    known |= {"marks": result.marks, "shown": len(result.entries) + result.familiar}
    if state.last_good is None:
        known["pace"] = _first_pace(result.entries, now=now)
    return known


def _first_pace(entries: tuple[Entry, ...], *, now: datetime) -> float | None:
    """The pace that the dates of a first document tell; None where there are too few."""
    dates = [entry.published for entry in entries if entry.published is not None and entry.published <= now]
    if len(dates) < 2:  # noqa: PLR2004  # one date is no pace
        return None
    return (len(dates) - 1) / max(_hours(now - min(dates)), _hours(_USUAL))


def _pace(state: FeedState, *, now: datetime, new: int, gap: bool) -> float | None:
    """The pace after a poll: an exponential mean over some hours; a gap counts for twice what was seen."""
    if state.last_good is None or now <= state.last_good:
        return state.pace
    elapsed = now - state.last_good
    old = 1 / _hours(_USUAL) if state.pace is None else state.pace
    here = new / _hours(elapsed)
    if gap:
        return max(old, 2 * here)
    weight = math.exp(-(elapsed / _MEMORY))
    return old * weight + here * (1 - weight)


def _by_pace(state: FeedState) -> timedelta:
    if state.pace is None:
        return _USUAL
    if state.pace <= 0:
        return LONGEST
    between = min(1 / state.pace, _hours(_DEAD) * 12)  # hours; beyond a year the root is over 24 h anyway
    root = math.sqrt(between * _hours(_CROSSING))
    full = between * state.shown * _MOST_NEW if state.shown > 1 else root
    return timedelta(hours=min(root, full))


def _either(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return other if one is None else one


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _backoff(usual: timedelta, failures: float) -> timedelta:
    """The longest wait after so many failures; a feed whose interval is over 24 h keeps its interval."""
    doubled = usual * 2 ** min(failures, _MOST_DOUBLINGS)
    return max(min(doubled, LONGEST), usual * (1 + _SPREAD))


def _share(*parts: str) -> float:
    """A number from 0 to 1, the same for the same words for ever."""
    return identity("spread", *parts) / (1 << 63)
