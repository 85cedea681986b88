"""The machine's clocks side by side: whether the time was set, and whether the machine slept.

Three clocks tell it (clock_gettime(2)): the wall clock, which people and NTP set; CLOCK_BOOTTIME, which
nobody sets and which goes on in a suspend; CLOCK_MONOTONIC, which stands still in one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST = timedelta(seconds=5)  # a difference of more is a step or a sleep; less is drift, or a slow machine


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """The three clocks at one moment."""

    wall: datetime
    booted: timedelta
    steady: timedelta


def read(wall: Callable[[], datetime]) -> Reading:
    """The clocks now."""
    return Reading(
        wall(),
        timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME)),
        timedelta(seconds=time.monotonic()),
    )


def step(before: Reading, after: Reading) -> timedelta:
    """By how much the wall clock was set between the two; zero for drift."""
    by = (after.wall - before.wall) - (after.booted - before.booted)
    return by if abs(by) > LEAST else timedelta()


def slept(before: Reading, after: Reading) -> timedelta:
    """How long the machine was suspended between the two; zero for less than it takes to notice."""
    by = (after.booted - before.booted) - (after.steady - before.steady)
    return by if by > LEAST else timedelta()
