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
    " $XDG_STATE_HOME/monitor.",
)
json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for machines."
)


def rules_folder(option: str | None) -> Path:
    """The folder of rules that this call means; see config.find_rules."""
    return config.find_rules(option, env=os.environ, cwd=Path.cwd())


def state_folder(option: str | None) -> Path:
    """The state folder that this call means; see config.find_state."""
    return config.find_state(option, env=os.environ, cwd=Path.cwd())
