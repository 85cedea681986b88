"""The pages that entries lead to: which are to be read, what became of each, and their texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.store.connection import Connection
from monitor.store.rows import as_json, as_mentions, from_milliseconds, to_entry, to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable
    from datetime import datetime

    from monitor.model import Entry, EntryId, Match, StoryId

TRIES = 3  # of one page, whatever becomes of them


@dataclass(frozen=True, slots=True)
class Due:
    """A page that may be asked for now, and what decides whether it is."""

    entry: EntryId
    feed: str
    link: str
    story: StoryId
    lead: EntryId
    since: datetime  # when the entry was news
    attempts: int


class Articles(Connection):
    """The part of Store that keeps texts of pages. An entry's row goes when the entry goes."""

    def want_articles(
        self, entries: Iterable[tuple[EntryId, str]], *, now: datetime, uncertain: bool = False
    ) -> None:
        """The pages of these (entry, feed) are to be read, anew where they were; inside T1.

        They are `uncertain` where their texts may have been told of before: see `unread_since_restore`.
        """
        moment = to_milliseconds(now)
        self._db.conn.executemany(
            """
            insert into articles (entry, feed, since, due, uncertain) values (?, ?, ?, ?, ?)
            on conflict (entry) do update set
                state = 'due', since = excluded.since, due = excluded.due, attempts = 0, tried = null,
                error = '', text = '',
                uncertain = max(uncertain, excluded.uncertain)
            """,
            [(entry, feed, moment, moment, int(uncertain)) for entry, feed in entries],
        )

    def spare_articles(self, feeds: Collection[str]) -> int:
        """Of other feeds than these nothing more is asked for; how many pages that lets be."""
        return self._db.execute(
            """
            update articles set state = 'spared', error = 'its feed has full_text no more'
            where state = 'due' and feed not in (select value from json_each(?))
            """,
            (as_json(feeds),),
        ).rowcount

    def mend_articles(self, links: Iterable[tuple[EntryId, str]]) -> None:
        """The entries get these links: pages that could not be read elsewhere are due, if a try is left.

        Before they are written; inside T1.
        """
        self._db.conn.executemany(
            """
            update articles set state = 'due', error = 'its link was changed'
            where entry = ?1 and state in ('empty', 'barred', 'failed') and attempts < ?3
                and exists (select 1 from entries where id = ?1 and link <> ?2)
            """,
            [(entry, link, TRIES) for entry, link in links],
        )

    def due_articles(self, now: datetime) -> Generator[Due]:
        """The pages that are due, the longest overdue first; read as they are asked for."""
        for row in self._db.execute(
            """
            select articles.entry, articles.feed, link, story, lead, since, attempts
            from articles join entries on entries.id = articles.entry
            where state = 'due' and due <= ? order by due, articles.entry
            """,
            (to_milliseconds(now),),
        ):
            yield Due(
                entry=row["entry"],
                feed=row["feed"],
                link=row["link"],
                story=row["story"],
                lead=row["lead"],
                since=from_milliseconds(row["since"]),
                attempts=row["attempts"],
            )

    def read_of(self, story: StoryId, lead: EntryId, *, least: int) -> list[Entry]:
        """The entries of this lead whose pages gave a text of so many characters, without it."""
        rows = self._rows(
            """
            select entries.* from entries join articles on articles.entry = entries.id
            where story = ? and lead = ? and state = 'read' and length(text) >= ?
            """,
            (story, lead, least),
        )
        return [to_entry(row) for row in rows]

    def next_article_due(self) -> datetime | None:
        """When the next page is due; None where none is to be read."""
        rows = self._rows("select due from articles where state = 'due' order by due limit 1")
        return from_milliseconds(rows[0]["due"]) if rows else None

    def count_articles(self, feed: str, *, since: datetime) -> int:
        """How many pages of this feed's entries were asked for since then."""
        rows = self._rows(
            "select count(*) n from articles where feed = ? and tried >= ?", (feed, to_milliseconds(since))
        )
        return int(rows[0]["n"])

    def claim_article(self, entry: EntryId, *, due: datetime, now: datetime) -> None:
        """It is asked for now, and is due again then unless something is heard of it; in a transaction."""
        self._db.execute(
            "update articles set attempts = attempts + 1, tried = ?, due = ? where entry = ?",
            (to_milliseconds(now), to_milliseconds(due), entry),
        )

    def put_off_article(self, entry: EntryId, why: str, *, due: datetime) -> None:
        """It could not be read, and is asked for again then; in a transaction."""
        self._db.execute(
            "update articles set error = ?, due = ? where entry = ? and state = 'due'",
            (why, to_milliseconds(due), entry),
        )

    def end_article(self, entry: EntryId, state: str, why: str = "", *, text: str = "") -> None:
        """Nothing more is asked: `state` is read, empty, barred, failed or spared; in a transaction."""
        self._db.execute(
            "update articles set state = ?, error = ?, text = ? where entry = ?", (state, why, text, entry)
        )

    def due_article(self, entry: EntryId) -> tuple[int, datetime] | None:
        """How often its page was asked for, and since when it is wanted; None where it is not to be read."""
        rows = self._rows("select attempts, since from articles where entry = ? and state = 'due'", (entry,))
        return (rows[0]["attempts"], from_milliseconds(rows[0]["since"])) if rows else None

    def may_have_been_told(self, entry: EntryId) -> bool:
        """Whether its text may have been told of in what a backup does not know.

        Its page was due as the backup was put in place, or wanted by its feed's first poll after that.
        """
        return bool(self._rows("select 1 from articles where entry = ? and uncertain", (entry,)))

    def put_matches(self, entry: EntryId, matches: Iterable[Match], *, rulebook: str) -> None:
        """What the rules find in an entry with its text; in a transaction."""
        self._db.conn.executemany(
            "insert or replace into matches values (?, ?, ?, ?)",
            [(entry, match.rule, rulebook, as_mentions(match)) for match in matches],
        )

    def texts(self, entries: Collection[EntryId]) -> dict[EntryId, str]:
        """The texts of the pages of these entries, of those that were read."""
        rows = self._rows(
            """
            select entry, text from articles
            where entry in (select value from json_each(?)) and state = 'read'
            """,
            (as_json(entries),),
        )
        return {row["entry"]: row["text"] for row in rows}

    def with_texts(self, entries: Collection[Entry]) -> list[Entry]:
        """The entries in their order, each with the text of its page where that was read."""
        found = self.texts([entry.id for entry in entries])
        return [replace(entry, text=found[entry.id]) if entry.id in found else entry for entry in entries]
