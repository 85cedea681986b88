"""Copies of the whole database: made while the daemon works, and put in its place when it does not."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import StateError, UsageError
from monitor.store.claims import COUNT, keep_count
from monitor.store.store import DATABASE, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_PAGES = 1000  # copied between two moves of the progress line
_STEP = 1 << 22  # bytes; of a restored file
_BUSY = 5.0  # seconds
_HEAD = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html


def _unseen(_done: int, _of: int) -> None:
    pass


def back_up(
    state: Path, target: Path, *, force: bool = False, progress: Callable[[int, int], None] = _unseen
) -> int:
    """Copy the database of this state folder, as it is at one moment, to a file; the file's bytes.

    The daemon goes on working meanwhile (SQLite's online backup of one read snapshot). The file appears
    whole, checked and readable by its owner alone, or not at all. `progress` is told pages done and in all.
    Raises UsageError where the file stands already and `force` does not say to replace it, StateError where
    it cannot be written or does not pass SQLite's integrity check.
    """
    part = target.parent / f".{target.name}.part"
    try:
        if target.exists() and not force:
            raise UsageError("there is a file already", where=str(target), remedy="replace it with --force")
        part.unlink(missing_ok=True)
        part.touch(0o600)
        with closing(_reading(state / DATABASE)) as source, closing(sqlite3.connect(part)) as copy:
            source.execute("begin")
            source.execute("select count(*) from sqlite_master").fetchone()  # the snapshot stands from here
            copied = lambda _status, left, total: progress(total - left, total)  # noqa: E731
            source.backup(copy, pages=_PAGES, progress=copied)
            copy.execute("pragma journal_mode = delete")  # one file, without a journal beside it
        check(part)
        _to_disk(part)
        part.replace(target)
        _to_disk(target.parent)
    except sqlite3.Error as error:
        raise StateError(
            f"the backup could not be made: {error}", where=str(target), remedy="see monitor doctor"
        ) from error
    except OSError as error:
        raise StateError(
            f"the backup could not be written: {error.strerror}",
            where=str(target),
            remedy="name a file in a folder that is writable and not full",
        ) from error
    finally:
        for leftover in (part, *_journals(part)):
            with suppress(OSError):  # it would hide what went wrong
                leftover.unlink(missing_ok=True)
    return target.stat().st_size


def check(database: Path) -> None:
    """Raises StateError unless SQLite finds the file whole, down to its indexes and foreign keys."""
    try:
        with closing(_reading(database)) as db:
            found = [str(row[0]) for row in db.execute("pragma integrity_check(3)")]
            if found == ["ok"] and db.execute("pragma foreign_key_check").fetchone():
                found = ["a row refers to one that is not there"]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise StateError(
            f"this is no sound database: {'; '.join(found)}", where=str(database), remedy="use another copy"
        )


def restore(
    source: Path,
    state: Path,
    *,
    now: datetime,
    baseline: bool = False,
    aside: Path | None = None,
    progress: Callable[[int, int], None] = _unseen,
) -> Path | None:
    """Put a backup in place of the database; where the replaced one now stands, None where there was none.

    The caller holds the state's lock. What happened after the backup was made is not known to it: alerts
    that it still owed, and those of each feed's first poll from now on, go out marked as what may have been
    told before. With `baseline` each feed's first poll tells nobody instead. `progress` is told bytes copied
    and in all. Raises UsageError where there
    is no such file, StateError where it is damaged or of a newer program: then nothing was changed.
    """
    if not source.is_file():
        raise UsageError("there is no such file", where=str(source), remedy="name one that backup made")
    check(source)
    place = state / DATABASE
    kept = aside or place.with_name(f"{DATABASE}.replaced-{now:%Y%m%dT%H%M%SZ}")
    try:
        with _workshop(state) as folder:
            _copy(source, folder / DATABASE, progress)
            with Restored(folder) as store:
                store.mark(now, baseline=baseline)
                count = store.claims_made()
            made = folder / DATABASE
            _as_owned(made, state)
            _to_disk(made)
            replaced = _set_aside(place, kept)
            made.replace(place)
            keep_count(state, count, anew=True)
            _as_owned(state / COUNT, state)
            _to_disk(state)
    except OSError as error:
        raise StateError(
            f"the backup could not be put in place: {error.strerror}",
            where=str(state),
            remedy="see that the folder is writable and not full",
        ) from error
    return kept if replaced else None


def _copy(source: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    size, done = source.stat().st_size, 0
    with source.open("rb") as read, target.open("wb") as written:
        while part := read.read(_STEP):
            written.write(part)
            done += len(part)
            progress(done, size)


class Restored(Store):
    """A backup that is about to become the database."""

    def mark(self, now: datetime, *, baseline: bool) -> None:
        """Make it say that it is a restored one, and what that means for what it owes."""
        with self.transaction():
            self.mark_gone_back(now, noticed=False)
            if baseline:
                self._db.execute(
                    "update feeds set last_good = null, etag = null, last_modified = null, digest = null,"
                    " marks = x'', unsettled = 0"
                )
                self._db.execute("delete from baselines")
        self._db.conn.execute("pragma journal_mode = delete")


def _reading(database: Path) -> sqlite3.Connection:
    """A connection that only reads; an older program's database is left as it is."""
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY)
    connection.isolation_level = None
    return connection


def _journals(database: Path) -> list[Path]:
    return [database.with_name(f"{database.name}{ending}") for ending in ("-wal", "-shm", "-journal")]


@contextmanager
def _workshop(state: Path) -> Iterator[Path]:
    """A folder beside the database: what is made there can be renamed into place."""
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=state) as folder:
        yield Path(folder)


def _set_aside(place: Path, kept: Path) -> bool:
    """Keep the database under another name, with what its journal holds; whether there was one.

    A journal left behind would be played into the new database: it goes first, or into its own database.
    """
    if not place.exists():
        return False
    _fold_in_journal(place)
    kept.unlink(missing_ok=True)
    os.link(place, kept)
    for journal, beside in zip(_journals(place), _journals(kept), strict=True):
        if journal.exists():
            journal.replace(beside)
    return True


def _fold_in_journal(place: Path) -> None:
    """Write the journal into its database; what has lost its head is left alone: SQLite would drop both."""
    with place.open("rb") as file:
        if file.read(len(_HEAD)) != _HEAD:
            return
    with suppress(sqlite3.Error), closing(sqlite3.connect(place, timeout=_BUSY)) as old:
        old.execute("pragma wal_checkpoint(truncate)")


def _as_owned(file: Path, folder: Path) -> None:
    """Give the file to whoever owns the folder: a daemon of its own user must be able to write it."""
    owner = folder.stat()
    file.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(file, owner.st_uid, owner.st_gid)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
