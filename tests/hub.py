"""A WebSub hub on the loopback: takes wishes, verifies them at the callback, rings there, signed."""

from __future__ import annotations

import hmac
import http.client
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.web_server import Response

if TYPE_CHECKING:
    from tests.web_server import Request, WebServer


class Hub:
    """One of a test's web server, at `path`. It verifies while it is asked, unless told otherwise."""

    def __init__(self, web: WebServer, path: str = "/hub", *, lease: int = 86_400) -> None:
        self.url = web.url(path)
        self.lease = lease
        self.asked: list[dict[str, str]] = []
        self.verifies = True
        self.refusal: Response | None = None
        web.answer(path, self._take)

    @property
    def wish(self) -> dict[str, str]:
        """The last one."""
        return self.asked[-1]

    def _take(self, request: Request) -> Response:
        self.asked.append(dict(parse_qsl(request.body.decode())))
        if self.refusal is not None:
            return self.refusal
        if self.verifies:
            self.verify()
        return Response(status=202)

    def verify(self, **changed: str) -> tuple[int, bytes]:
        """Ask the subscriber whether it meant its last wish; with `changed` another one."""
        word = {
            "hub.mode": self.wish["hub.mode"],
            "hub.topic": self.wish["hub.topic"],
            "hub.challenge": "a challenge",
            "hub.lease_seconds": str(self.lease),
        }
        word |= {f"hub.{name}": value for name, value in changed.items()}
        return call("GET", f"{self.wish['hub.callback']}?{urlencode(word)}")

    def ring(
        self, body: bytes = b"<feed/>", *, method: str = "sha256", secret: str | None = None, header: str = ""
    ) -> int:
        """Push a body, signed with the wish's secret, another, or by this header; the answer's status."""
        key = self.wish["hub.secret"] if secret is None else secret
        signed = {"X-Hub-Signature": signature(key, body, method=method)} if key else {}
        signed |= {"X-Hub-Signature": header} if header else {}
        return call("POST", self.wish["hub.callback"], body, signed)[0]


def signature(secret: str, body: bytes, *, method: str = "sha256") -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def call(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """A request as a hub makes it: the status and the body of its answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
