"""Silences: what is muted, and a form for another."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from monitor import config
from monitor.errors import UsageError
from monitor.model import Scope
from monitor.rules.document import nearest
from monitor.store.reading import Reading
from monitor.store.store import Store
from monitor.web.site import LONGEST_VALUE, story_of, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.web.site import Site

_LENGTHS = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "7 days": timedelta(days=7),
    "30 days": timedelta(days=30),
}


def silences(site: Site, request: Request) -> Response:
    """The silences in force, and a form for another."""
    with Reading(site.state) as reading:
        found = reading.silences(now=site.clock())
        known = _spoken_of(site, reading)
    scope = request.query_params.get("scope", "rule")
    return site.shown(
        request,
        "silences.html",
        silences=found,
        known=known,
        scopes=[one.value for one in Scope],
        scope=scope if scope in known or scope == "story" else "rule",
        value=request.query_params.get("value", "")[:LONGEST_VALUE],
        lengths=_LENGTHS,
    )


def mute(site: Site, request: Request, form: Mapping[str, str]) -> Response:
    """Put a silence in force."""
    comment, value, now = form.get("comment", "").strip(), form.get("value", "").strip(), site.clock()
    if not comment:
        raise HTTPException(400, "A silence needs a comment: say why, for the others.")
    if form.get("scope") not in [one.value for one in Scope] or form.get("for") not in _LENGTHS:
        raise HTTPException(400, "A silence is of a story, rule, name or outlet, and has an end.")
    scope = Scope(form["scope"])
    with Reading(site.state) as reading:
        if scope is Scope.STORY:
            value = f"{story_of(reading, written(value)):016x}"
        elif value not in (known := _spoken_of(site, reading)[scope.value]):
            raise UsageError(f'there is no {scope.value} "{value}"', remedy=nearest(value, known))
        desk = site.desk.of(reading)
    with Store(site.state) as store:
        if scope is Scope.OUTLET and desk:
            store.refuse_unheard(value, config.feeds_by(value, desk.sources))
        store.add_silence(
            scope,
            value,
            begins=now,
            ends=now + _LENGTHS[form["for"]],
            comment=comment[:LONGEST_VALUE],
            by=request.state.user,
            now=now,
        )
    return RedirectResponse("/silences?said=muted", 303)


def unmute(site: Site, request: Request, _: Mapping[str, str]) -> Response:
    """End a silence now."""
    number = request.path_params["silence"]
    with Store(site.state) as store:
        if number >= 1 << 63 or not store.expire_silence(number, now=site.clock()):
            raise HTTPException(404, "There is no such silence in force.")
    return RedirectResponse("/silences?said=unmuted", 303)


def _spoken_of(site: Site, reading: Reading) -> dict[str, list[str]]:
    """What a silence may be about beside a story, by kind."""
    desk = site.desk.of(reading)
    found = config.spoken_of(desk.sources) if desk else {}
    return {scope.value: sorted(found.get(scope, ())) for scope in Scope if scope is not Scope.STORY}
