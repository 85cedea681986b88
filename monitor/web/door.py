"""The door of the page: which requests come in, and what every answer says to the browser.

A plain ASGI wrapper round the app. It refuses other names than ours, people who have not shown who they are,
and changes that did not start on one of our own pages; it gives every answer a policy that runs no script
and loads nothing but our own files.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections import deque
from http.cookies import CookieError, SimpleCookie
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse

from monitor import admission as ways

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from monitor.admission import Admission

log = logging.getLogger("monitor")

SESSION, VISIT = "media_monitor", "media_monitor_visit"
LONGEST_BODY = 64 * 1024  # bytes of a form; ours have a few hundred
_OPEN = ("/login", "/static/")  # to be seen by those who are not yet let in
_SAFE = ("GET", "HEAD")
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send the Origin "null" with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guesses:
    """The wrong tokens of the last minute, from wherever they came. A right one is never asked about them."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._latest: deque[datetime] = deque(maxlen=ways.GUESSES + 1)
        self._lock = Lock()
        self._said = False

    def add(self) -> int:
        """There was another: in how many seconds one may be tried again, 0 for at once."""
        with self._lock:
            self._latest.append(self._clock())
            wait = ways.wait([*self._latest], now=self._latest[-1])
            if wait and not self._said:
                log.warning("outcome=guessing somebody tries tokens: more than %d in a minute", ways.GUESSES)
            self._said = bool(wait)
        return wait


class Door:
    """Stands before the app. The key that forms are signed with is this process's own."""

    def __init__(
        self, app: ASGIApp, *, admission: Admission, clock: Callable[[], datetime], guesses: Guesses
    ) -> None:
        self._app, self._admission, self._clock, self._guesses = app, admission, clock, guesses
        self._key = secrets.token_hex(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = _cookies(headers.get("cookie", ""))
        visit = cookies.get(VISIT) or secrets.token_hex(16)
        scope["state"] = {**scope.get("state", {}), "form_token": self._form_token(visit)}
        scope["state"]["secure"] = self._is_secure(scope, headers)
        answer = self._refusal(scope, headers, cookies)
        fresh = VISIT not in cookies

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                _finish(MutableHeaders(scope=message), scope["path"])
                if fresh and not scope["path"].startswith("/static/"):
                    MutableHeaders(scope=message).append("Set-Cookie", cookie(scope, VISIT, visit))
            await send(message)

        await (answer or self._app)(scope, receive, sent)

    def _refusal(self, scope: Scope, headers: Headers, cookies: dict[str, str]) -> Any:
        """The answer to a request that does not come in; None for one that does."""
        admission, path = self._admission, scope["path"]
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        bearer = bearer.strip() if scheme.lower() == "bearer" else ""
        if not ways.is_known_host(admission, headers.get("host", "")):
            return PlainTextResponse(
                "This name is not one of this page's: see hosts: in its settings.\n", 421
            )
        user = ways.user_of(
            admission,
            peer=_peer(scope),
            header=headers.get(admission.user_header, "") if admission.user_header else "",
            bearer=bearer,
            session=cookies.get(SESSION, ""),
            now=self._clock(),
        )
        scope["state"]["user"] = user or ""
        if user is None and not path.startswith(_OPEN):
            if admission.token and bearer and (wait := self._guesses.add()):
                return PlainTextResponse("Too many wrong tokens.\n", 429, {"Retry-After": str(wait)})
            if admission.token and scope["method"] in _SAFE and not path.endswith(".atom"):
                return RedirectResponse(f"/login?to={quote(path)}", 303)
            return PlainTextResponse("You have not shown who you are.\n", 401, {"WWW-Authenticate": "Bearer"})
        if scope["method"] not in _SAFE and not is_from_here(headers):
            return PlainTextResponse("This change did not start on this page.\n", 403)
        return None

    def _is_secure(self, scope: Scope, headers: Headers) -> bool:
        """Whether the browser speaks TLS, to us or to a proxy that we believe."""
        proxied = _peer(scope) in self._admission.proxies and headers.get("x-forwarded-proto") == "https"
        return scope.get("scheme") == "https" or proxied

    def _form_token(self, visit: str) -> str:
        return ways.signed(self._key, f"form {visit}")


def is_from_here(headers: Headers) -> bool:
    """Whether a browser says that a request was started by a page of ours; one that says nothing is believed.

    The form's token is asked for all the same: this turns away what comes from elsewhere before it is read.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in ("same-origin", "none", None):
        return False
    if origin == "null":  # of a browser that tells nobody where it was: then only its own word counts
        return site == "same-origin"
    return origin is None or origin.partition("://")[2] == headers.get("host", "")


def is_form_token(state: Any, given: str) -> bool:
    """Whether a form carries the token that its page was given."""
    return hmac.compare_digest(state.form_token.encode(), given.encode())


def cookie(scope: Scope, name: str, value: str, *, lasts: int | None = None) -> str:
    """A Set-Cookie that scripts cannot read and other sites' forms do not send."""
    secure = "; Secure" if scope["state"]["secure"] else ""
    age = f"; Max-Age={lasts}" if lasts is not None else ""
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _finish(headers: MutableHeaders, path: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    if not path.startswith("/static/"):
        headers["Cache-Control"] = "no-store"
