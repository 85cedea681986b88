"""How many messages were ever taken to be sent: counted in the database, and in a small file beside it.

The file survives what the database may not: the loss of its journal, an older copy put in its place by hand.
It is written after the claim's commit and before its send, and no disk is waited for. So it is never ahead of
a database that is as it was left, whatever died, and one that it is ahead of has gone back.
"""

from __future__ import annotations

import fcntl
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.store.connection import Connection
from monitor.store.rows import to_milliseconds

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

COUNT = "monitor.count"
_LINE = re.compile(rb"([0-9a-f]{16}) {1,18}([0-9]{1,18})\n")
_LENGTH = 36  # bytes, always: one write replaces them all


@dataclass(frozen=True, slots=True)
class Count:
    """Which database, by the number that it was given at birth, and how many messages were claimed in it."""

    database: str
    claims: int


# ---- the file ----------------------------------------------------------------------------------------------


def kept_count(folder: Path) -> Count | None:
    """What the file in this state folder says; None where there is none to be read."""
    try:
        with (folder / COUNT).open("rb") as file:
            return _read(file.read(_LENGTH))
    except OSError:
        return None


def keep_count(folder: Path, count: Count, *, anew: bool = False) -> None:
    """Write it down, unless the file says more, or is of another database; `anew` whatever it says.

    Threads and processes may do so at once. Raises OSError where it cannot be written.
    """
    descriptor = os.open(folder / COUNT, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = None if anew else _read(os.pread(descriptor, _LENGTH, 0))
        if before is None or (before.database == count.database and before.claims < count.claims):
            os.pwrite(descriptor, f"{count.database} {count.claims:18}\n".encode(), 0)
    finally:
        os.close(descriptor)


def _read(line: bytes) -> Count | None:
    found = _LINE.fullmatch(line)
    return Count(found[1].decode(), int(found[2])) if found else None


def gone_back(kept: Count | None, now: Count) -> str:
    """How a database is seen to be older than what was `kept` of it, or another; "" where it is not."""
    if kept is None:
        return ""
    if kept.database != now.database:
        return "is not the one that was here last"
    if kept.claims > now.claims:
        return f"has gone back: it knows of {now.claims:,} of the {kept.claims:,} messages taken to be sent"
    return ""


# ---- the database ------------------------------------------------------------------------------------------


class Claims(Connection):
    """The part of the Store that counts claims, and knows when it has gone back."""

    def count_claims(self, number: int) -> Count:
        """So many messages more were taken to be sent; how many that makes. Inside the transaction of T2."""
        if number:
            self._db.execute("update claims set made = made + ?", (number,))
        return self.claims_made()

    def claims_made(self) -> Count:
        """How many messages were ever taken to be sent, and in which database."""
        row = self._rows("select database, made from claims")[0]
        return Count(row["database"], row["made"])

    def keep_count(self, count: Count, *, anew: bool = False) -> None:
        """Write it down beside the database; see the function of this name. Raises OSError."""
        keep_count(self._path.parent, count, anew=anew)

    def gone_back(self) -> str:
        """How it is seen that this database is older than it was, or another; "" where it is not."""
        kept = kept_count(self._path.parent)  # first: what is claimed meanwhile is no sign
        return gone_back(kept, self.claims_made())

    def mark_gone_back(self, now: datetime, *, noticed: bool) -> None:
        """Have all that it owes, and all of each feed's next poll, say that it may have been told before.

        Inside a transaction. It is another database from here on: the copies of what it was are not it.
        `noticed` says that nobody put it in place by `monitor restore`.
        """
        moment = to_milliseconds(now)
        self._db.execute("insert or replace into restores values (?, ?)", (moment, noticed))
        self._db.execute("update deliveries set uncertain = 1 where state not in ('sent', 'dead')")
        self._db.execute("update letters set uncertain = 1 where state in ('due', 'sending')")
        self._db.execute("update articles set uncertain = 1 where state = 'due'")
        self._db.execute(  # feeds were last read before it, also by a clock that has been set back since
            "update feeds set next_poll = min(next_poll, ?1), last_good = min(last_good, ?1 - 1)", (moment,)
        )
        self._db.execute("update claims set database = lower(hex(randomblob(8)))")
