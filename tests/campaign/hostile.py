"""What hostile outlets send: addresses that point into our own network, and feeds that nobody meant."""

from __future__ import annotations

import gzip
import random
import socket
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from monitor.errors import MonitorError
from monitor.feeds.fetch import Fetcher
from monitor.feeds.workers import Parsers
from monitor.model import Feed, Poll
from tests.campaign.world import Row
from tests.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

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
ITEMS = (
    b"<item><guid>1</guid><title>One peace agreement</title><link>http://e.example/1</link>"
    b"<description><![CDATA[A <b>text</b> of its own &amp; more]]></description>"
    b"<pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate></item>"
)
SEEDS = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>' + ITEMS * 3 + b"</channel></rss>",
    b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>a</id>
    <title type="html">&lt;b&gt;x</title><link href="http://e.example/a"/>
    <updated>2026-03-02T09:00:00Z</updated><content type="xhtml"><div
    xmlns="http://www.w3.org/1999/xhtml">body</div></content></entry></feed>""",
    """<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><item><title>Мир</title>
    </item></channel></rss>""".encode("windows-1251"),
    b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
    <item rdf:about="http://e.example/r"><title>r</title><link>http://e.example/r</link></item></rdf:RDF>""",
    b"""{"version":"https://jsonfeed.org/version/1.1","title":"t",
    "items":[{"id":"1","title":"x","content_text":"y"}]}""",
    b"<!DOCTYPE html><html><head><title>no feed</title></head><body>503</body></html>",
)
_PIECES = (
    *b"""<![CDATA[ ]]> <!-- --> &#0; &#xD800; &amp &bogus; &a; <item> </item> </channel> <title> <pubDate>
    xmlns='' encoding='utf-7' type='application/xml'""".split(),
    *(b"<?xml version='1.1'?>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>"),
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd0", b"\xe2\x80\xae", b"9" * 400, b"\r\n\r\n"),
)


def addresses() -> Row:
    """Each spelling as a feed's address and as a redirect, with a name that is first public, then ours."""
    hits = 0
    with WebServer() as web, _Canary() as canary:
        for number, spelling in enumerate(SPELLINGS):
            target = spelling.format(port=canary.port)
            web.serve(f"/{number}", b"", {"Location": target}, status=302)
            fetcher = Fetcher(user_agent="campaign", resolve=_resolver(), connect=_only_loopback)
            for url, private in ((target, False), (web.url(f"/{number}"), True)):
                feed = Feed("f", url, outlet="f", allow_private=private)
                try:
                    fetcher.fetch(Poll(feed))
                except MonitorError:
                    pass
                except ValueError:
                    hits += 1  # an address that breaks the fetcher is a hit of its own
            fetcher.close()
        hits += canary.hits
    return Row(
        f"SSRF: {len(SPELLINGS)} spellings as feed and as redirect, rebinding among them",
        "0 connections to a canary on the loopback",
        f"{hits} hits",
        hits == 0,
    )


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


def fuzz(*, count: int, corpus: Path | None = None, seed: int = 1) -> Row:
    """So many mutated feeds through the parser processes: each is read or refused, in time."""
    chance = random.Random(seed)
    seeds = [*SEEDS, *_corpus(corpus)]
    parsers = Parsers(2)
    refused = broken = 0
    slowest = 0.0
    feed = Feed("f", "https://f.example/", outlet="f")
    begun = time.monotonic()
    try:
        for _ in range(count):
            document = _mutated(chance.choice(seeds), seeds, chance)
            begin = time.monotonic()
            try:
                parsers.read(document, feed=feed, content_type="application/rss+xml", now=datetime.now(UTC))
            except MonitorError:
                refused += 1
            except Exception:  # noqa: BLE001 - what the campaign looks for
                broken += 1
            slowest = max(slowest, time.monotonic() - begin)
    finally:
        parsers.close()
    return Row(
        f"{count:,} mutated feeds from {len(seeds)} seeds",
        "0 uncaught, 0 hung (30 s)",
        f"{refused:,} refused, {broken} uncaught, slowest {slowest:.1f} s"
        f" ({count / (time.monotonic() - begun):,.0f} a second)",
        not broken and slowest < 30,
    )


def _corpus(folder: Path | None) -> list[bytes]:
    if folder is None or not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if path.is_file())
    read = [
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files
    ]
    return [each[:20_000] for each in read]


def _mutated(document: bytes, seeds: list[bytes], chance: random.Random) -> bytes:
    """The document after one to eight changes: bits, pieces of XML, cuts, doubling, splices."""
    made = bytearray(document)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(6):
            case 0:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                made[at:at] = chance.choice(_PIECES)
            case 2:
                del made[at : at + chance.randrange(1, 60)]
            case 3:
                made[at:at] = made[at : at + chance.randrange(1, 200)] * chance.randrange(1, 9)
            case 4:
                other = chance.choice(seeds)
                start = chance.randrange(len(other))
                made[at:at] = other[start : start + 300]
            case _:
                del made[at:]
    return bytes(made)
