"""`monitor stats`: alerts by rule, outlet and day, plotted in the terminal."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.cli.stories_read import bars
from monitor.clock import utc_now
from monitor.store.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

_WIDE = 40  # characters of the longest bar
_COLUMNS = 60  # of a row of days; of longer times each column is several
_MOST_OUTLETS = 20
_NOTHING: dict[str, str] = {}
_PIECES = "▏▎▍▌▋▊▉█"


@click.command(name="stats", epilog="\b\nExamples:\n  monitor stats\n  monitor stats --days 7 --json")
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=30,
    show_default=True,
    metavar="N",
    help="How far back to count.",
)
@state_option
@json_option
def command(days: int, state: str | None, *, as_json: bool) -> int:
    """Plot how often each rule alerted, which outlets were first, and how the days compare (UTC)."""
    until = utc_now()
    since = until - timedelta(days=days)
    with Reading(state_folder(state)) as reading:
        alerts = reading.alerted_at(since=since, until=until)
        outlets = reading.outlets(since=since, until=until, most=_MOST_OUTLETS)
    rules = Counter(rule for rule, _ in alerts).most_common()
    by_day = Counter((rule, at.date()) for rule, at in alerts)
    dates = [(since + timedelta(days=number)).date() for number in range(days + 1)]
    if as_json:
        echo_json(
            {
                "since": since.isoformat(),
                "alerts": len(alerts),
                "rules": dict(rules),
                "outlets": dict(outlets),
                "days": _by_day(alerts),
            }
        )
        return 0
    click.echo(f"{count(len(alerts), 'alert')} in {count(days, 'day')}")
    if not alerts:
        return 0
    step = -(-len(dates) // _COLUMNS)
    everything = [sum(by_day[rule, day] for rule, _ in rules) for day in dates]
    each = "day" if step == 1 else f"{step} days"
    click.echo(f"\nby {each}, {dates[0]} to {dates[-1]}\n  {bars(_together(everything, step))}")
    click.echo("\nby rule")
    trends = {rule: bars(_together([by_day[rule, day] for day in dates], step)) for rule, _ in rules}
    click.echo("\n".join(plotted(rules, beside=trends)))
    click.echo("\nby outlet, of the entries that made the alerts")
    click.echo("\n".join(plotted(outlets)))
    return 0


def _together(numbers: Sequence[int], step: int) -> list[int]:
    """The sums of so many in a row; the last may be of fewer."""
    return [sum(numbers[at : at + step]) for at in range(0, len(numbers), step)]


def _by_day(alerts: Sequence[tuple[str, datetime]]) -> dict[str, dict[str, int]]:
    found: dict[date, Counter[str]] = {}
    for rule, at in alerts:
        found.setdefault(at.date(), Counter())[rule] += 1
    return {str(day): dict(numbers) for day, numbers in found.items()}


def plotted(numbers: Sequence[tuple[str, int]], *, beside: Mapping[str, str] = _NOTHING) -> list[str]:
    """A line for each: name, number, a bar as long as the number, and what is to stand beside it."""
    longest, top = max(len(name) for name, _ in numbers), max(number for _, number in numbers)
    return [
        f"  {name:{longest}}  {number:6,}  {_bar(number, top):{_WIDE}}  {beside.get(name, '')}".rstrip()
        for name, number in numbers
    ]


def _bar(number: int, top: int) -> str:
    """A bar in eighths of a character, never empty."""
    eighths = max(1, round(number * _WIDE * 8 / top))
    return "█" * (eighths // 8) + (_PIECES[eighths % 8 - 1] if eighths % 8 else "")
