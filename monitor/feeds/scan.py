"""Which items of a document stood unchanged in the last one: found with expat, and cut out before parsing.

feedparser takes some eighty times what expat takes, and in life nearly every item of a changed document is
known. What is left stands inside the document's own head, so it is parsed as it would be in the whole.
Where the scan is unsure it says so, and the whole is parsed: it may cost time, never an entry.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import EntryId

Mark = int

_ITEMS = frozenset({"item", "entry"})
_ADDRESSES = frozenset({"url"})  # the items of a sitemap
_DEEPEST = 100  # elements; what nests deeper is no feed that anyone reads
_DEEPEST_ITEM = 3  # rss/channel/item
_VERSION = "2"  # change it when the same item would come out of parse.py as another entry
_ROW = struct.Struct(">QQ")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}  # of the RSS 1.0 syndication module
_HINTS = frozenset({"ttl", "updateperiod", "updatefrequency"})
_LONGEST_TTL = 525_600  # minutes: a year
_LONGEST_FREQUENCY = 1_000
_ATOM_LINK = "http://www.w3.org/2005/Atom link"
_MOST_LINKS = 50  # of a document's own


@dataclass(frozen=True, slots=True)
class Scanned:
    """The items of a well-formed document: where each stands, and its mark.

    A mark is a hash of the item as written and of all that is said outside it and bears on it. `hint` is
    how long the feed says that it stays as it is (`ttl`, `sy:updatePeriod`); `links` are (rel, href) of
    Atom's links outside the items.
    """

    document: bytes
    spans: tuple[tuple[int, int], ...]
    marks: tuple[Mark, ...]
    hint: timedelta | None
    links: tuple[tuple[str, str], ...] = ()

    def without(self, familiar: Mapping[Mark, EntryId]) -> bytes:
        """The document without the items of these marks, everything else as it was."""
        pieces, at = [], 0
        for (begin, end), mark in zip(self.spans, self.marks, strict=True):
            if mark in familiar:
                pieces.append(self.document[at:begin])
                at = end
        return b"".join([*pieces, self.document[at:]])


_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,2000}-->\s*|<\?[^>]{0,500}>\s*){0,9}"
    rb"<(?:rss|feed|rdf:RDF|(urlset))[\s>]"
)
_ITEM = re.compile(rb"<(?:item|entry)[\s>]")
_ADDRESS = re.compile(rb"<url[\s>]")


def items_of(body: bytes) -> int:
    """How many items a document as it came seems to have; 0 unless it begins as a feed.

    It costs next to nothing, and says nothing about whether the document can be read.
    """
    root = _ROOT.match(body)
    return len((_ADDRESS if root[1] else _ITEM).findall(body)) if root else 0


def scan(document: bytes, *, context: str) -> Scanned | None:
    """The items of a UTF-8 document that begins with its root; None where the scan is unsure.

    `context` is what the entries hang on beside the document, such as its address.
    """
    scanner = _Scanner(document)
    try:
        scanner.run()
    except (expat.ExpatError, _UnsureError):
        return None
    key = blake2b(repr((_VERSION, context, scanner.outside)).encode("utf-8", "replace"), digest_size=32)
    marks = tuple(_mark(document[begin:end], key.digest()) for begin, end in scanner.spans)
    return Scanned(document, tuple(scanner.spans), marks, scanner.hint(), tuple(scanner.links))


def pack(marks: Sequence[Mark], ids: Sequence[EntryId]) -> bytes:
    """What is remembered of a document: 16 bytes for each item, the mark and its entry's plain id.

    Items that share an id are left out: how they are told apart hangs on the others, so they are parsed.
    """
    often = Counter(ids)
    return b"".join(_ROW.pack(mark, id_) for mark, id_ in zip(marks, ids, strict=True) if often[id_] == 1)


def unpack(packed: bytes) -> dict[Mark, EntryId]:
    """The marks of pack() with their entries' ids; nothing for what is cut short."""
    if len(packed) % _ROW.size:
        return {}
    return dict(_ROW.iter_unpack(packed))


def _mark(item: bytes, key: bytes) -> Mark:
    return int.from_bytes(blake2b(item, digest_size=8, key=key).digest(), "big")


class _UnsureError(Exception):
    """The document has items where feeds have none."""


class _Scanner:
    """One walk of expat through a document."""

    def __init__(self, document: bytes) -> None:
        self.spans: list[tuple[int, int]] = []
        self.outside: list[object] = []  # what stands above the items: names, attributes, namespaces
        self.links: list[tuple[str, str]] = []
        self._document = document
        self._path: list[tuple[str, tuple[str, ...]]] = []
        self._above: tuple[tuple[str, tuple[str, ...]], ...] | None = None  # the first item's ancestors
        self._items = _ITEMS
        self._item = ""
        self._begin = 0
        self._depth = 0
        self._said: dict[str, str] = {}
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True

    def run(self) -> None:
        self._leave_item()
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.Parse(self._document, True)  # noqa: FBT003  # "this is all of it"; takes no keyword
        self.outside.append(self._above)

    def hint(self) -> timedelta | None:
        minutes = self._said.get("ttl", "").strip()
        if minutes.isascii() and minutes.isdigit() and 0 < int(minutes[:7]) <= _LONGEST_TTL:
            return timedelta(minutes=int(minutes[:7]))
        period = _PERIODS.get(self._said.get("updateperiod", "").strip().lower())
        often = self._said.get("updatefrequency", "").strip()
        times = int(often) if often.isascii() and often.isdigit() and len(often) < 5 else 1  # noqa: PLR2004
        return None if period is None else period / min(max(times, 1), _LONGEST_FREQUENCY)

    # -- outside items

    def _leave_item(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def _namespace(self, prefix: str | None, uri: str) -> None:
        if not self._item:
            self.outside.append((prefix, uri))

    def _start(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(" ")[2].lower()
        self._depth += 1
        if self._depth == 1 and local == "urlset":
            self._items = _ADDRESSES
        if local in self._items:
            self._enter_item(name)
            return
        if self._depth > _DEEPEST:
            raise _UnsureError
        if len(self._path) == self._depth - 1 < _DEEPEST_ITEM - 1:
            self._path.append((name, tuple(attributes)))
        if name == _ATOM_LINK and len(self.links) < _MOST_LINKS:
            said = dict(zip(attributes[::2], attributes[1::2], strict=True))
            self.links.append((said.get("rel", ""), said.get("href", "")))
        if local in _HINTS and self._depth == _DEEPEST_ITEM:
            self._said.setdefault(local, "")
            self._parser.CharacterDataHandler = lambda text: self._say(local, text)

    def _say(self, name: str, text: str) -> None:
        self._said[name] = (self._said[name] + text)[:100]

    def _end(self, _name: str) -> None:
        self._depth -= 1
        del self._path[self._depth :]
        self._parser.CharacterDataHandler = None

    # -- inside an item

    def _enter_item(self, name: str) -> None:
        above = tuple(self._path)
        if self._above is None:
            self._above = above
        if self._depth > _DEEPEST_ITEM or len(above) != self._depth - 1 or above != self._above or not above:
            raise _UnsureError
        self._item = name
        self._begin = self._parser.CurrentByteIndex
        if not self._document.startswith((b"<item", b"<entry", b"<url"), self._begin):
            raise _UnsureError  # under a prefix: its namespace decides what it is
        self._parser.StartElementHandler = self._start_inside
        self._parser.EndElementHandler = self._end_inside

    def _start_inside(self, name: str, _attributes: list[str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST or name.rpartition(" ")[2].lower() in self._items:
            raise _UnsureError

    def _end_inside(self, name: str) -> None:
        self._depth -= 1
        if name != self._item:
            return
        at = self._parser.CurrentByteIndex
        if not self._document.startswith(b"</", at):
            raise _UnsureError  # <item/>
        self.spans.append((self._begin, self._document.index(b">", at) + 1))
        self._item = ""
        self._leave_item()
