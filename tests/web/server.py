"""The page of a state folder on loopback, as `monitor web` serves it, with a clock of the test's own."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from monitor.admission import ON_THIS_MACHINE, Admission
from monitor.web.app import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path


@contextmanager
def served(
    state: Path, *, clock: Callable[[], datetime], admission: Admission = ON_THIS_MACHINE
) -> Iterator[str]:
    """The page's address while it is served."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            page(state, admission, clock=clock), log_level="warning", lifespan="off", server_header=False
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
