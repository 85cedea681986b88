"""Documents as entries; the only user of feedparser, which it hands bytes and never names or addresses.

Runs in a worker process (workers.py): feedparser takes minutes and gigabytes over some documents.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
import warnings
from collections import defaultdict
from dataclasses import dataclass, replace
from hashlib import blake2b
from html import unescape
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from monitor import urls
from monitor.errors import ParseError
from monitor.feeds import aggregators, dates, language, offer, scan, sitemap
from monitor.feeds.markup import plain
from monitor.model import Entry, identity
from monitor.text import language_code, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from monitor.feeds.scan import Scanned
    from monitor.model import EntryId, Feed, Offer, Print

_LANGUAGE = re.compile(r"([a-z]{2})(?![a-z])", re.IGNORECASE)
_HREF = re.compile(r"""\bhref=("[^"<>]{1,2000}"|'[^'<>]{1,2000}')""", re.IGNORECASE)
_MOST_LINKS = 20  # of one text; longer lists are menus
_LONGEST_TITLE = 2_000  # characters; what goes on longer is a body in the wrong place
_LONGEST_KEY = 2_000  # characters of a guid or link that are kept
# What feedparser was seen to raise; whatever else it does ends its process, not ours.
_BROKEN = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RecursionError,
    SAXException, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document gave: its entries, without those that stood unchanged in the last one.

    `marks` is what to know it by next time (scan.pack); `familiar` counts the items that were left out;
    `hint` is how long the feed says that it stays as it is. `prints` are added by the worker, which
    leaves out entries beyond the most that are taken in at once (worker.py). `offer` is what the document
    says of push, None where it could not be looked at for that.
    """

    entries: tuple[Entry, ...]
    marks: bytes = b""
    familiar: int = 0
    hint: timedelta | None = None
    prints: tuple[Print, ...] = ()
    beyond: int = 0
    offer: Offer | None = None


def parse(body: bytes, *, feed: Feed, content_type: str, now: datetime) -> tuple[Entry, ...]:
    """The entries of an RSS, Atom, RDF or JSON Feed document or a news sitemap, in its order.

    Links are resolved against feed.url. An entry without guid, link and title is left out, and so is one
    that says again what another of the same guid says. Raises ParseError for what is no feed.
    """
    return read(body, feed=feed, content_type=content_type, now=now).entries


def read(body: bytes, *, feed: Feed, content_type: str, now: datetime, marks: bytes = b"") -> Reading:
    """The same for a document whose items of these `marks` (an earlier Reading's) have been taken in.

    They are left out unparsed; the others are what parsing the whole would have made of them.
    """
    if not body.strip():
        raise ParseError("the document is empty")
    try:
        return _reading(body, content_type, feed=feed, now=now, marks=marks)
    except _BROKEN as error:
        raise ParseError(f"the parser broke on the document ({type(error).__name__})") from error


@dataclass(frozen=True, slots=True)
class _Item:
    """An item as its document has it, whatever its format; what is missing is the empty string."""

    guid: str
    link: str
    title: str
    summary: str
    content: str
    date: str
    language: str
    source: str = ""  # who published it, where the document says so, and where they are at home
    source_url: str = ""
    outlet: str = ""  # whose the document is, as it says: for a feed that the operator has given no outlet


@dataclass(frozen=True, slots=True)
class _Items:
    """The items of a document, and what it says of them all: its language, and its site's address."""

    items: list[_Item]
    language: str
    home: str


# ---- readings ----------------------------------------------------------------------------------------------


def _reading(body: bytes, content_type: str, *, feed: Feed, now: datetime, marks: bytes) -> Reading:
    text = decoded(body, content_type)
    if text is None:
        headers = {"content-type": content_type} if content_type else {}
        return Reading(_entries(_feedparser_items(body, headers), feed, now)[0])
    text = text.lstrip("\ufeff \t\r\n\f\0")
    if text.startswith(("{", "[")):
        items, offered = _json_items(text, feed.url)
        return Reading(_entries(items, feed, now)[0], offer=offered)
    text = _without_prolog(text)
    if _HTML.match(text):
        raise ParseError("the document is an HTML page, not a feed")
    text = _well_formed(text)
    if sitemap.is_one(text):
        text = sitemap.of_news(text)
    document = text.encode("utf-8", "replace")
    scanned = scan.scan(document, context=f"{feed.name} {feed.url}")
    if scanned is None:
        return Reading(_entries(_xml_items(document), feed, now)[0])
    known = scan.unpack(marks)
    familiar = {mark: known[mark] for mark in scanned.marks if mark in known}
    reading = _rest(scanned, familiar, feed, now) or _whole(scanned, feed, now)
    return replace(reading, offer=offer.of_links(scanned.links, url=feed.url))


def _rest(scanned: Scanned, familiar: Mapping[int, EntryId], feed: Feed, now: datetime) -> Reading | None:
    """The entries that are not familiar; None where they cannot be told without the others."""
    rest = [mark for mark in scanned.marks if mark not in familiar]
    left_out = len(scanned.marks) - len(rest)
    if not familiar:
        return None
    if not rest:
        ids = [familiar[mark] for mark in scanned.marks]
        return Reading((), scan.pack(scanned.marks, ids), left_out, scanned.hint)
    entries, ids = _entries(_xml_items(scanned.without(familiar)), feed, now)
    if len(ids) != len(rest) or not set(familiar.values()).isdisjoint(ids):
        return None
    new = iter(ids)
    all_ids = [familiar[mark] if mark in familiar else next(new) for mark in scanned.marks]
    return Reading(entries, scan.pack(scanned.marks, all_ids), left_out, scanned.hint)


def _whole(scanned: Scanned, feed: Feed, now: datetime) -> Reading:
    entries, ids = _entries(_xml_items(scanned.document), feed, now)
    marks = scan.pack(scanned.marks, ids) if len(ids) == len(scanned.marks) else b""
    return Reading(entries, marks, hint=scanned.hint)


def _entries(found: _Items, feed: Feed, now: datetime) -> tuple[tuple[Entry, ...], list[EntryId]]:
    """The entries, and the plain id of each item: its guid's, link's or title's, whoever shares it."""
    made = [_entry(item, feed, found, now) for item in found.items]
    good = [
        entry for item, entry in zip(found.items, made, strict=True) if item.guid or item.link or item.title
    ]
    return tuple(_distinct(good)), [entry.id for entry in made]


# ---- entries -----------------------------------------------------------------------------------------------


def _entry(item: _Item, feed: Feed, of: _Items, now: datetime) -> Entry:
    title = one_line(plain(item.title[: _LONGEST_TITLE * 4]))[:_LONGEST_TITLE]
    linked = _absolute(item.link, feed.url)
    link = aggregators.behind(linked)
    source = aggregators.source(
        feed, home=of.home, linked=linked, link=link, name=plain(item.source), url=item.source_url
    )
    if source is not None:
        title = aggregators.without_name(title, source.name)
    if feed.aggregator is not False and aggregators.leads(linked):
        item = _without_lists(item)
    summary, body = _texts(plain(item.summary), plain(item.content))
    published = dates.published(item.date, now=now)
    day = published.date().isoformat() if published else ""
    if source is None and feed.outlet == feed.name and (publication := plain(item.outlet)):
        source = aggregators.Source(publication, aggregators.site(link))  # of a sitemap without an outlet
    outlet = source.name if source else feed.outlet
    opaque = aggregators.is_opaque(link)
    guid = "" if opaque and item.guid in item.link else item.guid
    page = link if link != linked else item.link
    declared = _language(item.language) or _language(of.language)
    key = (guid or ("" if opaque else page)) or "\n".join(([outlet] if opaque else []) + [title, day])
    return Entry(
        id=identity(feed.name, key),
        feed=feed.name,
        outlet=outlet,
        guid=item.guid,
        link=link,
        title=title,
        summary=summary,
        body=body,
        published=published,
        lang=feed.lang or language.spoken(title, summary or body, declared),
        digest=_digest(
            title, summary, body, "" if opaque else link, *([day] if feed.recurring and day else [])
        ),
        links=_links(item.summary) + _links(item.content),
        origin=source.site if source else "",
    )


def _without_lists(item: _Item) -> _Item:
    """The item without texts that are lists of headlines: those of others, and its own once more."""
    lists = aggregators.lists_headlines
    return replace(
        item,
        summary="" if lists(item.summary) else item.summary,
        content="" if lists(item.content) else item.content,
    )


def _links(markup: str) -> tuple[str, ...]:
    """The addresses that the markup points at, the first ones of it."""
    if "href" not in markup:
        return ()
    return tuple(unescape(found[1].strip("\"'")) for found in islice(_HREF.finditer(markup), _MOST_LINKS))


def _texts(summary: str, content: str) -> tuple[str, str]:
    """Summary and body; a content that only repeats the summary is none."""
    if not summary:
        return "", content
    return (summary, "") if content in summary else (summary, content)


def _absolute(link: str, base: str) -> str:
    """The link as an absolute http(s) address, or ""."""
    try:
        address = urljoin(base, link.replace(" ", "%20")) if link else ""
    except ValueError:
        return ""
    return address if address and not urls.problem(address) else ""


def _language(tag: str | None) -> str | None:
    found = _LANGUAGE.match(tag.strip()) if tag else None
    return language_code(found.group(1)) if found else None


def _digest(*parts: str) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def _distinct(entries: list[Entry]) -> Iterator[Entry]:
    """The entries, those that share a guid without sharing their title and link under keys of their own.

    Feeds are written newest first: the last of such a group is the one that stood there before, so it keeps
    the plain key, and what came later under the same guid is neither swallowed nor taken for an edit.
    """
    groups: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.id].append(entry)
    said: set[tuple[int, tuple[str, str]]] = set()
    for entry in entries:
        if (entry.id, _shown(entry)) in said:
            continue
        said.add((entry.id, _shown(entry)))
        if _shown(entry) == _shown(groups[entry.id][-1]):
            yield entry
        else:
            title, link = _shown(entry)
            yield replace(entry, id=identity(entry.feed, entry.guid, link, title))


def _shown(entry: Entry) -> tuple[str, str]:
    """Title and link, without a link that may be another at the next poll."""
    return entry.title, "" if aggregators.is_opaque(entry.link) else entry.link


# ---- documents ---------------------------------------------------------------------------------------------


_XML = {"content-type": "application/xml; charset=utf-8"}
_HTML = re.compile(r"<html[\s>]", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})[\"']")
_WIDE = (b"\x00<", b"<\x00", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\x00\x00\x00<")
_FEWEST_GOOD = 50  # good characters beyond ASCII for each broken one
_SUPERSETS = {"gb2312": "gb18030", "iso-8859-1": "windows-1252", "us-ascii": "windows-1252"}


def decoded(body: bytes, content_type: str) -> str | None:
    """The document as text, or None where only feedparser's own guesses are left.

    What is valid UTF-8 is UTF-8, whatever it is labelled: bytes beyond ASCII fall into that pattern by
    intent only. A label is believed next, even if a few characters are broken: feedparser would turn the
    whole document into another alphabet for the sake of one.
    """
    if body.startswith(_WIDE):
        return None
    declared = _DECLARED.match(body)
    labels = [found.group(1) for found in [_CHARSET.search(content_type)] if found]
    labels += [declared.group(1).decode("ascii")] if declared else []
    if not body.isascii():
        labels.insert(0, "utf-8")
    for label in labels:
        text = _decode(body, label, errors="strict")
        if text is not None:
            return text
    for label in (*labels[1:], "utf-8"):
        text = _decode(body, label, errors="replace")
        if text is not None and _mostly_good(text):
            return text
    return None


def _decode(body: bytes, label: str, *, errors: str) -> str | None:
    try:
        return body.decode(_SUPERSETS.get(label.lower(), label), errors)
    except (LookupError, ValueError):
        return None


def _mostly_good(text: str) -> bool:
    broken = text.count("\ufffd")
    beyond_ascii = sum(len(run) for run in _BEYOND_ASCII.findall(text))
    return broken * _FEWEST_GOOD <= beyond_ascii


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_SUBSET_OR_END = re.compile(r"[\[>]")
_PROLOG_ENDS = (("<!--", "-->"), ("<?", "?>"))


def _without_prolog(text: str) -> str:
    """The document from its root on: 24 KB of blank lines before it cost feedparser 5 s, a DOCTYPE can grow.

    A DOCTYPE's own entities go with it; those of HTML are known without.
    """
    at = 0
    while True:
        at = _SPACE_RUN.match(text, at).end()  # type: ignore[union-attr]  # matches everywhere
        end = _prolog_part_end(text, at)
        if end < 0:
            return text[at:]
        at = end


_SPACE_RUN = re.compile(r"[\s\ufeff]*+")


def _prolog_part_end(text: str, at: int) -> int:
    """Behind the declaration, comment, instruction or DOCTYPE that begins here; -1 if none does."""
    for begin, end in _PROLOG_ENDS:
        if text.startswith(begin, at):
            found = text.find(end, at)
            return found + len(end) if found >= 0 else -1
    if text[at : at + 9].upper() != "<!DOCTYPE":
        return -1
    mark = _SUBSET_OR_END.search(text, at)
    if mark is None:
        return -1
    if mark.group() == "[":
        subset = text.find("]", mark.end())
        found = text.find(">", subset) if subset >= 0 else -1
        return found + 1 if found >= 0 else -1
    return mark.end()


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:([0-9]{1,7})|[xX]([0-9a-fA-F]{1,6})|[0-9]{8,}+|[xX][0-9a-fA-F]{7,}+);")


def _well_formed(text: str) -> str:
    """Without the characters that XML 1.0 §2.2 forbids and the references to them, on which parsers break."""
    text = _FORBIDDEN.sub(" ", text)
    return _REFERENCE.sub(_allowed_reference, text) if "&#" in text else text


def _allowed_reference(found: re.Match[str]) -> str:
    decimal, hexadecimal = found.groups()
    number = int(decimal) if decimal else int(hexadecimal or "110000", 16)
    allowed = number <= sys.maxunicode and not _FORBIDDEN.match(chr(number))
    return found.group() if allowed else "\ufffd"


# ---- news sitemaps -----------------------------------------------------------------------------------------


def _xml_items(document: bytes) -> _Items:
    """The items of a document in UTF-8 that begins with its root."""
    if sitemap.is_one(document[:1_000].decode("utf-8", "replace")):
        return _Items([_sitemap_item(one) for one in sitemap.items(document)], "", "")
    return _feedparser_items(document, _XML)


def _sitemap_item(one: sitemap.Item) -> _Item:
    link = one_line(one.link)[:_LONGEST_KEY]
    outlet = one_line(one.outlet)
    return _Item(
        guid="",
        link=link,
        title=one.title,
        summary="",
        content="",
        date=one.date,
        language=one.language,
        source=outlet,
        source_url=link,
        outlet=outlet,
    )


# ---- feedparser --------------------------------------------------------------------------------------------


def _feedparser_items(document: bytes, headers: Mapping[str, str]) -> _Items:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its deprecations are ours to meet on an upgrade, not each poll
        result = feedparser.parse(
            BytesIO(document), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    if not result.entries and not result.version:
        raise ParseError("the document is no feed")
    items = [_feedparser_item(entry) for entry in result.entries]
    return _Items(items, _text(result.feed, "language"), _link(result.feed))


def _feedparser_item(entry: Any) -> _Item:
    return _Item(
        guid=one_line(_text(entry, "id"))[:_LONGEST_KEY],
        link=one_line(_link(entry))[:_LONGEST_KEY],
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        content=_content(entry),
        date=next(filter(None, (_text(entry, name) for name in ("published", "created", "updated"))), ""),
        language=_detail_language(entry),
        **_source(entry),
    )


def _source(entry: Any) -> dict[str, str]:
    """Who published it: RSS's `<source url>`, Atom's `<source>`, Bing's `<News:Source>`."""
    said = dict.get(entry, "source") or {}
    name = _text(said, "title") or _text(entry, "news_source")
    return {"source": name, "source_url": _text(said, "href") or _link(said)} if name else {}


def _text(found: Any, name: str) -> str:
    """A field as text; `dict.get` because feedparser's own answers for one field with another."""
    value = dict.get(found, name)
    return value if isinstance(value, str) else ""


def _link(entry: Any) -> str:
    """The link of the page: RSS's, or Atom's alternate; a guid that says it is one; the first of any."""
    links: Iterable[Any] = dict.get(entry, "links") or ()
    alternate = (_text(link, "href") for link in links if _text(link, "rel") == "alternate")
    return _text(entry, "link") or next(filter(None, alternate), "")


def _content(entry: Any) -> str:
    contents: Iterable[Any] = dict.get(entry, "content") or ()
    return max((_text(content, "value") for content in contents), key=len, default="")


def _detail_language(entry: Any) -> str:
    detail = dict.get(entry, "title_detail") or {}
    return _text(detail, "language")


# ---- JSON Feed ---------------------------------------------------------------------------------------------


def _json_items(text: str, url: str) -> tuple[_Items, Offer]:
    """The items of a JSON Feed (https://www.jsonfeed.org/version/1.1/), and its offer.

    `next_url` is not followed.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError("the document is broken JSON") from error
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list) or "jsonfeed.org/version/" not in str(document.get("version")):
        raise ParseError("the document is JSON, but no JSON Feed")
    made = [_json_item(item) for item in items if isinstance(item, dict)]
    found = _Items(made, _json_text(document, "language"), _json_text(document, "home_page_url"))
    return found, offer.of_json(document, url=url)


def _json_item(item: Mapping[str, object]) -> _Item:
    link = one_line(_json_text(item, "url") or _json_text(item, "external_url"))[:_LONGEST_KEY]
    return _Item(
        guid=one_line(_json_text(item, "id"))[:_LONGEST_KEY],
        link=link,
        title=_json_text(item, "title"),
        summary=_json_text(item, "summary"),
        content=_json_text(item, "content_html") or _json_text(item, "content_text"),
        date=_json_text(item, "date_published") or _json_text(item, "date_modified"),
        language=_json_text(item, "language"),
        **_json_source(item, link),
    )


def _json_source(item: Mapping[str, object], link: str) -> dict[str, str]:
    """The author, where that is whose page the item leads to; others are people who write for the outlet."""
    authors = item.get("authors") or [item.get("author")]  # version 1.0 had one
    for author in authors if isinstance(authors, list) else []:
        if isinstance(author, dict) and (name := _json_text(author, "name")):
            url = _json_text(author, "url")
            if url and aggregators.site(url) == aggregators.site(link):
                return {"source": name, "source_url": url}
    return {}


def _json_text(found: Mapping[str, object], name: str) -> str:
    """A field as text; an id may be a number (version 1.1 asks readers to take it)."""
    value = found.get(name)
    if isinstance(value, str):
        return value
    return str(value) if name == "id" and isinstance(value, (int, float)) else ""
