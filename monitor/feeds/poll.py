"""One poll from request to entries, its every outcome a value."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from monitor.errors import FetchError, ParseError
from monitor.feeds.scan import items_of
from monitor.model import Document, Failed, Fresh, Kept, NotModified, Reply, Settled, Validators
from monitor.stories.index import WINDOW

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feeds.fetch import Fetched
    from monitor.feeds.workers import Parsers
    from monitor.model import Feed, First, Poll, PollResult, Task

log = logging.getLogger("monitor")


class Fetches(Protocol):
    """What gets a document: feeds.fetch.Fetcher, or what stands in for the network."""

    def fetch(self, poll: Poll) -> Fetched | Reply:
        """The document, or a Reply that it has not changed; raises FetchError."""


def polled(task: Task, *, fetcher: Fetches, parsers: Parsers) -> PollResult:
    """What the poll gave, as a value whatever happens; the same in a thread here and on another machine."""
    feed = task.poll.feed
    try:
        return poll(
            task.poll, fetcher=fetcher, parsers=parsers, now=task.now, keep=task.keep, first=task.first
        )
    except Exception as error:  # poll() answers with values; this is a fault of ours, and harms one feed
        log.exception("feed=%s outcome=error the poll broke", feed.name)
        return Failed(feed, f"the poll broke: {type(error).__name__}")


def poll(
    job: Poll,
    *,
    fetcher: Fetches,
    parsers: Parsers,
    now: datetime,
    keep: bool = False,
    first: First | None = None,
) -> PollResult:
    """What the feed gave; never raises for what a feed does.

    The very same bytes cost no parse, whatever the server says of them. See unconditional() for the poll
    that does not trust its validators. With `keep` a document that begins as a feed is not read but kept;
    `first` is the one that was kept, and is read before another is.
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
        before = None if first is None else settled(job.feed, first, parsers=parsers)
        return _fresh(job, fetched, parsers=parsers, now=now, settled=before)
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


def settled(feed: Feed, first: First, *, parsers: Parsers) -> Settled:
    """A feed's first document, read at last, or why it cannot be; never raises."""
    try:
        if first.document is None:
            reading: Fresh | Failed = Failed(feed, "its first document is gone")
        else:
            reading = _first_reading(feed, first.document, made=first.made, parsers=parsers)
    except ParseError as error:
        reading = Failed(feed, error.what, weight=error.weight)
    except Exception as error:  # as in polled
        log.exception("feed=%s outcome=error its first document could not be settled", feed.name)
        reading = Failed(feed, f"settling broke: {type(error).__name__}")
    return Settled(feed, first.made, reading)


def _first_reading(feed: Feed, document: Document, *, made: datetime, parsers: Parsers) -> Fresh:
    """What is dated longer ago than copies look back gets no print: no key would ever find it.

    A document that names no hub says nothing of push: headers that named one came with it, and are gone.
    """
    reading = parsers.read(
        document.body,
        feed=replace(feed, url=document.url),
        content_type=document.content_type,
        now=made,
        since=made - WINDOW,
    )
    offer = reading.offer if reading.offer and reading.offer.hubs else None
    return Fresh(
        feed,
        Validators(),
        reading.entries,
        marks=reading.marks,
        reply=Reply(stays=reading.hint, whole=True, offer=offer),
        prints=reading.prints,
        beyond=reading.beyond,
    )


def unconditional(job: Poll) -> Poll:
    """The same poll without conditions: some servers keep an ETag while the document changes.

    The digest stays, so that an unchanged document still costs no parse.
    """
    return replace(job, validators=Validators(digest=job.validators.digest))
