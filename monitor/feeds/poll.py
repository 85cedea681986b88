"""One poll from request to entries, its every outcome a value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from monitor.errors import FetchError, ParseError
from monitor.feeds.scan import items_of
from monitor.model import Document, Failed, Fresh, Kept, NotModified, Reply, Settled, Validators
from monitor.stories.index import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.feeds.fetch import Fetched
    from monitor.feeds.workers import Parsers
    from monitor.model import Feed, Poll, PollResult


class Fetches(Protocol):
    """What gets a document: feeds.fetch.Fetcher, or what stands in for the network."""

    def fetch(self, poll: Poll) -> Fetched | Reply:
        """The document, or a Reply that it has not changed; raises FetchError."""


def poll(
    job: Poll,
    *,
    fetcher: Fetches,
    parsers: Parsers,
    now: datetime,
    keep: bool = False,
    settle: Callable[[], Settled | None] = lambda: None,
) -> PollResult:
    """What the feed gave; never raises for what a feed does.

    The very same bytes cost no parse, whatever the server says of them. See unconditional() for the poll
    that does not trust its validators. With `keep` a document that begins as a feed is not read but kept;
    `settle` reads the one that was kept, where there is one, before another is read.
    """
    try:
        fetched = fetcher.fetch(job)
        if isinstance(fetched, Reply):
            return NotModified(job.feed, job.validators, fetched, rung=job.rung)
        if fetched.validators.digest == job.validators.digest:
            return NotModified(job.feed, fetched.validators, fetched.reply, rung=job.rung)
        items = items_of(fetched.body) if keep else 0
        if items:
            document = Document(fetched.body, fetched.content_type, fetched.url)
            return Kept(job.feed, fetched.validators, document, items, fetched.reply, rung=job.rung)
        return _fresh(job, fetched, parsers=parsers, now=now, settled=settle())
    except FetchError as error:
        return Failed(
            job.feed, error.what, weight=error.weight, retry_after=error.retry_after, gone=error.gone
        )
    except ParseError as error:
        return Failed(job.feed, error.what, weight=error.weight)


def _fresh(job: Poll, fetched: Fetched, *, parsers: Parsers, now: datetime, settled: Settled | None) -> Fresh:
    """The document read; items that the first one had are known by it, where that was read only now."""
    marks = job.marks if settled is None else getattr(settled.reading, "marks", b"")
    # Relative links belong to where the document was found; the feed itself stays as it is named.
    at = replace(job.feed, url=fetched.url)
    reading = parsers.read(
        fetched.body,
        feed=at,
        content_type=fetched.content_type,
        now=now,
        marks=marks,
        suspect=job.suspect,
    )
    said = [stays for stays in (reading.hint, fetched.reply.stays) if stays is not None]
    reply = replace(fetched.reply, stays=max(said, default=None), offer=fetched.reply.offer or reading.offer)
    return Fresh(
        job.feed,
        fetched.validators,
        reading.entries,
        marks=reading.marks,
        familiar=reading.familiar,
        reply=reply,
        prints=reading.prints,
        settled=settled,
        beyond=reading.beyond,
        rung=job.rung,
    )


def settled(feed: Feed, document: Document, *, made: datetime, parsers: Parsers) -> Settled:
    """A feed's first document, polled at `made`, read at last; never raises for what is in it.

    What is dated longer ago than copies look back gets no print: no key would ever find it.
    """
    try:
        reading = parsers.read(
            document.body,
            feed=replace(feed, url=document.url),
            content_type=document.content_type,
            now=made,
            since=made - WINDOW,
        )
    except ParseError as error:
        return Settled(feed, made, Failed(feed, error.what, weight=error.weight))
    fresh = Fresh(
        feed,
        Validators(),
        reading.entries,
        marks=reading.marks,
        reply=Reply(stays=reading.hint, whole=True, offer=reading.offer),
        prints=reading.prints,
        beyond=reading.beyond,
    )
    return Settled(feed, made, fresh)


def unconditional(job: Poll) -> Poll:
    """The same poll without conditions: some servers keep an ETag while the document changes.

    The digest stays, so that an unchanged document still costs no parse.
    """
    return replace(job, validators=Validators(digest=job.validators.digest))
