"""A process that polls for others: what a cluster's workers are sent, and do.

Its fetcher and its parsers are made when they are first needed, live as long as the process, and end with it.
A task is opened by its own version of this program only: what another has packed may mean something else.
"""

from __future__ import annotations

import atexit
import os
import pickle
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from monitor import __version__
from monitor.feeds import poll
from monitor.feeds.fetch import Fetcher
from monitor.feeds.workers import Parsers
from monitor.model import PLAIN, Fresh

if TYPE_CHECKING:
    from monitor.model import Feed, PollResult, Task

_Result = TypeVar("_Result", bound="PollResult")
_FEWEST_PARSERS = 2  # one that is busy with a bad document must not hold up the rest


@dataclass(frozen=True, slots=True)
class Sealed:
    """A task on its way. What it holds is secret (logins, headers) and stands in no log.

    The fields are the same in every version, so that each can say which it is.
    """

    version: str
    agent: str  # who we say we are to feeds
    packed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unlike:
    """The answer of another version of this program: it was not polled."""

    version: str


def sealed(task: Task, *, agent: str) -> Sealed:
    """The task as it travels."""
    return Sealed(__version__, agent, pickle.dumps(task))


def polled(task: Sealed) -> PollResult | Unlike:
    """What the poll gave, with a feed that holds no secret any more: they do not travel back."""
    if task.version != __version__:
        return Unlike(__version__)
    opened: Task = pickle.loads(task.packed)  # noqa: S301  # whoever sent it could have sent any program
    fetcher, parsers = _equipment()
    fetcher.user_agent = task.agent
    feed = opened.poll.feed
    return of(replace(feed, access=PLAIN), poll.polled(opened, fetcher=fetcher, parsers=parsers))


def of(feed: Feed, result: _Result) -> _Result:
    """The result as one of this feed, and what it carries too."""
    if isinstance(result, Fresh) and result.settled is not None:
        first = replace(result.settled, feed=feed, reading=replace(result.settled.reading, feed=feed))
        return replace(result, feed=feed, settled=first)
    return replace(result, feed=feed)


def version() -> str:
    """Which version of this program this process has."""
    return __version__


# ---- what polls with ---------------------------------------------------------------------------------------

_lock = threading.Lock()
_made: list[tuple[Fetcher, Parsers]] = []


def _equipment() -> tuple[Fetcher, Parsers]:
    with _lock:
        if not _made:
            parsers = Parsers(max(_FEWEST_PARSERS, len(os.sched_getaffinity(0))))
            _made.append((Fetcher(user_agent=""), parsers))
            atexit.register(close)
        return _made[0]


def close() -> None:
    """End the connections and the parser processes; the next task makes them anew."""
    with _lock:
        for fetcher, parsers in _made:
            fetcher.close()
            parsers.close()
        _made.clear()
