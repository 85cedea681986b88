"""The page behind an entry, from robots.txt to text, its every outcome a value.

The same guarded connection as to feeds, and no other: what the feed is asked with goes to its own host alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor import urls
from monitor.errors import FetchError, ParseError
from monitor.feeds.extraction import NOTHING, Article, Page
from monitor.feeds.fetch import Fetched, Limits, Wish, led_to
from monitor.model import Poll

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.feeds.extraction import Leave
    from monitor.feeds.robots import Robots, Wants
    from monitor.feeds.workers import Parsers
    from monitor.model import EntryId, Feed

    Permit = Callable[[str], None]

LIMITS = Limits(body=3 << 20, time=timedelta(seconds=30))  # of a page, robots.txt on the way to it included
KINDS = frozenset({"text/html", "application/xhtml+xml"})
ACCEPT = "text/html, application/xhtml+xml;q=0.9"


class Outcome(Enum):
    """What became of an attempt to read a page."""

    READ = "read"  # its text is here
    EMPTY = "empty"  # it gave no text
    BARRED = "barred"  # robots.txt asks us not to
    FAILED = "failed"  # for now, or for good


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry whose page is to be read: its link, and the feed that it came from."""

    entry: EntryId
    feed: Feed
    link: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of it. `why` is for people; `lasting` says that it would be no different later.

    `wait` is what the server asked for before the next attempt, `pause` what its host asks for between two.
    """

    wanted: Wanted
    outcome: Outcome
    article: Article = NOTHING
    why: str = ""
    lasting: bool = True
    wait: timedelta | None = None
    pause: timedelta = timedelta()


class _BarredError(FetchError):
    """An address on the way that robots.txt asks us not to read."""


def read(
    wanted: Wanted, *, fetcher: Wants, robots: Robots, parsers: Parsers, agent: str, now: datetime
) -> Reading:
    """What the page says; never raises for what a server does. `agent` is who we say we are."""
    if fault := urls.problem(wanted.link):
        return Reading(wanted, Outcome.FAILED, why=fault)
    asked = led_to(wanted.feed, wanted.link)
    token = product(_said_by(asked) or agent)
    leaves: list[Leave] = []

    def permit(url: str) -> None:
        leave = robots.leave(led_to(wanted.feed, url), url, agent=token, now=now)
        leaves.append(leave)
        if not leave.granted:
            raise _BarredError("robots.txt asks not to read it")

    found = _read(wanted, asked, fetcher=fetcher, parsers=parsers, permit=permit)
    return replace(found, pause=timedelta(seconds=leaves[0].delay)) if leaves else found


def _read(wanted: Wanted, asked: Feed, *, fetcher: Wants, parsers: Parsers, permit: Permit) -> Reading:
    try:
        found = fetched(asked, fetcher, permit=permit)
        article = parsers.tell(Page(found.body, found.content_type))
    except _BarredError as error:
        return Reading(wanted, Outcome.BARRED, why=error.what)
    except FetchError as error:
        lasting, wait = _is_lasting(error), error.retry_after
        return Reading(wanted, Outcome.FAILED, why=error.what, lasting=lasting, wait=wait)
    except ParseError as error:
        return Reading(wanted, Outcome.FAILED, why=error.what)
    if not article.text:
        return Reading(wanted, Outcome.EMPTY, why="no article was found in it")
    return Reading(wanted, Outcome.READ, article=article)


def fetched(asked: Feed, fetcher: Wants, *, permit: Permit) -> Fetched:
    """The page at this feed's address; raises FetchError."""
    answer = fetcher.fetch(Poll(asked), Wish(ACCEPT, KINDS, LIMITS, permit))
    assert isinstance(answer, Fetched), "a request without validators is never answered with 304"
    return answer


def _said_by(feed: Feed) -> str:
    """The User-Agent among what it is asked with; "" for none."""
    return next((value for name, value in feed.access.headers if name.lower() == "user-agent"), "")


def product(agent: str) -> str:
    """The product token of a User-Agent (RFC 9309 §2.2.1)."""
    return agent.partition("/")[0].partition(" ")[0]


def _is_lasting(error: FetchError) -> bool:
    """Whether it would be refused in an hour too. A page may come minutes after the feed that shows it."""
    return error.weight >= 1 and error.status != HTTPStatus.NOT_FOUND
