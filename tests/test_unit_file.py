"""The systemd unit, as systemd itself reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parent.parent / "systemd" / "monitor.service"
EXPOSURE = 1.1  # at most, on systemd's scale of 0 to 10; the network alone costs 0.9, the clock device 0.1

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed: nothing can judge the unit",
)


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def directives() -> list[tuple[str, str]]:
    """Every directive with the line before it."""
    lines = UNIT.read_text().splitlines()
    return [(line, lines[i - 1]) for i, line in enumerate(lines) if re.match(r"[A-Z]\w*=", line)]


@needs_systemd
def test_systemd_reads_every_directive(tmp_path: Path) -> None:
    # The program stands elsewhere here, and a missing program is a complaint of its own.
    unit = tmp_path / "monitor.service"
    unit.write_text(UNIT.read_text().replace("/opt/media-monitor/bin/monitor", "/bin/true"))
    told = analyze("verify", "--man=no", str(unit))
    assert not [line for line in told.splitlines() if "monitor.service" in line], told


@needs_systemd
def test_the_daemon_is_exposed_as_little_as_it_can_be() -> None:
    told = analyze("security", "--no-pager", "--offline=true", str(UNIT))
    found = re.search(r"exposure level for monitor.service: ([0-9.]+)", told)
    assert found, told
    assert float(found[1]) <= EXPOSURE, told


def test_every_directive_has_its_reason() -> None:
    without = [
        line
        for line, before in directives()
        if not before.startswith("# ") and not line.startswith(("Description=", "WantedBy="))
    ]
    assert without == []


@pytest.mark.parametrize(
    ("directive", "reason"),
    [
        ("Type=notify", "notify-reload is unknown to systemd 252 and would become simple without a word"),
        ("RestartPreventExitStatus=78", "a restart mends no configuration"),
        ("StartLimitIntervalSec=0", "a daemon that gives up loses alerts"),
        ("DynamicUser=yes", "it owns nothing but its state"),
        ("StateDirectory=monitor", "the database outlives the dynamic user"),
        ("LoadCredential=receiver:/etc/monitor/credentials", "a new receiver needs no change of the unit"),
        ("ConditionPathExistsGlob=/etc/monitor/*.yaml", "a fresh installation without a desk is no failure"),
    ],
)
def test_the_unit_says(directive: str, reason: str) -> None:
    assert directive in [line for line, _ in directives()], reason


def test_a_reload_checks_the_rules_before_the_daemon_hears_of_it() -> None:
    reloads = [line for line, _ in directives() if line.startswith("ExecReload=")]
    assert [re.search(r"monitor check|kill -HUP \$MAINPID", line) is not None for line in reloads] == [
        True,
        True,
    ]
    assert "check" in reloads[0]
