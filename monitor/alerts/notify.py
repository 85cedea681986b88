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
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import format_datetime, formataddr, localtime, make_msgid
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from threading import Lock, get_ident
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import apprise
import requests.api
from apprise.plugins import url_to_dict
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.email.base import NotifyEmail

from monitor.alerts import answers
from monitor.errors import SendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.mime.base import MIMEBase

    from monitor.model import Message, Receiver

_MAIL = ("mailto", "mailtos")
_WARNINGS = logging.getLogger("apprise")
# DEBUG logs of both print webhook addresses whole. Apprise's go nowhere but into a send's own result, where
# they say how far it came, and leave this module scrubbed or not at all.
_WARNINGS.setLevel(logging.DEBUG)
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
# again. A send as a whole ends within Apprise's 60 s.
_CONNECT, _READ = 10.0, 45.0
# What says that a receiver did not take the message: an HTTP or SMTP status, or no connection to begin with.
_NOT_TAKEN = re.compile(
    r"error=\d{3}|\(\d{3}, b['\"]|nothing was sent"
    r"|NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused"
    r"|Name or service not known|No address associated|unreachable|No route to host|CERTIFICATE_VERIFY_FAILED"
)
# What says that the receiver answers, and that it is this message which it does not want.
_NOT_WANTED = re.compile(r"error=(400|413|422)\b")
_REASON = "Socket Exception: "
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
        heard = answers.listen()
        try:
            result = line.notify(message)
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is a failed send
            raise SendError(
                _scrubbed(f"its service broke: {type(error).__name__}: {error}", receiver.url),
                where=receiver.name,
                uncertain=True,
            ) from None  # the cause may hold the address
        if not result:
            said = _said(result)
            raise SendError(
                _scrubbed(said, receiver.url) or "it was refused without a reason",
                where=receiver.name,
                uncertain=not _NOT_TAKEN.search(said),
                own=bool(_NOT_WANTED.search(said)),
                retry_after=answers.asked(heard, now=datetime.now(UTC)),
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


class _Line:
    """One receiver's service, and the connections that it keeps from one message to the next."""

    def __init__(self, service: Any) -> None:
        service.socket_connect_timeout, service.socket_read_timeout = _CONNECT, _READ
        service.request_rate_per_sec = 0  # else seconds *between* sends of one instance: 5.5 for mail
        self.lock = Lock()  # held while it is used: the operators' notices come from a thread of their own
        self._service = service
        self._apprise = apprise.Apprise(asset=_asset())
        self._apprise.add(service)
        self._keyed = isinstance(service, NotifyJSON)  # its reader is a program, and its headers are ours
        self._session: requests.Session | None = None

    def notify(self, message: Message) -> apprise.AppriseResult:
        if isinstance(self._service, _Mail):
            self._service.letter = message
        if self._keyed:
            self._service.headers.pop("Idempotency-Key", None)
            self._service.headers |= {"Idempotency-Key": message.key} if message.key else {}
        if self._session is None:
            self._session = requests.Session()
            self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        token = _KEPT.set(self._session)
        try:
            return self._apprise.notify(
                body=message.body,
                title=message.title,
                body_format=apprise.NotifyFormat.TEXT,
                log_level=logging.DEBUG,
            )
        finally:
            _KEPT.reset(token)

    def hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
        if isinstance(self._service, _Mail):
            self._service.hang_up()


# ---- connections that are kept ---------------------------------------------------------------------------

# Apprise's services ask requests.post and its kin, which open a session for each request and so a connection,
# a TLS handshake included. Within a send they are lent the receiver's own session instead.
_KEPT: ContextVar[requests.Session | None] = ContextVar("_KEPT", default=None)
# It names each address that is asked, at DEBUG: of ours it never does, whatever level it was set to.
logging.getLogger("urllib3.connectionpool").addFilter(lambda _record: _KEPT.get() is None)


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
        if smtp.sock is not None:
            smtp.sock.settimeout(1)  # it has nothing to say that we wait for
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
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


def _said(result: apprise.AppriseResult) -> str:
    """What Apprise warned of, and the reasons under it, each once."""
    return "; ".join(
        dict.fromkeys(
            str(entry.message).removeprefix(_REASON)
            for entry in result.logs()
            if entry.level in ("WARNING", "ERROR", "CRITICAL") or str(entry.message).startswith(_REASON)
        )
    )


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
    heard: list[str] = []
    own = get_ident()

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (
                record.thread == own
            ):  # what another receiver's thread is told is scrubbed of that receiver's secrets
                heard.append(record.getMessage())

    ear = _Ear(logging.WARNING)
    _WARNINGS.addHandler(ear)
    try:
        yield heard
    finally:
        _WARNINGS.removeHandler(ear)


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
