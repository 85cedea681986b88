"""Connections to feeds: to addresses that the guard has just checked, every byte read against one deadline.

A timeout per read is no limit: a server that sends a byte a second keeps a reader for days. So each poll has
a deadline, and the reader under http.client asks it before every read, in head and body alike.
"""

from __future__ import annotations

import http.client
import io
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from monitor.errors import FetchError
from monitor.feeds import socks
from monitor.feeds.guard import reachable, spoken_for
from monitor.feeds.unchanged import Unchanged, request, unchanged

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Sequence

    from monitor.feeds.guard import Resolve
    from monitor.model import Proxy, Tls

    Connect = Callable[[str, int, float], socket.socket]
    Answer = HTTPResponse | Unchanged

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one poll may cost at most."""

    body: int = 5 << 20  # bytes after decompression
    headers: int = 64 << 10  # bytes
    time: timedelta = timedelta(seconds=20)  # from the first name looked up to the last byte
    redirects: int = 5
    idle: int = 64  # connections kept open between polls


@dataclass(frozen=True, slots=True)
class Route:
    """What a connection can be used again for."""

    scheme: str
    host: str
    port: int
    allow_private: bool
    proxy: Proxy | None = None
    tls: Tls | None = None


class Deadline:
    """When a poll must be over, on the monotonic clock."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit.total_seconds()
        self._end = time.monotonic() + self._limit

    def left(self) -> float:
        """Seconds, more than none; raises FetchError when the time is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.missed()
        return left

    def missed(self) -> FetchError:
        """The error of a poll that took too long."""
        return FetchError(f"took over {self._limit:g} s", weight=0.25)


@dataclass(frozen=True, slots=True)
class Door:
    """How connections are made: the name resolved once, its addresses checked, one of those connected to."""

    resolve: Resolve
    connect: Connect
    limits: Limits

    def open(self, route: Route, deadline: Deadline) -> socket.socket:
        """A connected socket: to the host, also behind a SOCKS proxy, or to its HTTP proxy.

        Raises FetchError or OSError.
        """
        proxy = route.proxy
        if proxy is None:
            return self._connected(route.host, route.port, deadline, allow_private=route.allow_private)
        if proxy.scheme == "socks5":  # names are looked up here: the proxy is asked for a checked address
            targets = reachable(
                route.host, route.port, resolve=self.resolve, allow_private=route.allow_private
            )
            return self._asked_for(targets, route.port, proxy, deadline)
        spoken_for(route.host, route.port, resolve=self.resolve, allow_private=route.allow_private)
        if proxy.scheme == "http":
            return self._to_proxy(proxy, deadline)
        return self._asked_for([route.host], route.port, proxy, deadline)

    def _to_proxy(self, proxy: Proxy, deadline: Deadline) -> socket.socket:
        return self._connected(proxy.host, proxy.port, deadline, allow_private=True)  # the operator named it

    def _asked_for(
        self, targets: Sequence[str], port: int, proxy: Proxy, deadline: Deadline
    ) -> socket.socket:
        """A socket that a SOCKS proxy has connected to one of these; of one connection it takes one wish."""
        for left in reversed(range(len(targets))):
            # As in _connected: a proxy that tries a dead address in vain leaves time for the next.
            within = Deadline(timedelta(seconds=deadline.left() / (left + 1))) if left else deadline
            sock = self._to_proxy(proxy, deadline)
            try:
                socks.ask(sock, targets[-1 - left], port, login=proxy.login, left=within.left)
            except BaseException as error:
                sock.close()
                if not left or not isinstance(error, OSError | socks.UnreachableError):
                    raise
            else:
                return sock
        raise AssertionError("a host has an address")

    def _connected(self, host: str, port: int, deadline: Deadline, *, allow_private: bool) -> socket.socket:
        """A socket connected to one of the host's addresses."""
        addresses = reachable(host, port, resolve=self.resolve, allow_private=allow_private)
        failures: list[OSError] = []
        for tried, address in enumerate(addresses):
            # Each has a fair share of the time, so that a dead IPv6 route leaves some for IPv4.
            share = deadline.left() / (len(addresses) - tried)
            try:
                return self.connect(address, port, share)
            except OSError as error:
                failures.append(error)
        raise failures[-1]


class _MeteredReader(io.RawIOBase):
    """Reads a socket against a deadline, and no more than a limit until the head has been read."""

    def __init__(self, sock: socket.socket, deadline: Deadline, head: int, *, ahead: bytes = b"") -> None:
        self._sock = sock
        self._ahead = ahead  # has been read from the socket already
        self._raw = sock.makefile("rb", buffering=0)  # holds the socket open until this reader is closed
        self._deadline = deadline
        self._head: int | None = head

    def readable(self) -> bool:
        return True

    def head_is_read(self) -> None:
        self._head = None

    def readinto(self, buffer: Any) -> int | None:
        if self._head is None:
            return self._some(buffer)
        if self._head <= 0:
            raise FetchError("sends headers without end")
        got = self._some(memoryview(buffer)[: self._head])
        self._head -= got or 0
        return got

    def _some(self, buffer: Any) -> int | None:
        if not self._ahead:
            self._sock.settimeout(self._deadline.left())
            return self._raw.readinto(buffer)
        size = min(len(self._ahead), len(buffer))
        buffer[:size], self._ahead = self._ahead[:size], self._ahead[size:]
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Metered:
    """What http.client takes for a socket when it only wants to read an answer."""

    def __init__(self, reader: _MeteredReader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


class PlainConnection(HTTPConnection):
    """An HTTP connection through the door."""

    def __init__(self, route: Route, door: Door, **tls: Any) -> None:
        super().__init__(route.host, route.port, **tls)
        self._through = door
        self._route = route
        self._deadline = Deadline(door.limits.time)
        # One of SOCKS passes bytes on, whatever they are; only one of HTTP is spoken to.
        self._proxy = route.proxy if route.proxy and route.proxy.scheme == "http" else None
        if self._proxy and route.scheme == "https":
            self.set_tunnel(route.host, route.port, _authorized({}, self._proxy))

    def exchange(
        self, target: str, headers: dict[str, str], *, deadline: Deadline, form: bytes | None = None
    ) -> Answer:
        """The head of the answer to a GET, or to a POST of this form; the body is still to be read.

        Raises FetchError, and whatever the network raises: OSError, HTTPException, urllib3's HTTPError.
        """
        self._deadline = deadline
        self.timeout = deadline.left()
        if self._proxy and self._route.scheme == "http":  # in absolute form, RFC 9112 §3.2.2
            target = f"http://{_authority(self._route)}{target}"
            headers = _authorized(headers, self._proxy)
        if self.sock is None:
            self.connect()
        self.sock.settimeout(deadline.left())
        if form is None:
            self.sock.sendall(request(target, _authority(self._route), headers))
        else:
            self.sock.sendall(request(target, _authority(self._route), headers, method="POST") + form)
        self.sock.settimeout(deadline.left())
        head = self.sock.recv(self._through.limits.headers)
        if not head:
            raise http.client.RemoteDisconnected("closed without an answer")
        answer = unchanged(head) or self._response(head)
        if answer.is_last if isinstance(answer, Unchanged) else _is_last(answer):
            self.close()  # what is still to be read holds the socket open
        return answer

    def _response(self, head: bytes) -> HTTPResponse:
        """The answer that begins so, its head read by http.client."""
        reader = _MeteredReader(self.sock, self._deadline, self._through.limits.headers, ahead=head)
        raw = http.client.HTTPResponse(_Metered(reader), method="GET")  # type: ignore[arg-type]  # see there
        try:
            raw.begin()
        except BaseException:
            raw.close()
            raise
        reader.head_is_read()
        return HTTPResponse(
            body=raw,
            headers=HTTPHeaderDict(raw.headers.items()),
            status=raw.status,
            version=raw.version,
            reason=raw.reason,
            preload_content=False,
            decode_content=False,
            original_response=raw,
            request_method="GET",
        )

    def _new_conn(self) -> socket.socket:
        sock = self._through.open(self._route, self._deadline)
        sock.settimeout(self._deadline.left())  # for the TLS handshake
        return sock


def _is_last(answer: HTTPResponse) -> bool:
    """Whether the server is going to close the connection: it says so, or its end is the answer's."""
    raw = answer._original_response  # noqa: SLF001  # urllib3 has no word for it
    return raw is not None and raw.will_close


def _authority(route: Route) -> str:
    host = f"[{route.host}]" if ":" in route.host else route.host
    return host if route.port == _PORTS[route.scheme] else f"{host}:{route.port}"


def _authorized(headers: dict[str, str], proxy: Proxy) -> dict[str, str]:
    return headers | ({"Proxy-Authorization": proxy.authorization} if proxy.authorization else {})


class TlsConnection(PlainConnection, HTTPSConnection):
    """The same under TLS: the certificate is checked for the name, not for the address."""


class Idle:
    """Connections kept open between polls, the longest unused of them dropped first; safe among threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[PlainConnection, Route] = OrderedDict()
        self._by_route: dict[Route, list[PlainConnection]] = {}
        self._lock = threading.Lock()

    def take(self, route: Route) -> PlainConnection | None:
        """A kept connection of the route that still stands; the dead ones are closed."""
        while (connection := self._pop(route)) is not None:
            if connection.is_connected:
                return connection
            connection.close()
        return None

    def keep(self, route: Route, connection: PlainConnection) -> None:
        """Keeps a connection whose answer was read to its end."""
        spare = None
        with self._lock:
            self._kept[connection] = route
            self._by_route.setdefault(route, []).append(connection)
            if len(self._kept) > self._most:
                spare, of = self._kept.popitem(last=False)
                self._forget(of, spare)
        if spare is not None:
            spare.close()

    def close(self) -> None:
        """Closes them all."""
        with self._lock:
            kept = list(self._kept)
            self._kept.clear()
            self._by_route.clear()
        for connection in kept:
            connection.close()

    def _pop(self, route: Route) -> PlainConnection | None:
        with self._lock:
            fitting = self._by_route.get(route)
            if not fitting:
                return None
            connection = fitting[-1]
            del self._kept[connection]
            self._forget(route, connection)
            return connection

    def _forget(self, route: Route, connection: PlainConnection) -> None:
        fitting = self._by_route[route]
        fitting.remove(connection)
        if not fitting:
            del self._by_route[route]


def trusted(tls: Tls | None = None) -> ssl.SSLContext:
    """TLS as browsers have it: the system's authorities, names checked, version 1.2 at least.

    With files of the operator's own: theirs in the system's stead, and a certificate of ours to show. Raises
    OSError for files that cannot be used (ssl.SSLError is one).
    """
    context = create_urllib3_context()
    if tls is None or not tls.ca:
        context.load_default_certs()
    else:
        context.load_verify_locations(tls.ca)
    if tls is not None and tls.certificate:
        # Without a password of some kind OpenSSL would ask for one at the terminal.
        context.load_cert_chain(tls.certificate, tls.key or None, password=lambda: b"")
    return context


def connection(route: Route, door: Door, *, trust: ssl.SSLContext) -> PlainConnection:
    """A connection of the route's scheme, which opens when it is first used."""
    if route.scheme == "https":
        return TlsConnection(route, door, ssl_context=trust)
    return PlainConnection(route, door)
