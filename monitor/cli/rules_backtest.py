"""`monitor rules backtest`: what the rules would have caught in what is stored."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor import config, folders
from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, rules_folder, rules_option, state_folder, state_option
from monitor.errors import UsageError
from monitor.rules.backtest import Past, Tally, backtest, moved
from monitor.store.store import DATABASE, Store

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from rich.console import Console

    from monitor.config import Desk
    from monitor.rules.backtest import Caught

_WIDEST = 40  # characters of a day's bar
_MOST = 5  # outlets and terms named for a rule
_MOST_MOVED = 20  # stories gained or lost named for a rule


@click.command(
    name="backtest",
    epilog="""\b
Examples:
  monitor rules backtest                                the last 30 days, every rule
  monitor rules backtest --days 7 --rule sanctions      one rule
  monitor rules backtest --against /tmp/rules-of-old    what a change gains and loses""",
)
@rules_option
@state_option
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How far back.")
@click.option(
    "--rule",
    "only",
    multiple=True,
    metavar="ID",
    shell_complete=spoken.rules,
    help="This rule only; may be repeated.",
)
@click.option(
    "--against", metavar="OLD_DIR", help="Another folder of rules: show the stories gained and lost."
)
@json_option
def command(
    rules: str | None,
    state: str | None,
    days: int,
    only: tuple[str, ...],
    against: str | None,
    *,
    as_json: bool,
) -> int:
    """Run the rules over the stored entries. Sends nothing and changes nothing.

    A story counts once for a rule, on the day on which it was first caught.
    """
    desk = config.load_desk(rules_folder(rules), env=os.environ, secrets_required=False)
    old = None
    if against is not None:
        folder = folders.find_rules(against, env=os.environ, cwd=Path.cwd())
        old = config.load_desk(folder, env=os.environ, secrets_required=False)
    _refuse_unknown(desk, old, only)
    place = state_folder(state)
    if not (place / DATABASE).exists():
        raise UsageError(
            "nothing is stored here yet", where=str(place), remedy="start a monitor: monitor run --once"
        )
    since = datetime.now(UTC) - timedelta(days=days)
    after = _picked(_run(desk, place, since), only)
    before = _picked(_run(old, place, since), only) if old else None
    was = {rule.id: rule.was for rule in desk.rulebook.rules}
    changes = moved(before, after, was=was) if before is not None else None
    if as_json:
        echo_json(_as_json(after, changes, days))
        return 0
    _show(after, changes, days=days, since=since.date())
    return 0


def _refuse_unknown(desk: Desk, old: Desk | None, only: Sequence[str]) -> None:
    known = {rule.id for each in (desk, old) if each for rule in each.rulebook.rules}
    for name in only:
        if name not in known:
            raise UsageError(f'there is no rule "{name}"', remedy=f"known are: {', '.join(sorted(known))}")


def _picked(tallies: Mapping[str, Tally], only: Sequence[str]) -> dict[str, Tally]:
    return {rule: tally for rule, tally in tallies.items() if not only or rule in only}


def _run(desk: Desk, place: Path, since: datetime) -> dict[str, Tally]:
    with Store(place) as store, progress("reading", store.count_history(since=since)) as step:
        return backtest(desk.rulebook, past(store, desk, since=since, step=step))


def past(store: Store, desk: Desk, *, since: datetime, step: Any = lambda: None) -> Iterator[Past]:
    """What is stored since then, as backtests read it; `step` is called for each entry."""
    feeds = desk.feeds_by_name
    for entry, story, seen in store.history(since=since):
        step()
        feed = feeds.get(entry.feed)
        yield Past(entry, story, seen.date(), feed.labels if feed else frozenset())


@contextmanager
def progress(what: str, total: int) -> Iterator[Any]:
    """A bar on a terminal's standard error, nothing elsewhere; gives what advances it by one."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


# ---- for people and machines -----------------------------------------------------------------------------


def _as_json(
    tallies: Mapping[str, Tally],
    changes: Mapping[str, tuple[list[Caught], list[Caught]]] | None,
    days: int,
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "days": days,
        "rules": {
            rule: {
                "stories": len(tally.stories),
                "entries": tally.entries,
                "by_day": {day.isoformat(): number for day, number in sorted(tally.days.items())},
                "by_outlet": dict(tally.outlets.most_common()),
                "by_term": dict(tally.terms.most_common()),
            }
            for rule, tally in tallies.items()
        },
    }
    if changes is not None:
        result["changes"] = {
            rule: {"gained": [_story(one) for one in gained], "lost": [_story(one) for one in lost]}
            for rule, (gained, lost) in changes.items()
        }
    return result


def _story(caught: Caught) -> dict[str, Any]:
    return {
        "story": caught.story,
        "day": caught.day.isoformat(),
        "title": caught.title,
        "outlet": caught.outlet,
        "mentions": sorted({mention.surface for mention in caught.mentions}),
    }


def _show(
    tallies: Mapping[str, Tally],
    changes: Mapping[str, tuple[list[Caught], list[Caught]]] | None,
    *,
    days: int,
    since: date,
) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for rule, tally in tallies.items():
        copies = tally.entries - len(tally.stories)
        line = Text(rule, style="bold").append(
            f"  {_stories(len(tally.stories))} in {count(days, 'day')}, {copies:,} more entries of the same",
            style="not bold",
        )
        console.print(line)
        for text in plot(tally.days, since=since, days=days):
            console.print(Text(text))
        for label, counter in (("outlets", tally.outlets), ("terms", tally.terms)):
            if counter:
                console.print(Text(f"  {label:8} {_most(counter)}", style="dim"))
    if changes is not None:
        _show_changes(console, changes)


def _show_changes(console: Console, changes: Mapping[str, tuple[list[Caught], list[Caught]]]) -> None:
    from rich.text import Text

    for rule, (gained, lost) in changes.items():
        if gained or lost:
            console.print(Text(f"{rule}: +{len(gained)} -{len(lost)}", style="bold"))
        for sign, stories, style in (("+", gained, "green"), ("-", lost, "red")):
            for caught in stories[:_MOST_MOVED]:
                console.print(Text(f"  {sign} {caught.day} {caught.title} ({caught.outlet})", style=style))
            if len(stories) > _MOST_MOVED:
                console.print(Text(f"  {sign} and {len(stories) - _MOST_MOVED:,} more", style=style))
    if not any(gained or lost for gained, lost in changes.values()):
        console.print("no story is gained or lost")


def _stories(number: int) -> str:
    return "1 story" if number == 1 else f"{number:,} stories"


def _most(counter: Counter[str]) -> str:
    shown = ", ".join(f"{name} {number:,}" for name, number in counter.most_common(_MOST))
    return shown + (f", and {len(counter) - _MOST} more" if len(counter) > _MOST else "")


def plot(by_day: Mapping[date, int], *, since: date, days: int) -> Iterator[str]:
    """A bar a day, the longest 40 wide; nothing where nothing was caught."""
    top = max(by_day.values(), default=0)
    if not top:
        return
    first = min(by_day)
    for number in range(days + 1):
        day = since + timedelta(days=number)
        if day < first:
            continue
        stories = by_day.get(day, 0)
        bar = "█" * max(1, round(stories * _WIDEST / top)) if stories else ""
        yield f"  {day}  {bar} {stories or '·'}"
