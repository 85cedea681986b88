"""`monitor status`: what the desk knows, owes and could not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.main import echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.engine import utc_now
from monitor.errors import UsageError
from monitor.feeds import health
from monitor.store.store import DATABASE, Store

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Outage
    from monitor.store.store import KeptDesk


@click.command(name="status", epilog="\b\nExample:\n  monitor status --json")
@state_option
@json_option
def command(state: str | None, *, as_json: bool) -> int:
    """Show what is stored, what waits to be sent, and which feeds fail."""
    folder = state_folder(state)
    if not (folder / DATABASE).exists():
        raise UsageError(
            "no monitor has run here yet", where=str(folder), remedy="start one: monitor run --once"
        )
    with Store(folder) as store:
        counts, errors, oldest = store.counts(), store.feed_errors(), store.oldest_waiting()
        waiting = store.waiting()
        desk = store.desk()
        notes = _notes(store)
        held, outages = store.next_digests(), store.outages()
        silences = store.all_silences(since=utc_now())
    if as_json:
        echo_json(
            {
                **counts,
                "errors": errors,
                "waiting_for": waiting,
                "feed_notes": notes,
                "oldest_waiting": oldest.isoformat() if oldest else None,
                "rules": _as_json(desk) if desk else None,
                "held_for": {
                    name: {"alerts": n, "next_digest": due.isoformat()} for name, (n, due) in held.items()
                },
                "outages": {name: _outage_as_json(outage) for name, outage in outages.items()},
                "silences": len(silences),
            }
        )
        return 0
    click.echo(
        f"feeds       {counts['feeds']:,} ({counts['failing']} failing)\n"
        f"entries     {counts['entries']:,} ({counts['baseline']:,} baseline)\n"
        f"stories     {counts['stories']:,} (copies folded: {counts['copies']:,},"
        f" developments: {counts['developments']:,})\n"
        f"alerts      {counts['alerts']:,}\n"
        f"deliveries  {counts['sent']:,} sent, {counts['waiting']} waiting{_since(oldest)}"
        f"{_uncertain(counts['uncertain'])}, {counts['dead']} dead, {counts['held']} held,"
        f" {counts['muted']} muted"
    )
    for name, number in waiting.items():
        click.echo(f"  {number} for {name}")
    for name, outage in outages.items():
        click.echo(
            f"  {name} takes nothing since {outage.since:%Y-%m-%d %H:%M UTC} ({outage.tries} tries;"
            f" the next at {outage.until:%H:%M}): {outage.error}"
        )
    for name, (alerts, due) in held.items():
        click.echo(f"  {alerts} held for {name}: the next digest goes at {due:%Y-%m-%d %H:%M UTC}")
    for silence, muted in silences:
        click.echo(
            f"  silence {silence.id}: {silence} until {silence.ends:%Y-%m-%d %H:%M UTC} ({muted} muted)"
        )
    if desk:
        click.echo(_in_force(desk))
    for name, sentences in notes.items():
        click.echo(f"  {name}: {'; '.join(sentences)}")
    return 0


def _notes(store: Store) -> dict[str, tuple[str, ...]]:
    """What is the matter with each feed that is not well, by name."""
    now = utc_now()
    found = {
        name: health.standing(state, error, now=now)
        for name, (state, error) in store.feed_conditions().items()
    }
    return {name: sentences for name, sentences in found.items() if sentences}


def _in_force(desk: KeptDesk) -> str:
    line = f"rules       {desk.rulebook[:12]}, read {desk.loaded:%Y-%m-%d %H:%M UTC}"
    if desk.refused is None:
        return line
    faults = "\n".join(f"  {fault}" for fault in desk.error.splitlines())
    return f"{line}; the files were refused at {desk.refused:%Y-%m-%d %H:%M UTC}:\n{faults}"


def _as_json(desk: KeptDesk) -> dict[str, object]:
    return {
        "rulebook": desk.rulebook,
        "read": desk.loaded.isoformat(),
        "refused": desk.refused.isoformat() if desk.refused else None,
        "mistakes": desk.error.splitlines(),
        "operators_told": desk.told,
    }


def _outage_as_json(outage: Outage) -> dict[str, object]:
    return {
        "since": outage.since.isoformat(),
        "tries": outage.tries,
        "next_try": outage.until.isoformat(),
        "error": outage.error,
    }


def _uncertain(number: int) -> str:
    return f", {number} of them uncertain" if number else ""


def _since(oldest: datetime | None) -> str:
    return f" (the oldest since {oldest:%Y-%m-%d %H:%M UTC})" if oldest else ""
