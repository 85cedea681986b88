"""One receiver of each family of services, and a server on loopback that takes what is sent to it.

Services whose host Apprise fixes are reached through a relay, over TLS, with a certificate authority of the
tests' own: nothing of Apprise is replaced, and nothing leaves the machine.
"""

from __future__ import annotations

import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme

from monitor.demo.sinks import MailSink
from monitor.model import Receiver
from tests.test_slack import Relay
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from aiosmtpd.smtp import SMTP, Envelope, Session

    from tests.web_server import Request

WORKFLOW = "0123456789abcdef0123456789abcdef/SIGNATUREsignatureSIGNATURE"
TEAMS_HOST = "prod-01.westeurope.logic.azure.com"
HOSTS = ("hooks.slack.com", "slack.com", "discord.com", "api.telegram.org", TEAMS_HOST)

# Family: (its address, {port} for the sink of loopback; the path it posts to; what it is answered)
FAMILIES: dict[str, tuple[str, str, bytes]] = {
    "slack": (
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7/#desk?footer=no&image=no",
        "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7",
        b"ok",
    ),
    "slack-bot": (
        "slack://xoxb-1234567890-1234567890-abcdefghijklmnopqrstuvwx/#desk?footer=no&image=no",
        "/api/chat.postMessage",
        b'{"ok": true, "channel": "C1", "ts": "1.2"}',
    ),
    "mattermost": ("mmost://127.0.0.1:{port}/abcdefghijklmnop?image=no", "/hooks/abcdefghijklmnop", b"ok"),
    "teams": (
        f"workflows://{TEAMS_HOST}:443/{WORKFLOW}?image=no",
        f"/workflows/{WORKFLOW.partition('/')[0]}/triggers/manual/paths/invoke",
        b"",
    ),
    "discord": (
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?footer=no&avatar=no",
        "/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        b"",
    ),
    "telegram": (
        "tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz12345/987654",
        "/bot123456789:abcdefg_hijklmnop-qrstuvwxyz12345/sendMessage",
        b'{"ok": true, "result": {}}',
    ),
    "ntfy": ("ntfy://127.0.0.1:{port}/desk?image=no", "/desk", b'{"id": "1"}'),
    "webhook": ("json://127.0.0.1:{port}/hook", "/hook", b"ok"),
}


@dataclass(frozen=True)
class Sinks:
    """What stands behind the families: plain for those that can be told where, TLS for the others."""

    plain: WebServer
    secure: WebServer

    def receiver(self, family: str) -> Receiver:
        """The receiver of a family, answered as its service would."""
        url, path, answer = FAMILIES[family]
        status = 204 if family == "discord" else 202 if family == "teams" else 200
        for web in (self.plain, self.secure):
            web.serve(path, answer, {"Content-Type": "application/json"}, status=status)
            if family == "ntfy":
                web.serve("/", answer, {"Content-Type": "application/json"})
        return Receiver(family, url.replace("{port}", str(self.plain.port)))

    def answer(self, path: str, response: Response) -> None:
        """From now on this path is answered so."""
        for web in (self.plain, self.secure):
            web.answer(path, lambda _request: response)

    @property
    def requests(self) -> list[Request]:
        """Everything that was posted."""
        return [*self.plain.requests, *self.secure.requests]


@contextmanager
def sinks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sinks]:
    """Servers for every family, and this process's environment set so that they are found."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(tls)
    with WebServer() as plain, WebServer(tls=tls) as secure, Relay(secure.port) as relay:
        monkeypatch.setenv("HTTPS_PROXY", relay.address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
        yield Sinks(plain, secure)


class RawMailSink(MailSink):
    """Keeps mails as they came over the wire."""

    def __init__(self, receiver: str) -> None:
        super().__init__(receiver)
        self.raw: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it raw too."""
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        return await super().handle_DATA(server, session, envelope)


def posted(request: Request) -> object:
    """The JSON that was posted."""
    return json.loads(request.body)
