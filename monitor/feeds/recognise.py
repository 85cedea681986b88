"""Old entries under new names: a feed whose guids all changed shows no news.

A new system behind an outlet's pages gives every entry another guid, and often another link. Where nothing
of a document is known by id, its entries are compared with those that stand by link, title and date.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from monitor.model import Entry, EntryId

    _Traits = Callable[[Entry], Iterator["_Trait"]]

_APART = timedelta(hours=72)  # dates further apart than the stories' window speak of two entries
_MOST_BY_TITLE = 0.5  # of the document must be known by title before a title alone says anything

_Trait = tuple[str, ...]


def recognised(entries: Sequence[Entry], standing: Sequence[Entry]) -> dict[EntryId, EntryId]:
    """The ids of the entries that stand already, with the ids they stand under.

    Two of link, title and date must agree and the third not contradict; a title alone will do where at
    least half of the document is known by its titles. What fits several is nobody.
    """
    found = _matched(entries, standing, _pairs)
    rest = [entry for entry in entries if entry.id not in found]
    taken = set(found.values())
    by_title = _matched(rest, [entry for entry in standing if entry.id not in taken], _title)
    if len(found) + len(by_title) >= _MOST_BY_TITLE * len(entries):
        found |= by_title
    return found


def _matched(entries: Sequence[Entry], standing: Sequence[Entry], traits: _Traits) -> dict[EntryId, EntryId]:
    said = Counter(trait for entry in entries for trait in traits(entry))
    known: dict[_Trait, list[Entry]] = {}
    for entry in standing:
        for trait in traits(entry):
            known.setdefault(trait, []).append(entry)
    found: dict[EntryId, EntryId] = {}
    taken: set[EntryId] = set()
    for entry in entries:
        fitting = (known.get(trait, []) for trait in traits(entry) if said[trait] == 1)
        other = next((fits[0] for fits in fitting if len(fits) == 1 and _may_be(entry, fits[0])), None)
        if other is not None and other.id not in taken:
            found[entry.id] = other.id
            taken.add(other.id)
    return found


def _pairs(entry: Entry) -> Iterator[_Trait]:
    link, title = canonical(entry.link) or entry.link, entry.title.casefold()
    date = entry.published.isoformat() if entry.published else ""
    if title:
        yield ("link and title", link, title)
    if title and date:
        yield ("title and date", title, date)
    if link and date:
        yield ("link and date", link, date)


def _title(entry: Entry) -> Iterator[_Trait]:
    if entry.title:
        yield ("title", entry.title.casefold())


def _may_be(one: Entry, other: Entry) -> bool:
    if one.published is None or other.published is None:
        return True
    return abs(one.published - other.published) <= _APART
