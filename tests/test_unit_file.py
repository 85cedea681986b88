"""The systemd units of the daemon, the page and a cluster's worker, as systemd itself reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parent.parent / "systemd"
DAEMON, PAGE = SYSTEMD / "monitor.service", SYSTEMD / "monitor-web.service"
WORKER = SYSTEMD / "cluster" / "monitor-worker.service"
# At most, on systemd's scale of 0 to 10; the network alone costs 0.9, the daemon's clock device 0.1.
EXPOSURE = {DAEMON: 1.1, PAGE: 1.3, WORKER: 1.2}

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed: nothing can judge the unit",
)
each = pytest.mark.parametrize("unit", EXPOSURE, ids=lambda unit: unit.name)


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def directives(unit: Path) -> list[tuple[str, str]]:
    """Every directive with the line before it."""
    lines = unit.read_text().splitlines()
    return [(line, lines[i - 1]) for i, line in enumerate(lines) if re.match(r"[A-Z]\w*=", line)]


def said(unit: Path) -> list[str]:
    """Every directive."""
    return [line for line, _ in directives(unit)]


@each
@needs_systemd
def test_systemd_reads_every_directive(unit: Path, tmp_path: Path) -> None:
    # The program stands elsewhere here, and a missing program is a complaint of its own.
    copy = tmp_path / unit.name
    copy.write_text(re.sub("/opt/media-monitor/bin/(monitor|dask)", "/bin/true", unit.read_text()))
    told = analyze("verify", "--man=no", str(copy))
    assert not [line for line in told.splitlines() if unit.name in line], told


@each
@needs_systemd
def test_it_is_exposed_as_little_as_it_can_be(unit: Path) -> None:
    told = analyze("security", "--no-pager", "--offline=true", str(unit))
    found = re.search(rf"exposure level for {unit.name}: ([0-9.]+)", told)
    assert found, told
    assert float(found[1]) <= EXPOSURE[unit], told


@each
def test_every_directive_has_its_reason(unit: Path) -> None:
    without = [
        line
        for line, before in directives(unit)
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
def test_the_daemons_unit_says(directive: str, reason: str) -> None:
    assert directive in said(DAEMON), reason


def test_a_reload_checks_the_rules_before_the_daemon_hears_of_it() -> None:
    reloads = [line for line in said(DAEMON) if line.startswith("ExecReload=")]
    assert [re.search(r"monitor check|kill -HUP \$MAINPID", line) is not None for line in reloads] == [
        True,
        True,
    ]
    assert "check" in reloads[0]


def test_the_page_is_of_the_daemons_user_and_state() -> None:
    """Both open one database; a dynamic user is named after its unit unless the unit names one."""
    ours, daemons = said(PAGE), said(DAEMON)
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


def test_a_worker_speaks_tls_only_and_serves_nobody_else() -> None:
    unit = WORKER.read_text()
    assert "Environment=DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=True" in unit
    assert "--no-dashboard --dashboard-address 127.0.0.1:0" in unit
    assert "--tls-ca-file %d/" in unit
