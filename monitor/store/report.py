"""How the desk stands, read from the database in one go: for `status`, `doctor` and the metrics."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import StateError
from monitor.store.rows import from_milliseconds, to_time
from monitor.store.store import DATABASE, KeptDesk, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.model import Crew, FeedState, Outage, Silence, Subscription

TEXTS = ("read", "empty", "barred", "failed", "spared")  # what becomes of a page, as it is tallied
_LATEST = 30  # entries whose dates are compared with the clock


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened, ever, and when last."""

    count: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """What is owed to one receiver: deliveries by state, and since when the oldest waits, or its digest."""

    receiver: str
    states: Mapping[str, int]
    oldest: datetime | None
    error: str  # why the last that failed did, "" where none did


@dataclass(frozen=True, slots=True)
class Report:
    """All that the database says of how the desk stands."""

    feeds: Mapping[str, tuple[FeedState, str]]  # state, and why the last poll failed
    queues: tuple[Queue, ...]
    tallies: Mapping[str, Tally]
    stored: Mapping[str, int]  # rows: entries, bygone, stories, alerts, uncertain, texts_due
    desk: KeptDesk | None
    restored: datetime | None  # when a backup was last put in its place
    noticed: datetime | None  # when a start last noticed that it had gone back
    gone_back: str  # how it is seen that it has, since; "" where it has not
    sizes: Mapping[str, int]  # bytes of the database and of its journal
    held: Mapping[str, tuple[int, datetime]]  # by receiver: how many alerts, and when their digest goes
    outages: Mapping[str, Outage]
    silences: tuple[tuple[Silence, int], ...]  # in force or to come, with how many alerts each has muted
    lag: timedelta | None  # between an entry's own date and when it was seen, the least of the latest
    subscriptions: tuple[Subscription, ...] = ()
    offers: int = 0  # feeds that name a hub
    doorbell: tuple[str, str] | None = None  # where hubs are listened for, and why nobody can, or ""
    crew: Crew | None = None  # who polls beside this machine; None where nobody is to

    def tally(self, name: str) -> int:
        """How often this happened, ever."""
        return self.tallies[name].count if name in self.tallies else 0

    @property
    def last_poll(self) -> datetime | None:
        """When a poll last ended, whatever came of it."""
        moments = (tally.last for name, tally in self.tallies.items() if name.startswith("polls "))
        return max(moments, default=None)

    @property
    def last_sent(self) -> datetime | None:
        """When a message was last accepted."""
        return self.tallies["sends sent"].last if "sends sent" in self.tallies else None


class Reporter(Store):
    """The database of one state folder, for those who want to know how it stands."""

    def report(self, *, now: datetime) -> Report:
        """How the desk stands."""
        gone_back = self.gone_back()
        stored = self._rows(
            """
            select (select count(*) from entries) entries, (select count(*) from bygone) bygone,
                (select count(*) from stories) stories, (select count(*) from alerts) alerts,
                (select count(*) from deliveries where uncertain and state in ('due', 'sending')) uncertain,
                (select count(*) from articles where state = 'due') texts_due
            """
        )[0]
        tallies = self._rows("select * from tallies")
        replaced = self._rows(
            "select max(iif(noticed, null, at)) restored, max(iif(noticed, at, null)) noticed from restores"
        )[0]
        return Report(
            feeds=self.feed_conditions(),
            queues=self._queues(),
            tallies={row["name"]: Tally(row["count"], from_milliseconds(row["last"])) for row in tallies},
            stored=dict(stored),
            desk=self.desk(),
            restored=to_time(replaced["restored"]),
            noticed=to_time(replaced["noticed"]),
            gone_back=gone_back,
            sizes=sizes(self._path.parent),
            held=self.next_digests(),
            outages=self.outages(),
            silences=tuple(self.all_silences(since=now)),
            lag=self._lag(),
            subscriptions=tuple(self.subscriptions()),
            offers=len(self.offers()),
            doorbell=self.doorbell(),
            crew=self.crew(),
        )

    def _lag(self) -> timedelta | None:
        """Feeds date what they publish: the least that we came after, of the latest. None for too few."""
        row = self._rows(
            """
            select count(*) number, min(seen - published) lag from (
                select seen, published from entries
                where status <> 'baseline' and published is not null order by seen desc limit ?
            )
            """,
            (_LATEST,),
        )[0]
        return timedelta(milliseconds=row["lag"]) if row["number"] == _LATEST else None

    def _queues(self) -> tuple[Queue, ...]:
        rows = self._rows(
            """
            select deliveries.receiver, deliveries.state, count(*) number,
                min(iif(deliveries.state = 'held', made, created)) oldest,
                (select error from deliveries failed where failed.receiver = deliveries.receiver
                    and failed.state <> 'sent' and error <> '' order by due desc limit 1) error,
                max(letters.error) refused
            from deliveries join alerts on alerts.id = alert
                left join letters on letters.id = letter and deliveries.state = 'held'
                    and letters.state in ('due', 'sending')
            group by deliveries.receiver, deliveries.state order by deliveries.receiver, deliveries.state
            """  # what is held is owed from the moment in which its digest was made
        )
        found: dict[str, Queue] = {}
        for row in rows:
            before = found.get(row["receiver"], Queue(row["receiver"], {}, None, row["error"] or ""))
            oldest = [before.oldest] if before.oldest else []
            if row["state"] in ("due", "sending", "held") and row["oldest"] is not None:
                oldest.append(from_milliseconds(row["oldest"]))
            found[row["receiver"]] = Queue(
                row["receiver"],
                {**before.states, row["state"]: row["number"]},
                min(oldest, default=None),
                before.error or row["refused"] or "",
            )
        return tuple(found.values())


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the database's files in this folder, by what they are."""
    files = {"database": DATABASE, "journal": f"{DATABASE}-wal"}
    return {what: _size(folder / name) for what, name in files.items()}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Examination:
    """What SQLite finds in the database's file."""

    sqlite: str  # the library's version
    problems: tuple[str, ...]
    journal_mode: str
    lax: tuple[str, ...]  # tables of ours that are not STRICT
    free: int  # bytes in the file that nothing uses


def examine(folder: Path, *, full: bool) -> Examination:
    """Look the database through, as `quick_check` does, or as `integrity_check` does where `full`.

    Nothing is written and nothing migrated. Raises StateError where it cannot even be opened.
    """
    path = folder / DATABASE
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            check = "integrity_check" if full else "quick_check"
            problems = [str(row[0]) for row in db.execute(f"pragma {check}(5)")]
            lax = db.execute(
                "select name from pragma_table_list where schema = 'main' and type = 'table' and not strict"
                " and name not like 'sqlite!_%' escape '!' and name not like '!_%' escape '!' order by name"
            )
            free = db.execute("pragma freelist_count").fetchone()[0]
            return Examination(
                sqlite3.sqlite_version,
                () if problems == ["ok"] else tuple(problems),
                db.execute("pragma journal_mode").fetchone()[0],
                tuple(row[0] for row in lax),
                free * db.execute("pragma page_size").fetchone()[0],
            )
    except sqlite3.Error as error:
        raise StateError(
            f"the database cannot be read: {error}", where=str(path), remedy="restore it from a backup"
        ) from error
