"""Sending through the real Apprise to real servers on loopback, and the faults of a receiver's address."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerts.notify import Notifier, faults, is_chat
from monitor.demo.loopback import Loopback
from monitor.demo.sinks import ChatSink, MailSink
from monitor.errors import SendError
from monitor.model import Message, Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = Message("[high] Ministers meet", "Ministers meet\nWhy: <b>peace</b> & “quiet” — Əliyev, Ալիև")
HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7/#desk"


def test_a_mail_arrives_with_its_subject_and_plain_text() -> None:
    with MailSink("mail") as sink:
        Notifier().send(Receiver("mail", sink.url), MESSAGE)
        (arrival,) = sink.arrivals
    assert arrival.title == MESSAGE.title
    assert arrival.body.rstrip("\n") == MESSAGE.body


def test_a_chat_message_arrives_as_text_and_several_in_a_row_at_once() -> None:
    """Apprise would wait 5.5 s between two mails of one instance; the outbox paces itself."""
    with ChatSink("chat") as sink, MailSink("mail") as mail:
        notifier = Notifier()
        for receiver in (Receiver("chat", sink.url), Receiver("mail", mail.url)):
            for _ in range(3):
                notifier.send(receiver, MESSAGE)
        times = [arrival.at for arrival in mail.arrivals]
    assert [MESSAGE.body in arrival.body for arrival in sink.arrivals] == [True] * 3
    assert len(times) == 3
    assert times[-1] - times[0] < 5


class _Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def refusing() -> Iterator[Loopback]:
    server = Loopback(_Refusing)
    server.start()
    yield server
    server.stop()


def test_a_refusal_is_an_error_without_the_secrets_of_the_address(refusing: Loopback) -> None:
    receiver = Receiver("desk", f"mmost://127.0.0.1:{refusing.port}/s3cr3ttok3nthatishidden?image=no")
    with pytest.raises(SendError) as caught:
        Notifier().send(receiver, MESSAGE)
    assert "503" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert not caught.value.uncertain


class _Awkward(BaseHTTPRequestHandler):
    """/slow takes its time and then accepts; /reset takes the message and hangs up without a word."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            _ENOUGH.wait(5)
            self.send_response(200)
            self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


_ENOUGH = threading.Event()  # never set: what waits for it takes its whole time


@pytest.fixture
def awkward() -> Iterator[Loopback]:
    server = Loopback(_Awkward)
    server.start()
    yield server
    server.stop()


def test_a_webhook_that_takes_its_time_is_waited_for(awkward: Loopback) -> None:
    """Apprise gives up after 4 s: then it would get every alert again and again, and never be marked so."""
    Notifier().send(Receiver("desk", f"json://127.0.0.1:{awkward.port}/slow"), MESSAGE)


def test_a_send_cut_off_before_the_answer_may_have_arrived(awkward: Loopback) -> None:
    with pytest.raises(SendError) as caught:
        Notifier().send(Receiver("desk", f"json://127.0.0.1:{awkward.port}/reset"), MESSAGE)
    assert caught.value.uncertain


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:9/hook",
        "mailto://127.0.0.1:9/?from=a@example.org&to=b@example.org&mode=insecure",
    ],
)
def test_a_receiver_that_could_not_be_reached_has_nothing(url: str) -> None:
    with pytest.raises(SendError, match="refused") as caught:
        Notifier().send(Receiver("desk", url), MESSAGE)
    assert not caught.value.uncertain


def test_a_mail_that_its_server_refuses_was_not_taken() -> None:
    class Refusing(MailSink):
        async def handle_RCPT(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd calls it by this name
            return "550 no such user"

    with Refusing("mail") as sink, pytest.raises(SendError, match="550") as caught:
        Notifier().send(Receiver("mail", sink.url), MESSAGE)
    assert not caught.value.uncertain


def test_an_address_that_cannot_be_used_is_an_error_when_sent_to() -> None:
    with pytest.raises(SendError):
        Notifier().send(Receiver("desk", "nonsense://x"), MESSAGE)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mailto://localhost:25?from=a@example.org&to=b@example.org&mode=insecure", ""),
        (HOOK, ""),
        ("json://localhost/path", ""),
        ("nonsense://x", "no address"),
        ("", "no address"),
        ("just text", "no address"),
        ("mailto://localhost?from=a@example.org&to=not-an-address", "invalid To"),
        ("mailto://localhost?from=a@example.org&to=b@example.org,c@example.org", "2 targets"),
        ("mailto://localhost?from=a@example.org&to=b@example.org&cc=c@example.org", "cc or bcc"),
        ("mailto://localhost?from=a@example.org&to=b@example.org&bcc=c@example.org", "cc or bcc"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7/#one/#two", "2 targets"),
        ("json://localhost:70000/", "port 70000"),
        ("json://localhost:0/", "port 0"),
        ("mailto://user:secret@localhost:99999?from=a@example.org&to=b@example.org", "port 99999"),
        ("tgram://123456789:abcdefg_hijklmnop/", "no chat"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", ""),
    ],
)
def test_faults_of_an_address(url: str, said: str) -> None:
    found = faults(Receiver("r", url))
    assert bool(found) == bool(said), found
    assert said in "; ".join(found)


def test_a_fault_never_shows_a_secret() -> None:
    found = faults(Receiver("r", "mailto://user:hunter2secret@localhost?from=a@example.org&to=nobody-at-all"))
    assert found
    assert "hunter2secret" not in "; ".join(found)
    assert "hunter2secret" not in repr(Receiver("r", "json://hunter2secret"))


def test_mail_is_no_chat() -> None:
    assert not is_chat(Receiver("r", "mailtos://user@example.org"))
    assert is_chat(Receiver("r", HOOK))
