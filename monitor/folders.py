"""Where the rules and the database are, where nobody says so: looked for in the places that are usual."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVED = Path("/var/lib/monitor")  # StateDirectory=monitor of the unit


def find_rules(option: str | None, *, env: Mapping[str, str], cwd: Path) -> Path:
    """The folder of rules: --rules, $MONITOR_RULES, ./rules, $XDG_CONFIG_HOME/monitor, /etc/monitor.

    The first that was named, else the first that is there. Raises UsageError where none is.
    """
    named = option or env.get("MONITOR_RULES")
    if named:
        if not Path(named).is_dir():
            raise UsageError("there is no such folder of rules", where=named, remedy="name one with --rules")
        return Path(named)
    home = Path(env.get("HOME", "/"))
    places = (
        cwd / "rules",
        Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "monitor",
        Path("/etc/monitor"),
    )
    for place in places:
        if any(place.glob("*.yaml")):
            return place
    looked = ", ".join(map(str, places))
    raise UsageError(f"no rules found (looked in {looked})", remedy="name their folder with --rules DIR")


def find_state(option: str | None, *, env: Mapping[str, str], cwd: Path, served: Path = SERVED) -> Path:
    """The folder of the database, made if need be.

    --state, $MONITOR_STATE, $STATE_DIRECTORY (systemd), ./state if it is there, the service's for those who
    may write there (root), else $XDG_STATE_HOME/monitor. Raises UsageError where it cannot be made.
    """
    named = option or env.get("MONITOR_STATE") or env.get("STATE_DIRECTORY", "").partition(":")[0]
    home = Path(env.get("HOME", "/"))
    if named:
        place = Path(named)
    elif (cwd / "state").is_dir():
        place = cwd / "state"
    elif os.access(served / "monitor.db", os.W_OK):
        place = served
    else:
        place = Path(env.get("XDG_STATE_HOME") or home / ".local" / "state") / "monitor"
    if place.is_file():
        raise UsageError(
            "the state folder is a file", where=str(place), remedy="name a folder with --state DIR"
        )
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the state folder cannot be made: {error.strerror}",
            where=str(place),
            remedy="name one with --state DIR",
        ) from error
    return place
