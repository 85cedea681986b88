"""The page: its routes, and what is said of what went wrong. Each reads, and hands it to its template."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from monitor.errors import MonitorError, StateError
from monitor.web import day, feeds, login, rules, search, silences, stories
from monitor.web.door import Door, Guesses
from monitor.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from monitor.admission import Admission


def page(state: Path, admission: Admission, *, clock: Callable[[], datetime]) -> ASGIApp:
    """The page of a state folder, behind its door."""
    guesses = Guesses(clock)
    site = Site(state, admission, clock, guesses)
    app = Starlette(
        routes=[
            site.reads("/", day.today),
            site.reads("/new", day.new),
            site.reads("/stories/{number}", stories.story),
            site.changes("/stories/{number}/split", stories.split),
            site.changes("/stories/{number}/merge", stories.merge),
            site.changes("/stories/{number}/acknowledge", stories.acknowledge),
            site.reads("/entries/{number}", stories.entry),
            site.reads("/search", search.search),
            site.reads("/rules", rules.rules),
            site.reads("/rules/{rule}.atom", rules.atom),
            site.reads("/rules/{rule}", rules.rule),
            site.reads("/feeds", feeds.feeds),
            site.reads("/receivers", feeds.receivers),
            site.reads("/silences", silences.silences),
            site.changes("/silences", silences.mute),
            site.changes("/silences/{silence:int}/end", silences.unmute),
            site.reads("/login", login.login),
            site.changes("/login", login.let_in),
            site.changes("/logout", login.let_out),
            Mount("/static", StaticFiles(packages=[("monitor.web", "static")])),
        ],
        exception_handlers={
            HTTPException: partial(refused, site),
            MonitorError: partial(failed, site),
            Exception: partial(broke, site),
        },
    )
    return Door(app, admission=admission, clock=clock, guesses=guesses)


def refused(site: Site, request: Request, error: Exception) -> Response:
    """An answer to what is not there, or cannot be asked so."""
    assert isinstance(error, HTTPException)
    return site.shown(request, "error.html", status=error.status_code, what=error.detail)


def failed(site: Site, request: Request, error: Exception) -> Response:
    """An answer to what went wrong, in the sentence that the command line would say."""
    status = 503 if isinstance(error, StateError) else 400
    return site.shown(request, "error.html", status=status, what=str(error))


def broke(site: Site, request: Request, _: Exception) -> Response:
    """An answer to what nobody foresaw, which the server logs; none of it is shown."""
    what = "Something here is broken. What it is stands in the log of monitor web."
    return site.shown(request, "error.html", status=500, what=what)
