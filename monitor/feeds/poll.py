"""One poll from request to entries, its every outcome a value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from monitor.errors import FetchError, ParseError
from monitor.model import Failed, Fresh, NotModified, Reply, Validators

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feeds.fetch import Fetched
    from monitor.feeds.workers import Parsers
    from monitor.model import Poll, PollResult


class Fetches(Protocol):
    """What gets a document: feeds.fetch.Fetcher, or what stands in for the network."""

    def fetch(self, poll: Poll) -> Fetched | Reply:
        """The document, or a Reply that it has not changed; raises FetchError."""


def poll(job: Poll, *, fetcher: Fetches, parsers: Parsers, now: datetime) -> PollResult:
    """What the feed gave; never raises for what a feed does.

    The very same bytes cost no parse, whatever the server says of them. See unconditional() for the poll
    that does not trust its validators.
    """
    try:
        fetched = fetcher.fetch(job)
        if isinstance(fetched, Reply):
            return NotModified(job.feed, job.validators, fetched)
        if fetched.validators.digest == job.validators.digest:
            return NotModified(job.feed, fetched.validators, fetched.reply)
        # Relative links belong to where the document was found; the feed itself stays as it is named.
        at = replace(job.feed, url=fetched.url)
        reading = parsers.read(
            fetched.body,
            feed=at,
            content_type=fetched.content_type,
            now=now,
            marks=job.marks,
            suspect=job.suspect,
        )
    except FetchError as error:
        return Failed(
            job.feed, error.what, weight=error.weight, retry_after=error.retry_after, gone=error.gone
        )
    except ParseError as error:
        return Failed(job.feed, error.what, weight=error.weight)
    said = [stays for stays in (reading.hint, fetched.reply.stays) if stays is not None]
    reply = replace(fetched.reply, stays=max(said, default=None))
    return Fresh(
        job.feed,
        fetched.validators,
        reading.entries,
        marks=reading.marks,
        familiar=reading.familiar,
        reply=reply,
        prints=reading.prints,
    )


def unconditional(job: Poll) -> Poll:
    """The same poll without conditions: some servers keep an ETag while the document changes.

    The digest stays, so that an unchanged document still costs no parse.
    """
    return replace(job, validators=Validators(digest=job.validators.digest))
