"""The server round the app: one process, threads for the work, no admission log of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from monitor.clock import utc_now
from monitor.web.app import page

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.admission import Admission

_OPEN = 100  # connections at once: a desk, not a public
_IDLE = 15  # seconds


def serve(state: Path, admission: Admission, *, port: int) -> None:
    """Serve the page of this state folder until the process is told to end."""
    uvicorn.run(
        page(state, admission, clock=utc_now),
        host=admission.bind,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who asks is decided by the door, on the connection's own address
        limit_concurrency=_OPEN,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=5,
        lifespan="off",
    )
