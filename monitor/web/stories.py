"""A story with its copies side by side, and what people set right in it; the trail of an entry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from monitor.model import Severity
from monitor.rules.rule import EMPTY
from monitor.store.reading import Reading
from monitor.store.store import Store
from monitor.stories.difference import differences
from monitor.text import cut
from monitor.trail import Outcome, Stage, language, trail
from monitor.web.chart import Bar, bar_chart
from monitor.web.site import number_of, story_of, written
from monitor.web.wording import TEXT, TITLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.store.reading import Whole
    from monitor.stories.difference import Run
    from monitor.trail import Arrived
    from monitor.web.site import Site

_SHOWN = 60  # entries
_COMPARED = 24  # of them with their differences
_LACKING = 6  # pieces that a copy leaves out
_STATES = {"due": "waiting", "dead": "given up", "acked": "acknowledged"}  # where states are not words
_TONES = dict.fromkeys(Outcome, "") | {  # classes of the stylesheet
    Outcome.SENT: "good",
    Outcome.SENT_AGAIN: "good",
    Outcome.ALERTED: "good",
    Outcome.ALERTED_ON_EDIT: "good",
    Outcome.TOLD_ALREADY: "good",
    Outcome.ACKNOWLEDGED: "good",
    Outcome.WAITING: "open",
    Outcome.SENDING: "open",
    Outcome.RETRYING: "open",
    Outcome.UNCERTAIN: "open",
    Outcome.HELD: "open",
    Outcome.LIMITED: "open",
    Outcome.DEAD: "bad",
    Outcome.NO_RECEIVER: "bad",
}
_FEWEST, _MOST = 12, 120  # bars of a chart: two or three would be walls


def story(site: Site, request: Request) -> Response:
    """A story: its first entry, copies beside it with what differs, developments, who was told."""
    with Reading(site.state) as reading:
        entry = reading.numbered(number_of(request))
        facts = reading.facts(entry) if entry is not None else None
        whole = reading.story(facts.arrived.story, most=_SHOWN) if facts else None
        if whole is None:
            raise HTTPException(404, "There is no such story.")
        coverage = reading.coverage(whole.story)
    return site.shown(
        request,
        "story.html",
        story=whole,
        groups=_groups(whole),
        unseen=any(
            told.severity is Severity.CRITICAL and told.acknowledged is None for told in whole.tellings
        ),
        states=_STATES,
        outlets=len({one.entry.outlet for one in whole.entries}),
        **_coverage(site, coverage),
    )


def entry(site: Site, request: Request) -> Response:
    """The trail of an entry."""
    with Reading(site.state) as reading:
        number = reading.numbered(number_of(request))
        facts = reading.facts(number) if number is not None else None
        if facts is None:
            raise HTTPException(404, "There is no such entry.")
        desk = site.desk.of(reading)
    feed = desk.feeds_by_name.get(facts.arrived.entry.feed) if desk else None
    made = trail(facts, desk.rulebook if desk else EMPTY, tags=feed.labels if feed else frozenset())
    return site.shown(
        request,
        "entry.html",
        trail=made,
        language=language(facts.arrived.entry, operators=feed.lang if feed else None),
        stages=Stage,
        quiet=Outcome.NO_MATCH,
        tones=_TONES,
    )


def split(site: Site, _: Request, form: Mapping[str, str]) -> Response:
    """Make an entry and its copies a story of its own."""
    entry = written(form.get("entry", ""))
    with Store(site.state) as store, store.transaction():
        store.split(entry, now=site.clock())
    return RedirectResponse(f"/stories/{entry:016x}?said=split", 303)


def merge(site: Site, request: Request, form: Mapping[str, str]) -> Response:
    """Make what another story holds part of this one."""
    with Reading(site.state) as reading:
        story, other = (
            story_of(reading, number) for number in (number_of(request), written(form.get("other", "")))
        )
    with Store(site.state) as store, store.transaction():
        store.merge(story, other, now=site.clock())
    return RedirectResponse(f"/stories/{story:016x}?said=merged", 303)


def acknowledge(site: Site, request: Request, _: Mapping[str, str]) -> Response:
    """Somebody has seen to what was told of a story: it goes to no second receiver."""
    with Reading(site.state) as reading:
        story = story_of(reading, number_of(request))
    with Store(site.state) as store, store.transaction():
        store.acknowledge(store.alerts_of(story), by=request.state.user, now=site.clock())
    return RedirectResponse(f"/stories/{story:016x}?said=acknowledged", 303)


def _coverage(site: Site, coverage: Sequence[tuple[datetime, int]]) -> dict[str, Any]:
    """Entries by hour from the first, or by day, copies and developments apart; and where it ends."""
    first = coverage[0][0]
    span = coverage[-1][0] - first
    step = timedelta(hours=1) if span < timedelta(hours=96) else timedelta(days=1)
    copies: Counter[int] = Counter()
    others: Counter[int] = Counter()
    for seen, lead in coverage:
        (copies if lead == coverage[0][1] else others)[(seen - first) // step] += 1
    number = min(max(span // step + 1, _FEWEST), _MOST)
    form = "%-d %b %H:%M" if step < timedelta(days=1) else "%-d %b"
    moments = [(first + place * step).astimezone(site.zone) for place in range(number)]
    bars = [
        Bar(f"{at:{form}}", (("bar", copies[place]), ("other", others[place])))
        for place, at in enumerate(moments)
    ]
    what = "hour" if step < timedelta(days=1) else "day"
    return {
        "chart": bar_chart(bars, name=f"Entries by {what}"),
        "chart_what": f"entries by {what}",
        "chart_end": f"{moments[-1]:{form}}",
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry beside the first of its group: its text in runs that the first has too, or has not.

    `without` is what the first says and this does not.
    """

    arrived: Arrived
    title: tuple[Run, ...]
    text: tuple[Run, ...]
    without: tuple[str, ...]


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
    title = cut(one.entry.title, TITLE)
    text = cut(one.entry.summary or one.entry.body, TEXT)
    if first is None:
        return Shown(one, differences(title, title), differences(text, text), ())
    other = f"{first.entry.title}\n{first.entry.summary or first.entry.body}"
    shown = f"{cut(first.entry.title, TITLE)}\n{cut(first.entry.summary or first.entry.body, TEXT)}"
    lacking = [
        run.text
        for run in differences(shown, f"{one.entry.title}\n{one.entry.summary or one.entry.body}")
        if not run.shared
    ]
    return Shown(one, differences(title, other), differences(text, other), tuple(lacking[:_LACKING]))
