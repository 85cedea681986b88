"""Whatever the crash, every match is told once per story; and the proof would notice if that were broken.

A machine publishes, syndicates, edits, polls and delivers, and cuts the power before the Nth SQL statement or
right after a send. The store, the decisions and both rounds are the real ones.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from monitor import pipeline
from monitor.alerts import outbox
from monitor.alerts.compose import AGAIN, compose
from monitor.alerts.milestone import reached
from monitor.model import Feed, FeedState, Message, Receiver, identity
from monitor.store.store import Store
from tests.fakes import FakeClock, FakeOutlet, FakeReceivers, Item, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Candidate, Claim, Plan

FEEDS = tuple(
    Feed(name, f"https://{name}.example/feed", outlet=name.upper()) for name in ("ani", "tab", "vug")
)
RECEIVERS = (Receiver("mail", "mailto://localhost"), Receiver("chat", "json://localhost"))
RULEBOOK = rules(
    """
rules:
  - id: peace
    title: Peace agreement
    any: [peace agreement]
    send: [mail, chat]
"""
)
WORDS = (
    "abend barka corvo dulce ember finca gorse helix ingot jurat kapok lemur mocha nacre okapi pylon quark"
)


class PowerCut(BaseException):
    """Nothing of ours may catch it."""


def story(number: int, *, watched: bool) -> Item:
    """A piece of news unlike any other; `watched` puts the watched words into it."""
    # Letters by the number's hash: "b" and "bc" on every word would make the 1st and the 12th copies.
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{identity(str(number)) % 10**8:08d}")
    own = [f"{word}{letters}x" for word in WORDS.split()]
    ending = " seal peace agreement" if watched else " open new bakery"
    return Item(
        guid=f"g{number}", title=" ".join(own[:6]) + ending, summary=" ".join(own) + f" tag{letters}tag."
    )


class PowerCuts(RuleBasedStateMachine):
    """The world and the daemon in it. The class attributes are what a seeded bug replaces."""

    store_class: type[Store] = Store
    deliver: Callable[..., Any] = staticmethod(pipeline.deliver)
    milestones: tuple[int, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.outlets = [FakeOutlet(feed) for feed in FEEDS]
        self.receivers = FakeReceivers()
        self.stories: list[Item] = []
        self.owed: set[str] = set()  # stories that must be told, by their tag
        self.polled: set[str] = set()  # feeds whose baseline stands
        self.cuts_after_send = 0  # cuts that came when a message was accepted and not yet recorded
        self.boot()

    def boot(self) -> None:
        """Start as the daemon does."""
        self.left = -1  # statements until the power is cut; -1 for never
        self.store = self.store_class(self.folder, tracer=self.before_statement)
        self.store.sync_feeds(FEEDS, first_poll=lambda _: self.clock.now)
        self.store.release_interrupted(now=self.clock.now)

    def before_statement(self, _sql: str, _parameters: object) -> None:
        if self.left == 0:
            raise PowerCut
        self.left -= 1

    def crash(self) -> None:
        self.store.close()
        self.boot()

    @rule(where=st.integers(0, 2), watched=st.booleans())
    def publish(self, where: int, *, watched: bool) -> None:
        self.stories.append(story(len(self.stories), watched=watched))
        self.put(where, self.stories[-1])

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
        if FEEDS[where].name in self.polled and "peace agreement" in item.title:
            self.owed.add(tag(item.summary))

    @rule(where=st.integers(0, 2), cut=st.integers(-1, 40))
    def poll(self, where: int, cut: int) -> None:
        feed, self.left = FEEDS[where], cut
        try:
            state = self.store.feed_states([feed.name]).get(feed.name, FeedState())
            result = self.outlets[where].poll(state)
            pipeline.take(
                self.store, [result], rulebook=RULEBOOK, now=self.clock.now, milestones=self.milestones
            )
            self.polled.add(feed.name)
        except PowerCut:
            self.crash()
        self.left = -1

    @rule(to=st.integers(0, 1), cut=st.integers(-1, 12), after_send=st.booleans())
    def send(self, to: int, cut: int, *, after_send: bool) -> None:
        before = len(self.receivers.arrived)

        def sending(receiver: Receiver, message: Message) -> None:
            self.receivers.send(receiver, message)
            if after_send:
                raise PowerCut

        self.left = cut
        try:
            type(self).deliver(self.store, RECEIVERS[to], send=sending, clock=self.clock)
        except PowerCut:
            self.cuts_after_send += len(self.receivers.arrived) > before
            self.crash()
        self.left = -1

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def teardown(self) -> None:
        """Let the machine run undisturbed to the end, then count what arrived."""
        try:
            for where in range(len(FEEDS)):
                self.poll(where, -1)
            self.clock.advance(timedelta(days=1))
            for receiver in RECEIVERS:
                while type(self).deliver(self.store, receiver, send=self.receivers.send, clock=self.clock):
                    pass
            self.judge()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    def judge(self) -> None:
        told = Counter((name, tag(message.body)) for name, message in self.receivers.arrived)
        unmarked = Counter(
            (name, tag(message.body)) for name, message in self.receivers.arrived if AGAIN not in message.body
        )
        owed = {(receiver.name, mark) for receiver in RECEIVERS for mark in self.owed}
        assert owed == set(told), f"lost {owed - set(told)}, unasked for {set(told) - owed}"
        assert all(count == 1 for count in unmarked.values()), "a repeat was not marked as one"
        assert sum(told.values()) - len(told) <= self.cuts_after_send, "told again without need"


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


def test_whatever_the_crash_every_match_is_told_once_per_story_in_bursts() -> None:
    run_state_machine_as_test(Bursts, settings=FEWER)


class Milestones(Bursts):
    """A note when a second outlet carries what was told; else as ever."""

    milestones = (2,)

    def judge(self) -> None:
        arrived = self.receivers.arrived
        notes = [(name, message.body) for name, message in arrived if ", milestone · " in message.body]
        self.receivers.arrived = [one for one in arrived if ", milestone · " not in one[1].body]
        told = {(name, tag(message.body)) for name, message in self.receivers.arrived}
        repeats = Counter((name, tag(body)) for name, body in notes if AGAIN not in body)
        assert all(count == 1 for count in repeats.values()), "a note's repeat was not marked as one"
        assert {(name, tag(body)) for name, body in notes} <= told, "a note of what was not told"
        self.cuts_after_send -= len(notes) - len({(name, tag(body)) for name, body in notes})
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
        self._db.execute("delete from alerts where id not in (select alert from deliveries)")


class NoDedup(Store):
    def candidates(self, *_: Any, **__: Any) -> list[tuple[Candidate, tuple[int, ...]]]:
        """Nothing is ever like anything."""
        return []


def sent_before_sending(store: Store, receiver: Receiver, *, send: Any, clock: FakeClock) -> Any:
    """Mark it sent, then send it."""
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
}


@pytest.mark.parametrize("bug", SEEDED)
def test_the_machine_notices(bug: str) -> None:
    broken = type("Broken", (PowerCuts,), SEEDED[bug])
    found = settings(QUICK, max_examples=400, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match=r"lost|repeat|told again"):
        run_state_machine_as_test(broken, settings=found)
