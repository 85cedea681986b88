"""The whole show, as people run it: the real daemon, and what arrived held against the scenario."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from monitor.demo.scenario import EXPECTED


@pytest.fixture(scope="module")
def shows() -> dict[str, subprocess.CompletedProcess[str]]:
    """Both shows, for people and for machines: each has servers of its own, and mostly waits."""
    words = [sys.executable, "-m", "monitor", "demo"]
    playing = {
        name: subprocess.Popen([*words, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name, options in {"shown": [], "as JSON": ["--json"]}.items()
    }
    try:
        return {
            name: subprocess.CompletedProcess(
                words, stdout=told[0], stderr=told[1], returncode=show.returncode
            )
            for name, show in playing.items()
            if (told := show.communicate(timeout=240))
        }
    finally:
        for show in playing.values():
            show.kill()


def test_the_demo_ends_by_itself_and_everything_called_for_arrives_once(
    shows: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    shown = shows["as JSON"]
    found = json.loads(shown.stdout)
    assert found["shortfalls"] == []
    assert shown.returncode == 0
    assert found["messages received"] == len(EXPECTED)
    assert found["entries seen"] == (found["stories"] + found["copies folded"] + found["developments joined"])


def test_the_demo_prints_each_alert_and_a_table(shows: dict[str, subprocess.CompletedProcess[str]]) -> None:
    shown = shows["shown"]
    assert shown.returncode == 0, shown.stdout
    assert shown.stdout.count("Why:") >= len(EXPECTED)
    assert "copies folded" in shown.stdout
    assert "What arrived is what the morning calls for" in shown.stdout
