"""What hosts ask of programs that read them: their robots.txt, fetched as feeds are and kept for some hours.

RFC 9309: what a host says it does not have (4xx) allows all; while it cannot be read (5xx, unreachable),
nothing is. It is judged in a parser process, as all that strangers wrote.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from monitor import urls
from monitor.errors import FetchError, ParseError
from monitor.feeds.extraction import GRANTED, Leave, Question
from monitor.feeds.fetch import Fetched, Limits, Wish
from monitor.model import Poll

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feeds.workers import Parsers
    from monitor.model import Feed, Reply

KEPT = timedelta(hours=4)  # RFC 9309 §2.4: no more than 24 hours
MISSED = timedelta(minutes=5)  # one that could not be read is asked for again, not for each article
MOST_HOSTS = 1_000
MOST_BYTES = 16 << 20  # of all that are kept
LONGEST_DELAY = timedelta(hours=1)  # a Crawl-delay beyond it is none that a day's news could keep

_WISH = Wish(
    accept="text/plain, */*;q=0.5",
    limits=Limits(body=512 << 10, time=timedelta(seconds=10)),  # RFC 9309 §2.5: 500 KiB at least
)


class Wants(Protocol):
    """What gets a document that is wanted as something: feeds.fetch.Fetcher."""

    def fetch(self, poll: Poll, wish: Wish) -> Fetched | Reply:
        """The document; raises FetchError."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A robots.txt, or why it cannot be read; until when that holds."""

    body: bytes
    until: datetime
    error: str = ""
    weight: float = 0.0  # of the error, a FetchError's


_Way = tuple[
    str, object, bool
]  # an origin, and how it is asked: a proxy may be down, a private host be allowed


class Robots:
    """What each host allows; safe among threads. It forgets first what was kept first."""

    def __init__(self, fetcher: Wants, parsers: Parsers) -> None:
        self._fetcher = fetcher
        self._parsers = parsers
        self._kept: OrderedDict[_Way, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def leave(self, feed: Feed, url: str, *, agent: str, now: datetime) -> Leave:
        """Whether this address, asked as this feed is, may be read; raises FetchError where none can say."""
        way = (_origin(url), feed.access.proxy, feed.allow_private)
        kept = self._known(way, now)
        if kept is None:
            kept = self._asked(feed, way[0], now)
            self._keep(way, kept)
        if kept.error:
            raise FetchError(f"robots.txt cannot be read: {kept.error}", weight=kept.weight)
        if not kept.body.strip():
            return GRANTED
        try:
            found = self._parsers.tell(Question(kept.body, agent, url))
        except ParseError as error:
            raise FetchError(f"robots.txt cannot be judged: {error.what}", weight=0.5) from error
        return replace(found, delay=min(found.delay, LONGEST_DELAY.total_seconds()))

    def _known(self, way: _Way, now: datetime) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(way)
        return kept if kept is not None and now < kept.until <= now + KEPT else None

    def _asked(self, feed: Feed, origin: str, now: datetime) -> _Kept:
        try:
            answer = self._fetcher.fetch(Poll(replace(feed, url=f"{origin}/robots.txt")), _WISH)
        except FetchError as error:
            if _says_there_is_none(error):
                return _Kept(b"", now + KEPT)
            return _Kept(b"", now + MISSED, error.what, error.weight)
        return _Kept(answer.body if isinstance(answer, Fetched) else b"", now + KEPT)

    def _keep(self, way: _Way, kept: _Kept) -> None:
        with self._lock:
            self._kept[way] = kept
            self._kept.move_to_end(way)
            while len(self._kept) > MOST_HOSTS or self._bytes() > MOST_BYTES:
                self._kept.popitem(last=False)

    def _bytes(self) -> int:
        return sum(len(kept.body) for kept in self._kept.values())


def _says_there_is_none(error: FetchError) -> bool:
    """RFC 9309 §2.3.1.3; but 429 says "not so fast", and nothing of what may be read."""
    return 400 <= error.status < 500 and error.status != HTTPStatus.TOO_MANY_REQUESTS  # noqa: PLR2004 - 4xx


def _origin(url: str) -> str:
    parts = urls.parts(url)
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    usual = (parts.scheme, parts.port) in (("http", 80), ("https", 443))
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")
