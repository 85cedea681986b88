"""`monitor restore FILE`: a backup in place of the database, while no daemon runs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.cli.main import echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.store.backup import restore
from monitor.store.lock import only_daemon


@click.command(
    name="restore",
    epilog="""\b
Example:
  systemctl stop monitor
  monitor restore /var/backups/monitor.db --state /var/lib/monitor
  systemctl start monitor""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--baseline",
    is_flag=True,
    help="Tell nobody of what feeds show at their next poll: repeats nothing, loses what came meanwhile.",
)
@state_option
@json_option
def command(file: Path, state: str | None, *, baseline: bool, as_json: bool) -> int:
    """Put the backup FILE in place of the database; the replaced one is kept beside it.

    The backup does not know what was told after it was made. So that nothing is lost, what came since is told
    again if its feed still shows it, and each such message says that you may already have it.
    """
    folder = state_folder(state)
    with only_daemon(folder):
        kept = _with_progress(file, folder, baseline=baseline)
    if as_json:
        echo_json({"ok": True, "replaced": str(kept) if kept else None, "baseline": baseline})
        return 0
    click.echo(f"{folder}: restored from {file}")
    if kept:
        click.echo(f"what stood there is kept: {kept}")
    if baseline:
        click.echo("what feeds show at their next poll is taken as known, and told to nobody")
    else:
        click.echo("what came after the backup is told again, marked so, if its feed still shows it")
    return 0


def _with_progress(file: Path, folder: Path, *, baseline: bool) -> Path | None:
    now = datetime.now(UTC)
    if not sys.stderr.isatty():
        return restore(file, folder, now=now, baseline=baseline)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("checking", total=None)

        def moved(done: int, of: int) -> None:
            description = "copying" if done < of else "putting it in place"
            progress.update(task, completed=done, total=of, description=description)

        return restore(file, folder, now=now, baseline=baseline, progress=moved)
