"""`monitor web`: the desk's page, a process of its own beside the daemon."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from monitor import config
from monitor.admission import Admission
from monitor.cli.place import rules_folder, rules_option, state_folder, state_option
from monitor.errors import UsageError
from monitor.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    name="web",
    epilog="""\b
Examples:
  monitor web                      http://127.0.0.1:8650, for this machine
  monitor web --port 9000
  ssh -L 8650:127.0.0.1:8650 desk.example.org     from elsewhere, without opening anything

\b
To open it further, add settings: web: with a token or a user-header: docs/web.md.""",
)
@rules_option
@state_option
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Another port than the settings'.")
def command(rules: str | None, state: str | None, port: int | None) -> int:
    """Serve the desk's page: stories by rule, search, rules, feeds, receivers, and why.

    It reads the database beside the daemon, and writes to it only what people do on it (split, merge). Who
    may see it stands under settings: web: in the files; without that, whoever is on this machine.
    """
    admission = _admission(rules)
    place = state_folder(state)
    with Store(place):
        pass  # a database of this version, or an error in one line
    _serve(place, admission, port or admission.port)
    return 0


def _admission(rules: str | None) -> Admission:
    """The settings of the files; those of nobody where there are no files and none were named."""
    try:
        folder = rules_folder(rules)
    except UsageError:
        if rules is not None:
            raise
        return Admission()
    return config.load_admission(folder, env=os.environ)


def _serve(place: Path, admission: Admission, port: int) -> None:
    from monitor.web.serve import serve

    host = f"[{admission.bind}]" if ":" in admission.bind else admission.bind
    click.echo(f"http://{host}:{port}/", err=True)
    serve(place, admission, port=port)
