"""The day: stories by rule, and the line that says that there is news."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.store.reading import Reading
from monitor.web.chart import Bar, bar_chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup
    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.model import Severity
    from monitor.store.reading import Hit
    from monitor.web.site import Site

_FIRST = date(1970, 1, 2)  # nothing is older; before the year 1 there are no days to lead to
_A_RULE = 12  # stories shown of each rule
_A_DAY = 500  # and in all
_SEVERITIES = ("critical", "high", "normal", "low")
_LATE = timedelta(minutes=10)  # after which a feed that was due has been forgotten by the daemon


def today(site: Site, request: Request) -> Response:
    """A day's stories by rule, the most urgent rules first, in each the most carried first."""
    now = site.clock()
    latest = now.astimezone(site.zone).date()
    day = _day(request.query_params.get("day", ""), latest)
    since, until = site.midnight(day), site.midnight(day + timedelta(days=1))
    with Reading(site.state) as reading:
        alerts = reading.alerted_at(since=since, until=until)
        hits = reading.hits(since=since, until=until, most=_A_DAY, most_a_rule=_A_RULE)
        carried = reading.carried(since=since, until=until, most=5) if not hits else []
        concerns = reading.concerns(overdue=now - _LATE) if day == latest else None
    return site.shown(
        request,
        "today.html",
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < latest else None,
        is_today=day == latest,
        groups=_by_rule(hits, Counter(rule for rule, _ in alerts)),
        total=len(alerts),
        severities=[one for one in _SEVERITIES if one in {hit.severity.name.lower() for hit in hits}],
        chart=_by_hour(alerts, since, until, {hit.rule: hit.severity for hit in hits}),
        newest=round(now.timestamp() * 1000),
        carried=carried,
        concerns=concerns,
    )


def new(site: Site, request: Request) -> Response:
    """How many alerts came since a moment: a line that a page asks for now and then."""
    text = request.query_params.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0  # noqa: PLR2004 - ms
    since = datetime.fromtimestamp(after / 1000, UTC)
    with Reading(site.state) as reading:
        found = len(reading.alerted_at(since=since, until=site.clock() + timedelta(days=1)))
    return site.shown(request, "new.html", found=found)


def _by_hour(
    alerts: Sequence[tuple[str, datetime]],
    since: datetime,
    until: datetime,
    severities: Mapping[str, Severity],
) -> Markup:
    """The day's alerts by hour, the more severe below."""
    names = {rule: severity.name.lower() for rule, severity in severities.items()}
    hours = Counter(
        (int((at - since).total_seconds() // 3600), names.get(rule, "low")) for rule, at in alerts
    )
    number = round((until - since).total_seconds() / 3600)
    bars = [
        Bar(f"{hour}:00", tuple((name, hours[hour, name]) for name in _SEVERITIES)) for hour in range(number)
    ]
    return bar_chart(bars, name="Alerts by hour")


def _day(text: str, latest: date) -> date:
    try:
        return max(_FIRST, min(date.fromisoformat(text), latest))
    except ValueError:
        return latest


@dataclass(frozen=True, slots=True)
class Group:
    """A rule's alerts of a day; `more` are those that are not shown."""

    rule: str
    title: str
    severity: Severity
    hits: tuple[Hit, ...]
    total: int

    @property
    def more(self) -> int:
        """How many are left out."""
        return self.total - len(self.hits)


def _by_rule(hits: Sequence[Hit], totals: Mapping[str, int]) -> list[Group]:
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.rule, []).append(hit)
    groups = [
        Group(
            rule,
            some[0].title,
            max(hit.severity for hit in some),
            tuple(sorted(some, key=lambda hit: (-hit.outlets, -hit.created.timestamp()))),
            totals[rule],
        )
        for rule, some in found.items()
    ]
    return sorted(groups, key=lambda group: (-group.severity, -group.total, group.rule))
