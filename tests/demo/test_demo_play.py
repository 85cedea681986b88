"""The whole show, as people run it: the real daemon, and what arrived held against the scenario."""

from __future__ import annotations

import json
import subprocess
import sys

from monitor.demo.scenario import EXPECTED


def test_the_demo_ends_by_itself_and_everything_called_for_arrives_once() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "monitor", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = json.loads(shown.stdout)
    assert found["shortfalls"] == []
    assert shown.returncode == 0
    assert found["messages received"] == len(EXPECTED)
    assert found["entries seen"] == (found["stories"] + found["copies folded"] + found["developments joined"])


def test_the_demo_prints_each_alert_and_a_table() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "monitor", "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.returncode == 0, shown.stdout
    assert shown.stdout.count("Why:") >= len(EXPECTED)
    assert "copies folded" in shown.stdout
    assert "What arrived is what the morning calls for" in shown.stdout
