"""The pages behind new entries, read beside the polls, and what their texts call for.

No alert waits for a page: an entry is judged on what its feed gave at once, and on its text when that comes.
What is to be read stands in the database; a page is claimed before it is asked for, and its text is taken in
with the alerts that it calls for, all or none.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from monitor import urls
from monitor.alerts.decide import reread
from monitor.feeds.article import Outcome, Reading, Wanted, read
from monitor.feeds.robots import Robots
from monitor.feeds.workers import Parsers
from monitor.model import Kind, Status
from monitor.pipeline import Counts, earlier_in, recurring_in
from monitor.rules.condition import reads_pages
from monitor.store.articles import TRIES
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from datetime import datetime

    from monitor.engine import Engine
    from monitor.model import Entry, EntryId, Feed, Known
    from monitor.rules.rule import Rule
    from monitor.rules.rulebook import Rulebook
    from monitor.rules.tenure import Standing
    from monitor.store.articles import Due

log = logging.getLogger("monitor")

# | threshold | the case that set it |
# |---|---|
# | 4 places | polls have 32, and never wait for these |
# | 3 tries, after 10 and 50 minutes | a page that comes minutes after its feed; a server that restarts |
# | 24 hours | what is told a day late is no news |
# | 200 a day | what one feed can make us ask of hosts that it names |
# | 1,000 characters | Google's cookie wall gave 667; before a paywall stands a paragraph or two |
PLACES = 4
AGAIN = (timedelta(minutes=10), timedelta(minutes=50))  # from one attempt to the next
LATE = timedelta(hours=24)
MOST_A_DAY = 200  # pages asked for of one feed
WHOLE = 1_000  # characters of a text that stands for those of the story's other pages
PAUSE = 1.0  # seconds between two pages of one host, of which one is asked at a time
IDLE = timedelta(seconds=15)


class Reader:
    """Reads the pages that are due, few at a time; one thread calls `work`.

    `landed` is called, from any thread, when `work` has something to take in; `told` when it had alerts to
    deliver.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        landed: Callable[[], None] = lambda: None,
        told: Callable[[], None] = lambda: None,
        parsers: Parsers | None = None,
    ) -> None:
        self._engine = engine
        self._landed, self._told = landed, told
        self._pool = ThreadPoolExecutor(PLACES, thread_name_prefix="article")
        self._parsers = parsers or Parsers(1)  # of their own: no feed waits for a page
        self._robots = Robots(engine.fetcher, self._parsers)
        self._arrived: SimpleQueue[Reading] = SimpleQueue()
        self._waiting: list[Reading] = []  # came back, and could not be written yet
        self._flying: dict[EntryId, Due] = {}
        self._free: dict[str, float] = {}  # host -> when it may be asked again (monotonic)
        self.count = 0  # pages that came back so far
        self.made = Counts()  # what their texts called for

    def close(self) -> None:
        """Begin nothing more; what is in flight is due again, as if it had been cut off."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._parsers.close()

    def work(self) -> datetime:
        """Take in what came back, ask for what is due; answers when to look again."""
        now = self._engine.clock()
        if not (self._flying or any(feed.full_text for feed in self._engine.desk.feeds)):
            return now + IDLE
        with Store(self._engine.state) as store:
            self._take_landed(store)
            self._start_due(store)
            return self._next_due(store)

    def work_off(self, *, within: timedelta, pause: Callable[[float], object] = time.sleep) -> int:
        """What is due now, to its end or so long: how many were read. For a pass that does not come back."""
        until, before = time.monotonic() + within.total_seconds(), self.count
        while time.monotonic() < until:
            due = self.work()
            if not self._flying and due - self._engine.clock() > timedelta(seconds=2 * PAUSE):
                break
            pause(0.02)
        return self.count - before

    # ---- what came back ------------------------------------------------------------------------------------

    def _take_landed(self, store: Store) -> None:
        """What cannot be written now (the disk is full) is kept."""
        self._waiting += self._drained()
        while self._waiting:
            reading = self._waiting[0]
            engine = self._engine
            made = take(
                store,
                reading,
                feed=engine.desk.feeds_by_name.get(reading.wanted.feed.name, reading.wanted.feed),
                rulebook=engine.desk.rulebook,
                standing=engine.standing,
                now=engine.clock(),
            )
            self._waiting.pop(0)
            self.count += 1
            due = self._flying.pop(reading.wanted.entry)
            if reading.pause:
                self._free[_host(due)] = time.monotonic() + reading.pause.total_seconds()
            self.made += made
            if made.deliveries:
                self._told()

    def _drained(self) -> Iterator[Reading]:
        while True:
            try:
                yield self._arrived.get_nowait()
            except Empty:
                return

    # ---- what is due ---------------------------------------------------------------------------------------

    def _start_due(self, store: Store) -> None:
        """Claim what may be asked for now, in one commit, and ask; what would tell nobody is let be."""
        now = self._engine.clock()
        ended: list[tuple[EntryId, str, str]] = []
        begun: dict[EntryId, tuple[Due, Feed]] = {}
        with closing(store.due_articles(now)) as pages:  # no read stands open when this writes
            for due in pages:
                if len(self._flying) + len(begun) >= PLACES:
                    break
                feed = self._engine.desk.feeds_by_name.get(due.feed)
                if unread := _unread(due, feed, now):
                    ended.append((due.entry, *unread))
                elif feed is not None and self._may_begin(due, [one for one, _ in begun.values()]):
                    if needless := self._needless(store, due, feed, now):
                        ended.append((due.entry, "spared", needless))
                    else:
                        begun[due.entry] = due, feed
        if not (ended or begun):
            return
        with store.transaction():
            for entry, state, why in ended:
                store.end_article(entry, state, why)
                store.tally({f"texts {state}": 1}, now=now)
            for entry, (due, _) in begun.items():
                store.claim_article(entry, due=now + _wait(due.attempts + 1), now=now)
        for due, feed in begun.values():
            self._begin(due, feed)

    def _may_begin(self, due: Due, begun: list[Due]) -> bool:
        """Whether its host may be asked, and no page of the same lead is being read."""
        flying = [*self._flying.values(), *begun]
        if due.entry in self._flying:
            return False
        host = _host(due)
        if any(one.lead == due.lead or _host(one) == host for one in flying):
            return False
        return time.monotonic() >= self._free.get(host, 0.0)

    def _needless(self, store: Store, due: Due, feed: Feed, now: datetime) -> str:
        """Why the page is not asked for; "" where it is."""
        known = store.known([due.entry])[due.entry]
        kind = Kind.NEW if due.lead == due.story else Kind.DEVELOPMENT
        told = store.told([due.story])
        rules = [
            rule
            for rule in self._engine.desk.rulebook.rules
            if rule.admits(known.entry, feed.labels) and reads_pages(rule.condition)
        ]
        if not rules:
            return "no rule for its feed and language looks in texts"
        rules = [rule for rule in rules if (due.story, rule.id, kind, due.lead) not in told]
        if not rules:
            return "every rule that it could fire has told of its story"
        read = store.read_of(due.story, due.lead, least=WHOLE)
        if all(any(self._admits(rule, one) for one in read) for rule in rules):
            return "the text of another entry of its story was read"
        if store.count_articles(feed.name, since=now - timedelta(days=1)) >= MOST_A_DAY:
            return f"{MOST_A_DAY} pages of its feed were asked for within a day"
        return ""

    def _admits(self, rule: Rule, entry: Entry) -> bool:
        """Whether the rule looks at the entry, whichever of the desk's feeds it came from."""
        feed = self._engine.desk.feeds_by_name.get(entry.feed)
        return feed is not None and rule.admits(entry, feed.labels)

    def _begin(self, due: Due, feed: Feed) -> None:
        self._flying[due.entry] = due
        steady = time.monotonic()
        self._free = {host: free for host, free in self._free.items() if free > steady}
        if not feed.allow_private:
            self._free[_host(due)] = steady + PAUSE
        wanted = Wanted(due.entry, feed, due.link)
        try:
            self._pool.submit(self._read, wanted).add_done_callback(self._land)
        except RuntimeError:  # the pool is shut: a stop came in between
            del self._flying[due.entry]

    def _read(self, wanted: Wanted) -> Reading:
        """Runs in a thread of the pool."""
        engine = self._engine
        try:
            return read(
                wanted,
                fetcher=engine.fetcher,
                robots=self._robots,
                parsers=self._parsers,
                agent=engine.fetcher.user_agent,
                now=engine.clock(),
            )
        except Exception as error:  # read() answers with values; this is a fault of ours, and harms one page
            log.exception("feed=%s entry=%016x outcome=error its page broke", wanted.feed.name, wanted.entry)
            return Reading(wanted, Outcome.FAILED, why=f"reading it broke: {type(error).__name__}")

    def _land(self, future: Future[Reading]) -> None:
        if not future.cancelled():
            self._arrived.put(future.result())
            self._landed()

    def _next_due(self, store: Store) -> datetime:
        """When to look again; what lands wakes us anyway."""
        now, due = self._engine.clock(), store.next_article_due()
        if due is None or due > now:
            return min(due or now + IDLE, now + IDLE)
        steady = time.monotonic()
        pauses = [free - steady for free in self._free.values() if free > steady]
        return now + min(timedelta(seconds=min(pauses)) if pauses else IDLE, IDLE)


def _unread(due: Due, feed: Feed | None, now: datetime) -> tuple[str, str] | None:
    """As what a page that is due ends unasked, and why; None where it may be asked for."""
    if feed is None or not feed.full_text:
        return "spared", "its feed has full_text no more"
    if now - due.since > LATE:
        return "failed" if due.attempts else "spared", "it is a day old: it would tell nobody"
    if due.attempts >= TRIES:
        return "failed", f"was cut off, the last of {due.attempts} times"
    fault = urls.problem(due.link)
    return ("failed", fault) if fault else None


def _wait(attempts: int) -> timedelta:
    """How long after this attempt the next one is due."""
    return AGAIN[min(attempts, len(AGAIN)) - 1]


def _host(due: Due) -> str:
    return urls.parts(due.link).host


# ---- round one, for a text -------------------------------------------------------------------------------


def take(
    store: Store, reading: Reading, *, feed: Feed, rulebook: Rulebook, standing: Standing, now: datetime
) -> Counts:
    """T1 for a page that came back: its text, and what the rules find in it; the alerts that it calls for.

    One commit. An entry that went meanwhile, or that was read already, is left as it is.
    """
    wanted = reading.wanted
    with store.transaction():
        due = store.due_article(wanted.entry)
        known = store.known([wanted.entry]).get(wanted.entry)
        if known is None or due is None:
            return Counts()
        try:
            with store.savepoint():
                return _take(
                    store,
                    reading,
                    known,
                    due=due,
                    feed=feed,
                    rulebook=rulebook,
                    standing=standing,
                    now=now,
                )
        except Exception:
            log.exception(
                "feed=%s entry=%016x outcome=error its text could not be taken in", feed.name, wanted.entry
            )
            store.end_article(wanted.entry, "failed", "its text could not be taken in: see the log")
            return Counts()


def _take(
    store: Store,
    reading: Reading,
    known: Known,
    *,
    due: tuple[int, datetime],
    feed: Feed,
    rulebook: Rulebook,
    standing: Standing,
    now: datetime,
) -> Counts:
    entry, outcome, (attempts, since) = known.entry, reading.outcome, due
    if entry.link != reading.wanted.link:
        store.put_off_article(entry.id, "its link was changed meanwhile", due=now)
        return Counts()
    if outcome is not Outcome.READ:
        _take_unread(store, reading, attempts=attempts, now=now)
        return Counts()
    text = reading.article.text
    read_now = replace(entry, text=text)
    story = known.candidate.story
    decision = reread(
        known,
        text,
        feed=feed,
        told=store.told([story]),
        rulebook=rulebook,
        standing=standing,
        earlier=earlier_in(store, {story}, standing, now=now),
        recurring=recurring_in(store, [read_now], feed=feed, now=now),
    )
    is_late = now - since > LATE or known.status is not Status.NEWS
    alerts, deliveries = ((), ()) if is_late else (decision.alerts, decision.deliveries)
    store.end_article(
        entry.id, "read", "it goes on: the first part is kept" if reading.article.cut else "", text=text
    )
    store.put_matches(entry.id, decision.entries[0].matches, rulebook=rulebook.hash)
    again = store.may_have_been_told(entry.id)
    store.add_alerts(alerts, deliveries, now=now, rulebook=rulebook.hash, uncertain=again)
    store.tally({"texts read": 1, "alerts": len(alerts)}, now=now)
    log.info(
        "feed=%s entry=%016x outcome=text-read characters=%d alerts=%d",
        feed.name,
        entry.id,
        len(text),
        len(alerts),
    )
    return Counts(alerts=len(alerts), deliveries=len(deliveries))


def _take_unread(store: Store, reading: Reading, *, attempts: int, now: datetime) -> None:
    """A page that gave nothing: it is asked for again, or given up."""
    wanted, state = reading.wanted, reading.outcome.value
    if reading.outcome is Outcome.FAILED and not reading.lasting and attempts < TRIES:
        due = now + max(_wait(attempts), reading.wait or timedelta())
        store.put_off_article(wanted.entry, reading.why, due=due)
        state = "put-off"
    else:
        store.end_article(wanted.entry, state, reading.why)
        store.tally({f"texts {state}": 1}, now=now)
    log.info(
        "feed=%s entry=%016x outcome=text-%s attempt=%d error=%r",
        wanted.feed.name,
        wanted.entry,
        state,
        attempts,
        reading.why,
    )
