"""The units of the service, fitted to the place where the program is installed: text in, text out.

The unit that is shipped, systemd/monitor.service, is the one text; a unit for a user is that one, less what
only root's systemd can do. Nothing here touches the world but `write` and `make_private`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from monitor.errors import MonitorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePath

PROGRAM = "/opt/media-monitor/bin/monitor"  # as the shipped unit has it

# ProtectHome= and PrivateTmp= of the unit hide these: what is installed there cannot be started from it.
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - named, not written to

# What a user's own systemd 252 cannot do, and why (systemd.exec(5)).
NOT_FOR_USERS = {
    "DynamicUser": "it runs as the user",
    "StateDirectory": "systemd 252 would put it among the configuration",
    "StateDirectoryMode": "the same",
    "MemoryMax": "controllers are not always delegated to users",
    "TasksMax": "the same",
    **dict.fromkeys(
        [
            *(
                "ProtectSystem",
                "ProtectHome",
                "PrivateTmp",
                "PrivateDevices",
                "PrivateMounts",
                "PrivateUsers",
            ),
            *(
                "ProtectProc",
                "ProcSubset",
                "ProtectHostname",
                "ProtectKernelTunables",
                "ProtectControlGroups",
            ),
        ],
        "mounts are root's",
    ),
    **dict.fromkeys(
        [
            *("DevicePolicy", "ProtectClock", "ProtectKernelModules", "ProtectKernelLogs", "KeyringMode"),
            *("CapabilityBoundingSet", "AmbientCapabilities"),
        ],
        "privileges are root's",
    ),
    "RemoveIPC": "only with DynamicUser",
    "Wants": "network-online.target is the system's",
    "After": "the same",
}

_DIRECTIVE = re.compile(r"([A-Z]\w*)=(.*)")
_HEADER = "# Written by `monitor service install`; checksum "
_ADVICE = "\n# Make changes with `systemctl edit`: a changed copy of this file is never overwritten.\n"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the service: its file's name and text, and what it had to leave out."""

    name: str
    text: str
    dropped: tuple[str, ...] = ()


def fitted(unit: Unit, *, program: PurePath) -> Unit:
    """The unit for a program that is installed there."""
    return replace(unit, text=unit.text.replace(PROGRAM, _word(program)))


def of_a_user(unit: Unit) -> Unit:
    """The unit for a user's own systemd: desk, credentials and state in the home, without what is root's."""
    blocks = list(_blocks(unit.text))
    dropped = tuple(dict.fromkeys(name for name, _ in blocks if name in NOT_FOR_USERS))
    text = "".join(block for name, block in blocks if name not in NOT_FOR_USERS)
    # A comment that introduced a section of which nothing is left goes with it.
    text = re.sub(r"# ---- [^\n]* ----\n(?=\n*(?:# ----|\[))", "", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = text.replace("/etc/monitor", "%E/monitor").replace("=multi-user.target", "=default.target")
    state = "# The database.\nEnvironment=MONITOR_STATE=%h/.local/state/monitor\n"
    return Unit(unit.name, text.replace("[Service]\n", f"[Service]\n{state}"), dropped)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each directive's name with its lines, its own comment before it included; "" for what stands apart."""
    before = ""
    for line in text.splitlines(keepends=True):
        found = _DIRECTIVE.match(line)
        if found:
            yield found[1], before + line
            before = ""
        elif line.startswith("# ") and not line.startswith("# ---- "):
            before += line
        else:
            yield "", before + line
            before = ""
    yield "", before


def _word(path: PurePath) -> str:
    """The path as ExecStart= reads it: a percent sign doubled, quoted where it has a space."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text


def hidden_by(program: PurePath) -> str:
    """The folder that the system's unit would hide the program with, or ""."""
    return next((place for place in HIDDEN if program.is_relative_to(place)), "")


# ---- writing a unit --------------------------------------------------------------------------------------


def sealed(text: str) -> str:
    """The text under a line that tells whether it was changed since."""
    return f"{_HEADER}{_checksum(text)}.{_ADVICE}{text}"


def unchanged(text: str) -> bool:
    """Whether this is a file of ours as we left it."""
    head, advice, rest = text.partition(_ADVICE)
    return bool(advice) and head == f"{_HEADER}{_checksum(rest)}."


def _checksum(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def write(unit: Unit, folder: Path, *, force: bool) -> bool:
    """Whether the unit was written: not where it stands there already.

    Raises UsageError where a file stands there that somebody else has written or changed, unless `force`d.
    """
    path, text = folder / unit.name, sealed(unit.text)
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        if before == text:
            return False
        if before and not force and not unchanged(before):
            raise UsageError(
                "this unit is not as `monitor service install` leaves it, and was left alone",
                where=str(path),
                remedy="move your changes to `systemctl edit monitor`, or add --force",
            )
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise MonitorError(
            f"the unit cannot be written: {error.strerror}",
            where=str(path),
            remedy="run it with sudo, or --user",
        ) from error
    return True


def make_private(folder: Path) -> None:
    """A folder of secrets, for its owner alone: a unit whose LoadCredential= is missing would not start."""
    try:
        folder.mkdir(mode=0o700, parents=False, exist_ok=True)
    except FileNotFoundError:
        folder.parent.mkdir(parents=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise MonitorError(f"cannot be made: {error.strerror}", where=str(folder)) from error
