"""Judging a stream of entries outside the daemon, one after the other, to see what becomes of them. Pure.

It walks as the daemon does (fingerprint, candidates within the window, place), without feeds, rules or a
database; a line in gives a line out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.model import Candidate, Entry
from monitor.stories.fingerprint import fingerprint
from monitor.stories.index import WINDOW, Window, keys
from monitor.stories.judge import place
from monitor.text import one_line

if TYPE_CHECKING:
    from datetime import timedelta

    from monitor.model import EntryId, Placement

NEEDED = ("id", "published", "title")
TEXTS = ("outlet", "feed", "link", "lang", "summary", "body")
FIELDS = (*NEEDED, *TEXTS)


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as a line gives it: its id as written, and when it appeared."""

    name: str
    seen: datetime
    entry: Entry
    unknown: frozenset[str]  # fields that are not read


class Trial:
    """The stream so far; times are those of the entries."""

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = Window(window)
        self._names: dict[str, EntryId] = {}
        self._written: list[str] = []

    def judge(self, line: str) -> tuple[dict[str, Any], frozenset[str]]:
        """The verdict on the entry of this line (ids as written), and the line's fields that are not read.

        Raises ValueError, saying what is wrong, where the line is no entry; the stream stays as it was.
        """
        item = read(line, number=len(self._written))
        if item.name in self._names:
            raise ValueError(f"the id {item.name!r} has been used before")
        placement = self._place(item)
        return self._told(item, placement), item.unknown

    def _place(self, item: Item) -> Placement:
        entry, made = item.entry, fingerprint(item.entry)
        its_keys = keys(made)
        near = self._window.near(its_keys, now=item.seen)
        found = place(entry.id, made, near, outlet=entry.outlet, now=item.seen)
        self._window.add(
            Candidate(entry.id, found.story, found.lead, entry.feed, entry.outlet, item.seen, made), its_keys
        )
        self._names[item.name] = entry.id
        self._written.append(item.name)
        return found

    def _told(self, item: Item, found: Placement) -> dict[str, Any]:
        return {
            "id": item.name,
            "story": self._written[found.story],
            "lead": self._written[found.lead],
            "verdict": found.verdict.kind.value,
            "of": None if found.of is None else self._written[found.of],
            "score": round(found.verdict.score, 1),
            "evidence": found.verdict.why,
        }


def read(line: str, *, number: EntryId) -> Item:
    """The entry that a line of JSON describes, under the number as its key. Raises ValueError."""
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("no JSON that anyone should write: nested too deep") from error
    if not isinstance(fields, dict):
        raise ValueError("no JSON object with id, published and title")  # noqa: TRY004 - the line is at fault
    missing = [name for name in NEEDED if fields.get(name) is None]
    if missing:
        raise ValueError(f"without {' and '.join(missing)}")
    return _item(fields, number)


def _item(fields: dict[str, Any], number: EntryId) -> Item:
    texts = {name: _text(fields, name) for name in ("title", *TEXTS)}
    seen = _moment(fields["published"])
    entry = Entry(
        id=number,
        feed=texts["feed"] or texts["outlet"],
        outlet=texts["outlet"],
        guid="",
        link=texts["link"],
        title=texts["title"],
        summary=texts["summary"],
        body=texts["body"],
        published=seen,
        lang=texts["lang"] or None,
        digest="",
    )
    if not isinstance(fields["id"], (str, int)) or isinstance(fields["id"], bool):
        raise ValueError("id is neither a text nor a whole number")  # noqa: TRY004 - the line is at fault
    return Item(str(fields["id"]), seen, entry, frozenset(fields) - frozenset(FIELDS))


def _text(fields: dict[str, Any], name: str) -> str:
    """The field on one line with single spaces, as the feeds room cleans it; absent is empty."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004 - the line is at fault
    return one_line(value)


def _moment(value: object) -> datetime:
    """ISO 8601, UTC where no zone is given, or seconds since 1970."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"published is {value!r}, no time such as 2026-03-02T09:30:00Z or 1772443800"
        ) from error
