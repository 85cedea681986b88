"""Letting in who has the token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from monitor import admission as ways
from monitor.web.door import SESSION, cookie

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from monitor.web.site import Site


def login(site: Site, request: Request) -> Response:
    """Ask for the token."""
    return site.shown(request, "login.html", to=_back(request.query_params.get("to", "/")), wrong=False)


def let_in(site: Site, request: Request, form: Mapping[str, str]) -> Response:
    """Let somebody in who has the token."""
    to = _back(form.get("to", "/"))
    if not ways.is_token(site.admission, form.get("token", "")):
        return _refused(site, request, to)
    answer = RedirectResponse(to, 303)
    value = ways.session(site.admission, now=site.clock())
    answer.headers.append("Set-Cookie", cookie(request.scope, SESSION, value, lasts=ways.SESSION))
    return answer


def _refused(site: Site, request: Request, to: str) -> Response:
    wait = site.guesses.add()
    answer = site.shown(request, "login.html", status=429 if wait else 403, to=to, wrong=True)
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


def let_out(_site: Site, request: Request, _form: Mapping[str, str]) -> Response:
    """Forget who this is."""
    answer = RedirectResponse("/login", 303)
    answer.headers.append("Set-Cookie", cookie(request.scope, SESSION, "", lasts=0))
    return answer


def _back(path: str) -> str:
    """A path of this page to go on to; a link to elsewhere leads home."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
