"""What a feed showed of late: the lines that stand in story after story are no part of any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.rules import recurring
from monitor.store.rows import as_json, to_milliseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from monitor.model import Entry, StoryId


class Past:
    """The part of whoever reads the database that tells an outlet's lines from an article's."""

    def _rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        raise NotImplementedError

    def recurring_lines(
        self, entries: Sequence[Entry], *, feed: str, outlet: str, texts: bool, now: datetime
    ) -> recurring.Recurring:
        """What is known of the lines of these entries of a feed; with `texts` its pages are looked at too."""
        lines = recurring.wanted(entries)
        if not lines:
            return recurring.NOTHING_RECURRING
        since = now - recurring.AGE
        of_late = self.of_late(feed, since=since, most=recurring.LATEST, tail=recurring.TAIL)
        if texts:
            of_late += self.texts_of_late(feed, since=since, most=recurring.LATEST, tail=recurring.TAIL)
        outlets = {outlet, *(entry.outlet for entry in entries)}
        headlines = self.headlines(lines, outlets=outlets, since=since)
        return recurring.recurring(lines, of_late=of_late, headlines=headlines)

    def of_late(self, feed: str, *, since: datetime, most: int, tail: int) -> list[recurring.Stood]:
        """The entries of a feed that were last new, none older than `since`, each with its `tail` of text."""
        rows = self._rows(
            """
            select story, substr(summary || char(10) || body, -?) text from entries
            where feed = ? and seen >= ? order by seen desc limit ?
            """,
            (tail, feed, to_milliseconds(since), most),
        )
        return [recurring.Stood(row["story"], row["text"]) for row in rows]

    def headlines(
        self, lines: Collection[str], *, outlets: Collection[str], since: datetime
    ) -> list[tuple[str, StoryId]]:
        """Those of these lines that are headlines of the outlets' entries seen since then, with the story."""
        rows = self._rows(
            """
            select title, story from entries
            where title in (select value from json_each(?))
                and outlet in (select value from json_each(?)) and seen >= ?
            """,
            (as_json(lines), as_json(outlets), to_milliseconds(since)),
        )
        return [(row["title"], row["story"]) for row in rows]

    def texts_of_late(self, feed: str, *, since: datetime, most: int, tail: int) -> list[recurring.Stood]:
        """The ends of the texts of a feed's entries that were last asked for, each with its story."""
        rows = self._rows(
            """
            select story, substr(text, -?) text from articles join entries on entries.id = articles.entry
            where articles.feed = ? and tried >= ? and state = 'read' order by tried desc limit ?
            """,
            (tail, feed, to_milliseconds(since), most),
        )
        return [recurring.Stood(row["story"], row["text"]) for row in rows]
