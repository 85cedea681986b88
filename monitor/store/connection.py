"""The connection to the database: opened, migrated, and written in transactions of its own kind.

`transaction()` takes the write lock at once: sqlite-utils' own `atomic()` begins deferred, and of 900
concurrent writes 566 then failed.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from sqlite_utils import Database

from monitor.errors import BusyError, StateError
from monitor.store.catalogue import page_of, searchable
from monitor.store.schema import migrations, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlite_utils import Migrations

DATABASE = "monitor.db"
_BUSY = 5000  # milliseconds a statement waits for another's lock
_WAITED_FOR = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # primary codes: what another's end cures
_USUAL_ROOM = 2_000  # KiB of pages that a connection keeps: SQLite's own
_ROOM = 32_000  # ... and that takes a round in: docs/decisions/0131
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


class Connection:
    """The database of one state folder, owned by the calling thread; Store says what it holds."""

    def __init__(
        self,
        folder: Path,
        *,
        schema: Migrations = migrations,
        tracer: Callable[[str, Any], None] | None = None,
    ) -> None:
        """Open or make folder/monitor.db.

        `tracer` is called with each statement before it runs (sqlite-utils' tracer). Raises StateError where
        the database is newer than this program, damaged, or out of reach.
        """
        self._path = folder / DATABASE
        self._schema = schema
        self._hurried, self._unsettled = True, False  # whether commits wait for the disk, and one did not
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StateError(f"SQLite {sqlite3.sqlite_version} is too old", remedy="install 3.37 or newer")
        try:
            self._db = Database(self._path, execute_plugins=False)
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise self._trouble(error) from error
        except StateError:
            self.close()
            raise
        self._db._tracer = tracer  # noqa: SLF001 - opening and migrating are not traced

    def close(self) -> None:
        """Give the connection back; an open transaction is rolled back, as by a power cut."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- opening ------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self._db.conn.row_factory = sqlite3.Row
        self._db.conn.execute("pragma trusted_schema = on")  # triggers call these; some builds forbid it
        for function in (page_of, searchable):
            self._db.conn.create_function(function.__name__, 1, function, deterministic=True)
        self._db.conn.execute(f"pragma busy_timeout = {_BUSY}")
        self._enter_wal()
        for pragma in (
            "synchronous = full",  # a commit costs about 7 ms, and a power cut takes no alert
            "foreign_keys = on",
        ):
            self._db.conn.execute(f"pragma {pragma}")
        self._refuse_strange()
        if self._schema.pending(self._db):
            self._migrate()

    def _enter_wal(self) -> None:
        """Into WAL, which SQLite refuses at once, busy_timeout or not, while another opens a new database."""
        until = time.monotonic() + _BUSY / 1000
        while True:
            try:
                self._db.conn.execute("pragma journal_mode = wal")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _WAITED_FOR or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return

    def _refuse_strange(self) -> None:
        ours = {migration.name for migration in self._schema._migrations}  # noqa: SLF001 - it has no accessor
        theirs = {migration.name for migration in self._schema.applied(self._db)}
        if newer := theirs - ours:
            raise StateError(
                f"the database was written by a newer media-monitor (it knows {', '.join(sorted(newer))})",
                where=str(self._path),
                remedy="upgrade this program, or restore the copy made before the upgrade",
            )
        if theirs and self._db.conn.execute("pragma user_version").fetchone()[0] != tables():
            raise StateError(
                "the database was made by a development state of this program, with other tables",
                where=str(self._path),
                remedy="put it aside: the next start makes a new one",
            )

    def _migrate(self) -> None:
        """Bring an older database up to date in one transaction, after a copy of it has been set aside."""
        applied = self._schema.applied(self._db)
        if applied:
            self._set_aside(applied[-1].name)
        with self.transaction():
            self._schema.apply(self._db)

    def _set_aside(self, version: str) -> None:
        copy = self._path.with_name(f"{DATABASE}.{version}.backup")
        copy.unlink(missing_ok=True)
        self._db.conn.execute("vacuum into ?", (str(copy),))

    def _trouble(self, error: sqlite3.Error) -> StateError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _WAITED_FOR:
            return BusyError(
                f"another has locked the database for {_BUSY // 1000} s",
                where=str(self._path),
                remedy="try again; if it lasts, see who has it open: fuser -v FILE",
            )
        return StateError(
            f"the database cannot be used: {error}",
            where=str(self._path),
            remedy="see that its folder is writable and not full; restore a damaged file from a backup",
        )

    # ---- transactions -------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """All or none of what is written inside, with the write lock held from the start.

        What is not `durable` survives the end of this process, and a power cut only once a later transaction
        that is has been committed: nobody waits for the disk. Raises StateError where the database cannot be
        written: locked for 5 s, full, read-only, damaged.
        """
        if not durable:
            with self._unhurried(), self.transaction():
                self._unsettled = True
                yield
            return
        before = self._db.conn.total_changes
        try:
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")  # one that fails leaves the transaction open
            except BaseException:
                self._db.rollback()
                raise
            if self._hurried and self._db.conn.total_changes > before:
                self._unsettled = False  # the disk has all that was written before it, too
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    @contextmanager
    def _unhurried(self) -> Iterator[None]:
        """Commits inside do not wait for the disk."""
        self._db.conn.execute("pragma synchronous = normal")
        self._hurried = False
        try:
            yield
        finally:
            self._hurried = True
            self._db.conn.execute("pragma synchronous = full")

    @contextmanager
    def roomy(self) -> Iterator[None]:
        """What a large transaction inside touches stays in memory until its commit: up to _ROOM of pages.

        Without, its pages are written and read again several times over, and as often what a savepoint may
        have to take back. That is what SQLite keeps beside the database: nothing of it bears on durability.
        """
        try:
            self._set_room(_ROOM, temporary="memory")
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        try:
            yield
        finally:
            with suppress(sqlite3.Error):  # it only keeps its room
                self._set_room(_USUAL_ROOM, temporary="default")

    def _set_room(self, kibibytes: int, *, temporary: str) -> None:
        self._db.conn.execute(f"pragma cache_size = -{kibibytes}")
        self._db.conn.execute(f"pragma temp_store = {temporary}")

    def settle(self) -> None:
        """See to it that what was committed and did not wait for the disk is on it."""
        if self._unsettled:
            with self.transaction():
                self._db.execute("update tallies set last = last where name = 'sends sent'")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All or none of what is written inside, within an open transaction."""
        with self._db.atomic():
            yield

    def _rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        try:
            return self._db.execute(sql, parameters).fetchall()  # type: ignore[arg-type]  # Mapping is served too
        except sqlite3.Error as error:
            raise self._trouble(error) from error
