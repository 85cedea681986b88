"""`monitor tail`: the alerts as they are decided, in the terminal."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli import spoken
from monitor.cli.place import json_option, state_folder, state_option
from monitor.cli.stories_read import hit_values
from monitor.clock import utc_now
from monitor.errors import UsageError
from monitor.model import Kind, Severity
from monitor.rules.document import nearest
from monitor.store.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.store.reading import Hit

_EVERY = 1.0  # seconds between two looks
_LATE = timedelta(minutes=10)  # how far back each look reaches: the clock may step, a round may take its time
_MOST = 1_000
_EVER = datetime.fromtimestamp(0, UTC)
_COLOURS = {Severity.CRITICAL: "red", Severity.HIGH: "yellow", Severity.NORMAL: "cyan", Severity.LOW: "blue"}


@click.command(
    name="tail",
    epilog="""\b
Examples:
  monitor tail                 until Ctrl-C
  monitor tail --last 24       the last day first
  monitor tail --json          a JSON object a line, for other programs""",
)
@click.option(
    "--last",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="HOURS",
    help="Show the alerts of the last hours first.",
)
@click.option("--rule", default="", metavar="ID", shell_complete=spoken.rules, help="Only this rule's.")
@click.option("--once", is_flag=True, help="End when those are shown.")
@state_option
@json_option
def command(last: float, rule: str, state: str | None, *, once: bool, as_json: bool) -> int:
    """Follow the alerts as they are decided: when, which rule, how many outlets, which headline.

    Reads the database beside the daemon, once a second, and writes nothing.
    """
    show = _as_json if as_json else _as_line

    def wait() -> bool:
        time.sleep(_EVERY)
        return True

    with Reading(state_folder(state)) as reading:
        if rule:
            _check(reading, rule)
        since = utc_now() - timedelta(hours=last)
        for hit in follow(reading, since, rule=rule, clock=utc_now, wait=(lambda: False) if once else wait):
            click.echo(show(hit))
    return 0


def _check(reading: Reading, rule: str) -> None:
    """Raises UsageError for a rule that is not in force and never told anything."""
    known = reading.tenures()
    if rule not in known and not reading.hits(
        since=_EVER, until=utc_now() + timedelta(days=1), rule=rule, most=1
    ):
        raise UsageError(f'there is no rule "{rule}"', remedy=nearest(rule, known))


def follow(
    reading: Reading, since: datetime, *, rule: str, clock: Callable[[], datetime], wait: Callable[[], bool]
) -> Iterator[Hit]:
    """Every alert decided since then, the oldest first, each once; looks again as long as `wait` says so."""
    shown: dict[int, datetime] = {}
    version = None
    while True:
        if version != (version := reading.version()):
            reach = max(since, max(shown.values()) - _LATE) if shown else since
            hits = reading.hits(since=reach, until=clock() + timedelta(days=1), rule=rule, most=_MOST)
            for hit in reversed(hits):
                if hit.alert not in shown:
                    shown[hit.alert] = hit.created
                    yield hit
            shown = {alert: at for alert, at in shown.items() if at >= reach}
        if not wait():
            return


def _as_line(hit: Hit) -> str:
    severity = click.style(f"{hit.severity.name.lower():8}", fg=_COLOURS[hit.severity], bold=True)
    more = f" (+{hit.outlets - 1})" if hit.outlets > 1 else ""
    kind = "development: " if hit.kind is Kind.DEVELOPMENT else ""
    return (
        f"{hit.created:%m-%d %H:%M:%S}  {severity} {click.style(hit.rule, bold=True)}"
        f"  {kind}{hit.headline.title}  {click.style(hit.headline.outlet + more, dim=True)}"
    )


def _as_json(hit: Hit) -> str:
    return json.dumps(hit_values(hit), ensure_ascii=False)
