"""`monitor demo`: a compressed morning, with the real daemon, on this machine alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

from monitor.cli.main import echo_json
from monitor.cli.place import json_option

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.demo.play import Outcome
    from monitor.demo.sinks import Arrival


@click.command(name="demo", epilog="\b\nExample:\n  monitor demo")
@json_option
def command(*, as_json: bool) -> int:
    """See it work, without any setup, in about 15 seconds.

    The daemon polls a loopback server that plays fourteen outlets: an event breaks, is syndicated, develops,
    is named in sidebars and told in five languages. A mail server and a chat webhook on loopback receive the
    alerts, printed here as they arrive. Exits 0 only if what arrived is what the scenario calls for.
    """
    from rich.console import Console

    from monitor.demo.play import play

    log = logging.getLogger("monitor")  # one outlet is down for a moment: the show tells of alerts only
    log.addHandler(logging.NullHandler())
    log.propagate = False
    console = Console(highlight=False)
    if as_json:
        outcome = play(lambda _moment, _arrival: None)
        echo_json(_as_json(outcome))
    else:
        console.print("[bold]A morning at the desk[/bold], on this machine alone. Alerts as they arrive:\n")
        outcome = play(lambda moment, arrival: _show(console, moment, arrival))
        _report(console, outcome)
    return 1 if outcome.shortfalls else 0


def _show(console: Console, moment: float, arrival: Arrival) -> None:
    """One message: when, at whose place, the headline; then its provenance and each reason's first quote."""
    from rich.text import Text

    headline, provenance, *rest = arrival.body.split("\n")
    line = Text(f"{moment:5.1f} s  ", style="dim")
    line.append(f"{arrival.receiver:<12}", style="cyan" if arrival.title else "magenta")
    line.append(headline, style="bold")
    console.print(line, overflow="ellipsis", no_wrap=True)
    reasons = [number for number, why in enumerate(rest) if why.startswith("Why:")]
    quotes = [text for number in reasons for text in (rest[number], rest[number + 1])]
    for text in (provenance.partition(" (")[0], *quotes):
        console.print(Text(f"{'':21}{text}", style="dim"), overflow="ellipsis", no_wrap=True)


def _report(console: Console, outcome: Outcome) -> None:
    from rich.table import Table

    table = Table(title="The morning in numbers", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in _figures(outcome).items():
        table.add_row(name, f"{value:,}")
    console.print()
    console.print(table)
    for shortfall in outcome.shortfalls:
        console.print(f"[red]{shortfall}[/red]", markup=True)
    if not outcome.shortfalls:
        console.print(
            "[green]What arrived is what the morning calls for[/green]:"
            f" each story once, with its reason, in {outcome.lasted:.1f} s."
        )


def _figures(outcome: Outcome) -> dict[str, int]:
    counts, traffic = outcome.counts, outcome.traffic
    return {
        "polls": traffic.polls,
        "of them unchanged (304)": traffic.not_modified,
        "entries seen": counts["entries"],
        "of them baseline, not news": counts["baseline"],
        "stories": counts["stories"],
        "copies folded": counts["copies"],
        "developments joined": counts["developments"],
        "alerts": counts["alerts"],
        "deliveries": counts["sent"],
        "messages received": len(outcome.arrivals),
    }


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "ok": not outcome.shortfalls,
        "shortfalls": list(outcome.shortfalls),
        **_figures(outcome),
        "arrivals": [{"receiver": a.receiver, "title": a.title, "body": a.body} for a in outcome.arrivals],
    }
