"""`monitor rules suggest`: likely spellings of a name, to paste."""

from __future__ import annotations

import click

from monitor.cli.main import echo_json
from monitor.cli.place import json_option
from monitor.errors import UsageError
from monitor.rules.spellings import as_yaml, spellings


@click.command(
    name="suggest",
    epilog="""\b
Examples:
  monitor rules suggest "Ilham Aliyev" >> rules/people.yaml     if nothing else stands under names: there
  monitor rules suggest "Никол Пашинян"                         from any of the scripts""",
)
@click.argument("name")
@json_option
def command(name: str, *, as_json: bool) -> int:
    """Print likely spellings of NAME in Latin, Cyrillic, Armenian and Georgian letters, as YAML to paste.

    They are guesses after how newsrooms write foreign names: strike out what is wrong. Endings need not be
    written: they are understood.
    """
    found = spellings(name)
    if not found:
        raise UsageError(
            f'there is no word in "{name}"', remedy='such as: monitor rules suggest "Ilham Aliyev"'
        )
    if as_json:
        echo_json({script: list(spelt) for script, spelt in found.items()})
    else:
        click.echo(as_yaml(name), nl=False)
    return 0
