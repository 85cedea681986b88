"""What an outlet prints under everything is no sign that two of its entries are one story."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.model import Candidate, Entry, Fingerprint, Kind
from monitor.stories.fingerprint import fingerprint
from monitor.stories.formula import formula
from monitor.stories.judge import place

SUBSCRIBE = (
    "Subscribe to our channel and watch more news from us. Follow us for breaking stories, live coverage and"
    " opinion around the clock. We reach more homes than any other channel of the region and have led the"
    " ratings for ten years in a row. Watch full episodes on our site, listen to our radio, and download our"
    " app for the latest headlines wherever you go. Like us and share what you think with the hashtag below."
)
TITLES = (
    "Minister speaks to press at the foreign office",
    "Mayor says how much money the city needs to reopen",
    "Senator questions motives of the other party",
    "Envoy praises progress made in talks with industry",
)
REPORT = (
    "The two companies said on Tuesday that they would open the first of twelve factories in the valley"
    " before winter and hire four thousand workers from the towns around it. Unions welcomed the plan, and"
    " the mayor of the largest town spoke of the best news in a generation. Roads are to be"
    " widened in spring, and the"
    " old railway station will be rebuilt by a fund that both companies and the region pay into."
)


def made(title: str, text: str, lead: str = "") -> Fingerprint:
    return fingerprint(
        Entry(1, "feed", "Outlet", "g", "", title, f"{lead}{text}", "", published=None, lang="en", digest="")
    )


def candidate(number: int, of: Fingerprint, *, outlet: str = "Outlet") -> Candidate:
    return Candidate(number, number, number, "feed", outlet, datetime(2026, 3, 2, tzinfo=UTC), of)


SHOWN = [made(title, SUBSCRIBE) for title in TITLES]


@pytest.mark.parametrize("which", range(len(TITLES)))
def test_entries_of_one_document_that_share_only_the_formula_are_stories_of_their_own(which: int) -> None:
    document = [candidate(number, one) for number, one in enumerate(SHOWN)]
    placed = place(which, SHOWN[which], document[:which], outlet="Outlet", beside=document)
    assert placed.verdict.kind is not Kind.COPY, placed.verdict


def test_so_are_two_alone_whose_titles_have_little_in_common() -> None:
    found = place(1, SHOWN[1], [candidate(0, SHOWN[0])], outlet="Outlet")
    assert found.verdict.kind is Kind.NEW


def test_titles_of_one_pattern_over_the_formula_are_told_apart_by_their_one_word() -> None:
    days = [
        made(f"Evening news of {place} - April 28", SUBSCRIBE)
        for place in ("Panay", "Bicol", "Luzon", "Samar")
    ]
    document = [candidate(number, one) for number, one in enumerate(days)]
    for number, one in enumerate(days):
        found = place(number, one, document[:number], outlet="Outlet", beside=document)
        assert found.verdict.kind is not Kind.COPY, (number, found.verdict)


def test_a_copy_over_the_formula_is_still_a_copy() -> None:
    first = made("Companies open twelve factories in the valley", f"{REPORT} {SUBSCRIBE}")
    again = made("Companies to open twelve factories in the valley", f"{REPORT} {SUBSCRIBE}")
    others = [candidate(number + 2, one) for number, one in enumerate(SHOWN)]
    assert place(1, again, [candidate(0, first), *others], outlet="Outlet").of == 0


def test_a_long_text_told_again_under_another_headline_by_the_same_outlet_is_a_copy() -> None:
    first = made("Companies open twelve factories in the valley", REPORT)
    again = made("Unions welcome plan of companies for the towns", REPORT)
    assert place(1, again, [candidate(0, first)], outlet="Outlet").of == 0


def test_a_text_that_another_outlet_prints_is_no_formula() -> None:
    elsewhere = [candidate(number, one, outlet=f"Outlet {number}") for number, one in enumerate(SHOWN)]
    assert formula(SHOWN[0], elsewhere, outlet="Outlet") == frozenset()


def test_copies_of_one_story_are_no_habit() -> None:
    copies = [candidate(number, made(TITLES[0], REPORT)) for number in range(5)]
    assert formula(made(TITLES[0], REPORT), copies, outlet="Outlet") == frozenset()


def test_the_formula_does_not_depend_on_the_order_of_the_candidates() -> None:
    near = [candidate(number, one) for number, one in enumerate(SHOWN[1:])]
    assert (
        formula(SHOWN[0], near, outlet="Outlet")
        == formula(SHOWN[0], near[::-1], outlet="Outlet")
        != frozenset()
    )
