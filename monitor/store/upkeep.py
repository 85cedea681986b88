"""Tending the database: due times after the clock was set. The daemon's jobs and commands open it so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.store.rows import as_span, from_milliseconds, to_milliseconds
from monitor.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping


class Upkeep(Store):
    """The database of one state folder, for those who tend it."""

    # ---- the clock ----------------------------------------------------------------------------------------

    def latest_moment(self) -> datetime | None:
        """The latest time at which anything is known to have happened; None in an empty database."""
        row = self._rows(
            "select max(coalesce((select max(last) from tallies), 0),"
            " coalesce((select max(last_good) from feeds), 0)) latest"
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
            self._db.execute(
                """
                update feeds set last_good = min(last_good, :now), whole = min(whole, :now),
                    last_new = min(last_new, :now), gap = min(gap, :now)
                where max(last_good, coalesce(whole, 0), coalesce(last_new, 0), coalesce(gap, 0)) > :now
                """,
                values,
            )
        return feeds + deliveries

    def clamp_dues(
        self, latest: Mapping[str, datetime], *, now: datetime, retry: timedelta, lease: timedelta
    ) -> int:
        """No feed waits beyond its time in `latest`, no delivery beyond `retry`, no lease beyond `lease`.

        Feeds that failed keep their time: it may be one that a server asked for. How many were moved.
        """
        with self.transaction():
            moved = sum(
                self._db.execute(
                    "update feeds set next_poll = :due where name = :name and failures = 0"
                    " and next_poll > :due",
                    {"due": to_milliseconds(due), "name": name},
                ).rowcount
                for name, due in latest.items()
            )
            for state, longest in (("due", retry), ("sending", lease)):
                moved += self._db.execute(
                    "update deliveries set due = :due where state = :state and due > :due",
                    {"due": to_milliseconds(now + longest), "state": state},
                ).rowcount
        return moved
