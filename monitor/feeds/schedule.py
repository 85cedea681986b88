"""When a feed is asked again: its interval, spread; longer after failures, never sooner than it asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Failed, FeedState, identity

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Feed, PollResult

_SPREAD = 0.1  # of the interval, to both sides, so that feeds of one interval do not fall due together
_SOON = timedelta(minutes=1)  # within which a new feed is first asked
_LONGEST = timedelta(hours=24)
_DEAD = timedelta(days=30)  # a feed that is gone (410) is asked once a month, in case it was a mistake
_MOST_DOUBLINGS = 20.0  # 2 min doubled so often is four years: long past every bound


def first_poll(feed: Feed, *, now: datetime) -> datetime:
    """When a feed not yet polled is asked: within a minute and its interval, for a quick baseline."""
    return now + min(_SOON, feed.every) * _share(feed.url)


def next_poll(
    feed: Feed,
    failures: float = 0.0,
    *,
    now: datetime,
    retry_after: timedelta | None = None,
    gone: bool = False,
) -> datetime:
    """When a feed that has just been polled is asked again; `failures` is FeedState's weighted count.

    Without failures: the interval ± 10 %, by a hash of the address. With them: anywhere between that and
    the interval doubled per failure, at most 24 h. What the server asked for (Retry-After) is a lower bound.
    """
    if gone:
        return now + _DEAD
    wait = feed.every * (1 + _SPREAD * (2 * _share(feed.url) - 1))
    if failures > 0:
        wait += (_backoff(feed, failures) - wait) * _share(feed.url, f"{failures:g}")
    if retry_after is not None:
        wait = max(wait, min(retry_after, _DEAD) + feed.every * _SPREAD * _share(feed.url))
    return now + wait


def after(result: PollResult, state: FeedState, *, now: datetime) -> FeedState:
    """What is remembered after a poll; one that failed keeps the validators and the last good poll."""
    if isinstance(result, Failed):
        failures = state.failures + result.weight
        due = next_poll(result.feed, failures, now=now, retry_after=result.retry_after, gone=result.gone)
        return replace(state, failures=failures, next_poll=due)
    return FeedState(
        validators=result.validators,
        last_good=now,
        failures=0.0,
        next_poll=next_poll(result.feed, now=now),
    )


def _backoff(feed: Feed, failures: float) -> timedelta:
    """The longest wait after so many failures; a feed whose interval is over 24 h keeps its interval."""
    doubled = feed.every * 2 ** min(failures, _MOST_DOUBLINGS)
    return max(min(doubled, _LONGEST), feed.every * (1 + _SPREAD))


def _share(*parts: str) -> float:
    """A number from 0 to 1, the same for the same words for ever."""
    return identity("spread", *parts) / (1 << 63)
