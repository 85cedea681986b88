"""A loopback web server that plays every outlet of the morning, each feed as it stands when asked for.

It answers conditional requests as RFC 9110 §13 has it, compresses, fails once where the scenario says so, and
counts. The moment is the caller's: a function that gives the seconds since the start of the show.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from hashlib import blake2b
from html import escape
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from monitor.demo.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from monitor.demo.scenario import Outlet, Publication

_BEFORE = timedelta(hours=2)  # how old is what stands in the feeds at the start


# ---- a feed at a moment ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A publication as its feed shows it now: its latest version, and when the first and the latest came."""

    publication: Publication
    published: float
    updated: float


def standing(publications: Iterable[Publication], outlet: str, *, moment: float) -> tuple[Item, ...]:
    """The items in an outlet's feed at a moment, the newest first; an edit keeps its place."""
    items: dict[str, Item] = {}
    for publication in sorted(publications, key=lambda one: one.at):
        if publication.outlet == outlet and publication.at <= moment:
            first = items.get(publication.guid)
            published = first.published if first else publication.at
            items[publication.guid] = Item(publication, published, publication.at)
    return tuple(sorted(items.values(), key=lambda item: -item.published))


def document(outlet: Outlet, items: Sequence[Item], *, opened: datetime) -> bytes:
    """The feed as RSS 2.0 or Atom (RFC 4287), UTF-8; `opened` is the wall clock at the start of the show."""
    write = _atom if outlet.format == "atom" else _rss
    return write(outlet, items, opened).encode()


def _rss(outlet: Outlet, items: Sequence[Item], opened: datetime) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>\n'
        f"<title>{escape(outlet.title)}</title><link>https://{outlet.name}.example/</link>\n"
        f"<description>{escape(outlet.title)}</description><language>{outlet.lang}</language>\n"
        f"{''.join(_rss_item(outlet, item, opened) for item in items)}"
        "</channel></rss>\n"
    )


def _rss_item(outlet: Outlet, item: Item, opened: datetime) -> str:
    shown = item.publication
    date = f"<pubDate>{format_datetime(_when(item.published, opened))}</pubDate>\n" if outlet.dated else ""
    return (
        f"<item><title>{_html(shown.title)}</title>\n"
        f'<link>{_link(shown)}</link><guid isPermaLink="false">{outlet.name}/{shown.guid}</guid>\n{date}'
        f"<description>{_html(shown.summary)}</description>\n"
        f"<content:encoded>{escape(_paragraphs(shown.body))}</content:encoded></item>\n"
    )


def _atom(outlet: Outlet, items: Sequence[Item], opened: datetime) -> str:
    latest = _when(max((item.updated for item in items), default=0), opened)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.lang}">\n'
        f"<title>{escape(outlet.title)}</title><id>https://{outlet.name}.example/</id>\n"
        f"<updated>{latest.isoformat()}</updated>\n"
        f"{''.join(_atom_entry(outlet, item, opened) for item in items)}"
        "</feed>\n"
    )


def _atom_entry(outlet: Outlet, item: Item, opened: datetime) -> str:
    shown = item.publication
    first, last = _when(item.published, opened).isoformat(), _when(item.updated, opened).isoformat()
    dates = f"<published>{first}</published><updated>{last}</updated>\n" if outlet.dated else ""
    return (
        f'<entry><title type="html">{_html(shown.title)}</title>\n'
        f'<link href="{_link(shown)}"/><id>{outlet.name}/{shown.guid}</id>\n{dates}'
        f'<summary type="html">{_html(shown.summary)}</summary>\n'
        f'<content type="html">{escape(_paragraphs(shown.body))}</content></entry>\n'
    )


def _html(text: str) -> str:
    """The text as HTML inside XML: escaped for the one and then for the other."""
    return escape(escape(text, quote=False), quote=False)


def _paragraphs(body: str) -> str:
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in body.splitlines())


def _link(publication: Publication) -> str:
    return f"https://{publication.outlet}.example/news/{publication.guid}"


def _when(at: float, opened: datetime) -> datetime:
    """The wall clock at a moment, in whole seconds; what stands at the start is a couple of hours old."""
    return (opened + timedelta(seconds=at) - (_BEFORE if at == 0 else timedelta())).replace(microsecond=0)


# ---- an answer ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def answer(outlet: Outlet, items: Sequence[Item], asked: Mapping[str, str], *, opened: datetime) -> Answer:
    """200 with the document, or 304 where the validators that were `asked` with still hold."""
    body = document(outlet, items, opened=opened)
    validators = _validators(outlet, items, body, opened)
    if _unchanged(validators, asked):
        return Answer(304, validators)
    media = "application/atom+xml" if outlet.format == "atom" else "application/rss+xml"
    headers = {**validators, "Content-Type": f"{media}; charset=utf-8"}
    if outlet.gzip and "gzip" in asked.get("Accept-Encoding", ""):
        return Answer(200, {**headers, "Content-Encoding": "gzip"}, gzip.compress(body, mtime=0))
    return Answer(200, headers, body)


def _validators(outlet: Outlet, items: Sequence[Item], body: bytes, opened: datetime) -> dict[str, str]:
    """The validators that this outlet sends.

    A Last-Modified has whole seconds, in which the compressed morning has several versions, so each second
    of the show is a minute of it; it began two hours ago, since it must not lie ahead (RFC 9110 §8.8.2.1).
    """
    shown = {}
    if outlet.validators in ("both", "etag"):
        shown["ETag"] = f'"{blake2b(body, digest_size=8).hexdigest()}"'
    if outlet.validators in ("both", "date"):
        latest = max((item.updated for item in items), default=0)
        changed = opened - _BEFORE + timedelta(minutes=latest)
        shown["Last-Modified"] = format_datetime(changed.replace(microsecond=0), usegmt=True)
    return shown


def _unchanged(validators: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Whether the asker has this version; If-None-Match goes before If-Modified-Since (RFC 9110 §13.1.3)."""
    if "If-None-Match" in asked:
        return validators.get("ETag") == asked["If-None-Match"]
    return "Last-Modified" in validators and validators["Last-Modified"] == asked.get("If-Modified-Since")


# ---- the server --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked and answered so far: `polls` in all, of them 304s and 503s."""

    polls: int = 0
    not_modified: int = 0
    unavailable: int = 0


class Outlets:
    """The outlets' web server: start it, ask url(name) of each, and let `moment` pass.

    `opened` is an aware UTC time: the wall clock when `moment` is 0.
    """

    def __init__(
        self,
        publications: Sequence[Publication],
        outlets: Sequence[Outlet],
        *,
        moment: Callable[[], float],
        opened: datetime,
    ) -> None:
        self._publications = publications
        self._outlets = {outlet.name: outlet for outlet in outlets}
        self._moment = moment
        self._opened = opened
        self._lock = Lock()
        self._traffic = Traffic()
        self._were_down: set[str] = set()
        self._served: set[str] = set()
        self._asked = dict.fromkeys(self._outlets, (-1.0, -1.0))  # the moments of the last two polls
        self._server = Loopback(partial(_Asking, self.answer))

    def url(self, outlet: str) -> str:
        """The address of an outlet's feed."""
        return f"http://127.0.0.1:{self._server.port}/{outlet}/feed.xml"

    @property
    def traffic(self) -> Traffic:
        """What was asked and answered so far."""
        with self._lock:
            return self._traffic

    @property
    def served(self) -> frozenset[str]:
        """The outlets whose feed has been read at least once: with all of them in it, the show can begin."""
        with self._lock:
            return frozenset(self._served)

    @property
    def behind(self) -> float:
        """The moment of the first publication that may not be taken in yet; inf where all are.

        A feed is asked again once what it showed last is taken in.
        """
        with self._lock:
            left = [one.at for one in self._publications if self._asked[one.outlet][0] < one.at]
        return min(left, default=math.inf)

    def start(self) -> None:
        """Answer from now on."""
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(self, path: str, asked: Mapping[str, str]) -> Answer:
        """The answer to one request, counted: 404 for what is no feed of ours."""
        name = path.strip("/").removesuffix("/feed.xml")
        outlet = self._outlets.get(name)
        if outlet is None:
            return Answer(404, {})
        moment = self._moment()
        with self._lock:
            self._asked[name] = (self._asked[name][1], moment)
            given = self._answer(outlet, asked, moment)
            self._count(given, name)
        return given

    def _answer(self, outlet: Outlet, asked: Mapping[str, str], moment: float) -> Answer:
        if outlet.down_at is not None and moment >= outlet.down_at and outlet.name not in self._were_down:
            self._were_down.add(outlet.name)
            return Answer(503, {"Retry-After": "1"})
        items = standing(self._publications, outlet.name, moment=moment)
        return answer(outlet, items, asked, opened=self._opened)

    def _count(self, given: Answer, name: str) -> None:
        so_far = self._traffic
        self._traffic = replace(
            so_far,
            polls=so_far.polls + 1,
            not_modified=so_far.not_modified + (given.status == 304),  # noqa: PLR2004 - Not Modified
            unavailable=so_far.unavailable + (given.status == 503),  # noqa: PLR2004 - Service Unavailable
        )
        if given.status == 200:  # noqa: PLR2004 - OK
            self._served.add(name)


class _Asking(BaseHTTPRequestHandler):
    """One connection; it may ask several times."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 5

    def __init__(self, answer: Callable[[str, Mapping[str, str]], Answer], *connection: Any) -> None:
        self._answer = answer
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Send the answer."""
        # RFC 9110 §5.1: field names come in any capitals.
        given = self._answer(self.path, {name.title(): value for name, value in self.headers.items()})
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        if given.status != 304:  # noqa: PLR2004 - RFC 9110 §15.4.5: a 304 has no body to measure
            self.send_header("Content-Length", str(len(given.body)))
        self.end_headers()
        self.wfile.write(given.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the daemon logs its polls itself."""
