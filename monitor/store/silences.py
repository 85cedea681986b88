"""Silences: who muted what, until when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import UsageError
from monitor.model import Scope, Silence
from monitor.store.connection import Connection
from monitor.store.rows import from_milliseconds, to_milliseconds
from monitor.text import one_line

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime


_LATEST = 100  # entries of a feed by which one knows whose it shows


class Silences(Connection):
    """The part of the Store that holds silences."""

    def refuse_unheard(self, outlet: str, feeds: Iterable[str]) -> None:
        """Raises UsageError where these feeds, the outlet's own, show several others' entries and none of it.

        A feed that shows one other is one whose outlet has another name now.
        """
        query = "select outlet from entries where feed = ? order by seen desc limit ?"
        shown = {row["outlet"] for feed in feeds for row in self._rows(query, (feed, _LATEST))}
        if len(shown) > 1 and outlet not in shown:
            raise UsageError(
                "the entries of its feeds are other outlets'; this would mute nothing",
                where=outlet,
                remedy=f'mute the rule, or say not-sources: ["{outlet}"] in it',
            )

    def add_silence(
        self,
        scope: Scope,
        value: str,
        *,
        begins: datetime,
        ends: datetime,
        comment: str,
        by: str,
        now: datetime,
    ) -> int:
        """Put a silence in force, what people wrote on one line; its number."""
        with self.transaction():
            made = self._db.execute(
                """
                insert into silences (scope, value, begins, ends, comment, person, made)
                values (?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    scope.value,
                    value,
                    to_milliseconds(begins),
                    to_milliseconds(ends),
                    one_line(comment),
                    one_line(by),
                    to_milliseconds(now),
                ),
            ).lastrowid
        assert made is not None, "a row that was inserted has an id"
        return made

    def silences(self, *, now: datetime) -> list[Silence]:
        """The silences in force, the oldest first."""
        moment = to_milliseconds(now)
        return [
            to_silence(row)
            for row in self._rows(
                "select * from silences where ends > ? and begins <= ? order by id", (moment, moment)
            )
        ]

    def all_silences(self, *, since: datetime | None = None) -> list[tuple[Silence, int]]:
        """Silences that end after this moment (None: all), and how many deliveries each has muted."""
        rows = self._rows(
            """
            select silences.*, (select count(*) from deliveries where silence = silences.id) muted
            from silences where ends > ? and ends > begins order by id
            """,
            (-1 if since is None else to_milliseconds(since),),
        )
        return [(to_silence(row), row["muted"]) for row in rows]

    def expire_silence(self, number: int, *, now: datetime) -> bool:
        """End a silence now; False where there is none of this number that has not ended."""
        moment = to_milliseconds(now)
        with self.transaction():
            return (
                self._db.execute(
                    "update silences set ends = max(?1, begins) where id = ?2 and ends > ?1", (moment, number)
                ).rowcount
                > 0
            )


def to_silence(row: sqlite3.Row) -> Silence:
    """The silence of a row."""
    return Silence(
        id=row["id"],
        scope=Scope(row["scope"]),
        value=row["value"],
        begins=from_milliseconds(row["begins"]),
        ends=from_milliseconds(row["ends"]),
        comment=row["comment"],
        by=row["person"],
        made=from_milliseconds(row["made"]),
    )
