"""The two rounds with their parts in place: one poll, one taking-in, one draining, a single pass.

What the daemon does for ever and `monitor run --once` does once. Threads go round the network only.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from monitor import __version__, pipeline
from monitor.alerts import notice
from monitor.alerts.notify import Notifier
from monitor.clock import utc_now
from monitor.cluster import PATIENCE, Cluster, Patience
from monitor.errors import FetchError, ParseError
from monitor.feeds import aggregators, schedule
from monitor.feeds.aggregators import Outlets
from monitor.feeds.courtesy import PER_HOST, Courtesy, Room
from monitor.feeds.fetch import Fetcher, led_to
from monitor.feeds.poll import polled, settled, unconditional
from monitor.feeds.workers import Parsers
from monitor.model import Failed, Feed, First, Fresh, Lost, Poll, Settled, Task
from monitor.pipeline import Counts
from monitor.retention import is_due, prune
from monitor.rules.tenure import Standing, tenures
from monitor.store.store import Store
from monitor.store.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import datetime
    from pathlib import Path

    from monitor.config import Desk
    from monitor.model import Crew, FeedState, PollResult, Receiver, Scheduler
    from monitor.store.baselines import Baseline

log = logging.getLogger("monitor")

PLACES = 32  # polls in flight on this machine
PARSERS = 2  # parser processes
_PORTION = 500  # entries that one commit takes in, where no document brings more
HERE = Room(PLACES, PER_HOST)


@dataclass(frozen=True, slots=True)
class Observer:
    """Who wants to know as it happens; called from the threads that work."""

    polled: Callable[[PollResult], None] = lambda _: None


@dataclass(slots=True)
class Engine:
    """What both ways of running share: the desk of the moment, and the parts that touch the world."""

    desk: Desk
    state: Path
    clock: Callable[[], datetime] = utc_now
    observer: Observer = field(default_factory=Observer)
    backfill: bool = False
    patience: Patience = PATIENCE  # with a cluster
    standing: Standing = field(init=False, default_factory=Standing)
    outlets: Outlets = field(init=False, default_factory=Outlets)
    fetcher: Fetcher = field(init=False)
    parsers: Parsers = field(init=False)
    notifier: Notifier = field(init=False, default_factory=Notifier)
    cluster: Cluster | None = field(init=False, default=None)
    crew: Crew | None = field(init=False, default=None)  # who polls, as it was last written down
    _read_away: int = field(init=False, default=0)  # documents that workers have parsed

    def __post_init__(self) -> None:
        self.fetcher = Fetcher(user_agent=_user_agent(self.desk))
        self.parsers = Parsers(PARSERS)

    def close(self) -> None:
        """End the connections and the parser processes."""
        self._employ(None)
        self.fetcher.close()
        self.parsers.close()

    def sync(self, store: Store) -> None:
        """Put the desk in force; see `install`."""
        self.install(self.desk, store)

    def install(self, desk: Desk, store: Store) -> None:
        """Put a desk in force: its feeds are stored, its files kept, and since when each rule stands.

        The tenures come before the rules they belong to, so that no new rule is ever without.
        """
        now = self.clock()
        store.sync_feeds(desk.feeds, first_poll=lambda feed: schedule.first_poll(feed, now=now))
        with store.transaction():
            spared = store.spare_articles([feed.name for feed in desk.feeds if feed.full_text])
            store.tally({"texts spared": spared} if spared else {}, now=now)
        held = tenures(desk.rulebook, store.tenures(), now=now)
        store.keep_tenures(held)
        self.standing = Standing(held, {feed.name: feed.labels for feed in desk.feeds})
        self.outlets = aggregators.outlets(desk.feeds)
        self.desk = desk
        self.fetcher.user_agent = _user_agent(desk)
        self._employ(desk.scheduler, known=store.crew())
        with store.transaction():
            if desk.scheduler is None:
                store.keep_crew(None)
            if desk.push is None:
                store.keep_doorbell("")
        names = {receiver.name for receiver in desk.receivers}
        for name, waiting in store.waiting().items():
            if name not in names:
                log.warning(
                    "receiver=%s outcome=missing waiting=%d till the desk has it again", name, waiting
                )

    def keep(self, store: Store, *, refused: str) -> None:
        """Remember the files in force, to start on when they have mistakes; or what is wrong with them."""
        if refused:
            self.refuse(store, refused)
            return
        sources, rulebook = self.desk.sources.packed(), self.desk.rulebook.hash
        store.keep_desk(sources, rulebook=rulebook, now=self.clock())

    def refuse(self, store: Store, error: str) -> None:
        """Remember what is wrong with the files; the operators' receiver is told of it, as of all else."""
        known = any(one.name == self.desk.operators for one in self.desk.receivers)
        store.refuse_desk(
            error,
            now=self.clock(),
            operators=self.desk.operators if known else "",
            said=notice.refusal(error),
        )

    # ---- polls

    @property
    def parsed(self) -> int:
        """How many documents were parsed so far."""
        return self.parsers.parsed + self._read_away

    def room(self) -> Room:
        """How many polls may be in flight, in all and at one host."""
        cluster = self.cluster
        return (cluster and cluster.room()) or HERE

    def begin(self, pool: ThreadPoolExecutor, feed: Feed, state: FeedState) -> Future[PollResult | Lost]:
        """A poll of a feed where it is now: on the cluster, if there is one that takes it, or in the pool."""
        try:
            task = self.task(feed, state)
        except Exception as error:  # as in feeds.poll.polled
            log.exception("feed=%s outcome=error its poll cannot begin", feed.name)
            return pool.submit(Failed, feed, f"its poll cannot begin: {type(error).__name__}")
        cluster = self.cluster
        away = cluster.submit(task, agent=self.fetcher.user_agent) if cluster else None
        if away is None:
            return pool.submit(self._polled, task)
        away.add_done_callback(self._observed)
        return away

    def poll(self, feed: Feed, state: FeedState) -> PollResult:
        """One poll of a feed where it is now, here, as a value whatever happens."""
        return self._polled(self.task(feed, state))

    def task(self, feed: Feed, state: FeedState) -> Task:
        """What is to be known for a poll of this feed."""
        now = self.clock()
        suspect = state.failures >= ParseError.KILLED
        job = Poll(feed, state.validators, state.marks, suspect=suspect, rung=state.rung)
        job = unconditional(job) if schedule.wants_whole(state, now=now) else job
        first = self._first(feed) if state.unsettled else None
        return Task(job, now, keep=self._is_first(state), first=first)

    def _polled(self, task: Task) -> PollResult:
        result = polled(task, fetcher=self.fetcher, parsers=self.parsers)
        self.observer.polled(result)
        return result

    def _observed(self, future: Future[PollResult | Lost]) -> None:
        result = future.result()
        self._read_away += isinstance(result, Fresh)
        if not isinstance(result, Lost):
            self.observer.polled(result)

    def _is_first(self, state: FeedState) -> bool:
        """Whether the document can wait to be read; after a failure it is read, to see whether it can be."""
        return state.last_good is None and state.failures == 0 and not (self.backfill or state.unsettled)

    def _first(self, feed: Feed) -> First:
        with Store(self.state) as store:
            return self._as_kept(store.baseline(feed.name))

    def _as_kept(self, baseline: Baseline | None) -> First:
        return First(baseline.made, baseline.document) if baseline else First(self.clock(), None)

    def settle(self, feed: Feed, baseline: Baseline | None) -> Settled:
        """A feed's first document, read; runs in a thread of the pool."""
        return settled(feed, self._as_kept(baseline), parsers=self.parsers)

    # ---- who polls

    def _employ(self, scheduler: Scheduler | None, *, known: Crew | None = None) -> None:
        """Have this scheduler's workers poll from now on, or nobody but ourselves."""
        before = self.cluster
        if scheduler == (before.scheduler if before else None):
            return
        self.cluster = (
            Cluster(scheduler, known=known, clock=self.clock, patience=self.patience) if scheduler else None
        )
        if before is not None:
            before.close()

    def mind_crew(self, store: Store) -> None:
        """Write down who polls, and what the operators are to be told of it."""
        cluster = self.cluster
        crew, news = (cluster.crew, cluster.news()) if cluster else (None, [])
        if crew == self.crew and not news:
            return
        with store.transaction():
            for sentence in news:
                store.put_notice("The cluster", sentence, now=self.clock())
            store.keep_crew(crew)
        self.crew = crew
        if cluster is not None:
            cluster.told(len(news))

    # ---- what came

    def take(self, store: Store, results: list[PollResult]) -> Counts:
        """Round one for these results."""
        return pipeline.take(
            store,
            [self.outlets.in_result(result) for result in results],
            rulebook=self.desk.rulebook,
            now=self.clock(),
            backfill=self.backfill,
            standing=self.standing,
            milestones=self.desk.milestones,
        )

    def say_alive(self) -> None:
        """Ask the address that misses us when we are silent; a failure is logged, without the address."""
        alive = self.desk.alive
        if alive is None:
            return
        try:
            self.fetcher.fetch(Poll(Feed("alive", alive.url, "", allow_private=True)))
        except FetchError as error:
            log.warning("alive outcome=failed error=%r", error.what.replace(alive.url, "***"))

    def drain(self, receiver: Receiver, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Round two until nothing is due to this receiver, or `stop` says so before a message.

        Also until the desk has it no more as it was: whoever calls looks at the new one.
        """

        def ends() -> bool:
            return stop() or receiver not in self.desk.receivers

        with Store(self.state) as store, self.notifier.kept(receiver):
            while not ends() and pipeline.deliver_burst(
                store,
                receiver,
                send=self.notifier.send,
                clock=self.clock,
                customs=self.desk.customs,
                templates=self.desk.templates,
                stop=ends,
            ):
                pass
            store.settle()


def _user_agent(desk: Desk) -> str:
    contact = f"; {desk.contact}" if desk.contact else ""
    return f"media-monitor/{__version__} (feed reader{contact})"


def where_it_is(feed: Feed, state: FeedState) -> Feed:
    """The feed at the address that it moved to."""
    return led_to(feed, state.address) if state.address else feed


# ---- a single pass ---------------------------------------------------------------------------------------


def run_once(engine: Engine, *, refused: str = "", settle: bool = True) -> Counts:
    """Poll what neither backs off nor rests, take in what came, send what is due, settle, prune: `--once`.

    `refused` says what is wrong with the files where the engine's desk is the last good one. Without `settle`
    first documents stay kept, for the next pass.
    """
    total = Counts()
    with Store(engine.state) as store, ThreadPoolExecutor(PLACES) as pool:
        engine.sync(store)
        engine.keep(store, refused=refused)
        pipeline.look_back(store, now=engine.clock())
        store.release_interrupted(now=engine.clock())
        states = store.feed_states([feed.name for feed in engine.desk.feeds])
        now = engine.clock()
        polls = [
            (where_it_is(feed, states[feed.name]), states[feed.name])
            for feed in engine.desk.feeds
            if not _backing_off(states[feed.name], now)
        ]
        if engine.cluster is not None:
            engine.cluster.wait()
        for done in politely(partial(engine.begin, pool), polls, room=engine.room):
            total += engine.take(store, done)
            engine.mind_crew(store)
        desk = engine.desk
        pipeline.pass_on(store, desk.receivers, customs=desk.customs, now=engine.clock())
        list(pool.map(engine.drain, desk.receivers))
        for settled_one in settling(engine, store, pool) if settle else ():
            total += engine.take(store, [settled_one])
    with Upkeep(engine.state) as store:
        if is_due(store, now=engine.clock()):
            prune(store, keep=engine.desk.keep, now=engine.clock())
    return total


def settling(engine: Engine, store: Store, pool: ThreadPoolExecutor) -> Iterator[Settled]:
    """First documents that were kept, read one after the other: as many at once as there are parsers."""
    feeds = engine.desk.feeds_by_name
    names = deque(name for name in store.unsettled(most=len(feeds)) if name in feeds)
    reading: deque[Future[Settled]] = deque()
    while names or reading:
        while names and len(reading) <= PARSERS:
            name = names.popleft()
            reading.append(pool.submit(engine.settle, feeds[name], store.baseline(name)))
        yield reading.popleft().result()


def _backing_off(state: FeedState, now: datetime) -> bool:
    if state.next_poll is None or state.next_poll <= now:
        return False
    return state.failures > 0 or schedule.rests(state, now=now) is not None


def politely(
    begin: Callable[[Feed, FeedState], Future[PollResult | Lost]],
    polls: Iterable[tuple[Feed, FeedState]],
    *,
    room: Callable[[], Room] = lambda: HERE,
) -> Iterator[list[PollResult]]:
    """Results as they come, those that are there together in one batch; no host is asked too fast."""
    arrived: SimpleQueue[PollResult | Lost] = SimpleQueue()
    courtesy, waiting = Courtesy(), deque(polls)
    flying: dict[str, tuple[Feed, FeedState]] = {}
    while waiting or len(courtesy):
        for _ in range(len(waiting)):
            if len(courtesy) >= room().places:
                break
            feed, state = waiting.popleft()
            if not courtesy.may_begin(feed, now=time.monotonic(), per_host=room().per_host):
                waiting.append((feed, state))
                continue
            courtesy.begin(feed, now=time.monotonic())
            flying[feed.name] = feed, state
            begin(feed, state).add_done_callback(lambda done: arrived.put(done.result()))
        pause = courtesy.next_free(now=time.monotonic()) if waiting else 0.0
        batch = _arrived(arrived, within=pause if len(courtesy) else max(pause, 0.001))
        for result in batch:
            courtesy.end(result.feed.name)
            begun = flying.pop(result.feed.name)
            if isinstance(result, Lost):
                waiting.append(begun)
        if done := answers(batch):
            yield done


def first_portion(batch: Sequence[PollResult | Lost]) -> Sequence[PollResult | Lost]:
    """The results that are taken in first, by one commit; one at least, and few enough to end in time.

    Meanwhile nobody else writes, and the watchdog hears of nothing.
    """
    entries = accumulate(map(_entries_in, batch))
    return batch[: max(1, sum(so_many <= _PORTION for so_many in entries))]


def _entries_in(one: PollResult | Lost) -> int:
    """How many entries it brings, with those of the first document that was read for it."""
    if not isinstance(one, Fresh):
        return 0
    return len(one.entries) + (_entries_in(one.settled.reading) if one.settled else 0)


def answers(batch: Iterable[PollResult | Lost]) -> list[PollResult]:
    """Those of them that are results."""
    return [result for result in batch if not isinstance(result, Lost)]


def _arrived(arrived: SimpleQueue[PollResult | Lost], *, within: float) -> list[PollResult | Lost]:
    """What has come; at least one result, unless none comes `within` so many seconds (0: however long)."""
    try:
        return [arrived.get(timeout=within or None), *drained(arrived)]
    except Empty:
        return []


def drained(queue: SimpleQueue[PollResult | Lost]) -> list[PollResult | Lost]:
    """What is in the queue now, at most PLACES of it."""
    found: list[PollResult | Lost] = []
    while len(found) < PLACES:
        try:
            found.append(queue.get_nowait())
        except Empty:
            break
    return found
