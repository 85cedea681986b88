"""`monitor deliveries`: what went out, waits, is held, muted or dead; send it again, or drop it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import LARGEST, json_option, number, opened, state_option
from monitor.clock import utc_now
from monitor.errors import UsageError
from monitor.store.ledger import AGAIN, DROPPABLE, STATES, UNCERTAIN, Choice
from monitor.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.store.ledger import Line
    from monitor.store.store import Store

_HEADLINE = 60

_stories: Callable[[Any], Any] = click.argument("stories", metavar="[STORY]...", nargs=-1)
_receivers: Callable[[Any], Any] = click.option(
    "--receiver",
    "receivers",
    metavar="NAME",
    multiple=True,
    shell_complete=spoken.receivers,
    help="Only to this receiver; may be repeated.",
)


def _choice_among(states: tuple[str, ...]) -> Callable[[Any], Any]:
    """STORY..., --receiver and --only: which deliveries, of those in these states, a verb is about."""
    only = click.option(
        "--only", "states", multiple=True, type=click.Choice(states), help="Only these; may be repeated."
    )
    return lambda verb: _stories(_receivers(only(verb)))


@click.group(
    name="deliveries",
    epilog="""\b
Examples:
  monitor deliveries list --only dead                  what was given up
  monitor deliveries retry --receiver slack-desk       send it again
  monitor deliveries drop 3f2a9c0d51e7b684             let it be""",
)
def command() -> None:
    """List what was sent, waits, is held or muted; send again, or drop.

    A delivery is one alert on its way to one receiver. STORY is the number in a message or a log line.
    """


@command.command(
    name="list",
    epilog="""\b
Examples:
  monitor deliveries list --only dead --only due      what has not arrived
  monitor deliveries list --receiver slack-desk       all of one receiver, the latest first
  monitor deliveries list --only uncertain            what may have arrived twice, or not at all""",
)
@_choice_among((*STATES, UNCERTAIN))
@click.option("--most", type=click.IntRange(1, LARGEST), default=50, show_default=True, help="How many.")
@state_option
@json_option
def list_(
    stories: tuple[str, ...],
    receivers: tuple[str, ...],
    states: tuple[str, ...],
    state: str | None,
    *,
    most: int,
    as_json: bool,
) -> int:
    """Show deliveries, the latest decided first."""
    with opened(state) as store:
        choice = Choice(receivers, states, _numbers(store, stories))
        lines = store.ledger(choice, most=most)
    if as_json:
        echo_json([_as_json(line) for line in lines])
        return 0
    for line in lines:
        click.echo(_said(line))
    if not lines:
        click.echo("no deliveries")
    elif len(lines) == most:
        click.echo(f"(the latest {most}; --most shows more)")
    return 0


@command.command(
    epilog="""\b
Examples:
  monitor deliveries retry --receiver slack-desk      it works again: do not wait for the next try
  monitor deliveries retry 3f2a9c0d51e7b684           this story, whatever became of it"""
)
@_choice_among(AGAIN)
@state_option
@json_option
def retry(
    stories: tuple[str, ...],
    receivers: tuple[str, ...],
    states: tuple[str, ...],
    state: str | None,
    *,
    as_json: bool,
) -> int:
    """Send again what was given up, dropped or muted; try at once the receivers that are waited for.

    Without --only: what was given up. A silence that is still in force mutes again.
    """
    with opened(state) as store:
        choice = Choice(receivers, states or ("dead",), _numbers(store, stories))
        changed = store.send_again(choice, now=utc_now())
    return _done(changed, "due again", as_json=as_json)


@command.command(
    epilog="""\b
Examples:
  monitor deliveries drop --receiver old-desk         nobody reads there any more
  monitor deliveries drop 3f2a9c0d51e7b684 --only held"""
)
@_choice_among(DROPPABLE)
@state_option
@json_option
def drop(
    stories: tuple[str, ...],
    receivers: tuple[str, ...],
    states: tuple[str, ...],
    state: str | None,
    *,
    as_json: bool,
) -> int:
    """Give up what waits, is held or dead, for good. Name what: stories, a receiver, or both."""
    if not stories and not receivers:
        raise UsageError("this would drop all that waits", remedy="name stories, or --receiver NAME")
    with opened(state) as store:
        choice = Choice(receivers, states, _numbers(store, stories))
        changed, sending = store.drop(choice, now=utc_now())
    if as_json:
        echo_json({"deliveries": changed, "sending": sending})
        return 0
    late = f"; {sending} of them had been claimed: what is on its way at this moment may arrive"
    click.echo(f"{count(changed, 'delivery', 'deliveries')} dropped" + (late if sending else ""))
    return 0


# ---- parts -----------------------------------------------------------------------------------------------


def _numbers(store: Store, stories: tuple[str, ...]) -> list[int]:
    """The numbers of these stories, and of those that people have merged them into since.

    Raises UsageError for one that is of no story and no alert.
    """
    found: list[int] = []
    for story in stories:
        called = store.now_called(number(story))
        if not store.has_story(called[-1]) and not store.alerts_of(called[0]):
            raise UsageError("there is no such story", where=story, remedy="take it from the message")
        found += called
    return found


def _done(changed: int, what: str, *, as_json: bool) -> int:
    if as_json:
        echo_json({"deliveries": changed})
    else:
        click.echo(f"{count(changed, 'delivery', 'deliveries')} {what}")
    return 0


def _said(line: Line) -> str:
    """One line: state, receiver, story, when, and what."""
    state = f"held ({line.why})" if line.state == "held" else line.state
    marks = " uncertain" * line.uncertain + " escalated" * line.escalated
    moment = line.sent or line.due
    tried = f" after {count(line.attempts, 'try', 'tries')}: {line.error}" if line.error else ""
    return (
        f"{state}{marks}  {line.receiver}  {line.story:016x}  {moment:%Y-%m-%d %H:%M UTC}"
        f"  {line.rule} [{line.severity.name.lower()}]  {cut(line.headline, _HEADLINE)}{tried}"
    )


def _as_json(line: Line) -> dict[str, object]:
    return asdict(line) | {
        "alert": f"{line.alert:016x}",
        "story": f"{line.story:016x}",
        "severity": line.severity.name.lower(),
        "decided": line.decided.isoformat(),
        "due": line.due.isoformat(),
        "sent": line.sent.isoformat() if line.sent else None,
    }
