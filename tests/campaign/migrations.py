"""The power cut while a database is brought up to date: it is the old one or the new one, never between.

Every schema that was released is one to start from, and so is no database at all; behind the last stands one
that is made up here, so that there is always a step to take: it adds a column, fills it, rebuilds a table.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Migrations

from monitor.store.connection import DATABASE, Connection
from monitor.store.schema import migrations
from tests.campaign.syscalls import CALLS, counted, drawn, is_whole, killing, traced
from tests.campaign.world import Row

if TYPE_CHECKING:
    from sqlite_utils import Database

    from tests.campaign.world import Crowd, Nursery

_OPEN = "tests.campaign.migrations:open_up"
_STORIES = 400
_REACH = "old or new, never between; the next start ends it"


def up_to(count: int) -> Migrations:
    """The first so many of the released schemas, and one more that is made up."""
    schema = Migrations("media-monitor")
    for migration in migrations._migrations[:count]:
        schema()(migration.fn)
    if count > len(migrations._migrations):
        schema()(made_up)
    return schema


def made_up(db: Database) -> None:
    """What a step may be: a column that is filled, a table that is built anew, an index."""
    db.execute("alter table stories add column words integer not null default 0")
    db.execute("update stories set words = length(title)")
    db.execute("create table anew (name text primary key, count integer not null) strict")
    db.execute("insert into anew select name, count from tallies")
    db.execute("drop table tallies")
    db.execute("alter table anew rename to tallies")
    db.execute("create index stories_words on stories (words)")


def open_up(words: list[str]) -> None:
    """Open the database of a folder with so many schemas: a life of the nursery."""
    folder, count = words
    Connection(Path(folder), schema=up_to(int(count))).close()


@dataclass(frozen=True)
class _Step:
    """From one schema to the newest: a folder before it, and what the database is before and after."""

    folder: Path
    newest: int
    before: str
    after: str

    def cut(self, nursery: Nursery, options: list[str], *, count: str = os.devnull) -> str:
        """What is wrong after a start that strace meddled with; "" if nothing is."""
        with tempfile.TemporaryDirectory(prefix="campaign-step-", dir=self.folder.parent) as place:
            state = Path(place) / "state"
            shutil.copytree(self.folder, state)
            words = [str(state), str(self.newest)]
            traced(nursery, words, ["-o", count, *options], call=_OPEN)
            if (state / DATABASE).exists() and not is_whole(state / DATABASE):
                return "damaged"
            if _content(state) not in (self.before, self.after):
                return "between"
            if nursery.whole_life(words, call=_OPEN):
                return "does not start any more"
            return "" if _content(state) == self.after else "not brought up to date"


def kills(nurseries: Crowd, *, most: int, seed: int, workers: int = 2) -> Row:
    """From each schema to the newest, killed at `most` system calls of the step."""
    found: list[str] = []
    points_tried = 0
    newest = len(migrations._migrations) + 1
    with tempfile.TemporaryDirectory(prefix="campaign-migrations-") as place:
        for count in range(newest):
            step = _prepared(Path(place) / str(count), count, newest)
            with nurseries.lent() as nursery:
                census = Path(place) / "census"
                found.append(step.cut(nursery, ["-e", f"trace={','.join(CALLS)}"], count=str(census)))
            points = [(call, nth) for call, many in counted(census).items() for nth in range(1, many + 1)]
            chosen = drawn(points, most, seed=f"migrations {seed} {count}")

            def cut(point: tuple[str, int], step: _Step = step) -> str:
                with nurseries.lent() as nursery:
                    return step.cut(nursery, killing(*point))

            with ThreadPoolExecutor(workers) as pool:
                found += pool.map(cut, chosen)
            points_tried += len(chosen)
    wrong = [what for what in found if what]
    return Row(
        f"migrations from 0 to {newest - 1} released schemas to one more, SIGKILL at {points_tried} calls",
        _REACH,
        f"{points_tried - len(wrong)} old or new, {len(wrong)} not" + "".join(f"; {what}" for what in wrong),
        not wrong,
    )


def _prepared(folder: Path, count: int, newest: int) -> _Step:
    folder.mkdir()
    if count:
        _fill(folder, count)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        after = Path(place) / "after"
        shutil.copytree(folder, after)
        Connection(after, schema=up_to(newest)).close()
        return _Step(folder, newest, before=_content(folder), after=_content(after))


def _fill(folder: Path, count: int) -> None:
    Connection(folder, schema=up_to(count)).close()
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        database.executemany(
            "insert into stories (id, title, first_seen, last_seen) values (?, ?, 0, 0)",
            [(number, f"Story {number} " + "word " * 40) for number in range(1, _STORIES)],
        )
        database.execute("insert into tallies (name, count, last) values ('alerts', 7, 0)")


def _content(folder: Path) -> str:
    """A hash of the schema and of every row but the times at which migrations were applied."""
    if not (folder / DATABASE).exists():
        return _hash([])
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        schema = database.execute("select name, sql from sqlite_master order by name").fetchall()
        tables = [name for name, _ in schema if name in ("stories", "tallies")]
        rows = [database.execute(f"select * from {table} order by 1").fetchall() for table in tables]
        names = "select name from _sqlite_migrations order by name"
        return _hash([*schema, rows, database.execute(names).fetchall()] if schema else [])


def _hash(content: list[object]) -> str:
    return sha256(repr(content).encode()).hexdigest()
