"""What is old is forgotten; what was seen is known for ever, and what is owed stays."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import pipeline
from monitor.errors import SendError
from monitor.feeds.scan import pack
from monitor.model import Feed, FeedState, Fresh, Receiver, Status
from monitor.retention import is_due, prune
from monitor.store.upkeep import Upkeep
from tests.fakes import START, FakeClock, FakeOutlet, FakeReceivers, Item, rules
from tests.test_power_cuts import story

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from monitor.model import Bygone, PollResult

DAY, KEEP = timedelta(days=1), timedelta(days=90)
WIRE, OTHER = (Feed(name, f"https://{name}.example/feed", name) for name in ("wire", "other"))
MAIL = Receiver("mail", "mailto://localhost")
BOOK = rules("rules: [{id: peace, title: Peace, any: [peace agreement], send: [mail]}]")
OLD = Item("old", "Museum of clocks opens again", "It had been closed for a very long time.")
NEWS = Item("n1", "Ministers sign a peace agreement at last in the capital", "It was a long road to it.")


class Line:
    """The two rounds over one store, on a clock that is advanced."""

    def __init__(self, folder: Path) -> None:
        self.store = Upkeep(folder)
        self.clock = FakeClock()
        self.receivers = FakeReceivers()
        self.store.sync_feeds([WIRE, OTHER], first_poll=lambda _: START)

    def take(self, result: PollResult) -> pipeline.Counts:
        return pipeline.take(self.store, [result], rulebook=BOOK, now=self.clock.now)

    def poll(self, outlet: FakeOutlet) -> pipeline.Counts:
        state = self.store.feed_states([outlet.feed.name]).get(outlet.feed.name, FeedState())
        return self.take(outlet.poll(state))

    def deliver(self) -> None:
        while pipeline.deliver(self.store, MAIL, send=self.receivers.send, clock=self.clock):
            pass

    def prune(self) -> int:
        return prune(self.store, keep=KEEP, now=self.clock.now)

    def counts(self) -> dict[str, int]:
        return self.store.counts()

    def size_of(self, table: str) -> int:
        return int(self.store._rows(f"select count(*) n from {table}")[0]["n"])


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.store.close()


def with_news(line: Line) -> FakeOutlet:
    """An outlet whose news was told."""
    outlet = FakeOutlet(WIRE, [OLD])
    line.poll(outlet)
    line.clock.advance(timedelta(minutes=10))
    outlet.items.append(NEWS)
    assert line.poll(outlet).alerts == 1
    return outlet


def gone_from_the_feed(line: Line, outlet: FakeOutlet) -> None:
    """Two other entries stand there now, and the feed shows no more than these."""
    outlet.items[:] = [story(1, watched=""), story(2, watched="")]
    line.poll(outlet)


def with_pruned_news(line: Line) -> FakeOutlet:
    """An outlet whose news was told, is no longer shown, and was pruned."""
    outlet = with_news(line)
    line.deliver()
    line.clock.advance(KEEP + DAY)
    gone_from_the_feed(line, outlet)
    line.prune()
    return outlet


def test_what_is_older_than_it_is_kept_goes_with_all_that_hangs_on_it(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    line.clock.advance(KEEP + DAY)
    gone_from_the_feed(line, outlet)
    assert line.prune() == 2
    assert (line.counts()["entries"], line.counts()["stories"], line.counts()["alerts"]) == (2, 2, 0)
    assert [line.size_of(table) for table in ("matches", "deliveries", "bygone")] == [0, 0, 2]
    assert line.prune() == 0


def test_what_is_younger_stays(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    line.clock.advance(KEEP - DAY)
    gone_from_the_feed(line, outlet)
    assert line.prune() == 0
    assert line.counts()["alerts"] == 1


def test_keys_go_once_nothing_looks_them_up(line: Line) -> None:
    with_news(line)
    assert line.size_of("keys") > 0
    line.clock.advance(timedelta(days=7))
    line.prune()
    assert line.size_of("keys") == 0
    assert line.counts()["entries"] == 2


def test_keys_are_walked_in_short_steps(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.upkeep._KEYS", 3)
    with_news(line)
    kept = line.size_of("keys")
    line.clock.advance(timedelta(days=7))
    outlet = FakeOutlet(OTHER, [story(5, watched="")])
    line.poll(outlet)
    young = line.size_of("keys") - kept
    assert len([*line.store._prune_keys(0)]) > line.size_of("keys") / 5
    line.prune()
    assert line.size_of("keys") == young


@pytest.mark.parametrize("state", ["due", "sending", "dead"])
def test_what_was_not_sent_is_never_pruned(line: Line, state: str) -> None:
    outlet = with_news(line)
    if state == "sending":
        with line.store.transaction():
            assert line.store.claim("mail", now=line.clock.now, lease=timedelta(minutes=3))
    if state == "dead":
        line.receivers.failing["mail"] = SendError("refused")
        line.clock.advance(timedelta(hours=25))
        with line.store.transaction():
            line.store._db.execute("update deliveries set attempts = 30")
        line.deliver()
    line.clock.advance(KEEP + DAY)
    gone_from_the_feed(line, outlet)
    assert line.prune() == 1
    assert line.counts()["alerts"] == 1
    if state == "due":
        line.deliver()
        assert [NEWS.title in message.body for _, message in line.receivers.arrived] == [True]


def test_what_the_feed_shows_stays_whole_so_that_an_edit_is_still_told_from_news(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    line.clock.advance(2 * KEEP)
    assert line.prune() == 0
    outlet.items[0] = replace(OLD, summary=OLD.summary + " It tells of a peace agreement.")
    assert line.poll(outlet).alerts == 1


def test_what_the_last_document_marks_as_shown_stays_whole_however_old_and_many(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    state = line.store.feed_states(["wire"])["wire"]
    shown = outlet.poll(FeedState())
    assert isinstance(shown, Fresh)
    ids = [entry.id for entry in shown.entries]
    line.take(Fresh(WIRE, state.validators, (), marks=pack([1, 2], ids), familiar=0))
    line.clock.advance(2 * KEEP)
    assert line.prune() == 0


def test_what_comes_back_after_its_text_was_pruned_is_known_and_no_news(line: Line) -> None:
    outlet = with_pruned_news(line)
    outlet.items.append(NEWS)
    again = line.poll(outlet)
    assert (again.entries, again.alerts) == (1, 0)
    (known,) = line.store.known(ids_of(line)).values()
    assert known.status is Status.BACKFILL
    assert known.candidate.story == known.entry.id
    copy = FakeOutlet(OTHER)
    line.poll(copy)
    line.clock.advance(timedelta(minutes=5))
    copy.items.append(replace(outlet.items[-1], guid="c1"))
    told = line.poll(copy)
    assert (told.copies, told.alerts) == (1, 0), "its story was told before its text was pruned"


def test_what_came_back_whole_is_told_from_news_again(line: Line) -> None:
    """A guid that is given to other news is other news, whether its old text was pruned once or not."""
    outlet = with_pruned_news(line)
    outlet.items.append(NEWS)
    assert line.poll(outlet).alerts == 0
    outlet.items[-1] = replace(story(7, watched="peace"), guid=NEWS.guid, link="https://wire.example/7")
    line.clock.advance(DAY)
    assert line.poll(outlet).alerts == 1


def test_what_comes_back_with_another_text_at_once_is_no_news(line: Line) -> None:
    """Nothing can say what is new about it: docs/decisions has what that may cost."""
    outlet = with_pruned_news(line)
    outlet.items.append(replace(NEWS, summary="The peace agreement was signed by both ministers at noon."))
    edited = line.poll(outlet)
    assert (edited.entries, edited.alerts) == (1, 0)


def ids_of(line: Line) -> list[int]:
    return [row["id"] for row in line.store._rows("select id from bygone")]


def test_a_copy_and_a_development_go_back_to_the_story_they_were_in(line: Line) -> None:
    outlet = with_news(line)
    copy = FakeOutlet(OTHER)
    line.poll(copy)
    line.clock.advance(timedelta(minutes=5))
    copy.items.append(replace(NEWS, guid="c1", link="https://other.example/c1"))
    assert line.poll(copy).copies == 1
    line.deliver()
    with line.store.transaction():  # as judged a development of its own would be
        line.store._db.execute("update entries set lead = id where feed = 'other'")
    line.clock.advance(KEEP + DAY)
    gone_from_the_feed(line, outlet)
    copy.items[:] = [story(3, watched="")]
    line.poll(copy)
    assert line.prune() == 3
    copy.items.append(replace(NEWS, guid="c1", summary="Both ministers signed the peace agreement today."))
    assert line.poll(copy).alerts == 0
    (known,) = line.store.known(ids_of(line)).values()
    assert known.candidate.story != known.entry.id
    assert known.candidate.lead == known.entry.id


def test_an_entry_that_was_given_another_guid_stays_known_by_both(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    outlet.items[:] = [
        replace(item, guid=f"new-{item.guid}", link=f"https://wire.example/{item.guid}")
        for item in outlet.items
    ]
    assert line.poll(outlet).alerts == 0
    assert line.size_of("aliases") == 2
    shown = list(outlet.items)
    line.clock.advance(KEEP + DAY)
    gone_from_the_feed(line, outlet)
    assert line.prune() == 2
    outlet.items[:] = shown
    assert line.poll(outlet).alerts == 0


def test_the_stories_of_a_feed_that_left_the_desk_are_pruned_too(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    gone_from_the_feed(line, outlet)
    line.store.sync_feeds([OTHER], first_poll=lambda _: START)
    line.clock.advance(KEEP + DAY)
    assert line.prune() == 2


def test_pruning_stops_between_two_steps(line: Line) -> None:
    with_news(line)
    line.clock.advance(2 * KEEP)
    assert prune(line.store, keep=KEEP, now=line.clock.now, pause=lambda _: True) == 0
    assert line.counts()["entries"] == 2


def test_it_is_due_once_a_day_from_when_it_was_last_done_to_the_end(line: Line) -> None:
    with_news(line)
    assert is_due(line.store, now=line.clock.now)
    line.clock.advance(2 * KEEP)
    prune(line.store, keep=KEEP, now=line.clock.now, pause=lambda _: True)
    assert is_due(line.store, now=line.clock.now)
    line.prune()
    assert not is_due(line.store, now=line.clock.now + timedelta(hours=23))
    assert is_due(line.store, now=line.clock.now + DAY)
    assert is_due(line.store, now=line.clock.now - DAY), "the clock was set back: a day is a day"


def test_kept_for_ever_means_texts_not_keys(line: Line) -> None:
    outlet = with_news(line)
    line.deliver()
    line.clock.advance(20 * KEEP)
    gone_from_the_feed(line, outlet)
    assert prune(line.store, keep=None, now=line.clock.now) == 0


# ---- the law -----------------------------------------------------------------------------------------------

acts = st.one_of(
    st.tuples(st.just("publish"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("show"), st.integers(0, 1), st.integers(0, 9)),
    st.tuples(st.just("hide"), st.integers(0, 1), st.integers(0, 9)),
    st.tuples(st.just("edit"), st.integers(0, 1), st.integers(0, 9)),
    st.tuples(st.just("reuse"), st.integers(0, 1), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 200), st.just(0)),
    st.tuples(st.just("prune"), st.just(0), st.just(0)),
)


class World:
    """Two outlets that publish, withdraw, show again and edit; with pruning, or without."""

    def __init__(self, folder: Path) -> None:
        self.line = Line(folder)
        self.outlets = [FakeOutlet(WIRE), FakeOutlet(OTHER)]
        self.items: list[Item] = []
        for outlet in self.outlets:
            self.line.poll(outlet)

    def act(self, act: tuple[str, int, int], *, pruning: bool) -> None:
        verb, where, what = act
        outlet = self.outlets[where % 2]
        if verb == "wait":
            self.line.clock.advance(timedelta(days=where))
        elif verb == "prune" and pruning:
            self.line.prune()
        elif verb == "publish":
            self.items.append(story(len(self.items), watched="peace" if what else ""))
            outlet.items.insert(0, self.items[-1])
        elif verb == "show" and self.items:
            item = self.items[what % len(self.items)]
            if item.guid not in {other.guid for other in outlet.items}:
                outlet.items.insert(0, item)
        elif verb == "reuse" and outlet.items:
            outlet.items[0] = replace(
                story(90 + what, watched="peace"), guid=outlet.items[0].guid, link=f"https://o/{what}"
            )
        elif verb in ("hide", "edit") and outlet.items:
            item = outlet.items.pop(what % len(outlet.items))
            if verb == "edit":
                outlet.items.insert(0, replace(item, summary=f"{item.summary} More soon."))
        self.line.poll(outlet)
        self.line.deliver()

    def told(self) -> Counter[str]:
        return Counter(message.title for _, message in self.line.receivers.arrived)


histories = st.lists(acts, max_size=25)
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@given(histories)
@LAWS
def test_pruning_never_causes_an_alert(history: list[tuple[str, int, int]]) -> None:
    """The same world twice, pruned and not: whatever is published, hidden, shown again, edited and reused."""
    plain, pruned = told(history, World)
    assert not pruned - plain


@given(histories.map(lambda acts: [act for act in acts if act[0] != "reuse"]))
@LAWS
def test_pruning_costs_no_alert_where_entries_keep_their_guids(history: list[tuple[str, int, int]]) -> None:
    plain, pruned = told(history, World)
    assert pruned == plain


def told(history: list[tuple[str, int, int]], world: type[World]) -> tuple[Counter[str], Counter[str]]:
    """What is told without pruning, and with it in such a world."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plain, pruned = World(Path(one)), world(Path(other))
        try:
            for act in history:
                plain.act(act, pruning=False)
                pruned.act(act, pruning=True)
            return plain.told(), pruned.told()
        finally:
            plain.line.store.close()
            pruned.line.store.close()


class ForgetsIds(Upkeep):
    def bygone(self, ids: Collection[int]) -> dict[int, Bygone]:  # noqa: ARG002
        """Nothing is known of what was pruned."""
        return {}


class ForgetsWhatItOwes(Upkeep):
    def _note_shown(self) -> None:
        """Nothing is shown by any feed."""
        self._db.execute("create temp table if not exists shown (id integer primary key)")


@pytest.mark.parametrize("broken", [ForgetsIds, ForgetsWhatItOwes])
def test_the_law_notices(broken: type[Upkeep]) -> None:
    class Broken(World):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            self.line.store.close()
            self.line.store = broken(folder)

    published = [("publish", 0, 1), ("wait", 100, 0), ("edit", 0, 0), ("prune", 0, 0)]
    hidden = [("hide", 0, 0), ("wait", 100, 0), ("prune", 0, 0), ("show", 0, 0)]
    history = [*published, *hidden] if broken is ForgetsIds else [("publish", 0, 0), ("wait", 100, 0)]
    if broken is ForgetsWhatItOwes:
        history += [("prune", 0, 0), ("reuse", 0, 0)]
    assert len(set(map(str, told(history, World)))) == 1
    assert len(set(map(str, told(history, Broken)))) == 2
