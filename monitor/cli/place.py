"""The options that every verb shares: where the rules are, and where the state is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor import folders
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.store.store import Store

LARGEST = (1 << 63) - 1  # that the database can hold

rules_option: Callable[[Any], Any] = click.option(
    "--rules",
    metavar="DIR",
    help="Folder of YAML files. Default: $MONITOR_RULES, ./rules, $XDG_CONFIG_HOME/monitor, /etc/monitor.",
)
state_option: Callable[[Any], Any] = click.option(
    "--state",
    metavar="DIR",
    help="Folder of the database. Default: $MONITOR_STATE, $STATE_DIRECTORY, ./state,"
    " /var/lib/monitor (the service's, for root), $XDG_STATE_HOME/monitor.",
)
json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for machines."
)


def rules_folder(option: str | None) -> Path:
    """The folder of rules that this call means, as short as it can be said; see folders.find_rules."""
    folder, cwd = folders.find_rules(option, env=os.environ, cwd=Path.cwd()), Path.cwd()
    return folder.relative_to(cwd) if folder.is_relative_to(cwd) and cwd != cwd.parent else folder


def state_folder(option: str | None) -> Path:
    """The state folder that this call means; see folders.find_state."""
    return folders.find_state(option, env=os.environ, cwd=Path.cwd())


def opened(option: str | None) -> Store:
    """The database of the state that this call means; raises UsageError where no monitor has made one."""
    from monitor.store.store import DATABASE, Store

    folder = state_folder(option)
    if not (folder / DATABASE).exists():
        raise UsageError(
            "no monitor has run here yet", where=str(folder), remedy="name its folder with --state"
        )
    return Store(folder)


def number(written: str) -> int:
    """A story or an alert as messages and logs write it, in 16 hexadecimal digits, or in decimal."""
    try:
        found = int(written, 16 if len(written) == 16 else 10)  # noqa: PLR2004 - as messages write it
    except ValueError:
        found = -1
    if not 0 <= found <= LARGEST:
        raise UsageError(
            "is no number of a story", where=written, remedy="take it from the message or the log"
        )
    return found


def person() -> str:
    """Who calls, as the machine knows them; "" where it does not say."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or os.environ.get("LOGNAME") or ""
