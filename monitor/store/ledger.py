"""Deliveries for people: each as a line, chosen by receiver, state and story; sent again, or dropped."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.model import Severity
from monitor.store.connection import Connection
from monitor.store.rows import as_json, from_milliseconds, to_milliseconds, to_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection
    from datetime import datetime

    from monitor.model import AlertId, StoryId

STATES = ("due", "sending", "sent", "held", "muted", "acked", "dead", "dropped")
UNCERTAIN = "uncertain"  # of whatever state: an earlier send was cut off and may have arrived
AGAIN = ("dead", "dropped", "muted")  # what may be sent again
DROPPABLE = ("due", "sending", "held", "dead")

# `?1` are receivers, `?2` states, `?3` numbers of stories or alerts; an empty list chooses all.
_CHOSEN = """
    (?1 = '[]' or receiver in (select value from json_each(?1)))
    and (?2 = '[]' or deliveries.state in (select value from json_each(?2))
        or (uncertain and 'uncertain' in (select value from json_each(?2))))
    and (?3 = '[]' or alert in (
        select id from alerts where id in (select value from json_each(?3))
            or story in (select value from json_each(?3))))
"""


# Whether a digest that carries the delivery is on its way at this moment, or has been.
_ON_ITS_WAY = "deliveries.state = 'held' and letter in (select id from letters where state = 'sending')"
_MAY_HAVE_COME = """
    deliveries.state = 'sending' or deliveries.state = 'held' and coalesce(letter, 0) in (
        select id from letters where state = 'sending' or letters.uncertain)
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which deliveries: of these receivers, in these states, of these stories or alerts; empty for any."""

    receivers: Collection[str] = ()
    states: Collection[str] = ()
    numbers: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as people are shown it."""

    alert: AlertId
    story: StoryId
    rule: str
    severity: Severity
    headline: str
    receiver: str
    state: str
    why: str  # why it is held
    uncertain: bool
    escalated: bool
    decided: datetime
    due: datetime
    sent: datetime | None
    attempts: int
    error: str


class Ledger(Connection):
    """The part of the Store that shows and changes deliveries for people."""

    def ledger(self, choice: Choice, *, most: int) -> list[Line]:
        """The deliveries chosen, the latest decided first."""
        rows = self._rows(
            f"""
            select deliveries.*, story, rule, severity, article, created
            from deliveries join alerts on alerts.id = alert where {_CHOSEN}
            order by created desc, alert, receiver limit ?4
            """,  # noqa: S608 - whole statements of ours
            (*_parameters(choice), most),
        )
        return [_line(row) for row in rows]

    def send_again(self, choice: Choice, *, now: datetime) -> int:
        """Make due what was given up, dropped or muted, and end the waits of receivers; how many are due.

        An outage that lasts all the same counts from now on: what was given up in it has its day again.
        """
        with self.transaction():
            self._db.execute(
                """
                update outages set since = ?2, until = ?2
                where (?1 = '[]' or receiver in (select value from json_each(?1)))
                """,
                (as_json(choice.receivers), to_milliseconds(now)),
            )
            return self._change(
                "state = 'due', due = ?5, attempts = 0, held = '', letter = null, silence = null",
                choice,
                among=AGAIN,
                now=now,
            )

    def drop(self, choice: Choice, *, now: datetime) -> tuple[int, int]:
        """Give up what is due, claimed, held or dead, for good; how many, and how many of them were claimed.

        What is claimed and not begun is not sent any more; what is on its way at this moment may arrive, and
        is sent then, or is dropped. Who chooses what is due means what is claimed, too.
        """
        if "due" in choice.states:
            choice = replace(choice, states=(*choice.states, "sending"))
        with self.transaction():
            claimed = self._rows(
                f"""
                select count(*) number from deliveries
                where (deliveries.state = 'sending' or {_ON_ITS_WAY}) and {_CHOSEN}
                """,  # noqa: S608
                _parameters(choice),
            )[0]["number"]
            dropped = self._change(
                f"state = 'dropped', due = ?5, uncertain = max(uncertain, {_MAY_HAVE_COME})",
                choice,
                among=DROPPABLE,
                now=now,
            )
            return dropped, claimed

    def has_story(self, story: StoryId) -> bool:
        """Whether there is such a story."""
        return bool(self._rows("select 1 from stories where id = ?", (story,)))

    def _change(self, change: str, choice: Choice, *, among: Collection[str], now: datetime) -> int:
        return self._db.execute(
            f"""
            update deliveries set {change}
            where deliveries.state in (select value from json_each(?4)) and {_CHOSEN}
            """,  # noqa: S608
            (*_parameters(choice), as_json(among), to_milliseconds(now)),
        ).rowcount


def _parameters(choice: Choice) -> tuple[str, str, str]:
    return as_json(choice.receivers), as_json(choice.states), as_json(choice.numbers)


def _line(row: sqlite3.Row) -> Line:
    return Line(
        alert=row["alert"],
        story=row["story"],
        rule=row["rule"],
        severity=Severity(row["severity"]),
        headline=json.loads(row["article"])["title"],
        receiver=row["receiver"],
        state=row["state"],
        why=row["held"],
        uncertain=bool(row["uncertain"]),
        escalated=bool(row["escalated"]),
        decided=from_milliseconds(row["created"]),
        due=from_milliseconds(row["due"]),
        sent=to_time(row["sent"]),
        attempts=row["attempts"],
        error=row["error"],
    )
