"""`monitor rules schema`: the rule files as a JSON Schema, for editors."""

from __future__ import annotations

import json

import click

from monitor.rules.schema import MODELINES, schema


@click.command(
    name="schema",
    epilog="""\b
Examples:
  monitor rules schema > rules/schema.json        then, at the top of each file beside it:
  monitor rules schema --modelines                prints the two lines for that""",
)
@click.option("--modelines", is_flag=True, help="Print the lines by which editors find the schema.")
@click.option("--path", default="schema.json", show_default=True, help="Where the schema is, for these.")
def command(path: str, *, modelines: bool) -> int:
    """Print the JSON Schema (draft 7) of a rule file; editors complete and check with it."""
    if modelines:
        click.echo("\n".join(line.format(path=path) for line in MODELINES))
    else:
        click.echo(json.dumps(schema(), ensure_ascii=False, indent=2))
    return 0
