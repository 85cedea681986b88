"""`monitor doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import os
import sys
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.doctor import Finding, Grade, Patient, examined

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDE = 80
_COLOURS = {Grade.OK: "green", Grade.NOTE: "blue", Grade.WARN: "yellow", Grade.FAIL: "red"}


@click.command(
    name="doctor",
    epilog="""\b
Examples:
  monitor doctor
  sudo monitor doctor --rules /etc/monitor --state /var/lib/monitor --full
  monitor doctor --network          also connects to the receivers' hosts, and to ourselves as hubs do

\b
Exit status: 0 nothing is wrong (there may be warnings), 1 something is.""",
)
@rules_option
@state_option
@click.option(
    "--full", is_flag=True, help="Look at every page and index of the database; it may take minutes."
)
@click.option(
    "--network",
    is_flag=True,
    help="Connect to each receiver's host and to where hubs reach us. Nothing is sent.",
)
@json_option
def command(rules: str | None, state: str | None, *, full: bool, network: bool, as_json: bool) -> int:
    """Look over the rules, the database, the machine, feeds and receivers; each finding has its remedy.

    Nothing is changed and nothing sent: feeds are not asked, receivers not told. Names of feeds' hosts are
    looked up, a few as a sample.
    """
    patient = Patient(rules_folder(rules), state_folder(state), os.environ, full=full, network=network)
    findings = list(_with_progress(patient))
    ill = sum(finding.grade is Grade.FAIL for finding in findings)
    if as_json:
        echo_json({"ok": not ill, "findings": [_as_json(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(_told(finding))
        warnings = sum(finding.grade is Grade.WARN for finding in findings)
        click.echo(f"{count(ill, 'thing')} wrong, {count(warnings, 'warning')}")
    return 1 if ill else 0


def _with_progress(patient: Patient) -> Iterator[Finding]:
    if not sys.stderr.isatty():
        for _, findings in examined(patient):
            yield from findings
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        for name, findings in examined(patient):
            progress.update(task, description=f"looking at {name}")
            yield from findings


def _told(finding: Finding) -> str:
    """The finding on lines of 80 columns: its grade, its check, what it says; the remedy below."""
    grade = click.style(f"{finding.grade.value:4}", fg=_COLOURS[finding.grade])
    lines = wrap(finding.says, _WIDE - 18, break_on_hyphens=False)
    if finding.remedy and finding.grade is not Grade.OK:
        lines += wrap(f"-> {finding.remedy}", _WIDE - 18, break_on_hyphens=False, subsequent_indent="   ")
    return f"{grade}  {finding.check:11} " + f"\n{'':18}".join(lines)


def _as_json(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "grade": finding.grade.value,
        "says": finding.says,
        "remedy": finding.remedy,
    }
