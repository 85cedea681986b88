"""The campaign in its short form: what `python -m tests.campaign --short` plays, a probe a test."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.campaign import clocks, damage, planted, syscalls
from tests.campaign.__main__ import Size, probes, table
from tests.campaign.syscalls import Came, endured
from tests.campaign.world import Crowd, Row, crowd

if TYPE_CHECKING:
    from collections.abc import Iterator

# The tests proper prove these as thoroughly as their short forms would: tests/test_power_cuts.py plays the
# machine and its seeded bugs, tests/test_outages.py the outages, tests/test_clock.py the clock.
ELSEWHERE = ("machine", "seeded", "outage", "clocks", "soak", "mutants")
SHORT = [name for name in probes(Crowd(), Size(short=True)) if name not in ELSEWHERE]


@pytest.fixture(scope="module")
def nurseries() -> Iterator[Crowd]:
    with crowd() as made:
        yield made


@pytest.mark.parametrize("name", SHORT)
def test_the_campaign_finds_nothing(name: str, nurseries: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for how quickly: the whole campaign asks that, on a machine with nothing else to do."""
    for where, seconds in ((syscalls, "_LONGEST"), (clocks, "_SENT"), (damage, "_AT_ONCE")):
        monkeypatch.setattr(where, seconds, 60.0)
    came = probes(nurseries, Size(short=True))[name]()
    for row in [came] if isinstance(came, Row) else came:
        if not row.tried:
            pytest.skip(row.got)
        assert row.held, f"{row.what}: to reach {row.reach}; {row.got}"


@pytest.mark.parametrize(("fault", "held"), [({}, True), ({"took": 10.5}, False), ({"whole": False}, False)])
def test_a_cycle_that_does_not_end_in_time_or_whole_is_told(fault: dict[str, Any], *, held: bool) -> None:
    good = Came(status=0, said="", took=1.0, whole=True, reckonings=())
    assert endured([good, replace(good, **fault)], "x").held is held


def test_a_secret_on_the_command_line_of_a_process_that_we_started_is_found() -> None:
    process = subprocess.Popen([sys.executable, "-Sc", "input()", planted.PLANTED[0]], stdin=subprocess.PIPE)
    with process:
        lines = planted.command_lines(os.getpid())
    assert planted.leaked({"line": b"\n".join(lines)}) == [f"line: {planted.PLANTED[0]}"]


def test_the_table_says_what_broke_and_what_was_not_tried() -> None:
    row = {"probe": "x", "what": "a", "reach": "b", "got": "c", "seconds": 1.4}
    lines = [
        {**row, "held": held, "tried": tried} for held, tried in ((True, True), (False, True), (True, False))
    ]
    assert [line.split(" | ")[0] for line in table(lines).splitlines()[2:]] == ["| held", "| BROKEN", "| —"]
