"""The daemon's log: one line an event, key=value, no secrets; plain, or with priorities for systemd."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 200_000  # journald cuts what is longer (LineMax is less, and splits)

# sd-daemon(3): a line on standard error that begins with <N> has priority N in the journal
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return super().format(record)[:LONGEST]


class _ForSystemd(_Plain):
    def format(self, record: logging.LogRecord) -> str:
        priority = _PRIORITY.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


def open_journal(env: Mapping[str, str], *, stream: TextIO | None = None) -> None:
    """Send the log of this process to `stream` (standard error): for systemd where it listens there."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    if _is_journal(env.get("JOURNAL_STREAM", ""), stream):
        handler.setFormatter(_ForSystemd("%(message)s"))
    else:
        handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("monitor")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


def _is_journal(where: str, stream: TextIO) -> bool:
    """Whether the stream is the one that systemd names as DEVICE:INODE (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return where == f"{status.st_dev}:{status.st_ino}"
