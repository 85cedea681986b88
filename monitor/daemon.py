"""Start, tick, reload, stop: the one long-running process, and the only user of APScheduler.

Due times stand in the database; the scheduler carries six jobs that arm themselves again: poll, deliver,
watch, tidy, articles, push. Threads go round the network only: polls on a pool of their own, one sender a
receiver.
Each thread that writes has its own Store, and every write takes the database's one write lock.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor as JobThread
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from monitor import __version__, clock, dispatch, pipeline
from monitor.alerts.outbox import LEASE, LONGEST_RETRY
from monitor.articles import Reader
from monitor.clock import utc_now
from monitor.doorbell import Doorbell
from monitor.endpoint import Endpoint
from monitor.engine import PLACES, answers, drained, first_portion, where_it_is
from monitor.errors import ConfigError, MonitorError, StateError
from monitor.exposition import exposition
from monitor.feeds import schedule
from monitor.feeds.courtesy import Courtesy
from monitor.model import FeedState, Fresh
from monitor.retention import DAY, is_due, prune
from monitor.sdnotify import notify as sd_notify
from monitor.store.report import Reporter
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep
from monitor.subscribing import Subscriber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.clock import Reading
    from monitor.config import Desk
    from monitor.engine import Engine
    from monitor.model import Lost, PollResult, Receiver, Settled
    from monitor.settings import Address

log = logging.getLogger("monitor")
logging.getLogger("apscheduler").setLevel(logging.ERROR)

HEARTBEAT = timedelta(seconds=15)  # the longest any job sleeps, so that a lost wake-up costs no more
DRAIN = timedelta(seconds=20)  # how long a stop waits for what is in flight; the unit allows 30 s
STALE = timedelta(seconds=60)  # without a poll job run for so long, the watchdog is not told that all is well
LOOK = timedelta(seconds=2)  # between two looks at the operator's files
_PAGE = 4 * PLACES  # due feeds looked at together
_PAGES = 16


class Tick:
    """A job that runs when it is due or woken, never twice at once, and says itself when it is due again.

    It rides on APScheduler's DateTrigger. Its executor has one thread, and two runs may queue there: with
    one, a wake-up at the very end of a run would be dropped as a second instance, and the job with it.
    """

    def __init__(
        self,
        scheduler: BackgroundScheduler,
        name: str,
        *,
        work: Callable[[], datetime],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._scheduler = scheduler
        self._name = name
        self._work = work
        self._clock = clock  # what `work` answers by
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
            due = min(due, utc_now() + (self._work() - self._clock()))
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
        read_clocks: Callable[[], Reading] | None = None,
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
        self._notify_address = notify_address
        self._watchdog = watchdog
        self._stale = min(STALE, watchdog / 2) if watchdog else STALE
        self._overdue = LEASE
        self._ails = ""  # what is the matter with us, as last told
        self._read_clocks = read_clocks or (lambda: clock.read(engine.clock))
        self._clocks = self._read_clocks()
        self._clocks_lock = threading.Lock()
        self._asked: SimpleQueue[threading.Event] = SimpleQueue()  # by signal handlers: see _waited
        self._stop = threading.Event()
        self._reload_wanted = threading.Event()
        self._pool = ThreadPoolExecutor(PLACES, thread_name_prefix="poll")
        self._senders = ThreadPoolExecutor(64, thread_name_prefix="send")
        self._arrived: SimpleQueue[PollResult | Lost] = SimpleQueue()
        self._landed: list[PollResult | Lost] = []
        self._courtesy = Courtesy()
        self._settling: Future[Settled] | None = None
        self._sending: dict[str, float] = {}  # receiver -> when its sender last began a message (monotonic)
        self._sending_lock = threading.Lock()
        self._poll_store: Store | None = None
        self._polled_at = time.monotonic()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._poll = Tick(self._scheduler, "poll", work=self._poll_due, clock=engine.clock)
        self._deliver = Tick(self._scheduler, "deliver", work=self._deliver_due, clock=engine.clock)
        self._watch = Tick(self._scheduler, "watch", work=self._watch_desk, clock=engine.clock)
        self._tidy = Tick(self._scheduler, "tidy", work=self._tidy_up, clock=engine.clock)
        self._push = Tick(self._scheduler, "push", work=self._mind_hubs, clock=engine.clock)
        self._read = Tick(self._scheduler, "articles", work=self._read_due, clock=engine.clock)
        self._reader = Reader(engine, landed=self._read.wake, told=self._deliver.wake)
        self._ticks = (self._poll, self._deliver, self._watch, self._tidy, self._read, self._push)
        self._tidy_due = engine.clock() + timedelta(hours=1)  # the clock may yet be set, early in a boot
        self._endpoint: Endpoint | None = None
        self._refused_address: Address | None = None
        self._endpoint_due = 0.0  # when an address that could not be had is tried again (monotonic)
        self._subscriber = Subscriber(
            engine.state, engine.fetcher, clock=engine.clock, on_ring=self._poll.wake
        )
        self._doorbell: Doorbell | None = None
        self._refused_bell: Address | None = None
        self._doorbell_due = 0.0

    # -- from the main thread and its signal handlers

    def stop(self) -> None:
        """Ask for a clean stop; callable from a signal handler."""
        self._asked.put(self._stop)

    def reload(self) -> None:
        """Ask for the desk to be read anew; callable from a signal handler."""
        self._asked.put(self._reload_wanted)

    def run(self) -> None:
        """Serve until stop(): returns when what was in flight has ended, or 20 s later."""
        self._catch_up()
        with Store(self._engine.state) as store:
            self._engine.sync(store)
            self._keep(store)
            pipeline.look_back(store, now=self._engine.clock())
            if interrupted := store.release_interrupted(now=self._engine.clock()):
                log.warning("deliveries=%d outcome=interrupted they are sent again, marked so", interrupted)
        self._scheduler.start()
        for tick in self._ticks:
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
        pinged = said_alive = -math.inf
        while not self._waited(pause):
            if self._reload_wanted.is_set():
                self._watch.wake()
            try:
                self._mind_clock()
            except StateError as error:
                log.warning("outcome=error due times stay as the old clock set them for now: %s", error.what)
            then = time.monotonic()
            if self._watchdog and then - pinged >= self._watchdog.total_seconds() / 3 and self._healthy():
                self._tell("WATCHDOG=1")
                pinged = then
            alive = self._engine.desk.alive
            if alive and then - said_alive >= alive.every.total_seconds() and self._healthy():
                self._pool.submit(self._engine.say_alive)
                said_alive = then

    def _waited(self, pause: timedelta) -> bool:
        """Whether to stop, when so long has passed or something was asked for.

        A signal's handler runs in the main thread between any two steps of it, one inside Event.wait too,
        where it holds the lock that Event.set needs: to wait for the Event itself could be for ever. A
        SimpleQueue's put may be called there (queue's documentation).
        """
        with suppress(Empty):
            self._asked.get(timeout=pause.total_seconds()).set()
        return self._stop.is_set()

    def _healthy(self) -> bool:
        """Whether the poll job runs, no send is overdue, and the database can be written; says why not."""
        ailment = self._ailment()
        if ailment and ailment != self._ails:
            log.error("outcome=unwell %s; the watchdog is not told that all is well", ailment)
        elif self._ails and not ailment:
            log.info("outcome=well again")
        self._ails = ailment
        return not ailment

    def _ailment(self) -> str:
        """What is the matter; "" where nothing is. The poll job is woken, so that it has no excuse."""
        now = time.monotonic()
        idle = now - self._polled_at
        if idle > self._stale.total_seconds():
            return f"no poll job has run for {idle:.0f} s"
        if idle > self._stale.total_seconds() / 3:
            self._poll.wake()
        with self._sending_lock:
            overdue = [
                name for name, began in self._sending.items() if now - began > self._overdue.total_seconds()
            ]
        if overdue:
            return f"the send to {', '.join(overdue)} does not end"
        try:
            with Store(self._engine.state) as store:
                store.touch()
        except StateError as error:
            return f"the database does not answer: {error.what}"
        return ""

    def _mind_clock(self) -> None:
        """See to it that no set clock and no suspend stalls or floods: see Upkeep.shift_dues.

        Each job looks before it asks what is due, so that none acts on due times of another clock.
        """
        with self._clocks_lock:
            before, now = self._clocks, self._read_clocks()
            by, asleep = clock.step(before, now), clock.slept(before, now)
            if by or asleep:
                self._mind_change(by, asleep)
            self._clocks = now

    def _mind_change(self, by: timedelta, asleep: timedelta) -> None:
        """Raises StateError where the database cannot be written now: the next look finds the same change."""
        if by:
            log.warning("outcome=clock-step seconds=%.0f", by.total_seconds())
            with Upkeep(self._engine.state) as store:
                self._move_dues(store, by)
            self._tidy_due = self._engine.clock() + DAY  # on a clock that is wrong, much looks old
        if asleep:
            log.info("outcome=resumed seconds=%.0f", asleep.total_seconds())
        for tick in self._ticks:
            tick.wake()

    def _move_dues(self, store: Upkeep, by: timedelta) -> None:
        """Due times after the clock was set: shifted with it, and none beyond what any wait may be."""
        now, feeds = self._engine.clock(), self._engine.desk.feeds
        moved = store.shift_dues(by, now=now) if by else 0
        states = store.feed_states([feed.name for feed in feeds])
        latest = {
            feed.name: schedule.after_step(feed, states.get(feed.name, FeedState()), now=now)
            for feed in feeds
        }
        moved += store.clamp_dues(latest, now=now, retry=LONGEST_RETRY, lease=LEASE)
        if moved:
            log.info("outcome=clock-minded dues_moved=%d", moved)

    def _catch_up(self) -> None:
        """Due times after a time in which no daemon ran: the clock may have been set back meanwhile."""
        with Upkeep(self._engine.state) as store:
            latest, now = store.latest_moment(), self._engine.clock()
            behind = now - latest if latest and latest - now > clock.LEAST else timedelta()
            if behind:
                log.warning("outcome=clock-step seconds=%.0f while no daemon ran", behind.total_seconds())
            self._move_dues(store, behind)

    def _wind_down(self) -> None:
        """No new work; wait for what is in flight, at most DRAIN; then let go of everything."""
        until = time.monotonic() + DRAIN.total_seconds()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._senders.shutdown(wait=False, cancel_futures=True)
        self._poll.wake()
        while time.monotonic() < until and (self._sending or self._poll_store):
            time.sleep(0.02)
        shut_down(self._scheduler, self._ticks)
        if self._endpoint:
            self._endpoint.close()
        if self._doorbell:
            self._doorbell.close()
        self._reader.close()
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
        self._mind_clock()
        if self._poll_store is None:
            self._poll_store = Store(self._engine.state)
        self._take_landed(self._poll_store)
        self._start_due(self._poll_store)
        self._engine.mind_crew(self._poll_store)
        return self._next_due(self._poll_store)

    def _take_landed(self, store: Store) -> None:
        """Round one for what landed, by portions, till the stop. What cannot be written now is kept."""
        self._landed += drained(self._arrived)
        while self._landed and not self._stop.is_set():
            portion = first_portion(self._landed)
            results = answers(portion)
            counts = self._engine.take(store, results)
            for result in portion:
                self._courtesy.end(result.feed.name)
            self._look_for_hubs(results)
            del self._landed[: len(portion)]
            self._polled_at = time.monotonic()
            if counts.deliveries:
                self._deliver.wake()
            if counts.entries:
                self._read.wake()
        self._take_settled(store)
        if not self._arrived.empty():
            self._poll.wake()

    def _take_settled(self, store: Store) -> None:
        """The first document that was being read, in a transaction of its own: no news waits for it."""
        if self._settling is not None and self._settling.done():
            if not self._settling.cancelled():
                settled = self._settling.result()
                self._engine.take(store, [settled])
                self._look_for_hubs([settled.reading])
            self._settling = None

    def _settle_next(self, store: Store) -> None:
        """Read the next first document, one at a time, while there is room beside the polls.

        One parser at least is thus always left to what may be news.
        """
        if self._settling is not None or len(self._courtesy) >= self._engine.room().places:
            return
        for name in store.unsettled(most=1):
            feed = self._engine.desk.feeds_by_name.get(name)
            if feed is not None:
                self._settling = self._pool.submit(self._engine.settle, feed, store.baseline(name))
                self._settling.add_done_callback(lambda _: self._poll.wake())

    def _let_go(self) -> datetime:
        """The thread that opened the poll job's Store closes it."""
        if self._poll_store is not None:
            self._poll_store.close()
            self._poll_store = None
        return self._engine.clock() + HEARTBEAT

    def _start_due(self, store: Store) -> None:
        """Start polls, the longest overdue first; those of a host that has enough of us keep none waiting."""
        now = self._engine.clock()
        for page in range(_PAGES):
            if len(self._courtesy) >= self._engine.room().places:
                return
            due = store.due_feeds(now, most=_PAGE, past=page * _PAGE)
            for name, state in due:
                self._start(name, state)
            if len(due) < _PAGE:
                break
        self._settle_next(store)

    def _start(self, name: str, state: FeedState) -> None:
        feed, steady = self._engine.desk.feeds_by_name.get(name), time.monotonic()
        room = self._engine.room()
        if feed is None or len(self._courtesy) >= room.places:
            return
        feed = where_it_is(feed, state)
        if self._courtesy.may_begin(feed, now=steady, per_host=room.per_host):
            begun = self._engine.begin(self._pool, feed, state)
            self._courtesy.begin(feed, now=steady)
            begun.add_done_callback(self._land)

    def _land(self, future: Future[PollResult | Lost]) -> None:
        if not future.cancelled():
            self._arrived.put(future.result())
            self._poll.wake()

    def _next_due(self, store: Store) -> datetime:
        """When to look again; a landing wakes us anyway while polls are in flight."""
        due = store.next_feed_due()
        if due is None:
            return self._engine.clock() + HEARTBEAT
        if due > self._engine.clock():
            return due
        pause = self._courtesy.next_free(now=time.monotonic())
        if pause:
            return self._engine.clock() + timedelta(seconds=pause)
        return self._engine.clock() + HEARTBEAT if len(self._courtesy) else due

    # -- the deliver job (one thread), and the senders (one a receiver)

    def _deliver_due(self) -> datetime:
        """Set a sender on each receiver that has something due; answers when the next delivery is."""
        self._mind_clock()
        now = self._engine.clock()
        if self._stop.is_set():
            return self._engine.clock() + HEARTBEAT
        receivers = {receiver.name: receiver for receiver in self._engine.desk.receivers}
        with Store(self._engine.state) as store:
            customs = self._engine.desk.customs
            pipeline.pass_on(store, receivers.values(), customs=customs, now=now)
            due = dispatch.next_due(store, receivers.values(), customs=customs, now=now)
        for name, moment in due.items():
            if moment <= now:
                self._set_sender(receivers[name])
        return min((moment for moment in due.values() if moment > now), default=now + HEARTBEAT)

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

    # -- the job of articles

    def _read_due(self) -> datetime:
        """Read what stands behind new entries; answers when the next page is due."""
        if self._stop.is_set():
            return self._engine.clock() + HEARTBEAT
        self._mind_clock()
        return self._reader.work()

    # -- the watch job

    def _watch_desk(self) -> datetime:
        """Read the desk anew if that was asked for or a file changed."""
        if self._reload_wanted.is_set() or self._files_changed():
            self._reload_wanted.clear()
            self._read_anew()
        self._serve_metrics()
        self._hang_doorbell()
        return self._engine.clock() + LOOK

    def _serve_metrics(self) -> None:
        """Answer at the address that the desk names, if any; one that cannot be had is tried again."""
        wanted, now = self._engine.desk.metrics, time.monotonic()
        standing = self._endpoint.address if self._endpoint else None
        if wanted == standing or (wanted == self._refused_address and now < self._endpoint_due):
            return
        if self._endpoint:
            self._endpoint.close()
        self._endpoint, self._refused_address = None, None
        if wanted is None or self._stop.is_set():
            return
        try:
            self._endpoint = Endpoint(wanted, self._metrics)
        except OSError as error:
            log.error("outcome=no-metrics address=%s %s", wanted, error.strerror)  # noqa: TRY400
            self._refused_address, self._endpoint_due = wanted, now + DAY.total_seconds() / 24
        else:
            log.info("outcome=serving-metrics address=%s", wanted)

    def _hang_doorbell(self) -> None:
        """Listen where the desk says; where it says so no more, until hubs know that they need not ring."""
        push, now = self._engine.desk.push, time.monotonic()
        standing = self._doorbell.address if self._doorbell else None
        wanted = push.listen if push else standing if standing and self._subscriber.has_any else None
        if wanted == standing or (wanted == self._refused_bell and now < self._doorbell_due):
            return
        if self._doorbell:
            self._doorbell.close()
        self._doorbell, self._refused_bell = None, None
        if wanted is None or self._stop.is_set():
            return
        try:
            self._doorbell = Doorbell(wanted, self._subscriber)
        except OSError as error:
            said = f"{error.strerror}: give settings: push: listen: another, feeds are polled meanwhile"
            log.error("outcome=no-doorbell address=%s %s", wanted, said)  # noqa: TRY400
            self._refused_bell, self._doorbell_due = wanted, now + DAY.total_seconds() / 24
            self._note_doorbell(wanted, str(error.strerror))
        else:
            log.info("outcome=hearing-hubs address=%s", wanted)
            self._note_doorbell(wanted)
        self._push.wake()

    def _note_doorbell(self, address: Address, error: str = "") -> None:
        """Write down for people where hubs are listened for, or why not."""
        try:
            with Store(self._engine.state) as store, store.transaction():
                store.keep_doorbell(str(address), error)
        except StateError as failure:
            log.warning("outcome=error status does not know where hubs are heard: %s", failure.what)

    def _metrics(self) -> str:
        with Reporter(self._engine.state) as store:
            report = store.report(now=self._engine.clock())
        return exposition(report, running=True, now=self._engine.clock())

    def _files_changed(self) -> bool:
        """Whether the files are others than those last read, and rest: an editor may write several."""
        before, self._looked_at = self._looked_at, self._signature()
        return self._looked_at == before != self._read_at

    def _read_anew(self) -> None:
        """Put the files in force; what cannot be used leaves the old ones in force."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self._take_over()
        finally:  # without it systemd waits for the end of the reload, and ends the service
            self._tell(f"READY=1\nSTATUS=watching {len(self._engine.desk.feeds)} feeds")

    def _take_over(self) -> None:
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

    def _install(self, desk: Desk) -> None:
        """Put a desk in force; where the database cannot be written now, soon."""
        try:
            with Store(self._engine.state) as store:
                self._engine.install(desk, store)
                self._refused = ""
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
        for tick in (self._poll, self._deliver, self._push):
            tick.wake()

    def _keep(self, store: Store) -> None:
        self._engine.keep(store, refused=self._refused)

    def _refuse(self, error: str) -> None:
        """Remember what is wrong with the files; where the database cannot be written now, soon."""
        try:
            with Store(self._engine.state) as store:
                self._engine.refuse(store, error)
        except StateError as failure:
            log.error("outcome=reload-put-off %s", failure)  # noqa: TRY400 - it says all
            self._reload_wanted.set()
            return
        self._refused = error
        self._deliver.wake()

    # -- the push job

    def _mind_hubs(self) -> datetime:
        """Subscribe, renew and unsubscribe what is due; nothing while hubs cannot reach us."""
        self._mind_clock()
        push, now = self._engine.desk.push, self._engine.clock()
        if self._stop.is_set() or (push and self._doorbell is None):
            if self._refused_bell is not None:
                self._subscriber.hush()
            return now + HEARTBEAT
        feeds, address = self._engine.desk.feeds_by_name, push.address if push else ""
        return self._subscriber.work(address, feeds, stop=self._stop.is_set) or now + HEARTBEAT

    def _look_for_hubs(self, results: Iterable[PollResult]) -> None:
        """Subscribe soon to what a feed offers for the first time."""
        if self._engine.desk.push and any(
            isinstance(result, Fresh) and self._subscriber.is_new(result.feed.name, result.reply.offer)
            for result in results
        ):
            self._push.wake()

    # -- the tidy job

    def _tidy_up(self) -> datetime:
        """Forget what is old, once a day, in steps between which others write."""
        now, keep = self._engine.clock(), self._engine.desk.keep
        if now < self._tidy_due <= now + DAY:
            return self._tidy_due
        self._tidy_due = now + timedelta(hours=1)  # should it fail
        with Upkeep(self._engine.state) as store:
            if is_due(store, now=now):
                pruned = prune(store, keep=keep, now=now, pause=self._stop.wait)
                log.info("outcome=pruned entries=%d", pruned)
        self._tidy_due = now + DAY
        return self._tidy_due


def exit_now(status: int) -> NoReturn:
    """End the process at once: a send that timed out keeps its thread, and would hold the exit for 37 s."""
    logging.shutdown()
    os._exit(status)
