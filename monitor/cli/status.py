"""`monitor status`: what the desk knows, owes and could not read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from monitor import __version__, urls
from monitor.cli import crew
from monitor.cli.main import count, echo_json
from monitor.cli.place import json_option, state_folder, state_option
from monitor.errors import UsageError
from monitor.feeds import health, subscription
from monitor.store.lock import is_held
from monitor.store.report import TEXTS, Report, Reporter
from monitor.store.store import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from monitor.model import Outage
    from monitor.store.store import KeptDesk

_WIDE = 80  # columns
_LABEL = 12
_MOST_FEEDS = 20  # feeds that are not well are named; the rest is counted
_CLOCK_SLACK = timedelta(seconds=5)


@click.command(
    name="status",
    epilog="""\b
Examples:
  monitor status                 how the desk stands, on one screen
  monitor status --json          all of it, for machines
  monitor status --prometheus >/var/lib/prometheus/node-exporter/monitor.prom

\b
Exit status: 0 whatever it shows (monitor doctor judges), 2 where no monitor has run,
69 where the database cannot be read, 75 where it is busy: try again.""",
)
@state_option
@json_option
@click.option("--prometheus", is_flag=True, help="Print metrics, for Prometheus' textfile collector.")
def command(state: str | None, *, as_json: bool, prometheus: bool) -> int:
    """Show what is stored, what waits to be sent, and which feeds fail."""
    folder = state_folder(state)
    if not (folder / DATABASE).exists():
        raise UsageError(
            "no monitor has run here yet", where=str(folder), remedy="start one: monitor run --once"
        )
    now, running = datetime.now(UTC), is_held(folder)
    with Reporter(folder) as store:
        report = store.report(now=now)
    if prometheus:
        from monitor.exposition import exposition

        click.echo(exposition(report, running=running, now=now), nl=False)
    elif as_json:
        echo_json(_as_json(report, running=running, now=now))
    else:
        click.echo("\n".join(_lines(report, running=running, now=now)))
    return 0


# ---- for people ------------------------------------------------------------------------------------------


def _lines(report: Report, *, running: bool, now: datetime) -> Iterator[str]:
    doing = "running" if running else "NOT RUNNING: nobody polls and nobody is told"
    yield _line("monitor", f"{__version__}, {doing}")
    yield from _of_crew(report, now, running=running)
    for section in _SECTIONS:
        yield from section(report, now)


def _of_crew(report: Report, now: datetime, *, running: bool) -> Iterator[str]:
    """Who polls, where the settings name a cluster; or did, when somebody last polled."""
    if report.crew is None:
        return
    yield _line("polling" if running else "last polled", crew.said(report.crew))
    if running:
        yield _line("", f"since {_when(report.crew.since, now)}")
    if report.crew.why:
        yield from _under(report.crew.why)


def _of_clock(report: Report, now: datetime) -> Iterator[str]:
    """The clock, and what it should not say."""
    yield _line("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")
    ahead = report.last_poll
    if ahead and ahead - now > _CLOCK_SLACK:
        yield from _under(f"the last poll lies {_span(ahead - now)} ahead: was the clock set back?")


def _of_rules(report: Report, now: datetime) -> Iterator[str]:
    desk = report.desk
    if desk is None:
        yield _line("rules", "none yet")
        return
    yield _line("rules", f"{desk.rulebook[:12]}, read {_when(desk.loaded, now)}")
    if desk.refused:
        yield from _under(f"the files were refused {_when(desk.refused, now)}; these stay in force:")
        for fault in desk.error.splitlines():
            yield from _under(fault, deeper=2)


def _of_feeds(report: Report, now: datetime) -> Iterator[str]:
    by_health = _by_health(report, now)
    shares = ", ".join(f"{len(names)} {what}" for what, names in by_health.items() if names)
    yield _line("feeds", f"{len(report.feeds):,}" + (f": {shares}" if shares else ""))
    yield _line("", f"last poll {_when(report.last_poll, now)}")
    documents, items = _unsettled(report)
    if documents:
        what = count(documents, "first document")
        yield _line("", f"{what} still to settle, {count(items, 'entry', 'entries')}: known soon, told never")
    notes = _notes(report, now)
    for name in list(notes)[:_MOST_FEEDS]:
        yield from _under(f"{name}: {'; '.join(notes[name])}")
    if len(notes) > _MOST_FEEDS:
        yield from _under(f"and {len(notes) - _MOST_FEEDS:,} more: monitor feeds list")


def _of_push(report: Report, now: datetime) -> Iterator[str]:
    """What comes by push; nothing where no feed offers it."""
    address, error = report.doorbell or ("", "")
    if error:
        yield _line("push", f"no hub can ring: {address}: {error}")
    if not report.subscriptions:
        if address and not error:
            yield _line("push", f"set up at {address}; no hub was asked yet")
        elif not address and report.offers:
            yield _line("push", f"not set up; feeds that name a hub: {report.offers:,} (settings: push)")
        return
    states = _by_push(report, now)
    yield _line(
        "" if error else "push", ", ".join(f"{len(names)} {what}" for what, names in states.items() if names)
    )
    rung, ignored = report.tally("pushes rung"), report.tally("pushes ignored")
    last = _when(report.tallies["pushes rung"].last, now) if rung else "never"
    said = f"; {ignored:,} ignored, unsigned" if ignored else ""
    yield _line("", f"{count(rung, 'ring')}, the last {last}{said}")
    failing = [one for one in report.subscriptions if one.error]
    for one in failing[:_MOST_FEEDS]:
        yield from _under(f"{one.feed}: {urls.parts(one.hub).host}: {one.error}")
    if len(failing) > _MOST_FEEDS:
        yield from _under(f"and {len(failing) - _MOST_FEEDS:,} more: monitor feeds list --json")


def _of_entries(report: Report, _now: datetime) -> Iterator[str]:
    stored = report.stored
    pruned = f"; {stored['bygone']:,} pruned" if stored["bygone"] else ""
    yield _line("entries", f"{stored['entries']:,} in {count(stored['stories'], 'story', 'stories')}{pruned}")
    copies = count(report.tally("entries copy"), "copy", "copies")
    developments = count(report.tally("entries development"), "development")
    yield _line("", f"ever: {copies} folded, {developments}, {count(report.tally('alerts'), 'alert')}")


def _of_texts(report: Report, _now: datetime) -> Iterator[str]:
    """What became of the pages behind entries, where any feed asks for them."""
    ends = {what: number for what in TEXTS if (number := report.tally(f"texts {what}"))}
    due = report.stored["texts_due"]
    if ends or due:
        said = ", ".join(f"{number:,} {what}" for what, number in ends.items())
        yield _line("texts", f"{said or 'none yet'}; {due:,} to come")


def _of_deliveries(report: Report, now: datetime) -> Iterator[str]:
    numbers = _deliveries(report)
    uncertain = f" ({numbers['uncertain']:,} of them uncertain)" if numbers["uncertain"] else ""
    said = f"{numbers['sent']:,} sent, {numbers['waiting']:,} waiting{uncertain}, {numbers['dead']:,} dead"
    yield _line("deliveries", said)
    yield _line("", f"{numbers['held']:,} held, {numbers['muted']:,} muted")
    if report.last_sent:
        yield _line("", f"last sent {_when(report.last_sent, now)}")
    for queue in report.queues:
        waiting = _waiting(queue.states)
        dead = queue.states.get("dead", 0)
        if not waiting and not dead and not queue.oldest:
            continue
        what = f"{waiting:,}" if waiting or dead else "a digest"
        oldest = f", the oldest since {_when(queue.oldest, now)}" if queue.oldest else ""
        given_up = f"; {dead:,} given up" if dead else ""
        yield from _under(f"{what} for {queue.receiver}{oldest}{given_up}")
        if queue.error:
            yield from _under(queue.error, deeper=4)


def _of_receivers(report: Report, now: datetime) -> Iterator[str]:
    """Receivers that take nothing, digests to come, silences."""
    for name, outage in report.outages.items():
        yield from _under(
            f"{name} takes nothing since {_when(outage.since, now)}, {count(outage.tries, 'try', 'tries')};"
            f" the next at {outage.until:%H:%M}: {outage.error}"
        )
    for name, (alerts, due) in report.held.items():
        yield from _under(f"{alerts:,} held for {name}: the next digest goes at {due:%Y-%m-%d %H:%M} UTC")
    for silence, muted in report.silences:
        yield from _under(
            f"silence {silence.id}: {silence} until {silence.ends:%Y-%m-%d %H:%M} UTC ({muted:,} muted)"
        )


def _of_database(report: Report, now: datetime) -> Iterator[str]:
    sizes = report.sizes
    yield _line("database", f"{_bytes(sizes['database'])}, and {_bytes(sizes['journal'])} of journal")
    if report.restored:
        yield _line("", f"restored from a backup {_when(report.restored, now)}")
    if report.noticed:
        yield _line("", f"had gone back, noticed {_when(report.noticed, now)}")
    if report.gone_back:
        yield from _under(f"it {report.gone_back}; the next start marks what it tells again")


# What is shown, in this order. Each reads the report and answers with its lines.
_SECTIONS: tuple[Callable[[Report, datetime], Iterator[str]], ...] = (
    _of_clock,
    _of_rules,
    _of_feeds,
    _of_push,
    _of_entries,
    _of_texts,
    _of_deliveries,
    _of_receivers,
    _of_database,
)


def _line(label: str, text: str) -> str:
    return f"{label:{_LABEL}}{text}"


def _under(text: str, *, deeper: int = 0) -> list[str]:
    """The text as lines of at most 80 columns, indented; no word is cut that fits a line by itself."""
    indent = " " * (2 + deeper)
    return wrap(
        text, _WIDE, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    ) or [indent]


def _when(moment: datetime | None, now: datetime) -> str:
    """The moment, and how long ago that is."""
    if moment is None:
        return "never"
    return f"{moment:%Y-%m-%d %H:%M} UTC ({_span(now - moment)} ago)"


def _span(length: timedelta) -> str:
    """The length in its largest unit, rounded down: "3 min"."""
    seconds = max(round(length.total_seconds()), 0)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit:,} {name}"
    return f"{seconds} s"


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


# ---- for machines ----------------------------------------------------------------------------------------


def _as_json(report: Report, *, running: bool, now: datetime) -> dict[str, Any]:
    """Keys are only ever added to this."""
    by_health = _by_health(report, now)
    last = report.last_poll
    waiting = [queue.oldest for queue in report.queues if queue.oldest]
    return {
        "version": __version__,
        "running": running,
        "now": now.isoformat(),
        "feeds": len(report.feeds),
        "baselines": sum(state.last_good is not None for state, _ in report.feeds.values()),
        "failing": len(by_health["failing"]) + len(by_health["gone"]),
        "health": by_health,
        "last_poll": _iso(last),
        "polling": crew.as_json(report.crew),
        "entries": report.stored["entries"],
        "stories": report.stored["stories"],
        "pruned": report.stored["bygone"],
        "texts_due": report.stored["texts_due"],
        "unsettled": dict(zip(("documents", "entries"), _unsettled(report), strict=True)),
        "alerts": report.stored["alerts"],
        "ever": {name: tally.count for name, tally in sorted(report.tallies.items())},
        **_deliveries(report),
        "last_sent": _iso(report.last_sent),
        "errors": {name: error for name, (_, error) in report.feeds.items() if error},
        "waiting_for": {
            queue.receiver: number for queue in report.queues if (number := _waiting(queue.states))
        },
        "receivers": {
            queue.receiver: {"states": dict(queue.states), "oldest": _iso(queue.oldest), "error": queue.error}
            for queue in report.queues
        },
        "feed_notes": _notes(report, now),
        "push": {
            "listens": report.doorbell[0] if report.doorbell else None,
            "error": report.doorbell[1] if report.doorbell else "",
            "offers": report.offers,
            "subscriptions": _by_push(report, now),
            "errors": {one.feed: one.error for one in report.subscriptions if one.error},
        },
        "oldest_waiting": _iso(min(waiting, default=None)),
        "held_for": {
            name: {"alerts": alerts, "next_digest": due.isoformat()}
            for name, (alerts, due) in report.held.items()
        },
        "outages": {name: _outage_as_json(outage) for name, outage in report.outages.items()},
        "silences": len(report.silences),
        "rules": _rules_as_json(report.desk) if report.desk else None,
        "database": dict(report.sizes),
        "restored": _iso(report.restored),
        "noticed": _iso(report.noticed),
        "gone_back": report.gone_back,
    }


def _rules_as_json(desk: KeptDesk) -> dict[str, object]:
    return {
        "rulebook": desk.rulebook,
        "read": desk.loaded.isoformat(),
        "refused": _iso(desk.refused),
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


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# ---- for both --------------------------------------------------------------------------------------------


def _by_health(report: Report, now: datetime) -> dict[str, list[str]]:
    """The names of the feeds, by how they do."""
    found: dict[str, list[str]] = {word: [] for word in health.CONDITIONS}
    for name, (state, error) in report.feeds.items():
        found[health.condition(state, error, now=now)].append(name)
    return found


def _by_push(report: Report, now: datetime) -> dict[str, list[str]]:
    """The names of the feeds that hubs were asked to ring for, by how that does."""
    found: dict[str, list[str]] = {state: [] for state in subscription.STATES}
    for one in report.subscriptions:
        found[subscription.standing(one, now=now)].append(one.feed)
    return found


def _notes(report: Report, now: datetime) -> dict[str, tuple[str, ...]]:
    """What is the matter with each feed that is not well, by name."""
    found = {name: health.standing(state, error, now=now) for name, (state, error) in report.feeds.items()}
    return {name: sentences for name, sentences in found.items() if sentences}


def _unsettled(report: Report) -> tuple[int, int]:
    """How many first documents are kept unread, and how many entries those seem to have."""
    items = [state.unsettled for state, _ in report.feeds.values() if state.unsettled]
    return len(items), sum(items)


def _deliveries(report: Report) -> dict[str, int]:
    states = ("sent", "held", "muted", "dead")
    numbers = {state: sum(queue.states.get(state, 0) for queue in report.queues) for state in states}
    waiting = sum(_waiting(queue.states) for queue in report.queues)
    return {**numbers, "waiting": waiting, "uncertain": report.stored["uncertain"]}


def _waiting(states: Mapping[str, int]) -> int:
    return states.get("due", 0) + states.get("sending", 0)
