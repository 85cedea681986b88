"""Whatever the crash, every match is told once per story; and the proof would notice if that were broken.

A machine publishes, syndicates, edits, polls, delivers, silences, acknowledges, lets receivers fail, and cuts
the power before the Nth SQL statement or right after a send. The store, the decisions and both rounds are the
real ones.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from monitor import pipeline
from monitor.alerts import notice, outbox
from monitor.alerts.compose import AGAIN, compose
from monitor.alerts.decide import NEVER_CHANGED
from monitor.alerts.milestone import reached
from monitor.alerts.route import Customs
from monitor.articles import AGAIN as READ_AGAIN
from monitor.articles import take
from monitor.errors import SendError, StateError
from monitor.feeds.article import Outcome, Reading, Wanted
from monitor.feeds.extraction import Article
from monitor.model import (
    Document,
    Escalation,
    Feed,
    FeedState,
    Fresh,
    Kept,
    Message,
    Receiver,
    Scope,
    Settled,
    identity,
)
from monitor.store.store import DATABASE, Store
from monitor.timetable import HOURLY
from tests.fakes import FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.model import Candidate, Claim, Plan, PollResult
    from monitor.pipeline import Counts

FEEDS = tuple(
    Feed(name, f"https://{name}.example/feed", outlet=name.upper()) for name in ("ani", "tab", "vug")
)
RECEIVERS = (
    Receiver("mail", "mailto://localhost", escalate=Escalation("phone", timedelta(minutes=20))),
    Receiver("chat", "json://localhost", digest=HOURLY),
    Receiver("phone", "json://127.0.0.1"),
)
RULEBOOK = rules(
    """
rules:
  - id: peace
    title: Peace agreement
    any: [peace agreement]
    send: [mail, chat]
    limit: 2 per hour
    active: 06:00-22:00 Asia/Baku
  - id: urgent
    title: State of emergency
    any: [state of emergency]
    severity: critical
    send: mail
"""
)
CUSTOMS = Customs({rule.id: rule.timing for rule in RULEBOOK.rules})
ENDINGS = {"": " open new bakery", "peace": " seal peace agreement", "urgent": " under state of emergency"}
SENT_TO = {"peace": ("mail", "chat"), "urgent": ("mail",)}
WORDS = (
    "abend barka corvo dulce ember finca gorse helix ingot jurat kapok lemur mocha nacre okapi pylon quark"
)


# The power is cut in front of statements and not within the system's writing: a disk would only be slower.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


@cache
def blank() -> bytes:
    """A database with nothing in it but its tables, made once: each run begins on a copy."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        Store(Path(folder)).close()
        return (Path(folder) / DATABASE).read_bytes()


class PowerCut(BaseException):
    """Nothing of ours may catch it."""


def story(number: int, *, watched: str) -> Item:
    """A piece of news unlike any other; `watched` is the rule whose words are put into it."""
    # Letters by the number's hash: "b" and "bc" on every word would make the 1st and the 12th copies.
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{identity(str(number)) % 10**8:08d}")
    own = [f"{word}{letters}x" for word in WORDS.split()]
    return Item(
        guid=f"g{number}",
        title=" ".join(own[:6]) + ENDINGS[watched],
        summary=" ".join(own) + f" tag{letters}tag.",
    )


def cuts(most: int) -> st.SearchStrategy[int]:
    """Before which statement the power is cut; every second time it is not (-1)."""
    return st.one_of(st.just(-1), st.integers(0, most))


class PowerCuts(RuleBasedStateMachine):
    """The world and the daemon in it. The class attributes are what a seeded bug replaces."""

    store_class: type[Store] = Store
    deliver: Callable[..., Any] = staticmethod(pipeline.deliver)
    milestones: tuple[int, ...] = ()
    customs = CUSTOMS
    keeps = False  # first documents, to be settled later

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY))
        (self.folder / DATABASE).write_bytes(blank())
        self.clock = FakeClock()
        self.outlets = [FakeOutlet(feed) for feed in FEEDS]
        self.receivers = TimedReceivers(clock=self.clock)
        self.stories: list[Item] = []
        self.owed: dict[str, str] = {}  # stories that must be told, by their tag, and the rule that wants it
        self.seen_to: dict[str, datetime] = {}  # acknowledged, and when
        self.polled: set[str] = set()  # feeds whose baseline stands
        self.cut_after_send = Counter[str]()  # stories whose send the power cut off
        self.documents: list[Fresh] = []  # what first documents say, by the number that stands in them
        self.boot()

    def boot(self) -> None:
        """Start as the daemon does."""
        self.left = -1  # statements until the power is cut; -1 for never
        self.store = self.store_class(self.folder, tracer=self.before_statement)
        self.store.sync_feeds(FEEDS, first_poll=lambda _: self.clock.now)
        pipeline.look_back(self.store, now=self.clock.now)
        self.store.release_interrupted(now=self.clock.now)

    @initialize(baselines=st.booleans())
    def begin(self, *, baselines: bool) -> None:
        """The feeds have been read before, half of the time."""
        for where in range(len(FEEDS) if baselines else 0):
            self.poll(where, -1)

    def before_statement(self, _sql: str, _parameters: object) -> None:
        if self.left == 0:
            raise PowerCut
        self.left -= 1

    def after(self, trouble: BaseException) -> None:
        """Only a power cut ends the process; a statement that fails, in machines that have such, does not."""
        if isinstance(trouble, PowerCut):
            self.crash()

    def crash(self) -> None:
        self.store.close()
        self.boot()

    @rule(where=st.integers(0, 2), watched=st.sampled_from(sorted(ENDINGS)))
    def publish(self, where: int, watched: str) -> None:
        self.stories.append(story(len(self.stories), watched=watched))
        self.put(where, self.stories[-1])

    @rule(
        where=st.integers(0, 2),
        watched=st.sampled_from(["peace", "urgent"]),
        to=st.integers(0, 2),
        cut=cuts(25),
    )
    def news(self, where: int, watched: str, to: int, cut: int) -> None:
        """What happens most: it is published, read, and sent or held."""
        self.publish(where, watched)
        self.poll(where, -1)
        self.send(to, cut, after_send=False)

    @rule(where=st.integers(0, 2), watched=st.sampled_from(["peace", "urgent"]), cut=st.integers(0, 40))
    def cut_short(self, where: int, watched: str, cut: int) -> None:
        """News, and the power is cut while it is taken in."""
        self.publish(where, watched)
        self.poll(where, cut)

    @rule(where=st.integers(0, 2), cut=cuts(25), after_send=st.booleans())
    def collected(self, where: int, cut: int, *, after_send: bool) -> None:
        """News that waits for a digest, and the digest."""
        self.publish(where, "peace")
        self.poll(where, -1)
        self.send(1, -1, after_send=False)
        self.wait(61)
        self.send(1, cut, after_send=after_send)

    @rule()
    def cut_power(self) -> None:
        self.crash()

    @rule(where=st.integers(0, 2), which=st.integers(0, 50))
    def syndicate(self, where: int, which: int) -> None:
        if self.stories:
            item = self.stories[which % len(self.stories)]
            self.put(where, replace(item, guid=f"{item.guid}-{FEEDS[where].name}"))

    @rule(where=st.integers(0, 2), which=st.integers(0, 50))
    def edit(self, where: int, which: int) -> None:
        items = self.outlets[where].items
        if items:
            item = items[which % len(items)]
            items[which % len(items)] = replace(item, summary=item.summary + " More soon.")

    def put(self, where: int, item: Item) -> None:
        items = self.outlets[where].items
        if item.guid in {other.guid for other in items}:
            return
        items.insert(0, item)
        if FEEDS[where].name not in self.polled:
            return
        for watched, words in ENDINGS.items():
            if watched and item.title.endswith(words):
                self.owed[tag(item.summary)] = watched

    @rule(where=st.integers(0, 2), cut=cuts(40))
    def poll(self, where: int, cut: int) -> None:
        feed, self.left = FEEDS[where], cut
        try:
            state = self.store.feed_states([feed.name]).get(feed.name, FeedState())
            if not self.take(self.read(where, state)).failed:
                self.polled.add(feed.name)
        except (PowerCut, StateError) as trouble:
            self.after(trouble)
        self.left = -1

    def read(self, where: int, state: FeedState) -> PollResult:
        """What a poll brings: a first document as it came, where those are kept."""
        result = self.outlets[where].poll(state)
        if not self.keeps or not isinstance(result, Fresh):
            return result
        if state.unsettled:
            return replace(result, settled=self.settled(where))
        if state.last_good is not None or not result.entries:
            return result
        self.documents.append(result)
        document = Document(str(len(self.documents) - 1).encode(), "", "")
        return Kept(result.feed, result.validators, document, len(result.entries))

    def settled(self, where: int) -> Settled | None:
        baseline = self.store.baseline(FEEDS[where].name)
        if baseline is None:
            return None
        return Settled(FEEDS[where], baseline.made, self.documents[int(baseline.document.body)])

    def take(self, result: PollResult) -> Counts:
        return pipeline.take(
            self.store, [result], rulebook=RULEBOOK, now=self.clock.now, milestones=self.milestones
        )

    @rule(to=st.integers(0, 2), cut=cuts(25), after_send=st.booleans())
    def send(self, to: int, cut: int, *, after_send: bool) -> None:
        def sending(receiver: Receiver, message: Message) -> None:
            self.receivers.send(receiver, message)
            if after_send:
                raise PowerCut

        self.left, before = cut, len(self.receivers.arrived)
        try:
            pipeline.pass_on(self.store, RECEIVERS, customs=self.customs, now=self.clock.now)
            self.deliver_to(RECEIVERS[to], sending)
        except (PowerCut, StateError) as trouble:
            self.after(trouble)
            for _, message in self.receivers.arrived[before:]:
                self.cut_after_send.update(mark for mark, _ in tags(message))
        self.left = -1

    def deliver_to(self, receiver: Receiver, send: Callable[[Receiver, Message], None]) -> Any:
        return type(self).deliver(self.store, receiver, send=send, clock=self.clock, customs=self.customs)

    @rule(to=st.integers(0, 2), down=st.booleans(), uncertain=st.booleans())
    def fail(self, to: int, *, down: bool, uncertain: bool) -> None:
        name = RECEIVERS[to].name
        self.receivers.failing.pop(name, None)
        if down:
            self.receivers.failing[name] = SendError("error=503", uncertain=uncertain)

    @rule(what=st.sampled_from(["story", "rule", "outlet"]), which=st.integers(0, 50), cut=cuts(4))
    def silence(self, what: str, which: int, cut: int) -> None:
        alerts = self.store._rows("select * from alerts order by created, id")
        if not alerts:
            return
        alert = alerts[which % len(alerts)]
        value = {"story": f"{alert['story']:016x}", "rule": alert["rule"], "outlet": FEEDS[which % 3].outlet}[
            what
        ]
        now, self.left = self.clock.now, cut
        try:
            self.store.add_silence(
                Scope(what),
                value,
                begins=now,
                ends=now + timedelta(minutes=30),
                comment="a test",
                by="",
                now=now,
            )
        except (PowerCut, StateError) as trouble:
            self.after(trouble)
        self.left = -1

    @rule(which=st.integers(0, 50), cut=cuts(4))
    def acknowledge(self, which: int, cut: int) -> None:
        alerts = self.store._rows("select id, story, article from alerts where rule = 'urgent' order by id")
        if not alerts:
            return
        alert, self.left = alerts[which % len(alerts)], cut
        try:
            with self.store.transaction():
                self.store.acknowledge([alert["id"]], by="", now=self.clock.now)
            self.seen_to.setdefault(tag(alert["article"]), self.clock.now)
        except (PowerCut, StateError) as trouble:
            self.after(trouble)
        self.left = -1

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def teardown(self) -> None:
        """Let the machine run undisturbed to the end, then count what arrived."""
        try:
            self.receivers.failing.clear()
            for where in range(len(FEEDS)):
                self.poll(where, -1)
            for _ in range(3):
                self.clock.advance(timedelta(hours=13))
                for receiver in RECEIVERS:
                    while self.deliver_to(receiver, self.receivers.send):
                        pass
            self.judge()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    def judge(self) -> None:
        arrived = [
            (name, mark, marked) for name, message in self.receivers.arrived for mark, marked in tags(message)
        ]
        told = Counter((name, mark) for name, mark, _ in arrived)
        unmarked = Counter((name, mark) for name, mark, marked in arrived if not marked)
        owed = {(name, mark) for mark, watched in self.owed.items() for name in SENT_TO[watched]}
        muted = self.muted()
        urgent = {mark for mark, watched in self.owed.items() if watched == "urgent"}
        passed_on = {mark for name, mark in told if name == "phone"}
        must = {mark for mark in urgent - set(self.seen_to) if ("mail", mark) not in muted}
        at_desks = {pair for pair in told if pair[0] != "phone"}
        assert owed - muted <= at_desks <= owed, f"lost {owed - muted - at_desks}, unasked {at_desks - owed}"
        assert must - {mark for name, mark in muted if name == "phone"} <= passed_on <= urgent, (
            f"lost on the way to the phone {must - passed_on}, unasked {passed_on - urgent}"
        )
        assert all(count == 1 for count in unmarked.values()), "a repeat was not marked as one"
        assert sum(told.values()) - len(told) <= self.cut_after_send.total(), "told again without need"
        for name, mark, marked, moment in self.receivers.timed():
            late = name == "phone" and mark in self.seen_to and self.seen_to[mark] < moment
            assert not late or marked, "passed on though it was acknowledged"

    def muted(self) -> set[tuple[str, str]]:
        """What a silence keeps from a receiver, each with the silence that does."""
        rows = self.store._rows(
            """
            select receiver, article from deliveries join alerts on alerts.id = alert
            join silences on silences.id = silence where state = 'muted'
            """
        )
        return {(row["receiver"], tag(row["article"])) for row in rows}


def tags(message: Message) -> list[tuple[str, bool]]:
    """The stories that a message tells of, by their tags, and whether each is said to be a repeat."""
    lines = message.body.splitlines()
    if lines[0] in (notice.TITLE, notice.REFUSED):
        return []
    if not lines[0].startswith("Digest"):
        return [(tag(message.body), AGAIN in message.body)]
    return [
        (tag(line), AGAIN in message.body or "may have reached you" in lines[number + 1])
        for number, line in enumerate(lines)
        if line.startswith("- ")
    ]


@dataclass
class TimedReceivers(FakeReceivers):
    """Knows when each message arrived, too."""

    clock: FakeClock = field(default_factory=FakeClock)
    moments: list[datetime] = field(default_factory=list)

    def send(self, receiver: Receiver, message: Message) -> None:
        super().send(receiver, message)
        self.moments.append(self.clock.now)

    def timed(self) -> list[tuple[str, str, bool, datetime]]:
        return [
            (name, mark, marked, moment)
            for (name, message), moment in zip(self.arrived, self.moments, strict=True)
            for mark, marked in tags(message)
        ]


def tag(text: str) -> str:
    """The word that only this story has."""
    found = re.search(r"abend([a-j]+)x", text) or re.search(r"tag([a-j]+)tag", text)
    assert found, text
    return found[1]


QUICK = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
FEWER = settings(QUICK, max_examples=20)  # of machines that differ from the first in one thing


def test_whatever_the_crash_every_match_is_told_once_per_story() -> None:
    run_state_machine_as_test(PowerCuts, settings=QUICK)


class Bursts(PowerCuts):
    """As the daemon delivers: several messages are claimed together, and most records wait for no disk."""

    deliver = staticmethod(pipeline.deliver_burst)


class Texts(PowerCuts):
    """Half of what is watched for stands on the entries' pages alone, which are read some time later."""

    def __init__(self) -> None:
        super().__init__()
        self.outlets = [FakeOutlet(replace(feed, full_text=True)) for feed in FEEDS]
        self.pages: dict[str, str] = {}  # the rule whose words a story's page has, by the story's tag

    @rule(where=st.integers(0, 2), watched=st.sampled_from(["peace", "urgent"]), cut=cuts(40))
    def told_on_its_page(self, where: int, watched: str, cut: int) -> None:
        self.stories.append(story(len(self.stories), watched=""))
        self.pages[tag(self.stories[-1].summary)] = watched
        self.put(where, self.stories[-1])
        self.poll(where, cut)

    def put(self, where: int, item: Item) -> None:
        before = len(self.outlets[where].items)
        super().put(where, item)
        mark = tag(item.summary)
        is_news = len(self.outlets[where].items) > before and FEEDS[where].name in self.polled
        if is_news and mark in self.pages:
            self.owed[mark] = self.pages[mark]

    @rule(where=st.integers(0, 2), watched=st.sampled_from(["peace", "urgent"]), cut=st.integers(0, 15))
    def page_cut_short(self, where: int, watched: str, cut: int) -> None:
        """The power is cut while a page's text is taken in."""
        self.told_on_its_page(where, watched, -1)
        self.read_page(-1, cut)

    @rule(which=st.integers(0, 50), cut=cuts(15))
    def read_page(self, which: int, cut: int) -> None:
        """A page is claimed, read, and taken in; the power is cut at the latter, once a page."""
        due = list(self.store.due_articles(self.clock.now))
        if not due:
            return
        one = due[which % len(due)]
        with self.store.transaction():
            self.store.claim_article(one.entry, due=self.clock.now + READ_AGAIN[0], now=self.clock.now)
        self.left = cut if one.attempts == 0 else -1
        try:
            self.take_page(one.entry)
        except PowerCut as trouble:
            self.after(trouble)
        self.left = -1

    def take_page(self, entry: int) -> None:
        known = self.store.known([entry])[entry].entry
        feed = next(outlet.feed for outlet in self.outlets if outlet.feed.name == known.feed)
        text = known.summary + ENDINGS[self.pages.get(tag(known.summary), "")]
        reading = Reading(Wanted(entry, feed, known.link), Outcome.READ, Article(known.title, text))
        take(self.store, reading, feed=feed, rulebook=RULEBOOK, standing=NEVER_CHANGED, now=self.clock.now)

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        """All pages are read before: what waits a day tells nobody, and is no loss."""
        self.read_all()
        super().wait(minutes)

    def read_all(self) -> None:
        """What was cut off is due in ten minutes."""
        for _ in range(2):
            for due in list(self.store.due_articles(self.clock.now)):
                self.take_page(due.entry)
            self.clock.advance(READ_AGAIN[0])

    def teardown(self) -> None:
        for where in range(len(FEEDS)):
            self.poll(where, -1)
        self.read_all()
        super().teardown()


def test_whatever_the_crash_what_a_page_says_is_told_once_per_story() -> None:
    run_state_machine_as_test(Texts, settings=settings(FEWER, max_examples=12))


def test_whatever_the_crash_every_match_is_told_once_per_story_in_bursts() -> None:
    run_state_machine_as_test(Bursts, settings=FEWER)


class Milestones(Bursts):
    """A note when a second outlet carries what was told; else as ever."""

    milestones = (2,)
    customs = Customs()

    def deliver_to(self, receiver: Receiver, send: Callable[[Receiver, Message], None]) -> Any:
        """Nothing is collected: a digest would tell a note and its alert in one line."""
        return super().deliver_to(replace(receiver, digest=None), send)

    def judge(self) -> None:
        arrived = [*zip(self.receivers.arrived, self.receivers.moments, strict=True)]
        notes = [one for (one, _) in arrived if ", milestone · " in one[1].body]
        others = [(one, moment) for one, moment in arrived if ", milestone · " not in one[1].body]
        self.receivers.arrived = [one for one, _ in others]
        self.receivers.moments = [moment for _, moment in others]
        told = {(name, tag(message.body)) for name, message in self.receivers.arrived}
        unmarked = Counter((name, tag(message.body)) for name, message in notes if AGAIN not in message.body)
        assert all(count == 1 for count in unmarked.values()), "a note's repeat was not marked as one"
        assert {(name, tag(message.body)) for name, message in notes} <= told, "a note of what was not told"
        super().judge()
        leads = {(row["story"], row["lead"]) for row in self.store._rows("select story, lead from alerts")}
        known = {
            (row["story"], row["lead"])
            for row in self.store._rows("select story, lead from entries where status = 'baseline'")
        }
        owed = reached(self.store.spreads(leads - known), milestones=self.milestones)
        assert owed.alerts == (), "lost a milestone"


def test_whatever_the_crash_every_milestone_is_told_once() -> None:
    run_state_machine_as_test(Milestones, settings=FEWER)


class Settling(Bursts):
    """First documents are kept, and settled some time later."""

    keeps = True

    @rule(where=st.integers(0, 2), cut=cuts(40))
    def settle(self, where: int, cut: int) -> None:
        self.left = cut
        try:
            settled = self.settled(where)
            if settled is not None:
                self.take(settled)
        except (PowerCut, StateError) as trouble:
            self.after(trouble)
        self.left = -1

    def judge(self) -> None:
        super().judge()
        for where in range(len(FEEDS)):
            self.settle(where, -1)
        assert self.store.unsettled(most=9) == []
        assert not self.store._rows("select 1 from baselines")
        kept = {entry.id for document in self.documents for entry in document.entries}
        assert kept == set(self.store.digests(kept)), "lost what stood in a first document"


def test_whatever_the_crash_every_match_is_told_once_while_first_documents_settle() -> None:
    run_state_machine_as_test(Settling, settings=FEWER)


class Notices(Bursts):
    """What the operators are told of the desk goes to the phone, too."""

    customs = replace(CUSTOMS, operators="phone")

    def __init__(self) -> None:
        self.said: list[str] = []  # what was put, whether the power was cut in it or not
        super().__init__()
        self.store.keep_desk("{}", rulebook="x", now=self.clock.now)

    @rule(refused=st.booleans(), cut=cuts(6))
    def tell_operators(self, *, refused: bool, cut: int) -> None:
        self.said.append(f"trouble {len(self.said)}.")
        self.left, words, now = cut, self.said[-1], self.clock.now
        try:
            if refused:
                said = notice.refusal(words)
                self.store.refuse_desk(words, now=now, operators="phone", said=said)
            else:
                with self.store.transaction():
                    self.store.put_notice("Feed x", words, now=now)
        except (PowerCut, StateError) as trouble:
            self.after(trouble)
        self.left = -1

    def judge(self) -> None:
        kept = self.store._rows("select sentence said from notices union select lines from letters")
        owed = {words for words in self.said if any(words in row["said"] for row in kept)}
        notices = [message for _, message in self.receivers.arrived if not tags(message)]
        told = {words for words in self.said for message in notices if words in message.body}
        unmarked = Counter(
            words
            for words in self.said
            for message in notices
            if words in message.body and AGAIN not in message.body
        )
        assert owed <= told, f"lost a notice: {owed - told}"
        assert all(count == 1 for count in unmarked.values()), "a notice's repeat was not marked as one"
        super().judge()


def test_whatever_the_crash_every_notice_is_told_once() -> None:
    run_state_machine_as_test(Notices, settings=FEWER)


class GoneBack(Bursts):
    """An older database comes in this one's place, or its journal is deleted after `kill -9`."""

    def __init__(self) -> None:
        super().__init__()
        self.older: list[bytes] = []

    @initialize(baselines=st.just(True))  # noqa: FBT003
    def begin(self, *, baselines: bool) -> None:
        """What a feed shows when it is first read is no news, also where it is first read twice."""
        super().begin(baselines=baselines)
        self.keep_copy()

    @rule()
    def keep_copy(self) -> None:
        self.crash()  # its journal goes into it
        self.older.append((self.folder / DATABASE).read_bytes())

    @rule(which=st.integers(-1, 20))
    def go_back(self, which: int) -> None:
        """To a copy, or (-1) to what the database holds without its journal."""
        database = self.folder / DATABASE
        copy = database.read_bytes() if which < 0 else self.older[which % len(self.older)]
        self.store.close()
        database.write_bytes(copy)
        self.boot()
        acknowledged = self.store._rows("select article from acks join alerts on id = alert")
        known = {tag(row["article"]) for row in acknowledged}  # what was said since is forgotten
        self.seen_to = {mark: moment for mark, moment in self.seen_to.items() if mark in known}
        for _, message in self.receivers.arrived:
            self.cut_after_send.update(mark for mark, _ in tags(message))


def test_whatever_an_older_database_tells_again_says_so() -> None:
    run_state_machine_as_test(GoneBack, settings=FEWER)


# ---- seeded bugs: each was seen in programs of this kind, and the machine must notice it -------------------


class ValidatorsBeforeEntries(Store):
    def apply(self, plan: Plan, **rest: Any) -> None:
        """Commit the validators, then the entries they vouch for."""
        self._put_feed_state(plan)
        self._db.execute("commit")
        self._db.execute("begin immediate")
        super().apply(plan, **rest)

    def savepoint(self) -> Any:
        return nullcontext()


class PollRecordedEarlier(Store):
    def apply(self, plan: Plan, **rest: Any) -> None:
        """Commit that the feed was read well (so that its baseline stands), then what was read."""
        state = plan.state
        self._put_feed_state(
            replace(plan, state=replace(state, validators=replace(state.validators, etag=None)))
        )
        self._db.execute("commit")
        self._db.execute("begin immediate")
        super().apply(plan, **rest)

    def savepoint(self) -> Any:
        return nullcontext()


class NoTransaction(Store):
    def transaction(self, *, durable: bool = True) -> Any:  # noqa: ARG002 - the store's signature
        """Every statement for itself."""
        return nullcontext()

    def savepoint(self) -> Any:
        return nullcontext()


class AlertedPairsForgotten(Store):
    def record_sent(self, claim: Claim, **rest: Any) -> None:
        """Tidy up what is done with."""
        super().record_sent(claim, **rest)
        self._db.execute("delete from deliveries where state = 'sent'")
        self._db.execute("delete from acks")
        self._db.execute("delete from alerts where id not in (select alert from deliveries)")


class NoDedup(Store):
    def candidates(self, *_: Any, **__: Any) -> list[tuple[Candidate, tuple[int, ...]]]:
        """Nothing is ever like anything."""
        return []


class DigestsForgotten(Store):
    def release_interrupted(self, **rest: Any) -> int:
        """Make every digest anew after a restart."""
        released = super().release_interrupted(**rest)
        with self.transaction():
            self._db.execute("update deliveries set letter = null where state = 'held'")
            self._db.execute("update letters set state = 'dropped' where state in ('due', 'sending')")
        return released


class MutedDeleted(Store):
    def mute(self, receiver: str, silences: Any) -> None:
        """What is muted need not be kept."""
        super().mute(receiver, silences)
        self._db.execute("delete from deliveries where state = 'muted'")


class HeldForgotten(Store):
    def release_interrupted(self, **rest: Any) -> int:
        """What was held is old by now."""
        with self.transaction():
            self._db.execute("update deliveries set state = 'dropped' where state = 'held'")
        return super().release_interrupted(**rest)


class EscalationsForgotten(Store):
    def release_interrupted(self, **rest: Any) -> int:
        """Time starts anew."""
        with self.transaction():
            self._db.execute("delete from deliveries where escalated and state = 'due'")
        return super().release_interrupted(**rest)


class AcksIgnored(Store):
    def acknowledge(self, *_: Any, **__: Any) -> tuple[int, int]:
        """Nobody reads them."""
        return 0, 0


class FirstDocumentsForgotten(Store):
    def release_interrupted(self, **rest: Any) -> int:
        """What was kept for later is not worth keeping."""
        with self.transaction():
            self._db.execute("delete from baselines")
            self._db.execute("update feeds set unsettled = 0")
        return super().release_interrupted(**rest)


class SettledBeforeItsEntries(Store):
    def apply(self, plan: Plan, **rest: Any) -> None:
        """Commit that a first document is settled, then its entries."""
        if plan.settled:
            self._put_feed_state(plan)
            self._forget_baseline(plan.feed, asked=plan.asked)
            self._db.execute("commit")
            self._db.execute("begin immediate")
        super().apply(plan, **rest)

    def savepoint(self) -> Any:
        return nullcontext()


class ClaimsNotCounted(Store):
    def keep_count(self, *_: Any, **__: Any) -> None:
        """The database knows."""


class TextBeforeItsAlerts(Store):
    def put_matches(self, *of_text: Any, **rest: Any) -> None:
        """Commit that a page was read, then what it calls for."""
        self._db.execute("commit")
        self._db.execute("begin immediate")
        super().put_matches(*of_text, **rest)

    def savepoint(self) -> Any:
        return nullcontext()


class DigestsSentBeforeSending(Store):
    def lease_letter(self, letter: Any, *, until: datetime) -> None:
        """Record a digest as sent when it is taken, so that it is surely not sent twice."""
        super().record_letter_sent(letter, now=until)

    def record_letter_sent(self, *_: Any, **__: Any) -> None:
        """It is already."""


def sent_before_sending(
    store: Store, receiver: Receiver, *, send: Any, clock: FakeClock, customs: Customs
) -> Any:
    """Mark it sent, then send it."""
    del customs
    with store.transaction():
        claim = store.claim(receiver.name, now=clock(), lease=outbox.LEASE)
        if claim is not None:
            store.record_sent(claim, now=clock())
    if claim is not None:
        store.feed_errors()  # any statement: the power may be cut here
        send(receiver, compose(claim, chat=False, now=clock()))
    return claim


SEEDED: dict[str, dict[str, Any]] = {
    "validators saved before entries": {"store_class": ValidatorsBeforeEntries},
    "the poll recorded in an earlier transaction than the plan": {"store_class": PollRecordedEarlier},
    "no transaction round the plan": {"store_class": NoTransaction},
    "alerted pairs forgotten": {"store_class": AlertedPairsForgotten},
    "no dedup": {"store_class": NoDedup},
    "marked sent before sending": {"deliver": staticmethod(sent_before_sending)},
    "a digest marked sent before sending": {"store_class": DigestsSentBeforeSending},
    "digests made anew after a crash": {"store_class": DigestsForgotten},
    "what is muted is deleted": {"store_class": MutedDeleted},
    "what is held is forgotten": {"store_class": HeldForgotten},
    "escalations are forgotten": {"store_class": EscalationsForgotten},
    "acknowledgements are ignored": {"store_class": AcksIgnored},
    "a notice marked sent before sending": {"store_class": DigestsSentBeforeSending, "machine": Notices},
    "a page marked read before its alerts": {"store_class": TextBeforeItsAlerts, "machine": Texts},
    "first documents are forgotten": {"store_class": FirstDocumentsForgotten, "machine": Settling},
    "a first document marked settled before its entries": {
        "store_class": SettledBeforeItsEntries,
        "machine": Settling,
    },
    "claims are counted in the database alone": {"store_class": ClaimsNotCounted, "machine": GoneBack},
}


def broken(bug: str) -> type[PowerCuts]:
    """The machine that must notice a seeded bug, with the bug."""
    parts = dict(SEEDED[bug])
    return type("Broken", (parts.pop("machine", PowerCuts),), parts)


@pytest.mark.parametrize("bug", SEEDED)
def test_the_machine_notices(bug: str) -> None:
    found = settings(QUICK, max_examples=1200, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match=r"lost|repeat|told again|passed on"):
        run_state_machine_as_test(broken(bug), settings=found)
