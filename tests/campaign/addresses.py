"""What hostile outlets send: addresses that point into our own network, wherever an address may stand."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Self

from monitor import survey
from monitor.errors import MonitorError
from monitor.feeds import article
from monitor.feeds.connection import trusted
from monitor.feeds.fetch import Fetched, Fetcher
from monitor.feeds.poll import poll
from monitor.feeds.robots import Robots
from monitor.feeds.workers import Parsers
from monitor.model import Feed, Fresh, Poll, PollResult, Reply
from tests.campaign.world import Row
from tests.web_server import WebServer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

# Spellings of the loopback and of our own network, as a feed's address, a redirect or a link may have them.
# {port} is the canary's.
SPELLINGS = (
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.127.127.127:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://localhost.localdomain:{port}/",
    "http://foo.localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}?@example.com/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http:\\\\127.0.0.1:{port}\\",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127．0．0．1:{port}/",
    "http://ⓛocalhost:{port}/",
    "http://127.0.0.1%2f:{port}/",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127.0.0.1\t:{port}/",
    " http://127.0.0.1:{port}/",
    "ht\ntp://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "feed://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_x",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "http://rebound.example:{port}/",
)


def addresses() -> Row:
    """Each spelling in each place: whether the canary, a port that nobody may connect to, hears of it."""
    hits, broken = Counter[str](), 0
    parsers, trust = Parsers(1), trusted()
    try:
        with WebServer() as web, _Canary() as canary:
            assert _heard(canary, _Ask(web, parsers, "/", f"http://127.0.0.1:{canary.port}/", trust))
            for number, spelling in enumerate(SPELLINGS):
                target = spelling.format(port=canary.port)
                for place, asked in _PLACES.items():
                    before = canary.hits
                    try:
                        asked(_Ask(web, parsers, f"/{number}-{place.replace(' ', '-')}", target, trust))
                    except MonitorError:
                        pass
                    except Exception:  # noqa: BLE001 - an address that breaks the fetcher
                        broken += 1
                    hits[place] += canary.hits - before
    finally:
        parsers.close()
    return Row(
        f"SSRF: {len(SPELLINGS)} spellings as {', '.join(_PLACES)}; a name that rebinds among them",
        "0 connections to a canary on the loopback",
        f"{hits.total()} hits, {broken} uncaught" + "".join(f"; {place}" for place in +hits),
        not hits.total() and not broken,
    )


def _heard(canary: _Canary, ask: _Ask) -> bool:
    """Whether the canary hears of an address that is allowed: else its silence would say nothing."""
    own = ask.feed(ask.target, private=True)
    _polled(ask, own)
    polled = canary.hits
    with suppress(MonitorError):
        _ask_hub(ask, ask.target, own)
    heard, canary.hits = 0 < polled < canary.hits, 0
    return heard


@dataclass(frozen=True)
class _Ask:
    """An address in a place: what serves the place, and what reads what is served."""

    web: WebServer
    parsers: Parsers
    path: str
    target: str
    trust: ssl.SSLContext

    def fetcher(self) -> Fetcher:
        return Fetcher(user_agent="campaign", resolve=_resolver(), connect=_only_loopback, trust=self.trust)

    def feed(self, url: str, *, private: bool) -> Feed:
        return Feed("f", url, outlet="f", allow_private=private)

    def served(self, body: str, kind: str) -> Feed:
        """A feed of ours, on the loopback and allowed to be, that holds the address."""
        self.web.serve(self.path, body.encode("utf-8", "surrogatepass"), {"Content-Type": kind})
        return self.feed(self.web.url(self.path), private=True)


def _as_feed(ask: _Ask) -> None:
    _polled(ask, ask.feed(ask.target, private=False))


def _as_article(ask: _Ask) -> None:
    """As `rules try URL` fetches one: an address that somebody pastes."""
    fetcher = ask.fetcher()
    try:
        fetcher.fetch(Poll(ask.feed(ask.target, private=False)))
    finally:
        fetcher.close()


def _as_page(ask: _Ask) -> None:
    """As a feed of our own network links to one: its host may be asked, and no other port of it."""
    _read_page(ask, ask.feed(ask.web.url("/feed"), private=True), ask.target)


def _as_redirect_of_a_page(ask: _Ask) -> None:
    ask.web.serve(ask.path, b"", {"Location": ask.target}, status=302)
    _read_page(ask, ask.feed(ask.web.url("/feed"), private=True), ask.web.url(ask.path))


def _read_page(ask: _Ask, feed: Feed, link: str) -> None:
    """As `full_text` reads the page behind an entry, robots.txt first."""
    fetcher = ask.fetcher()
    try:
        robots = Robots(fetcher, ask.parsers)
        article.read(
            article.Wanted(1, feed, link),
            fetcher=fetcher,
            robots=robots,
            parsers=ask.parsers,
            agent="campaign",
            now=datetime.now(UTC),
        )
    finally:
        fetcher.close()


def _as_redirect(ask: _Ask) -> None:
    ask.web.serve(ask.path, b"", {"Location": _header(ask.target)}, status=302)
    _polled(ask, ask.feed(ask.web.url(ask.path), private=True))


def _header(address: str) -> str:
    """As a server sends it that does not care what a header may hold: UTF-8."""
    return address.encode().decode("latin-1")


def _as_link_of_a_page(ask: _Ask) -> None:
    """As `feeds add URL` looks for the feeds behind a page."""
    link = f'<link rel="alternate" type="application/rss+xml" href="{escape(ask.target, quote=True)}">'
    page = ask.served(f"<html><head>{link}</head></html>", "text/html")
    fetcher = ask.fetcher()
    try:
        survey.find(
            replace(page, allow_private=False),
            fetcher=_Behind(fetcher, page.url),
            parsers=ask.parsers,
            now=datetime.now(UTC),
        )
    finally:
        fetcher.close()


def _as_next_url(ask: _Ask) -> None:
    item = {"id": "1", "title": "x", "url": ask.target, "external_url": ask.target, "image": ask.target}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [item]}
    places = dict.fromkeys(("next_url", "feed_url", "home_page_url", "icon"), ask.target)
    hubs = [{"type": "WebSub", "url": ask.target}]
    _subscribe(ask, ask.served(json.dumps({**feed, **places, "hubs": hubs}), "application/feed+json"))


def _as_hub(ask: _Ask) -> None:
    address = escape(ask.target, quote=True)
    links = "".join(f'<link rel="{rel}" href="{address}"/>' for rel in ("hub", "next", "self", "alternate"))
    entry = f'<entry><id>1</id><title>x</title><link href="{address}"/><content src="{address}"/></entry>'
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom">{links}<logo>{address}</logo>{entry}</feed>'
    head = f'<?xml-stylesheet href="{address}"?><!DOCTYPE feed SYSTEM "{address}">'
    _subscribe(ask, ask.served(head + atom, "application/atom+xml"))


def _as_hub_in_headers(ask: _Ask) -> None:
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>x</title></entry></feed>'
    kind = {"Content-Type": "application/atom+xml", "Link": f'<{_header(ask.target)}>; rel="hub"'}
    ask.web.serve(ask.path, atom, kind)
    _subscribe(ask, ask.feed(ask.web.url(ask.path), private=True))


def _as_hubs_redirect(ask: _Ask) -> None:
    ask.web.serve(ask.path, b"", {"Location": _header(ask.target)}, status=307)
    _ask_hub(ask, ask.web.url(ask.path), ask.feed(ask.web.url("/feed"), private=True))


# A JSON feed's next_url is followed nowhere in this program: that is what is held. Hubs are asked for real.
_PLACES: dict[str, Callable[[_Ask], None]] = {
    "feed": _as_feed,
    "redirect": _as_redirect,
    "article": _as_article,
    "page of an entry": _as_page,
    "redirect of a page": _as_redirect_of_a_page,
    "link of a page": _as_link_of_a_page,
    "JSON next_url": _as_next_url,
    "Atom hub": _as_hub,
    "Link header": _as_hub_in_headers,
    "hub's redirect": _as_hubs_redirect,
}


@dataclass(frozen=True)
class _Behind:
    """Serves the page itself, which stands on the loopback; what it links to is fetched as strangers' are."""

    fetcher: Fetcher
    page: str

    def fetch(self, poll: Poll) -> Fetched | Reply:
        """As the fetcher does, but for the page."""
        own = poll.feed.url == self.page
        return self.fetcher.fetch(replace(poll, feed=replace(poll.feed, allow_private=own)))


def _polled(ask: _Ask, feed: Feed) -> PollResult:
    fetcher = ask.fetcher()
    try:
        return poll(Poll(feed), fetcher=fetcher, parsers=ask.parsers, now=datetime.now(UTC))
    finally:
        fetcher.close()


def _subscribe(ask: _Ask, feed: Feed) -> None:
    """Poll a feed that is well but for the address in it, and ask the hubs that it names to ring."""
    result = _polled(ask, feed)
    assert isinstance(result, Fresh), result
    for hub in result.reply.offer.hubs if result.reply.offer else ():
        _ask_hub(ask, hub, feed)


def _ask_hub(ask: _Ask, hub: str, feed: Feed) -> None:
    fetcher = ask.fetcher()
    try:
        fetcher.post(hub, b"hub.mode=subscribe", feed=feed)
    finally:
        fetcher.close()


def _resolver() -> Callable[[str, int], Sequence[str]]:
    """Asks nobody: numbers in every spelling the C library reads, localhost, and a name that rebinds."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        if host.endswith((".example", ".com")):
            asked.append(host)
            return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]
        if host.lower().rstrip(".").endswith(("localhost", "localhost.localdomain")):
            return ["127.0.0.1", "::1"]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(row[4][0]) for row in found]

    return resolve


def _only_loopback(address: str, port: int, timeout: float) -> socket.socket:
    """The network of the test: what is not on the loopback cannot be reached, and nothing is sent to it."""
    if address not in ("127.0.0.1", "::1"):
        raise ConnectionRefusedError(111, "not on this machine")
    return socket.create_connection((address, port), timeout)


class _Canary:
    """A port that nobody may connect to."""

    def __init__(self) -> None:
        self.hits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.hits += 1
            connection.close()
