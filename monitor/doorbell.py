"""Where hubs reach us: they verify what we asked of them, and ring when a feed has news.

It stands on the open network, behind a proxy that speaks TLS: so few connections at once, a limit on the head
and the body and one on the time for both, and nothing is kept of what is sent. Of these http.server has none.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from monitor.errors import StateError
from monitor.feeds.subscription import Word, signature
from monitor.subscribing import HELLO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedIOBase

    from monitor.settings import Address
    from monitor.subscribing import Subscriber

log = logging.getLogger("monitor")

PLACES = 16  # connections at once; a hub that finds none free tries again
PATIENCE = 10.0  # seconds from connecting to being answered
MOST = 5 << 20  # bytes of a body: as long as a document may be
_HEAD = 32 << 10  # bytes
_PIECE = 1 << 16
_LONGEST_CHALLENGE = 4096
_MOST_PARAMETERS = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_FULL = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"


class Doorbell:
    """Answers until it is closed, in threads of its own."""

    def __init__(self, address: Address, subscriber: Subscriber) -> None:
        """Listen; raises OSError where the address cannot be had."""
        self.address = address
        self._server = _Server(address, subscriber)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="doorbell", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Answer no more; what is being answered is cut off, and the hub tries again."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut(older=0.0)
        self._thread.join()


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    request_queue_size = 64
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: Address, subscriber: Subscriber) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.subscriber = subscriber
        self._begun: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__((address.host, address.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it while there are places."""
        with self._lock:
            is_free = len(self._begun) < PLACES
            if is_free:
                self._begun[request] = time.monotonic()
        if is_free:
            super().process_request(request, client_address)
            return
        with suppress(OSError):
            request.settimeout(0.0)  # nobody waits for one who is turned away
            request.send(_FULL)
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Its place is free again."""
        with self._lock:
            self._begun.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Look for those whose time is over; called between two requests, and every 0.1 s."""
        self.cut(older=PATIENCE)

    def cut(self, *, older: float) -> None:
        """End the connections that have stood so many seconds: their reads and writes fail at once."""
        now = time.monotonic()
        with self._lock:
            over = [request for request, begun in self._begun.items() if now - begun >= older]
        for request in over:
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """A client that goes away is nothing to tell."""


class _Head:
    """Reads lines until so many bytes are read; a head that goes on is over there, and its body unframed."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._left = _HEAD

    def readline(self, most: int) -> bytes:
        line = self._stream.readline(min(most, self._left))
        self._left -= len(line)
        return line

    def close(self) -> None:
        self._stream.close()


class _UnreadableError(Exception):
    """The body cannot be read: the status that says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: _Server
    server_version = "media-monitor"
    sys_version = ""

    def setup(self) -> None:
        """Let the head be read with a limit."""
        super().setup()
        self._stream = self.rfile
        self.rfile = _Head(self.rfile)  # type: ignore[assignment]  # all that is read of it is lines

    def do_GET(self) -> None:
        """A hub verifies or denies (§5.2, §5.3); without a name in the path: who is here."""
        self._guarded(self._hear)

    def do_POST(self) -> None:
        """A hub rings (§7)."""
        self._guarded(self._ring)

    def _guarded(self, answer: Callable[[], None]) -> None:
        try:
            answer()
        except _UnreadableError as error:
            self._answer(error.status)
        except StateError as error:
            log.warning("outcome=doorbell-jammed %s", error.what)
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": "60"})

    @property
    def _name(self) -> str:
        """The last word of the path: a proxy may cut off what stands before it, or not."""
        return urlsplit(self.path).path.rpartition("/")[2]

    def _hear(self) -> None:
        if not self._name:
            self._answer(HTTPStatus.OK, HELLO)
            return
        word = self._word()
        heard = _TOKEN.fullmatch(self._name) and self.server.subscriber.hear(self._name, word)
        if heard:
            self._answer(HTTPStatus.OK, word.challenge)
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def _word(self) -> Word:
        try:
            said = parse_qs(urlsplit(self.path).query, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            raise _UnreadableError(HTTPStatus.BAD_REQUEST) from None
        one = {name: values[0] for name, values in said.items()}
        challenge = one.get("hub.challenge", "")
        if len(challenge) > _LONGEST_CHALLENGE:
            raise _UnreadableError(HTTPStatus.BAD_REQUEST)
        return Word(
            mode=one.get("hub.mode", ""),
            topic=one.get("hub.topic", ""),
            challenge=challenge,
            lease=one.get("hub.lease_seconds", ""),
            reason=one.get("hub.reason", ""),
        )

    def _ring(self) -> None:
        """What is not signed as it should be is answered like what is (§8): nobody learns by trying."""
        known = _TOKEN.fullmatch(self._name)
        one = self.server.subscriber.standing(self._name) if known else None
        if one is None:
            self._answer(HTTPStatus.GONE)
            return
        signed = signature(one.secret, self.headers.get("X-Hub-Signature", ""))
        for piece in self._pieces():
            if signed:
                signed[0](piece)
        self.server.subscriber.rang(one, signed=bool(signed and signed[1]()))
        self._answer(HTTPStatus.ACCEPTED)

    def _pieces(self) -> Iterator[bytes]:
        """The body piece by piece, nothing kept. Raises _UnreadableError, for one that ends early too."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            yield from self._chunks()
            return
        said = self.headers.get("Content-Length", "")
        if not (said.isascii() and said.isdigit()):
            raise _UnreadableError(HTTPStatus.LENGTH_REQUIRED)
        length = int(said[:9])
        if len(said) > 9 or length > MOST:  # noqa: PLR2004  # digits: a gigabyte
            raise _UnreadableError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        yield from self._read(length)

    def _chunks(self) -> Iterator[bytes]:
        """A body whose sender did not know its length (RFC 9112 §7.1); some proxies hand them on so."""
        left = MOST
        while size := self._size():
            left -= size
            if left < 0:
                raise _UnreadableError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            yield from self._read(size)
            self._stream.readline(2)

    def _size(self) -> int:
        said = self._stream.readline(100).partition(b";")[0].strip()
        if not _SIZE.fullmatch(said):
            raise _UnreadableError(HTTPStatus.BAD_REQUEST)
        return int(said, 16)

    def _read(self, length: int) -> Iterator[bytes]:
        while length > 0:
            piece = self._stream.read(min(length, _PIECE))
            if not piece:
                raise _UnreadableError(HTTPStatus.BAD_REQUEST)
            length -= len(piece)
            yield piece

    def _answer(self, status: HTTPStatus, text: str = "", **headers: str) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """What strangers ask is not worth a line, and their path may be a secret of ours."""
