"""Who is told of what: each case is a short history of a few feeds, with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.model import Feed, FeedState, NotModified, Validators
from monitor.store.store import Store
from tests.fakes import START, FakeClock, FakeOutlet, Item, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.rules.rulebook import Rulebook

BOOK = rules(
    """
rules:
  - {id: peace, title: Peace, any: [peace agreement], send: [mail]}
  - {id: envoy, title: Envoy, any: [envoy], send: [mail, chat]}
"""
)
TEXT = (
    "Ministers of the two countries signed a peace agreement in the capital on Monday after two days of talks"
    " that observers had followed with hope. The document opens the border to trade and leaves the map as it"
    " is. A joint commission is to meet each month and to settle what the text leaves open, officials of both"
    " sides said."
)
PEACE = Item("p1", "Ministers sign peace agreement in the capital", TEXT)
QUIET = Item(
    "q1", "Museum of clocks opens its doors again after repairs", "Visitors may wind them on Sundays."
)


class Desk:
    """A few feeds and a store; polls one feed at a time and says what it called for."""

    def __init__(self, folder: Path, *feeds: Feed) -> None:
        self.clock = FakeClock()
        self.store = Store(folder)
        feeds = feeds or tuple(
            Feed(name, f"https://{name}.example/feed", outlet=name.title()) for name in ("ani", "bel")
        )
        self.outlets = {feed.name: FakeOutlet(feed) for feed in feeds}
        self.store.sync_feeds(feeds, first_poll=lambda _: START)

    def show(self, name: str, *items: Item, book: Rulebook = BOOK, backfill: bool = False) -> list[str]:
        """Poll the feed when it shows these items: the rules that this poll made alerts of."""
        self.clock.advance(timedelta(minutes=10))
        outlet = self.outlets[name]
        outlet.items[:] = items
        state = self.store.feed_states([name]).get(name, FeedState())
        with self.store.transaction():
            result = outlet.poll(state)
            plan = pipeline.plan_of(
                self.store, result, state=state, rulebook=book, now=self.clock.now, backfill=backfill
            )
            self.store.apply(plan, now=self.clock.now, rulebook=book.hash)
        return [alert.rule for alert in plan.alerts]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_what_stands_in_a_new_feed_is_its_baseline_and_alerts_nobody(desk: Desk) -> None:
    assert desk.show("ani", PEACE, QUIET) == []
    assert desk.store.counts()["baseline"] == 2


def test_with_backfill_it_is_news(desk: Desk) -> None:
    assert desk.show("ani", PEACE, QUIET, backfill=True) == ["peace"]


def test_what_appears_later_is_news_and_is_told_once(desk: Desk) -> None:
    desk.show("ani", QUIET)
    assert desk.show("ani", PEACE, QUIET) == ["peace"]
    assert desk.show("ani", QUIET, PEACE) == []


def test_a_copy_in_another_feed_is_silent(desk: Desk) -> None:
    desk.show("ani", QUIET)
    desk.show("bel")
    desk.show("ani", PEACE, QUIET)
    assert desk.show("bel", Item("x9", f"UPDATE 1-{PEACE.title}", TEXT)) == []
    assert desk.store.counts()["copies"] == 1


def test_two_copies_in_one_document_are_one_story(desk: Desk) -> None:
    desk.show("ani", QUIET)
    assert desk.show("ani", PEACE, Item("p2", PEACE.title, TEXT), QUIET) == ["peace"]


def test_a_copy_that_matches_a_rule_the_first_did_not_is_told_for_that_rule_only(desk: Desk) -> None:
    desk.show("ani", QUIET)
    desk.show("bel")
    assert desk.show("ani", PEACE, QUIET) == ["peace"]
    assert desk.show("bel", Item("x9", PEACE.title, f"{TEXT} The envoy smiled.")) == ["envoy"]


def test_a_copy_of_what_was_only_baseline_elsewhere_is_told_since_nobody_was(desk: Desk) -> None:
    desk.show("bel")
    assert desk.show("ani", PEACE) == []
    assert desk.show("bel", Item("x9", PEACE.title, TEXT)) == ["peace"]


def test_an_edit_is_told_only_if_it_matches_what_it_did_not_match_before(desk: Desk) -> None:
    desk.show("ani", PEACE)
    assert desk.show("ani", Item("p1", f"{PEACE.title}: what we know", TEXT)) == []
    assert desk.show("ani", Item("p1", PEACE.title, f"{TEXT} An envoy was there.")) == ["envoy"]
    assert desk.show("ani", Item("p1", PEACE.title, f"{TEXT} An envoy was there too.")) == []


def test_a_rewritten_title_under_the_same_link_is_an_edit_and_keeps_its_verdict(desk: Desk) -> None:
    desk.show("ani", QUIET)
    desk.show("ani", PEACE, QUIET)
    assert (
        desk.show(
            "ani", Item("p1", "Peace agreement: neighbours rejoice, and sceptics ask how long", "…"), QUIET
        )
        == []
    )
    assert desk.store.counts()["copies"] == 0
    assert desk.store.counts()["stories"] == 2


def test_a_guid_given_to_other_news_under_another_link_is_news(desk: Desk) -> None:
    """Or that news would be lost: 142 guids were reused so in a real history of 24 feeds."""
    desk.show("ani", Item("slot-1", QUIET.title, QUIET.summary, link="https://ani.example/clocks"))
    again = Item("slot-1", PEACE.title, TEXT, link="https://ani.example/peace")
    assert desk.show("ani", again) == ["peace"]
    assert desk.show("ani", again) == []
    desk.show("bel")
    assert desk.show("bel", Item("b2", PEACE.title, TEXT)) == []


def test_a_reused_guid_may_bring_a_copy_of_what_was_told(desk: Desk) -> None:
    desk.show("bel")
    desk.show("ani", Item("slot-1", QUIET.title, QUIET.summary, link="https://ani.example/clocks"))
    assert desk.show("bel", PEACE) == ["peace"]
    assert desk.show("ani", Item("slot-1", PEACE.title, TEXT, link="https://ani.example/peace")) == []


def test_one_rolling_item_after_another_under_one_guid_and_link_is_news_each_time(desk: Desk) -> None:
    link = "https://ani.example/latest"
    desk.show("ani", Item("slot", QUIET.title, QUIET.summary, link=link))
    assert desk.show("ani", Item("slot", PEACE.title, TEXT, link=link)) == ["peace"]
    other = "Fishermen of the northern lake hail the end of a quarrel"
    text = "Nets were cut for years before elders drew up a peace agreement that all crews read aloud now."
    assert desk.show("ani", Item("slot", other, text, link=link)) == ["peace"]


@pytest.mark.parametrize(("seconds", "told"), [(0, ["peace"]), (1, [])])
def test_what_is_dated_more_than_three_days_before_the_last_good_poll_is_no_news(
    desk: Desk, seconds: int, told: list[str]
) -> None:
    desk.show("ani", QUIET)
    dated = desk.clock.now - timedelta(hours=72, seconds=seconds)
    assert desk.show("ani", Item("p1", PEACE.title, TEXT, published=dated), QUIET) == told


def test_what_is_dated_shortly_before_it_is_news_since_feeds_show_entries_late(desk: Desk) -> None:
    desk.show("ani", QUIET)
    late = Item("p1", PEACE.title, TEXT, published=START - timedelta(hours=5))
    assert desk.show("ani", late, QUIET) == ["peace"]


def test_the_same_news_after_the_window_is_told_again(desk: Desk) -> None:
    desk.show("ani", QUIET)
    desk.show("bel")
    assert desk.show("ani", PEACE, QUIET) == ["peace"]
    desk.clock.advance(timedelta(hours=80))
    assert desk.show("bel", Item("b7", PEACE.title, TEXT)) == ["peace"]


def test_other_news_in_equal_words_is_told(desk: Desk) -> None:
    first = Item(
        "a1",
        "Two soldiers killed near the village, envoy says",
        "Two soldiers were killed at dawn, the envoy said.",
    )
    second = Item(
        "b1",
        "Twelve soldiers killed near the village, envoy says",
        "Twelve soldiers were killed at dawn, the envoy said.",
    )
    desk.show("ani", QUIET)
    desk.show("bel")
    assert desk.show("ani", first, QUIET) == ["envoy"]
    assert desk.show("bel", second) == ["envoy"]


def test_a_story_is_told_to_each_receiver_of_its_rule(desk: Desk) -> None:
    desk.show("ani", QUIET)
    desk.show("ani", QUIET, Item("e1", "Envoy arrives in the city", "The envoy was met at the station."))
    assert desk.store.counts()["waiting"] == 2


def test_a_feed_that_breaks_our_code_harms_no_other(desk: Desk) -> None:
    """Surrogates cannot be stored: whatever lets one through is a fault of ours, and of that feed only."""
    desk.show("ani", QUIET)
    desk.show("bel")
    states = desk.store.feed_states(["ani", "bel"])
    desk.outlets["ani"].items[:] = [Item("bad", "Broken \ud800 title", "text"), QUIET]
    desk.outlets["bel"].items[:] = [PEACE]
    results = [desk.outlets[name].poll(states[name]) for name in ("ani", "bel")]
    counts = pipeline.take(desk.store, results, rulebook=BOOK, now=desk.clock.now)
    assert (counts.failed, counts.fresh, counts.alerts) == (1, 1, 1)
    assert "could not be taken in" in desk.store.feed_errors()["ani"]
    assert desk.store.feed_states(["ani"])["ani"].validators == states["ani"].validators


def test_a_feed_that_recovers_is_no_longer_failing(desk: Desk) -> None:
    test_a_feed_that_breaks_our_code_harms_no_other(desk)
    feed = desk.outlets["ani"].feed
    pipeline.take(desk.store, [NotModified(feed, Validators())], rulebook=BOOK, now=desk.clock.now)
    assert desk.store.feed_errors() == {}
