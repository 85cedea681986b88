"""`monitor rules import`: rules from a list of phrases, to look over and keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from typing import TextIO


@click.command(
    name="import",
    epilog="""\b
Example:
  $ cat phrases.txt
  "peace treaty" OR "peace agreement"
  railway Zangezur -football
  intitle:ceasefire
  $ monitor rules import phrases.txt --send desk > rules/phrases.yaml
  $ monitor check""",
)
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"))
@click.option(
    "--send",
    metavar="NAME",
    multiple=True,
    required=True,
    shell_complete=spoken.receivers,
    help="The receiver of these rules; may be repeated.",
)
@rules_option
@json_option
def command(file: TextIO, send: tuple[str, ...], rules: str | None, *, as_json: bool) -> int:
    """Print rules for the phrases of FILE, one a line, as Google Alerts and its like take them.

    Understood are words, "phrases", OR, a minus before what is not wanted, brackets round alternatives, and
    intitle:. A line that says more is named on stderr and left out. Give each rule examples before you rely
    on it. FILE may be - for standard input. Ids that rules of yours have are not given again.
    """
    from monitor.migration import as_rules

    text, left_out = as_rules(file.read(), send=send, taken=spoken.rule_ids(rules))
    if not text and not as_json:
        why = left_out[0] if left_out else "it is empty"
        raise UsageError(f"no line makes a rule ({why})", where=file.name, remedy="write a phrase a line")
    if as_json:
        echo_json({"yaml": text, "left_out": left_out})
        return 0
    click.echo(
        f"# From {file.name}. What is said below is the line as it was; what it found is yours to judge."
    )
    click.echo(text, nl=False)
    for line in left_out:
        click.echo(f"left out: {line}", err=True)
    click.echo(f"{count(text.count('  - id: '), 'rule')}, {len(left_out)} left out", err=True)
    return 0
