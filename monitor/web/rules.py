"""The rules with their alerts by day, and the Atom feed of each."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor.rules.explain import spelt
from monitor.store.reading import Reading
from monitor.web.atom import feed as written
from monitor.web.chart import Bar, bar_chart, spark
from monitor.web.site import DAYS

if TYPE_CHECKING:
    from starlette.requests import Request

    from monitor.web.site import Site

_SHOWN = 60  # alerts of a rule


def rules(site: Site, request: Request) -> Response:
    """The rules in force, with their alerts of the last days."""
    since, days = site.last_days()
    with Reading(site.state) as reading:
        alerts = reading.alerted_at(since=since, until=site.clock())
        book = site.desk.rulebook(reading)
    by_day = Counter((rule, at.astimezone(site.zone).date()) for rule, at in alerts)
    totals = Counter(rule for rule, _ in alerts)
    gone = sorted(set(totals) - {rule.id for rule in book.rules})
    ends = f"by day from {days[0]:%-d %B} to {days[-1]:%-d %B}"
    charts = {
        rule: spark([by_day[rule, day] for day in days], name=f"Alerts of {rule}", ends=ends)
        for rule in (*(rule.id for rule in book.rules), *gone)
    }
    ordered = sorted(book.rules, key=lambda rule: (-rule.severity, -totals[rule.id]))
    return site.shown(
        request, "rules.html", rules=ordered, totals=totals, charts=charts, days=DAYS, gone=gone
    )


def rule(site: Site, request: Request) -> Response:
    """One rule: what it looks for, its alerts by day, and the last of them."""
    name = request.path_params["rule"]
    since, days = site.last_days()
    with Reading(site.state) as reading:
        rule = site.rule(reading, name)
        hits = reading.hits(since=since, until=site.clock(), rule=name, most=_SHOWN)
        every = reading.alerted_at(since=since, until=site.clock())
    if rule is None and not hits:
        raise HTTPException(404, "There is no such rule.")
    alerts = [at for found, at in every if found == name]
    by_day = Counter(at.astimezone(site.zone).date() for at in alerts)
    chart = bar_chart([Bar(f"{day:%a %d %b}", (("bar", by_day[day]),)) for day in days], name="Alerts by day")
    looks_for = spelt(rule.condition) if rule else ""
    return site.shown(
        request, "rule.html", name=name, rule=rule, hits=hits, chart=chart, total=len(alerts),
        days=DAYS, first=days[0], last=days[-1], looks_for=looks_for,
    )  # fmt: skip


def atom(site: Site, request: Request) -> Response:
    """The last alerts of a rule, for readers of feeds."""
    name, now = request.path_params["rule"], site.clock()
    with Reading(site.state) as reading:
        rule = site.rule(reading, name)
        hits = reading.hits(since=now - timedelta(days=DAYS), until=now, rule=name, most=_SHOWN)
    if rule is None and not hits:
        raise HTTPException(404, "There is no such rule.")
    base = f"{'https' if request.scope['state']['secure'] else 'http'}://{request.headers['host']}"
    text = written(name, (rule.title or name) if rule else name, hits, base=base, now=now)
    return Response(text, media_type="application/atom+xml")
