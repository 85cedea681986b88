"""`monitor rules check`: mistakes, and what looks like one."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from monitor import config
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.errors import ConfigError, Fault, UsageError
from monitor.rules.examples import later_examples
from monitor.rules.lint import Met, near_misses, remarks, remarks_from_history
from monitor.text import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from monitor.config import Desk
    from monitor.rules.backtest import Past


@click.command(
    name="check",
    epilog="""\b
Examples:
  monitor rules check                        mistakes and remarks
  monitor rules check --strict               remarks are mistakes too
  monitor rules check --history              and what 90 days of news say about the rules""",
)
@rules_option
@state_option
@click.option("--strict", is_flag=True, help="Exit 1 on remarks too.")
@click.option("--history", is_flag=True, help="Look at what is stored, too: words that caught nothing.")
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="How far back.")
@json_option
def command(
    rules: str | None, state: str | None, days: int, *, strict: bool, history: bool, as_json: bool
) -> int:
    """Read the rules, run their examples, and say what looks odd and what the examples for later do.

    Prints each mistake as file:line:column with its remedy, then the remarks. Exits 1 on mistakes.
    """
    try:
        desk = config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False)
    except ConfigError as error:
        if as_json:
            echo_json(
                {"ok": False, "faults": [asdict(fault) for fault in error.faults], "remarks": [], "later": []}
            )
        else:
            click.echo("\n".join(map(str, error.faults)), err=True)
            click.echo(f"monitor: {count(len(error.faults), 'mistake')}", err=True)
        return 1
    found = remarks(desk.rulebook)
    if history:
        found += _from_history(desk, state_folder(state), days)
    failed = strict and bool(found)
    if as_json:
        later = [asdict(example) for example in later_examples(desk.rulebook)]
        said = [asdict(remark) for remark in found]
        echo_json({"ok": not failed, "faults": [], "remarks": said, "later": later})
    else:
        _show(desk, found)
    return int(failed)


def _show(desk: Desk, found: Iterable[Fault]) -> None:
    remarks = list(found)
    for remark in remarks:
        click.echo(f"remark: {remark}")
    for example in later_examples(desk.rulebook):
        click.echo(f"later: {example}")
    examples = sum(len(rule.examples) for rule in desk.rulebook.rules)
    click.echo(
        f"{count(len(desk.rulebook.rules), 'rule')}, {count(examples, 'example')}: no mistakes,"
        f" {count(len(remarks), 'remark')}"
    )


def _from_history(desk: Desk, place: Path, days: int) -> list[Fault]:
    from monitor.cli.rules_backtest import past, progress
    from monitor.rules.backtest import backtest
    from monitor.store.store import DATABASE, Store

    if not (place / DATABASE).exists():
        raise UsageError(
            "nothing is stored here yet", where=str(place), remedy="start a monitor: monitor run --once"
        )
    since = datetime.now(UTC) - timedelta(days=days)
    printed: Counter[str] = Counter()
    met = Met(desk.rulebook)
    with Store(place) as store, progress("reading", store.count_history(since=since)) as step:
        caught = backtest(desk.rulebook, _counted(past(store, desk, since=since, step=step), printed, met))
    return [
        *remarks_from_history(desk.rulebook, caught, met=met, days=days),
        *near_misses(desk.rulebook, printed),
    ]


def _counted(past: Iterable[Past], printed: Counter[str], met: Met) -> Iterator[Past]:
    """The same, with the words of each entry added to `printed` and its spellings to `met` on the way."""
    for one in past:
        met.read(one.entry)
        for text in (one.entry.title, one.entry.summary, one.entry.body):
            printed.update(found.group() for found in words(text))
        yield one
