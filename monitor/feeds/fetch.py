"""The only connection to feeds: one conditional GET a poll, with a limit on everything a server can draw out.

Every failure becomes a FetchError: one sentence for people, and how much it weighs.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from urllib3.exceptions import HTTPError, ReadTimeoutError

from monitor import urls
from monitor.errors import FetchError
from monitor.feeds import offer
from monitor.feeds.coding import ACCEPTED, GZIP, decoded, too_long
from monitor.feeds.connection import (
    Deadline,
    Door,
    Idle,
    Limits,
    PlainConnection,
    Route,
    connection,
    trusted,
)
from monitor.feeds.guard import system_resolve
from monitor.model import Access, Poll, Reply, Validators
from monitor.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.feeds.connection import Answer, Connect
    from monitor.feeds.guard import Resolve
    from monitor.model import Feed, Tls

__all__ = ["FEED", "Fetched", "Fetcher", "Limits", "Wish", "led_to"]

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BODIES = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_HARD, _SOFT, _BRIEF = 1.0, 0.5, 0.25  # the weights of errors.FetchError
_REPEATED = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})  # with their form
_SAID = 200  # bytes of a hub's reason
_HUBS_TIME = timedelta(seconds=10)  # a stop waits for a hub that is being asked
_CHUNK = 1 << 16  # bytes a read
_WEB = (80, 443)  # the ports that http and https have
_LONGEST_VALIDATOR = 1024  # characters; longer ones are noise that we would send back for ever
_LONGEST_RETRY_AFTER = timedelta(days=30)  # a dead feed is asked again monthly, whatever it says
_MAX_AGE = re.compile(r"(?<![\w-])max-age=([0-9]{1,9})(?![0-9])")
_SECONDS_DIGITS = 9  # more are over 30 years
# What the network raises; certificates that are refused are among OSError.
_NETWORK = (OSError, HTTPError, http.client.HTTPException)
# How a connection that the server has closed since the last poll shows it.
_STALE = (ConnectionError, http.client.RemoteDisconnected, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as served, unpacked: what to send back next time, and the address it came from at last."""

    validators: Validators
    body: bytes
    content_type: str
    url: str
    reply: Reply


def _any_address(_url: str) -> None:
    """May be asked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a document is wanted as: said to the server, and held against what it answers.

    `kinds` are the media types that are read at all, none for any; `limits` what it may cost, None for the
    fetcher's own. `permit` is called with each address before it is asked, redirects too: it raises
    FetchError where that may not be.
    """

    accept: str = _ACCEPT
    kinds: frozenset[str] = frozenset()
    limits: Limits | None = None
    permit: Callable[[str], None] = _any_address


FEED = Wish()


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: str
    permanent: bool


def _dial(address: str, port: int, timeout: float) -> socket.socket:
    if ":" in address:
        return socket.create_connection((address, port), timeout)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # looked up already
    try:
        sock.settimeout(timeout)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


class Fetcher:
    """Reads feeds; one a process, safe among threads. It keeps connections open from poll to poll.

    `user_agent` is who we say we are, from the next request on. `resolve` (a name to its addresses) and
    `connect` (to an address) are the network, `trust` is whom TLS believes; each may be replaced.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        resolve: Resolve = system_resolve,
        limits: Limits = Limits(),  # noqa: B008  # a frozen value
        connect: Connect = _dial,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.user_agent = user_agent
        self._limits = limits
        self._door = Door(resolve, connect, limits)
        self._trust: dict[Tls | None, ssl.SSLContext] = {None: trust or trusted()}
        self._idle = Idle(limits.idle)

    def fetch(self, poll: Poll, wish: Wish = FEED) -> Fetched | Reply:
        """The document, or only a Reply if the server says that it has not changed (304).

        Validators without ETag and Last-Modified make the request unconditional. Raises FetchError.
        """
        limits = wish.limits or self._limits
        deadline = Deadline(limits.time)
        url = poll.feed.url
        fault = urls.problem(url) or poll.feed.access.missing
        if fault:
            raise FetchError(fault)
        moved, permanent = "", True
        for _ in range(limits.redirects + 1):
            wish.permit(url)
            answer = self._answer(poll, url, deadline, wish)
            if isinstance(answer, Fetched):
                return replace(answer, reply=replace(answer.reply, moved=moved))
            if isinstance(answer, Reply):
                return replace(answer, moved=moved)
            url = answer.to
            permanent = permanent and answer.permanent
            moved = url if permanent else moved
        raise FetchError(f"redirects more than {limits.redirects} times", weight=_SOFT)

    def post(self, url: str, form: bytes, *, feed: Feed) -> None:
        """Asks a hub that this feed named: held to what the feed may reach, asked through its proxy.

        None of the feed's own headers, logins and certificates go there. Raises FetchError where the answer
        is no success; its words are a stranger's.
        """
        deadline = Deadline(min(self._limits.time, _HUBS_TIME))
        headers = {"User-Agent": self.user_agent, "Content-Type": "application/x-www-form-urlencoded"}
        headers["Content-Length"] = str(len(form))
        for _ in range(self._limits.redirects + 1):
            if fault := urls.problem(url):
                raise FetchError(fault)
            parts = urls.parts(url)
            private = _may_be_private(feed, url)
            route = Route(parts.scheme, parts.host, parts.port, private, proxy=feed.access.proxy)
            used = connection(route, self._door, trust=self._trusted(None))
            try:
                answer = used.exchange(parts.target, headers, deadline=deadline, form=form)
                said = bytes(answer.read(_SAID, decode_content=False)).decode("utf-8", "replace")
            except _NETWORK as error:
                raise _failure(error, deadline) from error
            finally:
                used.close()
            if answer.status not in _REPEATED:
                break
            url = _redirection(answer, url)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            refused = _refused(answer)
            words = f": {one_line(said)[:_SAID]}" if one_line(said) else ""
            raise FetchError(f"{refused.what}{words}", weight=refused.weight, retry_after=refused.retry_after)

    def close(self) -> None:
        """Closes the connections that are kept; those in use end with their poll."""
        self._idle.close()

    def _answer(self, poll: Poll, url: str, deadline: Deadline, wish: Wish) -> Fetched | _Redirect | Reply:
        parts = urls.parts(url)
        access, own = poll.feed.access, _is_own(poll.feed, url)
        route = Route(
            parts.scheme,
            parts.host,
            parts.port,
            allow_private=_may_be_private(poll.feed, url),
            proxy=access.proxy,
            tls=access.tls if own else None,
        )
        try:
            headers = self._headers(poll, wish, own=own)
            used, response = self._exchange(route, parts.target, headers, deadline)
        except _NETWORK as error:
            raise _failure(error, deadline) from error
        kept = False
        try:
            answer = _read(response, url=url, poll=poll, wish=wish, most=(wish.limits or self._limits).body)
            kept = response.closed and not used.is_closed
        except _NETWORK as error:
            raise _failure(error, deadline) from error
        finally:
            if not kept:
                response.close()
                used.close()
        if kept:
            self._idle.keep(route, used)
        return answer

    def _exchange(
        self, route: Route, target: str, headers: dict[str, str], deadline: Deadline
    ) -> tuple[PlainConnection, Answer]:
        """A connection with the head of its answer; a kept one that turns out dead is replaced once."""
        kept = self._idle.take(route)
        if kept is not None:
            try:
                return kept, _asked(kept, target, headers, deadline)
            except _STALE:
                pass
        new = connection(route, self._door, trust=self._trusted(route.tls))
        return new, _asked(new, target, headers, deadline)

    def _trusted(self, tls: Tls | None) -> ssl.SSLContext:
        """Whom this connection believes; made once for each set of files."""
        if tls not in self._trust:
            self._trust[tls] = trusted(tls)
        return self._trust[tls]

    def _headers(self, poll: Poll, wish: Wish, *, own: bool) -> dict[str, str]:
        """What is asked with; the feed's own headers (a User-Agent may be one) for its own host alone."""
        headers = {"User-Agent": self.user_agent, "Accept": wish.accept, "Accept-Encoding": ACCEPTED}
        if poll.validators.etag:
            headers["If-None-Match"] = poll.validators.etag
        if poll.validators.last_modified:
            headers["If-Modified-Since"] = poll.validators.last_modified
        if not own:
            return headers
        names = {name.lower(): name for name in headers}
        return headers | {names.get(name.lower(), name): value for name, value in poll.feed.access.headers}


def led_to(feed: Feed, url: str) -> Feed:
    """The feed as it is asked at an address that it leads to: where it moved, or a page of its.

    What it is asked with stays with its own origin, a leave to be private with its host, on its port and the
    web's. Its proxy goes everywhere, and so does what is missing: without its secret it is asked nowhere.
    """
    access = feed.access
    if not _is_own(feed, url):
        access = Access(proxy=access.proxy, missing=access.missing)
    return replace(feed, url=url, allow_private=_may_be_private(feed, url), access=access)


def _is_own(feed: Feed, url: str) -> bool:
    """Whether the address is of the feed's own scheme, host and port: only that hears its secrets."""
    ours, there = urls.parts(feed.url), urls.parts(url)
    return (ours.scheme, ours.host, ours.port) == (there.scheme, there.host, there.port)


def _may_be_private(feed: Feed, url: str) -> bool:
    """Only the feed's own host may, on the feed's port and the web's: it has other services too.

    Where else a feed redirects, or its author links, is checked like any other.
    """
    ours, there = urls.parts(feed.url), urls.parts(url)
    return feed.allow_private and ours.host == there.host and there.port in (ours.port, *_WEB)


def _asked(used: PlainConnection, target: str, headers: dict[str, str], deadline: Deadline) -> Answer:
    """The head of the answer; a connection that fails is closed."""
    answered = False
    try:
        response = used.exchange(target, headers, deadline=deadline)
        answered = True
    finally:
        if not answered:
            used.close()
    return response


# ---- the answer --------------------------------------------------------------------------------------------


def _read(response: Answer, *, url: str, poll: Poll, wish: Wish, most: int) -> Fetched | _Redirect | Reply:
    if response.status in _REDIRECTS:
        return _Redirect(_redirection(response, url), response.status in _PERMANENT)
    if response.status == HTTPStatus.NOT_MODIFIED and (poll.validators.etag or poll.validators.last_modified):
        response.read()  # nothing: a 304 has no body, but http.client frees the connection only then
        return Reply(stays=_stays(response))
    if response.status not in _BODIES:
        raise _refused(response)
    content_type = response.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if wish.kinds and kind and kind not in wish.kinds:
        raise FetchError(f"is {kind[:60]!r}, which is not read")
    body = decoded(_raw(response, most), response.headers.get("content-encoding", ""), most)
    if body.startswith(GZIP):  # a file that is packed (sitemap.xml.gz), whatever it is said to be
        body = decoded(body, "gzip", most)
    offered = offer.in_headers(response.headers.get("link", ""), url=url)
    reply = Reply(stays=_stays(response), whole=True, offer=offered)
    return Fetched(_validators(response, body), body, content_type, url, reply)


def _redirection(response: Answer, url: str) -> str:
    location = response.headers.get("location", "").strip()
    if not location:
        raise FetchError(f"{_answered(response)} without saying where to", weight=_SOFT)
    try:
        # http.client reads headers as Latin-1; servers that send more than ASCII mean UTF-8.
        target = urljoin(url, location.encode("latin-1").decode("utf-8", "replace")).partition("#")[0]
    except ValueError as error:
        raise FetchError("redirects to what is no address") from error
    fault = urls.problem(target)
    if fault:
        raise FetchError(f"redirects to an address that is refused: {fault}")
    return target


def _raw(response: Answer, limit: int) -> bytes:
    """The body as sent; the limit on what it unpacks to is a limit on it too."""
    body = bytearray()
    while chunk := response.read(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > limit:
            raise too_long(limit)
    return bytes(body)


def _stays(response: Answer) -> timedelta | None:
    """How long the answer holds, by Cache-Control or Expires (RFC 9111 §5.2.2.1, §5.3); None if unsaid."""
    control = response.headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    found = _MAX_AGE.search(control)
    if found:
        return min(timedelta(seconds=int(found.group(1))), _LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(response.headers["expires"])
        stays = until - parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(stays, _LONGEST_RETRY_AFTER) if stays > timedelta(0) else None


def _validators(response: Answer, body: bytes) -> Validators:
    return Validators(
        etag=_validator(response.headers.get("etag")),
        last_modified=_validator(response.headers.get("last-modified")),
        digest=blake2b(body, digest_size=16).hexdigest(),
    )


def _validator(value: str | None) -> str | None:
    """The header's value if it can be sent back as it is."""
    usable = value and len(value) <= _LONGEST_VALIDATOR and not any(map(_is_control, value))
    return value if usable else None


def _is_control(character: str) -> bool:
    return character < " " or character == "\x7f"


# ---- what went wrong, in words -----------------------------------------------------------------------------


def _refused(response: Answer) -> FetchError:
    status = response.status
    soft = _SOFT if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _HARD
    return FetchError(
        _answered(response),
        weight=_BRIEF if status in _TEMPORARY else soft,
        retry_after=_retry_after(response.headers.get("retry-after", "")),
        gone=status == HTTPStatus.GONE,
        status=status,
    )


def _answered(response: Answer) -> str:
    try:
        return f"answered {response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return f"answered {response.status}"


def _retry_after(value: str) -> timedelta | None:
    """How long to wait, from a number of seconds or a date (RFC 9110 §10.2.3); None if it says neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = int(value) if len(value) <= _SECONDS_DIGITS else 10**_SECONDS_DIGITS
        return min(timedelta(seconds=seconds), _LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(wait, timedelta(0)), _LONGEST_RETRY_AFTER)


def _failure(error: Exception, deadline: Deadline) -> FetchError:
    if isinstance(error, (TimeoutError, ReadTimeoutError)):
        return deadline.missed()
    what, weight = _words(error)
    return FetchError(what, weight=weight)


def _words(error: Exception) -> tuple[str, float]:  # noqa: PLR0911  # a table
    """A sentence about an error of the network, and its weight."""
    match error:
        case ssl.SSLCertVerificationError():
            return _certificate(error), _HARD
        case ssl.SSLError(reason=str(reason)) if "CERTIFICATE_REQUIRED" in reason:
            return "asks for a certificate of ours: tls with certificate and key shows one", _HARD
        case ssl.SSLError():
            return f"speaks no TLS that is accepted here: {error.reason or error}", _SOFT
        case ConnectionRefusedError():
            return "refuses connections", _SOFT
        case ConnectionError():
            return "broke the connection off", _BRIEF
        case HTTPError():
            return "broke off in the middle of the document", _BRIEF
        case http.client.HTTPException():
            return f"answered what is not HTTP ({type(error).__name__})", _SOFT
        case _:
            return f"cannot be reached: {getattr(error, 'strerror', None) or error}", _SOFT


_OTHER_NAME = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH of OpenSSL
_OTHER_TIME = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAME:
        return f"certificate is for another host: {error.verify_message}"
    if error.verify_code in _OTHER_TIME:
        return f"certificate is not valid today: {error.verify_message}"
    return f"certificate is not trusted: {error.verify_message}"
