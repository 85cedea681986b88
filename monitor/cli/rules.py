"""`monitor rules`: the verbs of those who write rules."""

from __future__ import annotations

import click

from monitor.cli.verbs import Verbs

_VERBS = {
    "check": "Find mistakes in the rules, and what looks like one.",
    "try": "Say why an article fires a rule, or does not.",
    "backtest": "Run the rules over what is stored: what they would have caught.",
    "suggest": "Print likely spellings of a name, to paste.",
    "import": "Make rules of a list of phrases, as alert services keep it.",
    "schema": "Print the rule files as a JSON Schema, for editors.",
}


@click.command(
    name="rules",
    cls=Verbs,
    verbs=_VERBS,
    prefix="monitor.cli.rules_",
    epilog="""\b
Examples:
  monitor rules check                          mistakes, and what looks odd
  monitor rules try saved-article.txt          why an article fires a rule, or does not
  monitor rules backtest --days 30             what the rules would have caught
  monitor rules suggest "Ilham Aliyev"         spellings to paste under names:
  monitor rules import phrases.txt --send desk > rules/phrases.yaml
  monitor rules schema > rules/schema.json     for the editor""",
)
def command() -> None:
    """Write watch rules and see what they do, before anybody is told anything."""
