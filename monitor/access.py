"""What a feed is asked with, as the operator's files say it: headers, a login, a proxy, certificates.

Decides what they mean; where secrets and files are is passed in, and nothing here is ever part of a message.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import ChainMap
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from monitor import urls
from monitor.model import PLAIN, Access, Proxy, Tls
from monitor.rules import document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.errors import Fault
    from monitor.rules.document import Node

    Fill = Callable[[Node, str], str | None]  # a text with its secrets filled in; None: one is not here
    Place = Callable[
        [Node], tuple[str, str] | None
    ]  # the path of a file and its digest; None: it is not here

KEYS = ("headers", "auth", "proxy", "tls")
AUTH_KEYS = ("user", "password")
TLS_KEYS = ("ca", "certificate", "key")

_MISSING = "a secret or file that it is asked with is not here"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 §5.6.2
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_LONGEST_VALUE = 8_000
# What is the connection's own to say, or would have a poll answered with less than the document.
_OURS = frozenset(
    "host connection content-length transfer-encoding te trailer upgrade expect accept-encoding range "  # noqa: SIM905
    "if-none-match if-modified-since if-range if-match if-unmodified-since proxy-authorization".split()
)
_PROXY_PORTS = {"http": 8080, "socks5": 1080, "socks5h": 1080}  # where an address names none
_PROXY_REMEDY = "write http://, socks5h:// or socks5://, then host:port or user:password@host:port"
_LONGEST_SOCKS_WORD = 255


def read(values: Mapping[str, Node], *, fill: Fill, place: Place, faults: list[Fault]) -> Access:
    """The access that a feed's `values` say; `missing` where `fill` or `place` came back with nothing.

    Mistakes are appended to `faults`; none of them quotes a value.
    """
    if not any(key in values for key in KEYS):
        return PLAIN
    reader = _Reader(fill, place, faults)
    headers = reader.headers(values.get("headers"))
    login = reader.login(values.get("auth"))
    if login and any(name.lower() == "authorization" for name, _ in headers):
        faults.append(values["auth"].fault("the headers say Authorization already", "keep one of the two"))
    access = Access(
        headers=headers + ((("Authorization", login),) if login else ()),
        proxy=reader.proxy(values.get("proxy")),
        tls=reader.tls(values.get("tls")),
    )
    return Access(missing=_MISSING) if reader.missing else access


class _Reader:
    """One feed's keys; remembers whether something was not here."""

    def __init__(self, fill: Fill, place: Place, faults: list[Fault]) -> None:
        self.missing = False
        self._fill = fill
        self._place = place
        self._faults = faults

    def headers(self, node: Node | None) -> tuple[tuple[str, str], ...]:
        if node is None:
            return ()
        found: dict[str, tuple[str, str]] = {}
        for key, value in document.entries(node, self._faults, what="headers"):
            name = key.text
            if not _TOKEN.fullmatch(name):
                self._faults.append(key.fault(f'"{name}" is no name of a header'))
            elif name.lower() in _OURS:
                self._faults.append(key.fault(f"{name} is set by each poll itself", "leave it out"))
            elif name.lower() in found:
                self._faults.append(key.fault(f"{name} stands twice", "keep one"))
            else:
                found[name.lower()] = (name, self._header(value, name))
        return tuple(found.values())

    def _header(self, node: Node, name: str) -> str:
        value = self._text(node, what=name)
        if value and not (_VALUE.fullmatch(value) and len(value) <= _LONGEST_VALUE):
            self._faults.append(node.fault(f"{name} holds what no header may", "one line, Latin-1 at most"))
            return ""
        return value

    def login(self, node: Node | None) -> str:
        """The value of an Authorization header (RFC 7617), or ""."""
        if node is None:
            return ""
        values = document.fields(node, AUTH_KEYS, self._faults, what="auth")
        if missing := [key for key in AUTH_KEYS if key not in values]:
            self._faults.append(node.fault(f'auth needs "{missing[0]}"', "write user: … and password: …"))
            return ""
        user = self._text(values["user"], what="user")
        password = self._text(values["password"], what="password")
        if ":" in user:
            self._faults.append(values["user"].fault("a user name cannot hold a colon (RFC 7617)"))
        return _basic(user, password)

    def proxy(self, node: Node | None) -> Proxy | None:
        address = "" if node is None else self._text(node, what="proxy")
        if node is None or not address:
            return None
        try:
            parts = urlsplit(address)
        except ValueError:  # of brackets that do not close
            parts = urlsplit("")
        bare = f"http://{parts.netloc.rpartition('@')[2]}"
        if parts.scheme not in _PROXY_PORTS or parts.path.strip("/") or parts.query or urls.problem(bare):
            self._faults.append(node.fault("this is no proxy that can be used", _PROXY_REMEDY))
            return None
        host, scheme = urls.parts(bare).host, parts.scheme
        port = urls.parts(bare).port if parts.port else _PROXY_PORTS[scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if scheme == "http":
            return Proxy(host, port, _basic(user, password) if user else "")
        if max(len(user.encode()), len(password.encode())) > _LONGEST_SOCKS_WORD:
            self._faults.append(node.fault("user and password of a SOCKS proxy end at 255 bytes (RFC 1929)"))
            return None
        return Proxy(host, port, scheme=scheme, login=(user, password) if user else None)

    def tls(self, node: Node | None) -> Tls | None:
        if node is None:
            return None
        values = document.fields(node, TLS_KEYS, self._faults, what="tls")
        files = {key: self._place(value) for key, value in values.items()}
        if None in files.values():
            self.missing = True
            return None
        found = ChainMap(
            {key: file for key, file in files.items() if file}, dict.fromkeys(TLS_KEYS, ("", ""))
        )
        if found["key"][0] and not found["certificate"][0]:
            self._faults.append(node.fault("a key without its certificate", "add certificate: FILE"))
            return None
        paths = {key: found[key][0] for key in TLS_KEYS}
        tls = Tls(**paths, digest="".join(found[key][1] for key in TLS_KEYS))
        from monitor.feeds.connection import trusted  # hardly a desk needs it

        try:
            trusted(tls)
        except OSError as error:
            why = getattr(error, "reason", None) or error.strerror or type(error).__name__
            remedy = "PEM files are wanted, the key without a password"
            self._faults.append(node.fault(f"these certificates cannot be used: {why}", remedy))
            return None
        return tls

    def _text(self, node: Node, *, what: str) -> str:
        text = document.text(node, self._faults, what=what)
        filled = self._fill(node, text) if text else ""
        self.missing = self.missing or filled is None
        return filled or ""


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
