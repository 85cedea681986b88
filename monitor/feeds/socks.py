"""SOCKS 5 (RFC 1928): asks a proxy for a connection, by name or by address.

Only CONNECT, and the two ways of introducing oneself that are in use: as nobody, or with user and password
(RFC 1929).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from monitor.errors import FetchError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_VERSION, _CONNECT, _LOGIN_VERSION, _GRANTED = 5, 1, 1, 0
_NOBODY, _LOGIN = 0, 2  # ways of introducing oneself
_IPV4, _NAME, _IPV6 = 1, 3, 4  # forms of an address
_REFUSALS = {
    2: "it may not connect there",
    3: "that network cannot be reached",
    4: "that host cannot be reached",
    5: "that host refuses connections",
    6: "that host is too far away",
    8: "it knows no such addresses",
}  # RFC 1928 §6


class UnreachableError(FetchError):
    """The proxy did not connect to that address; to another of the same host it may."""


def ask(
    sock: socket.socket, host: str, port: int, *, login: tuple[str, str] | None, left: Callable[[], float]
) -> None:
    """Has the proxy at the socket's other end connect to a host; the socket then speaks to that.

    `left` says how many seconds there still are. Raises FetchError for a refusal, OSError like any socket.
    """
    _introduce(sock, login, left)
    sock.sendall(bytes((_VERSION, _CONNECT, 0)) + _address(host) + port.to_bytes(2, "big"))
    version, status, _, form = _read(sock, 4, left)
    if version != _VERSION:
        raise _no_socks()
    if status != _GRANTED:
        why = _REFUSALS.get(status, f"its error {status}")
        raise UnreachableError(f"the proxy has no connection to {host}: {why}", weight=0.5)
    if form == _NAME:
        _read(sock, _read(sock, 1, left)[0] + 2, left)  # where the proxy stands, which is nothing to us
    elif form in (_IPV4, _IPV6):
        _read(sock, (4 if form == _IPV4 else 16) + 2, left)
    else:
        raise _no_socks()


def _introduce(sock: socket.socket, login: tuple[str, str] | None, left: Callable[[], float]) -> None:
    ways = [_NOBODY] if login is None else [_NOBODY, _LOGIN]
    sock.settimeout(left())
    sock.sendall(bytes((_VERSION, len(ways), *ways)))
    version, way = _read(sock, 2, left)
    if version != _VERSION:
        raise _no_socks()
    if way == _LOGIN and login is not None:
        words = b"".join(len(word.encode()).to_bytes() + word.encode() for word in login)
        sock.sendall(bytes((_LOGIN_VERSION,)) + words)
        if _read(sock, 2, left)[1] != _GRANTED:
            raise FetchError("the proxy refuses our user and password")
    elif way != _NOBODY:
        what = "refuses our user and password" if login else "wants a user and a password"
        raise FetchError(f"the proxy {what}")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")  # urls.parts made it so
        return bytes((_NAME, len(name))) + name
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed  # noqa: PLR2004  # IP's version


def _read(sock: socket.socket, count: int, left: Callable[[], float]) -> bytes:
    """So many bytes and none beyond: what follows belongs to the host."""
    found = b""
    while len(found) < count:
        sock.settimeout(left())
        got = sock.recv(count - len(found))
        if not got:
            raise UnreachableError("the proxy broke the connection off", weight=0.25)
        found += got
    return found


def _no_socks() -> FetchError:
    return FetchError("the proxy does not speak SOCKS 5", weight=0.5)
