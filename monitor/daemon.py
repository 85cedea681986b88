"""Start, tick, reload, stop: the one long-running process, and the only user of APScheduler.

Due times stand in the database; the scheduler carries three jobs that arm themselves again:
poll, deliver, watch. Threads go round the network only: polls on a pool of their own, one sender a receiver.
Each thread that writes has its own Store, and every write takes the database's one write lock.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING, NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor as JobThread
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from monitor import __version__
from monitor.alerts.compose import refusal
from monitor.alerts.notify import is_chat
from monitor.alerts.outbox import LEASE
from monitor.engine import PLACES, drained, utc_now, where_it_is
from monitor.errors import ConfigError, MonitorError, StateError
from monitor.feeds import schedule
from monitor.feeds.courtesy import Courtesy
from monitor.model import FeedState
from monitor.sdnotify import notify as sd_notify
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.config import Desk
    from monitor.engine import Engine
    from monitor.model import PollResult, Receiver

log = logging.getLogger("monitor")
logging.getLogger("apscheduler").setLevel(logging.ERROR)

HEARTBEAT = timedelta(seconds=15)  # the longest any job sleeps, so that a lost wake-up costs no more
DRAIN = timedelta(seconds=20)  # how long a stop waits for what is in flight; the unit allows 30 s
CLOCK_STEP = timedelta(seconds=5)  # wall clock against monotonic: more than this is a step, less is drift
STALE = timedelta(seconds=60)  # without a poll job run for so long, the watchdog is not told that all is well
LOOK = timedelta(seconds=2)  # between two looks at the operator's files
TELL_AGAIN = timedelta(minutes=5)  # until the operators are told again of mistakes, after a send that failed
_PAGE = 4 * PLACES  # due feeds looked at together
_PAGES = 16


class Tick:
    """A job that runs when it is due or woken, never twice at once, and says itself when it is due again.

    It rides on APScheduler's DateTrigger. Its executor has one thread, and two runs may queue there: with
    one, a wake-up at the very end of a run would be dropped as a second instance, and the job with it.
    """

    def __init__(self, scheduler: BackgroundScheduler, name: str, *, work: Callable[[], datetime]) -> None:
        self._scheduler = scheduler
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._running = False
        self._woken = False
        self._stopped = False
        scheduler.add_executor(JobThread(1), name)

    def wake(self) -> None:
        """Run soon; callable from any thread."""
        with self._lock:
            self._woken = True
            if not self._running:
                self._arm(utc_now())

    def stop(self) -> None:
        """Run no more; a run that has begun ends in peace."""
        with self._lock:
            self._stopped = True

    def _run(self) -> None:
        with self._lock:
            self._running, self._woken = True, False
        due = utc_now() + HEARTBEAT
        try:
            due = min(due, self._work())
        except Exception:
            log.exception("job=%s outcome=error", self._name)
            due = utc_now() + timedelta(seconds=1)
        finally:
            with self._lock:
                self._running = False
                self._arm(utc_now() if self._woken else due)

    def _arm(self, due: datetime) -> None:
        if self._stopped:
            return
        self._scheduler.add_job(
            self._run,
            DateTrigger(due, timezone=UTC),
            id=self._name,
            executor=self._name,
            replace_existing=True,
            max_instances=2,
            misfire_grace_time=None,
            coalesce=True,
        )


def shut_down(scheduler: BackgroundScheduler, ticks: Iterable[Tick]) -> None:
    """End the ticks, then the scheduler they ride on; waits for the runs that have begun.

    In this order: shutdown() waits for the jobs under a lock that a job needs to arm itself, and one that
    did so then would wait for ever. A dispatch under way at that moment would fail to find its job: the
    scheduler is paused, and get_jobs() returns when that dispatch is over.
    """
    for tick in ticks:
        tick.stop()
    scheduler.pause()
    scheduler.get_jobs()
    scheduler.shutdown(wait=True)


class Daemon:
    """The service: polls what is due, sends what is due, reloads the desk, stops cleanly."""

    def __init__(
        self,
        engine: Engine,
        *,
        reload: Callable[[], Desk],
        signature: Callable[[], object] = lambda: None,
        refused: str = "",
        notify_address: str | None = None,
        watchdog: timedelta | None = None,
    ) -> None:
        """Prepare; `reload` reads the desk anew and raises ConfigError; the rest comes from systemd.

        `signature` changes when the operator's files do. `refused` says what is wrong with them already: then
        the engine's desk is the last good one.
        """
        self._engine = engine
        self._reload = reload
        self._signature = signature
        self._refused = refused
        self._read_at = self._looked_at = signature()
        self._operators_due = engine.clock()
        self._notify_address = notify_address
        self._watchdog = watchdog
        self._stop = threading.Event()
        self._reload_wanted = threading.Event()
        self._pool = ThreadPoolExecutor(PLACES, thread_name_prefix="poll")
        self._senders = ThreadPoolExecutor(64, thread_name_prefix="send")
        self._arrived: SimpleQueue[PollResult] = SimpleQueue()
        self._landed: list[PollResult] = []
        self._courtesy = Courtesy()
        self._sending: dict[str, float] = {}  # receiver -> when its sender last began a message (monotonic)
        self._sending_lock = threading.Lock()
        self._poll_store: Store | None = None
        self._polled_at = time.monotonic()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._poll = Tick(self._scheduler, "poll", work=self._poll_due)
        self._deliver = Tick(self._scheduler, "deliver", work=self._deliver_due)
        self._watch = Tick(self._scheduler, "watch", work=self._watch_desk)

    # -- from the main thread and its signal handlers

    def stop(self) -> None:
        """Ask for a clean stop; callable from a signal handler."""
        self._stop.set()

    def reload(self) -> None:
        """Ask for the desk to be read anew; callable from a signal handler."""
        self._reload_wanted.set()

    def run(self) -> None:
        """Serve until stop(): returns when what was in flight has ended, or 20 s later."""
        with Store(self._engine.state) as store:
            self._engine.sync(store)
            self._keep(store)
            if interrupted := store.release_interrupted(now=self._engine.clock()):
                log.warning("deliveries=%d outcome=interrupted they are sent again, marked so", interrupted)
        self._scheduler.start()
        for tick in (self._poll, self._deliver, self._watch):
            tick.wake()
        desk = self._engine.desk
        log.info(
            "outcome=started version=%s feeds=%d rules=%d receivers=%d rulebook=%s",
            __version__,
            len(desk.feeds),
            len(desk.rulebook.rules),
            len(desk.receivers),
            desk.rulebook.hash[:12],
        )
        self._tell(f"READY=1\nSTATUS=watching {len(desk.feeds)} feeds")
        self._guard()
        self._tell("STOPPING=1")
        self._wind_down()

    def _guard(self) -> None:
        """Until the stop: tell systemd's watchdog that all is well, if it is, and mind the clock."""
        pause = min((self._watchdog or timedelta(seconds=15)) / 3, timedelta(seconds=1))
        pinged = -math.inf
        wall, steady = self._engine.clock(), time.monotonic()
        while not self._stop.wait(pause.total_seconds()):
            if self._reload_wanted.is_set():
                self._watch.wake()
            now, then = self._engine.clock(), time.monotonic()
            step = (now - wall) - timedelta(seconds=then - steady)
            wall, steady = now, then
            if abs(step) > CLOCK_STEP:
                self._mind_step(step)
            if self._watchdog and then - pinged >= self._watchdog.total_seconds() / 3 and self._healthy():
                self._tell("WATCHDOG=1")
                pinged = then

    def _healthy(self) -> bool:
        """Whether the poll job runs, no send is overdue, and the database can be written."""
        now = time.monotonic()
        with self._sending_lock:
            overdue = any(now - began > LEASE.total_seconds() for began in self._sending.values())
        if overdue or now - self._polled_at > STALE.total_seconds():
            return False
        try:
            with Store(self._engine.state) as store:
                store.touch()
        except StateError:
            return False
        return True

    def _mind_step(self, step: timedelta) -> None:
        """The clock was set: no feed may wait for a time that is now far off, and every job is armed anew."""
        now = self._engine.clock()
        log.warning("outcome=clock-step seconds=%.0f", step.total_seconds())
        feeds = self._engine.desk.feeds
        try:
            with Store(self._engine.state) as store:
                states = store.feed_states([feed.name for feed in feeds])
                due = {
                    feed.name: schedule.after_step(feed, states.get(feed.name, FeedState()), now=now)
                    for feed in feeds
                }
                moved = store.bring_forward(due, now=now)
            log.info("outcome=clock-minded feeds_brought_forward=%d", moved)
        except StateError:
            log.exception("outcome=error due times stay as the old clock set them")
        for tick in (self._poll, self._deliver, self._watch):
            tick.wake()

    def _wind_down(self) -> None:
        """No new work; wait for what is in flight, at most DRAIN; then let go of everything."""
        until = time.monotonic() + DRAIN.total_seconds()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._senders.shutdown(wait=False, cancel_futures=True)
        self._poll.wake()
        while time.monotonic() < until and (self._sending or self._poll_store):
            time.sleep(0.02)
        shut_down(self._scheduler, (self._poll, self._deliver, self._watch))
        self._engine.close()
        log.info("outcome=stopped")

    def _tell(self, state: str) -> None:
        sd_notify(state, address=self._notify_address)

    # -- the poll job (one thread)

    def _poll_due(self) -> datetime:
        """Take in what came back, start what is due; answers when the next feed is due."""
        self._polled_at = time.monotonic()
        if self._stop.is_set():
            return self._let_go()
        if self._poll_store is None:
            self._poll_store = Store(self._engine.state)
        self._take_landed(self._poll_store)
        self._start_due(self._poll_store)
        return self._next_due(self._poll_store)

    def _take_landed(self, store: Store) -> None:
        """Round one for what landed. What cannot be written now (the disk is full) is kept."""
        self._landed += drained(self._arrived)
        if not self._landed:
            return
        counts = self._engine.take(store, self._landed)
        for result in self._landed:
            self._courtesy.end(result.feed.name)
        self._landed = []
        if counts.deliveries:
            self._deliver.wake()
        if not self._arrived.empty():
            self._poll.wake()

    def _let_go(self) -> datetime:
        """The thread that opened the poll job's Store closes it."""
        if self._poll_store is not None:
            self._poll_store.close()
            self._poll_store = None
        return utc_now() + HEARTBEAT

    def _start_due(self, store: Store) -> None:
        """Start polls, the longest overdue first; those of a host that has enough of us keep none waiting."""
        now = self._engine.clock()
        for page in range(_PAGES):
            if len(self._courtesy) >= PLACES:
                return
            due = store.due_feeds(now, most=_PAGE, past=page * _PAGE)
            for name, state in due:
                self._start(name, state)
            if len(due) < _PAGE:
                return

    def _start(self, name: str, state: FeedState) -> None:
        feed, steady = self._engine.desk.feeds_by_name.get(name), time.monotonic()
        if feed is None or len(self._courtesy) >= PLACES:
            return
        feed = where_it_is(feed, state)
        if self._courtesy.may_begin(feed, now=steady):
            self._courtesy.begin(feed, now=steady)
            self._pool.submit(self._engine.poll, feed, state).add_done_callback(self._land)

    def _land(self, future: Future[PollResult]) -> None:
        if not future.cancelled():
            self._arrived.put(future.result())
            self._poll.wake()

    def _next_due(self, store: Store) -> datetime:
        """When to look again; a landing wakes us anyway while polls are in flight."""
        due = store.next_feed_due()
        if due is None:
            return utc_now() + HEARTBEAT
        if due > self._engine.clock():
            return due
        pause = self._courtesy.next_free(now=time.monotonic())
        if pause:
            return utc_now() + timedelta(seconds=pause)
        return utc_now() + HEARTBEAT if len(self._courtesy) else due

    # -- the deliver job (one thread), and the senders (one a receiver)

    def _deliver_due(self) -> datetime:
        """Set a sender on each receiver that has something due; answers when the next delivery is."""
        now = self._engine.clock()
        if self._stop.is_set():
            return utc_now() + HEARTBEAT
        receivers = {receiver.name: receiver for receiver in self._engine.desk.receivers}
        with Store(self._engine.state) as store:
            due = store.next_delivery_due(receivers)
        for name, moment in due.items():
            if moment <= now:
                self._set_sender(receivers[name])
        return min((moment for moment in due.values() if moment > now), default=utc_now() + HEARTBEAT)

    def _set_sender(self, receiver: Receiver) -> None:
        with self._sending_lock:
            if receiver.name in self._sending:
                return
            self._sending[receiver.name] = time.monotonic()
        try:
            self._senders.submit(self._drain, receiver)
        except RuntimeError:  # the pool is shut: a stop came in between
            with self._sending_lock:
                self._sending.pop(receiver.name, None)

    def _drain(self, receiver: Receiver) -> None:
        try:
            self._engine.drain(receiver, stop=lambda: self._begin_message(receiver))
        except Exception:
            log.exception("receiver=%s outcome=error", receiver.name)
        finally:
            with self._sending_lock:
                self._sending.pop(receiver.name, None)
            self._deliver.wake()

    def _begin_message(self, receiver: Receiver) -> bool:
        """Whether the sender is to stop; if not, it begins its next message now."""
        with self._sending_lock:
            self._sending[receiver.name] = time.monotonic()
        return self._stop.is_set()

    # -- the watch job

    def _watch_desk(self) -> datetime:
        """Read the desk anew if that was asked for or a file changed; tell the operators of mistakes."""
        if self._reload_wanted.is_set() or self._files_changed():
            self._reload_wanted.clear()
            self._read_anew()
        self._tell_operators()
        return utc_now() + LOOK

    def _files_changed(self) -> bool:
        """Whether the files are others than those last read, and rest: an editor may write several."""
        before, self._looked_at = self._looked_at, self._signature()
        return self._looked_at == before != self._read_at

    def _read_anew(self) -> None:
        """Put the files in force; what cannot be used leaves the old ones in force."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self._read_at = self._signature()
        try:
            desk = self._reload()
        except ConfigError as error:
            count = len(error.faults)
            log.error("outcome=reload-refused faults=%d the old rules stay\n%s", count, error)  # noqa: TRY400
            self._refuse(str(error))
        except MonitorError as error:
            log.error("outcome=reload-refused the old rules stay: %s", error)  # noqa: TRY400
            self._refuse(str(error))
        else:
            self._install(desk)
        self._tell(f"READY=1\nSTATUS=watching {len(self._engine.desk.feeds)} feeds")

    def _install(self, desk: Desk) -> None:
        """Put a desk in force; where the database cannot be written now, soon."""
        try:
            with Store(self._engine.state) as store:
                self._engine.install(desk, store)
                self._refused, self._operators_due = "", self._engine.clock()
                self._keep(store)
        except StateError as error:
            log.error("outcome=reload-put-off %s", error)  # noqa: TRY400 - it says all
            self._reload_wanted.set()
            return
        log.info(
            "outcome=reloaded feeds=%d rules=%d rulebook=%s",
            len(desk.feeds),
            len(desk.rulebook.rules),
            desk.rulebook.hash[:12],
        )
        self._poll.wake()
        self._deliver.wake()

    def _keep(self, store: Store) -> None:
        """Remember the files in force, for a start on which they have mistakes."""
        desk, now = self._engine.desk, self._engine.clock()
        if self._refused:
            store.refuse_desk(self._refused, now=now)
        else:
            store.keep_desk(desk.sources.packed(), rulebook=desk.rulebook.hash, now=now)

    def _refuse(self, error: str) -> None:
        self._refused = error
        with Store(self._engine.state) as store:
            store.refuse_desk(error, now=self._engine.clock())

    def _tell_operators(self) -> None:
        """Tell the operators' receiver of mistakes in the files: once, until they are good again."""
        desk, now = self._engine.desk, self._engine.clock()
        receiver = next((one for one in desk.receivers if one.name == desk.operators), None)
        if not self._refused or receiver is None or now < self._operators_due or self._stop.is_set():
            return
        self._operators_due = now + TELL_AGAIN
        with Store(self._engine.state) as store:
            kept = store.desk()
        if kept is not None and kept.refused is not None and not kept.told:
            self._senders.submit(self._tell_operators_now, receiver, self._refused, kept.refused)

    def _tell_operators_now(self, receiver: Receiver, error: str, refused: datetime) -> None:
        try:
            self._engine.notifier.send(receiver, refusal(error, chat=is_chat(receiver)))
        except Exception as failure:  # noqa: BLE001 - a send: it is tried again
            log.warning("receiver=%s outcome=failed telling the operators: %s", receiver.name, failure)
            return
        with Store(self._engine.state) as store:
            store.tell_desk(refused)
        log.info("receiver=%s outcome=sent the operators know of the mistakes", receiver.name)


def exit_now(status: int) -> NoReturn:
    """End the process at once: a send that timed out keeps its thread, and would hold the exit for 37 s."""
    logging.shutdown()
    os._exit(status)
