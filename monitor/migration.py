"""What other programs keep, read as ours: lists of feeds, and phrases that an alert service was given.

The formats, as their authors document them: OPML 2.0; rss2email's configuration
(https://github.com/rss2email/rss2email), urlwatch's jobs (https://urlwatch.readthedocs.io/en/latest/jobs.html),
addresses a line as newsboat has them, and the operators of Google's search that its alerts take
(https://support.google.com/websearch/answer/2466433). What cannot be taken is named with its reason.
"""

from __future__ import annotations

import configparser
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.errors import Fault, ParseError
from monitor.feeds import opml
from monitor.feeds.opml import Outline, slug
from monitor.rules import document
from monitor.rules.phrase import phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.rules.document import Node

_FEED_LIKE = re.compile(r"(?i)rss|atom|feed|\.xml|\.rdf|/json/?$")
_JOBS_APART = re.compile(r"(?m)^---\s*$")
_MADE = ('"query:', "query:", "filter:", '"filter:', "exec:", '"exec:')  # of newsboat: feeds that it makes
_TAG = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Taken:
    """A list of another program: its feeds, addresses that may be pages, and what is left out, with why."""

    kind: str
    feeds: tuple[Outline, ...]
    pages: tuple[Outline, ...] = ()
    left_out: tuple[str, ...] = ()


def read(content: bytes) -> Taken:
    """The list in this file, whichever format it is in. Raises ParseError for what is none of them."""
    begun = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begun:
        raise ParseError("this is no list: the file is empty")
    if begun.startswith(b"<"):
        return Taken("OPML", opml.read(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError("the list is no text in UTF-8, and no XML") from error
    if re.search(r"(?m)^\[(DEFAULT|feed\..+)\]\s*$", text):
        return _rss2email(text)
    if re.search(r"(?m)^(url|navigate|command)\s*:", text):
        return _urlwatch(text)
    return _addresses(text)


# ---- rss2email ---------------------------------------------------------------------------------------------


def _rss2email(text: str) -> Taken:
    """A section feed.NAME a feed, over the settings of DEFAULT."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ParseError(f"this configuration of rss2email cannot be read: {_first_line(error)}") from error
    feeds: list[Outline] = []
    left_out: list[str] = []
    for section in parser.sections():
        kind, _, name = section.partition(".")
        if kind != "feed" or not name:
            continue
        url = parser.get(section, "url", fallback="").strip()
        if not url:
            left_out.append(f"{name}: has no url")
        elif parser.get(section, "active", fallback="True").strip().lower() in ("false", "no", "off", "0"):
            left_out.append(f"{url}: is not active in rss2email")
        else:
            feeds.append(Outline(url, name, "", (), ""))
    return Taken("rss2email", tuple(feeds), left_out=tuple(left_out))


# ---- urlwatch ----------------------------------------------------------------------------------------------


def _urlwatch(text: str) -> Taken:
    """A YAML document a job; most watch a page, and only a page's feed is of use here."""
    feeds: list[Outline] = []
    pages: list[Outline] = []
    left_out: list[str] = []
    for number, job in enumerate(_jobs(text), start=1):
        name = job.get("name", "")
        url = job.get("url") or job.get("navigate", "")
        if "command" in job:
            left_out.append(f"{name or f'job {number}'}: runs a command")
        elif not url:
            left_out.append(f"{name or f'job {number}'}: has no url")
        elif {"data", "post"} & set(job) or job.get("method", "GET").upper() != "GET":
            left_out.append(f"{url}: sends a form")
        else:
            outline = Outline(url, name, "", (), "")
            (feeds if "url" in job and _FEED_LIKE.search(url) else pages).append(outline)
    return Taken("urlwatch", tuple(feeds), tuple(pages), tuple(left_out))


def _jobs(text: str) -> Iterator[dict[str, str]]:
    for part in _JOBS_APART.split(text):
        faults: list[Fault] = []
        root = document.read("the list", part, faults)
        if faults:
            raise ParseError(f"this list of urlwatch cannot be read: {faults[0].what}")
        if root is not None and root.pairs:
            yield {key.text: value.text for key, value in root.pairs}


# ---- addresses, a line each --------------------------------------------------------------------------------


def _addresses(text: str) -> Taken:
    """An address a line, tags after it; "#" begins a comment (https://newsboat.org/releases/2.10.2/docs)."""
    feeds: list[Outline] = []
    left_out: list[str] = []
    for line in map(str.strip, text.splitlines()):
        url, _, rest = line.partition(" ")
        if not url or url.startswith("#"):
            continue
        if url.startswith(_MADE):
            left_out.append(f"{line}: is no address")
            continue
        if "://" not in url:
            raise ParseError("the list is no OPML, none of rss2email or urlwatch, and no addresses a line")
        found = [quoted or bare for quoted, bare in _TAG.findall(rest)]
        name = next((one[1:] for one in found if one.startswith("~")), "")
        tags = tuple(one.lower() for one in found if not one.startswith(("~", "!")))
        feeds.append(Outline(url, name, "", tags, ""))
    return Taken("addresses", tuple(feeds), left_out=tuple(left_out))


# ---- phrases -----------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r'\s*(?P<not>-?)(?:(?P<field>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<sign>[()|])|(?P<word>[^\s()|"]+))'
)


@dataclass(frozen=True, slots=True)
class Query:
    """A line of an alert service: every group is met by one of its phrases, and `without` by none."""

    groups: tuple[tuple[str, ...], ...]
    without: tuple[str, ...] = ()
    title: bool = False  # every group in the headline


class _UnsaidError(Exception):
    """The line says what no rule says."""


def as_rules(text: str, *, send: Sequence[str], taken: Iterable[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The lines as YAML of rules and terms, "" for none; and each line that was left out, with the reason.

    `taken` are ids that other rules have.
    """
    ids, made, left_out = set(taken), [], []
    lines: dict[Query, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        try:
            query = _query(written)
        except _UnsaidError as error:
            left_out.append(f"line {number}: {error}")
            continue
        if (first := lines.setdefault(query, number)) != number:
            left_out.append(f"line {number}: asks for the same as line {first}")
            continue
        rule = _free_id(query.groups[0][0], ids)
        ids.add(rule)
        made.append((rule, written, query))
    return _yaml(made, send), tuple(left_out)


def _query(line: str) -> Query:
    """What a line asks for; OR binds more tightly than the space between words, as Google has it."""
    reading = _Reading()
    at = 0
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            raise _UnsaidError("a quotation mark is never closed")
        reading.take(token)
        at = token.end()
    if not (reading.groups or reading.without or reading.inside):
        raise _UnsaidError(f"holds no phrase, only {line}")
    return reading.query()


class _Reading:
    """A line half read: its groups so far, and whether the next word is one more of the last group."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.without: list[str] = []
        self.fields: set[str | None] = set()
        self.joins = False
        self.inside = self.begun = False  # brackets; with a word in them

    def take(self, token: re.Match[str]) -> None:
        if token["sign"] in ("(", ")"):
            self._bracket(token["sign"], negated=bool(token["not"]))
        elif token["sign"] == "|" or token["word"] == "OR":
            self.joins = True
        elif token["word"] not in ("AND", "+"):
            self._phrase(token["quoted"] or token["word"] or "", token)

    def _bracket(self, sign: str, *, negated: bool) -> None:
        if negated or self.joins or self.inside == (sign == "("):
            raise _UnsaidError("its brackets hold more than a list of phrases")
        self.inside, self.begun = sign == "(", False

    def _phrase(self, phrase: str, token: re.Match[str]) -> None:
        if token["field"] not in (None, "intitle", "allintitle"):
            raise _UnsaidError(f'"{token["field"]}:" is not of the text: write sources: in the rule')
        if self.begun and not self.joins:
            raise _UnsaidError("its brackets hold more than a list of phrases")
        _check(phrase)
        if token["not"]:
            self.without.append(phrase)
            return
        self.fields.add(token["field"])
        if self.joins and self.groups:
            self.groups[-1].append(phrase)
        else:
            self.groups.append([phrase])
        self.joins, self.begun = False, self.inside

    def query(self) -> Query:
        if self.inside:
            raise _UnsaidError("a bracket is never closed")
        if not self.groups:
            raise _UnsaidError("says only what is not wanted")
        if len(self.fields) > 1:
            raise _UnsaidError('asks for some words in the title only: write "when:" by hand')
        return Query(tuple(map(tuple, self.groups)), tuple(self.without), title=self.fields != {None})


def _check(phrase: str) -> None:
    faults: list[Fault] = []
    found = phrases(_scalar(phrase), faults)
    if faults or not found:
        why = f": {faults[0].what}" if faults else ""
        raise _UnsaidError(f'"{phrase}" is no phrase of a rule{why}')


def _scalar(text: str) -> Node:
    return document.Node("the list", 1, 1, "scalar", text)


def _free_id(phrase: str, taken: set[str]) -> str:
    wish = slug(phrase)[:40].strip("-") or "phrase"
    free, number = wish, 2
    while free in taken:
        free, number = f"{wish}-{number}", number + 1
    return free


def _yaml(made: Sequence[tuple[str, str, Query]], send: Sequence[str]) -> str:
    terms: list[str] = []
    rules: list[str] = []
    for rule, written, query in made:
        rules += [f"  - id: {rule}\n", f"    title: {_quoted(written)}\n"]
        if len(query.groups) == 1 and not query.without and not query.title:
            rules.append(f"    any: [{_listed(query.groups[0])}]\n")
        else:
            numbered = [(f"{rule}-{number}", group) for number, group in enumerate(query.groups, start=1)]
            place = "title:" if query.title else ""
            wants = [f"{place}${term}" for term, _ in numbered]
            if query.without:
                numbered.append((f"{rule}-not", query.without))
                wants.append(f"not ${rule}-not")
            terms += [f"  {term}:\n    words: [{_listed(group)}]\n" for term, group in numbered]
            rules.append(f"    when: {' and '.join(wants)}\n")
        rules.append(f"    send: [{', '.join(send)}]\n")
    if not rules:
        return ""
    return ("terms:\n" + "".join(terms) if terms else "") + "rules:\n" + "".join(rules)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    """JSON strings are YAML strings, whatever stands in them."""
    return json.dumps(text, ensure_ascii=False)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
