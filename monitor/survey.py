"""Asking feeds beside the rounds, to add or to check them: nothing is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor import urls
from monitor.errors import FetchError, ParseError
from monitor.feeds.discover import feeds_of
from monitor.feeds.fetch import Fetched
from monitor.feeds.poll import poll
from monitor.model import Fresh, Poll

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feeds.poll import Fetches
    from monitor.feeds.workers import Parsers
    from monitor.model import Entry, Feed

_WEB = (80, 443)  # the ports that http and https have
_LAST = 5  # entries of a feed that are kept to be shown


@dataclass(frozen=True, slots=True)
class Checked:
    """What a feed answered: `error` says why it cannot be read, "" if it can; `newest` is its latest date.

    `last` are its latest entries, in its order where they have no dates.
    """

    feed: Feed
    entries: int = 0
    newest: datetime | None = None
    latest: str = ""  # its first entry's title
    error: str = ""
    last: tuple[Entry, ...] = ()


def check(feed: Feed, *, fetcher: Fetches, parsers: Parsers, now: datetime) -> Checked:
    """Reads a feed once; never raises for what a feed does."""
    result = poll(Poll(feed), fetcher=fetcher, parsers=parsers, now=now)
    if not isinstance(result, Fresh):
        return Checked(feed, error=getattr(result, "what", "answered that it has not changed"))
    dates = [entry.published for entry in result.entries if entry.published is not None]
    latest = result.entries[0].title if result.entries else ""
    by_date = sorted(result.entries, key=lambda entry: entry.published or now, reverse=True)
    return Checked(feed, len(result.entries), max(dates, default=None), latest, last=tuple(by_date[:_LAST]))


def find(feed: Feed, *, fetcher: Fetches, parsers: Parsers, now: datetime) -> list[Checked]:
    """The feeds at an address or behind its page, the likeliest first; at its new one if it moved for good.

    A leave to be private is for the address's own host, whatever its page or its server names.
    Empty where there is none. Raises FetchError if the address itself cannot be read.
    """
    fetched = fetcher.fetch(Poll(feed))
    if not isinstance(fetched, Fetched):
        raise FetchError("answered that it has not changed, unasked")
    try:
        parsers.read(fetched.body, feed=feed, content_type=fetched.content_type, now=now)
    except ParseError as error:
        if error.weight >= ParseError.KILLED:  # it was not read to its end: who knows what it is
            raise FetchError(error.what, weight=error.weight) from error
        behind = feeds_of(fetched.body, url=fetched.url)
    else:
        behind = (fetched.reply.moved or feed.url,)
    checked = (check(_at(feed, url), fetcher=fetcher, parsers=parsers, now=now) for url in behind)
    return [answer for answer in checked if not answer.error]


def _at(feed: Feed, url: str) -> Feed:
    """The feed at an address that a stranger named: fetch.py holds redirects to the same."""
    ours, there = urls.parts(feed.url), urls.parts(url)
    own = ours.host == there.host and there.port in (ours.port, *_WEB)
    return replace(feed, url=url, allow_private=feed.allow_private and own)
