"""The options that every verb shares: where the rules are, and where the state is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor import config

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """The folder of rules that this call means, as short as it can be said; see config.find_rules."""
    folder, cwd = config.find_rules(option, env=os.environ, cwd=Path.cwd()), Path.cwd()
    return folder.relative_to(cwd) if folder.is_relative_to(cwd) and cwd != cwd.parent else folder


def state_folder(option: str | None) -> Path:
    """The state folder that this call means; see config.find_state."""
    return config.find_state(option, env=os.environ, cwd=Path.cwd())
