"""The database, whole: the place where the guarantees are kept. Only this room has SQL.

One Store belongs to one thread. Reads stand alone; writes stand in `transaction()`. What is kept of each
kind stands in a module of its own, and Store is all of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import TYPE_CHECKING

from monitor.alerts.milestone import Spread
from monitor.errors import UsageError
from monitor.feeds.schedule import LONGEST
from monitor.model import (
    Candidate,
    Entry,
    FeedState,
    Kind,
    Known,
    Status,
)
from monitor.rules.tenure import Earlier, Tenure
from monitor.store.articles import Articles
from monitor.store.baselines import Baseline, Baselines
from monitor.store.bygone import Bygones
from monitor.store.claims import Claims
from monitor.store.connection import DATABASE
from monitor.store.crews import Crews
from monitor.store.ledger import Ledger
from monitor.store.letters import Letters
from monitor.store.past import Past
from monitor.store.rows import (
    as_article,
    as_feed_state,
    as_json,
    as_mentions,
    as_span,
    from_milliseconds,
    to_alert,
    to_candidate,
    to_entry,
    to_feed_state,
    to_milliseconds,
)
from monitor.store.silences import Silences
from monitor.store.subscriptions import Subscriptions
from monitor.stories.fingerprint import pack
from monitor.stories.index import NEAREST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from monitor.model import Alert, AlertId, EntryId, Feed, Plan, Stored, StoryId

__all__ = ["DATABASE", "KeptDesk", "Store"]


@dataclass(frozen=True, slots=True)
class KeptDesk:
    """The operator's files as they last were without mistakes, and what is wrong with them since."""

    sources: str
    rulebook: str
    loaded: datetime
    error: str
    refused: datetime | None
    told: bool


class Store(Letters, Silences, Ledger, Bygones, Baselines, Claims, Subscriptions, Articles, Crews, Past):
    """The database of one state folder, opened, migrated, and owned by the calling thread."""

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
        wanted: Iterable[tuple[int, ...]],
        *,
        since: datetime,
        shared: int,
        nearest: int = NEAREST,
    ) -> list[tuple[Candidate, tuple[int, ...]]]:
        """Entries seen since then that share at least `shared` keys with one of `wanted`, with those keys.

        `wanted` holds the keys of each arriving entry, each of which gets the `nearest` that share most, of
        equals the oldest, as Index.near would choose, however many stand under a key: the oldest of a crowd
        is what was told. Served by the keys' primary key alone, an arrival at a time: that is quicker, and no
        more than one arrival's crowd is held.
        """
        found: dict[EntryId, set[int]] = {}
        for keys in wanted:
            hits = self._rows(
                """
                with wanted (place, hash) as materialized (select key, value from json_each(?1))
                select entry, min(seen) seen, group_concat(place) places
                from wanted cross join keys on keys.hash = wanted.hash and keys.seen >= ?2
                group by entry having count(*) >= ?3
                """,
                (as_json(keys), to_milliseconds(since), shared),
            )
            for entry, its in _nearest(hits, keys, shared=shared, most=nearest):
                found.setdefault(entry, set()).update(its)
        standing = self._rows(
            """
            select id, story, lead, feed, outlet, seen, published, fingerprint from entries
            where id in (select value from json_each(?)) order by seen, id
            """,
            (as_json(found),),
        )
        bare = self.known([row["id"] for row in standing if not row["fingerprint"]])
        return [
            (
                bare[row["id"]].candidate if row["id"] in bare else to_candidate(row),
                tuple(sorted(found[row["id"]])),
            )
            for row in standing
        ]

    def told(self, stories: Collection[StoryId]) -> set[tuple[StoryId, str, Kind, EntryId]]:
        """What was told of these stories: (story, rule, kind, lead)."""
        rows = self._rows(
            """
            select story, rule, kind, lead from alerts where story in (select value from json_each(?1))
            union select * from bygone_alerts where story in (select value from json_each(?1))
            """,
            (as_json(stories),),
        )
        return {(row["story"], row["rule"], Kind(row["kind"]), row["lead"]) for row in rows}

    def spreads(self, leads: Collection[tuple[StoryId, EntryId]]) -> list[Spread]:
        """How far each alert that was decided about one of these (story, lead) has spread."""
        alerts = self._rows(
            """
            select * from alerts
            where kind <> 'milestone' and story in (select value ->> 0 from json_each(?1))
                and (story, lead) in (select value ->> 0, value ->> 1 from json_each(?1))
            order by created, id
            """,
            (as_json(leads),),
        )
        if not alerts:
            return []
        receivers: dict[int, list[str]] = {}
        for row in self._rows(
            """
            select alert, receiver from deliveries
            where state in ('due', 'sending', 'sent', 'held') and not escalated
                and alert in (select value from json_each(?))
            order by receiver
            """,
            (as_json([alert["id"] for alert in alerts]),),
        ):
            receivers.setdefault(row["alert"], []).append(row["receiver"])
        return [
            Spread(
                alert=to_alert(alert),
                decided=from_milliseconds(alert["created"]),
                receivers=tuple(receivers.get(alert["id"], ())),
                seen=self._first_seen(alert["story"], alert["lead"]),
                reached=self._reached(alert["story"], alert["rule"], alert["lead"]),
            )
            for alert in alerts
        ]

    def _first_seen(self, story: StoryId, lead: EntryId) -> tuple[datetime, ...]:
        rows = self._rows(
            """
            select min(seen) first from entries where story = ? and lead = ? group by outlet order by first
            """,
            (story, lead),
        )
        return tuple(from_milliseconds(row["first"]) for row in rows)

    def _reached(self, story: StoryId, rule: str, lead: EntryId) -> int:
        rows = self._rows(
            """
            select coalesce(max(outlets), 0) highest from alerts
            where story = ? and rule = ? and kind = 'milestone' and lead = ?
            """,
            (story, rule, lead),
        )
        return int(rows[0]["highest"])

    # ---- the desk -----------------------------------------------------------------------------------------

    def keep_desk(self, sources: str, *, rulebook: str, now: datetime) -> None:
        """Remember the operator's files, which are free of mistakes. Of earlier ones nobody need be told."""
        with self.transaction():
            self.withdraw_refusals()
            self._db.execute(
                "insert or replace into desk (id, sources, rulebook, loaded) values (1, ?, ?, ?)",
                (sources, rulebook, to_milliseconds(now)),
            )

    def refuse_desk(
        self, error: str, *, now: datetime, operators: str = "", said: Sequence[str] = ("",)
    ) -> None:
        """Remember what is wrong with the files now; what was good last stays.

        The receiver of the `operators` ("" for none) is owed a notice of it, a title and lines: one, until
        the files are good again; it tells of the mistakes that stand when it goes.
        """
        with self.transaction():
            self._db.execute(
                "update desk set error = ?, refused = coalesce(refused, ?)", (error, to_milliseconds(now))
            )
            if operators and self._db.execute("update desk set told = 1 where not told").rowcount:
                self.make_refusal(operators, said[0], said[1:], now=now)
            else:
                self.renew_refusal(said[0], said[1:])

    def desk(self) -> KeptDesk | None:
        """The operator's files as they last were without mistakes, and what is wrong since; None if none."""
        rows = self._rows(
            """
            select *, (
                select count(*) from letters where kind = 'refusal' and state in ('due', 'sending')
            ) owed from desk
            """
        )
        if not rows:
            return None
        row = rows[0]
        return KeptDesk(
            sources=row["sources"],
            rulebook=row["rulebook"],
            loaded=from_milliseconds(row["loaded"]),
            error=row["error"],
            refused=None if row["refused"] is None else from_milliseconds(row["refused"]),
            told=bool(row["told"] and not row["owed"]),
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
        """Every entry seen since then with its page's text, its story, when it was seen; the oldest first."""
        for row in self._db.execute(
            """
            select entries.*, coalesce(articles.text, '') page
            from entries left join articles on articles.entry = entries.id
            where seen >= ? order by seen, entries.id
            """,
            (to_milliseconds(since),),
        ):
            yield replace(to_entry(row), text=row["page"]), row["story"], from_milliseconds(row["seen"])

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
        for stored in plan.entries if plan.entries and self.has_muted() else ():
            self.unmute_carried(
                stored.placement.story, stored.placement.lead, outlet=stored.entry.outlet, now=now
            )
        again = self.unread_since_restore([plan.feed])
        self.add_alerts(plan.alerts, plan.deliveries, now=now, rulebook=rulebook, uncertain=again)
        self._db.conn.executemany("insert or ignore into aliases values (?, ?)", plan.aliases)
        self._put_feed_state(plan)
        if plan.offer is not None:
            self._put_offer(plan.feed, plan.offer, asked=plan.asked)
        if plan.kept is not None:
            self._keep_baseline(Baseline(plan.feed, now, plan.kept), asked=plan.asked)
        elif plan.settled:
            self._forget_baseline(plan.feed, asked=plan.asked)

    def add_alerts(
        self,
        alerts: Sequence[Alert],
        deliveries: Sequence[tuple[AlertId, str]],
        *,
        now: datetime,
        rulebook: str,
        uncertain: bool,
    ) -> None:
        """Write alerts and to whom they go; inside a transaction. What stands already stays as it is.

        They are `uncertain` where they may have been told before: see `unread_since_restore`.
        """
        moment = to_milliseconds(now)
        for alert in alerts:
            self._db.execute(
                "insert or ignore into alerts values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    alert.outlets,
                ),
            )
        for alert_id, receiver in deliveries:
            self._db.execute(
                "insert or ignore into deliveries (alert, receiver, due, uncertain) values (?, ?, ?, ?)",
                (alert_id, receiver, moment, int(uncertain)),
            )

    def unread_since_restore(self, feeds: Collection[str]) -> bool:
        """Whether one of these was not read since a backup was put in place.

        What it brings may have been told before: the backup does not know of it.
        """
        found = self._rows(
            """
            select 1 from restores join feeds on last_good < at
            where name in (select value from json_each(?)) limit 1
            """,
            (as_json(feeds),),
        )
        return bool(found)

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
                "fingerprint": pack(stored.fingerprint) if stored.keys else "",
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

    def put_feed_states(self, plans: Collection[Plan]) -> None:
        """Write what these polls say of their feeds, and nothing else; inside a transaction.

        What a poll says of an address that the feed no longer has is not for its new one.
        """
        self._db.conn.executemany(
            """
            update feeds set etag = ?, last_modified = ?, digest = ?, last_good = ?, failures = ?,
                next_poll = ?, error = ?, marks = ?, shown = ?, pace = ?, stays = ?, whole = ?, last_new = ?,
                gap = ?, silent = ?, gone = ?, moved = ?, moves = ?, address = ?, unsettled = ?, rung = ?,
                owed = ?, rests = ?
            where name = ? and ? in (url, address)
            """,
            [(*as_feed_state(plan.state, plan.error), plan.feed, plan.asked) for plan in plans],
        )

    def _put_feed_state(self, plan: Plan) -> None:
        self.put_feed_states([plan])

    # ---- corrections --------------------------------------------------------------------------------------

    def split(self, entry: EntryId, *, now: datetime) -> int:
        """Make the entry and what came in as its copies a story of its own; how many entries that are.

        What was told of it as a development stays told. Inside a transaction. Raises UsageError where there
        is no such entry, or where it is the first of its story.
        """
        standing = self._rows("select story, lead from entries where id = ?", (entry,))
        if not standing:
            raise UsageError(
                "there is no such entry", where=f"{entry:016x}", remedy="take its number from the log"
            )
        was = standing[0]["story"]
        if was == entry:
            raise UsageError(
                "the entry is the first of its story",
                where=f"{entry:016x}",
                remedy="split off the others instead",
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
            """
            update or ignore alerts set story = ?1, kind = iif(kind = 'development', 'new', kind)
            where story = ?2 and lead = ?1
            """,
            (entry, was),
        )
        return len(moved)

    def merge(self, story: StoryId, other: StoryId, *, now: datetime) -> int:
        """Make what the other story holds copies of this one, and its developments this one's; how many.

        What was told of either is told of both, and its silences are of both. Inside a transaction. Raises
        UsageError where one of the two is no story, or both are the same.
        """
        for each in (story, other):
            if not self._rows("select 1 from entries where story = ? limit 1", (each,)):
                raise UsageError(
                    "there is no such story", where=f"{each:016x}", remedy="take it from the log"
                )
        if story == other:
            raise UsageError("it is the same story", where=f"{story:016x}", remedy="name two")
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
        self._db.execute(
            "update silences set value = ? where scope = 'story' and value = ?",
            (f"{story:016x}", f"{other:016x}"),
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
                (select count(*) from deliveries where state = 'dead') dead,
                (select count(*) from deliveries where state in ('due', 'sending') and uncertain) uncertain,
                (select count(*) from deliveries where state = 'held') held,
                (select count(*) from deliveries where state = 'muted') muted
            """
        )[0]
        return dict(row)

    def touch(self) -> None:
        """Prove that the database can be written (for the watchdog): take the write lock and give it back."""
        with self.transaction():
            pass


def _nearest(
    hits: Iterable[sqlite3.Row], keys: tuple[int, ...], *, shared: int, most: int
) -> list[tuple[EntryId, set[int]]]:
    """The entries that share most of an arrival's keys, with those keys.

    An edited entry may stand under a key twice, which is one.
    """
    ranked = []
    for entry, seen, places in hits:
        its = {keys[int(place)] for place in places.split(",")}
        if len(its) >= shared:
            ranked.append((-len(its), seen, entry, its))
    return [(entry, its) for _, _, entry, its in nsmallest(most, ranked)]
