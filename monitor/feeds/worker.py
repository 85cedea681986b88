"""The program of one parser process: reads jobs from a pipe, answers each, and dies when it must.

It is started as a program of its own, never forked from the daemon or told of its main module: nothing of
the daemon's (threads, locks, database, secrets) is in it, and nothing of the daemon's runs twice.
"""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, overload

from monitor.errors import ParseError
from monitor.feeds.extraction import Page, Question, answer
from monitor.feeds.parse import Reading, read
from monitor.stories.index import NO_PRINT, printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from monitor.feeds.extraction import Article, Leave
    from monitor.model import Entry, Feed, Print


# Of a document; the longest of 802 real ones has 338. More would hold up all others where they are judged:
# 900 KB can hold 60,000. Their marks are kept, so that they are never news (docs/decisions/0076).
MOST_ENTRIES = 5_000
MOST_PRINTS = 500  # made at once, about 0.4 s; a longer document must not die of the rest: Rest asks for them


@dataclass(frozen=True, slots=True)
class Job:
    """A document to parse."""

    body: bytes
    feed: Feed
    content_type: str
    now: datetime
    marks: bytes = b""  # of the items that are known (parse.read)
    since: datetime | None = None  # what is dated before gets no print


@dataclass(frozen=True, slots=True)
class Rest:
    """Entries of a document whose first ones have their prints; the first of these are printed now."""

    entries: tuple[Entry, ...]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer where there are no entries: why, and how much it weighs (a ParseError's)."""

    what: str
    weight: float = 0.5


def serve(pipe: Connection, before_each: Callable[[], None]) -> None:
    """Answers jobs until the other end is closed; `before_each` sets the limits of the next one."""
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        before_each()
        reply = _reply(job)
        try:
            pipe.send(reply)
        except OSError:
            return  # the parent is gone, and with it whoever asked


@overload
def _reply(job: Job) -> Reading | Refused: ...
@overload
def _reply(job: Rest) -> tuple[Print, ...]: ...
@overload
def _reply(job: Page | Question) -> Article | Leave | Refused: ...
def _reply(job: Job | Rest | Page | Question) -> Reading | Refused | tuple[Print, ...] | Article | Leave:
    if isinstance(job, Page | Question):
        return _told(job)
    if isinstance(job, Rest):
        return tuple(_prints(job.entries, job.since))
    try:
        reading = read(job.body, feed=job.feed, content_type=job.content_type, now=job.now, marks=job.marks)
    except ParseError as error:
        return Refused(error.what, error.weight)
    beyond = max(len(reading.entries) - MOST_ENTRIES, 0)
    reading = replace(reading, entries=_newest(reading.entries), beyond=beyond)
    # Made here and not where they are judged: there one thread works, and holds the database's write lock.
    return replace(reading, prints=tuple(_prints(reading.entries, job.since)))


def _told(job: Page | Question) -> Article | Leave | Refused:
    """The answer of a library that strangers' text may bring to raise anything at all."""
    try:
        return answer(job)
    except Exception as error:  # noqa: BLE001 - as much of it as there is stands in the answer
        return Refused(f"cannot be read ({type(error).__name__})")


def _newest(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """As many as are taken in, from the end where new ones come: feeds begin with them, or end with them."""
    dates = [entry.published for entry in entries if entry.published is not None]
    if len(dates) > 1 and dates[-1] > dates[0]:
        return entries[-MOST_ENTRIES:]
    return entries[:MOST_ENTRIES]


def _prints(entries: Iterable[Entry], since: datetime | None) -> Iterator[Print]:
    """The prints of the first entries: as many as may be made at once, and what is old between them."""
    left = MOST_PRINTS
    for entry in entries:
        if since is not None and entry.published is not None and entry.published < since:
            yield NO_PRINT
        elif left:
            left -= 1
            yield printed(entry)
        else:
            return


def _allow(seconds: float) -> None:
    """Lets this process use so many seconds of CPU from now on; then the kernel kills it.

    By a timer, whose signal nobody here handles: RLIMIT_CPU knows full seconds only.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def main(arguments: list[str]) -> None:
    """Serves the pipe of that file descriptor with those seconds of CPU a job and bytes of memory in all."""
    descriptor, cpu, memory = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C and systemd reach the whole group: the parent
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # ends us, when it has what it waits for
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    with suppress(PermissionError):  # the unit's system call filter forbids priorities, lower ones too
        os.nice(1)  # polling and sending come first
    serve(Connection(int(descriptor)), lambda: _allow(float(cpu)))
