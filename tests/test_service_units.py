"""Units for the place where monitor is installed: what is printed, what is written, what is left alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from monitor import service
from monitor.errors import MonitorError, UsageError
from monitor.service import NOT_FOR_USERS, Unit, fitted, hidden_by, of_a_user, sealed, unchanged
from monitor.shipped import shipped
from tests.test_unit_file import DAEMON, analyze, needs_systemd

if TYPE_CHECKING:
    from collections.abc import Sequence

SHIPPED = Unit("monitor.service", DAEMON.read_text())
ROOT = Path(__file__).parent.parent


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment with the command in it."""
    (tmp_path / "environment" / "bin").mkdir(parents=True)
    (tmp_path / "environment" / "bin" / "monitor").write_text("")
    return tmp_path / "environment"


def command(*words: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home or "/")}
    env.pop("XDG_CONFIG_HOME", None)
    arguments = [sys.executable, "-m", "monitor", "service", *map(str, words)]
    return subprocess.run(arguments, env=env, capture_output=True, text=True, timeout=60, check=False)


def directives(text: str) -> list[str]:
    return re.findall(r"^(\w+)=", text, re.MULTILINE)


# ---- the text of a unit ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/opt/media-monitor/bin/monitor", "ExecStart=/opt/media-monitor/bin/monitor run"),
        ("/srv/news/bin/monitor", "ExecStart=/srv/news/bin/monitor run"),
        ("/srv/100%/bin/monitor", "ExecStart=/srv/100%%/bin/monitor run"),  # % begins a specifier
        ("/srv/the desk/bin/monitor", 'ExecStart="/srv/the desk/bin/monitor" run'),
    ],
)
def test_a_unit_names_the_program_where_it_is(program: str, said: str) -> None:
    text = fitted(SHIPPED, program=PurePosixPath(program)).text
    assert said in text
    assert said.replace("ExecStart", "ExecReload").replace(" run", " check") in text


def test_a_users_unit_has_nothing_that_is_roots_and_names_what_it_goes_without() -> None:
    unit = of_a_user(SHIPPED)
    assert not set(directives(unit.text)) & set(NOT_FOR_USERS)
    assert set(directives(SHIPPED.text)) - set(directives(unit.text)) == set(unit.dropped)
    assert {"DynamicUser", "ProtectSystem", "CapabilityBoundingSet"} <= set(unit.dropped)
    assert "/etc/monitor" not in unit.text
    assert "WantedBy=default.target" in unit.text
    assert "Environment=MONITOR_STATE=%h/.local/state/monitor" in unit.text


def test_what_a_users_unit_keeps_keeps_its_reason() -> None:
    lines = of_a_user(SHIPPED).text.splitlines()
    without = [
        line
        for before, line in pairwise(lines)
        if re.match(r"\w+=", line)
        and not before.startswith("# ")
        and not line.startswith(("Description=", "WantedBy="))
    ]
    assert without == []
    headings = [i for i, line in enumerate(lines) if line.startswith("# ----")]
    assert all(re.match(r"# [^-]", lines[i + 1]) for i in headings)  # no section is left empty


@needs_systemd
def test_systemd_reads_every_directive_of_a_users_unit(tmp_path: Path) -> None:
    unit = of_a_user(fitted(SHIPPED, program=PurePosixPath("/bin/true")))
    (tmp_path / unit.name).write_text(unit.text)
    told = analyze("--user", "verify", "--man=no", str(tmp_path / unit.name))
    assert not [line for line in told.splitlines() if "monitor.service" in line], told


@pytest.mark.parametrize(
    ("program", "place"),
    [
        ("/opt/media-monitor/bin/monitor", ""),
        ("/usr/lib/x/bin/monitor", ""),
        ("/root/.local/share/uv/tools/media-monitor/bin/monitor", "/root"),
        ("/home/ana/.venv/bin/monitor", "/home"),
        ("/tmp/try/bin/monitor", "/tmp"),  # noqa: S108 - PrivateTmp= hides it
        ("/homestead/bin/monitor", ""),
    ],
)
def test_what_the_unit_would_hide_is_known(program: str, place: str) -> None:
    assert hidden_by(PurePosixPath(program)) == place


# ---- writing it --------------------------------------------------------------------------------------------


def test_a_unit_is_written_once_and_brought_up_to_date(tmp_path: Path) -> None:
    assert service.write(Unit("m.service", "a\n"), tmp_path / "made", force=False)
    assert not service.write(Unit("m.service", "a\n"), tmp_path / "made", force=False)
    assert service.write(Unit("m.service", "b\n"), tmp_path / "made", force=False)  # it was as we left it
    assert (tmp_path / "made" / "m.service").read_text().endswith("\nb\n")


@pytest.mark.parametrize(
    "text", ["[Unit]\n", sealed("a\n") + "# mine\n", sealed("a\n").replace("sum ", "sum 0")]
)
def test_a_unit_that_was_changed_by_hand_is_left_alone_but_by_force(tmp_path: Path, text: str) -> None:
    assert not unchanged(text)
    (tmp_path / "m.service").write_text(text)
    with pytest.raises(UsageError, match=r"m\.service: this unit is not as .* or add --force"):
        service.write(Unit("m.service", "b\n"), tmp_path, force=False)
    assert (tmp_path / "m.service").read_text() == text
    assert service.write(Unit("m.service", "b\n"), tmp_path, force=True)


def test_where_nothing_can_be_written_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MonitorError, match=r"cannot be written: .* - run it with sudo, or --user"):
        service.write(Unit("m.service", "b\n"), tmp_path / "file", force=False)
    with pytest.raises(MonitorError, match="cannot be made"):
        service.make_private(tmp_path / "file" / "credentials")


# ---- the command -------------------------------------------------------------------------------------------


def test_show_prints_the_unit_for_an_environment(prefix: Path) -> None:
    shown = command("show", "--prefix", prefix)
    assert shown.returncode == 0, shown.stderr
    units = [DAEMON.with_name("monitor-web.service"), DAEMON]
    texts = [unit.read_text().replace("/opt/media-monitor", str(prefix)) for unit in units]
    assert shown.stdout == "".join(texts)
    hides = hidden_by(prefix)  # /tmp, unless the tests' folders are elsewhere
    assert ("note: the service could not see" in shown.stderr) is bool(hides)
    assert (f"its unit hides {hides}" in shown.stderr) is bool(hides)


def test_show_for_machines(prefix: Path) -> None:
    found = json.loads(command("show", "--user", "--json", "--prefix", prefix).stdout)
    assert found["program"] == f"{prefix}/bin/monitor"
    assert found["rules"] == str(ROOT / "rules")
    units = {unit["name"]: unit for unit in found["units"]}
    assert sorted(units) == ["monitor-web.service", "monitor.service"]
    assert all("DynamicUser" in unit["dropped"] for unit in units.values())


def test_install_refuses_what_the_service_could_not_see(prefix: Path, tmp_path: Path) -> None:
    if not hidden_by(prefix):
        pytest.skip("the tests' folders are where a service sees them")
    refused = command("install", "--prefix", prefix, "--root", tmp_path / "image")
    assert refused.returncode == 2
    assert "install into /opt/media-monitor (docs/operations.md), or add --user" in refused.stderr
    assert not (tmp_path / "image").exists()


def test_install_for_a_user_writes_the_unit_and_a_private_folder_for_addresses(
    prefix: Path, tmp_path: Path
) -> None:
    done = command("install", "--user", "--prefix", prefix, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "systemctl --user enable --now monitor" in done.stdout
    assert "goes without what a user's systemd cannot do: " in done.stderr
    text = (tmp_path / ".config" / "systemd" / "user" / "monitor.service").read_text()
    assert unchanged(text)
    assert f"ExecStart={prefix}/bin/monitor run --rules %E/monitor" in text
    assert (tmp_path / ".config" / "monitor" / "credentials").stat().st_mode & 0o777 == 0o700
    again = command("install", "--user", "--prefix", prefix, "--json", home=tmp_path)
    told = json.loads(again.stdout)
    assert [unit["written"] for unit in told["units"]] == [False] * len(told["units"])
    assert told["next"][0] == "systemctl --user daemon-reload"
    assert "is up to date" in command("install", "--user", "--prefix", prefix, home=tmp_path).stdout


def test_the_folder_for_addresses_is_private_also_where_none_was_before(tmp_path: Path) -> None:
    for _ in range(2):
        service.make_private(tmp_path / "etc" / "monitor" / "credentials")
    assert (tmp_path / "etc" / "monitor" / "credentials").stat().st_mode & 0o777 == 0o700


def test_an_environment_without_the_command_is_told(tmp_path: Path) -> None:
    missing = command("show", "--prefix", tmp_path)
    assert missing.returncode == 2
    assert missing.stderr == (
        f"monitor: {tmp_path}/bin/monitor: there is no such command - name the environment with --prefix\n"
    )


@pytest.mark.parametrize("words", [("--help",), ("show", "--help"), ("install", "--help")])
def test_help_shows_an_example(words: Sequence[str]) -> None:
    shown = command(*words)
    assert shown.returncode == 0
    assert "Example" in shown.stdout


def test_what_is_shipped_is_found_in_the_checkout() -> None:
    assert (shipped("systemd") / "monitor.service").is_file()
    assert (shipped("rules") / "receivers.yaml").is_file()
