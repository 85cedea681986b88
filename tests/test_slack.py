"""The real Slack plugin, over TLS, to a Slack of our own on loopback: nothing of Apprise is replaced.

Apprise always asks hooks.slack.com; a relay named by $HTTPS_PROXY takes that connection to the loopback
server, whose certificate for that name is vouched for by a certificate authority of the test's own.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any, Self

import trustme

from monitor.demo.sinks import MailSink
from tests.desks import Desk, serve_feed
from tests.web_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7"
NEWS = "Ministers sign a peace agreement &lt;!channel&gt; @everyone"


class Relay:
    """An HTTP proxy that knows CONNECT and one destination, whatever it is asked for."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head.split(b" ")[1].decode())
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pour, args=(server, client), daemon=True)
            back.start()
            _pour(client, server)
            back.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            # urllib3 leaves Nagle's algorithm on towards a proxy: each post would wait 40 ms for this.
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def test_slack_gets_the_alert_as_text_that_calls_nobody(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.slack.com").configure_cert(tls)
    with (
        WebServer() as web,
        WebServer(tls=tls) as slack,
        Relay(slack.port) as relay,
        MailSink("mail") as mail,
    ):
        slack.serve(f"/services/{TOKENS}", b"ok")
        serve_feed(web, "Nothing much")
        desk = Desk(
            tmp_path,
            {"mail": mail.url, "chat": f"slack://{TOKENS}/#desk?footer=no&image=no"},
            {"wire": web.url("/feed")},
            env={
                "HTTPS_PROXY": relay.address,
                "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem"),
                "NO_PROXY": "",
            },
        )
        assert desk.command("run", "--once").returncode == 0
        serve_feed(web, "Nothing much", NEWS)
        told = desk.command("run", "--once")
        assert told.returncode == 0, told.stderr
        assert relay.asked == ["hooks.slack.com:443"]
        (posted,) = slack.requests
    payload: dict[str, Any] = json.loads(posted.body)
    text = json.dumps(payload, ensure_ascii=False)
    assert "Ministers sign a peace agreement" in text
    assert "rule peace" in text
    assert payload["channel"] == "#desk"
    for live in ("<!channel>", "@everyone", "&lt;!channel"):
        assert live not in text
