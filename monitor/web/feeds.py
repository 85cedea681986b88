"""The feeds and the receivers: which are well, and what is the matter with the others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds import health
from monitor.store.reading import Reading
from monitor.web.chart import share_chart, spark
from monitor.web.wording import ago, safe_link

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markupsafe import Markup
    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.store.reading import FeedRow
    from monitor.web.site import Site

_QUEUE = 100  # deliveries shown


def feeds(site: Site, request: Request) -> Response:
    """The feeds: which are well, what each brought, and what is the matter with the others."""
    now = site.clock()
    with Reading(site.state) as reading:
        rows = reading.feeds(now=now)
    standing = [(row, health.standing(row.state, row.error, now=now)) for row in rows]
    standing.sort(key=lambda one: (not one[1], one[0].name))
    shown = [_row(row, notes, now) for row, notes in standing]
    states = Counter(_condition(row) for row in rows)
    chart = share_chart([(name, what, states[name]) for name, what in _CONDITIONS.items()], name="Feeds")
    return site.shown(request, "feeds.html", feeds=shown, chart=chart, states=states, conditions=_CONDITIONS)


def _row(row: FeedRow, notes: Sequence[str], now: datetime) -> tuple[object, ...]:
    """A feed as the page shows it, without an attribute to look up: a desk has hundreds."""
    state = row.state
    return (
        row.name,
        safe_link(row.url),
        notes,
        _hours(row),
        sum(row.hours),
        "–" if state.pace is None else f"{state.pace:.1f}",
        "never" if state.last_good is None else ago(state.last_good, now),
        "due" if state.next_poll is None or state.next_poll < now else ago(state.next_poll, now),
    )


def receivers(site: Site, request: Request) -> Response:
    """The receivers: what each took, what waits for it, and what was given up."""
    now = site.clock()
    with Reading(site.state) as reading:
        waiting = reading.open_deliveries()
        book = site.desk.rulebook(reading)
        queue = reading.queue(most=_QUEUE)
        outages = reading.outages()
        names = sorted({*waiting, *outages, *(name for rule in book.rules for name in rule.send)})
        sent = reading.sent(names, since=now - timedelta(days=1))
    return site.shown(
        request, "receivers.html", names=names, waiting=waiting, sent=sent, queue=queue, outages=outages
    )


_CONDITIONS = {
    "well": "well",
    "silent": "silent",
    "failing": "failing",
    "gone": "gone",
    "unread": "not read yet",
}


def _condition(row: FeedRow) -> str:
    if row.state.gone:
        return "gone"
    if row.error:
        return "failing"
    if row.state.last_good is None:
        return "unread"
    return "silent" if row.state.silent else "well"


def _hours(row: FeedRow) -> Markup:
    return spark(row.hours, name=f"New entries of {row.name}", ends="by hour, the last 24, up to now")
