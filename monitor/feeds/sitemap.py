"""News sitemaps read with expat: what each address is headed, who published it, when and in what language.

Tags are known by their namespace, whatever their prefix (https://www.sitemaps.org/protocol.html and
https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap). Decides only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.entities import html5
from xml.parsers import expat

from monitor import urls
from monitor.errors import ParseError

_ROOT = re.compile(r"<(?:[\w.-]+:)?(urlset|sitemapindex)[\s>]")
_NEWS = "schemas/sitemap-news/"  # of http://www.google.com/schemas/sitemap-news/0.9, or with https
_LOCATION = re.compile(r"<(?:[\w.-]+:)?loc\s*>\s*(?:<!\[CDATA\[)?\s*([^<\s]{1,300})(?=[<\s])")
_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);)(?:([a-zA-Z][a-zA-Z0-9]{0,31};))?"
)
_FIELDS = {
    "title": "title",
    "publication_date": "date",
    "name": "outlet",
    "language": "language",
}
_NAMED = 5  # sitemaps of an index that its refusal names
_LONGEST = 8_000  # characters of a field
_DEEPEST = 20  # elements
_PLACE = 3  # urlset/url/loc


@dataclass(frozen=True, slots=True)
class Item:
    """An address of a sitemap; empty where it is no news."""

    link: str = ""
    title: str = ""
    date: str = ""
    outlet: str = ""
    language: str = ""


def is_one(document: str) -> bool:
    """Whether a document that begins with its root is a sitemap, or an index of some."""
    return bool(_ROOT.match(document))


def of_news(document: str) -> str:
    """The sitemap with bare ampersands and references of HTML as XML has them: addresses are full of them.

    Raises ParseError for an index, with the addresses of its sitemaps, and for a sitemap of pages.
    """
    root = _ROOT.match(document)
    if root is not None and root[1] == "sitemapindex":
        raise ParseError(_refusal(document))
    if _NEWS not in document and _LOCATION.search(document):
        raise ParseError("the sitemap is of pages, not of news: it has no titles")
    return _REFERENCE.sub(_as_xml, document) if "&" in document else document


def _as_xml(found: re.Match[str]) -> str:
    named = html5.get(found[1] or "")
    return named if named is not None and named not in "&<>" else f"&amp;{found[1] or ''}"


def items(document: bytes) -> list[Item]:
    """The addresses of a sitemap in UTF-8, in its order. Raises ParseError for one that is broken."""
    reader = _Reader()
    reader.read(document)
    return reader.items


def listed(index: str) -> list[str]:
    """The addresses that an index of sitemaps lists, those that look like news first."""
    found = dict.fromkeys(map(unescape, _LOCATION.findall(index)))
    pollable = [address for address in found if not urls.problem(address)]
    return sorted(pollable, key=lambda address: "news" not in address.lower())


def _refusal(index: str) -> str:
    found = listed(index)
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    named = f": {', '.join(found[:_NAMED])}{more}" if found else ", and empty"
    return f"the document is an index of sitemaps; poll those of news in its place{named}"


class _Reader:
    """One walk of expat through a sitemap."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._depth = 0
        self._fields: dict[str, str] | None = None  # of the address that is being read
        self._field = ""
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._say
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, document: bytes) -> None:
        try:
            self._parser.Parse(document, True)  # noqa: FBT003  # "this is all of it"; takes no keyword
        except expat.ExpatError as error:
            raise ParseError(f"the sitemap is broken: {expat.errors.messages[error.code]}") from error

    def _refuse(self, *_: object) -> None:
        raise ParseError("the sitemap has a DOCTYPE in its midst")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ParseError("the sitemap nests too deep")
        if name.rpartition(" ")[2] == "url" and self._fields is None:
            self._fields = {}
        self._field = self._field_of(name)

    def _field_of(self, name: str) -> str:
        """What an element says of the address, or "": pictures and films have a loc and a title too."""
        space, _, local = name.rpartition(" ")
        if local == "loc":
            return "link" if self._depth == _PLACE else ""
        return _FIELDS.get(local, "") if _NEWS in space else ""

    def _say(self, text: str) -> None:
        if self._field and self._fields is not None:
            said = self._fields.get(self._field, "")
            self._fields[self._field] = (said + text)[:_LONGEST] if len(said) < _LONGEST else said

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._field = ""
        if name.rpartition(" ")[2] == "url" and self._fields is not None:
            self.items.append(Item(**self._fields) if self._fields.get("title", "").strip() else Item())
            self._fields = None
