"""The outbox: which alert is on its way to which receiver, and how far it came (T2 and T3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Claim
from monitor.store.connection import Connection
from monitor.store.rows import as_json, from_milliseconds, to_milliseconds, to_told

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from monitor.model import EntryId, StoryId


class Deliveries(Connection):
    """The part of the Store that holds deliveries."""

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
