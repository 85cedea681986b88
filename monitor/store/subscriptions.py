"""What feeds say of push, what hubs were asked for, and the rings that came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from monitor.feeds import schedule
from monitor.model import Offer, Subscription
from monitor.store.connection import Connection
from monitor.store.rows import as_json, as_moment, from_milliseconds, to_feed_state, to_milliseconds, to_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection
    from datetime import datetime


class Subscriptions(Connection):
    """The part of Store that keeps offers and subscriptions. What writes stands in a transaction."""

    def offers(self) -> dict[str, Offer]:
        """What each feed of the desk says of push, where it names a hub and has been read, by name."""
        rows = self._rows(
            """
            select offers.* from offers join feeds on name = feed
            where enabled and not gone and last_good is not null order by feed
            """
        )
        return {row["feed"]: Offer(tuple(json.loads(row["hubs"])), row["topic"]) for row in rows}

    def subscriptions(self) -> list[Subscription]:
        """All of them, by feed; of one feed those first that it is leaving."""
        return [
            _to_subscription(row)
            for row in self._rows("select * from subscriptions order by feed, leaving desc, token")
        ]

    def subscription(self, token: str) -> Subscription | None:
        """The one of this token; None where there is none."""
        rows = self._rows("select * from subscriptions where token = ?", (token,))
        return _to_subscription(rows[0]) if rows else None

    def keep_subscription(self, one: Subscription) -> None:
        """Write it as it is now."""
        self._db.execute(
            "insert or replace into subscriptions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.token,
                one.feed,
                one.hub,
                one.topic,
                one.callback,
                one.secret,
                to_milliseconds(one.due),
                one.leaving,
                as_moment(one.asked),
                as_moment(one.until),
                one.tries,
                one.error,
            ),
        )

    def forget_subscription(self, token: str) -> None:
        """It is over."""
        self._db.execute("delete from subscriptions where token = ?", (token,))

    def ring(self, feed: str, *, now: datetime) -> None:
        """Note that a hub has rung for the feed: when it is due by that is schedule.rung's to say."""
        for row in self._rows("select * from feeds where name = ? and enabled", (feed,)):
            state = schedule.rung(to_feed_state(row), now=now)
            assert state.next_poll is not None, "a stored feed has a due time"
            self._db.execute(
                "update feeds set rung = ?, owed = ?, next_poll = ? where name = ?",
                (to_milliseconds(now), state.owed, to_milliseconds(state.next_poll), feed),
            )

    def doorbell(self) -> tuple[str, str] | None:
        """Where hubs are listened for, and why nobody can, or ""; None where nobody is to."""
        for row in self._rows("select * from doorbell"):
            return row["address"], row["error"]
        return None

    def keep_doorbell(self, address: str, error: str = "") -> None:
        """Remember that, "" for nowhere; inside a transaction."""
        self._db.execute("delete from doorbell")
        if address:
            self._db.execute("insert into doorbell values (?, ?)", (address, error))

    def hush(self, *, besides: Collection[str]) -> None:
        """Nobody rings for the other feeds any more: they are asked as often as any."""
        self._db.execute(
            """
            update feeds set rung = null
            where rung is not null and name not in (select value from json_each(?))
            """,
            (as_json(besides),),
        )

    def _put_offer(self, feed: str, offer: Offer, *, asked: str) -> None:
        """Inside T1; what an address said that the feed no longer has is not kept (put_feed_states)."""
        if not offer.hubs:
            self._db.execute("delete from offers where feed = ?", (feed,))
            return
        self._db.execute(
            """
            insert into offers select name, ?, ? from feeds where name = ? and ? in (url, address)
            on conflict (feed) do update set hubs = excluded.hubs, topic = excluded.topic
                where hubs <> excluded.hubs or topic <> excluded.topic
            """,
            (as_json(offer.hubs), offer.topic, feed, asked),
        )


def _to_subscription(row: sqlite3.Row) -> Subscription:
    return Subscription(
        token=row["token"],
        feed=row["feed"],
        hub=row["hub"],
        topic=row["topic"],
        callback=row["callback"],
        secret=row["secret"],
        due=from_milliseconds(row["due"]),
        leaving=bool(row["leaving"]),
        asked=to_time(row["asked"]),
        until=to_time(row["until"]),
        tries=row["tries"],
        error=row["error"],
    )
