"""Rows and the values they hold: as_… makes a column of a value, to_… a value of a row. Touches nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.model import (
    Alert,
    Candidate,
    Entry,
    FeedState,
    Kind,
    Match,
    Mention,
    Severity,
    Told,
    Validators,
)
from monitor.stories.fingerprint import fingerprint, unpack

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from monitor.model import Fingerprint


def to_milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, as the tables keep time."""
    return round(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """The aware UTC datetime of a stored time."""
    return datetime.fromtimestamp(value / 1000, tz=UTC)


def as_span(length: timedelta) -> int:
    """Milliseconds."""
    return round(length.total_seconds() * 1000)


def as_moment(moment: datetime | None) -> int | None:
    """Milliseconds since 1970 UTC; None stays None."""
    return None if moment is None else to_milliseconds(moment)


def to_time(value: int | None) -> datetime | None:
    """The aware UTC datetime of a stored time; None stays None."""
    return None if value is None else from_milliseconds(value)


def as_json(values: Collection[Any]) -> str:
    """The values as a JSON list, for json_each."""
    return json.dumps(list(values))


def as_mentions(match: Match) -> str:
    """A match's mentions as JSON."""
    return json.dumps(
        [[m.what, m.field, m.start, m.end, m.surface] for m in match.mentions], ensure_ascii=False
    )


def to_match(row: sqlite3.Row) -> Match:
    """The match of an alert's row; whom it is sent to stands in the deliveries."""
    return Match(
        rule=row["rule"],
        title=row["title"],
        severity=Severity(row["severity"]),
        send=(),
        mentions=tuple(Mention(*mention) for mention in json.loads(row["mentions"])),
    )


def as_article(entry: Entry) -> str:
    """An entry as JSON, as it was when an alert was decided."""
    fields = asdict(entry) | {"published": as_moment(entry.published)}
    del fields["links"], fields["origin"]
    if not entry.text:
        del fields["text"]
    return json.dumps(fields, ensure_ascii=False)


def to_article(text: str) -> Entry:
    """The entry that `as_article` made this of."""
    article = json.loads(text)
    return Entry(**article | {"published": to_time(article["published"])})


def to_told(row: sqlite3.Row) -> Told:
    """What an alert's row tells."""
    return Told(
        alert=row["id"],
        kind=Kind(row["kind"]),
        match=to_match(row),
        entry=to_article(row["article"]),
        decided=from_milliseconds(row["created"]),
        outlets=row["outlets"],
    )


def to_alert(row: sqlite3.Row) -> Alert:
    """The alert of a row; whom it is sent to stands in the deliveries."""
    return Alert(
        id=row["id"],
        story=row["story"],
        rule=row["rule"],
        kind=Kind(row["kind"]),
        lead=row["lead"],
        entry=to_article(row["article"]),
        match=to_match(row),
        outlets=row["outlets"],
    )


def to_feed_state(row: sqlite3.Row) -> FeedState:
    """What is remembered of a feed."""
    return FeedState(
        validators=Validators(row["etag"], row["last_modified"], row["digest"]),
        last_good=to_time(row["last_good"]),
        failures=row["failures"],
        next_poll=from_milliseconds(row["next_poll"]),
        marks=row["marks"],
        shown=row["shown"],
        pace=row["pace"],
        stays=None if row["stays"] is None else timedelta(milliseconds=row["stays"]),
        whole=to_time(row["whole"]),
        last_new=to_time(row["last_new"]),
        gap=to_time(row["gap"]),
        silent=bool(row["silent"]),
        gone=bool(row["gone"]),
        moved=row["moved"],
        moves=row["moves"],
        address=row["address"],
        unsettled=row["unsettled"],
        rung=to_time(row["rung"]),
        owed=row["owed"],
        rests=to_time(row["rests"]),
    )


def as_feed_state(state: FeedState, error: str) -> tuple[object, ...]:
    """What is remembered of a feed as its columns, from `etag` on, with why its last poll failed."""
    assert state.next_poll is not None, "a plan says when the feed is asked again"
    return (
        state.validators.etag,
        state.validators.last_modified,
        state.validators.digest,
        as_moment(state.last_good),
        state.failures,
        to_milliseconds(state.next_poll),
        error,
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
        state.unsettled,
        as_moment(state.rung),
        state.owed,
        as_moment(state.rests),
    )


def to_entry(row: sqlite3.Row) -> Entry:
    """The entry of a row."""
    return Entry(
        id=row["id"],
        feed=row["feed"],
        outlet=row["outlet"],
        guid=row["guid"],
        link=row["link"],
        title=row["title"],
        summary=row["summary"],
        body=row["body"],
        published=to_time(row["published"]),
        lang=row["lang"],
        digest=row["digest"],
    )


def to_candidate(row: sqlite3.Row) -> Candidate:
    """The entry of a row as the index holds it."""
    return Candidate(
        entry=row["id"],
        story=row["story"],
        lead=row["lead"],
        feed=row["feed"],
        outlet=row["outlet"],
        seen=from_milliseconds(row["seen"]),
        fingerprint=_fingerprint(row),
        published=to_time(row["published"]),
    )


def _fingerprint(row: sqlite3.Row) -> Fingerprint:
    """The entry's fingerprint; what no key finds is stored without, and it is made when it is wanted."""
    packed: str = row["fingerprint"]
    return unpack(packed) if packed else fingerprint(to_entry(row))
