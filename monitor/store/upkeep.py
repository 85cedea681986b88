"""Tending the database: due times after the clock was set, and what has become old.

The daemon's jobs and the commands of an administrator open it so.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.feeds.scan import unpack
from monitor.store.rows import as_json, as_span, from_milliseconds, to_milliseconds
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from monitor.model import StoryId


_DAY = timedelta(days=1)
_STORIES = 50  # pruned in one transaction, whose work benchmarks/retention.py holds to 200 ms
_KEYS = 20_000  # walked in one transaction

_FORGETTING = (
    """
    insert or replace into bygone
    select id, nullif(story, id), nullif(lead, id) from entries
    where story in (select value from json_each(:old))
    """,
    """
    insert or replace into bygone
    select aliases.id, story, lead from aliases join entries on entries.id = entry
    where story in (select value from json_each(:old))
    """,
    """
    insert or ignore into bygone_alerts
    select story, rule, kind, lead from alerts where story in (select value from json_each(:old))
    """,
    """
    delete from attempts where alert in (
        select id from alerts where story in (select value from json_each(:old))
    )
    """,
    """
    delete from acks where alert in (
        select id from alerts where story in (select value from json_each(:old))
    )
    """,
    """
    delete from deliveries where alert in (
        select id from alerts where story in (select value from json_each(:old))
    )
    """,
    "delete from alerts where story in (select value from json_each(:old))",
    """
    delete from matches where entry in (
        select id from entries where story in (select value from json_each(:old))
    )
    """,
    """
    delete from corrections where entry in (
        select id from entries where story in (select value from json_each(:old))
    )
    """,
)
# What is compared with the present, and would stand still until a present that was ahead comes.
_MOMENTS = (
    ("alerts", "created"),
    ("articles", "since"),
    ("articles", "tried"),
    ("deliveries", "sent"),
    ("feeds", "rung"),
    ("letters", "made"),
    ("letters", "sent"),
    ("notices", "made"),
    ("outages", "since"),
    ("restores", "at"),
    ("silences", "begins"),
    ("silences", "made"),
    ("subscriptions", "asked"),
    ("tallies", "last"),
)
# Digests, notices and silences that nothing points at any more; what feeds that are gone showed first: one
# that comes back begins anew.
_CLEARING = (
    """
    update feeds set unsettled = 0, last_good = null, etag = null, last_modified = null, digest = null
    where not enabled and unsettled > 0
        and exists (select 1 from baselines where feed = name and made < :before)
    """,
    "delete from baselines where feed in (select name from feeds where unsettled = 0)",
    """
    delete from notices where made < :before
        and letter in (select id from letters where state in ('sent', 'dead', 'dropped') and made < :before)
    """,
    """
    delete from letters where state in ('sent', 'dead', 'dropped') and made < :before
        and not exists (select 1 from deliveries where letter = letters.id)
        and not exists (select 1 from notices where letter = letters.id)
        and id not in (select max(id) from letters group by kind)
    """,
    """
    delete from silences where ends < :before
        and not exists (select 1 from deliveries where silence = silences.id)
    """,
)


class Upkeep(Store):
    """The database of one state folder, for those who tend it."""

    # ---- the clock ----------------------------------------------------------------------------------------

    def latest_moment(self) -> datetime | None:
        """The latest time at which anything is known to have happened; None in an empty database."""
        row = self._rows(
            "select max(coalesce((select max(last) from tallies), 0),"
            " coalesce((select max(last_good) from feeds), 0),"
            " coalesce((select max(at) from restores), 0)) latest"
        )[0]
        return from_milliseconds(row["latest"]) if row["latest"] else None

    def shift_dues(self, step: timedelta, *, now: datetime) -> int:
        """After the clock was set by `step` to `now`: what waits goes on waiting as long as it had to.

        Feeds, retries and leases keep what is left of their wait, so nothing stalls and nothing falls due
        together. Where it cannot be told on which clock a time was set, it becomes the sooner. Moments of
        the past that now lie ahead become now. How many waits were moved.
        """
        after, until = (now, datetime.max.replace(tzinfo=UTC)) if step < timedelta() else (now - step, now)
        values = {
            "step": as_span(step),
            "after": to_milliseconds(after),
            "until": to_milliseconds(until),
            "now": to_milliseconds(now),
        }
        with self.transaction():
            feeds = self._db.execute(
                "update feeds set next_poll = next_poll + :step"
                " where next_poll > :after and next_poll <= :until",
                values,
            ).rowcount
            deliveries = self._db.execute(
                "update deliveries set due = due + :step"
                " where state in ('due', 'sending') and due > :after and due <= :until",
                values,
            ).rowcount
            for table, column in (
                ("letters", "due"),
                ("outages", "until"),
                ("articles", "due"),
                ("feeds", "rests"),
                ("subscriptions", "due"),
                ("subscriptions", "until"),
            ):
                deliveries += self._db.execute(
                    f"update {table} set {column} = {column} + :step"  # noqa: S608 - words of ours
                    f" where {column} > :after and {column} <= :until",
                    values,
                ).rowcount
            deliveries += self._route_anew(now)
            self._db.execute(  # read on that clock before the database went back on it: not read since
                "update feeds set last_good = :now - 1"
                " where last_good > :now and last_good < (select max(at) from restores)",
                values,
            )
            self._db.execute(
                """
                update feeds set last_good = min(last_good, :now), whole = min(whole, :now),
                    last_new = min(last_new, :now), gap = min(gap, :now)
                where max(last_good, coalesce(whole, 0), coalesce(last_new, 0), coalesce(gap, 0)) > :now
                """,
                values,
            )
            if step < timedelta():
                self._end_the_future(now)
        return feeds + deliveries

    def _end_the_future(self, now: datetime) -> None:
        """What happened on a clock that was ahead has happened by now."""
        for table, column in _MOMENTS:
            self._db.execute(
                f"update or replace {table} set {column} = :now where {column} > :now",  # noqa: S608 - words of ours
                {"now": to_milliseconds(now)},
            )

    def _route_anew(self, now: datetime) -> int:
        """What is held waits for a time of day: it is looked at again, and held till that time comes now."""
        return self._db.execute(
            "update deliveries set state = 'due', held = '', due = :now"
            " where state = 'held' and letter is null and due > :now",
            {"now": to_milliseconds(now)},
        ).rowcount

    def clamp_dues(
        self,
        times: Mapping[str, tuple[datetime, datetime]],
        *,
        now: datetime,
        retry: timedelta,
        lease: timedelta,
    ) -> int:
        """A feed that waits beyond the first of its times is due at the second.

        No delivery waits beyond `retry`, no lease beyond `lease`.

        Feeds that failed keep their time: it may be one that a server asked for. How many were moved.
        """
        with self.transaction():
            moved = sum(
                self._db.execute(
                    "update feeds set next_poll = :due where name = :name and failures = 0"
                    " and next_poll > :latest",
                    {"due": to_milliseconds(due), "name": name, "latest": to_milliseconds(latest)},
                ).rowcount
                for name, (latest, due) in times.items()
            )
            for table, condition, longest in (
                ("deliveries", "state = 'due' and not escalated", retry),
                ("deliveries", "state = 'due'", _DAY),  # an escalation waits a day at most
                ("deliveries", "state = 'sending'", lease),
                ("letters", "state = 'sending'", lease),
                ("letters", "state = 'due'", _DAY),  # put off till quiet hours end
                ("articles", "state = 'due'", _DAY),  # as long as a text may tell anybody
            ):
                moved += self._db.execute(
                    f"update {table} set due = :due where {condition} and due > :due",  # noqa: S608
                    {"due": to_milliseconds(now + longest)},
                ).rowcount
            moved += self._db.execute(
                "update outages set until = :due where until > :due",
                {"due": to_milliseconds(now + _DAY)},  # the longest that a receiver's wish is heard for
            ).rowcount
        return moved

    # ---- retention ----------------------------------------------------------------------------------------

    def prune(self, *, before: datetime, keys_before: datetime) -> Iterator[int]:
        """Forget the texts of stories in which nothing happened since then; a story goes whole or stays.

        What stays known: the id of every entry, and what was told of it. What stays whole: an entry that its
        feed shows, a story with a delivery on its way. Each step is one short transaction, and says
        how many entries went with it; between two of them others may write.
        """
        self._note_shown()
        at = (0, -(1 << 63))
        while True:
            rows = self._rows(
                """
                select id, last_seen from stories where (last_seen, id) > (?, ?) and last_seen < ?
                order by last_seen, id limit ?
                """,
                (*at, to_milliseconds(before), _STORIES),
            )
            if not rows:
                break
            at = (rows[-1]["last_seen"], rows[-1]["id"])
            with self.transaction():
                pruned = self._prune_stories([row["id"] for row in rows], to_milliseconds(before))
            yield pruned
        with self.transaction():
            for statement in _CLEARING:
                self._db.execute(statement, {"before": to_milliseconds(before)})
        yield from self._prune_keys(to_milliseconds(keys_before))

    def last(self, name: str) -> datetime | None:
        """When what is tallied under this name last happened."""
        rows = self._rows("select last from tallies where name = ?", (name,))
        return from_milliseconds(rows[0]["last"]) if rows else None

    def count_bygone(self) -> int:
        """How many entries are known whose texts have gone."""
        return int(self._rows("select count(*) n from bygone")[0]["n"])

    def _note_shown(self) -> None:
        """Note what feeds show: what their last documents held, and as many of the newest besides.

        Not every document has marks (feeds.scan), and then the newest are what it is likely to hold.
        """
        self._db.execute("create temp table if not exists shown (id integer primary key)")
        self._db.execute("delete from temp.shown")
        for feed in self._rows("select name, marks, shown from feeds"):
            self._db.execute(
                """
                insert or ignore into temp.shown
                select coalesce(aliases.entry, value) from json_each(?)
                left join aliases on aliases.id = value
                """,
                (as_json(unpack(feed["marks"]).values()),),
            )
            self._db.execute(
                "insert or ignore into temp.shown"
                " select id from entries where feed = ? order by seen desc limit ?",
                (feed["name"], feed["shown"]),
            )
        self._db.conn.commit()

    def _prune_stories(self, stories: Collection[StoryId], before: int) -> int:
        rows = self._rows(
            """
            select id from stories
            where id in (select value from json_each(:stories)) and last_seen < :before
                and not exists (
                    select 1 from entries where story = stories.id and (
                        seen >= :before or edited >= :before or id in (select id from temp.shown)
                        or exists (
                            select 1 from alerts
                            where alerts.entry = entries.id and alerts.story <> stories.id
                        )
                    )
                )
                and not exists (
                    select 1 from alerts join deliveries on alert = alerts.id
                    where alerts.story = stories.id and deliveries.state in ('due', 'sending', 'held', 'dead')
                )
            """,
            {"stories": as_json(stories), "before": before},
        )
        old = {"old": as_json([row["id"] for row in rows])}
        for statement in _FORGETTING:
            self._db.execute(statement, old)
        entries = self._db.execute(
            "delete from entries where story in (select value from json_each(:old))", old
        ).rowcount
        self._db.execute("delete from stories where id in (select value from json_each(:old))", old)
        return entries

    def _prune_keys(self, before: int) -> Iterator[int]:
        """Keys older than copies look back are found by nothing; their table is walked in its own order."""
        at: int | None = -(1 << 63)
        while at is not None:
            rows = self._rows(
                "select hash from keys where hash > ? order by hash limit 1 offset ?", (at, _KEYS)
            )
            until = rows[0]["hash"] if rows else None
            with self.transaction():
                self._db.execute(
                    "delete from keys where hash >= ? and (? is null or hash < ?) and seen < ?",
                    (at, until, until, before),
                )
            at = until
            yield 0
