"""Sending one message to one receiver: the only user of Apprise, held at arm's length.

Apprise knows the services; the outbox knows what is owed. So nothing here retries, paces or remembers, and no
receiver's address leaves this module: errors carry names, and what Apprise says is scrubbed.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import get_ident
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import apprise

from monitor.alerts import answers
from monitor.errors import SendError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Message, Receiver

_MAIL = ("mailto", "mailtos")
_WARNINGS = logging.getLogger("apprise")
# DEBUG logs of both print webhook addresses whole. Apprise's go nowhere but into a send's own result, where
# they say how far it came, and leave this module scrubbed or not at all.
_WARNINGS.setLevel(logging.DEBUG)
_WARNINGS.propagate = False
_WARNINGS.addHandler(logging.NullHandler())
logging.getLogger("urllib3").setLevel(logging.ERROR)  # it warns of odd headers with a traceback

# Seconds. A webhook that takes its time is waited for: given up after Apprise's 4 s it would get every alert
# again. A send as a whole ends within Apprise's 60 s.
_CONNECT, _READ = 10.0, 45.0
# What says that a receiver did not take the message: an HTTP or SMTP status, or no connection to begin with.
_NOT_TAKEN = re.compile(
    r"error=\d{3}|\(\d{3}, b['\"]|NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused"
    r"|Name or service not known|No address associated|unreachable|No route to host|CERTIFICATE_VERIFY_FAILED"
)
# What says that the receiver answers, and that it is this message which it does not want.
_NOT_WANTED = re.compile(r"error=(400|413|422)\b")
_REASON = "Socket Exception: "
_UNKNOWN = ("Unparseable URL", "Unsupported URL")
_SHORTEST_SECRET = (
    6  # shorter pieces of an address (a port, "json") are no secrets, and scrubbing them garbles
)


def is_chat(receiver: Receiver) -> bool:
    """Whether messages to this receiver are read in a chat service, where mention tokens are live."""
    return receiver.url.partition("://")[0].lower() not in _MAIL


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
    found = [_scrubbed(warning, receiver.url) for warning in heard]
    if len(service) != 1:
        found.append(f"names {len(service)} targets: make one receiver of each")
    if getattr(service, "cc", None) or getattr(service, "bcc", None):
        found.append("has cc or bcc: make one receiver of each address")
    return found


class Notifier:
    """Sends messages; keeps one Apprise service a receiver. One thread may use one receiver at a time."""

    def __init__(self) -> None:
        self._services: dict[Receiver, apprise.Apprise] = {}

    def send(self, receiver: Receiver, message: Message) -> None:
        """Hand the message to the receiver's service; returns once it was accepted.

        Raises SendError, `uncertain` unless it is plain that the message was not taken: cut off while the
        answer was awaited, it may have been.
        """
        service = self._services.get(receiver) or self._made(receiver)
        heard = answers.listen()
        try:
            result = service.notify(
                body=message.body,
                title=message.title,
                body_format=apprise.NotifyFormat.TEXT,
                log_level=logging.DEBUG,
            )
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is a failed send
            raise SendError(
                _scrubbed(f"its service broke: {type(error).__name__}: {error}", receiver.url),
                where=receiver.name,
                uncertain=True,
            ) from None  # the cause may hold the address
        if result:
            return
        said = _said(result)
        raise SendError(
            _scrubbed(said, receiver.url) or "it was refused without a reason",
            where=receiver.name,
            uncertain=not _NOT_TAKEN.search(said),
            own=bool(_NOT_WANTED.search(said)),
            retry_after=answers.asked(heard, now=datetime.now(UTC)),
        )

    def _made(self, receiver: Receiver) -> apprise.Apprise:
        with _listening() as heard:
            service = _service(receiver.url)
        if service is None:
            raise SendError(_scrubbed("; ".join(heard), receiver.url) or "is no address", where=receiver.name)
        service.socket_connect_timeout, service.socket_read_timeout = _CONNECT, _READ
        service.request_rate_per_sec = 0  # else seconds *between* sends of one instance: 5.5 for mail
        holder = apprise.Apprise(asset=_asset())
        holder.add(service)
        self._services[receiver] = holder
        return holder


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
    return apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)


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
    for piece in sorted(_pieces(url), key=len, reverse=True):
        said = said.replace(piece, "***")
    return said


def _pieces(url: str) -> set[str]:
    _, _, rest = url.partition("://")
    pieces = {url, rest, *re.split(r"[/?&=:@#]", rest)}
    return {form for piece in pieces for form in (piece, unquote(piece)) if len(form) >= _SHORTEST_SECRET}
