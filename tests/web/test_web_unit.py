"""The page's systemd unit, as systemd itself reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parent.parent.parent / "systemd"
UNIT = SYSTEMD / "monitor-web.service"
EXPOSURE = 1.3  # at most, on systemd's scale of 0 to 10

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed: nothing can judge the unit",
)


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def directives(unit: Path) -> dict[str, str]:
    """Every directive with the line before it."""
    lines = unit.read_text().splitlines()
    return {line: lines[i - 1] for i, line in enumerate(lines) if re.match(r"[A-Z]\w*=", line)}


@needs_systemd
def test_systemd_reads_every_directive(tmp_path: Path) -> None:
    unit = tmp_path / "monitor-web.service"
    unit.write_text(UNIT.read_text().replace("/opt/media-monitor/bin/monitor", "/bin/true"))
    told = analyze("verify", "--man=no", str(unit))
    assert not [line for line in told.splitlines() if "monitor-web.service" in line], told


@needs_systemd
def test_the_page_is_exposed_as_little_as_it_can_be() -> None:
    told = analyze("security", "--no-pager", "--offline=true", str(UNIT))
    found = re.search(r"exposure level for monitor-web.service: ([0-9.]+)", told)
    assert found, told
    assert float(found[1]) <= EXPOSURE, told


def test_every_directive_has_its_reason() -> None:
    without = [
        line
        for line, before in directives(UNIT).items()
        if not before.startswith("# ") and not line.startswith(("Description=", "WantedBy="))
    ]
    assert without == []


def test_the_page_is_of_the_daemons_user_and_state() -> None:
    """Both open one database; a dynamic user is named after its unit unless the unit names one."""
    ours, daemons = directives(UNIT), directives(SYSTEMD / "monitor.service")
    assert "User=monitor" in ours
    assert not [line for line in daemons if line.startswith("User=") and line != "User=monitor"]
    for line in (
        "DynamicUser=yes",
        "StateDirectory=monitor",
        "IPAddressDeny=any",
        "RestartPreventExitStatus=78",
    ):
        assert line in ours
    assert {"DynamicUser=yes", "StateDirectory=monitor"} <= set(daemons)
