"""`monitor service`: the systemd units for the place where this program is installed."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import click

from monitor import service
from monitor.cli.main import echo_json
from monitor.cli.place import json_option
from monitor.errors import UsageError
from monitor.service import Unit
from monitor.shipped import shipped


@click.group(
    name="service",
    epilog="""\b
Examples:
  monitor service show                       the unit, for reading
  sudo /opt/media-monitor/bin/monitor service install
  monitor service install --user             for yourself, without root""",
)
def command() -> None:
    """Print or install the systemd units for the place where monitor is installed."""


_user = click.option("--user", is_flag=True, help="For a user's own systemd, without root.")
_prefix = click.option(
    "--prefix",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The environment that monitor is installed in. Default: the one that runs now.",
)


@command.command(name="show", epilog="\b\nExample:\n  monitor service show --prefix /opt/media-monitor")
@_user
@_prefix
@json_option
def show(prefix: Path | None, *, user: bool, as_json: bool) -> int:
    """Print the units as `install` would write them; what a user's unit cannot have is told on stderr."""
    program = _program(prefix)
    units = _units(program, user=user)
    if as_json:
        echo_json(
            {
                "program": str(program),
                "user": user,
                "rules": str(shipped("rules")),
                "hidden_by": "" if user else _hidden_by(program),
                "units": [{"name": unit.name, "dropped": unit.dropped, "text": unit.text} for unit in units],
            }
        )
        return 0
    for unit in units:
        click.echo(unit.text, nl=False)
        _say_dropped(unit)
    if not user and (place := _hidden_by(program)):
        click.echo(f"note: {_cannot_see(program, place)}", err=True)
    return 0


@command.command(
    name="install",
    epilog="""\b
Examples:
  sudo /opt/media-monitor/bin/monitor service install
  sudo systemctl daemon-reload && sudo systemctl enable --now monitor
  monitor service install --user""",
)
@_user
@_prefix
@click.option(
    "--root",
    metavar="DIR",
    default="/",
    type=click.Path(path_type=Path),
    help="Write under this root instead of /, for an image or a package.",
)
@click.option("--force", is_flag=True, help="Overwrite a unit that was changed by hand.")
@json_option
def install(prefix: Path | None, root: Path, *, user: bool, force: bool, as_json: bool) -> int:
    """Write the units where systemd finds them, and the folder of credentials that they load.

    A unit that was changed by hand is left alone. Nothing is started: the commands for that are printed.
    """
    program = _program(prefix)
    if not user and (place := _hidden_by(program)):
        raise UsageError(
            _cannot_see(program, place),
            remedy="install into /opt/media-monitor (docs/operations.md), or add --user",
        )
    config = _config_home() if user else root / "etc"
    folder = config / "systemd" / ("user" if user else "system")
    written: dict[str, bool] = {}
    for unit in _units(program, user=user):
        written[str(folder / unit.name)] = service.write(unit, folder, force=force)
        _say_dropped(unit)
    service.make_private(config / "monitor" / "credentials")
    systemctl = "systemctl --user" if user else "systemctl"
    then = [f"{systemctl} daemon-reload", f"{systemctl} enable --now monitor"]
    if as_json:
        units = [{"file": file, "written": new} for file, new in written.items()]
        echo_json({"ok": True, "units": units, "desk": str(config / "monitor"), "next": then})
        return 0
    for file, new in written.items():
        click.echo(f"{file}: {'written' if new else 'is up to date'}")
    click.echo(f"next: a desk in {config / 'monitor'} ({shipped('rules')} is one to start from), then")
    click.echo("\n".join(f"  {command}" for command in then))
    return 0


def _program(prefix: Path | None) -> Path:
    """The command of the installation; raises UsageError where there is none."""
    program = (prefix.absolute() / "bin" if prefix else Path(sysconfig.get_path("scripts"))) / "monitor"
    if not program.exists():
        raise UsageError(
            "there is no such command", where=str(program), remedy="name the environment with --prefix"
        )
    return program


def _units(program: Path, *, user: bool) -> list[Unit]:
    files = sorted(shipped("systemd").glob("*.service"))
    units = [service.fitted(Unit(file.name, file.read_text("utf-8")), program=program) for file in files]
    return [service.of_a_user(unit) for unit in units] if user else units


def _hidden_by(program: Path) -> str:
    """What hides the program or its interpreter from the system's unit, or ""."""
    python = program.parent / "python3"
    return service.hidden_by(program) or (service.hidden_by(python.resolve()) if python.exists() else "")


def _cannot_see(program: Path, place: str) -> str:
    return f"the service could not see {program}: its unit hides {place}"


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _say_dropped(unit: Unit) -> None:
    if unit.dropped:
        click.echo(
            f"note: {unit.name} goes without what a user's systemd cannot do: {', '.join(unit.dropped)}",
            err=True,
        )
