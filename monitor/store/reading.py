"""What people read of the database: the trail of an entry, stories, search, hits, feeds, the queue.

Reads only, beside whoever writes: the connection is told to refuse a write. Every query is served by an
index, whatever is stored (tests/store/test_store_reading.py asks SQLite for its plans).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from monitor.errors import StateError, UsageError
from monitor.model import Kind, Outage, Severity, Status
from monitor.rules.tenure import Tenure
from monitor.store.catalogue import asked, page_of
from monitor.store.past import Past
from monitor.store.rows import (
    as_json,
    from_milliseconds,
    to_entry,
    to_feed_state,
    to_match,
    to_milliseconds,
    to_time,
)
from monitor.store.silences import to_silence
from monitor.store.store import DATABASE
from monitor.trail import Arrived, Attempt, Correction, Digest, Facts, PageRead, Sending, Telling

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from monitor.model import AlertId, Entry, EntryId, FeedState, Silence, StoryId

_BUSY = 5000  # milliseconds a statement waits for another's lock
_MOST_FOUND = 20  # entries of one link or title
_FEWEST_LETTERS = 3  # before a *: of a million entries, two letters begin too many words to be joined in time
_HOUR, _DAY = 3_600_000, 86_400_000  # milliseconds
_HIT = """
    select alerts.id alert, alerts.rule, alerts.title rule_title, severity, alerts.kind, alerts.created,
        entries.*,
        (select count(distinct outlet) from entries other where other.story = alerts.story) outlets,
        (select count(*) from entries other where other.story = alerts.story) number
"""
_HITS = f"""
    with chosen as (
        select id, row_number() over (partition by rule order by created desc, id) place
        from alerts where created >= :since and created < :until
    )
    {_HIT} from chosen join alerts on alerts.id = chosen.id join entries on entries.id = alerts.entry
    where :most_a_rule = 0 or place <= :most_a_rule order by alerts.created desc, alerts.id limit :most
"""  # noqa: S608 - put together of constants
_HITS_OF_A_RULE = f"""
    {_HIT} from alerts join entries on entries.id = alerts.entry
    where alerts.rule = :rule and alerts.created >= :since and alerts.created < :until
    order by alerts.created desc, alerts.id limit :most
"""
_SEARCHED = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Headline:
    """An entry as lists show it: without its text."""

    entry: EntryId
    story: StoryId
    lead: EntryId
    feed: str
    outlet: str
    link: str
    title: str
    summary: str
    lang: str | None
    seen: datetime
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Hit:
    """An alert in a list: the entry that made it, and how widely its story is carried by now."""

    alert: AlertId
    rule: str
    title: str  # of the rule
    severity: Severity
    kind: Kind
    created: datetime
    headline: Headline
    outlets: int
    entries: int


@dataclass(frozen=True, slots=True)
class Told:
    """A rule that told of a story, and when; `acknowledged` is who has seen to it, None while nobody has.

    `receivers` are those it goes to, each with the state of its delivery.
    """

    rule: str
    title: str
    kind: Kind
    severity: Severity
    lead: EntryId
    created: datetime
    acknowledged: str | None
    receivers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A story with its entries, the oldest first; `more` are those that are left out."""

    story: StoryId
    title: str
    first_seen: datetime
    last_seen: datetime
    entries: tuple[Arrived, ...]
    more: int
    tellings: tuple[Told, ...]
    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed, what is remembered of it, and its new entries of the last 24 hours by hour."""

    name: str
    url: str
    state: FeedState
    error: str
    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is not done: what it tells of, and what came of it so far."""

    receiver: str
    state: str
    alert: AlertId
    rule: str
    story: StoryId
    title: str
    due: datetime
    created: datetime
    attempts: int
    uncertain: bool
    error: str


@dataclass(frozen=True, slots=True)
class Escalating:
    """An alert that goes to a receiver unless somebody acknowledges it before it is due."""

    story: StoryId
    title: str
    receiver: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Concerns:
    """What people should see to. `overdue` is since when a feed has waited beyond its time, if one has."""

    overdue: datetime | None
    failing: int  # feeds
    outages: dict[str, Outage]
    dead: int  # deliveries
    escalating: tuple[Escalating, ...]

    def __bool__(self) -> bool:
        return bool(self.overdue or self.failing or self.outages or self.dead or self.escalating)


class Reading(Past):
    """The database of one state folder, open for reading, owned by the calling thread."""

    def __init__(self, folder: Path) -> None:
        """Open folder/monitor.db; raises UsageError where there is none, StateError where it cannot be."""
        self._path = folder / DATABASE
        if not self._path.exists():
            raise UsageError(
                "no monitor has run here yet", where=str(folder), remedy="name its folder with --state"
            )
        try:
            # Not mode=ro: a database in WAL mode that nobody has open could then not be read at all.
            self._db = sqlite3.connect(self._path)
            self._db.row_factory = sqlite3.Row
            self._db.execute(f"pragma busy_timeout = {_BUSY}")
            self._db.execute("pragma query_only = on")
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Give the connection back."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _trouble(self, error: sqlite3.Error) -> StateError:
        return StateError(
            f"the database cannot be read: {error}",
            where=str(self._path),
            remedy="see that it is the state of this version: monitor status",
        )

    def _rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        try:
            return self._db.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def version(self) -> int:
        """Another number whenever another connection has written."""
        return int(self._rows("pragma data_version")[0][0])

    # ---- the desk in force --------------------------------------------------------------------------------

    def desk(self) -> tuple[str, str] | None:
        """The operator's files as they are in force, packed, with the rulebook's hash; None if none."""
        rows = self._rows("select sources, rulebook from desk where id = 1")
        return (rows[0]["sources"], rows[0]["rulebook"]) if rows else None

    def tenures(self) -> dict[str, Tenure]:
        """Since when each rule has looked for what it looks for, by id."""
        return {
            row["rule"]: Tenure(
                row["content"], from_milliseconds(row["since"]), tuple(json.loads(row["former"]))
            )
            for row in self._rows("select * from tenures")
        }

    # ---- finding an entry ---------------------------------------------------------------------------------

    def numbered(self, number: int) -> EntryId | None:
        """The entry that a number means: its own, its story's first, or the one that made its alert."""
        rows = self._rows(
            """
            select id from entries where id = ?1
            union all select entry from alerts where id = ?1
            union all select entry from aliases where id = ?1
            union all select id from (select id from entries where story = ?1 order by seen, id limit 1)
            limit 1
            """,
            (number,),
        )
        return rows[0]["id"] if rows else None

    def is_bygone(self, number: int) -> bool:
        """Whether this is an entry whose texts were pruned."""
        return bool(self._rows("select 1 from bygone where id = ?", (number,)))

    def linked(self, link: str) -> list[Headline]:
        """The entries of a page, the newest first; links are compared by identity (urls.canonical)."""
        rows = self._rows(
            """
            select entries.* from catalogue join entries on entries.id = entry
            where page = ? order by number desc limit ?
            """,
            (page_of(link), _MOST_FOUND),
        )
        return [_to_headline(row) for row in rows]

    def titled(self, title: str) -> list[Headline]:
        """The entries with this in their titles, the newest first; those of just this title alone if any."""
        rows = self._rows(
            """
            select entries.* from catalogue_words words
            join catalogue on number = words.rowid join entries on entries.id = entry
            where catalogue_words match ? order by words.rowid desc limit ?
            """,
            (f"title : {_phrase(title)}", _MOST_FOUND),
        )
        found = [_to_headline(row) for row in rows]
        exact = [one for one in found if one.title.casefold() == title.strip().casefold()]
        return exact or found

    # ---- the trail ----------------------------------------------------------------------------------------

    def facts(self, entry: EntryId) -> Facts | None:
        """All that is stored of an entry's way; None where there is no such entry."""
        rows = self._rows("select * from entries where id = ?", (entry,))
        if not rows:
            return None
        arrived = _to_arrived(rows[0])
        page, text = self._page(entry)
        arrived = replace(arrived, entry=replace(arrived.entry, text=text))
        shown = arrived.entry
        lines = self.recurring_lines(
            [shown], feed=shown.feed, outlet=shown.outlet, texts=page is not None, now=arrived.seen
        )
        corrections = self._corrections("entry = ?", entry)
        stories = {arrived.story, *(made.was for made in corrections)}
        first = self._rows(
            "select min(seen) seen from entries where story = ? and lead = ?", (arrived.story, arrived.lead)
        )
        of = self._rows("select title, outlet from entries where id = ?", (arrived.of,))
        return Facts(
            arrived=arrived,
            of=(of[0]["title"], of[0]["outlet"]) if of else None,
            since=to_time(first[0]["seen"]) or arrived.seen,
            matches={
                row["rule"]: row["rulebook"]
                for row in self._rows("select rule, rulebook from matches where entry = ?", (entry,))
            },
            tellings=tuple(telling for story in sorted(stories) for telling in self._tellings(story)),
            corrections=corrections,
            tenures=self.tenures(),
            page=page,
            outside=lines.outside(arrived.story),
        )

    def _page(self, entry: EntryId) -> tuple[PageRead | None, str]:
        """What became of the page that an entry leads to, and its text."""
        rows = self._rows("select * from articles where entry = ?", (entry,))
        if not rows:
            return None, ""
        row = rows[0]
        due = from_milliseconds(row["due"])
        return PageRead(row["state"], row["attempts"], to_time(row["tried"]), due, row["error"]), row["text"]

    def _corrections(self, where: str, number: int) -> tuple[Correction, ...]:
        rows = self._rows(f"select * from corrections where {where} order by made", (number,))  # noqa: S608
        return tuple(_to_correction(row) for row in rows)

    def _tellings(self, story: StoryId) -> list[Telling]:
        rows = self._rows(
            """
            select alerts.*, entries.outlet, acks.made acked, person
            from alerts join entries on entries.id = alerts.entry left join acks on acks.alert = alerts.id
            where alerts.story = ? order by created, alerts.id
            """,
            (story,),
        )
        return [
            Telling(
                alert=row["id"],
                rule=row["rule"],
                kind=Kind(row["kind"]),
                lead=row["lead"],
                entry=row["entry"],
                outlet=row["outlet"],
                created=from_milliseconds(row["created"]),
                rulebook=row["rulebook"],
                deliveries=self._deliveries(row["id"]),
                acknowledged=None
                if row["acked"] is None
                else (from_milliseconds(row["acked"]), row["person"]),
                by_text=any(mention.field == "text" for mention in to_match(row).mentions),
            )
            for row in rows
        ]

    def _deliveries(self, alert: AlertId) -> tuple[Sending, ...]:
        log: dict[str, list[Attempt]] = {}
        for row in self._rows("select * from attempts where alert = ? order by receiver, number", (alert,)):
            log.setdefault(row["receiver"], []).append(
                Attempt(row["number"], from_milliseconds(row["at"]), bool(row["uncertain"]), row["error"])
            )
        rows = self._rows(
            """
            select deliveries.*, scope, value, comment, person, ends, letters.made letter_made,
                letters.state letter_state, letters.due letter_due, letters.attempts letter_attempts,
                letters.uncertain letter_uncertain, letters.error letter_error, letters.sent letter_sent
            from deliveries left join silences on silences.id = deliveries.silence
            left join letters on letters.id = deliveries.letter
            where alert = ? order by deliveries.receiver
            """,
            (alert,),
        )
        return tuple(
            Sending(
                receiver=row["receiver"],
                state=row["state"],
                due=from_milliseconds(row["due"]),
                attempts=row["attempts"],
                uncertain=bool(row["uncertain"]),
                error=row["error"],
                sent=to_time(row["sent"]),
                log=tuple(log.get(row["receiver"], ())),
                held=row["held"],
                muted=_muted(row),
                digest=_to_digest(row),
                escalated=bool(row["escalated"]),
            )
            for row in rows
        )

    # ---- stories ------------------------------------------------------------------------------------------

    def hits(
        self, *, since: datetime, until: datetime, rule: str = "", most: int, most_a_rule: int = 0
    ) -> list[Hit]:
        """The alerts decided in a time, the newest first; of each rule at most `most_a_rule`, if given."""
        rows = self._rows(
            _HITS_OF_A_RULE if rule else _HITS,
            {
                "since": to_milliseconds(since),
                "until": to_milliseconds(until),
                "rule": rule,
                "most": most,
                "most_a_rule": most_a_rule,
            },
        )
        return [
            Hit(
                alert=row["alert"],
                rule=row["rule"],
                title=row["rule_title"],
                severity=Severity(row["severity"]),
                kind=Kind(row["kind"]),
                created=from_milliseconds(row["created"]),
                headline=_to_headline(row),
                outlets=row["outlets"],
                entries=row["number"],
            )
            for row in rows
        ]

    def alerted_at(self, *, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """Which rule alerted when, in a time; the oldest first."""
        rows = self._rows(
            "select rule, created from alerts where created >= ? and created < ? order by created",
            (to_milliseconds(since), to_milliseconds(until)),
        )
        return [(row["rule"], from_milliseconds(row["created"])) for row in rows]

    def outlets(self, *, since: datetime, until: datetime, most: int) -> list[tuple[str, int]]:
        """The outlets whose entries made most alerts in a time, with how many."""
        rows = self._rows(
            """
            select outlet, count(*) number from alerts join entries on entries.id = alerts.entry
            where created >= ? and created < ? group by outlet order by number desc, outlet limit ?
            """,
            (to_milliseconds(since), to_milliseconds(until), most),
        )
        return [(row["outlet"], row["number"]) for row in rows]

    def carried(self, *, since: datetime, until: datetime, most: int) -> list[tuple[Headline, int, int]]:
        """The stories most carried in a time: first entry, outlets and entries, the most carried first."""
        rows = self._rows(
            """
            with wide as (
                select story, count(distinct outlet) outlets, count(*) number from entries
                where seen >= ? and seen < ? group by story having count(*) > 1
                order by outlets desc, number desc, story limit ?
            )
            select entries.*, outlets, number from wide join entries on entries.id =
                (select id from entries first where first.story = wide.story order by seen, id limit 1)
            order by outlets desc, number desc, entries.id
            """,
            (to_milliseconds(since), to_milliseconds(until), most),
        )
        return [(_to_headline(row), row["outlets"], row["number"]) for row in rows]

    def story(self, story: StoryId, *, most: int) -> Whole | None:
        """A story with its first `most` entries; None where there is none of this number."""
        rows = self._rows(
            "select * from entries where story = ? order by seen, id limit ?", (story, most + 1)
        )
        if not rows:
            return None
        number = len(rows)
        if number > most:
            number = self._rows("select count(*) n from entries where story = ?", (story,))[0]["n"]
        seen = self._rows("select min(seen) first, max(seen) last from entries where story = ?", (story,))[0]
        told = self._rows(
            """
            select alerts.*, acks.made acked, person, (
                select json_group_array(json_array(receiver, state)) from deliveries where alert = alerts.id
            ) receivers
            from alerts left join acks on acks.alert = alerts.id where story = ? order by created, id
            """,
            (story,),
        )
        return Whole(
            story=story,
            title=rows[0]["title"],
            first_seen=from_milliseconds(seen["first"]),
            last_seen=from_milliseconds(seen["last"]),
            entries=tuple(_to_arrived(row) for row in rows[:most]),
            more=max(0, number - most),
            tellings=tuple(
                Told(
                    rule=row["rule"],
                    title=row["title"],
                    kind=Kind(row["kind"]),
                    severity=Severity(row["severity"]),
                    lead=row["lead"],
                    created=from_milliseconds(row["created"]),
                    acknowledged=None if row["acked"] is None else row["person"],
                    receivers=tuple((name, state) for name, state in json.loads(row["receivers"])),
                )
                for row in told
            ),
            corrections=self._corrections("entry in (select id from entries where story = ?)", story),
        )

    def coverage(self, story: StoryId) -> list[tuple[datetime, EntryId]]:
        """When each entry of a story was seen, with its lead; the oldest first."""
        rows = self._rows("select seen, lead from entries where story = ? order by seen, id", (story,))
        return [(from_milliseconds(row["seen"]), row["lead"]) for row in rows]

    def corrected(self) -> list[tuple[Correction, Entry, Entry]]:
        """Every correction, the entry it moved, and what that was moved away from or joined to.

        A split tells the entry from the first entry of its old story; a merge joins it to the first of its
        new one. Corrections of an entry whose counterpart is no longer stored are left out.
        """
        rows = self._rows("select * from corrections order by made, rowid")
        found = []
        for made in map(_to_correction, rows):
            other = made.was if made.verb == "split" else made.story
            pair = self._entry(made.entry), self._first_of(other, besides=made.entry)
            if pair[0] and pair[1]:
                found.append((made, pair[0], pair[1]))
        return found

    def _entry(self, entry: EntryId) -> Entry | None:
        rows = self._rows("select * from entries where id = ?", (entry,))
        return to_entry(rows[0]) if rows else None

    def _first_of(self, story: StoryId, *, besides: EntryId) -> Entry | None:
        rows = self._rows(
            "select * from entries where story = ? and id <> ? order by seen, id limit 1", (story, besides)
        )
        return to_entry(rows[0]) if rows else None

    # ---- search -------------------------------------------------------------------------------------------

    def search(self, query: str, *, most: int, before: int = 0) -> tuple[list[Headline], int]:
        """The newest entries with these words, and where to go on (`before` of the next call), or 0.

        Words must all be there; "in quotes" side by side; word* begins so (three letters or more); -word is
        not there. Case and accents do not count. A query without a word finds nothing.
        """
        wanted = expression(query)
        if not wanted:
            return [], 0
        rows = self._rows(
            """
            select entries.*, number from catalogue_words words
            join catalogue on number = words.rowid join entries on entries.id = entry
            where catalogue_words match ? and words.rowid < ? order by words.rowid desc limit ?
            """,
            (wanted, before or (1 << 62), most + 1),
        )
        more = rows[most - 1]["number"] if len(rows) > most else 0
        return [_to_headline(row) for row in rows[:most]], more

    # ---- feeds and receivers ------------------------------------------------------------------------------

    def feeds(self, *, now: datetime) -> list[FeedRow]:
        """The feeds of the desk by name, with what they brought in the last 24 hours."""
        rows = self._rows(
            """
            select *, (
                select group_concat((:end - seen) / :hour) from entries
                where feed = name and seen > :end - :day and seen <= :end
            ) ago
            from feeds where enabled order by name
            """,
            {"end": to_milliseconds(now), "hour": _HOUR, "day": _DAY},
        )
        return [
            FeedRow(row["name"], row["url"], to_feed_state(row), row["error"], _by_hour(row["ago"] or ""))
            for row in rows
        ]

    def open_deliveries(self) -> dict[str, dict[str, int]]:
        """How many deliveries are due, on their way, held, dead or muted, by receiver and state."""
        found: dict[str, dict[str, int]] = {}
        for row in self._rows(
            """
            select receiver, state, count(*) n from deliveries
            where state in ('due', 'sending', 'held', 'dead') group by receiver, state
            union all
            select receiver, 'muted', count(*) from deliveries where state = 'muted' group by receiver
            """
        ):
            found.setdefault(row["receiver"], {})[row["state"]] = row["n"]
        return found

    def sent(self, receivers: Collection[str], *, since: datetime) -> dict[str, tuple[int, datetime | None]]:
        """How many deliveries each of these took since then, and when it last took one."""
        rows = self._rows(
            """
            select value receiver,
                (select count(*) from deliveries where receiver = value and state = 'sent' and sent >= ?) n,
                (select max(sent) from deliveries where receiver = value and state = 'sent') last
            from json_each(?)
            """,
            (to_milliseconds(since), as_json(sorted(receivers))),
        )
        return {row["receiver"]: (row["n"], to_time(row["last"])) for row in rows}

    def queue(self, *, most: int) -> list[Waiting]:
        """The deliveries that are due, on their way, held or dead, by receiver and state, those due first."""
        rows = self._rows(
            """
            select deliveries.*, rule, story, created, json_extract(article, '$.title') title
            from deliveries join alerts on alerts.id = alert
            where deliveries.state in ('due', 'sending', 'held', 'dead') order by receiver, state, due limit ?
            """,
            (most,),
        )
        return [
            Waiting(
                receiver=row["receiver"],
                state=row["state"],
                alert=row["alert"],
                rule=row["rule"],
                story=row["story"],
                title=row["title"],
                due=from_milliseconds(row["due"]),
                created=from_milliseconds(row["created"]),
                attempts=row["attempts"],
                uncertain=bool(row["uncertain"]),
                error=row["error"],
            )
            for row in rows
        ]

    def outages(self) -> dict[str, Outage]:
        """The receivers that take nothing, by name."""
        return {
            row["receiver"]: Outage(
                from_milliseconds(row["since"]), row["tries"], from_milliseconds(row["until"]), row["error"]
            )
            for row in self._rows("select * from outages order by receiver")
        }

    def concerns(self, *, overdue: datetime) -> Concerns:
        """What people should see to; feeds that were due before `overdue` should have been read."""
        row = self._rows(
            """
            select min(iif(next_poll < ?, next_poll, null)) since, sum(error <> '' or gone) failing
            from feeds where enabled
            """,
            (to_milliseconds(overdue),),
        )[0]
        dead = self._rows(
            "select count(*) n from deliveries where state = 'dead'"
            " and state in ('due', 'sending', 'held', 'dead')"  # as the index of what is open says it
        )
        escalating = self._rows(
            """
            select story, receiver, due, json_extract(article, '$.title') title
            from deliveries join alerts on alerts.id = alert
            where state = 'due' and state in ('due', 'sending', 'held', 'dead') and escalated
                and not exists (select 1 from acks where acks.alert = deliveries.alert)
            group by story, receiver order by due limit ?
            """,
            (_MOST_FOUND,),
        )
        return Concerns(
            overdue=to_time(row["since"]),
            failing=row["failing"] or 0,
            outages=self.outages(),
            dead=dead[0]["n"],
            escalating=tuple(
                Escalating(one["story"], one["title"], one["receiver"], from_milliseconds(one["due"]))
                for one in escalating
            ),
        )

    # ---- silences -----------------------------------------------------------------------------------------

    def silences(self, *, now: datetime) -> list[tuple[Silence, int]]:
        """The silences that have not ended, with how many deliveries each has muted; the latest first."""
        rows = self._rows(
            """
            select silences.*, (select count(*) from deliveries where silence = silences.id) muted
            from silences where ends > ? order by ends desc
            """,
            (to_milliseconds(now),),
        )
        return [(to_silence(row), row["muted"]) for row in rows]


# ---- queries and rows --------------------------------------------------------------------------------------


def searched(query: str) -> list[tuple[bool, str, bool]]:
    """What a query asks for, part by part: whether it must be there, the words, whether more may follow."""
    found = []
    for match in _SEARCHED.finditer(query):
        minus, phrase, word = match.groups()
        if word is not None:
            minus, word = ("-", word[1:]) if word.startswith("-") else ("", word)
        text = phrase if word is None else word.rstrip("*")
        if re.search(r"\w", text):
            begins = word is not None and word.endswith("*") and len(text) >= _FEWEST_LETTERS
            found.append((not minus, text, begins))
    return found


def expression(query: str) -> str:
    """The query as FTS5 reads it; "" where no word must be there. No text of it is taken for syntax."""
    parts = searched(query)
    wanted = " AND ".join(_phrase(text, begins=begins) for must, text, begins in parts if must)
    barred = "".join(f" NOT {_phrase(text, begins=begins)}" for must, text, begins in parts if not must)
    return f"({wanted}){barred}" if wanted else ""


def _phrase(text: str, *, begins: bool = False) -> str:
    """Words in a row as an FTS5 string, in which only a quotation mark needs care."""
    quoted = asked(text).replace('"', '""').replace("\0", " ")
    return f'"{quoted}"' + " *" * begins


def _by_hour(ago: str) -> tuple[int, ...]:
    """How many in each of the last 24 hours, the latest last, of "3,3,0": how many hours ago each was."""
    counts = Counter(ago.split(",")) if ago else Counter[str]()
    return tuple(counts[str(hour)] for hour in range(23, -1, -1))


def _muted(row: sqlite3.Row) -> str:
    if row["silence"] is None:
        return ""
    by = f", {row['person']}" if row["person"] else ""
    ends = from_milliseconds(row["ends"])
    about = f"{row['scope']} {row['value']}"
    return f"silence {row['silence']} of {about} until {ends:%Y-%m-%d %H:%M} UTC: {row['comment']}{by}"


def _to_digest(row: sqlite3.Row) -> Digest | None:
    if row["letter"] is None:
        return None
    return Digest(
        made=from_milliseconds(row["letter_made"]),
        state=row["letter_state"],
        due=from_milliseconds(row["letter_due"]),
        attempts=row["letter_attempts"],
        uncertain=bool(row["letter_uncertain"]),
        error=row["letter_error"],
        sent=to_time(row["letter_sent"]),
    )


def _to_headline(row: sqlite3.Row) -> Headline:
    return Headline(
        entry=row["id"],
        story=row["story"],
        lead=row["lead"],
        feed=row["feed"],
        outlet=row["outlet"],
        link=row["link"],
        title=row["title"],
        summary=row["summary"] or row["body"],
        lang=row["lang"],
        seen=from_milliseconds(row["seen"]),
        published=to_time(row["published"]),
    )


def _to_arrived(row: sqlite3.Row) -> Arrived:
    return Arrived(
        entry=to_entry(row),
        status=Status(row["status"]),
        seen=from_milliseconds(row["seen"]),
        edited=to_time(row["edited"]),
        story=row["story"],
        lead=row["lead"],
        of=row["copy_of"],
        kind=Kind(row["verdict"]),
        score=row["score"],
        why=row["why"],
    )


def _to_correction(row: sqlite3.Row) -> Correction:
    return Correction(from_milliseconds(row["made"]), row["verb"], row["entry"], row["was"], row["story"])
