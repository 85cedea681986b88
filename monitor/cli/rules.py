"""`monitor rules`: the verbs of those who write rules; each verb's module is imported when it is used."""

from __future__ import annotations

import click

from monitor.cli.main import Verbs


class _Verbs(Verbs):
    verbs = ("check", "try", "backtest", "suggest", "schema")
    modules = "monitor.cli.rules_"


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
