"""Where Prometheus reads how the daemon does: GET /metrics, answered by one thread, and nothing else."""

from __future__ import annotations

import logging
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import TYPE_CHECKING

from monitor.errors import MonitorError
from monitor.exposition import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.settings import Address

log = logging.getLogger("monitor")

_PATIENCE = 5.0  # seconds for a client to say what it wants: the next one waits meanwhile


class Endpoint:
    """Answers until it is closed. Each answer is rendered anew, by the endpoint's own thread."""

    def __init__(self, address: Address, render: Callable[[], str]) -> None:
        """Listen; raises OSError where the address cannot be had."""
        self.address = address
        self._server = _Server(address, render)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Answer no more; waits for the answer under way."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(TCPServer):
    # http.server's own HTTPServer looks its name up in the DNS before it listens
    allow_reuse_address = True

    def __init__(self, address: Address, render: Callable[[], str]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.render = render
        super().__init__((address.host, address.port), _Handler)

    def handle_error(self, *_: object) -> None:
        """A client that goes away is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server: _Server
    server_version = "media-monitor"
    sys_version = ""

    def do_GET(self) -> None:
        """The metrics, whole."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Their head."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        status, text = self._rendered()
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE if status is HTTPStatus.OK else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _rendered(self) -> tuple[HTTPStatus, str]:
        if self.path.partition("?")[0] != "/metrics":
            return HTTPStatus.NOT_FOUND, "the metrics are at /metrics\n"
        try:
            return HTTPStatus.OK, self.server.render()
        except MonitorError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"{error.what}\n"

    def log_message(self, *_: object) -> None:
        """A scrape every 15 s is not worth a line."""
