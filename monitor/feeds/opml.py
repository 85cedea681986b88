"""Lists of feeds as other readers have them: OPML 2.0 (http://opml.org/spec2.opml), nested by tag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from monitor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Feed

_DEEPEST = 50
_OURS, _NAMESPACE = "monitor", "urn:media-monitor:opml"
_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))
_LANG = re.compile(r"[a-z]{2,3}")
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed as a list has it; what is missing is the empty string.

    `every` and `private` ("yes") are of our own lists: what they say is the reader's to believe.
    """

    url: str
    text: str
    title: str
    tags: tuple[str, ...]
    lang: str
    every: str = ""
    private: str = ""


def read(document: bytes) -> tuple[Outline, ...]:
    """The feeds of an OPML document in its order; folders and categories become tags.

    Raises ParseError for what is no OPML.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(document, True)  # noqa: FBT003  # "this is all of it"; takes no keyword
    except expat.ExpatError as error:
        raise ParseError(f"the list is not well-formed XML: {error}") from error
    if not reader.is_opml:
        raise ParseError("the list is XML, but no OPML")
    return tuple(reader.found)


def write(feeds: Iterable[Feed]) -> str:
    """The feeds as OPML: each in the folder of its first tag, all its tags as categories.

    What OPML has no word for stands in attributes of a namespace of ours, as OPML 2.0 has it. What a feed is
    asked with stays here, since it may be secret, and so does `recurring`.
    """
    folders: dict[str, list[Feed]] = {}
    for feed in feeds:
        folders.setdefault(min(feed.tags, default=""), []).append(feed)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<opml version="2.0" xmlns:{_OURS}="{_NAMESPACE}">']
    lines += ["  <head><title>Feeds of media-monitor</title></head>", "  <body>"]
    for tag in sorted(folders):
        inside = [_line(feed) for feed in folders[tag]]
        if tag:
            lines += [
                f"    <outline text={quoteattr(tag)}>",
                *(f"  {line}" for line in inside),
                "    </outline>",
            ]
        else:
            lines += inside
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def slug(text: str) -> str:
    """The text as a name: lower-case letters, digits and hyphens; "" if it has none of them."""
    return _SLUG.sub("-", text.lower()).strip("-")


def span(length: timedelta) -> str:
    """A time as people write it in the files: "10 min", "90 s"."""
    for unit, name in _UNITS:
        if length % unit == timedelta(0):
            return f"{length // unit} {name}"
    return f"{round(length.total_seconds())} s"


def _tag(text: str) -> str:
    """The text as a tag, in whatever script it is."""
    return " ".join(text.replace(",", " ").lower().split())


def _line(feed: Feed) -> str:
    values = {"type": "rss", "text": feed.name, "title": feed.outlet, "xmlUrl": feed.url}
    if feed.lang:
        values["language"] = feed.lang
    if feed.tags:
        values["category"] = ",".join(sorted(feed.tags))
    if feed.every is not None:
        values[f"{_OURS}:every"] = span(feed.every)
    if feed.allow_private:
        values[f"{_OURS}:allow-private"] = "yes"
    return "    <outline " + " ".join(f"{name}={quoteattr(value)}" for name, value in values.items()) + "/>"


class _Reader:
    def __init__(self) -> None:
        self.is_opml = False
        self.found: list[Outline] = []
        self._folders: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        raise ParseError("the list has a DOCTYPE: that is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.is_opml = self.is_opml or name.lower() == "opml"
        if name.lower() != "outline":
            return
        if len(self._folders) >= _DEEPEST:
            raise ParseError("the list nests too deep")
        values = {key.lower(): value.strip() for key, value in attributes.items()}
        text = values.get("text", "")
        self._folders.append("" if values.get("xmlurl") else _tag(text or values.get("title", "")))
        if values.get("xmlurl"):
            self.found.append(self._outline(values, text))

    def _outline(self, values: dict[str, str], text: str) -> Outline:
        categories = re.split(r"[,/]", values.get("category", ""))
        tags = dict.fromkeys(filter(None, [*self._folders, *map(_tag, categories)]))
        lang = values.get("language", "").lower().partition("-")[0]
        return Outline(
            values["xmlurl"],
            text,
            values.get("title", ""),
            tuple(tags),
            lang if len(lang) == len("en") else "",
            every=values.get(f"{_OURS}:every", ""),
            private=values.get(f"{_OURS}:allow-private", ""),
        )

    def _end(self, name: str) -> None:
        if name.lower() == "outline":
            self._folders.pop()
