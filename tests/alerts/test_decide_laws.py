"""Laws of who is told, whatever the entries and their order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.decide import Arrival, Told, decide
from monitor.model import Candidate, Entry, Feed, FeedState, Known, identity
from monitor.stories import index
from monitor.stories.fingerprint import fingerprint
from tests.fakes import rules

if TYPE_CHECKING:
    from random import Random

    from monitor.alerts.decide import Decision

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FEED = Feed("kura", "https://kura.example/feed", outlet="Kura Post")
STATE = FeedState(last_good=NOW - timedelta(minutes=10))
BOOK = rules(
    """
rules:
  - {id: railway, title: Railway, any: [railway, ferry], send: [mail]}
  - {id: envoy, title: Envoy, any: [envoy], send: [mail, chat]}
"""
)
NEWS = (
    "Armenia and Azerbaijan sign railway agreement in Tbilisi",
    "Two soldiers wounded in railway shooting near border village",
    "Twelve soldiers wounded in railway shooting near border village",
    "Georgia imposes sanctions on ferry firm Vesta Marine",
    "Georgia lifts sanctions on ferry firm Vesta Marine",
    "Envoy leaves Baku after a night of talks",
    "Museum of clocks opens its doors again",
)
FURNITURE = ("{}", "UPDATE 1-{}", "{} - Kura Post", "BREAKING: {}", "{} | Reuters")
PUBLISHED = st.lists(
    st.tuples(st.integers(0, len(NEWS) - 1), st.sampled_from(FURNITURE)), min_size=1, max_size=12
)


def arrivals(published: list[tuple[int, str]]) -> list[Arrival]:
    found = []
    for place, (which, furniture) in enumerate(published):
        title = furniture.format(NEWS[which])
        key = identity("kura", str(place), title)
        entry = Entry(key, FEED.name, FEED.outlet, str(place), "", title, "", "", None, None, f"{key:x}")
        made = fingerprint(entry)
        found.append(Arrival(entry, made, index.keys(made)))
    return found


def decided(batch: list[Arrival], known: dict[int, Known], near: index.Index, told: set[Told]) -> Decision:
    return decide(batch, feed=FEED, state=STATE, known=known, index=near, told=told, rulebook=BOOK, now=NOW)


def who_is_told(batch: list[Arrival]) -> Counter[tuple[str, str]]:
    """How often each piece of news, without its furniture, was told for each rule."""
    alerts = decided(batch, {}, index.Index(), set()).alerts
    return Counter((" ".join(fingerprint(alert.entry).title), alert.rule) for alert in alerts)


@settings(max_examples=80, deadline=None)
@given(PUBLISHED, st.randoms(use_true_random=False))
def test_the_order_within_a_poll_does_not_change_who_is_told(
    published: list[tuple[int, str]], chance: Random
) -> None:
    batch = arrivals(published)
    shuffled = list(batch)
    chance.shuffle(shuffled)
    assert who_is_told(shuffled) == who_is_told(batch)


@settings(max_examples=80, deadline=None)
@given(PUBLISHED)
def test_each_piece_of_news_is_told_once_for_each_of_its_rules(published: list[tuple[int, str]]) -> None:
    assert set(who_is_told(arrivals(published)).values()) <= {1}


@settings(max_examples=60, deadline=None)
@given(PUBLISHED)
def test_judging_twice_changes_nothing(published: list[tuple[int, str]]) -> None:
    batch = arrivals(published)
    near, told = index.Index(), set[Told]()
    first = decided(batch, {}, near, told)
    known = {
        item.entry.id: Known(
            item.entry,
            item.status,
            Candidate(
                item.entry.id,
                item.placement.story,
                item.placement.lead,
                FEED.name,
                FEED.outlet,
                NOW,
                item.fingerprint,
            ),
        )
        for item in first.entries
    }
    again = decided(batch, known, near, told)
    assert again.alerts == ()
    places = [(item.placement.story, item.placement.lead) for item in first.entries]
    assert [(item.placement.story, item.placement.lead) for item in again.entries] == places


def test_an_entry_whose_guid_brings_a_second_development_is_told_again() -> None:
    """Its first development was told under its id: the second must not pass for that one."""
    signed, debate, strike = (
        "Armenia and Azerbaijan sign railway agreement in Tbilisi",
        "Armenian parliament to debate railway agreement with Azerbaijan",
        "Farmers protest railway agreement between Armenia and Azerbaijan",
    )
    one, other = arrivals([(0, "{}"), (6, "{}")])
    slot = replace(other.entry, title=debate, link="https://kura.example/1")
    near, told = index.Index(), set[Told]()

    def show(entry: Entry, known: dict[int, Known]) -> Decision:
        made = fingerprint(entry)
        return decided([Arrival(entry, made, index.keys(made))], known, near, told)

    assert one.entry.title == signed
    show(one.entry, {})
    first = show(slot, {})
    item = first.entries[0]
    assert [alert.kind.value for alert in first.alerts] == ["development"]
    was = Known(
        item.entry,
        item.status,
        Candidate(
            slot.id, item.placement.story, item.placement.lead, "kura", "Kura Post", NOW, item.fingerprint
        ),
    )
    reused = replace(slot, title=strike, link="https://kura.example/2", digest="2")
    second = show(reused, {slot.id: was})
    assert [alert.kind.value for alert in second.alerts] == ["development"]
    assert second.alerts[0].lead != first.alerts[0].lead
