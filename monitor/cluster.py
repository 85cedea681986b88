"""Polls on the workers of a Dask scheduler; only this module knows Dask.

`Client.get_executor()` is an ordinary `concurrent.futures.Executor`; what stands round it here is for days on
which the scheduler, a worker or the network is not there. The rest of the house sees futures: each ends in
what its poll gave, or in Lost: then the feed is as due as it was. A thread of its own keeps the connection.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from monitor import __version__
from monitor.clock import utc_now
from monitor.errors import ClusterError
from monitor.feeds import station
from monitor.feeds.courtesy import Room
from monitor.model import Crew, Lost, PollResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from monitor.model import Feed, Scheduler, Task

log = logging.getLogger("monitor")

MOST_PLACES = 1024  # polls in flight, however many threads there are: results come back through one machine
_TICK = 0.2  # seconds between two looks at the polls in flight
_NOT_YET = "not connected yet"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what.

    task:    from the begin of a poll until it is made here instead. A poll takes 20 s of the network and 60 s
             of a parser at most, each of which may have to wait for its turn.
    connect: for the scheduler to answer
    load:    for the scheduler and the workers to say which version they have: a worker that has just begun
             loads this program first, for seconds, on a busy machine for many
    look:    between two questions to it: who is there?
    first:   before the first try to connect again; each further wait is twice the last
    longest: of those
    leave:   for a good-bye that a stop must not wait for
    """

    task: timedelta = timedelta(seconds=120)
    connect: timedelta = timedelta(seconds=10)
    load: timedelta = timedelta(seconds=60)
    look: timedelta = timedelta(seconds=5)
    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)
    leave: timedelta = timedelta(seconds=2)


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class _Flight:
    """A poll that a worker makes."""

    task: Task
    future: Future[PollResult | Lost]
    until: float  # on the monotonic clock
    theirs: list[Future[Any]] = field(default_factory=list)


class Cluster:
    """The workers of one scheduler; safe among threads.

    `known` is what was last written down of who polls: what the operators were told then is not told again.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        known: Crew | None = None,
        clock: Callable[[], datetime] = utc_now,
        patience: Patience = PATIENCE,
    ) -> None:
        self.scheduler = scheduler
        self._clock = clock
        self._patience = patience
        self._lock = threading.Lock()
        self._stop, self._tried = threading.Event(), threading.Event()
        self._executor: Any = None  # where polls go; None while they are made here
        self._flying: dict[int, _Flight] = {}
        self._numbers = count()
        self._apart: set[str] = set()  # feeds whose next poll is made here, as the last one was lost
        self._unlike = ""  # the version of a worker that is not ours
        self._crew = Crew(scheduler.address, clock(), why=_NOT_YET)
        self._away = False  # whether the operators know that it is
        if known is not None and known.scheduler == scheduler.address and known.why not in ("", _NOT_YET):
            self._crew, self._away = known, True
        self._news: list[str] = []
        self._wait = patience.first
        self._thread = threading.Thread(target=self._serve, name="cluster", daemon=True)
        self._thread.start()

    # -- for those who have feeds polled

    @property
    def crew(self) -> Crew:
        """Who polls at this moment."""
        return self._crew

    def room(self) -> Room | None:
        """How many polls the workers hold; of each host one, so that one worker at a time asks it."""
        crew = self._crew
        return Room(min(crew.threads, MOST_PLACES), per_host=1) if crew.threads else None

    def wait(self) -> None:
        """Until it was tried once to connect."""
        self._tried.wait((2 * self._patience.connect).total_seconds())

    def submit(self, task: Task, *, agent: str) -> Future[PollResult | Lost] | None:
        """What a worker's poll will give; None where the poll is to be made here.

        Here are also made: polls with files of their own (certificates), and those of which one was lost.
        """
        feed = task.poll.feed
        flight = _Flight(task, Future(), time.monotonic() + self._patience.task.total_seconds())
        with self._lock:
            if self._executor is None or feed.access.tls is not None or feed.name in self._apart:
                self._apart.discard(feed.name)
                return None
            executor, number = self._executor, next(self._numbers)
            self._flying[number] = flight
        try:
            theirs = executor.submit(station.polled, station.sealed(task, agent=agent))
        except Exception as error:  # noqa: BLE001  # the connection ended just now, in one of many ways
            log.warning("feed=%s outcome=not-handed-out error=%s", feed.name, type(error).__name__)
            with self._lock:
                return None if self._flying.pop(number, None) else flight.future
        flight.theirs.append(theirs)
        theirs.add_done_callback(partial(self._answered, number))
        return flight.future

    def news(self) -> list[str]:
        """What the operators are to be told: sentences that begin with "The cluster"."""
        return list(self._news)

    def told(self, number: int) -> None:
        """The first so many of the news are written down."""
        del self._news[:number]

    def close(self) -> None:
        """Let go of the scheduler; polls in flight are lost."""
        self._stop.set()
        self._thread.join(self._patience.leave.total_seconds())

    # -- what comes back (in Dask's thread)

    def _answered(self, number: int, theirs: Future[Any]) -> None:
        flight = self._flying.pop(number, None)
        if flight is not None:  # else it is too late: the poll was made here
            feed = flight.task.poll.feed
            try:
                answer = self._understood(feed, theirs)
                result = Lost(feed) if answer is None else station.of(feed, answer)
            except Exception:  # a fault of ours: without a result the feed would be in flight for ever
                log.exception("feed=%s outcome=error what a worker has answered broke", feed.name)
                result = Lost(feed)
            if isinstance(result, Lost):
                self._apart.add(feed.name)
            flight.future.set_result(result)

    def _understood(self, feed: Feed, theirs: Future[Any]) -> PollResult | None:
        """What a worker has answered; None for no answer that can be used."""
        if theirs.cancelled():
            return None
        if (error := theirs.exception()) is not None:
            # A result that cannot travel, a worker that lacks something, a poll of which workers died.
            log.warning("feed=%s outcome=lost error=%s it is polled here", feed.name, type(error).__name__)
            return None
        answer = theirs.result()
        if isinstance(answer, station.Unlike):
            self._unlike = answer.version
            self._executor = None
        return answer if isinstance(answer, PollResult) else None

    # -- the connection (in a thread of its own)

    def _serve(self) -> None:
        while not self._stop.is_set():
            with ExitStack() as stack:
                try:
                    client = stack.enter_context(_connected(self.scheduler, self._patience))
                    why = self._use(client)
                except ClusterError as error:
                    why = error.what
                except Exception as error:  # a fault of ours or of Dask's: feeds are polled here meanwhile
                    log.exception("scheduler=%s outcome=error", self.scheduler.address)
                    why = f"an error, {type(error).__name__}: see the log"
                self._begin_away(why)
                self._lose(list(self._flying))
            self._tried.set()
            self._stop.wait(self._wait.total_seconds())
            self._wait = min(2 * self._wait, self._patience.longest)

    def _use(self, client: Any) -> str:
        """Have polls made there as long as that goes well; why it does not any more."""
        asked = -1.0
        while not self._stop.wait(_TICK if asked > 0 else 0):
            now = time.monotonic()
            if client.status != "running":
                return "the connection to its scheduler is lost"
            if self._unlike:
                found, self._unlike = self._unlike, ""
                return unlike({"a worker": found})
            if now - asked >= self._patience.look.total_seconds():
                asked = now
                if why := self._look(client):
                    return why
            self._give_up_overdue(now)
        return "stopped"

    def _look(self, client: Any) -> str:
        """Ask the scheduler who is there; why that will not do, or ""."""
        try:
            crew = _present(client, self._patience)
            if crew != (self._crew.workers, self._crew.threads) and (
                strange := unlike(_versions(client, self._patience))
            ):
                return strange
        except ClusterError as error:
            return error.what
        workers, threads = crew
        if not workers:
            return "it has no workers"
        self._begin_use(client, workers, threads)
        return ""

    def _begin_use(self, client: Any, workers: int, threads: int) -> None:
        self._wait = self._patience.first
        if self._away:
            self._away = False
            self._news.append(f"at {self.scheduler.address} polls again; workers: {workers}.")
        if not self._crew.workers:
            log.info("scheduler=%s outcome=polling workers=%d", self.scheduler.address, workers)
            self._crew = Crew(self.scheduler.address, self._clock(), workers, threads)
        else:
            self._crew = replace(self._crew, workers=workers, threads=threads)
        if self._executor is None:
            self._executor = client.get_executor(pure=False, retries=0)
        self._tried.set()

    def _begin_away(self, why: str) -> None:
        """From now on polls are made here; the operators are told once, however long it lasts.

        What they are told stands there before the crew that it follows from: a crew that is written down
        was told of.
        """
        with self._lock:
            self._executor = None
        if self._stop.is_set():
            return
        if not (self._away and self._tried.is_set()):
            log.warning("scheduler=%s outcome=polling-here why=%s", self.scheduler.address, why)
        if not self._away:
            self._away = True
            self._news.append(
                f"at {self.scheduler.address} cannot be used: {why}."
                " Feeds are polled on this machine until it can."
            )
        since = self._clock() if self._crew.workers else self._crew.since
        self._crew = Crew(self.scheduler.address, since, why=why)

    def _give_up_overdue(self, now: float) -> None:
        overdue = [number for number, flight in list(self._flying.items()) if flight.until <= now]
        for feed in self._lose(overdue):
            log.warning("feed=%s outcome=overdue no worker has answered: it is polled here", feed)

    def _lose(self, numbers: list[int]) -> list[str]:
        """The feeds of these polls, whose answers come to nobody from now on."""
        flights = [flight for number in numbers if (flight := self._flying.pop(number, None)) is not None]
        for flight in flights:
            self._apart.add(flight.task.poll.feed.name)
            for theirs in flight.theirs:
                theirs.cancel()
            flight.future.set_result(Lost(flight.task.poll.feed))
        return [flight.task.poll.feed.name for flight in flights]


def versions(scheduler: Scheduler, *, patience: Patience = PATIENCE) -> dict[str, str]:
    """The version of this program at the scheduler and at each worker, by address; "" where there is none.

    Raises ClusterError.
    """
    with _connected(scheduler, patience) as client:
        return _versions(client, patience)


# ---- Dask ------------------------------------------------------------------------------------------------


@contextmanager
def _connected(scheduler: Scheduler, patience: Patience) -> Iterator[Any]:
    """A client of this scheduler. Raises ClusterError.

    Its event loop is ours: a client that cannot connect, or take leave, would keep one of its own for ever.
    """
    try:
        import distributed  # noqa: F401  # that it can be
    except Exception as error:  # it looks at the machine; a sandbox may hide what it looks for
        raise ClusterError(f"Dask cannot be loaded ({_reason(error)})") from error
    with _loop(patience) as loop:
        client = _client(scheduler, patience, loop)
        try:
            yield client
        finally:
            with suppress(Exception):  # a scheduler that does not answer cannot be taken leave of
                client.close(timeout=patience.leave.total_seconds())


@contextmanager
def _loop(patience: Patience) -> Iterator[Any]:
    """A running Tornado loop, in a thread of its own. Raises ClusterError where there can be none."""
    from tornado.ioloop import IOLoop

    begun: Future[tuple[Any, asyncio.Event]] = Future()

    async def run() -> None:
        end = asyncio.Event()
        begun.set_result((IOLoop.current(), end))
        await end.wait()

    def serve() -> None:
        running = run()
        try:
            asyncio.run(running)
        except OSError as error:
            running.close()
            if not begun.done():
                begun.set_exception(error)

    thread = threading.Thread(target=serve, name="cluster-loop", daemon=True)
    thread.start()
    try:
        loop, end = begun.result()
    except OSError as error:  # too many open files
        raise ClusterError(f"no connection can be made ({_reason(error)})") from error
    try:
        yield loop
    finally:
        loop.add_callback(end.set)
        thread.join(patience.leave.total_seconds())


def _client(scheduler: Scheduler, patience: Patience, loop: Any) -> Any:
    from distributed import Client, Security

    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters of it we say ourselves
    tls = scheduler.tls
    try:
        security = Security(  # type: ignore[no-untyped-call]  # Dask has few types
            require_encryption=True,
            tls_ca_file=tls.ca,
            tls_client_cert=tls.certificate,
            tls_client_key=tls.key or None,
        )
        return Client(  # type: ignore[no-untyped-call]  # the same
            scheduler.address,
            loop=loop,
            timeout=patience.connect.total_seconds(),
            security=security,
            set_as_default=False,
            direct_to_workers=False,  # it is the scheduler that must reach the workers, not we
            name="media-monitor",
        )
    except Exception as error:  # of the network, of TLS, of versions: the next try may go well
        raise ClusterError(f"its scheduler cannot be reached ({_reason(error)})") from error


def _asked(client: Any, question: Callable[..., Any], patience: timedelta, **words: Any) -> Any:
    """What the scheduler says. Raises ClusterError where it takes too long or is gone."""
    try:
        return client.sync(question, callback_timeout=patience.total_seconds(), **words)
    except Exception as error:  # the same
        raise ClusterError(f"its scheduler does not answer ({_reason(error)})") from error


def _present(client: Any, patience: Patience) -> tuple[int, int]:
    """How many workers, and how many threads they have."""
    said = _asked(client, client.scheduler.identity, patience.connect, n_workers=0)
    return said["n_workers"], said["total_threads"]


def _versions(client: Any, patience: Patience) -> dict[str, str]:
    """By address; one that has gone since it was counted says nothing. Tasks pass through the scheduler."""
    version, load = station.version, patience.load
    at = _asked(client, client._run_on_scheduler, load, function=version)  # noqa: SLF001
    said = _asked(client, client._run, load, function=version, on_error="return")  # noqa: SLF001
    found = {"the scheduler": at}
    for address, one in said.items():
        if isinstance(one, str | ImportError | AttributeError):  # the last two: a function that is not there
            found[address] = one if isinstance(one, str) else ""
    return found


def unlike(versions: Mapping[str, str]) -> str:
    """Which of these is not ours, in words; "" for none."""
    for place, found in sorted(versions.items()):
        if found != __version__:
            has = f"has media-monitor {found}" if found else "has no media-monitor"
            return f"{place} {has}, and this is {__version__}: they must be the same"
    return ""


def _reason(error: BaseException) -> str:
    """The cause in a word or two, without what Dask says about itself."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).partition("\n")[0][:200] or type(error).__name__
