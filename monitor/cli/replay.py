"""`monitor replay`: what would have been told of a history of captured feeds."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option

if TYPE_CHECKING:
    from monitor.replay import Capture, Outcome, Telling
    from monitor.rules.rulebook import Rulebook


@click.command(
    name="replay",
    epilog="""\b
Examples:
  monitor replay captures                     captures/OUTLET/20200427T090819Z.xml.gz, all of it told
  monitor replay captures --told              and the list of what would have been told
  monitor replay captures --rules rules       as the rules of that folder would have had it""",
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rules", metavar="DIR", help="Folder of YAML files. Default: one rule that fires on all.")
@click.option("--told", is_flag=True, help="List what would have been told.")
@json_option
def command(folder: Path, rules: str | None, *, told: bool, as_json: bool) -> int:
    """Run a history of captured feeds through the real line, under its own clock; nothing is sent.

    Each sub-folder of FOLDER is a feed, each file a capture, named by its time (UTC). Prints what came of
    it, and every message that tells again what had been told; exits 1 if one has the guid or link of another.
    A title told before may be a repeat or tomorrow's column of that name: those are listed to be read.
    """
    from monitor import replay

    logging.getLogger("monitor").setLevel(logging.CRITICAL)
    history = replay.captures(folder)
    book = _rulebook(rules) if rules else replay.everything()
    with tempfile.TemporaryDirectory(prefix="monitor-replay-") as state:
        outcome = _replayed(history, Path(state), book)
    repeats = outcome.repeats()
    if as_json:
        echo_json(_as_json(outcome))
    else:
        click.echo(_summary(outcome))
        for telling in outcome.told if told else ():
            click.echo(_line(telling))
        for repeat in [*repeats, *outcome.namesakes()]:
            said = "its title was told before" if repeat.by == "title" else f"told again (same {repeat.by})"
            click.echo(f"{said}:\n  {_line(repeat.first)}\n  {_line(repeat.again)}")
    return 1 if repeats else 0


def _rulebook(rules: str) -> Rulebook:
    from monitor import config
    from monitor.cli.place import rules_folder

    return config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False).rulebook


def _replayed(history: list[Capture], state: Path, book: Rulebook) -> Outcome:
    from rich.console import Console
    from rich.progress import Progress

    from monitor import replay

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("replaying", total=len(history))
        return replay.replay(history, state, book=book, advanced=lambda _: progress.advance(bar))


def _summary(outcome: Outcome) -> str:
    counts = outcome.counts
    entries = counts.entries - counts.edited
    failures = "".join(
        f"\n  {count(times, 'time')}: {what}" for what, times in outcome.failures.most_common()
    )
    developments = sum("new" not in telling.kinds for telling in outcome.told)
    return (
        f"{count(outcome.captures, 'capture')} over {outcome.lasted.days} days: {counts.fresh} fresh,"
        f" {counts.unchanged} unchanged, {counts.failed} failed{failures}\n"
        f"{count(outcome.familiar, 'item')} known and not parsed again; {entries:,} entries"
        f" ({counts.baseline:,} baseline), {counts.edited:,} edits\n"
        f"{counts.stories:,} stories, {counts.copies:,} copies; {count(len(outcome.told), 'message')}"
        f" ({developments} of a development); told again: {len(outcome.repeats())};"
        f" under a title told before: {len(outcome.namesakes())}"
    )


def _line(telling: Telling) -> str:
    kinds = "+".join(telling.kinds)
    return f"{telling.when:%Y-%m-%d %H:%M}  {telling.feed}  {kinds}  {telling.title}  {telling.link}"


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "captures": outcome.captures,
        "days": outcome.lasted.days,
        "familiar": outcome.familiar,
        **asdict(outcome.counts),
        "failures": dict(outcome.failures),
        "told": [_telling(telling) for telling in outcome.told],
        "told_again": [
            {"by": repeat.by, "first": _telling(repeat.first), "again": _telling(repeat.again)}
            for repeat in [*outcome.repeats(), *outcome.namesakes()]
        ],
    }


def _telling(telling: Telling) -> dict[str, object]:
    return {**asdict(telling), "when": telling.when.isoformat(), "story": f"{telling.story:016x}"}
