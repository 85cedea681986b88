"""`monitor backup FILE`: a copy of the database, made while the daemon works."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from monitor.cli.main import echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.errors import UsageError
from monitor.store.backup import back_up
from monitor.store.store import DATABASE


@click.command(
    name="backup",
    epilog="""\b
Examples:
  monitor backup /var/backups/monitor.db --force
  monitor restore /var/backups/monitor.db""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@state_option
@json_option
def command(file: Path, state: str | None, *, force: bool, as_json: bool) -> int:
    """Copy the database to FILE, as it is at one moment, while the daemon goes on working.

    FILE appears whole and checked, readable by you alone, or not at all. It holds what was read and told,
    and the rules in force; not the secrets of receivers, and not your YAML files: back those up beside it.
    """
    folder = state_folder(state)
    if not (folder / DATABASE).exists():
        raise UsageError(
            "no monitor has run here yet", where=str(folder), remedy="name its folder with --state"
        )
    size = _with_progress(folder, file, force=force)
    if as_json:
        echo_json({"ok": True, "file": str(file), "bytes": size})
    else:
        click.echo(f"{file}: {size / 1e6:,.1f} MB, checked")
    return 0


def _with_progress(folder: Path, file: Path, *, force: bool) -> int:
    if not sys.stderr.isatty():
        return back_up(folder, file, force=force)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("copying", total=None)

        def moved(done: int, of: int) -> None:
            description = "copying" if done < of else "checking"
            progress.update(task, completed=done, total=of, description=description)

        return back_up(folder, file, force=force, progress=moved)
