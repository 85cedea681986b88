"""Several entries of one story in one feed, one outlet's regional editions: who is told how often."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.model import Feed
from tests.alerts.test_decide import BOOK, QUIET, Desk
from tests.fakes import Item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TITLE = "Envoy signs ferry agreement in Batumi after a night of talks"
TEXT = (
    "The envoy and the minister of transport signed an agreement on a ferry line in Batumi this morning,"
    " after a night of talks behind closed doors. The boats are to sail from spring and to carry lorries,"
    " harvest and pilgrims; what the crossing is to cost was left open. Shopkeepers along the quay had"
    " waited for the line for years."
)
OTHER = (
    "The envoy toured the orchards above the river and heard what the frost had done to the apricots."
    " Growers asked for seedlings and for a road that does not wash away; a school choir sang, and the"
    " visit ended in a cellar where the mayor poured last autumn's wine."
)
SHORT = "The envoy spoke with drivers, passengers and the mayor, and promised an answer before summer."
NORTH, SOUTH = "Valley Courier North", "Valley Courier South"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Four feeds: two of one outlet, two of outlets that carry the name of their edition."""
    made = Desk(
        tmp_path,
        Feed("city", "https://city.example/feed", outlet="Valley Courier"),
        Feed("coast", "https://coast.example/feed", outlet="Valley Courier"),
        Feed("north", "https://north.example/feed", outlet=NORTH),
        Feed("south", "https://south.example/feed", outlet=SOUTH),
    )
    for name in made.outlets:
        made.show(name)
    yield made
    made.store.close()


# ---- one feed --------------------------------------------------------------------------------------------


def one(*items: Item) -> tuple[tuple[Item, ...], ...]:
    """All in one document."""
    return (items,)


def each(*items: Item) -> tuple[tuple[Item, ...], ...]:
    """One poll after the other, each with what stood there before."""
    return tuple(items[: count + 1][::-1] for count in range(len(items)))


FIRST = Item("a", TITLE, TEXT)
ONE_FEED = [
    (1, one(FIRST, Item("b", TITLE, TEXT)), "filed under two sections, each with a guid and link of its own"),
    (1, one(FIRST, Item("b", f"{TITLE} | Valley Courier", TEXT)), "signed in one section only"),
    (1, each(Item("a", TITLE), FIRST, Item("b", TITLE, TEXT)), "a flash, its text an edit later, and again"),
    (1, each(Item("a", TITLE), Item("b", TITLE, TEXT)), "a flash without a text, then the report"),
    (
        1,
        each(FIRST, Item("b", f"UPDATE 1-{TITLE}", f"{TEXT} The line is the first of its kind here.")),
        "an update that adds one sentence",
    ),
    (1, one(FIRST, Item("b", f"{TITLE} (VIDEO)", "")), "the same as a video"),
    (
        2,
        each(
            Item(
                "a", "Two drowned as ferry sinks off Batumi, envoy says", "Two passengers drowned, he said."
            ),
            Item(
                "b", "Nine drowned as ferry sinks off Batumi, envoy says", "Nine passengers drowned, he said."
            ),
        ),
        "another toll is news",
    ),
    (
        2,
        each(
            Item("a", "Envoy to sign ferry agreement in Batumi"),
            Item("b", "Envoy signs ferry agreement in Batumi"),
        ),
        "announced, then done",
    ),
    (
        2,
        one(
            Item("a", "Envoy signs ferry agreement in Batumi"),
            Item("b", "Envoy tears up ferry agreement in Poti"),
        ),
        "two stories from one day of talks",
    ),
    (
        2,
        each(Item("a", "Envoy live updates", SHORT), Item("b", "Envoy live updates", OTHER)),
        "two live pages under one recurring title",
    ),
]


@pytest.mark.parametrize(("times", "polls", "why"), ONE_FEED)
def test_of_several_entries_of_one_feed_the_same_news_is_told_once(
    desk: Desk, times: int, polls: tuple[tuple[Item, ...], ...], why: str
) -> None:
    told = [rule for items in polls for rule in desk.show("city", *items)]
    assert told == ["envoy"] * times, why


# ---- editions --------------------------------------------------------------------------------------------

EDITIONS = [
    (1, ("city", TITLE, TEXT), ("coast", TITLE, TEXT), "one outlet, two feeds"),
    (
        1,
        ("north", f"{TITLE} - {NORTH}", TEXT),
        ("south", f"{TITLE} - {SOUTH}", TEXT),
        "each outlet of the network signs with its own name",
    ),
    (
        1,
        ("city", f"{TITLE} | {NORTH}", TEXT),
        ("coast", f"{TITLE} | {SOUTH}", TEXT),
        "one outlet that signs with the edition",
    ),
    (
        1,
        ("city", f"{TITLE} | {NORTH}", ""),
        ("coast", f"{TITLE} | {SOUTH}", ""),
        "the same without texts: its name and a word more is still its signature",
    ),
    (
        1,
        ("city", f"North: {TITLE}", TEXT),
        ("coast", f"South: {TITLE}", TEXT),
        "the edition put before it: one long body says that it is one report",
    ),
    (
        2,
        ("north", f"{TITLE} - {NORTH}", TEXT),
        ("south", f"{TITLE} - {SOUTH}", OTHER),
        "other bodies under one title",
    ),
    (
        2,
        ("city", "North: Envoy hears complaints about buses", SHORT),
        ("coast", "South: Envoy hears complaints about buses", SHORT),
        "a short formula in two places: too little to say that it is one event",
    ),
    (
        2,
        ("city", "Envoy opens school in northern district", ""),
        ("coast", "Envoy opens school in southern district", ""),
        "the region is in the news, not in the signature",
    ),
]


@pytest.mark.parametrize(("times", "first", "second", "why"), EDITIONS)
def test_of_regional_editions_one_body_is_told_once_and_others_stay_apart(
    desk: Desk, times: int, first: tuple[str, str, str], second: tuple[str, str, str], why: str
) -> None:
    told = [
        rule for feed, title, text in (first, second) for rule in desk.show(feed, Item(feed, title, text))
    ]
    assert told == ["envoy"] * times, why


def test_an_edition_that_adds_what_another_rule_looks_for_is_told_for_that_rule_only(desk: Desk) -> None:
    assert desk.show("north", Item("n", f"{TITLE} - {NORTH}", TEXT), book=BOOK) == ["envoy"]
    more = f"{TEXT} It follows last year's peace agreement."
    assert desk.show("south", Item("s", f"{TITLE} - {SOUTH}", more), book=BOOK) == ["peace"]


# ---- recurring titles ------------------------------------------------------------------------------------

REVIEW = "Press review: the envoy"


@pytest.mark.parametrize(
    ("hours", "guid", "page", "told", "why"),
    [
        (5, "other", "review-1", [], "one link on the same day is one page"),
        (5, "review", "review-2", [], "one guid on the same day too, wherever it moved"),
        (5, "other", "review-2", ["envoy"], "another page: it may review other papers"),
        (30, "other", "review-1", ["envoy"], "the next day's review under the address of the last"),
        (30, "review", "review-2", ["envoy"], "the next day's review under the guid of the last"),
    ],
)
def test_a_recurring_title_is_told_again_unless_it_is_one_page_on_one_day(
    desk: Desk, hours: int, guid: str, page: str, told: list[str], why: str
) -> None:
    first = Item("review", REVIEW, link="https://city.example/review-1")
    assert desk.show("city", first, QUIET) == ["envoy"]
    desk.clock.advance(timedelta(hours=hours))
    second = Item(guid, REVIEW, link=f"https://city.example/{page}")
    assert desk.show("city", second, QUIET) == told, why
