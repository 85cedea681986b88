"""A small HTTP server on 127.0.0.1 in a thread of its own: what the demo's outlets and chat sink stand on.

It listens on a port that the system picks, so two demos can run side by side.
"""

from __future__ import annotations

import sys
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Loopback(ThreadingTCPServer):
    """Each connection in a thread with `handler`; http.server's own class would ask the DNS for its name."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, handler: Callable[..., Any]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._thread = Thread(target=self.serve_forever, args=(0.05,), name="demo-loopback", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; connections that stand are left to the clients."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show what went wrong, but for a client that hung up: that is its right."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
