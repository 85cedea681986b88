"""Parser processes that can be killed: what a document does to feedparser, it does to one of these.

About a quarter of the hostile shapes tried take feedparser over 5 s for less than 1 MB, one takes over 4 GiB,
and many raise. A process that oversteps dies alone; the next document starts another.
"""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any, overload

from monitor.errors import ParseError
from monitor.feeds.worker import MOST_PRINTS, Job, Refused, Rest
from monitor.model import PLAIN

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feeds.extraction import Article, Leave, Page, Question
    from monitor.feeds.parse import Reading
    from monitor.model import Feed, Print

log = logging.getLogger("monitor")

# Imported, not run with -m: as __main__ it would pickle its answers under a name that is not ours.
_PROGRAM = "import sys; from monitor.feeds.worker import main; main(sys.argv[1:])"


class Parsers:
    """A pool of `count` parser processes, each started when it is first needed; safe among threads.

    One more is kept for suspects, so that what has killed before holds up only its like.
    A document may take `cpu`, `wall` and `memory` (bytes). A process takes up to 0.9 s to start: with 4 s of
    CPU the worst document is over in 5 s (benchmarks/hostile.py). The limit of wall clock is for one that is
    stuck: on a machine under load a good document, and the start before it, may wait for half a minute.
    """

    def __init__(
        self,
        count: int,
        *,
        cpu: timedelta = timedelta(seconds=4),
        memory: int = 768 << 20,
        wall: timedelta = timedelta(seconds=60),
    ) -> None:
        self.parsed = 0  # documents handed to a process so far
        self._count = count
        self._lock = threading.Lock()
        self._closed = False
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()  # the last used has the warmest memory
        self._aside: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for place in [self._free] * count + [self._aside]:
            place.put(_Worker(cpu, memory, wall))

    def read(
        self,
        body: bytes,
        *,
        feed: Feed,
        content_type: str,
        now: datetime,
        marks: bytes = b"",
        suspect: bool = False,
        since: datetime | None = None,
    ) -> Reading:
        """The document's entries that are not known by `marks` (parse.read), as soon as a process is free.

        Those dated before `since` get no print (stories.index.NO_PRINT).
        Raises ParseError also for a document that took too long or killed its process.
        """
        place = self._aside if suspect else self._free
        worker = place.get()
        try:
            with self._lock:
                if self._closed:
                    raise ParseError("the parsers have been stopped")
                self.parsed += 1
            # What the feed is asked with is no business of a process that reads what strangers wrote.
            job = Job(body, replace(feed, access=PLAIN), content_type, now, marks, since)
            reply = _whole(worker, job)
        finally:
            place.put(worker)
        if isinstance(reply, Refused):
            raise ParseError(reply.what, weight=reply.weight)
        if reply.beyond:
            log.warning(
                "feed=%s outcome=cut entries_left_out=%d more than are taken at once", feed.name, reply.beyond
            )
        return reply

    @overload
    def tell(self, asked: Page) -> Article: ...
    @overload
    def tell(self, asked: Question) -> Leave: ...
    def tell(self, asked: Page | Question) -> Article | Leave:
        """What a page or a robots.txt says, as soon as a process is free; raises ParseError as `read`."""
        worker = self._free.get()
        try:
            with self._lock:
                if self._closed:
                    raise ParseError("the parsers have been stopped")
            reply: Article | Leave | Refused = worker.ask(asked)
        finally:
            self._free.put(worker)
        if isinstance(reply, Refused):
            raise ParseError(reply.what, weight=reply.weight)
        return reply

    def start(self) -> None:
        """Starts the processes, but for the suspects' one, all at once; they are ready some time later."""
        workers = [self._free.get() for _ in range(self._count)]
        for worker in workers:
            worker.start()
            self._free.put(worker)

    def close(self) -> None:
        """Ends the processes; waits for the documents they are at. Later calls of read raise."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        stopped: list[tuple[queue.LifoQueue[_Worker], _Worker]] = []
        for place in (*[self._free] * self._count, self._aside):
            worker = place.get()
            worker.stop()
            stopped.append((place, worker))
        for place, worker in stopped:
            place.put(worker)


class _Worker:
    """One place in the pool: a process, or none until it is needed again."""

    def __init__(self, cpu: timedelta, memory: int, wall: timedelta) -> None:
        self._cpu = cpu.total_seconds()
        self._memory = memory
        self._wall = wall.total_seconds()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: Job | Rest | Page | Question) -> Any:
        """The process's answer to a job, or in its stead a Refused that says why there is none."""
        self.start()
        try:
            self._pipe.send(job)
            if self._pipe.poll(self._wall):
                return self._pipe.recv()
        except (EOFError, OSError):
            return self._post_mortem()
        self.stop()
        return Refused(f"took over {self._wall:g} s: left out", ParseError.KILLED)

    def stop(self) -> int:
        """Ends the process, if there is one; its status, which is that of its own death if it had died."""
        if self._process is None:
            return 0
        self._process.kill()
        status = self._process.wait()
        self._pipe.close()
        self._process = None
        return status

    def _post_mortem(self) -> Refused:
        status = self.stop()
        if status == -signal.SIGPROF:
            return Refused(f"took over {self._cpu:g} s of CPU: left out", ParseError.KILLED)
        return Refused(f"the parser died of it ({_cause(status)}): left out", ParseError.KILLED)

    def start(self) -> None:
        """Starts the process unless it lives."""
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        self._pipe, theirs = Pipe()
        command = [sys.executable, "-c", _PROGRAM]
        limits = [str(theirs.fileno()), str(self._cpu), str(self._memory)]
        self._process = subprocess.Popen(  # noqa: S603  # our own program and numbers
            command + limits,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()


def _whole(worker: _Worker, job: Job) -> Reading | Refused:
    """The document with the prints of all its entries.

    Those of a long one are asked for in several jobs, each with the limits of one: whoever writes the entries
    down holds the database's lock, and must not make them.
    """
    reading: Reading | Refused = worker.ask(job)
    if isinstance(reading, Refused):
        return reading
    prints = reading.prints
    while len(prints) < len(reading.entries):
        more: tuple[Print, ...] | Refused = worker.ask(
            Rest(reading.entries[len(prints) :][:MOST_PRINTS], job.since)
        )
        if isinstance(more, Refused):
            return more
        prints += more
    return replace(reading, prints=prints)


def _cause(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
