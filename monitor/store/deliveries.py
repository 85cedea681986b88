"""The outbox: which alert is on its way to which receiver, and how far it came (T2 and T3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Claim, Outage
from monitor.store.connection import Connection
from monitor.store.rows import as_json, as_moment, from_milliseconds, to_milliseconds, to_told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from monitor.model import AlertId, EntryId, StoryId, Told


class Deliveries(Connection):
    """The part of the Store that holds deliveries."""

    # ---- T2 and T3 ----------------------------------------------------------------------------------------

    def claim(self, receiver: str, *, now: datetime, lease: timedelta) -> Claim | None:
        """T2: take the oldest due message for this receiver, or None; inside a transaction.

        What is claimed stays invisible for `lease`; a claim that nobody recorded comes back then, marked
        uncertain.
        """
        claim = self.due_claim(receiver, now=now)
        if claim is not None:
            self.lease(claim, until=now + lease)
        return claim

    def due_claim(self, receiver: str, *, now: datetime, least_tried: bool = False) -> Claim | None:
        """The oldest message that is due to this receiver, not yet taken; None if there is none.

        A message is every due delivery of one story, or of one development: rules that fire together are
        told together. With `least_tried`, the oldest of those tried least.
        """
        # The cross joins keep SQLite from looking through all that is due for those of one story.
        first = "attempts, " if least_tried else ""
        oldest = self._rows(
            f"""
            select alert from deliveries
            where receiver = ? and state in ('due', 'sending') and due <= ?
            order by {first}due, alert limit 1
            """,  # noqa: S608 - a word of ours
            (receiver, to_milliseconds(now)),
        )
        if not oldest:
            return None
        rows = self._rows(
            """
            select alerts.*, deliveries.state, deliveries.attempts, deliveries.uncertain, deliveries.escalated
            from alerts as first
            cross join alerts on alerts.story = first.story and alerts.lead = first.lead
            cross join deliveries on deliveries.alert = alerts.id
            where first.id = ? and receiver = ? and deliveries.state in ('due', 'sending')
                and deliveries.due <= ?
            order by alerts.severity desc, alerts.created, alerts.id
            """,
            (oldest[0]["alert"], receiver, to_milliseconds(now)),
        )
        return self._claim(receiver, rows)

    def lease(self, claim: Claim, *, until: datetime) -> None:
        """Take the claim: it is being sent, and comes back then unless it is recorded; in a transaction."""
        self._db.execute(
            """
            update deliveries set state = 'sending', attempts = attempts + 1, due = ?,
                uncertain = max(uncertain, state = 'sending')
            where receiver = ? and alert in (select value from json_each(?))
            """,
            (to_milliseconds(until), claim.receiver, _alerts(claim)),
        )

    def _claim(self, receiver: str, rows: Sequence[sqlite3.Row]) -> Claim:
        story, lead = rows[0]["story"], rows[0]["lead"]
        tolds = {row["id"]: to_told(row) for row in rows}
        return Claim(
            receiver=receiver,
            story=story,
            lead=lead,
            tolds=tuple(tolds.values()),
            outlets=self._outlets(story, lead),
            attempts=1 + min(row["attempts"] for row in rows),
            uncertain=any(row["uncertain"] or row["state"] == "sending" for row in rows),
            created=from_milliseconds(max(row["created"] for row in rows)),
            escalated=any(row["escalated"] for row in rows),
            opening=self._opening(story, receiver, own=tolds),
        )

    def _opening(self, story: StoryId, receiver: str, *, own: Mapping[AlertId, Told]) -> tuple[Told, ...]:
        """The alerts of the story that were decided first of those with a message to this receiver.

        Its `own` count; what is muted, held, given up or only in a digest heads nothing.
        """
        rows = self._rows(
            """
            select alerts.* from alerts join deliveries on alert = alerts.id and receiver = ?
            where story = ? and (alert in (select value from json_each(?))
                or state in ('due', 'sending', 'sent') and letter is null)
            order by created, severity desc, alerts.id
            """,
            (receiver, story, as_json(own)),
        )
        return tuple(
            own.get(row["id"]) or to_told(row) for row in rows if row["created"] == rows[0]["created"]
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
        self._note_attempts(claim, now, "", uncertain=False)

    def record_failed(
        self,
        claim: Claim,
        error: str,
        *,
        again: datetime | None,
        uncertain: bool,
        now: datetime,
        dead: Collection[AlertId] = (),
    ) -> None:
        """T3: it was not accepted; inside a transaction.

        The alerts in `dead` are given up; the others are due at `again`, or (None) as soon as their receiver
        takes anything.
        """
        self._db.execute(
            """
            update deliveries set error = :error, uncertain = max(uncertain, :uncertain),
                state = case when state = 'dropped' then 'dropped'
                    when escalated and alert in (select alert from acks) then 'acked'
                    when alert in (select value from json_each(:dead)) then 'dead' else 'due' end,
                due = coalesce(:again, min(:now, (select created from alerts where id = alert)))
            where receiver = :receiver and alert in (select value from json_each(:alerts))
            """,
            {
                "error": error,
                "uncertain": int(uncertain),
                "dead": as_json(dead),
                "again": as_moment(again),
                "now": to_milliseconds(now),
                "receiver": claim.receiver,
                "alerts": _alerts(claim),
            },
        )
        self._note_attempts(claim, now, error, uncertain=uncertain)

    def _note_attempts(self, claim: Claim, now: datetime, error: str, *, uncertain: bool) -> None:
        """Keep what came of this attempt, which the next one's record would write over."""
        self._db.execute(
            """
            insert or replace into attempts
            select alert, receiver, attempts, ?, state, ?, ? from deliveries
            where receiver = ? and alert in (select value from json_each(?))
            """,
            (to_milliseconds(now), int(uncertain), error, claim.receiver, _alerts(claim)),
        )

    def release(self, claims: Sequence[Claim], *, now: datetime) -> None:
        """Give back what was claimed and not begun: due by its age, as if never tried; inside a transaction.

        What came here only because nobody had acknowledged it, and somebody has since, goes no further.
        """
        for claim in claims:
            self._db.execute(
                """
                update deliveries set attempts = attempts - 1,
                    state = iif(escalated and alert in (select alert from acks), 'acked', 'due'),
                    due = min(?, (select created from alerts where id = alert))
                where receiver = ? and state = 'sending' and alert in (select value from json_each(?))
                """,
                (to_milliseconds(now), claim.receiver, _alerts(claim)),
            )

    def others_wrote(self) -> int:
        """A number that is another one once another connection has committed anything."""
        return int(self._rows("pragma data_version")[0][0])

    def silences_made(self) -> tuple[int, int, int]:
        """Values of which one is another once a silence was made, ended or forgotten."""
        row = self._rows(
            "select count(*) number, coalesce(max(id), 0) last, coalesce(sum(ends), 0) ends from silences"
        )[0]
        return row["number"], row["last"], row["ends"]

    def is_still_wanted(self, claim: Claim) -> bool:
        """Whether all that was claimed is as it was then, and of what was escalated nothing acknowledged."""
        row = self._rows(
            """
            select count(*) number from deliveries
            where receiver = ? and state = 'sending' and alert in (select value from json_each(?))
                and not (escalated and alert in (select alert from acks))
            """,
            (claim.receiver, _alerts(claim)),
        )[0]
        return bool(row["number"] == len(claim.tolds))

    # ---- routing ------------------------------------------------------------------------------------------

    def hold(self, receiver: str, reasons: Mapping[AlertId, str], *, until: datetime) -> None:
        """These alerts wait for the digest of then, each for its reason; inside a transaction."""
        self._db.conn.executemany(
            """
            update deliveries set state = 'held', held = ?, due = ?,
                uncertain = max(uncertain, state = 'sending')
            where receiver = ? and alert = ?
            """,
            [(reason, to_milliseconds(until), receiver, alert) for alert, reason in reasons.items()],
        )

    def mute(self, receiver: str, silences: Mapping[AlertId, int]) -> None:
        """These alerts are not told, each because of its silence; inside a transaction."""
        self._db.conn.executemany(
            """
            update deliveries set state = 'muted', silence = ?, uncertain = max(uncertain, state = 'sending',
                coalesce((select state = 'sending' or uncertain from letters where id = letter), 0))
            where receiver = ? and alert = ?
            """,
            [(silence, receiver, alert) for alert, silence in silences.items()],
        )

    def has_muted(self) -> bool:
        """Whether any delivery is muted."""
        return bool(self._rows("select 1 from deliveries where state = 'muted' limit 1"))

    def unmute_carried(self, story: StoryId, lead: EntryId, *, outlet: str, now: datetime) -> None:
        """Another outlet carries it: what was muted because of its only outlet is due again, in T1."""
        self._db.execute(
            """
            update deliveries set state = 'due', due = ?, silence = null, letter = null
            where state = 'muted' and alert in (select id from alerts where story = ? and lead = ?)
                and silence in (select id from silences where scope = 'outlet' and value <> ?)
            """,
            (to_milliseconds(now), story, lead, outlet),
        )

    def count_sent(self, receiver: str, rule: str, *, since: datetime, but: Collection[AlertId] = ()) -> int:
        """How many alerts of a rule, these left out, were sent since then or are being, but for digests."""
        return int(
            self._rows(
                """
                select count(*) number from deliveries join alerts on alerts.id = alert
                where receiver = ? and letter is null and rule = ?
                    and ((state = 'sent' and sent > ?) or state = 'sending')
                    and alert not in (select value from json_each(?))
                """,
                (receiver, rule, to_milliseconds(since), as_json(but)),
            )[0]["number"]
        )

    # ---- escalation ---------------------------------------------------------------------------------------

    def escalate(self, alerts: Collection[AlertId], *, of: str, to: str, due: datetime) -> None:
        """Unless they are acknowledged by then, these alerts of one receiver go to the other, once.

        What may have come to the first before may have come to the second as well. Inside a transaction.
        """
        self._db.execute(
            """
            insert or ignore into deliveries (alert, receiver, due, escalated, uncertain)
            select alert, ?, ?, 1, uncertain from deliveries
            where receiver = ? and alert in (select value from json_each(?))
                and alert not in (select alert from acks)
            """,
            (to, to_milliseconds(due), of, as_json(alerts)),
        )

    def unescalated(self, receiver: str, *, to: str, severity: int, now: datetime) -> list[Claim]:
        """What is due to a receiver, as urgent as this, and has no delivery to the other one yet."""
        rows = self._rows(
            """
            select alerts.*, state, attempts, uncertain, escalated
            from deliveries join alerts on alerts.id = alert
            where receiver = ? and state in ('due', 'sending') and due <= ? and severity >= ?
                and kind <> 'milestone'
                and alert not in (select alert from deliveries where receiver = ?)
                and alert not in (select alert from acks)
            """,
            (receiver, to_milliseconds(now), severity, to),
        )
        return [self._claim(receiver, [row]) for row in rows]

    def acknowledge(self, alerts: Collection[AlertId], *, by: str, now: datetime) -> tuple[int, int]:
        """Somebody has seen to these alerts; inside a transaction.

        How many had not been acknowledged before, and how many escalations that spared.
        """
        made = self._db.execute(
            "insert or ignore into acks select value, ?, ? from json_each(?)",
            (to_milliseconds(now), by, as_json(alerts)),
        ).rowcount
        spared = self._db.execute(
            """
            update deliveries set state = 'acked'
            where escalated and state in ('due', 'held') and alert in (select value from json_each(?))
            """,
            (as_json(alerts),),
        ).rowcount
        return made, spared

    def alerts_of(self, number: int) -> list[AlertId]:
        """The alerts of the story with this number, also of what it became, or the one alert that has it."""
        rows = self._rows(
            """
            select id from alerts where story in (select value from json_each(?1)) or id = ?2
            order by created, id
            """,
            (as_json(self.now_called(number)), number),
        )
        return [row["id"] for row in rows]

    def now_called(self, number: int) -> list[StoryId]:
        """This number and, where people have since merged its story into another, that one's."""
        called, at = number, 0
        while True:
            rows = self._rows(
                """
                select rowid, story from corrections
                where rowid > ?1 and (verb = 'merge' and was = ?2
                    or verb = 'split' and entry = ?2 and story = ?2)
                order by rowid desc limit 1
                """,
                (at, called),
            )
            if not rows:
                return [number] if called == number else [number, called]
            called, at = rows[0]["story"], rows[0]["rowid"]

    # ---- outages ------------------------------------------------------------------------------------------

    def outage(self, receiver: str) -> Outage | None:
        """The outage that a receiver is in; None if it takes messages."""
        return self.outages().get(receiver)

    def outages(self) -> dict[str, Outage]:
        """The outages that receivers are in, by name."""
        return {
            row["receiver"]: Outage(
                from_milliseconds(row["since"]), row["tries"], from_milliseconds(row["until"]), row["error"]
            )
            for row in self._rows("select * from outages order by receiver")
        }

    def begin_outage(self, receiver: str, outage: Outage) -> None:
        """The receiver takes nothing: this is what is known of it; inside a transaction."""
        self._db.execute(
            "insert or replace into outages values (?, ?, ?, ?, ?)",
            (
                receiver,
                to_milliseconds(outage.since),
                outage.tries,
                to_milliseconds(outage.until),
                outage.error,
            ),
        )

    def end_outage(self, receiver: str) -> None:
        """The receiver takes messages again; inside a transaction."""
        self._db.execute("delete from outages where receiver = ?", (receiver,))

    # ---- restarts -----------------------------------------------------------------------------------------

    def release_interrupted(self, *, now: datetime) -> int:
        """Make due at once, marked uncertain, what an earlier daemon was sending when it ended; how many.

        Only for a daemon that holds the state's lock and has not begun to send. What was escalated and has
        been acknowledged meanwhile goes no further.
        """
        with self.transaction():
            self._db.execute(
                """
                update deliveries set state = 'acked', uncertain = 1
                where state = 'sending' and escalated and alert in (select alert from acks)
                """
            )
            return sum(
                self._db.execute(
                    f"update {table} set state = 'due', uncertain = 1, due = ? where state = 'sending'",  # noqa: S608
                    (to_milliseconds(now),),
                ).rowcount
                for table in ("deliveries", "letters")
            )

    def next_delivery_due(self, receivers: Collection[str]) -> dict[str, datetime]:
        """When the next message to each of these receivers is due; receivers without any are left out.

        What is held is due with its digest; nothing is due to a receiver before it is tried again.
        """
        rows = self._rows(
            """
            select receiver, max(min(due), coalesce(
                (select until from outages where outages.receiver = of.receiver), 0)) due
            from (
                select receiver, due from deliveries where state in ('due', 'sending')
                union all select receiver, due from deliveries where state = 'held' and letter is null
                union all select receiver, due from letters where state in ('due', 'sending')
            ) of
            where receiver in (select value from json_each(?))
            group by receiver
            """,
            (as_json(receivers),),
        )
        return {row["receiver"]: from_milliseconds(row["due"]) for row in rows}

    # ---- what waits ----------------------------------------------------------------------------------

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


def _alerts(claim: Claim) -> str:
    return as_json([told.alert for told in claim.tolds])
