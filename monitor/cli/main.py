"""The `monitor` command: its verbs, and how errors end it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from monitor import __version__
from monitor.cli.verbs import Verbs
from monitor.errors import ConfigError, MonitorError

# Verb, which is also its module's name: what it does, said here so that --help imports no module.
_VERBS = {
    "init": "Write a desk to begin with: feeds, a rule, a receiver.",
    "run": "Poll the feeds, judge what is new, tell the receivers: the daemon, or --once.",
    "check": "Check rules, feeds and receivers; run the rules' examples.",
    "feeds": "Add, list, check, import and export feeds.",
    "receivers": "List receivers; send one a test message and say what became of it.",
    "rules": "Try rules on an article, run them over what is stored, suggest spellings.",
    "status": "Show what is stored, what waits to be sent, and which feeds fail.",
    "why": "Show why an entry was told, or was not: its way from the poll to each delivery.",
    "stories": "List, show, search, split and merge stories; try their judgement on any data.",
    "tail": "Follow the alerts as they are decided.",
    "stats": "Plot the alerts by rule, outlet and day.",
    "web": "Serve the desk's page, on this machine unless told otherwise.",
    "silence": "Mute a story, rule, name or outlet for a while; list and end what is muted.",
    "ack": "Say that somebody has seen to a critical alert: it goes to no second receiver.",
    "deliveries": "List what was sent, waits, is held or muted; send again, or drop.",
    "doctor": "Look the installation over; each finding has its remedy.",
    "backup": "Copy the database to a file while the daemon works.",
    "restore": "Put a backup in place of the database.",
    "replay": "Run a history of captured feeds through the line, and see what it would tell.",
    "service": "Print or install the systemd units for this installation.",
    "completion": "Print what bash, zsh or fish needs to complete this command.",
    "demo": "See it work, without any setup, in about 15 seconds.",
}

EPILOG = """\b
Examples:
  monitor demo                       see it work, in about 15 seconds, without any setup
  monitor init desk                  a desk to begin with, in the folder desk
  monitor check                      look for mistakes in ./rules (or /etc/monitor)
  monitor rules try article.txt      why an article fires a rule, or does not
  monitor run --once                 one pass: poll, decide, send
  monitor run                        the daemon; systemd starts it so
  monitor stories try --jsonl FILE   see which entries of a file are copies

\b
Exit status: 0 done, 1 failed, 2 wrong usage, 11 another monitor is running,
69 the database cannot be used, 75 it is busy: try again, 78 mistakes in the rules, feeds or receivers."""


@click.command(
    cls=Verbs,
    verbs=_VERBS,
    prefix="monitor.cli.",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="media-monitor")
def monitor() -> None:
    """Watch news feeds; tell people once per story, with the reason, by email or chat."""


def main(args: list[str] | None = None) -> None:
    """Run the command; never returns. An error ends it in one line with the remedy, and its exit status."""
    try:
        status = monitor.main(args, prog_name="monitor", standalone_mode=False)
    except click.ClickException as error:
        _say_misuse(error, args if args is not None else sys.argv[1:])
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("monitor: interrupted", err=True)
        sys.exit(130)
    except MonitorError as error:
        _say(error, args if args is not None else sys.argv[1:])
        sys.exit(error.exit_status)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _say_misuse(error: click.ClickException, args: list[str]) -> None:
    """One line for what click refuses; a command that is called without its verb shows its help."""
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return
    asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "monitor"
    what, remedy = " ".join(error.format_message().split()).removesuffix("."), f"see {asked} --help"
    click.echo(f"monitor: {what[:1].lower()}{what[1:]} - {remedy}", err=True)
    if "--json" in args:
        echo_json({"error": what, "where": "", "remedy": remedy})


def _say(error: MonitorError, args: list[str]) -> None:
    if isinstance(error, ConfigError):
        lines = [str(fault) for fault in error.faults]
        click.echo("\n".join(lines), err=True)
        click.echo(f"monitor: {count(len(lines), 'mistake')} in your files", err=True)
        if "--json" in args:
            echo_json({"error": "mistakes", "faults": [asdict(fault) for fault in error.faults]})
        return
    click.echo(f"monitor: {error}", err=True)
    if "--json" in args:
        echo_json({"error": error.what, "where": error.where, "remedy": error.remedy})


def count(number: int, thing: str, things: str = "") -> str:
    """The number with its noun: "1 feed", "2 feeds"; `things` is a plural that is not made with an s."""
    return f"{number} {thing}" if number == 1 else f"{number:,} {things or f'{thing}s'}"


def echo_json(value: Any) -> None:
    """Print a value as JSON, for machines."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
