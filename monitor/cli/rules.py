"""`monitor rules`: the verbs of those who write rules; each verb's module is imported when it is used."""

from __future__ import annotations

import importlib

import click

_VERBS = ("check", "try", "backtest", "suggest", "schema")


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"monitor.cli.rules_{cmd_name}").command
        return command


@click.command(
    name="rules",
    cls=_Verbs,
    epilog="""\b
Examples:
  monitor rules check                          mistakes, and what looks odd
  monitor rules try saved-article.txt          why an article fires a rule, or does not
  monitor rules backtest --days 30             what the rules would have caught
  monitor rules suggest "Ilham Aliyev"         spellings to paste under names:
  monitor rules schema > rules/schema.json     for the editor""",
)
def command() -> None:
    """Write watch rules and see what they do, before anybody is told anything."""
