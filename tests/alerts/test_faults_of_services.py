"""What becomes of a message when a service fails, fault by fault: refused, or perhaps taken."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import trustme

from monitor.alerts import notify
from monitor.alerts.notify import Notifier
from monitor.errors import SendError
from monitor.model import Message, Receiver
from tests.web_server import Raw, Response, WebServer, drip, reset

if TYPE_CHECKING:
    import threading

MESSAGE = Message("", "Ministers meet")


def hang(_connection: socket.socket, closing: threading.Event) -> None:
    """Take it, and never answer."""
    closing.wait()


def half(connection: socket.socket, _closing: threading.Event) -> None:
    """Answer by half."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok")


# (the fault, whether the message may have been taken, what is said of it)
FAULTS: list[tuple[int | Raw, bool, str]] = [
    (301, False, "error=301"),  # a redirect with nowhere to go
    (400, False, "error=400"),
    (401, False, "error=401"),
    (404, False, "error=404"),
    (413, False, "error=413"),
    (429, False, "error=429"),
    (500, False, "error=500"),
    (502, False, "error=502"),
    (503, False, "error=503"),
    (hang, True, "timed out"),
    (half, True, "onnection"),
    (reset, True, "onnection"),
]


@pytest.mark.parametrize(("fault", "uncertain", "said"), FAULTS)
def test_a_fault_of_a_service(
    fault: int | Raw, said: str, monkeypatch: pytest.MonkeyPatch, *, uncertain: bool
) -> None:
    """And after it the next message passes, over a connection of its own."""
    if fault is hang:
        monkeypatch.setattr(notify, "_READ", 1.5)  # of the next message too, on the same line
    notifier = Notifier()
    with WebServer() as web:
        receiver = Receiver("hook", f"json://127.0.0.1:{web.port}/hook")
        with notifier.kept(receiver):
            if isinstance(fault, int):
                web.answer("/hook", lambda _: Response(b"/hook says no", status=fault))
            else:
                web.raw("/hook", fault)
            with pytest.raises(SendError, match=said) as caught:
                notifier.send(receiver, MESSAGE)
            assert caught.value.uncertain == uncertain
            web.serve("/hook", b"ok")
            notifier.send(receiver, MESSAGE)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"])
def test_a_service_that_trickles_is_left_after_a_time_and_holds_up_nobody(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, so no read ever times out: it is the send as a whole that does."""
    monkeypatch.setattr(notify, "_LONGEST", 0.1)
    notifier = Notifier()
    with WebServer() as web:
        receiver = Receiver("hook", f"json://127.0.0.1:{web.port}/hook")
        web.raw("/hook", drip(head, b"x"))
        for _ in range(8):  # more than Apprise has threads
            with pytest.raises(SendError, match="it took longer than") as caught:
                notifier.send(receiver, MESSAGE)
            assert caught.value.uncertain
        monkeypatch.undo()
        web.serve("/other", b"ok")
        notifier.send(Receiver("other", f"json://127.0.0.1:{web.port}/other"), MESSAGE)
        web.serve("/hook", b"ok")
        notifier.send(receiver, MESSAGE)


def test_a_mail_server_that_trickles_is_left_after_a_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It greets without end, and would say goodbye without end."""
    monkeypatch.setattr(notify, "_LONGEST", 0.2)
    with WebServer() as web, socket.create_server(("127.0.0.1", 0)) as listener:

        def trickle() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"220 ready\r\n")
            with connection, suppress(OSError):
                while not web.closing.wait(0.01):
                    connection.sendall(b"250-and\r\n")

        server = Thread(target=trickle)
        server.start()
        people = "from=a@example.org&to=b@example.org&mode=insecure"
        receiver = Receiver("mail", f"mailto://127.0.0.1:{listener.getsockname()[1]}/?{people}")
        with pytest.raises(SendError, match="it took longer than") as caught:
            Notifier().send(receiver, MESSAGE)
        assert caught.value.uncertain
        server.join(60)
        assert not server.is_alive(), "the connection was cut"


def test_a_certificate_that_nobody_vouches_for_gets_nothing() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    with WebServer(tls=tls) as web:
        receiver = Receiver("hook", f"jsons://localhost:{web.port}/hook")
        with pytest.raises(SendError, match="certificate") as caught:
            Notifier().send(receiver, MESSAGE)
        assert web.requests == []
    assert not caught.value.uncertain
