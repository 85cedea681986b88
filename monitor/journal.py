"""The daemon's log: one line an event, key=value, no secrets; to systemd's journal with fields, else as text.

The keys of a line are fields in the journal: "feed=%s outcome=fresh" is FEED= and OUTCOME=, so that
`journalctl FEED=wire` and `journalctl STORY_ID=…` find it. They are read from the line's template, never from
what is filled in: nothing that a feed says can pose as a field.

The protocol is that of systemd's "Native Journal Protocol": one datagram an entry, a field a line, and values
that span lines with their length before them.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 190_000  # bytes; a datagram on a Unix socket holds 212,992 by default (net.core.wmem_default)
SOCKET = Path("/run/systemd/journal/socket")
PATIENCE = 1.0  # seconds that a journal which does not read may hold a line up; then the line goes as text

# sd-daemon(3): a line on standard error that begins with <N> has priority N in the journal
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}

_PLACEHOLDER = re.compile(r"%%|%[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]")
_PAIR = re.compile(r"(?<![\w=])([a-z][a-z_]*)=(%[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|[\w.-]+)")
_NAMES = {"story=%016x": "STORY_ID", "rules=%s": "RULE"}  # the others are their keys, in capitals
_LONGEST_FIELD = 2_000  # characters of a field that is not the message: the datagram must hold them all


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return cut(super().format(record))


class _ForSystemd(_Plain):
    def format(self, record: logging.LogRecord) -> str:
        priority = _PRIORITY.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


class Journal(logging.StreamHandler[TextIO]):
    """Sends each record to the journal as one datagram; what cannot go there goes to `stream` as text."""

    def __init__(self, stream: TextIO, *, address: Path = SOCKET) -> None:
        super().__init__(stream)
        self.setFormatter(_ForSystemd("%(message)s"))
        self._address = str(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(PATIENCE)
        self._text = _Plain("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        """One datagram; the handler's lock keeps threads apart."""
        try:
            self._socket.sendto(datagram(record, self._text.format(record)), self._address)
        except OSError:  # the journal is being restarted, or too slow
            super().emit(record)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()


def open_journal(env: Mapping[str, str], *, stream: TextIO | None = None, address: Path = SOCKET) -> None:
    """Send the log of this process to the journal where `stream` (standard error) leads there, else to it."""
    stream = stream or sys.stderr
    handler: logging.StreamHandler[TextIO]
    if _is_journal(env.get("JOURNAL_STREAM", ""), stream):
        handler = Journal(stream, address=address)
    else:
        handler = logging.StreamHandler(stream)
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


def cut(text: str) -> str:
    """As much of the text as LONGEST bytes of UTF-8 hold; whole characters only."""
    if len(text) * 4 <= LONGEST:
        return text
    return text.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")


# ---- an entry of the journal -----------------------------------------------------------------------------


def datagram(record: logging.LogRecord, message: str) -> bytes:
    """The record as systemd's native protocol writes it; `message` is its text, as `cut` leaves it."""
    return b"".join(
        _field(name, value)
        for name, value in (
            ("MESSAGE", message),
            ("PRIORITY", str(_PRIORITY.get(record.levelno, 6))),
            ("SYSLOG_IDENTIFIER", "monitor"),
            ("CODE_FILE", record.pathname),
            ("CODE_LINE", str(record.lineno)),
            ("CODE_FUNC", record.funcName or ""),
            ("THREAD", record.threadName or ""),
            *fields(record.msg, record.args),
        )
    )


def fields(template: object, args: object) -> Iterator[tuple[str, str]]:
    """The (name, value) of each key=value in a template, filled in; a list of rules is a field a rule."""
    if not isinstance(template, str):
        return
    values = args if isinstance(args, tuple) else ()
    places = [found for found in _PLACEHOLDER.finditer(template) if found[0] != "%%"]
    filled = {found.start(): (found[0], value) for found, value in zip(places, values, strict=False)}
    for found in _PAIR.finditer(template.partition("\n")[0]):
        name = _NAMES.get(found[0], found[1].upper())
        if found.start(2) not in filled:
            if "%" not in found[2]:
                yield name, found[2]
            continue
        form, value = filled[found.start(2)]
        said = str(value) if form == "%r" else form % value  # a field needs no quotes
        yield from ((name, one[:_LONGEST_FIELD]) for one in (said.split(",") if name == "RULE" else [said]))


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if b"\n" not in data:
        return b"%s=%s\n" % (name.encode(), data)
    return b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data)
