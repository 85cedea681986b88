"""What a failed message calls for: its receiver waits as a whole, is asked again, and a day at the least."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.outbox import FEWEST, PATIENCE, RETRIES, Failure, Setback, asks_with_another, setback
from monitor.model import Claim, Digest, Kind, Match, Notice, Outage, Severity, Tally, Told
from tests.fakes import FEED, START, Item, entry

TOLD = Told(5, Kind.NEW, Match("peace", "Peace", Severity.HIGH, (), ()), entry(FEED, Item("g", "t")), START)
CLAIM = Claim("mail", 7, (TOLD,), (), attempts=1, uncertain=False, created=START)
DIGEST = Digest(3, "mail", (), Tally(), attempts=1, uncertain=False, created=START)
DOWN = Failure("error=503")
DAY = timedelta(days=1)


def down(tries: int, *, hours: float = 0.0) -> Outage:
    return Outage(START, tries, START + timedelta(hours=hours), "error=503")


@pytest.mark.parametrize(("tries", "seconds"), [(0, 30), (1, 60), (2, 180), (3, 720), (4, 720), (100, 720)])
def test_a_receiver_that_is_down_is_asked_less_and_less_often(tries: int, seconds: int) -> None:
    found = setback(CLAIM, DOWN, outage=down(tries) if tries else None, now=START)
    assert found.outage is not None
    assert found.again is None
    assert seconds <= (found.outage.until - START).total_seconds() <= 1.2 * seconds


def test_no_hour_of_an_outage_sees_more_than_eight_tries() -> None:
    for story in range(50):
        now, outage, tried = START, None, []
        while now < START + DAY:
            tried.append(now)
            outage = setback(replace(CLAIM, story=story), DOWN, outage=outage, now=now).outage
            assert outage is not None
            now = outage.until
        for first in tried:
            assert sum(first <= one < first + timedelta(hours=1) for one in tried) <= 8


@given(st.integers(0, 30), st.integers(1, 200_000))
def test_what_a_receiver_asks_for_is_never_undercut(tries: int, seconds: int) -> None:
    asked = timedelta(seconds=seconds)
    for attempts in (1, 5):
        found = setback(
            replace(CLAIM, attempts=attempts),
            Failure("error=429", retry_after=asked),
            outage=down(tries) if tries else None,
            now=START,
        )
        assert found.outage is not None
        assert found.outage.until >= START + asked


def test_receivers_that_failed_together_do_not_come_back_together() -> None:
    outages = [
        setback(replace(CLAIM, story=story), DOWN, outage=None, now=START).outage for story in range(50)
    ]
    assert len({outage.until for outage in outages if outage}) > 25


def test_a_message_that_is_refused_for_itself_waits_alone() -> None:
    found = setback(CLAIM, Failure("error=400", own=True), outage=None, now=START)
    assert found.outage is None
    assert found.again is not None
    assert found.again - START <= timedelta(seconds=36)


def test_a_message_that_fails_again_while_others_pass_waits_alone() -> None:
    assert setback(replace(CLAIM, attempts=2), DOWN, outage=None, now=START).outage is None
    assert setback(replace(CLAIM, attempts=2), DOWN, outage=down(3), now=START).outage is not None


@given(st.integers(1, 1000), st.floats(0, 23.99))
def test_nothing_is_given_up_within_a_day(tries: int, hours: float) -> None:
    now = START + timedelta(hours=hours)
    for parcel in (CLAIM, DIGEST):
        for failure in (DOWN, Failure("error=400", own=True)):
            found = setback(replace(parcel, attempts=tries), failure, outage=down(tries), now=now)
            assert not found.dead
            assert not found.over


def test_as_many_tries_as_are_made_before_giving_up_take_a_day() -> None:
    """Even if each came as early as it may: no time with the machine off is needed to make up a day."""
    waits = [RETRIES[min(number, len(RETRIES)) - 1] for number in range(1, FEWEST)]
    assert sum(waits, timedelta()) >= PATIENCE


def test_a_day_with_the_machine_off_does_not_count_as_tried() -> None:
    assert not setback(CLAIM, DOWN, outage=down(2), now=START + 3 * DAY).dead
    assert not setback(replace(CLAIM, attempts=2), DOWN, outage=None, now=START + 3 * DAY).dead


def test_after_a_day_of_trying_what_is_as_old_is_given_up_and_no_more() -> None:
    young = replace(TOLD, alert=6, decided=START + timedelta(hours=2))
    both = replace(CLAIM, tolds=(TOLD, young))
    assert setback(both, DOWN, outage=down(FEWEST), now=START + DAY).dead == (5,)
    assert setback(replace(both, attempts=FEWEST), DOWN, outage=None, now=START + DAY).dead == (5,)
    assert setback(DIGEST, DOWN, outage=down(FEWEST), now=START + DAY).over


@pytest.mark.parametrize(("tries", "hours"), [(FEWEST, 24.0), (FEWEST - 1, 24.0), (FEWEST, 23.9)])
def test_nothing_is_given_up_but_what_is_a_day_old_after_as_many_tries(tries: int, hours: float) -> None:
    given_up, now = (tries, hours) == (FEWEST, 24.0), START + timedelta(hours=hours)
    notice = Notice(3, "desk", "t", ("a line",), attempts=1, uncertain=False, created=START)
    older = down(tries - 1), Outage(START - DAY, tries - 1, START, "error=503")
    for outage in older:
        assert setback(CLAIM, DOWN, outage=outage, now=now).dead == ((5,) if given_up else ())
        assert [setback(letter, DOWN, outage=outage, now=now).over for letter in (DIGEST, notice)] == [
            given_up
        ] * 2
        lasting = setback(replace(notice, lasting=True), DOWN, outage=outage, now=now)
        assert not lasting.over and not lasting.dead
    alone = setback(replace(CLAIM, attempts=tries), DOWN, outage=None, now=now)
    assert (alone.outage, alone.dead) == (None, (5,) if given_up else ())


def test_the_first_failure_and_one_that_says_how_long_are_the_receivers_and_the_second_is_the_messages() -> (
    None
):
    again, asked = replace(CLAIM, attempts=2), Failure("error=429", retry_after=timedelta(seconds=1))
    assert [
        setback(some, failure, outage=None, now=START).outage is None
        for some, failure in ((CLAIM, DOWN), (CLAIM, asked), (again, asked), (again, DOWN))
    ] == [False, False, False, True]


def test_every_fourth_try_of_an_outage_is_with_another_message() -> None:
    assert not asks_with_another(None)
    assert [tries for tries in range(12) if asks_with_another(down(tries))] == [1, 5, 9]


def test_of_two_messages_that_wait_each_time_is_its_own() -> None:
    """By story or letter, receiver and try: whatever it is of, what is asked for again is the same."""
    letters = [DIGEST, replace(DIGEST, id=4), replace(DIGEST, receiver="chat"), replace(DIGEST, attempts=2)]
    own = Failure("error=400", own=True)
    waits = [setback(letter, own, outage=None, now=START).again for letter in letters]
    assert len(set(waits)) == len(letters)
    assert waits == [setback(letter, own, outage=None, now=START).again for letter in letters]


def test_an_outage_that_began_lately_gives_nothing_up() -> None:
    late = Outage(START + timedelta(hours=23), FEWEST, START + DAY)
    found: Setback = setback(CLAIM, DOWN, outage=late, now=START + DAY)
    assert not found.dead
