"""The pages: each reads what it shows, and hands it to its template. Changes are forms, and lead back.

Every handler runs in a thread with a connection of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from monitor import admission as ways
from monitor import config
from monitor.errors import MonitorError, StateError, UsageError
from monitor.feeds import health
from monitor.model import Scope, Severity
from monitor.rules.document import nearest
from monitor.rules.explain import spelt
from monitor.rules.rule import EMPTY
from monitor.store.reading import Reading, searched
from monitor.store.store import Store
from monitor.stories.difference import differences
from monitor.text import cut, fold, parts
from monitor.trail import Outcome, Stage, trail
from monitor.web import atom
from monitor.web.chart import Bar, bar_chart, share_chart, spark
from monitor.web.door import LONGEST_BODY, SESSION, Door, cookie, is_form_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from monitor.admission import Admission
    from monitor.config import Desk
    from monitor.model import StoryId
    from monitor.rules.rule import Rule, Rulebook
    from monitor.store.reading import FeedRow, Hit, Whole
    from monitor.stories.difference import Run
    from monitor.trail import Arrived

_A_RULE = 12  # stories shown of each rule on the day's page
_A_DAY = 500  # and in all
_OF_A_RULE = 60
_OF_A_STORY = 60  # entries
_COMPARED = 24  # of them with their differences
_FOUND = 30
_QUEUE = 100
_DAYS = 30
_TITLE, _TEXT = 300, 600  # characters that are shown
_LONGEST_QUERY = 500
_FEWEST = 12  # bars of a chart: two or three would be walls
_LENGTHS = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "7 days": timedelta(days=7),
    "30 days": timedelta(days=30),
}
_SCRIPTS = re.compile(  # by the first letter of a script that one language has nearly to itself
    "(?P<hy>[\u0531-\u0587])|(?P<ka>[\u10a0-\u10ff])|(?P<el>[\u0370-\u03ff])|(?P<he>[\u05d0-\u05ea])"
    "|(?P<th>[\u0e01-\u0e5b])|(?P<ja>[\u3041-\u30ff])|(?P<ko>[\uac00-\ud7a3])"
)
_SAID = {  # after a change, by the word in the address: no text of an address is shown
    "split": "It is a story of its own now.",
    "merged": "The two are one story now.",
    "acknowledged": "It is seen to: it goes to no second receiver.",
    "muted": "It is muted. What is muted is counted in the next digest, not lost.",
    "unmuted": "The silence has ended. What it muted stays muted.",
}


# ---- the desk ----------------------------------------------------------------------------------------------


@dataclass
class DeskInForce:
    """The desk that the database holds, compiled once and again when another one is put in force."""

    _lock: Lock = field(default_factory=Lock)
    _hash: str = ""
    _desk: Desk | None = None

    def of(self, reading: Reading) -> Desk | None:
        """The desk, or None where no daemon has kept one."""
        with self._lock:
            if (now := reading.rulebook()) != self._hash:
                kept = reading.desk()
                self._desk = config.desk_in_force(kept[0]) if kept else None
                self._hash = now
            return self._desk

    def rulebook(self, reading: Reading) -> Rulebook:
        """The rules in force, or none."""
        desk = self.of(reading)
        return desk.rulebook if desk else EMPTY


# ---- templates ---------------------------------------------------------------------------------------------


def _templates(zone: ZoneInfo) -> Environment:
    made = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "cut": cut,
        "hex": lambda number: f"{number:016x}",
        "local": lambda at: at.astimezone(zone),
        "number": lambda number: f"{number:,}",
        "safe_link": safe_link,
        "ago": ago,
        "script_language": script_language,
    }
    made.globals |= {"zone": zone.key, "TITLE": _TITLE, "TEXT": _TEXT}
    return made


def safe_link(link: str) -> str:
    """The link if it leads to a page on the web, else "": a feed may hold javascript: and worse."""
    try:
        taken = urlsplit(link)
    except ValueError:
        return ""
    return link if taken.scheme in ("http", "https") and taken.netloc else ""


def script_language(text: str) -> str:
    """The language that a text's script tells, for readers aloud and fonts; "" (unknown) for most."""
    found = _SCRIPTS.search(text)
    return (found and found.lastgroup) or ""


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or in how long, in one unit."""
    seconds = int((now - at).total_seconds())
    size = abs(seconds)
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if size >= length:
            return f"{size // length} {unit} ago" if seconds > 0 else f"in {size // length} {unit}"
    return "just now" if seconds >= 0 else "in a moment"


# ---- the app -----------------------------------------------------------------------------------------------


def page(state: Path, admission: Admission, *, clock: Callable[[], datetime]) -> ASGIApp:
    """The page of a state folder, behind its door."""
    return Door(_Page(state, admission, clock).app(), admission=admission, clock=clock)


class _Page:
    def __init__(self, state: Path, admission: Admission, clock: Callable[[], datetime]) -> None:
        self._state, self._admission, self._clock = state, admission, clock
        self._zone = ZoneInfo(admission.zone)
        self._templates = _templates(self._zone)
        self._desk = DeskInForce()

    def app(self) -> Starlette:
        """The routes, without the door."""
        return Starlette(
            routes=[
                Route("/", self.today),
                Route("/new", self.new),
                Route("/stories/{number}", self.story),
                Route("/stories/{number}/split", self._changing(self.split), methods=["POST"]),
                Route("/stories/{number}/acknowledge", self._changing(self.acknowledge), methods=["POST"]),
                Route("/stories/{number}/merge", self._changing(self.merge), methods=["POST"]),
                Route("/entries/{number}", self.entry),
                Route("/search", self.search),
                Route("/rules", self.rules),
                Route("/rules/{rule}.atom", self.atom),
                Route("/rules/{rule}", self.rule),
                Route("/feeds", self.feeds),
                Route("/receivers", self.receivers),
                Route("/silences", self.silences, methods=["GET"]),
                Route("/silences", self._changing(self.mute), methods=["POST"]),
                Route("/silences/{silence:int}/end", self._changing(self.unmute), methods=["POST"]),
                Route("/login", self.login, methods=["GET"]),
                Route("/login", self._changing(self.let_in), methods=["POST"]),
                Route("/logout", self._changing(self.let_out), methods=["POST"]),
                Mount("/static", StaticFiles(packages=[("monitor.web", "static")])),
            ],
            exception_handlers={HTTPException: self.refused, MonitorError: self.failed},
        )

    def _shown(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        text = self._templates.get_template(template).render(
            now=self._clock(),
            path=request.url.path,
            form_token=request.state.form_token,
            user=request.state.user,
            has_session=bool(self._admission.token) and not request.state.user,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            **values,
        )
        return HTMLResponse(text, status)

    # ---- errors -------------------------------------------------------------------------------------------

    def refused(self, request: Request, error: Exception) -> Response:
        """An answer to what is not there, or cannot be asked so."""
        assert isinstance(error, HTTPException)
        return self._shown(request, "error.html", status=error.status_code, what=error.detail)

    def failed(self, request: Request, error: Exception) -> Response:
        """An answer to what went wrong, in the sentence that the command line would say."""
        status = 503 if isinstance(error, StateError) else 400
        return self._shown(request, "error.html", status=status, what=str(error))

    # ---- stories ------------------------------------------------------------------------------------------

    def today(self, request: Request) -> Response:
        """A day's stories by rule, the most urgent rules first, in each the most carried first."""
        now = self._clock()
        latest = now.astimezone(self._zone).date()
        day = _day(request.query_params.get("day", ""), latest)
        since, until = self._midnight(day), self._midnight(day + timedelta(days=1))
        with Reading(self._state) as reading:
            alerts = reading.alerted_at(since=since, until=until)
            hits = reading.hits(since=since, until=until, most=_A_DAY, most_a_rule=_A_RULE)
            carried = reading.carried(since=since, until=until, most=5) if not hits else []
        return self._shown(
            request,
            "today.html",
            day=day,
            before=day - timedelta(days=1),
            after=day + timedelta(days=1) if day < latest else None,
            is_today=day == latest,
            groups=_by_rule(hits, Counter(rule for rule, _ in alerts)),
            total=len(alerts),
            chart=self._by_hour([at for _, at in alerts], since, until),
            newest=round(now.timestamp() * 1000),
            carried=carried,
        )

    def new(self, request: Request) -> Response:
        """How many alerts came since a moment: a line that a page asks for now and then."""
        text = request.query_params.get("after", "")
        after = int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0  # noqa: PLR2004 - ms
        since = datetime.fromtimestamp(after / 1000, UTC)
        with Reading(self._state) as reading:
            found = len(reading.alerted_at(since=since, until=self._clock() + timedelta(days=1)))
        return self._shown(request, "new.html", found=found)

    def story(self, request: Request) -> Response:
        """A story: its first entry, copies beside it with what differs, developments, who was told."""
        with Reading(self._state) as reading:
            entry = reading.numbered(_number(request))
            facts = reading.facts(entry) if entry is not None else None
            whole = reading.story(facts.arrived.story, most=_OF_A_STORY) if facts else None
            if whole is None:
                raise HTTPException(404, "There is no such story.")
            coverage = reading.coverage(whole.story)
        return self._shown(
            request,
            "story.html",
            story=whole,
            groups=_groups(whole),
            unseen=any(
                told.severity is Severity.CRITICAL and told.acknowledged is None for told in whole.tellings
            ),
            outlets=len({one.entry.outlet for one in whole.entries}),
            **self._coverage(coverage),
        )

    def entry(self, request: Request) -> Response:
        """The trail of an entry."""
        with Reading(self._state) as reading:
            number = reading.numbered(_number(request))
            facts = reading.facts(number) if number is not None else None
            if facts is None:
                raise HTTPException(404, "There is no such entry.")
            desk = self._desk.of(reading)
        feed = desk.feeds_by_name.get(facts.arrived.entry.feed) if desk else None
        made = trail(facts, desk.rulebook if desk else EMPTY, tags=feed.tags if feed else frozenset())
        return self._shown(request, "entry.html", trail=made, stages=Stage, quiet=Outcome.NO_MATCH)

    def search(self, request: Request) -> Response:
        """What is stored with these words, the newest first."""
        query = request.query_params.get("q", "")[:_LONGEST_QUERY]
        before = request.query_params.get("before", "")
        with Reading(self._state) as reading:
            found, more = reading.search(
                query,
                most=_FOUND,
                before=int(before) if before.isdigit() and len(before) < 19 else 0,  # noqa: PLR2004
            )
        wanted = searched(query)
        shown = [
            (one, marked(one.title, wanted), marked(_around(one.summary, wanted), wanted)) for one in found
        ]
        return self._shown(request, "search.html", query=query, found=shown, more=more)

    def split(self, _: Request, form: Mapping[str, str]) -> Response:
        """Make an entry and its copies a story of its own."""
        entry = _written(form.get("entry", ""))
        with Store(self._state) as store, store.transaction():
            store.split(entry, now=self._clock())
        return RedirectResponse(f"/stories/{entry:016x}?said=split", 303)

    def merge(self, request: Request, form: Mapping[str, str]) -> Response:
        """Make what another story holds part of this one."""
        with Reading(self._state) as reading:
            story, other = (
                _story_of(reading, number) for number in (_number(request), _written(form.get("other", "")))
            )
        with Store(self._state) as store, store.transaction():
            store.merge(story, other, now=self._clock())
        return RedirectResponse(f"/stories/{story:016x}?said=merged", 303)

    def acknowledge(self, request: Request, _: Mapping[str, str]) -> Response:
        """Somebody has seen to what was told of a story: it goes to no second receiver."""
        with Reading(self._state) as reading:
            story = _story_of(reading, _number(request))
        with Store(self._state) as store, store.transaction():
            store.acknowledge(store.alerts_of(story), by=request.state.user, now=self._clock())
        return RedirectResponse(f"/stories/{story:016x}?said=acknowledged", 303)

    # ---- rules --------------------------------------------------------------------------------------------

    def rules(self, request: Request) -> Response:
        """The rules in force, with their alerts of the last days."""
        since, days = self._last_days()
        with Reading(self._state) as reading:
            alerts = reading.alerted_at(since=since, until=self._clock())
            book = self._desk.rulebook(reading)
        by_day = Counter((rule, at.astimezone(self._zone).date()) for rule, at in alerts)
        totals = Counter(rule for rule, _ in alerts)
        gone = sorted(set(totals) - {rule.id for rule in book.rules})
        ends = f"by day from {days[0]:%-d %B} to {days[-1]:%-d %B}"
        charts = {
            rule: spark([by_day[rule, day] for day in days], name=f"Alerts of {rule}", ends=ends)
            for rule in (*(rule.id for rule in book.rules), *gone)
        }
        ordered = sorted(book.rules, key=lambda rule: (-rule.severity, -totals[rule.id]))
        return self._shown(
            request, "rules.html", rules=ordered, totals=totals, charts=charts, days=_DAYS, gone=gone
        )

    def rule(self, request: Request) -> Response:
        """One rule: what it looks for, its alerts by day, and the last of them."""
        name = request.path_params["rule"]
        since, days = self._last_days()
        with Reading(self._state) as reading:
            rule = self._rule(reading, name)
            hits = reading.hits(since=since, until=self._clock(), rule=name, most=_OF_A_RULE)
            every = reading.alerted_at(since=since, until=self._clock())
        if rule is None and not hits:
            raise HTTPException(404, "There is no such rule.")
        alerts = [at for found, at in every if found == name]
        by_day = Counter(at.astimezone(self._zone).date() for at in alerts)
        chart = bar_chart(
            [Bar(f"{day:%a %d %b}", (("bar", by_day[day]),)) for day in days], name="Alerts by day"
        )
        looks_for = spelt(rule.condition) if rule else ""
        return self._shown(
            request, "rule.html", name=name, rule=rule, hits=hits, chart=chart, total=len(alerts),
            days=_DAYS, first=days[0], last=days[-1], looks_for=looks_for,
        )  # fmt: skip

    def atom(self, request: Request) -> Response:
        """The last alerts of a rule, for readers of feeds."""
        name, now = request.path_params["rule"], self._clock()
        with Reading(self._state) as reading:
            rule = self._rule(reading, name)
            hits = reading.hits(since=now - timedelta(days=_DAYS), until=now, rule=name, most=_OF_A_RULE)
        if rule is None and not hits:
            raise HTTPException(404, "There is no such rule.")
        base = f"{'https' if request.scope['state']['secure'] else 'http'}://{request.headers['host']}"
        text = atom.feed(name, (rule.title or name) if rule else name, hits, base=base, now=now)
        return Response(text, media_type="application/atom+xml")

    def _rule(self, reading: Reading, name: str) -> Rule | None:
        return next((rule for rule in self._desk.rulebook(reading).rules if rule.id == name), None)

    # ---- feeds and receivers ------------------------------------------------------------------------------

    def feeds(self, request: Request) -> Response:
        """The feeds: which are well, what each brought, and what is the matter with the others."""
        now = self._clock()
        with Reading(self._state) as reading:
            rows = reading.feeds(now=now)
        shown = [(row, health.standing(row.state, row.error, now=now), _hours(row)) for row in rows]
        shown.sort(key=lambda one: (not one[1], one[0].name))
        states = Counter(_condition(row) for row in rows)
        chart = share_chart([(name, what, states[name]) for name, what in _CONDITIONS.items()], name="Feeds")
        return self._shown(
            request, "feeds.html", feeds=shown, chart=chart, states=states, conditions=_CONDITIONS
        )

    def receivers(self, request: Request) -> Response:
        """The receivers: what each took, what waits for it, and what was given up."""
        now = self._clock()
        with Reading(self._state) as reading:
            waiting = reading.open_deliveries()
            book = self._desk.rulebook(reading)
            names = sorted({*waiting, *(name for rule in book.rules for name in rule.send)})
            sent = reading.sent(names, since=now - timedelta(days=1))
            queue = reading.queue(most=_QUEUE)
        return self._shown(request, "receivers.html", names=names, waiting=waiting, sent=sent, queue=queue)

    # ---- silences -----------------------------------------------------------------------------------------

    def silences(self, request: Request) -> Response:
        """The silences in force, and a form for another."""
        with Reading(self._state) as reading:
            found = reading.silences(now=self._clock())
            known = self._spoken_of(reading)
        scope = request.query_params.get("scope", "rule")
        return self._shown(
            request,
            "silences.html",
            silences=found,
            known=known,
            scopes=[one.value for one in Scope],
            scope=scope if scope in known or scope == "story" else "rule",
            value=request.query_params.get("value", "")[:_LONGEST_QUERY],
            lengths=_LENGTHS,
        )

    def mute(self, request: Request, form: Mapping[str, str]) -> Response:
        """Put a silence in force."""
        comment, value, now = form.get("comment", "").strip(), form.get("value", "").strip(), self._clock()
        if not comment:
            raise HTTPException(400, "A silence needs a comment: say why, for the others.")
        if form.get("scope") not in [one.value for one in Scope] or form.get("for") not in _LENGTHS:
            raise HTTPException(400, "A silence is of a story, rule, name or outlet, and has an end.")
        scope = Scope(form["scope"])
        with Reading(self._state) as reading:
            if scope is Scope.STORY:
                value = f"{_story_of(reading, _written(value)):016x}"
            elif value not in (known := self._spoken_of(reading)[scope.value]):
                raise UsageError(f'there is no {scope.value} "{value}"', remedy=nearest(value, known))
        with Store(self._state) as store:
            store.add_silence(
                scope,
                value,
                begins=now,
                ends=now + _LENGTHS[form["for"]],
                comment=comment[:_LONGEST_QUERY],
                by=request.state.user,
                now=now,
            )
        return RedirectResponse("/silences?said=muted", 303)

    def unmute(self, request: Request, _: Mapping[str, str]) -> Response:
        """End a silence now."""
        with Store(self._state) as store:
            if not store.expire_silence(request.path_params["silence"], now=self._clock()):
                raise HTTPException(404, "There is no such silence in force.")
        return RedirectResponse("/silences?said=unmuted", 303)

    def _spoken_of(self, reading: Reading) -> dict[str, list[str]]:
        """What a silence may be about beside a story, by kind."""
        desk = self._desk.of(reading)
        found = config.spoken_of(desk.sources) if desk else {}
        return {scope.value: sorted(found.get(scope, ())) for scope in Scope if scope is not Scope.STORY}

    # ---- letting in ---------------------------------------------------------------------------------------

    def login(self, request: Request) -> Response:
        """Ask for the token."""
        return self._shown(request, "login.html", to=_back(request.query_params.get("to", "/")), wrong=False)

    def let_in(self, request: Request, form: Mapping[str, str]) -> Response:
        """Let somebody in who has the token."""
        to = _back(form.get("to", "/"))
        if not ways.is_token(self._admission, form.get("token", "")):
            return self._shown(request, "login.html", status=403, to=to, wrong=True)
        answer = RedirectResponse(to, 303)
        value = ways.session(self._admission, now=self._clock())
        answer.headers.append("Set-Cookie", cookie(request.scope, SESSION, value, lasts=ways.SESSION))
        return answer

    def let_out(self, request: Request, form: Mapping[str, str]) -> Response:  # noqa: ARG002 - as all changes
        """Forget who this is."""
        answer = RedirectResponse("/login", 303)
        answer.headers.append("Set-Cookie", cookie(request.scope, SESSION, "", lasts=0))
        return answer

    # ---- parts --------------------------------------------------------------------------------------------

    def _changing(
        self, change: Callable[[Request, Mapping[str, str]], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A change behind a form that carries its page's token."""

        async def changed(request: Request) -> Response:
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise HTTPException(413, "This is too much for a form.")
            form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
            if not is_form_token(request.state, form.get("form_token", "")):
                raise HTTPException(
                    403, "The form is too old, or was not made here: go back, load anew, try again."
                )
            return await run_in_threadpool(change, request, form)

        return changed

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self._zone)

    def _last_days(self) -> tuple[datetime, list[date]]:
        last = self._clock().astimezone(self._zone).date()
        days = [last - timedelta(days=number) for number in reversed(range(_DAYS))]
        return self._midnight(days[0]), days

    def _by_hour(self, moments: Sequence[datetime], since: datetime, until: datetime) -> Any:
        hours = Counter(int((at - since).total_seconds() // 3600) for at in moments)
        number = round((until - since).total_seconds() / 3600)
        bars = [Bar(f"{hour}:00", (("bar", hours[hour]),)) for hour in range(number)]
        return bar_chart(bars, name="Alerts by hour")

    def _coverage(self, coverage: Sequence[tuple[datetime, int]]) -> dict[str, Any]:
        """Entries by hour from the first, or by day, copies and developments apart; and where it ends."""
        first = coverage[0][0]
        span = coverage[-1][0] - first
        step = timedelta(hours=1) if span < timedelta(hours=96) else timedelta(days=1)
        copies: Counter[int] = Counter()
        others: Counter[int] = Counter()
        for seen, lead in coverage:
            (copies if lead == coverage[0][1] else others)[(seen - first) // step] += 1
        number = min(max(span // step + 1, _FEWEST), 120)
        form = "%-d %b %H:%M" if step < timedelta(days=1) else "%-d %b"
        moments = [(first + place * step).astimezone(self._zone) for place in range(number)]
        bars = [
            Bar(f"{at:{form}}", (("bar", copies[place]), ("other", others[place])))
            for place, at in enumerate(moments)
        ]
        what = "hour" if step < timedelta(days=1) else "day"
        return {"chart": bar_chart(bars, name=f"Entries by {what}"), "chart_end": f"{moments[-1]:{form}}"}


# ---- from what is asked ------------------------------------------------------------------------------------


def _number(request: Request) -> int:
    return _written(request.path_params["number"], lost=True)


def _written(text: str, *, lost: bool = False) -> int:
    """A number as it stands in links, or the link itself; raises HTTPException."""
    digits = text.strip().rstrip("/").rpartition("/")[2].partition("?")[0]
    try:
        number = int(digits, 16) if len(digits) == 16 else -1  # noqa: PLR2004 - 64 bits
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise HTTPException(404 if lost else 400, "This is no number of a story or an entry.")
    return number


def _story_of(reading: Reading, number: int) -> StoryId:
    entry = reading.numbered(number)
    facts = reading.facts(entry) if entry is not None else None
    if facts is None:
        raise UsageError(
            "there is no such story", where=f"{number:016x}", remedy="copy its number from its page"
        )
    return facts.arrived.story


def _day(text: str, latest: date) -> date:
    try:
        return min(date.fromisoformat(text), latest)
    except ValueError:
        return latest


def _back(path: str) -> str:
    """A path of this page to go on to; a link to elsewhere leads home."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


# ---- for the templates -------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry beside the first of its group: its text in runs that the first has too, or has not."""

    arrived: Arrived
    title: tuple[Run, ...]
    text: tuple[Run, ...]


def _groups(whole: Whole) -> list[tuple[Arrived, list[Shown]]]:
    """The story's entries by what they repeat: the first of each group, and the others compared with it."""
    firsts: dict[int, Arrived] = {}
    rest: dict[int, list[Shown]] = {}
    left = _COMPARED
    for one in whole.entries:
        first = firsts.setdefault(one.lead, one)
        if first is not one:
            rest.setdefault(one.lead, []).append(_compared(one, first if left > 0 else None))
            left -= 1
    return [(first, rest.get(lead, [])) for lead, first in firsts.items()]


def _compared(one: Arrived, first: Arrived | None) -> Shown:
    title = cut(one.entry.title, _TITLE)
    text = cut(one.entry.summary or one.entry.body, _TEXT)
    if first is None:
        return Shown(one, differences(title, title), differences(text, text))
    other = f"{first.entry.title}\n{first.entry.summary or first.entry.body}"
    return Shown(one, differences(title, other), differences(text, other))


def marked(text: str, wanted: Sequence[tuple[bool, str, bool]]) -> list[tuple[str, bool]]:
    """The text in pieces, those that a search asked for told apart."""
    exact, begun = set(), []
    for must, words, begins in wanted:
        if must and begins:
            begun.append(fold(words))
        elif must:
            exact |= {fold(word) for word in parts(words)[1::2]}
    pieces: list[tuple[str, bool]] = []
    for number, piece in enumerate(parts(text)):
        word = fold(piece) if number % 2 else ""
        hit = bool(word) and (word in exact or any(word.startswith(one) for one in begun))
        if pieces and pieces[-1][1] == hit:
            pieces[-1] = (pieces[-1][0] + piece, hit)
        elif piece:
            pieces.append((piece, hit))
    return pieces


def _around(text: str, wanted: Sequence[tuple[bool, str, bool]]) -> str:
    """So much of a text as a list shows, from shortly before what was looked for."""
    at = 0
    for piece, hit in marked(text, wanted):
        if hit:
            break
        at += len(piece)
    begin = max(0, at - 80) if at < len(text) else 0
    begin = text.find(" ", begin) + 1 if begin else 0
    return ("…" if begin else "") + cut(text[begin:], 240)


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


def _hours(row: FeedRow) -> Any:
    return spark(row.hours, name=f"New entries of {row.name}", ends="by hour, the last 24, up to now")
