"""The machine of power cuts, longer than the tests play it, and with a disk that fails now and then.

What it does stands in tests/test_power_cuts.py, with the seeded bugs that it must notice.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded_by
from hypothesis.stateful import run_state_machine_as_test

from monitor import pipeline
from tests.campaign.world import Row
from tests.test_power_cuts import SEEDED, Bursts, GoneBack, Milestones, PowerCuts, broken

if TYPE_CHECKING:
    from collections.abc import Iterator


class FailingDisk(Bursts):
    """Where the others cut the power, one statement fails and the daemon lives on."""

    def before_statement(self, _sql: str, _parameters: object) -> None:
        if self.left == 0:
            self.left = -1
            raise sqlite3.OperationalError("disk I/O error")
        self.left -= 1


# Of so many runs, each machine's share: the daemon delivers in bursts, and milestones are seldom.
_SHARES = {PowerCuts: 0.3, Bursts: 0.2, GoneBack: 0.1, FailingDisk: 0.3, Milestones: 0.1}
_LONG_IN_HIDING = (  # over 10 s of CPU each
    "validators saved before entries",
    "the poll recorded in an earlier transaction than the plan",
    "a digest marked sent before sending",
)


def machine(*, runs: int, steps: int, seed: int) -> Row:
    """So many runs of so many steps, shared among the machines."""
    played, broken = Counter[str](), list[str]()
    for kind, share in _SHARES.items():
        count = max(1, round(runs * share))
        fault = _fault(kind, _settings(count, steps), seed)
        played[kind.__name__] = count
        broken += [f"{kind.__name__}: {fault}"] if fault else []
    return Row(
        f"state machine, {played.total()} x {steps} steps, cut before the Nth SQL statement or failing there",
        "clean",
        "; ".join(broken) or ", ".join(f"{name} {count}" for name, count in played.items()) + ": clean",
        not broken,
    )


def seeded(*, seed: int, short: bool = False) -> Row:
    """Each seeded bug makes the machine fail; the short form leaves out those that take long to notice."""
    bugs = [bug for bug in SEEDED if not (short and bug in _LONG_IN_HIDING)]
    missed = [bug for bug in bugs if not _fault(broken(bug), _settings(1200, 40), seed)]
    return Row(
        f"the same machine with each of {len(bugs)} seeded bugs",
        "it fails with each",
        f"{len(bugs) - len(missed)} noticed" + (f"; NOT: {', '.join(missed)}" if missed else ""),
        not missed,
    )


def _settings(runs: int, steps: int) -> settings:
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        report_multiple_bugs=False,
        derandomize=False,
    )


def _fault(kind: type[PowerCuts], how: settings, number: int) -> str:
    """What the machine finds, in a line; "" where it finds nothing."""
    with _quietly():
        try:
            run_state_machine_as_test(seeded_by(number)(type(kind.__name__, (kind,), {})), settings=how)
        except AssertionError as error:
            return str(error).partition("\n")[0] or "an assertion failed"
    return ""


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the log, and without the second that a record that failed waits before it is tried again."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "_RECORD_PAUSE", 0.0)
            yield
    finally:
        logging.disable(before)
