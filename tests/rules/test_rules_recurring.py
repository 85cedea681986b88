"""Lines that are the outlet's and not the article's; and those that look so and count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import pipeline
from monitor.model import Feed
from monitor.rules.backtest import Past, backtest
from monitor.rules.match import match
from monitor.rules.recurring import AGE, HEADLINE, LATEST, Passing, Stood, recurring, wanted
from tests.alerts.test_decide import Desk
from tests.fakes import START, Item, entry, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEED = Feed("ani", "https://ani.example/feed", outlet="Ani")
BOOK = rules("rules:\n  - {id: peace, any: [peace agreement], send: mail}\n")
FIRST = "The museum on the hill opened its doors again after a year of repairs."
BOILERPLATE = "Ani News has covered the peace agreement since 1991"
HEAD = "Ministers sign a peace agreement in Vienna"


def article(*lines: str, title: str = "A title") -> Item:
    return Item(title, title, body="\n".join(lines))


def why(
    lines: tuple[str, ...], *, stories: dict[int, str], headlines: tuple[tuple[str, int], ...] = ()
) -> str:
    """Why the article, story 9, does not fire; "" where it does."""
    made = entry(FEED, article(*lines))
    known = recurring(
        wanted([made]), of_late=[Stood(story, text) for story, text in stories.items()], headlines=headlines
    )
    outside = known.outside(9)
    found = match(BOOK, made, outside=outside)
    zones = BOOK.lexicon.read(made, outside).discarded()
    assert bool(found) is not bool(zones)
    return zones[0][1] if zones else ""


THREE = dict.fromkeys((1, 2, 3), f"Some text.\n{BOILERPLATE}\nmore")
IGNORED = "repeated line: in 3 of the feed's last 3 stories"
CASES = [
    ((FIRST, BOILERPLATE), THREE, (), IGNORED, "three stories, and it is the outlet's"),
    ((FIRST, "• " + BOILERPLATE), THREE, (), IGNORED, "behind a bullet"),
    ((FIRST, BOILERPLATE), {1: THREE[1], 2: THREE[2]}, (), "", "two are not enough"),
    ((FIRST, BOILERPLATE), {1: THREE[1], 2: THREE[2], 9: THREE[3]}, (), "", "its own story says nothing"),
    ((BOILERPLATE + ".", "x"), dict.fromkeys((1, 2, 3), BOILERPLATE + "."), (), "", "the first sentence"),
    (("By Our Reporter", BOILERPLATE + "."), dict.fromkeys((1, 2, 3), BOILERPLATE + "."), (), "",
     "and is the first after what is none"),
    ((FIRST, "word " * 45 + BOILERPLATE), dict.fromkeys((1, 2, 3), "word " * 45 + BOILERPLATE), (), "",
     "a real paragraph is background, and counts"),
    ((FIRST, BOILERPLATE), THREE | dict.fromkeys(range(10, 20), "Other news."), (), "",
     "three of thirteen: a notice says what it is about"),
    ((FIRST, HEAD), {}, ((HEAD, 1),), HEADLINE, "another story's headline"),
    ((FIRST, HEAD), {}, ((HEAD, 9),), "", "its own"),
    ((FIRST, "peace agreement"), {}, (("peace agreement", 1),), "", "two words are a headline somewhere"),
    ((FIRST, "A peace agreement"), {}, (("A peace agreement", 1),), "", "and three"),
    ((FIRST, "A peace agreement holds"), {}, (("A peace agreement holds", 1),), HEADLINE, "four are one"),
    ((HEAD + ".",), {}, ((HEAD + ".", 1),), "", "a field of one line"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "stories", "headlines", "reason", "case"), CASES)
def test_a_line(
    lines: tuple[str, ...],
    stories: dict[int, str],
    headlines: tuple[tuple[str, int], ...],
    reason: str,
    case: str,
) -> None:
    assert why(lines, stories=stories, headlines=headlines) == reason, case


def test_the_headline_counts_whatever_stands_elsewhere() -> None:
    made = entry(FEED, article(FIRST, "x", title=HEAD))
    assert match(BOOK, made, outside={HEAD: HEADLINE, FIRST: HEADLINE})


LINES = st.lists(st.sampled_from([FIRST, BOILERPLATE, HEAD, "x", "", "See also"]), max_size=6)


@given(LINES)
def test_a_lead_is_never_ignored(lines: list[str]) -> None:
    body = "\n".join([HEAD + ".", *lines])
    made = replace(entry(FEED, article("")), body=body)
    outside = dict.fromkeys([HEAD + ".", *lines], "repeated line")
    first = next(mention for found in match(BOOK, made, outside=outside) for mention in found.mentions)
    assert first.start < len(HEAD)


# ---- through the desk ------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


SUBJECTS = ("Clocks", "Bridges", "Storks", "Glaciers")


def with_boilerplate(number: int) -> Item:
    subject = SUBJECTS[number]
    return article(
        f"{subject} were the talk of the town on day {number}, people who keep {subject.lower()} said.",
        BOILERPLATE,
        title=f"{subject} and how to keep them well through winter",
    )


def test_boilerplate_tells_nobody_from_its_fourth_story_on(desk: Desk) -> None:
    desk.show("ani", Item("0", "An old title", "x"))
    shown = [Item("0", "An old title", "x")]
    told = []
    for number in range(4):
        shown.insert(0, with_boilerplate(number))
        told.append(desk.show("ani", *shown))
    assert told == [["peace"], ["peace"], ["peace"], []]


def test_three_copies_of_a_story_are_one_and_the_first_sentence_tells(desk: Desk) -> None:
    text = (
        "A quiet day in the capital",
        "By Our Reporter",
        f"{HEAD}, officials of both sides said on Monday.",
    )
    desk.show("ani", Item("0", "An old title", "x"))
    for number in range(4):
        desk.show("ani", article(*text, title=f"Signed in Vienna: what is known so far, part {number}"))
    other = article(*text, title="Storks leave the north early this year, keepers of birds report")
    outside = pipeline.recurring_in(desk.store, [entry(FEED, other)], feed=FEED, now=desk.clock.now).outside(
        0
    )
    assert match(BOOK, entry(FEED, other), outside=outside)


def test_an_edit_that_says_it_in_earnest_is_told_where_boilerplate_was_not(desk: Desk) -> None:
    shown = [Item("0", "An old title", "x")]
    desk.show("ani", *shown)
    for number in range(4):
        shown.insert(0, with_boilerplate(number))
        desk.show("ani", *shown)
    shown[0] = replace(
        shown[0], body=f"{shown[0].body}\nThey asked for a peace agreement between the keepers."
    )
    assert desk.show("ani", *shown) == ["peace"]


def test_another_storys_headline_under_an_article_tells_nobody(desk: Desk) -> None:
    museum = article(FIRST, "They open at nine.", HEAD, title="Museum of clocks opens its doors again")
    treaty = Item("t", HEAD, "It ends the war.")
    desk.show("ani", Item("0", "An old title", "x"))
    assert desk.show("ani", treaty) == ["peace"]
    assert desk.show("ani", treaty, museum) == []
    assert desk.show("bel", Item("0", "An old title", "x")) == []
    assert desk.show("bel", museum) == ["peace"], "another outlet's headlines are not its tail"
    lines = wanted([entry(FEED, museum)])
    since = START - AGE
    assert desk.store.headlines(lines, outlets=["Ani"], since=since)
    assert not desk.store.headlines(lines, outlets=["Bel"], since=since)
    assert not desk.store.headlines(lines, outlets=["Ani"], since=desk.clock.now + timedelta(minutes=1))


def test_a_backtest_leaves_out_what_the_desk_leaves_out() -> None:
    past = [Past(entry(FEED, with_boilerplate(n)), n, date(2026, 3, 2), frozenset()) for n in range(4)]
    assert set(backtest(BOOK, past)["peace"].stories) == {0, 1, 2}
    treaty = Past(entry(FEED, Item("t", HEAD, "It ends the war.")), 7, date(2026, 3, 2), frozenset())
    museum = Past(entry(FEED, article(FIRST, HEAD)), 8, date(2026, 3, 3), frozenset())
    assert set(backtest(BOOK, [treaty, museum])["peace"].stories) == {7}


def test_a_backtest_remembers_so_much_and_no_more() -> None:
    passing = Passing()
    treaty = entry(FEED, Item("t", HEAD, "It ends the war."))
    passing.outside(treaty, 1)
    museum = entry(FEED, article(FIRST, HEAD))
    assert passing.outside(museum, 2) == {HEAD: HEADLINE}
    for number in range(10 * LATEST):
        passing.outside(entry(FEED, Item(str(number), f"Title number {number} of so many", "x")), 10 + number)
    assert passing.outside(museum, 2) == {}
