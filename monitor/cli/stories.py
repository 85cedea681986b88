"""`monitor stories`: read stories, correct what was judged wrongly, judge any stream of entries."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from monitor.cli import stories_read
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.errors import UsageError
from monitor.store.store import DATABASE, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STEP = 200  # entries between two moves of the progress line

TRY_EPILOG = """\b
Example:
  $ cat two.jsonl
  {"id": "a", "published": "2026-03-02T09:00Z", "outlet": "Halden Wire", "title": "Ferry sinks off Poti"}
  {"id": "b", "published": "2026-03-02T09:20Z", "outlet": "Kura Post", "title": "RPT-Ferry sinks off Poti"}
  $ monitor stories try --jsonl two.jsonl
  {"id": "a", "story": "a", "lead": "a", "verdict": "new", "of": null, "score": 0.0, "evidence": "…"}
  {"id": "b", "story": "a", "lead": "a", "verdict": "copy", "of": "a", "score": 100.0, "evidence": "…"}"""


@click.group(
    name="stories",
    epilog="""\b
Examples:
  monitor stories list --days 1                             what came in, the latest first
  monitor stories show 3f2a9c0d51e7b684                     its copies side by side, with what differs
  monitor stories search "ferry Poti"
  monitor stories try --jsonl entries.jsonl                 copies in data of your own""",
)
def command() -> None:
    """List, show and search stories; correct what was judged wrongly; judge any stream of entries."""


for verb in stories_read.VERBS:
    command.add_command(verb)


# ---- try ---------------------------------------------------------------------------------------------------


@command.command(name="try", epilog=TRY_EPILOG)
@click.option(
    "--jsonl", "source", metavar="FILE", required=True, help="Entries, one JSON object a line; - reads stdin."
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    default=72.0,
    show_default=True,
    metavar="HOURS",
    help="How far back a copy may join.",
)
def try_(source: str, window: float) -> int:
    """Say of each entry whether it is a copy, a development or new.

    Each line holds id, published (ISO 8601 or seconds since 1970) and title; outlet, summary, body, link and
    lang where there are any. Other fields are passed over. Entries are judged in the order in which they
    come, and a line of JSON comes back for each: its story and lead (the first entry of what it repeats), the
    verdict, the entry that decided (of), a score of 0 to 100 and the evidence.

    A line that is no entry is told on stderr with its number; the rest is judged, and the exit status is 1.
    """
    length = timedelta(hours=window)
    if source == "-":
        return 1 if _judge_all(sys.stdin, length) else 0
    try:
        with Path(source).open(encoding="utf-8", errors="replace") as lines:
            return 1 if _judge_all(lines, length) else 0
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", where=source, remedy="name a file of entries, or - for stdin"
        ) from error


def _judge_all(lines: TextIO, window: timedelta) -> int:
    """Print a verdict for each line; how many lines were no entries."""
    from monitor.stories.trial import FIELDS, Trial

    trial, faults = Trial(window), 0
    passed_over: set[str] = set()
    for number, line in _with_progress(lines):
        if not line.strip():
            continue
        try:
            told, unknown = trial.judge(line)
        except ValueError as error:
            faults += 1
            click.echo(f"line {number}: {error}", err=True)
            continue
        for name in sorted(unknown - passed_over):
            click.echo(
                f"line {number}: note: {name!r} is not read; entries have {', '.join(FIELDS)}", err=True
            )
        passed_over |= unknown
        click.echo(json.dumps(told, ensure_ascii=False))
    if faults:
        click.echo(f"monitor: {count(faults, 'line')} could not be judged", err=True)
    return faults


def _with_progress(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; a count on stderr where that is a terminal and stdout is none."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from enumerate(lines, start=1)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} entries judged"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        for number, line in enumerate(lines, start=1):
            yield number, line
            if number % _STEP == 0:
                progress.update(task, completed=number)


# ---- split and merge ---------------------------------------------------------------------------------------


@command.command(
    epilog="\b\nExample:\n  monitor stories split 3f2a9c0d51e7b684",
)
@click.argument("entry")
@state_option
@json_option
def split(entry: str, state: str | None, *, as_json: bool) -> int:
    """Make ENTRY, and what came in as its copy, a story of its own.

    For an entry that was wrongly taken for a copy or a development. It holds over restarts, later copies join
    the new story, and nobody is told by it; what comes later is. ENTRY is the number in an alert's log line
    (16 hexadecimal digits) or in decimal.
    """
    with _store(state) as store, store.transaction():
        moved = store.split(_key(entry), now=datetime.now(UTC))
    return _said(
        moved, f"{count(moved, 'entry')} in a story of its own".replace("entrys", "entries"), as_json=as_json
    )


@command.command(epilog="\b\nExample:\n  monitor stories merge 3f2a9c0d51e7b684 11d0c7a98e42b35f")
@click.argument("story")
@click.argument("other")
@state_option
@json_option
def merge(story: str, other: str, state: str | None, *, as_json: bool) -> int:
    """Make what OTHER holds copies of STORY.

    For one piece of news that was taken for two. It holds over restarts; rules that told of the one tell of
    neither again. STORY and OTHER are numbers of stories, as split takes them.
    """
    with _store(state) as store, store.transaction():
        moved = store.merge(_key(story), _key(other), now=datetime.now(UTC))
    return _said(
        moved, f"{count(moved, 'entry')} joined the story".replace("entrys", "entries"), as_json=as_json
    )


def _said(moved: int, sentence: str, *, as_json: bool) -> int:
    if as_json:
        echo_json({"ok": True, "entries": moved})
    else:
        click.echo(sentence)
    return 0


def _store(state: str | None) -> Store:
    folder = state_folder(state)
    if not (folder / DATABASE).exists():
        raise UsageError(
            "no monitor has run here yet", where=str(folder), remedy="name its folder with --state"
        )
    return Store(folder)


def _key(written: str) -> int:
    """The number as logs write it, in 16 hexadecimal digits, or in decimal."""
    try:
        return int(written, 16 if len(written) == 16 else 10)  # noqa: PLR2004 - as pipeline logs stories
    except ValueError as error:
        raise UsageError(
            "is no number of an entry", where=written, remedy="take it from the log or `why`"
        ) from error
