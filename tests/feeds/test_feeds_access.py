"""What a feed is asked with, from the operator's file to the socket, and where it must not come out again."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
import trustme

from monitor import added, config
from monitor.engine import where_it_is
from monitor.errors import ConfigError, FetchError
from monitor.feeds.connection import Door, Idle, Route, connection
from monitor.feeds.fetch import Fetched, Fetcher, Limits, _dial
from monitor.feeds.guard import system_resolve
from monitor.model import Access, Feed, FeedState, Poll, Proxy, Tls
from monitor.sources import unpacked
from tests.desks import rss
from tests.web_server import Request, Response, WebServer

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from monitor.config import Desk

SECRET = "hush-hush"
LIMITS = Limits(time=timedelta(seconds=60))
FORMS = {"Content-Type": "application/rss+xml"}


@pytest.fixture(name="web")
def _web() -> Iterator[WebServer]:
    with WebServer() as web:
        web.serve("/feed", rss("One"), FORMS)
        yield web


@pytest.fixture(name="fetcher")
def _fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(user_agent="ours", resolve=lambda _host, _port: ["127.0.0.1"], limits=LIMITS)
    yield fetcher
    fetcher.close()


def asked(url: str, access: Access) -> Poll:
    return Poll(Feed("feed", url, "outlet", allow_private=True, access=access))


def refused(fetcher: Fetcher, poll: Poll) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(poll)
    return caught.value


# ---- headers -----------------------------------------------------------------------------------------------


def test_a_feeds_own_headers_are_sent_and_take_the_place_of_ours(web: WebServer, fetcher: Fetcher) -> None:
    access = Access(headers=(("X-Key", SECRET), ("user-agent", "theirs"), ("Accept-Language", "hy")))
    fetcher.fetch(asked(web.url("/feed"), access))
    headers = web.requests[0].headers
    assert (headers["x-key"], headers["user-agent"], headers["accept-language"]) == (SECRET, "theirs", "hy")


def test_a_feeds_headers_stay_with_its_own_host(web: WebServer) -> None:
    """Another host, another port and the same host under another scheme are strangers."""
    access = Access(headers=(("Authorization", SECRET),))
    with WebServer() as stranger:

        def dial(address: str, port: int, timeout: float) -> socket.socket:
            return socket.create_connection((address, stranger.port if port == 80 else port), timeout)

        fetcher = Fetcher(user_agent="test", connect=dial)
        stranger.serve("/feed", rss("One"), FORMS)
        for there, heard in ((web.url("/feed"), True), ("http://127.0.0.1/feed", False)):
            web.serve("/moved", b"", {"Location": there}, status=302)
            fetcher.fetch(asked(web.url("/moved"), access))
            last = (web if heard else stranger).requests[-1]
            assert ("authorization" in last.headers) == heard
        assert "authorization" in web.requests[-1].headers
        fetcher.close()


def test_a_feed_that_moved_to_another_host_leaves_its_secrets_behind() -> None:
    proxy = Proxy("proxy.example", 8080)
    feed = Feed("a", "https://a.example/1", "A", access=Access(headers=(("X-Key", SECRET),), proxy=proxy))
    same = where_it_is(feed, FeedState(address="https://a.example/2"))
    assert same.access == feed.access
    assert where_it_is(feed, FeedState(address="http://a.example/2")).access == Access(proxy=proxy)
    assert where_it_is(feed, FeedState(address="https://b.example/2")).access == Access(proxy=proxy)


def test_a_feed_that_moved_is_still_not_asked_without_its_secret() -> None:
    """Not where it moved to either: a proxy whose address is not known would be gone round."""
    feed = Feed("a", "https://a.example/1", "A", access=Access(missing="its secret is not here"))
    for there in ("https://a.example/2", "https://b.example/2"):
        assert where_it_is(feed, FeedState(address=there)).access == feed.access


def test_a_feed_whose_secret_is_not_here_is_not_asked_without_it(web: WebServer, fetcher: Fetcher) -> None:
    error = refused(fetcher, asked(web.url("/feed"), Access(missing="its secret is not here")))
    assert error.what == "its secret is not here"
    assert web.requests == []


# ---- through a proxy ---------------------------------------------------------------------------------------


class _Proxy:
    """Listens on loopback while it is entered; `_serve` answers whoever connects, until nothing is said."""

    def __init__(self, port: int) -> None:
        self._port = port  # of the server that all hosts are to it
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes accept()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        raise NotImplementedError

    def _joined(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what both say until both have ended."""
        back = threading.Thread(target=_pass_on, args=(server, client))
        back.start()
        _pass_on(client, server)
        back.join()


class HttpProxy(_Proxy):
    """Takes CONNECT, and requests in absolute form; every name is a loopback server to it."""

    def __init__(self, port: int, *, status: bytes = b"200 OK") -> None:
        self.heads: list[bytes] = []
        self._status = status
        super().__init__(port)

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            head = b""
            while b"\r\n\r\n" not in head and (got := client.recv(65536)):
                head += got
            if not head:
                client.close()
                return
            self.heads.append(head)
            with client, socket.create_connection(("127.0.0.1", self._port)) as server:
                if head.startswith(b"CONNECT"):
                    client.sendall(b"HTTP/1.1 " + self._status + b"\r\n\r\n")
                    if not self._status.startswith(b"2"):
                        continue
                else:
                    target = head.split(b" ")[1]
                    path = b"/" + target.split(b"/", 3)[3]
                    server.sendall(head.replace(target, path, 1).replace(b"keep-alive", b"close"))
                self._joined(client, server)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while got := one.recv(65536):
            other.sendall(got)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_feed_is_asked_through_its_proxy_which_alone_hears_the_proxys_password(web: WebServer) -> None:
    web.answer("/feed", lambda _: Response(rss("One"), {**FORMS, "Connection": "close"}))
    with HttpProxy(web.port) as proxy:
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, limits=LIMITS)
        access = Access(headers=(("X-Key", SECRET),), proxy=Proxy("proxy.example", proxy.port, "Basic cHc="))
        found = fetcher.fetch(asked("http://feed.example/feed?a=1", access))
        fetcher.close()
    assert isinstance(found, Fetched)
    assert found.body == rss("One")
    assert proxy.heads[0].startswith(b"GET http://feed.example/feed?a=1 HTTP/1.1\r\n")
    assert b"Host: feed.example\r\n" in proxy.heads[0]
    assert b"Proxy-Authorization: Basic cHc=\r\n" in proxy.heads[0]
    assert web.requests[0].headers["x-key"] == SECRET


def test_a_feed_under_tls_is_asked_through_a_tunnel_that_hears_nothing_of_it() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feed.example").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with WebServer(tls=context) as web, HttpProxy(web.port) as proxy:
        web.serve("/feed", rss("One"), FORMS)
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, trust=trust, limits=LIMITS)
        access = Access(headers=(("X-Key", SECRET),), proxy=Proxy("proxy.example", proxy.port, "Basic cHc="))
        found = fetcher.fetch(asked("https://feed.example/feed", access))
        fetcher.close()
        assert isinstance(found, Fetched)
        assert web.requests[0].headers["x-key"] == SECRET
        assert "proxy-authorization" not in web.requests[0].headers
    assert proxy.heads[0].startswith(b"CONNECT feed.example:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic cHc=\r\n" in proxy.heads[0]
    assert SECRET.encode() not in proxy.heads[0]


def test_a_proxy_that_refuses_is_said_to(web: WebServer) -> None:
    with HttpProxy(web.port, status=b"407 Proxy Authentication Required") as proxy:
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, limits=LIMITS)
        error = refused(
            fetcher, asked("https://feed.example/", Access(proxy=Proxy("proxy.example", proxy.port)))
        )
        fetcher.close()
    assert "407 Proxy Authentication Required" in error.what
    assert error.weight == 0.5


def test_a_proxy_is_no_way_round_the_guard(fetcher: Fetcher) -> None:
    """What has a private address here is refused; nothing listens at the proxy's port, nor is it asked."""
    access = Access(proxy=Proxy("proxy.example", 9))
    for url in ("http://10.0.0.1/", "http://feed.example/"):
        private = replace(asked(url, access).feed, allow_private=False)
        assert "is not public" in refused(fetcher, Poll(private)).what


def test_the_guard_hears_of_the_feeds_own_host_before_a_proxy_does() -> None:
    heard: list[tuple[str, int]] = []

    def private(host: str, port: int) -> list[str]:
        heard.append((host, port))
        return ["10.0.0.1"]

    fetcher = Fetcher(user_agent="ours", resolve=private, limits=LIMITS)
    feed = replace(
        asked("http://feed.example/", Access(proxy=Proxy("proxy.example", 9))).feed, allow_private=False
    )
    assert "is not public" in refused(fetcher, Poll(feed)).what
    assert set(heard) == {("feed.example", 80)}


def test_of_too_many_connections_the_longest_unused_is_let_go() -> None:
    trust = ssl.create_default_context()
    idle, door = Idle(2), Door(system_resolve, _dial, LIMITS)
    routes = [Route("http", f"{name}.example", 80, allow_private=False) for name in "abc"]
    for route in routes:
        idle.keep(route, connection(route, door, trust=trust))
    assert [*idle._kept.values()] == routes[1:]
    idle.close()
    for route in routes:  # what was closed is forgotten, and takes as many anew
        idle.keep(route, connection(route, door, trust=trust))
    assert [*idle._kept.values()] == routes[1:]
    idle.close()
    assert not idle._kept and not idle._by_route


class SocksProxy(_Proxy):
    """SOCKS 5 for one connection at a time, keeping what it was asked; all hosts are a loopback server."""

    def __init__(
        self, port: int, *, login: tuple[str, str] | None = None, script: bytes = b"", times: int = 1 << 20
    ) -> None:
        self.asked: list[bytes] = []
        self._login = login
        self._script = script  # said in the stead of an answer to the request,
        self._times = times  # so many times
        super().__init__(port)

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with client, client.makefile("rb", buffering=0) as heard:
                head = heard.read(2)
                if not head:
                    return
                ways = heard.read(head[1])
                if not self._is_introduced(client, heard, ways):
                    continue
                request = heard.read(262)
                self.asked.append(request)
                if self._script and len(self.asked) <= self._times:
                    client.sendall(self._script)
                    continue
                client.sendall(b"\5\0\0\3\4here\0\1")
                with socket.create_connection(("127.0.0.1", self._port)) as server:
                    self._joined(client, server)

    def _is_introduced(self, client: socket.socket, heard: io.RawIOBase, ways: bytes) -> bool:
        way = 0 if self._login is None else 2
        client.sendall(bytes((5, way if way in ways else 255)))
        if way == 0 or way not in ways:
            return way in ways
        words = heard.read(513) or b""
        user = words[2 : 2 + words[1]]
        good = self._login == (user.decode(), words[3 + len(user) :].decode())
        client.sendall(bytes((1, 0 if good else 1)))
        return good


def _socks(port: int, *, scheme: str = "socks5h", login: tuple[str, str] | None = None) -> Access:
    return Access(proxy=Proxy("proxy.example", port, scheme=scheme, login=login))


@pytest.mark.parametrize("login", [None, ("desk", SECRET)])
def test_a_socks_proxy_is_asked_for_the_name_and_hears_the_password_only_where_it_wants_one(
    web: WebServer, login: tuple[str, str] | None
) -> None:
    fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, limits=LIMITS)
    with SocksProxy(web.port, login=login) as proxy:
        found = fetcher.fetch(asked("http://feed.example/feed", _socks(proxy.port, login=login)))
        fetcher.close()
    assert isinstance(found, Fetched)
    assert found.body == rss("One")
    assert proxy.asked == [b"\5\1\0\3\x0cfeed.example\0\x50"]
    assert web.requests[0].path == "/feed"
    assert web.requests[0].headers["host"] == "feed.example"


def test_tls_goes_through_a_socks_proxy_with_the_name_checked_behind_it() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feed.example").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with WebServer(tls=context) as web, SocksProxy(web.port) as proxy:
        web.serve("/feed", rss("One"), FORMS)
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, trust=trust, limits=LIMITS)
        assert isinstance(fetcher.fetch(asked("https://feed.example/feed", _socks(proxy.port))), Fetched)
        fetcher.close()
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, trust=trust, limits=LIMITS)
        error = refused(fetcher, asked("https://other.example/feed", _socks(proxy.port)))
        fetcher.close()
    assert "certificate is for another host" in error.what


def test_a_socks_proxy_that_is_asked_for_addresses_gets_one_that_was_checked() -> None:
    """The second answer of the name's server is private: nobody looks up a second time."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])

    def rebind(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "proxy.example" else next(answers)

    with WebServer() as web, SocksProxy(web.port) as proxy:
        web.serve("/feed", rss("One"), FORMS)
        fetcher = Fetcher(user_agent="ours", resolve=rebind, limits=LIMITS)
        feed = replace(asked("http://feed.example/feed", _socks(proxy.port, scheme="socks5")).feed)
        fetcher.fetch(Poll(replace(feed, allow_private=False)))
        fetcher.close()
        fetcher = Fetcher(user_agent="ours", resolve=rebind, limits=LIMITS)
        assert "is not public" in refused(fetcher, Poll(replace(feed, allow_private=False))).what
        fetcher.close()
    assert proxy.asked == [b"\5\1\0\1" + socket.inet_aton("93.184.215.14") + b"\0\x50"]


@pytest.mark.parametrize("script", [b"\5\3\0\1", b"\5\1\0", b"\5"])
def test_a_socks_proxy_that_cannot_reach_one_address_is_asked_for_the_next(
    web: WebServer, script: bytes
) -> None:
    def both(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "proxy.example" else ["2a00:1450::200e", "93.184.215.14"]

    with SocksProxy(web.port, script=script, times=1) as proxy:
        fetcher = Fetcher(user_agent="ours", resolve=both, limits=LIMITS)
        found = fetcher.fetch(asked("http://feed.example/feed", _socks(proxy.port, scheme="socks5")))
        fetcher.close()
    assert isinstance(found, Fetched)
    assert [request[3] for request in proxy.asked] == [4, 1]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_is_no_way_round_the_guard(fetcher: Fetcher, scheme: str) -> None:
    for url in ("http://10.0.0.1/", "http://feed.example/"):
        private = replace(asked(url, _socks(9, scheme=scheme)).feed, allow_private=False)
        assert "is not public" in refused(fetcher, Poll(private)).what


@pytest.mark.parametrize(
    ("script", "said", "weight"),
    [
        (b"\5\2\0\1", "no connection to feed.example: it may not connect there", 0.5),
        (b"\5\x63\0\1", "its error 99", 0.5),
        (b"\5\0\0\1\0", "the proxy broke the connection off", 0.25),
        (b"\5\0\0\4\0", "the proxy broke the connection off", 0.25),
        (b"\5\0\0\7", "does not speak SOCKS 5", 0.5),
        (b"HTTP/1.1 400 Bad Request", "does not speak SOCKS 5", 0.5),
    ],
)
def test_a_socks_proxy_that_gives_no_connection_is_said_to(script: bytes, said: str, weight: float) -> None:
    with SocksProxy(9, script=script) as proxy:
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, limits=LIMITS)
        error = refused(fetcher, asked("http://feed.example/", _socks(proxy.port)))
        fetcher.close()
    assert said in error.what
    assert error.weight == weight


@pytest.mark.parametrize(
    ("login", "said"), [(None, "wants a user and a password"), (("desk", "wrong"), "refuses our user")]
)
def test_a_socks_proxy_that_does_not_know_us_is_said_to(login: tuple[str, str] | None, said: str) -> None:
    with SocksProxy(9, login=("desk", SECRET)) as proxy:
        fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, limits=LIMITS)
        error = refused(fetcher, asked("http://feed.example/", _socks(proxy.port, login=login)))
        fetcher.close()
    assert said in error.what
    assert "wrong" not in error.what


def test_what_is_no_socks_proxy_is_told_so_and_one_that_stalls_is_left_at_the_deadline() -> None:
    stalled = Limits(time=timedelta(seconds=0.25))
    for greeting, said, limits in (
        (b"HTTP/1.1 400 Bad Request", "does not speak SOCKS 5", LIMITS),
        (b"\5", "took over", stalled),
    ):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            fetcher = Fetcher(user_agent="ours", resolve=_proxy_only, limits=limits)
            thread = threading.Thread(target=_greet, args=(listener, greeting))
            thread.start()
            access = _socks(listener.getsockname()[1])
            assert said in refused(fetcher, asked("http://a.example/", access)).what
            thread.join()
            fetcher.close()


def _greet(listener: socket.socket, words: bytes) -> None:
    client, _ = listener.accept()
    with client:
        client.sendall(words)
        with suppress(ConnectionError):
            while client.recv(100):
                pass


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("socks5h://proxy.example", Proxy("proxy.example", 1080, scheme="socks5h")),
        (
            "socks5://desk:p%40ss@proxy.example:9050",
            Proxy("proxy.example", 9050, scheme="socks5", login=("desk", "p@ss")),
        ),
    ],
)
def test_a_socks_proxy_is_read_with_its_password(tmp_path: Path, address: str, proxy: Proxy) -> None:
    assert desk_of(tmp_path, ONE + f"proxy: '{address}'}}\n").feeds[0].access.proxy == proxy
    assert "p@ss" not in repr(proxy)


def _proxy_only(host: str, _port: int) -> list[str]:
    if host != "proxy.example":
        raise socket.gaierror(socket.EAI_NONAME, "not known here")
    return ["127.0.0.1"]


# ---- certificates ------------------------------------------------------------------------------------------


@pytest.fixture(name="authority", scope="module")
def _authority() -> trustme.CA:
    return trustme.CA()


def test_an_authority_of_the_operators_own_is_believed_for_that_feed_alone(
    tmp_path: Path, authority: trustme.CA, fetcher: Fetcher
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feed.example").configure_cert(context)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with WebServer(tls=context) as web:
        web.serve("/feed", rss("One"), FORMS)
        url = web.url("/feed", host="feed.example")
        assert isinstance(fetcher.fetch(asked(url, Access(tls=Tls(ca=str(ca))))), Fetched)
        assert "certificate is not trusted" in refused(fetcher, asked(url, Access())).what


@pytest.mark.parametrize("in_one_file", [False, True])
def test_a_certificate_of_ours_is_shown_where_it_is_asked_for(
    tmp_path: Path, authority: trustme.CA, fetcher: Fetcher, *, in_one_file: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feed.example").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    ca, mine, key = (str(tmp_path / name) for name in ("ca.pem", "mine.pem", "mine.key"))
    authority.cert_pem.write_to_path(ca)
    ours = authority.issue_cert("monitor.example")
    ours.private_key_pem.write_to_path(mine if in_one_file else key)
    for blob in ours.cert_chain_pems:
        blob.write_to_path(mine, append=True)
    with WebServer(tls=context) as web:
        web.serve("/feed", rss("One"), FORMS)
        url = web.url("/feed", host="feed.example")
        with_it = asked(url, Access(tls=Tls(ca, mine, "" if in_one_file else key)))
        assert isinstance(fetcher.fetch(with_it), Fetched)
        without = refused(fetcher, asked(url, Access(tls=Tls(ca))))
        assert without.what.startswith(
            ("asks for a certificate of ours", "speaks no TLS", "broke the connection")
        )


# ---- the operator's file -----------------------------------------------------------------------------------

ACCESS = """\
feeds:
  - name: wire
    url: {url}
    allow-private: yes
    every: 1 s
    headers: {{X-Key: "Bearer ${{credential:key}}", Accept-Language: hy}}
    auth: {{user: desk, password: "${{env:PASSWORD}}"}}
    proxy: {proxy}
"""


def desk_of(folder: Path, text: str, env: dict[str, str] | None = None, *, required: bool = True) -> Desk:
    (folder / "feeds.yaml").write_text(text)
    return config.load_desk(folder, env=env or {}, secrets_required=required)


def secrets(folder: Path) -> dict[str, str]:
    (folder / "credentials").mkdir()
    (folder / "credentials" / "key").write_text(f"{SECRET}-1\n")
    return {"CREDENTIALS_DIRECTORY": str(folder / "credentials"), "PASSWORD": f"{SECRET}-2: ə"}


PROXY = "http://me:hush-hush-3@proxy.example:3128"


def test_a_feeds_access_is_read_with_its_secrets(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, ACCESS.format(url="https://a.example/", proxy=PROXY), secrets(tmp_path))
    access = desk.feeds[0].access
    login = b64encode(f"desk:{SECRET}-2: ə".encode()).decode()
    assert access.headers == (
        ("X-Key", f"Bearer {SECRET}-1"),
        ("Accept-Language", "hy"),
        ("Authorization", f"Basic {login}"),
    )
    assert access.proxy == Proxy("proxy.example", 3128, "Basic " + b64encode(b"me:hush-hush-3").decode())
    assert SECRET not in repr(desk.feeds)


def test_secrets_are_not_kept_with_the_files_and_come_from_where_they_are(tmp_path: Path) -> None:
    env = secrets(tmp_path)
    desk = desk_of(tmp_path, ACCESS.format(url="https://a.example/", proxy=PROXY), env)
    packed = desk.sources.packed()
    assert SECRET not in packed
    assert "a.example" in packed
    again = config.restored_desk(unpacked(packed), tmp_path, env=env)
    assert again.feeds == desk.feeds
    (tmp_path / "feeds.yaml").write_text("feeds: nonsense")
    poorer = config.restored_desk(unpacked(packed), tmp_path, env=env)
    assert "was not kept" in poorer.feeds[0].access.missing
    assert "was not kept" in poorer.notes[0]


def test_what_only_names_a_secrets_place_is_kept(tmp_path: Path) -> None:
    """A desk that starts on its last good files asks its feeds as before."""
    env = secrets(tmp_path)
    env |= {"MEMBER": "desk"}
    named = ACCESS.format(url="https://a.example/", proxy='"${env:PROXY}"').replace("Bearer ", "")
    named = named.replace(", Accept-Language: hy", "").replace("user: desk", 'user: "${env:MEMBER}"')
    desk = desk_of(tmp_path, named, env | {"PROXY": PROXY})
    (tmp_path / "feeds.yaml").unlink()
    kept = unpacked(desk.sources.packed())
    assert config.restored_desk(kept, tmp_path, env=env | {"PROXY": PROXY}).feeds == desk.feeds
    poorer = config.restored_desk(kept, tmp_path, env={})
    assert "is not here" in poorer.feeds[0].access.missing


@pytest.mark.parametrize(
    "keys", ["headers: {user: hush}", "auth: {user: hush, password: '${env:PASSWORD}'}", "proxy: http://hush"]
)
def test_no_text_of_what_a_feed_is_asked_with_is_kept_under_whatever_key(tmp_path: Path, keys: str) -> None:
    env = {"PASSWORD": SECRET}
    desk = desk_of(tmp_path, ONE + keys + "}\n", env)
    packed = desk.sources.packed()
    assert "hush" not in packed
    desk_of(tmp_path, ONE + keys + "}\nsettings: {}\n", env)
    assert config.restored_desk(unpacked(packed), tmp_path, env=env).feeds == desk.feeds


def test_a_secret_that_need_not_be_here_is_a_note_and_the_feed_is_not_asked_without_it(
    tmp_path: Path,
) -> None:
    """`monitor check` runs without the service's credentials."""
    text = ACCESS.format(url="https://a.example/", proxy="http://proxy.example:1")
    desk = desk_of(tmp_path, text, required=False)
    assert "a secret or file" in desk.feeds[0].access.missing
    assert [note.partition("yaml:")[2] for note in desk.notes] == [
        '6:22: there is no credential "key": feed "wire" was not checked',
        '7:34: $PASSWORD is not set: feed "wire" was not checked',
    ]
    with pytest.raises(ConfigError, match=r"\$PASSWORD is not set"):
        desk_of(tmp_path, text)


ONE = "feeds:\n  - {name: wire, url: 'https://a.example/', "


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("headers: {'X Y': a}", '"X Y" is no name of a header'),
        ("headers: {Host: a}", "Host is set by each poll itself"),
        ("headers: {X-A: a, x-a: b}", "x-a stands twice"),
        ('headers: {X-A: "hush\\nX-B: hush"}', "X-A holds what no header may"),
        ("headers: {X-A: хуш}", "X-A holds what no header may"),
        ("headers: [a]", "headers must be keys and values"),
        ("auth: {user: a}", 'auth needs "password"'),
        ("auth: {user: 'a:b', password: hush}", "cannot hold a colon"),
        ("auth: {user: a, password: hush}, headers: {authorization: b}", "say Authorization already"),
        ("proxy: socks4://proxy.example:1", "no proxy that can be used"),
        ("proxy: https://proxy.example:1", "no proxy that can be used"),  # TLS in TLS: decision 75
        ("proxy: 'http://[::1:8080'", "no proxy that can be used"),
        (f"proxy: 'socks5h://{'hush' * 64}:a@proxy.example:1'", "end at 255 bytes"),
        ("proxy: http://hush@/", "no proxy that can be used"),
        ("proxy: http://proxy.example:1/path", "no proxy that can be used"),
        ("tls: {ca: nowhere.pem}", "the secret nowhere.pem cannot be read"),
        ("tls: {ca: feeds.yaml}", "these certificates cannot be used"),
        ("tls: {key: feeds.yaml}", "a key without its certificate"),
        ("tls: {ca: '${env:X}'}", "is no file's place"),
        ("tls: {verify: no}", 'unknown key "verify"'),
    ],
)
def test_a_mistake_in_it_is_told_without_its_secret(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        desk_of(tmp_path, ONE + keys + "}\n")
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_key_under_a_password_is_a_mistake_and_asks_nobody_for_it(
    tmp_path: Path, authority: trustme.CA
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "genrsa", "-aes128", "-passout", "pass:x", "-out", str(tmp_path / "k.pem"), "1024"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("openssl makes no such key")
    ours = authority.issue_cert("monitor.example")
    ours.cert_chain_pems[0].write_to_path(str(tmp_path / "c.pem"))
    with pytest.raises(ConfigError, match="cannot be used"):
        desk_of(tmp_path, ONE + "tls: {certificate: c.pem, key: k.pem}}\n")


def test_files_renewed_on_disk_are_other_files_to_the_next_reload(
    tmp_path: Path, authority: trustme.CA
) -> None:
    text = ONE + "tls: {ca: ca.pem}}\n"
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    before = desk_of(tmp_path, text).feeds[0].access.tls
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert before is not None
    assert desk_of(tmp_path, text).feeds[0].access.tls != before


def test_the_commands_own_file_has_no_place_for_it(tmp_path: Path) -> None:
    (tmp_path / added.FILE).write_text(ONE + "headers: {X-Key: a}}\n")
    with pytest.raises(ConfigError, match=r"move the feed to feeds\.yaml"):
        added.added(tmp_path)


def test_a_secret_comes_out_at_the_feeds_server_and_nowhere_else(tmp_path: Path, web: WebServer) -> None:
    """Through the command, right and wrong: its output, its log and its database are looked through."""
    rules, state = tmp_path / "rules", tmp_path / "state"
    rules.mkdir()
    state.mkdir()
    env = secrets(tmp_path)

    def answer(request: Request) -> Response:
        known = request.headers.get("x-key") == f"Bearer {SECRET}-1"
        return Response(rss("One"), FORMS) if known else Response(status=401)

    web.answer("/feed", answer)
    text = ACCESS.format(url=web.url("/feed"), proxy="''").replace("    proxy: ''\n", "")
    other = (
        text.replace("feeds:\n", "")
        .replace("name: wire", "name: other")
        .replace("credential:key", "env:NONE")
    )
    (rules / "feeds.yaml").write_text(text + other)
    said = ""
    for verb in (["run", "--once"], ["feeds", "check"], ["feeds", "list"], ["status"], ["check"]):
        places = [] if verb == ["status"] else ["--rules", str(rules)]
        places += ["--state", str(state)] if verb[-1] in ("--once", "list", "status") else []
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *verb, *places],
            env={**env, "NONE": f"{SECRET}-4", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )
        said += done.stdout + done.stderr
    assert "wire outcome=fresh" in said
    assert "answered 401" in said
    assert SECRET not in said
    assert web.requests[0].headers["x-key"].startswith("Bearer hush-hush")
    for file in state.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
