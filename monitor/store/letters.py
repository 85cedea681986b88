"""Messages that are not of one story, digests and notices: taken and recorded as deliveries are (T2, T3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from monitor.model import Digest, Notice, Tally
from monitor.store.deliveries import Deliveries
from monitor.store.rows import as_json, as_moment, from_milliseconds, to_milliseconds, to_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from monitor.model import AlertId, Claim, LetterId


class Letters(Deliveries):
    """The part of the Store that holds digests, notices, and what waits for them."""

    # ---- what is held -------------------------------------------------------------------------------------

    def held_claims(self, receiver: str, *, now: datetime, most: int) -> list[Claim]:
        """What is held for a receiver and due by now, by story or development: of at most `most` alerts."""
        return self._grouped(
            receiver,
            self._rows(
                """
                select alerts.*, state, attempts, uncertain, escalated
                from deliveries join alerts on alerts.id = alert
                where receiver = ? and state = 'held' and letter is null and due <= ?
                order by due, alert limit ?
                """,
                (receiver, to_milliseconds(now), most),
            ),
        )

    def _grouped(self, receiver: str, rows: Iterable[sqlite3.Row]) -> list[Claim]:
        found: dict[tuple[int, int], list[sqlite3.Row]] = {}
        for row in rows:
            found.setdefault((row["story"], row["lead"]), []).append(row)
        for group in found.values():
            group.sort(key=lambda row: (-row["severity"], row["created"], row["id"]))
        return [self._claim(receiver, group) for group in found.values()]

    # ---- making -------------------------------------------------------------------------------------------

    def make_digest(self, receiver: str, alerts: Collection[AlertId], *, more: bool, now: datetime) -> None:
        """Put these held alerts into a digest, and what was muted since the last one into its count.

        Inside a transaction; the digest is due.
        """
        letter = self._make(receiver, "digest", now=now, more=more)
        self._db.execute(
            """
            update deliveries set letter = ?
            where receiver = ? and (state = 'muted' and letter is null
                or state = 'held' and alert in (select value from json_each(?)))
            """,
            (letter, receiver, as_json(alerts)),
        )

    def make_notice(self, receiver: str, title: str, *, now: datetime) -> None:
        """Put all that the operators are to be told into one notice; inside a transaction."""
        rows = self._rows("select about, sentence from notices where letter is null order by id")
        lines = dict.fromkeys(f"{row['about']} {row['sentence']}" for row in rows)
        letter = self._make(receiver, "notice", now=now, title=title, lines=tuple(lines))
        self._db.execute("update notices set letter = ? where letter is null", (letter,))

    def make_refusal(self, receiver: str, title: str, lines: Collection[str], *, now: datetime) -> None:
        """A notice of mistakes in the files, which waits for nothing else; inside a transaction."""
        self._make(receiver, "refusal", now=now, title=title, lines=lines)

    def renew_refusal(self, title: str, lines: Collection[str]) -> None:
        """Other mistakes stand in the files now: what has not arrived tells of these; in a transaction."""
        self._db.execute(
            """
            update letters set title = ?, lines = ?
            where kind = 'refusal' and state in ('due', 'sending')
            """,
            (title, _written(lines)),
        )

    def withdraw_refusals(self) -> None:
        """The mistakes are mended: those who were not told of them need not be; inside a transaction.

        What is on its way at this moment may arrive, and is sent then, or is not tried again.
        """
        self._db.execute(
            "update letters set state = 'dropped' where kind = 'refusal' and state in ('due', 'sending')"
        )

    def make_heartbeat(self, receiver: str, title: str, lines: Collection[str], *, now: datetime) -> None:
        """A heartbeat that is due; inside a transaction."""
        self._make(receiver, "heartbeat", now=now, title=title, lines=lines)

    def _make(
        self,
        receiver: str,
        kind: str,
        *,
        now: datetime,
        title: str = "",
        lines: Collection[str] = (),
        more: bool = False,
    ) -> LetterId:
        moment = to_milliseconds(now)
        made = self._db.execute(
            """
            insert into letters (receiver, kind, due, made, title, lines, more)
            values (?, ?, ?, ?, ?, ?, ?)
            """,
            (receiver, kind, moment, moment, title, _written(lines), more),
        ).lastrowid
        assert made is not None, "a row that was inserted has an id"
        return made

    # ---- T2 and T3 ----------------------------------------------------------------------------------------

    def due_letter(self, receiver: str, *, now: datetime) -> Digest | Notice | None:
        """The oldest digest or notice that is due to a receiver, not yet taken; None if there is none."""
        rows = self._rows(
            """
            select * from letters
            where receiver = ? and state in ('due', 'sending') and due <= ? order by due, id limit 1
            """,
            (receiver, to_milliseconds(now)),
        )
        if not rows:
            return None
        return self._digest(rows[0]) if rows[0]["kind"] == "digest" else _notice(rows[0])

    def _digest(self, row: sqlite3.Row) -> Digest:
        held = self._rows(
            """
            select alerts.*, state, attempts, uncertain, escalated
            from deliveries join alerts on alerts.id = alert where letter = ? and state = 'held'
            """,
            (row["id"],),
        )
        counts = {
            count["reason"]: count["number"]
            for count in self._rows(
                """
                select iif(state = 'muted', 'muted', held) reason, count(*) number
                from deliveries where letter = ? and state in ('held', 'muted') group by reason
                """,
                (row["id"],),
            )
        }
        return Digest(
            id=row["id"],
            receiver=row["receiver"],
            claims=tuple(self._grouped(row["receiver"], held)),
            tally=Tally(**counts),
            attempts=row["attempts"] + 1,
            uncertain=bool(row["uncertain"] or row["state"] == "sending"),
            created=from_milliseconds(row["made"]),
            more=bool(row["more"]),
        )

    def lease_letter(self, letter: Digest | Notice, *, until: datetime) -> None:
        """Take it: it is being sent, and comes back then unless it is recorded; inside a transaction."""
        self._db.execute(
            """
            update letters set state = 'sending', attempts = attempts + 1, due = ?,
                uncertain = max(uncertain, state = 'sending') where id = ?
            """,
            (to_milliseconds(until), letter.id),
        )

    def drop_letter(self, letter: Digest | Notice) -> None:
        """It goes nowhere, and the next one counts what it would have counted; inside a transaction."""
        self._db.execute(
            "update deliveries set letter = null where letter = ? and state = 'muted'", (letter.id,)
        )
        self._db.execute("update letters set state = 'dropped' where id = ?", (letter.id,))

    def put_off(self, letter: Digest | Notice, *, until: datetime) -> None:
        """It waits till then; inside a transaction."""
        self._db.execute(
            """
            update letters set state = 'due', due = ?, uncertain = max(uncertain, state = 'sending')
            where id = ?
            """,
            (to_milliseconds(until), letter.id),
        )

    def record_letter_sent(self, letter: Digest | Notice, *, now: datetime) -> None:
        """T3: the receiver accepted it, and with it all that it carries; inside a transaction.

        So is what was dropped while it was on its way.
        """
        moment = to_milliseconds(now)
        self._db.execute(
            "update letters set state = 'sent', sent = ?, error = '' where id = ?", (moment, letter.id)
        )
        if isinstance(letter, Digest):
            self._db.execute(
                """
                update deliveries set state = 'sent', sent = ?, error = ''
                where letter = ? and state in ('held', 'dropped')
                    and alert in (select value from json_each(?))
                """,
                (moment, letter.id, as_json([told.alert for one in letter.claims for told in one.tolds])),
            )

    def record_letter_failed(
        self,
        letter: Digest | Notice,
        error: str,
        *,
        again: datetime | None,
        uncertain: bool,
        over: bool,
        now: datetime,
    ) -> None:
        """T3: it was not accepted: due at `again` (None: when its receiver takes anything), or given up.

        Inside a transaction. With a digest, all that it carries is given up.
        """
        self._db.execute(
            """
            update letters set state = iif(state = 'dropped', state, ?),
                due = coalesce(?, min(made, ?)), error = ?,
                uncertain = max(uncertain, ?)
            where id = ?
            """,
            (
                "dead" if over else "due",
                as_moment(again),
                to_milliseconds(now),
                error,
                int(uncertain),
                letter.id,
            ),
        )
        if over:
            self._db.execute(
                """
                update deliveries set state = 'dead', error = ?,
                    uncertain = max(uncertain, (select uncertain from letters where id = letter))
                where letter = ? and state = 'held'
                """,
                (error, letter.id),
            )

    # ---- what the operators are told ----------------------------------------------------------------------

    def put_notice(
        self, about: str, sentence: str, *, now: datetime, unless_since: datetime | None = None
    ) -> None:
        """Something that the operators are to be told, unless it was since then; inside a transaction."""
        if unless_since is not None and self._rows(
            "select 1 from notices where about = ? and sentence = ? and made > ? limit 1",
            (about, sentence, to_milliseconds(unless_since)),
        ):
            return
        self._db.execute(
            "insert into notices (about, sentence, made) values (?, ?, ?)",
            (about, sentence, to_milliseconds(now)),
        )

    def open_notice(self) -> datetime | None:
        """Since when there is something that the operators have not been told; None if there is nothing."""
        return to_time(self._rows("select min(made) first from notices where letter is null")[0]["first"])

    def forget_notices(self, *, before: datetime) -> None:
        """What nobody could be told since then is told no more; inside a transaction."""
        self._db.execute("delete from notices where letter is null and made < ?", (to_milliseconds(before),))

    def last_letter(self, kind: str) -> datetime | None:
        """When the last letter of this kind was made; None if none was."""
        return to_time(self._rows("select max(made) last from letters where kind = ?", (kind,))[0]["last"])

    def next_digests(self) -> dict[str, tuple[int, datetime]]:
        """How many alerts are held for each receiver, and when the first of its digests goes."""
        rows = self._rows(
            """
            select receiver, count(*) number, min(due) due from deliveries
            where state = 'held' and letter is null group by receiver order by receiver
            """
        )
        return {row["receiver"]: (row["number"], from_milliseconds(row["due"])) for row in rows}


def _written(lines: Collection[str]) -> str:
    return json.dumps(list(lines), ensure_ascii=False)


def _notice(row: sqlite3.Row) -> Notice:
    return Notice(
        id=row["id"],
        receiver=row["receiver"],
        title=row["title"],
        lines=tuple(json.loads(row["lines"])),
        attempts=row["attempts"] + 1,
        uncertain=bool(row["uncertain"] or row["state"] == "sending"),
        created=from_milliseconds(row["made"]),
        lasting=row["kind"] == "refusal",
    )
