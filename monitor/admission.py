"""Who may see the desk's page, and from where: the settings under `web:`, and what follows from them.

Without settings the page is on this machine only, for whoever is logged in here. To go further it takes a
token, or a reverse proxy that says who asks.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import re
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.rules import document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from monitor.errors import Fault
    from monitor.rules.document import Node

KEYS = ("bind", "port", "hosts", "token", "user-header", "proxies", "zone")
PORT = 8650
SHORTEST_TOKEN = 20  # characters: 120 bits where they are random, as `openssl rand -base64 30` gives
SESSION = 30 * 24 * 3600  # seconds that a browser stays let in
GUESSES = 20  # wrong tokens in GUESSED_IN that are answered as ever
GUESSED_IN = timedelta(minutes=1)
_HERE = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Admission:
    """Where the page is served and to whom. `user_header` is believed of the addresses in `proxies` alone."""

    bind: str = "127.0.0.1"
    port: int = PORT
    hosts: tuple[str, ...] = ()
    token: str = field(default="", repr=False)
    user_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    zone: str = "UTC"

    @property
    def is_open(self) -> bool:
        """Whether whoever reaches it may see it."""
        return not self.token and not self.user_header


ON_THIS_MACHINE = Admission()


# ---- deciding ----------------------------------------------------------------------------------------------


def is_known_host(admission: Admission, host: str) -> bool:
    """Whether a request's Host header is one of ours: a page elsewhere may point its own name at us.

    (DNS rebinding. The port is not looked at: a name that is ours is ours on any.)
    """
    name = re.sub(r":[0-9]{1,5}$", "", host.lower())
    bound = f"[{admission.bind}]" if ":" in admission.bind else admission.bind
    return name in {*_HERE, bound, *admission.hosts}


def user_of(
    admission: Admission, *, peer: str, header: str, bearer: str, session: str, now: datetime
) -> str | None:
    """Who asks, by the first proof that holds; "" for somebody who is let in unnamed; None for nobody."""
    if admission.is_open:
        return ""
    if admission.user_header and header and peer in admission.proxies:
        return header
    if admission.token and bearer and hmac.compare_digest(bearer.encode(), admission.token.encode()):
        return ""
    if admission.token and is_session(admission, session, now=now):
        return ""
    return None


def is_token(admission: Admission, given: str) -> bool:
    """Whether this is the token."""
    return bool(admission.token) and hmac.compare_digest(given.encode(), admission.token.encode())


def wait(guesses: Sequence[datetime], *, now: datetime) -> int:
    """Seconds until a wrong token is answered as ever, by when the latest came, the oldest first; 0: at once.

    Counted wherever they came from: behind a proxy all come from one address, and addresses cost nothing.
    """
    late = [moment for moment in guesses if now - GUESSED_IN < moment <= now]
    if len(late) <= GUESSES:
        return 0
    return math.ceil((late[-GUESSES] + GUESSED_IN - now).total_seconds())


def session(admission: Admission, *, now: datetime) -> str:
    """What a browser shows us from now on; it ends by itself, and with the token."""
    until = str(int(now.timestamp()) + SESSION)
    return f"{until}.{signed(admission.token, f'session {until}')}"


def is_session(admission: Admission, given: str, *, now: datetime) -> bool:
    """Whether `session` made this, and it has not ended."""
    until, _, signature = given.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 12):  # noqa: PLR2004 - seconds since 1970
        return False
    expected = signed(admission.token, f"session {until}")
    return hmac.compare_digest(signature.encode(), expected.encode()) and int(until) > now.timestamp()


def signed(key: str, text: str) -> str:
    """A signature of the text that only holders of the key can make (HMAC-SHA-256, RFC 2104)."""
    return hmac.new(key.encode(), text.encode(), sha256).hexdigest()


# ---- reading -----------------------------------------------------------------------------------------------


def read_admission(
    node: Node, faults: list[Fault], *, secret: Callable[[Node, str], str | None]
) -> Admission:
    """The settings under `web:`; mistakes are appended to `faults`.

    `secret` gives what a ${…} stands for, or None where it is not here (and says so itself).
    """
    before = len(faults)
    values = document.fields(node, KEYS, faults, what="web")
    texts = {
        key: document.text(values[key], faults, what=key)
        for key in ("bind", "user-header", "zone")
        if key in values
    }
    admission = Admission(
        bind=_bind(values, texts.get("bind", ""), faults),
        port=_port(values.get("port"), faults),
        hosts=_hosts(values.get("hosts"), faults),
        token=_token(values.get("token"), faults, secret=secret),
        user_header=_header(values, texts.get("user-header", ""), faults),
        proxies=_addresses(values.get("proxies"), faults),
        zone=_zone(values, texts.get("zone", ""), faults),
    )
    beyond = not ipaddress.ip_address(admission.bind).is_loopback
    if beyond and "token" not in values and not admission.user_header and len(faults) == before:
        faults.append(
            values["bind"].fault(
                "the page would be open to everybody who reaches this machine",
                "add token: ${credential:web-token}, or user-header: and proxies:",
            )
        )
    return admission


def _bind(values: Mapping[str, Node], text: str, faults: list[Fault]) -> str:
    if text and not _is_address(text):
        faults.append(values["bind"].fault(f'"{text}" is no IP address', "such as 127.0.0.1, 0.0.0.0 or ::1"))
        return "127.0.0.1"
    return text or "127.0.0.1"


def _port(node: Node | None, faults: list[Fault]) -> int:
    text = document.text(node, faults, what="port") if node is not None else ""
    if text and not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 16) and node is not None:
        faults.append(node.fault(f'"{text}" is no port', "a number from 1 to 65535"))
        return PORT
    return int(text or PORT)


def _hosts(node: Node | None, faults: list[Fault]) -> tuple[str, ...]:
    found = document.scalars(node, faults, what="hosts") if node is not None else ()
    faults += [
        one.fault(f'"{one.text}" is no host name', "such as desk.example.org, without https:// and port")
        for one in found
        if not _HOST.fullmatch(one.text.lower())
    ]
    return tuple(one.text.lower() for one in found)


def _token(node: Node | None, faults: list[Fault], *, secret: Callable[[Node, str], str | None]) -> str:
    text = document.text(node, faults, what="token") if node is not None else ""
    if node is None or not text:
        return ""
    if not re.fullmatch(r"\$\{[^{}]*\}", text):
        faults.append(node.fault("the token stands in the file", "write ${credential:web-token} instead"))
        return ""
    token = secret(node, text) or ""
    if token and len(token) < SHORTEST_TOKEN:
        faults.append(
            node.fault(
                f"the token is shorter than {SHORTEST_TOKEN} characters", "make one: openssl rand -base64 30"
            )
        )
    return token


def _header(values: Mapping[str, Node], text: str, faults: list[Fault]) -> str:
    if text and not _HEADER.fullmatch(text):
        faults.append(
            values["user-header"].fault(f'"{text}" is no name of a header', "such as X-Forwarded-User")
        )
        return ""
    return text.lower()


def _addresses(node: Node | None, faults: list[Fault]) -> tuple[str, ...]:
    found = document.scalars(node, faults, what="proxies") if node is not None else ()
    faults += [one.fault(f'"{one.text}" is no IP address') for one in found if not _is_address(one.text)]
    return tuple(one.text for one in found) or ("127.0.0.1", "::1")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _zone(values: Mapping[str, Node], text: str, faults: list[Fault]) -> str:
    try:
        ZoneInfo(text or "UTC")
    except (KeyError, ValueError, OSError):
        faults.append(values["zone"].fault(f'there is no time zone "{text}"', "such as Asia/Tbilisi or UTC"))
        return "UTC"
    return text or "UTC"
