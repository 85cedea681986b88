"""Sending through the real Apprise to real servers on loopback, and the faults of a receiver's address."""

from __future__ import annotations

import logging.handlers
import queue
import re
import socket
import ssl
import threading
from concurrent.futures import Future
from dataclasses import replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme
from aiosmtpd.smtp import SMTP, AuthResult
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.alerts import notify
from monitor.alerts.notify import Notifier, family, faults, is_chat
from monitor.demo.loopback import Loopback
from monitor.demo.sinks import ChatSink, MailSink
from monitor.errors import SendError
from monitor.model import Message, Receiver
from tests.alerts.families import RawMailSink
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MESSAGE = Message("[high] Ministers meet", "Ministers meet\nWhy: <b>peace</b> & “quiet” — Əliyev, Ալիև")
BOT = "slack://xoxb-1234567890-1234567890-abcdefghijklmnopqrstuvwx"
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
    assert times[-1] - times[0] < 10


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


class _Picky(MailSink):
    """Refuses the sender, the recipient or the mail itself; or hangs up once it has the mail."""

    def __init__(self, at: str) -> None:
        super().__init__("mail")
        self._at = at
        self.sessions = 0

    async def handle_EHLO(  # noqa: N802
        self, _server: Any, session: Any, _envelope: Any, name: str, said: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = name
        return said

    async def handle_MAIL(self, _s: Any, _session: Any, envelope: Any, address: str, *_: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return "451 later" if self._at == "MAIL" else "250 ok"

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Any, address: str, *_: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return "550 no such user" if self._at == "RCPT" else "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self._at == "DATA":
            return "554 no spam"
        if self._at == "hang up":
            server.transport.close()
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.parametrize(("at", "said"), [("MAIL", "451"), ("RCPT", "550"), ("DATA", "554")])
def test_a_mail_that_its_server_refuses_was_not_taken(at: str, said: str) -> None:
    with _Picky(at) as sink, pytest.raises(SendError, match=said) as caught:
        Notifier().send(Receiver("mail", sink.url), MESSAGE)
    assert not caught.value.uncertain


def test_a_mail_whose_server_hangs_up_before_its_answer_may_have_arrived() -> None:
    with _Picky("hang up") as sink, pytest.raises(SendError) as caught:
        Notifier().send(Receiver("mail", sink.url), MESSAGE)
    assert caught.value.uncertain
    assert re.search(r"cut off before the mail was accepted: \w+: \S", caught.value.what)


def test_what_the_services_warn_of_reaches_no_log_but_through_us() -> None:
    """They name addresses whole, secrets included."""
    heard: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    ear = logging.handlers.QueueHandler(heard)
    logging.getLogger().addHandler(ear)
    try:
        with _Picky("DATA") as sink, pytest.raises(SendError):
            Notifier().send(Receiver("mail", sink.url), MESSAGE)
    finally:
        logging.getLogger().removeHandler(ear)
    names = [heard.get().name for _ in range(heard.qsize())]
    assert [name for name in names if name.startswith("apprise")] == []


def test_a_connection_is_kept_for_the_next_mail_and_ended_afterwards() -> None:
    with _Picky("nothing") as sink:
        notifier, receiver = Notifier(), Receiver("mail", sink.url)
        with notifier.kept(receiver):
            for _ in range(3):
                notifier.send(receiver, MESSAGE)
        assert sink.sessions == 1
        notifier.send(receiver, MESSAGE)
        notifier.send(receiver, MESSAGE)
        assert sink.sessions == 3
        assert len(sink.arrivals) == 5


def test_a_kept_connection_that_was_ended_meanwhile_is_made_anew() -> None:
    notifier = Notifier()
    with _Picky("nothing") as sink, MailSink("other"):
        receiver = Receiver("mail", sink.url)
        with notifier.kept(receiver):
            notifier.send(receiver, MESSAGE)
            kept = notifier._lines[receiver]._service._smtp
            assert kept is not None
            kept.sock.shutdown(socket.SHUT_RDWR)
            notifier.send(receiver, MESSAGE)
        assert sink.sessions == 2
        assert len(sink.arrivals) == 2


def test_a_kept_connection_that_was_idle_for_long_is_not_relied_upon() -> None:
    """What stands between it and the server may have forgotten it: asking takes until a time-out then."""
    notifier = Notifier()
    with _Picky("nothing") as sink:
        receiver = Receiver("mail", sink.url)
        with notifier.kept(receiver):
            for sessions, idle in ((1, 0), (1, 15), (2, 60)):
                if sink.sessions:
                    notifier._lines[receiver]._service._used -= idle
                notifier.send(receiver, MESSAGE)
                assert sink.sessions == sessions


def test_a_mail_has_our_own_text_beside_our_own_page() -> None:
    letter = replace(MESSAGE, html="<p>the page: Əliyev</p>", thread="story-1@media-monitor.invalid")
    with RawMailSink("mail") as sink:
        receiver = Receiver("mail", f"{sink.url}&reply=desk@example.org&+X-Desk=Ալիև&+Subject=not this")
        assert faults(receiver) == []
        Notifier().send(receiver, letter)
        (raw,) = sink.raw
    mail = message_from_bytes(raw, policy=policy.default)
    text, page = mail.iter_parts()
    assert (text.get_content().replace("\r", ""), page.get_content()) == (letter.body, letter.html)
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert mail["Reply-To"] == "desk@example.org"
    assert mail["X-Desk"] == "Ալիև"
    assert mail["Subject"] == MESSAGE.title
    assert mail["References"] == "<story-1@media-monitor.invalid>"


def test_headers_cannot_be_broken_into() -> None:
    letter = replace(MESSAGE, title="Talks\r\nBcc: victim@example.org\n\nbody")
    with RawMailSink("mail") as sink:
        Notifier().send(Receiver("mail", sink.url), letter)
        (raw,) = sink.raw
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Talks Bcc: victim@example.org body"


def test_a_mail_goes_over_starttls_and_tls_after_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One context serves them all: it is made once, from the certificates of this machine."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    notify._tls.cache_clear()
    try:
        for mode in ("starttls", "ssl"):
            with _Secure(tls, mode) as sink:
                url = sink.url.replace("mailto://127.0.0.1", "mailtos://user:pass%20word@localhost")
                receiver = Receiver("mail", url.replace("mode=insecure", f"mode={mode}"))
                assert faults(receiver) == []
                Notifier().send(receiver, MESSAGE)
            assert sink.logins == [(b"user", b"pass word")]
            assert len(sink.arrivals) == 1
        assert notify._tls.cache_info().misses == 1
    finally:
        notify._tls.cache_clear()


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_a_mail_server_that_nobody_vouches_for_gets_nothing_unless_the_address_says_so(mode: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("elsewhere.example").configure_cert(tls)
    with _Secure(tls, mode) as sink:
        url = sink.url.replace("mailto://127.0.0.1", "mailtos://user:password@localhost")
        url = url.replace("mode=insecure", f"mode={mode}")
        with pytest.raises(SendError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            Notifier().send(Receiver("mail", url), MESSAGE)
        assert not caught.value.uncertain
        assert not sink.logins and not sink.arrivals
        Notifier().send(Receiver("mail", f"{url}&verify=no"), MESSAGE)
        assert (len(sink.logins), len(sink.arrivals)) == (1, 1)


class _Secure(MailSink):
    """Speaks TLS, at once or after STARTTLS, lets anybody in and keeps who came."""

    def __init__(self, tls: ssl.SSLContext, mode: str) -> None:
        super().__init__("mail")
        self._tls, self._mode = tls, mode
        self.logins: list[tuple[bytes, bytes]] = []

    def start(self) -> None:
        at_once = self._tls if self._mode == "ssl" else None
        listening = self._loop.create_server(self._session, "127.0.0.1", 0, ssl=at_once)
        self._server = self._loop.run_until_complete(listening)
        self._thread.start()

    def login(self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)

    def _session(self) -> SMTP:
        upgrade = self._tls if self._mode == "starttls" else None
        return SMTP(
            self,
            loop=self._loop,
            hostname="desk.example",
            tls_context=upgrade,
            require_starttls=upgrade is not None,
            authenticator=self.login,
            auth_require_tls=False,
        )


def test_a_webhook_of_ours_is_told_a_key_that_is_the_same_for_a_repeat() -> None:
    keyed = replace(MESSAGE, key="0123456789abcdef")
    with WebServer() as web:
        web.serve("/hook", b"ok")
        receiver = Receiver("hook", f"json://127.0.0.1:{web.port}/hook?+X-Own=1")
        notifier = Notifier()
        for message in (keyed, keyed, replace(keyed, key="other"), MESSAGE):
            notifier.send(receiver, message)
        keys = [request.headers.get("idempotency-key", "") for request in web.requests]
        assert web.requests[0].headers["x-own"] == "1"
    assert keys == ["0123456789abcdef", "0123456789abcdef", "other", ""]


def _signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """As services do whose requests are signed: what it says depends on the text."""
    request.headers["X-Signature"] = repr(request.body)
    return request


CHANGES: list[tuple[str, Any]] = [
    ("data", "another text"),
    ("data", "долгий текст"),
    ("data", b"bytes"),
    ("data", ""),
    ("data", {"form": "1"}),
    ("headers", {}),
    ("headers", {"X-Own": "a", "Idempotency-Key": "one"}),
    ("headers", {"X-Own": "a", "Idempotency-Key": "two"}),
    ("headers", {"X-Own": "b"}),
    ("method", "PUT"),
    ("url", "http://127.0.0.1/other"),
    ("params", {"q": "1"}),
    ("params", {"q": ["1", "2"]}),
    ("auth", ("user", "one")),
    ("auth", ("user", "two")),
    ("auth", _signed),
    ("json", {"a": 1}),
    ("cookies", {"a": "b"}),
]


@given(st.lists(st.sampled_from(CHANGES), max_size=8))
@example([*CHANGES[:1], *CHANGES[5:15], *CHANGES[:1]])
@example([("auth", _signed), *CHANGES[:2]])
def test_a_post_that_is_made_of_the_last_one_is_as_if_made_alone(changes: list[tuple[str, Any]]) -> None:
    post: dict[str, Any] = {"method": "POST", "url": "http://127.0.0.1/hook", "data": "a text"}
    with notify._Session() as kept, requests.Session() as requested:
        for name, value in [("data", "first"), *changes]:
            post[name] = value
            ours = kept.prepare_request(requests.Request(**post))
            alone = requested.prepare_request(requests.Request(**post))
            assert (ours.method, ours.url, ours.hooks) == (alone.method, alone.url, alone.hooks)
            assert (ours.body, dict(ours.headers)) == (alone.body, dict(alone.headers))


def test_two_threads_that_send_to_one_receiver_take_turns() -> None:
    """The operators are told from a thread of their own, while their receiver's alerts go out."""
    with _Picky("nothing") as sink:
        notifier, receiver = Notifier(), Receiver("mail", sink.url)
        with notifier.kept(receiver):
            threads = [
                threading.Thread(target=notifier.send, args=(receiver, replace(MESSAGE, body=f"{number}")))
                for number in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sorted(arrival.body.strip() for arrival in sink.arrivals) == [str(n) for n in range(8)]
        assert sink.sessions == 1


def test_cookies_of_a_service_are_not_sent_back() -> None:
    with WebServer() as web:
        web.serve("/hook", b"ok", {"Set-Cookie": "a=b"})
        receiver, notifier = Receiver("hook", f"json://127.0.0.1:{web.port}/hook"), Notifier()
        with notifier.kept(receiver):
            notifier.send(receiver, MESSAGE)
            notifier.send(receiver, MESSAGE)
        assert ["cookie" in request.headers for request in web.requests] == [False, False]
        assert web.connections == 1


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
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7", ""),
        (f"{BOT}/#desk", ""),
        (f"{BOT}?to=desk", ""),
        (BOT, "names no channel"),
        ("tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz12345/987654", ""),
        ("tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz12345/", "names no chat"),
        ("ntfy://localhost/desk", ""),
        ("ntfys://localhost:8080/", "names no topic"),
        ("ntfys://desk-of-ours", ""),
        ("ntfys://desk-of-ours:8080", "names no topic"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", ""),
        ("discord://4174216298/", "Token"),
        ("mmost://localhost:8065/abcdefghijkl", ""),
        ("mmost://localhost:8065/", "Token"),
        ("mmost://localhost:8065/abcdefghijkl?to=one,two", "2 targets"),
        ("json://localhost:65535/path", ""),
        ("json://localhost:65536/path", "no server can have"),
        ("json://localhost:0/path", "no server can have"),
        ("json://localhost:abc/path", "no address"),
        ("json://", "no address"),
        ("mailto://localhost:70000?from=a@example.org&to=b@example.org", "no server can have"),
        ("mailto://localhost?from=a@example.org&to=", "blank target"),
        ("mailto://localhost?from=a@example.org&to=b@example.org&pgp=sign", "PGP"),
        ("mailtos://user:password@example.org", ""),
    ],
)
def test_faults_of_an_address(url: str, said: str) -> None:
    found = faults(Receiver("r", url))
    assert bool(found) == bool(said), found
    assert said in "; ".join(found)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense://x", "Unparseable"),
        ("just text", "Unsupported"),
    ],
)
def test_what_is_no_address_any_more_says_what_is_wrong_with_it_when_it_is_sent_to(
    url: str, said: str
) -> None:
    with pytest.raises(SendError, match=said):
        Notifier().send(Receiver("r", url), MESSAGE)


def test_a_service_that_breaks_is_told_with_what_broke_and_without_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(**_: object) -> bool:
        raise KeyError("hunter2secret of the answer")

    notifier, receiver = Notifier(), Receiver("r", "json://127.0.0.1:9/hunter2secret")
    monkeypatch.setattr(notifier._line(receiver)._service, "notify", broken)
    with pytest.raises(SendError) as caught:
        notifier.send(receiver, MESSAGE)
    assert str(caught.value) == "r: its service broke: KeyError: '*** of the answer'"
    assert caught.value.uncertain


def test_a_fault_never_shows_a_secret() -> None:
    found = faults(Receiver("r", "mailto://user:hunter2secret@localhost?from=a@example.org&to=nobody-at-all"))
    assert found
    assert "hunter2secret" not in "; ".join(found)
    assert "hunter2secret" not in repr(Receiver("r", "json://hunter2secret"))


def test_mail_is_no_chat() -> None:
    assert not is_chat(Receiver("r", "mailtos://user@example.org"))
    assert is_chat(Receiver("r", HOOK))


def test_the_family_of_a_receiver_has_a_name() -> None:
    assert family(Receiver("r", HOOK)) == "Slack"
    assert family(Receiver("r", "nonsense://x")) == "nonsense"


def test_work_that_ends_as_its_time_does_has_been_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Future[str]):
        """Ends between the time-out and the question whether it has ended."""

        def result(self, timeout: float | None = None) -> str:
            found = super().result()
            if timeout is not None:
                raise TimeoutError
            return found

    monkeypatch.setattr(notify, "Future", Late)
    hand = notify._Hand()
    assert hand.do(lambda: "taken", within=1) == "taken"
    hand.end()
