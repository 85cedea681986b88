"""When a failed delivery is tried again: 30 s, 1, 2, 5, 15, 60 min, ± 20 %; for a day at the least."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.outbox import retry
from monitor.model import Claim
from tests.fakes import START

CLAIM = Claim("mail", 7, (), (), attempts=1, uncertain=False, created=START)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 30), (2, 60), (3, 120), (4, 300), (5, 900), (6, 3600), (7, 3600), (23, 3600)],
)
def test_each_failure_waits_longer_within_a_fifth(attempts: int, seconds: int) -> None:
    again = retry(replace(CLAIM, attempts=attempts), now=START)
    assert again is not None
    assert 0.8 * seconds <= (again - START).total_seconds() <= 1.2 * seconds


def test_what_failed_together_does_not_come_back_together() -> None:
    times = {retry(replace(CLAIM, story=story), now=START) for story in range(50)}
    assert len(times) > 25


@given(st.integers(1, 1000), st.floats(0, 23.99))
def test_nothing_is_given_up_within_a_day(attempts: int, hours: float) -> None:
    assert retry(replace(CLAIM, attempts=attempts), now=START + timedelta(hours=hours)) is not None


def test_a_day_with_the_machine_off_does_not_count_as_tried() -> None:
    assert retry(replace(CLAIM, attempts=2), now=START + timedelta(days=3)) is not None


def test_after_a_day_of_trying_it_is_given_up() -> None:
    assert retry(replace(CLAIM, attempts=24), now=START + timedelta(hours=24)) is None
