"""What people set right in the stories holds over restarts, and loses and repeats nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.cli.main import main
from monitor.errors import UsageError
from monitor.model import Feed, FeedState
from monitor.store.store import Store
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from pathlib import Path

BOOK = rules(
    """
rules:
  - {id: railway, title: Railway, any: [railway agreement], send: [mail]}
  - {id: envoy, title: Envoy, any: [envoy], send: [mail]}
"""
)
SIGNED = Item("s1", "Armenia and Azerbaijan sign railway agreement in Tbilisi", "")
DEBATE = Item("d1", "Armenian parliament to debate railway agreement with Azerbaijan", "")
OTHER = Item("o1", "Ferry company buys railway agreement archive at an auction", "")


class Desk:
    """Feeds and a store that is opened anew before every poll: nothing is remembered but on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.feeds = {
            name: Feed(name, f"https://{name}.example/feed", outlet=name) for name in ("a", "b", "c")
        }
        with Store(folder) as store:
            store.sync_feeds(list(self.feeds.values()), first_poll=lambda _: START)
        for name in self.feeds:
            self.show(name)

    def show(self, name: str, *items: Item) -> list[tuple[str, str]]:
        """Poll the feed when it shows these items: the rules it made alerts of, each with its kind."""
        self.clock.advance(timedelta(minutes=10))
        outlet = FakeOutlet(self.feeds[name])
        outlet.items[:] = items
        with Store(self.folder) as store, store.transaction():
            state = store.feed_states([name]).get(name, FeedState())
            result = outlet.poll(state)
            plan = pipeline.plan_of(store, result, state=state, rulebook=BOOK, now=self.clock.now)
            store.apply(plan, now=self.clock.now, rulebook=BOOK.hash)
        return [(alert.rule, alert.kind.value) for alert in plan.alerts]

    def places(self) -> dict[str, tuple[int, int]]:
        with Store(self.folder) as store:
            rows = store._rows("select feed || ' ' || guid name, story, lead from entries")
        return {row["name"]: (row["story"], row["lead"]) for row in rows}

    def id_of(self, name: str) -> int:
        with Store(self.folder) as store:
            return int(store._rows("select id from entries where feed || ' ' || guid = ?", (name,))[0]["id"])

    def split(self, name: str) -> int:
        with Store(self.folder) as store, store.transaction():
            return store.split(self.id_of(name), now=self.clock.now)

    def merge(self, one: str, other: str) -> int:
        with Store(self.folder) as store, store.transaction():
            return store.merge(self.id_of(one), self.id_of(other), now=self.clock.now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_development_is_told_once_and_its_copies_are_silent(desk: Desk) -> None:
    assert desk.show("a", SIGNED) == [("railway", "new")]
    assert desk.show("b", DEBATE) == [("railway", "development")]
    assert desk.show("c", DEBATE) == []
    assert desk.show("a", SIGNED, DEBATE) == []


def test_a_copy_of_a_development_is_told_for_a_rule_that_nobody_was_told_of(desk: Desk) -> None:
    desk.show("a", SIGNED)
    desk.show("b", DEBATE)
    assert desk.show("c", Item("d1", DEBATE.title, "The envoy waits outside.")) == [("envoy", "development")]


def test_a_copy_that_was_split_off_stays_apart_and_later_copies_of_it_are_told(desk: Desk) -> None:
    desk.show("a", SIGNED)
    desk.show("b", SIGNED)
    assert desk.split("b s1") == 1
    apart = desk.id_of("b s1")
    assert desk.places()["b s1"] == (apart, apart)
    with Store(desk.folder) as store:
        (story,) = store._rows("select * from stories where id = ?", (apart,))
        now = int(desk.clock.now.timestamp() * 1000)  # when the copy was seen, and when it was moved
        assert (story["title"], story["first_seen"], story["last_seen"]) == (SIGNED.title, now, now)
    assert desk.show("b", Item("s1", f"{SIGNED.title}: the text", "")) == []  # an edit moves nothing back
    assert desk.places()["b s1"] == (apart, apart)


def test_a_split_takes_the_copies_of_a_development_along_and_what_was_told_stays_told(desk: Desk) -> None:
    desk.show("a", SIGNED)
    desk.show("b", DEBATE)
    desk.show("c", DEBATE)
    assert desk.split("b d1") == 2
    lead = desk.id_of("b d1")
    assert {desk.places()[name] for name in ("b d1", "c d1")} == {(lead, lead)}
    assert desk.show("a", SIGNED, DEBATE) == []


def test_stories_that_were_merged_are_one_and_neither_is_told_again(desk: Desk) -> None:
    desk.show("a", SIGNED)
    assert desk.show("b", OTHER) == [("railway", "new")]
    assert desk.merge("a s1", "b o1") == 1
    story = desk.id_of("a s1")
    assert desk.places()["b o1"] == (story, story)
    assert desk.show("c", OTHER) == []
    assert desk.show("a", SIGNED, Item("o2", OTHER.title, "With an envoy.")) == [("envoy", "new")]


def test_a_merge_brings_the_developments_along(desk: Desk) -> None:
    desk.show("a", OTHER)
    desk.show("b", SIGNED)
    desk.show("c", DEBATE)
    assert desk.merge("a o1", "b s1") == 2
    story = desk.id_of("a o1")
    assert desk.places()["b s1"] == (story, story)
    assert desk.places()["c d1"] == (story, desk.id_of("c d1"))
    assert desk.show("a", OTHER, DEBATE) == []


def test_every_move_is_written_down(desk: Desk) -> None:
    desk.show("a", SIGNED)
    desk.show("b", SIGNED)
    desk.split("b s1")
    desk.merge("a s1", "b s1")
    with Store(desk.folder) as store:
        rows = store._rows("select verb, entry, was, story from corrections order by rowid")
    first, second = desk.id_of("a s1"), desk.id_of("b s1")
    assert [tuple(row) for row in rows] == [
        ("split", second, first, second),
        ("merge", second, second, first),
    ]


def test_what_cannot_be_moved_is_said_with_the_remedy(desk: Desk) -> None:
    desk.show("a", SIGNED)
    with pytest.raises(UsageError, match="first of its story"):
        desk.split("a s1")
    with pytest.raises(UsageError, match="the same story"):
        desk.merge("a s1", "a s1")
    with Store(desk.folder) as store, pytest.raises(UsageError, match=r"0000000000000007.*no such entry"):
        store.split(7, now=desk.clock.now)
    with Store(desk.folder) as store, pytest.raises(UsageError, match=r"0000000000000007.*no such story"):
        store.merge(7, desk.id_of("a s1"), now=desk.clock.now)


# ---- the commands ------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["stories", *arguments])
    return int(ended.value.code or 0)


def test_the_commands_take_numbers_as_the_log_writes_them(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.show("a", SIGNED)
    desk.show("b", SIGNED)
    first, second = desk.id_of("a s1"), desk.id_of("b s1")
    assert run("split", f"{second:016x}", "--state", str(desk.folder)) == 0
    assert capsys.readouterr().out == "1 entry in a story of its own\n"
    assert run("merge", str(first), f"{second:016x}", "--state", str(desk.folder), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "entries": 1}
    assert desk.places()["b s1"] == (first, first)


def test_the_commands_say_what_is_wrong(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("split", "nonsense", "--state", str(desk.folder)) == 2
    assert run("split", "12", "--state", str(tmp_path / "nothing")) == 2
    assert "no monitor has run here yet" in capsys.readouterr().err
