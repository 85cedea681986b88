"""The database: the only module with SQL, and the place where the guarantees are kept.

One Store belongs to one thread. Reads stand alone; writes stand in `transaction()`, which takes the write
lock at once: sqlite-utils' own `atomic()` begins deferred, and of 900 concurrent writes 566 then failed.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Self

from sqlite_utils import Database

from monitor.errors import StateError, UsageError
from monitor.feeds.schedule import LONGEST
from monitor.model import (
    Candidate,
    Claim,
    Entry,
    FeedState,
    Kind,
    Known,
    Status,
)
from monitor.rules.tenure import Earlier, Tenure
from monitor.store.rows import (
    as_article,
    as_json,
    as_mentions,
    as_moment,
    as_span,
    from_milliseconds,
    to_candidate,
    to_entry,
    to_feed_state,
    to_milliseconds,
    to_told,
)
from monitor.store.schema import migrations
from monitor.stories.fingerprint import pack
from monitor.stories.index import NEAREST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from sqlite_utils import Migrations

    from monitor.model import EntryId, Feed, Plan, Stored, StoryId

DATABASE = "monitor.db"
_BUSY = 5000  # milliseconds a statement waits for another's lock
_WAITED_FOR = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # primary codes: what another's end cures
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


@dataclass(frozen=True, slots=True)
class KeptDesk:
    """The operator's files as they last were without mistakes, and what is wrong with them since."""

    sources: str
    rulebook: str
    loaded: datetime
    error: str
    refused: datetime | None
    told: bool


class Store:
    """The database of one state folder, opened, migrated, and owned by the calling thread."""

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
        self._db.conn.execute(f"pragma busy_timeout = {_BUSY}")
        self._enter_wal()
        for pragma in (
            "synchronous = full",  # a commit costs about 7 ms, and a power cut takes no alert
            "foreign_keys = on",
        ):
            self._db.conn.execute(f"pragma {pragma}")
        self._refuse_newer()
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

    def _refuse_newer(self) -> None:
        ours = {migration.name for migration in self._schema._migrations}  # noqa: SLF001 - it has no accessor
        theirs = {migration.name for migration in self._schema.applied(self._db)}
        if newer := theirs - ours:
            raise StateError(
                f"the database was written by a newer media-monitor (it knows {', '.join(sorted(newer))})",
                where=str(self._path),
                remedy="upgrade this program, or restore the copy made before the upgrade",
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
        return StateError(
            f"the database cannot be used: {error}",
            where=str(self._path),
            remedy="see that its folder is writable and not full; restore a damaged file from a backup",
        )

    # ---- transactions -------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or none of what is written inside, with the write lock held from the start.

        Raises StateError where the database cannot be written: locked for 5 s, full, read-only, damaged.
        """
        try:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.rollback()
                raise
            self._db.execute("commit")
        except sqlite3.Error as error:
            raise self._trouble(error) from error

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

    # ---- feeds --------------------------------------------------------------------------------------------

    def sync_feeds(self, feeds: Sequence[Feed], *, first_poll: Callable[[Feed], datetime]) -> None:
        """Make the stored feeds those of the desk: new ones due at `first_poll`, absent ones no longer asked.

        A feed whose address changed forgets its validators (they were the old address's), not its history.
        """
        with self.transaction():
            self._db.execute("update feeds set enabled = 0")
            for feed in feeds:
                due = to_milliseconds(first_poll(feed))
                latest = due + as_span(feed.every or LONGEST)
                self._db.execute(
                    """
                    insert into feeds (name, url, enabled, next_poll) values (:name, :url, 1, :due)
                    on conflict (name) do update set
                        enabled = 1,
                        next_poll = min(next_poll, iif(url = :url and failures > 0, next_poll, :latest)),
                        etag = iif(url = :url, etag, null),
                        last_modified = iif(url = :url, last_modified, null),
                        digest = iif(url = :url, digest, null),
                        address = iif(url = :url, address, ''),
                        moves = iif(url = :url, moves, 0),
                        whole = iif(url = :url, whole, null),
                        url = :url
                    """,
                    {"name": feed.name, "url": feed.url, "due": due, "latest": latest},
                )

    def due_feeds(self, now: datetime, *, most: int, past: int = 0) -> list[tuple[str, FeedState]]:
        """The feeds that are due, the longest overdue first: at most `most` of (name, state).

        The first `past` of them are passed over.
        """
        rows = self._rows(
            "select * from feeds where enabled and next_poll <= ? order by next_poll, name limit ? offset ?",
            (to_milliseconds(now), most, past),
        )
        return [(row["name"], to_feed_state(row)) for row in rows]

    def feed_states(self, names: Collection[str]) -> dict[str, FeedState]:
        """The state of each of these feeds that the desk has, by name."""
        rows = self._rows(
            "select * from feeds where name in (select value from json_each(?))", (as_json(names),)
        )
        return {row["name"]: to_feed_state(row) for row in rows}

    def feed_errors(self) -> dict[str, str]:
        """Why each feed that is failing fails, by name."""
        rows = self._rows("select name, error from feeds where enabled and error <> '' order by name")
        return {row["name"]: row["error"] for row in rows}

    def feed_conditions(self) -> dict[str, tuple[FeedState, str]]:
        """The state of each feed that the desk has, and why its last poll failed, by name."""
        rows = self._rows("select * from feeds where enabled order by name")
        return {row["name"]: (to_feed_state(row), row["error"]) for row in rows}

    def retry_feeds(self, names: Collection[str], *, now: datetime) -> int:
        """Make these feeds due at once, whatever they wait for; how many of them there were."""
        with self.transaction():
            return self._db.execute(
                "update feeds set next_poll = ? where enabled and name in (select value from json_each(?))",
                (to_milliseconds(now), as_json(names)),
            ).rowcount

    def next_feed_due(self) -> datetime | None:
        """When the next feed is due; None without feeds."""
        rows = self._rows("select next_poll from feeds where enabled order by next_poll limit 1")
        return from_milliseconds(rows[0]["next_poll"]) if rows else None

    def bring_forward(self, times: Mapping[str, tuple[datetime, datetime]], *, now: datetime) -> int:
        """After a step of the clock: a feed that waits beyond the first of its times is due at the second.

        How many were moved. Feeds that failed keep their time: it may be one that a server asked for.
        Deliveries are due at once.
        """
        with self.transaction():
            self._db.execute(
                "update deliveries set due = :now where state = 'due' and due > :now",
                {"now": to_milliseconds(now)},
            )
            return sum(
                self._db.execute(
                    "update feeds set next_poll = ? where name = ? and failures = 0 and next_poll > ?",
                    (to_milliseconds(due), name, to_milliseconds(latest)),
                ).rowcount
                for name, (latest, due) in times.items()
            )

    # ---- what a poll needs to know ------------------------------------------------------------------------

    def digests(self, ids: Collection[EntryId]) -> dict[EntryId, str]:
        """The digest of each of these entries that stands already."""
        rows = self._rows(
            "select id, digest from entries where id in (select value from json_each(?))", (as_json(ids),)
        )
        return {row["id"]: row["digest"] for row in rows}

    def aliases(self, ids: Collection[EntryId]) -> dict[EntryId, EntryId]:
        """Those of these ids that stand for an entry under another, with that."""
        rows = self._rows(
            "select id, entry from aliases where id in (select value from json_each(?))", (as_json(ids),)
        )
        return {row["id"]: row["entry"] for row in rows}

    def entries_of(self, feed: str, *, most: int) -> list[Entry]:
        """The entries of a feed that were last new, the newest first."""
        rows = self._rows("select * from entries where feed = ? order by seen desc limit ?", (feed, most))
        return [to_entry(row) for row in rows]

    def known(self, ids: Collection[EntryId]) -> dict[EntryId, Known]:
        """These entries as they stand, whole."""
        rows = self._rows(
            "select * from entries where id in (select value from json_each(?))", (as_json(ids),)
        )
        return {row["id"]: Known(to_entry(row), Status(row["status"]), to_candidate(row)) for row in rows}

    def candidates(
        self,
        wanted: Sequence[tuple[int, ...]],
        *,
        since: datetime,
        shared: int,
        nearest: int = NEAREST,
    ) -> list[tuple[Candidate, tuple[int, ...]]]:
        """Entries seen since then that share at least `shared` keys with one of `wanted`, with those keys.

        `wanted` holds the keys of each arriving entry, each of which gets the `nearest` that share most, of
        equals the oldest, as Index.near would choose. Served by the keys' primary key alone.
        """
        pairs = [(number, key) for number, keys in enumerate(wanted) for key in keys]
        hits = self._rows(
            """
            with wanted (arrival, hash) as materialized (
                select value ->> 0, value ->> 1 from json_each(?)
            )
            select arrival, keys.hash, entry, seen
            from wanted cross join keys on keys.hash = wanted.hash and keys.seen >= ?
            """,
            (as_json(pairs), to_milliseconds(since)),
        )
        found = _nearest(hits, shared=shared, most=nearest)
        standing = self._rows(
            "select * from entries where id in (select value from json_each(?)) order by seen, id",
            (as_json(found),),
        )
        return [(to_candidate(row), tuple(sorted(found[row["id"]]))) for row in standing]

    def told(self, stories: Collection[StoryId]) -> set[tuple[StoryId, str, Kind, EntryId]]:
        """What was told of these stories: (story, rule, kind, lead)."""
        rows = self._rows(
            "select story, rule, kind, lead from alerts where story in (select value from json_each(?))",
            (as_json(stories),),
        )
        return {(row["story"], row["rule"], Kind(row["kind"]), row["lead"]) for row in rows}

    # ---- the desk -----------------------------------------------------------------------------------------

    def keep_desk(self, sources: str, *, rulebook: str, now: datetime) -> None:
        """Remember the operator's files, which are free of mistakes."""
        with self.transaction():
            self._db.execute(
                "insert or replace into desk (id, sources, rulebook, loaded) values (1, ?, ?, ?)",
                (sources, rulebook, to_milliseconds(now)),
            )

    def refuse_desk(self, error: str, *, now: datetime) -> None:
        """Remember what is wrong with the files now; what was good last stays."""
        with self.transaction():
            self._db.execute(
                "update desk set error = ?, refused = coalesce(refused, ?)", (error, to_milliseconds(now))
            )

    def tell_desk(self, refused: datetime) -> None:
        """Remember that the operators were told of what is wrong since then."""
        with self.transaction():
            self._db.execute("update desk set told = 1 where refused = ?", (to_milliseconds(refused),))

    def desk(self) -> KeptDesk | None:
        """The operator's files as they last were without mistakes, and what is wrong since; None if none."""
        rows = self._rows("select * from desk")
        if not rows:
            return None
        row = rows[0]
        return KeptDesk(
            sources=row["sources"],
            rulebook=row["rulebook"],
            loaded=from_milliseconds(row["loaded"]),
            error=row["error"],
            refused=None if row["refused"] is None else from_milliseconds(row["refused"]),
            told=bool(row["told"]),
        )

    def tenures(self) -> dict[str, Tenure]:
        """Since when each rule has looked for what it looks for, by id."""
        return {
            row["rule"]: Tenure(
                row["content"], from_milliseconds(row["since"]), tuple(json.loads(row["former"]))
            )
            for row in self._rows("select * from tenures")
        }

    def keep_tenures(self, tenures: Mapping[str, Tenure]) -> None:
        """Make the stored tenures these."""
        with self.transaction():
            self._db.execute("delete from tenures")
            self._db.conn.executemany(
                "insert into tenures values (?, ?, ?, ?)",
                [
                    (rule, tenure.content, to_milliseconds(tenure.since), as_json(tenure.former))
                    for rule, tenure in tenures.items()
                ],
            )

    def earlier(self, stories: Collection[StoryId], *, before: datetime) -> dict[StoryId, list[Earlier]]:
        """What was seen of these stories before then, by story."""
        rows = self._rows(
            "select * from entries where story in (select value from json_each(?)) and seen < ?",
            (as_json(stories), to_milliseconds(before)),
        )
        found: dict[StoryId, list[Earlier]] = {}
        for row in rows:
            one = Earlier(to_entry(row), row["lead"], from_milliseconds(row["seen"]))
            found.setdefault(row["story"], []).append(one)
        return found

    # ---- history ------------------------------------------------------------------------------------------

    def history(self, *, since: datetime) -> Iterator[tuple[Entry, StoryId, datetime]]:
        """Every entry seen since then, with its story and when it was seen; the oldest first, one by one."""
        for row in self._db.execute(
            "select * from entries where seen >= ? order by seen, id", (to_milliseconds(since),)
        ):
            yield to_entry(row), row["story"], from_milliseconds(row["seen"])

    def count_history(self, *, since: datetime) -> int:
        """How many entries `history` gives."""
        sql = "select count(*) number from entries where seen >= ?"
        return int(self._rows(sql, (to_milliseconds(since),))[0]["number"])

    # ---- T1 -----------------------------------------------------------------------------------------------

    def apply(self, plan: Plan, *, now: datetime, rulebook: str) -> None:
        """Write what a poll calls for; inside a transaction. Applying a plan twice changes nothing."""
        moment = to_milliseconds(now)
        for stored in plan.entries:
            self._put_entry(stored, moment, rulebook=rulebook)
        for alert in plan.alerts:
            self._db.execute(
                "insert or ignore into alerts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    alert.id,
                    alert.story,
                    alert.rule,
                    alert.kind.value,
                    alert.lead,
                    alert.entry.id,
                    as_article(alert.entry),
                    alert.match.title,
                    alert.match.severity,
                    as_mentions(alert.match),
                    rulebook,
                    moment,
                ),
            )
        for alert_id, receiver in plan.deliveries:
            self._db.execute(
                "insert or ignore into deliveries (alert, receiver, due) values (?, ?, ?)",
                (alert_id, receiver, moment),
            )
        self._db.conn.executemany("insert or ignore into aliases values (?, ?)", plan.aliases)
        self._put_feed_state(plan)

    def _put_entry(self, stored: Stored, moment: int, *, rulebook: str) -> None:
        """An entry placed by itself (an edit that stays where it was) keeps the verdict it came in with."""
        entry, place = stored.entry, stored.placement
        self._db.execute(
            """
            insert into stories values (:id, :title, :moment, :moment)
            on conflict (id) do update set last_seen = max(last_seen, :moment)
            """,
            {"id": place.story, "title": entry.title, "moment": moment},
        )
        self._db.execute(
            """
            insert into entries values (:id, :feed, :outlet, :guid, :link, :title, :summary, :body,
                :published, :lang, :digest, :moment, null, :status, :story, :lead, :of, :verdict, :score,
                :why, :fingerprint)
            on conflict (id) do update set
                link = :link, title = :title, summary = :summary, body = :body, published = :published,
                lang = :lang, digest = :digest, edited = :moment, status = :status, story = :story,
                lead = :lead, fingerprint = :fingerprint,
                copy_of = iif(:of = :id, copy_of, :of), verdict = iif(:of = :id, verdict, :verdict),
                score = iif(:of = :id, score, :score), why = iif(:of = :id, why, :why)
            """,
            {
                "id": entry.id,
                "feed": entry.feed,
                "outlet": entry.outlet,
                "guid": entry.guid,
                "link": entry.link,
                "title": entry.title,
                "summary": entry.summary,
                "body": entry.body,
                "lang": entry.lang,
                "digest": entry.digest,
                "published": None if entry.published is None else to_milliseconds(entry.published),
                "moment": moment,
                "status": stored.status.value,
                "story": place.story,
                "lead": place.lead,
                "of": place.of,
                "verdict": place.verdict.kind.value,
                "score": place.verdict.score,
                "why": place.verdict.why,
                "fingerprint": pack(stored.fingerprint),
            },
        )
        self._db.conn.executemany(
            "insert or ignore into keys values (?, ?, ?)", [(key, moment, entry.id) for key in stored.keys]
        )
        for match in stored.matches:
            self._db.execute(
                "insert or replace into matches values (?, ?, ?, ?)",
                (entry.id, match.rule, rulebook, as_mentions(match)),
            )

    def _put_feed_state(self, plan: Plan) -> None:
        """What a poll says of an address that the feed no longer has is not for its new one."""
        state = plan.state
        assert state.next_poll is not None, "a plan says when the feed is asked again"
        self._db.execute(
            """
            update feeds set etag = ?, last_modified = ?, digest = ?, last_good = ?, failures = ?,
                next_poll = ?, error = ?, marks = ?, shown = ?, pace = ?, stays = ?, whole = ?, last_new = ?,
                gap = ?, silent = ?, gone = ?, moved = ?, moves = ?, address = ?
            where name = ? and ? in (url, address)
            """,
            (
                state.validators.etag,
                state.validators.last_modified,
                state.validators.digest,
                as_moment(state.last_good),
                state.failures,
                to_milliseconds(state.next_poll),
                plan.error,
                state.marks,
                state.shown,
                state.pace,
                None if state.stays is None else as_span(state.stays),
                as_moment(state.whole),
                as_moment(state.last_new),
                as_moment(state.gap),
                state.silent,
                state.gone,
                state.moved,
                state.moves,
                state.address,
                plan.feed,
                plan.asked,
            ),
        )

    # ---- T2 and T3 ----------------------------------------------------------------------------------------

    def claim(self, receiver: str, *, now: datetime, lease: timedelta) -> Claim | None:
        """T2: take the oldest due message for this receiver, or None; inside a transaction.

        A message is every due delivery of one story, or of one development: rules that fire together are
        told together. What is claimed stays invisible for `lease`; a claim that nobody recorded comes back
        then, marked uncertain.
        """
        moment = to_milliseconds(now)
        due = """
            select alerts.*, deliveries.state, deliveries.attempts, deliveries.uncertain
            from deliveries join alerts on alerts.id = alert
            where receiver = ? and deliveries.state in ('due', 'sending') and deliveries.due <= ?
        """
        oldest = self._rows(
            f"{due} order by deliveries.due, alerts.created, alerts.id limit 1", (receiver, moment)
        )
        if not oldest:
            return None
        story, lead = oldest[0]["story"], oldest[0]["lead"]
        rows = self._rows(
            f"{due} and story = ? and lead = ? order by severity desc, alerts.created, alerts.id",
            (receiver, moment, story, lead),
        )
        self._db.execute(
            """
            update deliveries set state = 'sending', attempts = attempts + 1, due = ?,
                uncertain = max(uncertain, state = 'sending')
            where receiver = ? and alert in (select value from json_each(?))
            """,
            (to_milliseconds(now + lease), receiver, as_json([row["id"] for row in rows])),
        )
        return Claim(
            receiver=receiver,
            story=story,
            tolds=tuple(to_told(row) for row in rows),
            outlets=self._outlets(story, lead),
            attempts=1 + min(row["attempts"] for row in rows),
            uncertain=any(row["uncertain"] or row["state"] == "sending" for row in rows),
            created=from_milliseconds(max(row["created"] for row in rows)),
        )

    def _outlets(self, story: StoryId, lead: EntryId) -> tuple[str, ...]:
        rows = self._rows(
            """
            select outlet from entries where story = ? and lead = ?
            group by outlet order by min(seen), outlet
            """,
            (story, lead),
        )
        return tuple(row["outlet"] for row in rows)

    def record_sent(self, claim: Claim, *, now: datetime) -> None:
        """T3: the receiver accepted it; inside a transaction."""
        self._db.execute(
            """
            update deliveries set state = 'sent', sent = ?, error = ''
            where receiver = ? and alert in (select value from json_each(?))
            """,
            (to_milliseconds(now), claim.receiver, _alerts(claim)),
        )

    def record_failed(self, claim: Claim, error: str, *, again: datetime | None, uncertain: bool) -> None:
        """T3: it was not accepted: due again at `again`, or dead where that is None; inside a transaction."""
        self._db.execute(
            """
            update deliveries set state = ?, due = coalesce(?, due), error = ?, uncertain = max(uncertain, ?)
            where receiver = ? and alert in (select value from json_each(?))
            """,
            (
                "dead" if again is None else "due",
                None if again is None else to_milliseconds(again),
                error,
                int(uncertain),
                claim.receiver,
                _alerts(claim),
            ),
        )

    def release_interrupted(self, *, now: datetime) -> int:
        """Make due at once, marked uncertain, what an earlier daemon was sending when it ended; how many.

        Only for a daemon that holds the state's lock and has not begun to send.
        """
        with self.transaction():
            return self._db.execute(
                "update deliveries set state = 'due', uncertain = 1, due = ? where state = 'sending'",
                (to_milliseconds(now),),
            ).rowcount

    def next_delivery_due(self, receivers: Collection[str]) -> dict[str, datetime]:
        """When the next delivery of each of these receivers is due; receivers without any are left out."""
        rows = self._rows(
            """
            select receiver, min(due) due from deliveries
            where state in ('due', 'sending') and receiver in (select value from json_each(?))
            group by receiver
            """,
            (as_json(receivers),),
        )
        return {row["receiver"]: from_milliseconds(row["due"]) for row in rows}

    # ---- corrections --------------------------------------------------------------------------------------

    def split(self, entry: EntryId, *, now: datetime) -> int:
        """Make the entry and what came in as its copies a story of its own; how many entries that are.

        What was told of it as a development stays told. Inside a transaction. Raises UsageError where there
        is no such entry, or where it is the first of its story.
        """
        standing = self._rows("select story, lead from entries where id = ?", (entry,))
        if not standing:
            raise UsageError(
                "there is no such entry", where=str(entry), remedy="take its number from the log"
            )
        was = standing[0]["story"]
        if was == entry:
            raise UsageError(
                "the entry is the first of its story", where=str(entry), remedy="split off the others instead"
            )
        rows = self._rows(
            """
            with recursive moved (id) as (
                select ?1 union
                select entries.id from moved join entries on copy_of = moved.id
                where entries.story = ?2 and (verdict = 'copy' or lead = ?1)
            ) select id from moved
            """,
            (entry, was),
        )
        moved = [row["id"] for row in rows]
        self._put_story(entry, entry, now)
        self._move("split", moved, was=was, story=entry, lead=entry, now=now)
        self._db.execute(
            "update or ignore alerts set story = ?1, kind = 'new' where story = ?2 and lead = ?1",
            (entry, was),
        )
        return len(moved)

    def merge(self, story: StoryId, other: StoryId, *, now: datetime) -> int:
        """Make what the other story holds copies of this one, and its developments this one's; how many.

        What was told of either is told of both. Inside a transaction. Raises UsageError where one of the two
        is no story, or both are the same.
        """
        for each in (story, other):
            if not self._rows("select 1 from entries where story = ? limit 1", (each,)):
                raise UsageError("there is no such story", where=str(each), remedy="take it from the log")
        if story == other:
            raise UsageError("it is the same story", where=str(story), remedy="name two")
        rows = self._rows("select id from entries where story = ? and lead = ?", (other, other))
        copies = [row["id"] for row in rows]
        rows = self._rows("select id from entries where story = ? and lead <> ?", (other, other))
        developments = [row["id"] for row in rows]
        self._move("merge", copies, was=other, story=story, lead=story, now=now)
        self._move("merge", developments, was=other, story=story, lead=None, now=now)
        self._db.execute(
            "update or ignore alerts set story = ?1, lead = iif(lead = ?2, ?1, lead) where story = ?2",
            (story, other),
        )
        return len(copies) + len(developments)

    def _put_story(self, story: StoryId, entry: EntryId, now: datetime) -> None:
        self._db.execute(
            """
            insert into stories select ?1, title, seen, ?3 from entries where id = ?2
            on conflict (id) do update set last_seen = ?3
            """,
            (story, entry, to_milliseconds(now)),
        )

    def _move(
        self,
        verb: str,
        entries: Collection[EntryId],
        *,
        was: StoryId,
        story: StoryId,
        lead: EntryId | None,
        now: datetime,
    ) -> None:
        """Put the entries into the story, under this lead or their own, and write down that it was so."""
        self._db.execute(
            """
            update entries set story = ?, lead = coalesce(?, lead)
            where id in (select value from json_each(?))
            """,
            (story, lead, as_json(entries)),
        )
        self._db.conn.executemany(
            "insert into corrections values (?, ?, ?, ?, ?)",
            [(to_milliseconds(now), verb, entry, was, story) for entry in entries],
        )

    # ---- for people ---------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """How much stands in the database, by name; `baselines` are feeds that were read at least once."""
        row = self._rows(
            """
            select
                (select count(*) from feeds where enabled) feeds,
                (select count(*) from feeds where enabled and last_good is not null) baselines,
                (select count(*) from feeds where enabled and error <> '') failing,
                (select count(*) from entries) entries,
                (select count(*) from entries where status = 'baseline') baseline,
                (select count(*) from stories) stories,
                (select count(*) from entries where verdict = 'copy') copies,
                (select count(*) from entries where verdict = 'development') developments,
                (select count(*) from alerts) alerts,
                (select count(*) from deliveries where state = 'sent') sent,
                (select count(*) from deliveries where state in ('due', 'sending')) waiting,
                (select count(*) from deliveries where state = 'dead') dead
            """
        )[0]
        return dict(row)

    def waiting(self) -> dict[str, int]:
        """How many deliveries wait for each receiver, by its name, whether the desk still has it or not."""
        rows = self._rows(
            "select receiver, count(*) n from deliveries where state in ('due', 'sending') group by receiver"
        )
        return {row["receiver"]: row["n"] for row in rows}

    def oldest_waiting(self) -> datetime | None:
        """When the oldest alert that is not yet delivered was decided; None if nothing waits."""
        row = self._rows(
            """
            select min(created) oldest from deliveries join alerts on alerts.id = alert
            where deliveries.state in ('due', 'sending')
            """
        )[0]
        return None if row["oldest"] is None else from_milliseconds(row["oldest"])

    def touch(self) -> None:
        """Prove that the database can be written (for the watchdog): take the write lock and give it back."""
        with self.transaction():
            pass


def _nearest(hits: Sequence[sqlite3.Row], *, shared: int, most: int) -> dict[EntryId, set[int]]:
    """The entries that share most keys with an arrival, with those keys.

    Ranked here and not in SQL: joining the ranks to the hits again cost more than all the rest together.
    """
    of_arrival: dict[int, dict[EntryId, tuple[int, set[int]]]] = {}
    for arrival, key, entry, seen in hits:
        of_arrival.setdefault(arrival, {}).setdefault(entry, (seen, set()))[1].add(key)
    found: dict[EntryId, set[int]] = {}
    for entries in of_arrival.values():
        near = ((-len(keys), seen, entry) for entry, (seen, keys) in entries.items() if len(keys) >= shared)
        for _, _, entry in nsmallest(most, near):
            found.setdefault(entry, set()).update(entries[entry][1])
    return found


def _alerts(claim: Claim) -> str:
    return as_json([told.alert for told in claim.tolds])
