"""Sending one message to one receiver: the only user of Apprise, held at arm's length.

Apprise knows the services; the outbox knows what is owed. So nothing here retries, paces or remembers, and no
receiver's address leaves this module: errors carry names, and what Apprise says is scrubbed.
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
import time
from base64 import b64decode
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import format_datetime, formataddr, localtime, make_msgid
from functools import cache, partial
from html import escape
from http.cookiejar import DefaultCookiePolicy
from queue import SimpleQueue
from threading import Lock, Thread
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import apprise
import requests.api
from apprise.conversion import convert_between
from apprise.plugins import url_to_dict
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.telegram import NotifyTelegram
from apprise.plugins.workflows import NotifyWorkflows

from monitor.alerts import answers
from monitor.errors import SendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from email.mime.base import MIMEBase

    from monitor.model import Message, Receiver

_MAIL = ("mailto", "mailtos")
_WARNINGS = logging.getLogger("apprise")
# DEBUG logs of both print webhook addresses whole. Apprise's warnings go nowhere but into the result of a
# send, and leave this module scrubbed or not at all.
_WARNINGS.setLevel(logging.WARNING)
_WARNINGS.propagate = False
_WARNINGS.addHandler(logging.NullHandler())
logging.getLogger("urllib3").setLevel(logging.ERROR)  # it warns of odd headers with a traceback

# Of services that take an address without a target and only find out when they send: the attribute that holds
# the targets, and what is missing.
_TARGETS = {
    "tgram": ("targets", "names no chat", "tgram://TOKEN/CHAT"),
    "ntfy": ("topics", "names no topic", "ntfy://HOST/TOPIC"),
    "ntfys": ("topics", "names no topic", "ntfys://HOST/TOPIC"),
}
_BLANK_TARGET = re.compile(r"[?&](?:to|target|targets)=(?:&|$)", re.IGNORECASE)

# Seconds. A webhook that takes its time is waited for: given up after Apprise's 4 s it would get every alert
# again. A send as a whole ends within the longest: one that trickles on its thread is left to itself.
_CONNECT, _READ, _LONGEST, _GOODBYE = 10.0, 45.0, 60.0, 2.0
# What says that a receiver did not take the message: an HTTP or SMTP status, or no connection to begin with.
_NOT_TAKEN = re.compile(
    r"error=\d{3}|\(\d{3}, b['\"]|nothing was sent"
    r"|NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused"
    r"|Name or service not known|No address associated|unreachable|No route to host|CERTIFICATE_VERIFY_FAILED"
)
# What says that the receiver answers, and that it is this message which it does not want.
_NOT_WANTED = re.compile(r"error=(400|413|422)\b")
_TEXT = apprise.NotifyFormat.TEXT
_KEY = "Idempotency-Key"
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_FRESH = 20.0  # seconds that a kept connection may have been idle
_UNKNOWN = ("Unparseable", "Unsupported URL")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_FROM_URL_SAFE = str.maketrans("-_", "+/")
_SHORTEST_SECRET = (
    6  # shorter pieces of an address (a port, "json") are no secrets, and scrubbing them garbles
)


def is_chat(receiver: Receiver) -> bool:
    """Whether messages to this receiver are read in a chat service, where mention tokens are live."""
    return receiver.url.partition("://")[0].lower() not in _MAIL


def is_mail(receiver: Receiver) -> bool:
    """Whether messages to this receiver are mails."""
    return not is_chat(receiver)


def family(receiver: Receiver) -> str:
    """What kind of service it is, as Apprise names it ("Slack"); its scheme where that is not known."""
    with _listening():
        service = _service(receiver.url)
    return receiver.url.partition("://")[0] if service is None else str(service.service_name)


def faults(receiver: Receiver) -> list[str]:
    """What is wrong with a receiver's address, a sentence each, without its secrets; [] if it can be used.

    Whatever Apprise warns of is a fault (it drops a mistyped mail address silently), and so is anything but
    one target: with two, half a delivery is reported as a failure, and its retry repeats the other half.
    """
    with _listening() as heard:
        service = _service(receiver.url)
    if service is None:
        said = "; ".join(warning for warning in heard if not warning.startswith(_UNKNOWN))
        return [_scrubbed(said, receiver.url) or "is no address of a service that Apprise knows"]
    warned = [_scrubbed(warning, receiver.url) for warning in dict.fromkeys(heard)]
    return [*warned, *_target_faults(service, receiver.url)]


def _target_faults(service: Any, url: str) -> Iterator[str]:
    if len(service) != 1:
        yield f"names {len(service)} targets: make one receiver of each"
    if getattr(service, "cc", None) or getattr(service, "bcc", None):
        yield "has cc or bcc: make one receiver of each address"
    if service.port is not None and not 0 < service.port < 1 << 16:
        yield "has a port that no server can have: write one from 1 to 65535"
    if _BLANK_TARGET.search(url):
        yield "has a blank target: write it behind the =, or leave the word out"
    if getattr(service, "pgp_mode", "no") != "no":
        yield "asks for PGP, which this program does not do: leave pgp= and wkd= out"
    scheme = url.partition("://")[0].lower()
    attribute, what, form = _TARGETS.get(scheme, ("", "", ""))
    # Without a topic Apprise takes the server for one, of a public server.
    no_topic = attribute == "topics" and service.mode == "cloud" and service.port is not None
    if attribute and (no_topic or not getattr(service, attribute)):
        yield f"{what}: write {form}"
    if scheme == "slack" and getattr(service, "mode", "") == "bot" and not _names_channel(url):
        yield "names no channel: write slack://xoxb-TOKEN/#CHANNEL"


def _names_channel(url: str) -> bool:
    """Whether a Slack bot's address has a channel behind its token; else Apprise would take #general."""
    path, _, query = url.partition("?")
    return "to=" in query or len([part for part in path.split("/")[2:] if part]) > 1


class Notifier:
    """Sends messages; keeps one Apprise service a receiver, which one thread uses at a time."""

    def __init__(self) -> None:
        self._opening = Lock()
        self._lines: dict[Receiver, _Line] = {}
        self._kept: set[Receiver] = set()

    def send(self, receiver: Receiver, message: Message) -> None:
        """Hand the message to the receiver's service; returns once it was accepted.

        Raises SendError, `uncertain` unless it is plain that the message was not taken: cut off while the
        answer was awaited, it may have been.
        """
        line = self._line(receiver)
        with line.lock:
            try:
                self._sent(line, receiver, message)
            except SendError:
                line.hang_up()
                raise
            if receiver not in self._kept:
                line.hang_up()

    def _sent(self, line: _Line, receiver: Receiver, message: Message) -> None:
        try:
            said = line.send(message)
        except _Overdue:
            self._lines.pop(receiver, None)  # its service is in the hands of the thread that was left
            raise SendError(
                f"it took longer than {_LONGEST:.0f} s", where=receiver.name, uncertain=True
            ) from None
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is a failed send
            raise SendError(
                _scrubbed(f"its service broke: {type(error).__name__}: {error}", receiver.url),
                where=receiver.name,
                uncertain=True,
            ) from None  # the cause may hold the address
        if not said.taken:
            raise SendError(
                _scrubbed(said.why, receiver.url) or "it was refused without a reason",
                where=receiver.name,
                uncertain=not _NOT_TAKEN.search(said.why),
                own=bool(_NOT_WANTED.search(said.why)),
                retry_after=answers.asked(said.answers, now=datetime.now(UTC)),
            )

    @contextmanager
    def kept(self, receiver: Receiver) -> Iterator[None]:
        """Keep the connection from one message to this receiver to the next, till the `with` block ends."""
        self._kept.add(receiver)
        try:
            yield
        finally:
            self._kept.discard(receiver)
            if line := self._lines.get(receiver):
                with line.lock:
                    line.hang_up()

    def _line(self, receiver: Receiver) -> _Line:
        with self._opening:
            return self._lines.get(receiver) or self._opened(receiver)

    def _opened(self, receiver: Receiver) -> _Line:
        with _listening() as heard:
            service = _service(receiver.url)
        if service is None:
            raise SendError(_scrubbed("; ".join(heard), receiver.url) or "is no address", where=receiver.name)
        self._lines[receiver] = line = _Line(service)
        return line


@dataclass(frozen=True, slots=True)
class _Said:
    """What a service said of a message: whether it was taken, why not, and what its answers asked for."""

    taken: bool
    why: str
    answers: list[tuple[int, str]]


class _Line:
    """One receiver's service, and the connections that it keeps from one message to the next."""

    def __init__(self, service: Any) -> None:
        service.socket_connect_timeout, service.socket_read_timeout = _CONNECT, _READ
        service.request_rate_per_sec = 0  # else seconds *between* sends of one instance: 5.5 for mail
        self.lock = Lock()  # held while it is used: whoever else sends to it waits
        self._service = service
        self._keyed = isinstance(service, NotifyJSON)  # its reader is a program, and its headers are ours
        self._session: _Session | None = None
        self._hand: _Hand | None = None

    def send(self, message: Message) -> _Said:
        """What the service says of the message; raises _Overdue, and whatever the service raises."""
        if isinstance(self._service, _Mail):
            self._service.letter = message
        if self._keyed:
            self._service.headers.pop(_KEY, None)
            self._service.headers |= {_KEY: message.key} if message.key else {}
        self._session = self._session or _Session()
        self._hand = self._hand or _Hand()
        try:
            said: _Said = self._hand.do(partial(self._sent, message, self._session), within=_LONGEST)
        except _Overdue:
            self._let_go()
            raise
        return said

    def _sent(self, message: Message, session: _Session) -> _Said:
        """The same, in the thread of the hand."""
        heard, session.broke = answers.listen(), []
        kept, said = _KEPT.set(session), _SAID.set([])
        try:
            taken = self._service.notify(
                body=_formatted(message.body, self._service),
                title=message.title,
                notify_type=apprise.NotifyType.INFO,
                body_format=self._service.resolve_format(_TEXT),
                body_passthrough=False,
            )
            why = "; ".join(dict.fromkeys([*(_SAID.get() or ()), *session.broke]))
        finally:
            _SAID.reset(said)
            _KEPT.reset(kept)
        return _Said(bool(taken), why, heard)

    def hang_up(self) -> None:
        """End the connections, and the thread."""
        if self._hand is not None and isinstance(self._service, _Mail):
            with suppress(_Overdue):
                self._hand.do(self._service.hang_up, within=_GOODBYE)
        self._let_go()

    def _let_go(self) -> None:
        """End them without a word: what another thread does with them fails."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
        if isinstance(self._service, _Mail):
            self._service.cut()
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.end()


def _formatted(text: str, service: Any) -> str:
    """The text as the service wants it marked up, so that what is read is the text."""
    if isinstance(service, NotifyTelegram):
        return escape(text, quote=False)  # Apprise's own conversion leaves out the blank lines
    if isinstance(service, NotifyWorkflows):
        return "\n\n".join(_paragraph(line.strip()) for line in text.splitlines() if line.strip())
    return _converted(text, service.resolve_format(_TEXT))


def _paragraph(line: str) -> str:
    """A line as a card of Teams has it (CommonMark): lines in one paragraph would run into each other.

    An address alone on its line is a link: in a card no other address is.
    """
    if _ADDRESS.fullmatch(line):
        target = "".join(quote(sign) if sign in "()[]\\" else sign for sign in line)
        return f"[{_converted(line, apprise.NotifyFormat.MARKDOWN)}]({target})"
    return _converted(line, apprise.NotifyFormat.MARKDOWN)


def _converted(text: str, to: apprise.NotifyFormat) -> str:
    return str(convert_between(_TEXT, to, content=text))  # type: ignore[no-untyped-call]  # as above


# ---- the longest that a send may take --------------------------------------------------------------------


class _Overdue(Exception):  # noqa: N818 - not an error of the send: it has not ended
    """What was begun has not ended in time."""


class _Hand:
    """A thread that does one thing after another for somebody who does not wait for ever.

    Apprise has such threads, too: as few as six for all receivers of a process (of two processors), of which
    each that hangs holds up the others.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        Thread(target=self._run, name="send-hand", daemon=True).start()

    def do(self, work: Callable[[], Any], *, within: float) -> Any:
        """What the work comes to; raises _Overdue after so many seconds, and leaves the thread to it."""
        done: Future[Any] = Future()
        self._work.put((work, done))
        try:
            return done.result(within)
        except TimeoutError:
            if done.done():
                return done.result()  # it ended just now; or the time-out is the work's own
            raise _Overdue from None

    def end(self) -> None:
        """It ends once it is done with what it does."""
        self._work.put(None)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            work, done = job
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - for whoever waits
                done.set_exception(error)


# ---- connections that are kept ---------------------------------------------------------------------------


class _Session(requests.Session):
    """A session that keeps no cookies, reads the environment once a server, and knows what broke."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.broke: list[str] = []
        self._settings: dict[tuple[str, object], Any] = {}
        self._last: tuple[object, requests.PreparedRequest] | None = None

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """As requests does; one that differs from the last in its text alone is made of that one."""
        like = _like(request)
        if like is None or self._last is None or self._last[0] != like:
            made = super().prepare_request(request)
            self._last = None if like is None else (like, made)
            return made
        made = self._last[1].copy()
        made.prepare_body(request.data, None)
        if _KEY in request.headers:
            made.headers[_KEY] = request.headers[_KEY]
        return made

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As requests does; what Apprise makes a mere "failed" of is noted."""
        try:
            return super().send(request, **options)
        except requests.RequestException as error:
            self.broke.append(str(error))
            raise

    def merge_environment_settings(self, url: str, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """As requests does: proxies and authorities; looked up once a server, not once a message."""
        if proxies or stream or cert:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        server = urlsplit(url)
        key = (f"{server.scheme}://{server.netloc}", verify)
        if key not in self._settings:
            self._settings[key] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return {**self._settings[key], "proxies": dict(self._settings[key]["proxies"])}


def _like(request: requests.Request) -> object | None:
    """All of a request but its text and its message's key; None where there is more to it than a text."""
    plain = isinstance(request.data, str | bytes) and isinstance(request.auth, tuple | None)
    if not plain or not request.data or request.files or request.cookies:
        return None
    headers = {name: "" if name == _KEY else value for name, value in request.headers.items()}
    return request.method, request.url, repr(request.params), headers, request.auth


# Apprise's services ask requests.post and its kin, which open a session for each request and so a connection,
# a TLS handshake included. Within a send they are lent the receiver's own session instead.
_KEPT: ContextVar[_Session | None] = ContextVar("_KEPT", default=None)
# It names each address that is asked, at DEBUG: of ours it never does, whatever level it was set to.
logging.getLogger("urllib3.connectionpool").addFilter(lambda _record: _KEPT.get() is None)
# What Apprise warns of within a send.
_SAID: ContextVar[list[str] | None] = ContextVar("_SAID", default=None)


class _Ear(logging.Handler):
    """Keeps what is warned of within a send."""

    def emit(self, record: logging.LogRecord) -> None:
        said = _SAID.get()
        if said is not None:
            said.append(record.getMessage())


_WARNINGS.addHandler(_Ear(logging.WARNING))


class _Sessions:
    """What requests.api opens its sessions from."""

    @staticmethod
    @contextmanager
    def Session() -> Iterator[requests.Session]:  # noqa: N802 - requests calls it by this name
        kept = _KEPT.get()
        if kept is not None:
            yield kept
            return
        with requests.Session() as session:
            yield session


requests.api.__dict__["sessions"] = _Sessions  # all it takes from there is Session


@cache
def _tls(*, verified: bool) -> ssl.SSLContext:
    """One context for all mail servers: making one reads every certificate there is."""
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@cache
def _own_name() -> str:
    """What we call ourselves to a mail server; asks the resolver, which may take its time, once."""
    return socket.getfqdn()


class _Mail(NotifyEmail):  # type: ignore[no-untyped-call]  # Apprise's classes are not typed
    """Apprise's mail, sent as our own two parts (it would make the text of the page) over a kept connection.

    The address means what Apprise says it means; the mail itself is the `letter`.
    """

    letter: Message

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]  # as above
        self._to_name, self._to = (str(part or "") for part in (*self.targets, ("", ""))[0])
        self._from_name, self._from = (str(part or "") for part in self.from_addr)
        self._smtp: smtplib.SMTP | None = None
        self._used = 0.0  # when the connection last was (monotonic)

    def send(self, *_: Any, **__: Any) -> bool:
        """Send the letter to the one target; what went wrong is logged, as Apprise's services do."""
        mail = self._written(self.letter)
        try:
            smtp = self._connected()
            self._wanted(smtp.mail(self._from))
            self._wanted(smtp.rcpt(self._to))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.logger.warning("nothing was sent: %s: %s", type(error).__name__, error)
            return False
        try:
            self._wanted(smtp.data(mail))
        except smtplib.SMTPResponseException as error:
            self.logger.warning("the server refused the mail: %s", (error.smtp_code, error.smtp_error))
            return False
        except (OSError, smtplib.SMTPException) as error:
            self.logger.warning("cut off before the mail was accepted: %s: %s", type(error).__name__, error)
            return False
        self._used = time.monotonic()
        return True

    @staticmethod
    def _wanted(answer: tuple[int, bytes]) -> None:
        code, said = answer
        if not 200 <= code < 300:  # noqa: PLR2004 - RFC 5321 §4.2.1
            raise smtplib.SMTPResponseException(code, said)

    def _connected(self) -> smtplib.SMTP:
        """The kept connection if it still stands, else a new one, secured and logged in."""
        if self._smtp is not None and time.monotonic() - self._used < _FRESH:
            with suppress(OSError, smtplib.SMTPException):
                self._wanted(self._smtp.noop())
                return self._smtp
        self.hang_up()
        host, port = str(self.smtp_host), int(self.port or 0)
        if self.secure_mode == "ssl":
            context = self._context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, _own_name(), timeout=_CONNECT, context=context)
        else:
            smtp = smtplib.SMTP(host, port, _own_name(), timeout=_CONNECT)
        self._smtp = smtp
        assert smtp.sock is not None, "it was just connected"
        smtp.sock.settimeout(_READ)
        if self.secure_mode == "starttls":
            smtp.starttls(context=self._context())
        smtp.ehlo_or_helo_if_needed()
        if self.user and self.password:
            smtp.login(self.user, self.password)
        return smtp

    def _context(self) -> ssl.SSLContext:
        return _tls(verified=bool(self.verify_certificate))

    def hang_up(self) -> None:
        """Say goodbye to the server, if we are connected."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        with suppress(OSError, smtplib.SMTPException):  # closed, where the handshake after STARTTLS failed
            if smtp.sock is not None:
                smtp.sock.settimeout(1)  # it has nothing to say that we wait for
            smtp.quit()
        smtp.close()

    def cut(self) -> None:
        """Let go of the server without a word; whoever reads from it in another thread reads no more."""
        smtp, self._smtp = self._smtp, None
        if smtp is None or smtp.sock is None:
            return
        with suppress(OSError):
            smtp.sock.shutdown(socket.SHUT_RDWR)
        smtp.close()

    def _written(self, letter: Message) -> bytes:
        more = dict(self.headers)
        if self.reply_to:
            more["Reply-To"] = ", ".join(sorted(self.reply_to))
        sender, target = (self._from_name, self._from), (self._to_name, self._to)
        return mail_of(letter, sender=sender, target=target, more=more)


def mail_of(
    letter: Message,
    *,
    sender: tuple[str, str],
    target: tuple[str, str],
    more: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The letter as it goes over the wire: its text first, then its page, for clients that show pages.

    `sender` and `target` are (name, address), the name "" for none; `more` are headers that do not replace
    ours.
    """
    mail: MIMEBase = _part(letter.body, "plain")
    if letter.html:
        mail = MIMEMultipart("alternative")
        mail.attach(_part(letter.body, "plain"))
        mail.attach(_part(letter.html, "html"))
    headers = {
        "Subject": letter.title,
        "From": formataddr(sender),
        "To": formataddr(target),
        "Date": format_datetime(localtime()),
        "Message-ID": make_msgid(domain=sender[1].rpartition("@")[2]),
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers it
    }
    if letter.thread:
        headers["References"] = headers["In-Reply-To"] = f"<{letter.thread}>"
    for name, value in (
        headers | {name: value for name, value in more.items() if name not in headers}
    ).items():
        text = " ".join(value.split())
        mail[name] = text if text.isascii() else Header(text, "utf-8", header_name=name).encode()
    return mail.as_bytes(policy=_WIRE)


def _part(text: str, kind: str) -> MIMEText:
    return MIMEText(text, kind, "us-ascii" if text.isascii() and _SHORT_LINES.fullmatch(text) else "utf-8")


_WIRE = Compat32(linesep="\r\n", max_line_length=78)  # its generator takes half the time of EmailMessage's
_SHORT_LINES = re.compile(r"(?:.{0,900}(?:\n|\Z))*")  # RFC 5322 §2.1.1 allows 998 characters


# ---- what Apprise says -----------------------------------------------------------------------------------


def _asset() -> apprise.AppriseAsset:
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
    asset.app_id = "media-monitor"
    asset.app_desc = "media-monitor"
    asset.app_url = ""  # the defaults point at public sites
    asset.image_url_mask = ""
    asset.image_url_logo = ""
    asset.secure_logging = True
    return asset


def _service(url: str) -> Any:
    service = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if type(service) is not NotifyEmail:
        return service
    return _Mail(**url_to_dict(url), asset=_asset())  # type: ignore[no-untyped-call]  # as above


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise warns of in this thread: another receiver's is scrubbed of that one's secrets."""
    heard: list[str] = []
    token = _SAID.set(heard)
    try:
        yield heard
    finally:
        _SAID.reset(token)


def _scrubbed(said: str, url: str) -> str:
    """What was said, without the address or any piece of it that could be a secret."""
    pieces = sorted(_pieces(url), key=len, reverse=True)
    said = _BASE64.sub(lambda run: "***" if _holds(run.group(), pieces) else run.group(), said)
    for piece in pieces:
        said = said.replace(piece, "***")
    return said


def _holds(run: str, pieces: list[str]) -> bool:
    """Whether it is base64 of a text with one of the pieces in it, as logins are sent (RFC 4616, 7617)."""
    coded = run.rstrip("=").translate(_FROM_URL_SAFE)
    try:
        text = b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-8", "replace")
    except ValueError:
        return False
    return any(piece in text for piece in pieces)


def _pieces(url: str) -> set[str]:
    _, _, rest = url.partition("://")
    pieces = {url, rest, *re.split(r"[/?&=:@#]", rest)}
    plain = pieces | {unquote(piece) for piece in pieces}
    forms = plain | {quote(piece, safe="") for piece in plain}
    return {form for form in forms if len(form) >= _SHORTEST_SECRET}
