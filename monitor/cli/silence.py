"""`monitor silence`: mute a story, rule, name or outlet for a while, beside the running daemon."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor import config, settings
from monitor.cli import spoken
from monitor.cli.main import count, echo_json
from monitor.cli.place import LARGEST, json_option, number, opened, person, state_option
from monitor.clock import utc_now
from monitor.errors import UsageError
from monitor.model import Scope
from monitor.rules.document import nearest
from monitor.sources import unpacked
from monitor.text import one_line

if TYPE_CHECKING:
    from monitor.model import Silence
    from monitor.store.store import Store

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?:\s+(\S+)|Z)?")

ADD_EPILOG = """\b
Examples:
  monitor silence add --rule sanctions --for 24h --comment "summit day"
  monitor silence add --story 3f2a9c0d51e7b684 --for 3d --comment "known, Nino is on it"
  monitor silence add --outlet "Kura Post" --until "2026-03-03 09:00 Asia/Baku" --comment "floods us"
  monitor silence add --name aliyev --for 2h --comment "speech on live TV\""""


@click.group(
    name="silence",
    epilog="""\b
Examples:
  monitor silence add --rule border-incident --for 2d --comment "an exercise"
  monitor silence list
  monitor silence expire 3""",
)
def command() -> None:
    """Mute a story, rule, name or outlet for a while.

    What a silence mutes is not deleted: the next digest counts it, and `monitor deliveries list --only muted`
    shows it. The running daemon heeds a silence from its next message on.
    """


@command.command(epilog=ADD_EPILOG)
@click.option("--story", metavar="ID", help="The number in a message, 16 hexadecimal digits.")
@click.option("--rule", metavar="ID", shell_complete=spoken.rules, help="All alerts of a rule.")
@click.option(
    "--name",
    metavar="KEY",
    shell_complete=spoken.names,
    help="Alerts that mention nothing else that is watched.",
)
@click.option(
    "--outlet",
    metavar="NAME",
    shell_complete=spoken.outlets,
    help="Stories while no other outlet carries them.",
)
@click.option("--for", "length", metavar="TIME", help="How long: 90 min, 24h, 7d.")
@click.option(
    "--until", metavar="MOMENT", help='Till when: "2026-03-03 09:00 Asia/Baku"; UTC without a zone.'
)
@click.option("--comment", metavar="TEXT", required=True, help="Why, for the others.")
@click.option("--by", metavar="WHO", default=person, show_default="the caller", help="Who says so.")
@state_option
@json_option
def add(length: str | None, until: str | None, comment: str, by: str, state: str | None, **rest: Any) -> int:
    """Mute one story, rule, name or outlet, until a set time."""
    as_json = rest.pop("as_json")
    given = [(Scope(key), value) for key, value in rest.items() if value is not None]
    if len(given) != 1:
        raise UsageError(
            "a silence is of one thing", remedy="give one of --story, --rule, --name and --outlet"
        )
    if not comment.strip():
        raise UsageError("a silence needs a comment", remedy='say why: --comment "…"')
    now = utc_now()
    ends = _ends(length, until, now=now)
    scope, value = given[0]
    with opened(state) as store:
        known = _known(store, scope, value)
        made = store.add_silence(scope, known, begins=now, ends=ends, comment=comment.strip(), by=by, now=now)
    if as_json:
        echo_json({"id": made, scope.value: known, "ends": ends.isoformat()})
    else:
        click.echo(f"silence {made}: {scope.value} {known} is muted until {ends:%Y-%m-%d %H:%M UTC}")
    return 0


@command.command(name="list", epilog="\b\nExample:\n  monitor silence list --all --json")
@click.option("--all", "every", is_flag=True, help="Those that have ended, too.")
@state_option
@json_option
def list_(state: str | None, *, every: bool, as_json: bool) -> int:
    """Show the silences in force: of what, until when, why, by whom, and how much they muted."""
    with opened(state) as store:
        found = store.all_silences(since=None if every else utc_now())
    if as_json:
        echo_json([_as_json(silence, muted) for silence, muted in found])
        return 0
    for silence, muted in found:
        click.echo(
            f"{silence.id:>4}  {silence}  until {silence.ends:%Y-%m-%d %H:%M UTC}"
            f"  {count(muted, 'alert')} muted  {one_line(silence.comment)}"
            + (f" ({one_line(silence.by)})" if silence.by else "")
        )
    if not found:
        click.echo("no silences")
    return 0


@command.command(epilog="\b\nExample:\n  monitor silence expire 3")
@click.argument("silence", type=click.IntRange(0, LARGEST))
@state_option
@json_option
def expire(silence: int, state: str | None, *, as_json: bool) -> int:
    """End SILENCE now, the number that `add` and `list` give it. What it muted stays muted."""
    with opened(state) as store:
        ended = store.expire_silence(silence, now=utc_now())
    if not ended:
        raise UsageError(
            "there is no such silence in force", where=str(silence), remedy="see monitor silence list"
        )
    if as_json:
        echo_json({"id": silence, "ended": True})
    else:
        click.echo(f"silence {silence} has ended")
    return 0


# ---- parts -----------------------------------------------------------------------------------------------


def _ends(length: str | None, until: str | None, *, now: datetime) -> datetime:
    if (length is None) == (until is None):
        raise UsageError("a silence needs an end", remedy="give --for 24h, or --until")
    if length is not None:
        try:
            span = settings.span(length.strip())
            if span:
                return now + span
        except (OverflowError, ValueError):
            pass
        raise UsageError("is no length of time", where=length, remedy="write such as: 90 min, 24h, 7d")
    ends = _moment(until or "")
    if ends <= now:
        raise UsageError("has passed", where=until or "", remedy="name a moment to come")
    return ends


def _moment(written: str) -> datetime:
    """A day and a time, in a zone or in UTC."""
    found = _MOMENT.fullmatch(written.strip())
    try:
        if found:
            zone = ZoneInfo(found[3]) if found[3] else UTC
            return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, LookupError, OSError, OverflowError):
        pass
    raise UsageError("is no moment", where=written, remedy='write such as: "2026-03-03 09:00 Asia/Baku"')


def _known(store: Store, scope: Scope, value: str) -> str:
    """The value as it is stored; raises UsageError for what there is not."""
    if scope is Scope.STORY:
        called = store.now_called(number(value))[-1]
        if not store.has_story(called):
            raise UsageError("there is no such story", where=value, remedy="take it from the message")
        return f"{called:016x}"
    kept = store.desk()
    sources = unpacked(kept.sources) if kept else None
    known = config.spoken_of(sources)[scope] if sources else frozenset()
    written = value.removeprefix("$") if scope is Scope.NAME else value
    if written not in known:
        raise UsageError(f'there is no {scope.value} "{value}"', remedy=nearest(written, known))
    if scope is Scope.OUTLET and sources:
        store.refuse_unheard(written, config.feeds_by(written, sources))
    return written


def _as_json(silence: Silence, muted: int) -> dict[str, object]:
    return {
        "id": silence.id,
        "scope": silence.scope.value,
        "value": silence.value,
        "begins": silence.begins.isoformat(),
        "ends": silence.ends.isoformat(),
        "comment": silence.comment,
        "by": silence.by,
        "muted": muted,
    }
