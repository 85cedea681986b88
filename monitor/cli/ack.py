"""`monitor ack`: somebody has seen to a critical alert."""

from __future__ import annotations

import click

from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, number, opened, person, state_option
from monitor.clock import utc_now
from monitor.errors import UsageError


@click.command(
    name="ack",
    epilog="\b\nExample:\n  monitor ack 3f2a9c0d51e7b684       the number in the message's last lines",
)
@click.argument("story")
@click.option("--by", metavar="WHO", default=person, show_default="the caller", help="Who has seen to it.")
@state_option
@json_option
def command(story: str, by: str, state: str | None, *, as_json: bool) -> int:
    """Acknowledge the alerts of STORY: those that were not yet passed on go to no second receiver.

    STORY is the number in the message; that of a single alert does as well. What is alerted of the story
    later, a development, asks for itself.
    """
    with opened(state) as store:
        alerts = store.alerts_of(number(story))
        if not alerts:
            raise UsageError(
                "there is no such story, or nobody was told of it",
                where=story,
                remedy="take its number from the message",
            )
        with store.transaction():
            new, cancelled = store.acknowledge(alerts, by=by, now=utc_now())
    if as_json:
        echo_json({"alerts": len(alerts), "acknowledged": new, "escalations_cancelled": cancelled})
    elif new:
        click.echo(f"{count(new, 'alert')} acknowledged; {count(cancelled, 'escalation')} cancelled")
    else:
        click.echo("acknowledged before")
    return 0
