"""A programmable web server on the loopback, for every test that needs an outside world that misbehaves.

    with WebServer() as web:
        web.serve("/feed", RSS, {"ETag": '"1"'})
        ... Feed(url=web.url("/feed"), allow_private=True) ...
        assert web.requests[0].headers["user-agent"]

A path is served by a fixed answer (`serve`), by a function of the request (`answer`) or by one that is
handed the bare socket (`raw`): to drip, to reset, to send headers without end.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True)
class Request:
    """What a client asked: the path with its query, header names in lower case, the body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """What it is answered; Content-Length is added unless the headers hold their own framing."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


Answer = Callable[[Request], Response]
Raw = Callable[[socket.socket, threading.Event], None]


class WebServer:
    """Serves until the `with` block ends; then cuts every connection and waits for its threads."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, address: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.closing = threading.Event()  # for a raw handler to wait on between two bytes
        self._answers: dict[str, Answer] = {}
        self._raw: dict[str, Raw] = {}
        self._scheme = "https" if tls else "http"
        self._server = _Server(self, tls, address)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        """The address of a path; another `host` is for tests that bring their own resolver."""
        return f"{self._scheme}://{host}:{self.port}{path}"

    def serve(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None, *, status: int = 200
    ) -> None:
        """From now on the path has this answer."""
        response = Response(body, headers or {}, status)
        self.answer(path, lambda _request: response)

    def answer(self, path: str, respond: Answer) -> None:
        """From now on the path is answered by a function of the request."""
        self._answers[path] = respond
        self._raw.pop(path, None)

    def raw(self, path: str, handle: Raw) -> None:
        """From now on the path is answered by a function of the bare socket and `closing`."""
        self._raw[path] = handle

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.cut()
        self._server.server_close()
        self._thread.join()

    def respond(self, handler: _Handler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(handler.command, handler.path, headers, handler.rfile.read(length))
        self.requests.append(request)
        path = handler.path.partition("?")[0]
        if path in self._raw:
            handler.close_connection = True
            self._raw[path](handler.connection, self.closing)
        else:
            handler.send(self._answers.get(path, _missing)(request))


def _missing(_request: Request) -> Response:
    return Response(b"no such page", status=404)


def reset(connection: socket.socket, _closing: threading.Event) -> None:
    """A raw handler: the connection is reset without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(head: bytes, drop: bytes, *, every: float = 0.02) -> Raw:
    """A raw handler: `head`, and then `drop` again and again, until the client goes."""

    def handle(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(head)
        while not closing.wait(every):
            connection.sendall(drop)

    return handle


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close then waits for them
    request_queue_size = 128

    def __init__(self, web: WebServer, tls: ssl.SSLContext | None, address: tuple[str, int]) -> None:
        self.web = web
        self.tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.web.connections += 1
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests are about."""

    def cut(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self.server.web.respond(self)

    def do_POST(self) -> None:
        self.server.web.respond(self)

    def send(self, response: Response) -> None:
        framed = {name.lower() for name in response.headers} & {"content-length", "transfer-encoding"}
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if not framed and response.status != 304:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if response.status != 304:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name for it
        """Tests read `requests`."""
