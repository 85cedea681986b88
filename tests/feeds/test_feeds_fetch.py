import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import brotli  # type: ignore[import-untyped]
import pytest
import trustme

from monitor.errors import FetchError
from monitor.feeds.fetch import Fetched, Fetcher, Limits
from monitor.model import Feed, Poll, Reply, Validators
from tests.web_server import Request, Response, WebServer, drip, reset

RSS = b"<rss version='2.0'><channel><item><title>peace</title></item></channel></rss>"
LIMITS = Limits(time=timedelta(seconds=60), body=1_000_000)
SHORT = replace(LIMITS, time=timedelta(seconds=0.3))


@pytest.fixture(name="web")
def _web() -> Iterator[WebServer]:
    with WebServer() as web:
        yield web


@pytest.fixture(name="fetcher")
def _fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(user_agent="media-monitor/test (+mailto:ops@example.com)", limits=LIMITS)
    yield fetcher
    fetcher.close()


@pytest.fixture(name="hasty")
def _hasty() -> Iterator[Fetcher]:
    """For servers that never end: what is answered at once may take longer on a busy machine."""
    with closing(Fetcher(user_agent="test", limits=SHORT)) as fetcher:
        yield fetcher


def feed_at(url: str, *, allow_private: bool = True) -> Poll:
    return Poll(Feed(name="feed", url=url, outlet="outlet", allow_private=allow_private))


def failure(fetcher: Fetcher, poll: Poll) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(poll)
    return caught.value


def fetched(fetcher: Fetcher, poll: Poll) -> Fetched:
    found = fetcher.fetch(poll)
    assert isinstance(found, Fetched)
    return found


# ---- the ordinary poll -------------------------------------------------------------------------------------


def test_a_document_comes_with_what_to_send_back(web: WebServer, fetcher: Fetcher) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT", "Content-Type": "text/xml"}
    web.serve("/feed", RSS, headers)
    found = fetched(fetcher, feed_at(web.url("/feed?a=ё")))
    assert (found.body, found.content_type, found.url) == (RSS, "text/xml", web.url("/feed?a=ё"))
    assert (found.validators.etag, found.validators.last_modified) == ('"1"', headers["Last-Modified"])
    assert found.validators.digest
    assert web.requests[0].path == "/feed?a=%D1%91"
    assert web.requests[0].headers["user-agent"] == "media-monitor/test (+mailto:ops@example.com)"
    assert "if-none-match" not in web.requests[0].headers


def test_an_unchanged_feed_is_none(web: WebServer, fetcher: Fetcher) -> None:
    def respond(request: Request) -> Response:
        unchanged = request.headers.get("if-none-match") == '"1"'
        return Response(status=304) if unchanged else Response(RSS, {"ETag": '"1"'})

    web.answer("/feed", respond)
    poll = feed_at(web.url("/feed"))
    validators = fetched(fetcher, poll).validators
    assert fetcher.fetch(replace(poll, validators=replace(validators, last_modified="x"))) == Reply()
    assert web.requests[1].headers["if-modified-since"] == "x"
    assert fetcher.fetch(replace(poll, validators=validators)) == Reply()
    assert web.connections == 1


def test_a_304_that_nobody_asked_for_is_a_failure(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/feed", b"", status=304)
    assert failure(fetcher, feed_at(web.url("/feed"))).what == "answered 304 Not Modified"


@pytest.mark.parametrize("etag", ["x" * 2000, "a\tb", ""])
def test_a_validator_that_cannot_be_sent_back_is_dropped(web: WebServer, fetcher: Fetcher, etag: str) -> None:
    web.serve("/feed", RSS, {"ETag": etag})
    assert fetched(fetcher, feed_at(web.url("/feed"))).validators.etag is None


def test_connections_are_kept_from_poll_to_poll(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/feed", RSS)
    for _ in range(3):
        fetched(fetcher, feed_at(web.url("/feed")))
    assert web.connections == 1


def test_a_kept_connection_that_died_is_replaced(web: WebServer, fetcher: Fetcher) -> None:
    served = threading.Semaphore(1)

    def handle(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if served.acquire(blocking=False):  # the first connection: cut at the second request, unanswered
            connection.settimeout(5)
            connection.recv(1000)
        else:
            closing.wait(5)

    web.raw("/feed", handle)
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == b"ok"
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == b"ok"
    assert web.connections == 2


def test_a_connection_closed_by_the_server_is_not_used_again(web: WebServer, fetcher: Fetcher) -> None:
    gone = threading.Event()

    def handle(connection: socket.socket, _closing: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.shutdown(socket.SHUT_RDWR)
        gone.set()

    web.raw("/feed", handle)
    fetched(fetcher, feed_at(web.url("/feed")))
    assert gone.wait(60)
    fetched(fetcher, feed_at(web.url("/feed")))
    assert web.connections == 2


def test_a_connection_that_its_server_calls_the_last_is_not_used_again(
    web: WebServer, fetcher: Fetcher
) -> None:
    """It may be closed while the next request is on its way."""

    def handle(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        closing.wait(5)

    web.raw("/feed", handle)
    for _ in range(2):
        fetched(fetcher, feed_at(web.url("/feed")))
    assert web.connections == 2


def test_many_threads_share_a_fetcher(web: WebServer) -> None:
    paths = [f"/{number}" for number in range(30)]
    for path in paths:
        web.serve(path, path.encode())
    fetcher = Fetcher(user_agent="test", limits=Limits(idle=2))
    with ThreadPoolExecutor(8) as pool:
        bodies = pool.map(lambda path: fetched(fetcher, feed_at(web.url(path))).body, paths)
        assert list(bodies) == [path.encode() for path in paths]
    fetcher.close()


def test_a_body_without_a_length_ends_with_the_connection(web: WebServer, fetcher: Fetcher) -> None:
    def handle(connection: socket.socket, _closing: threading.Event) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + RSS)

    web.raw("/feed", handle)
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == RSS


def test_a_chunked_body_is_joined(web: WebServer, fetcher: Fetcher) -> None:
    chunked = b"3\r\n<rs\r\n2\r\ns>\r\n0\r\n\r\n"
    web.serve("/feed", chunked, {"Transfer-Encoding": "chunked"})
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == b"<rss>"
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == b"<rss>"
    assert web.connections == 1


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("gzip", gzip.compress(RSS, mtime=0)), ("deflate", zlib.compress(RSS)), ("br", brotli.compress(RSS))],
    ids=["gzip", "deflate", "br"],
)
def test_a_packed_document_is_unpacked(web: WebServer, fetcher: Fetcher, coding: str, packed: bytes) -> None:
    web.serve("/feed", packed, {"Content-Encoding": coding})
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == RSS
    assert coding in web.requests[0].headers["accept-encoding"]


def test_a_packed_file_is_unpacked_and_a_bomb_of_one_costs_its_limit(
    web: WebServer, fetcher: Fetcher
) -> None:
    web.serve("/a.xml.gz", gzip.compress(RSS), {"Content-Type": "application/x-gzip"})
    web.serve("/b.xml.gz", gzip.compress(gzip.compress(RSS)), {"Content-Encoding": "gzip"})
    web.serve("/bomb.xml.gz", gzip.compress(bytes(5_000_000)))
    assert fetched(fetcher, feed_at(web.url("/a.xml.gz"))).body == RSS
    assert fetched(fetcher, feed_at(web.url("/b.xml.gz"))).body == RSS
    assert failure(fetcher, feed_at(web.url("/bomb.xml.gz"))).what == "is longer than 1,000,000 bytes"


# ---- servers that misbehave --------------------------------------------------------------------------------


def test_a_bomb_costs_its_limit_and_no_more(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/feed", gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})
    assert failure(fetcher, feed_at(web.url("/feed"))).what == "is longer than 1,000,000 bytes"


def test_a_document_without_end_is_cut_off(web: WebServer, fetcher: Fetcher) -> None:
    web.raw("/feed", drip(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1 << 16), every=0))
    assert failure(fetcher, feed_at(web.url("/feed"))).what == "is longer than 1,000,000 bytes"


DRIPS = [
    (b"", b"H", "status line"),
    (b"HTTP/1.1 200 OK\r\nX: ", b"x", "headers"),
    (b"HTTP/1.1 200 OK\r\n\r\n", b"x", "body"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", "chunks"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"", "silence"),
]


@pytest.mark.parametrize(("head", "drop", "where"), DRIPS, ids=[row[2] for row in DRIPS])
def test_a_server_that_drips_is_left_at_the_deadline(
    web: WebServer, hasty: Fetcher, head: bytes, drop: bytes, where: str
) -> None:
    web.raw("/feed", drip(head, drop))
    began = time.monotonic()
    error = failure(hasty, feed_at(web.url("/feed")))
    assert (error.what, error.weight) == ("took over 0.3 s", 0.25), where
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_headers_without_end_are_cut_off(web: WebServer, head: bytes) -> None:
    fetcher = Fetcher(user_agent="test", limits=Limits(headers=1000))
    drop = head if b"100" in head else b"x" * 50
    web.raw("/feed", drip(head, drop, every=0))
    assert failure(fetcher, feed_at(web.url("/feed"))).what == "sends headers without end"


BREAKS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "broke off in the middle of the document", 0.25),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off in the middle", 0.25),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "answered what is not HTTP", 0.5),
    (b"", "broke the connection off", 0.25),
]


@pytest.mark.parametrize(("sent", "what", "weight"), BREAKS)
def test_an_answer_that_breaks_off_is_a_passing_failure(
    web: WebServer, fetcher: Fetcher, sent: bytes, what: str, weight: float
) -> None:
    def handle(connection: socket.socket, _closing: threading.Event) -> None:
        connection.sendall(sent)

    web.raw("/feed", handle)
    error = failure(fetcher, feed_at(web.url("/feed")))
    assert what in error.what
    assert error.weight == weight


def test_a_reset_is_a_passing_failure(web: WebServer, fetcher: Fetcher) -> None:
    web.raw("/feed", reset)
    error = failure(fetcher, feed_at(web.url("/feed")))
    assert (error.what, error.weight) == ("broke the connection off", 0.25)


def test_a_port_where_nobody_listens_is_a_soft_failure(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = failure(fetcher, feed_at(f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert (error.what, error.weight) == ("refuses connections", 0.5)


def test_after_every_failure_the_next_poll_is_sound(web: WebServer, fetcher: Fetcher) -> None:
    web.raw("/reset", reset)
    web.serve("/missing", b"x" * 100, status=404)
    web.serve("/bomb", gzip.compress(bytes(5_000_000)), {"Content-Encoding": "gzip"})
    web.serve("/feed", RSS)
    for path in ("/reset", "/missing", "/bomb", "/missing"):
        failure(fetcher, feed_at(web.url(path)))
        assert fetched(fetcher, feed_at(web.url("/feed"))).body == RSS


# ---- what the status says ----------------------------------------------------------------------------------

STATUSES = [
    (400, "answered 400 Bad Request", 1.0, False),
    (404, "answered 404 Not Found", 1.0, False),
    (408, "answered 408 Request Timeout", 0.25, False),
    (410, "answered 410 Gone", 1.0, True),
    (429, "answered 429 Too Many Requests", 0.25, False),
    (500, "answered 500 Internal Server Error", 0.5, False),
    (503, "answered 503 Service Unavailable", 0.5, False),
    (599, "answered 599", 0.5, False),
    (204, "answered 204 No Content", 1.0, False),
]


@pytest.mark.parametrize(("status", "what", "weight", "gone"), STATUSES)
def test_a_status_has_its_sentence_and_its_weight(
    web: WebServer, fetcher: Fetcher, status: int, what: str, weight: float, *, gone: bool
) -> None:
    web.serve("/feed", b"", status=status)
    error = failure(fetcher, feed_at(web.url("/feed")))
    assert (error.what, error.weight, error.gone, error.retry_after) == (what, weight, gone, None)


RETRIES = [
    ("120", timedelta(minutes=2), "seconds"),
    ("99999999999999999999", timedelta(days=30), "seconds beyond reason"),
    (format_datetime(datetime(2199, 1, 1, tzinfo=UTC), usegmt=True), timedelta(days=30), "a far date"),
    ("Sat, 21 Nov 2015 10:00:00 GMT", timedelta(0), "a date gone by"),
    ("soon", None, "neither"),
    ("-5", None, "less than nothing"),
]


@pytest.mark.parametrize(("value", "wait", "why"), RETRIES, ids=[row[2] for row in RETRIES])
def test_retry_after_is_seconds_or_a_date(
    web: WebServer, fetcher: Fetcher, value: str, wait: timedelta | None, why: str
) -> None:
    web.serve("/feed", b"", {"Retry-After": value}, status=503)
    assert failure(fetcher, feed_at(web.url("/feed"))).retry_after == wait, why


def test_retry_after_a_date_is_the_time_until_then(web: WebServer, fetcher: Fetcher) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    web.serve("/feed", b"", {"Retry-After": format_datetime(until, usegmt=True)}, status=429)
    wait = failure(fetcher, feed_at(web.url("/feed"))).retry_after
    assert wait is not None
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


# ---- redirects and the guard -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(web: WebServer, fetcher: Fetcher, status: int) -> None:
    web.serve("/old", b"", {"Location": "/new#top"}, status=status)
    web.serve("/new", RSS)
    found = fetched(fetcher, feed_at(web.url("/old")))
    assert (found.body, found.url) == (RSS, web.url("/new"))


def test_redirects_in_a_circle_end(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/a", b"", {"Location": "/b"}, status=302)
    web.serve("/b", b"", {"Location": "/a"}, status=302)
    assert failure(fetcher, feed_at(web.url("/a"))).what == "redirects more than 5 times"
    assert len(web.requests) == 6


WRONG_WAYS = [
    ("file:///etc/passwd", "does not begin with http"),
    ("gopher://example.com/", "does not begin with http"),
    ("http://user@127.0.0.1/", "user name"),
    ("//127.0.0.1\\@example.com/", "backslash"),
    ("http://[::1", "no address"),
    ("", "without saying where to"),
]


@pytest.mark.parametrize(("location", "why"), WRONG_WAYS)
def test_a_redirect_out_of_the_web_is_refused(
    web: WebServer, fetcher: Fetcher, location: str, why: str
) -> None:
    web.serve("/feed", b"", {"Location": location}, status=301)
    assert why in failure(fetcher, feed_at(web.url("/feed"))).what


def test_an_address_that_may_not_be_polled_is_refused_before_any_connection(fetcher: Fetcher) -> None:
    assert "does not begin" in failure(fetcher, feed_at("file:///etc/passwd")).what


def test_a_private_host_is_refused_unless_the_operator_allows_it(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/feed", RSS)
    error = failure(fetcher, feed_at(web.url("/feed"), allow_private=False))
    assert error.what == "127.0.0.1 may not be polled: 127.0.0.1 is not public: loopback"
    assert web.connections == 0
    assert fetched(fetcher, feed_at(web.url("/feed"), allow_private=True)).body == RSS


@pytest.mark.parametrize("scheme", ["http:", ""], ids=["in full", "//host"])
def test_a_feed_that_may_be_private_cannot_redirect_to_another_private_host(
    web: WebServer, scheme: str
) -> None:
    there = scheme + web.url("/secret", host="intranet.example").removeprefix("http:")
    web.serve("/feed", b"", {"Location": there}, status=302)
    web.serve("/secret", b"secret")
    fetcher = Fetcher(user_agent="test", resolve=lambda _host, _port: ["127.0.0.1"])
    error = failure(fetcher, feed_at(web.url("/feed", host="own.example")))
    assert error.what == "intranet.example may not be polled: 127.0.0.1 is not public: loopback"
    assert [request.path for request in web.requests] == ["/feed"]


def test_a_feed_that_may_be_private_cannot_redirect_to_another_service_of_its_host(web: WebServer) -> None:
    """Its own port may be asked, and those of the web, where a feed moves from plain to TLS or back."""
    reached: list[int] = []

    def dial(address: str, port: int, timeout: float) -> socket.socket:
        reached.append(port)
        return socket.create_connection((address, web.port), timeout)

    with closing(Fetcher(user_agent="test", connect=dial)) as fetcher:
        web.serve("/feed", b"", {"Location": "http://127.0.0.1:6379/"}, status=302)
        error = failure(fetcher, feed_at(web.url("/feed")))
        assert error.what == "127.0.0.1 may not be polled: 127.0.0.1 is not public: loopback"
        web.serve("/new", RSS)
        for there in (web.url("/new"), "http://127.0.0.1/new", "http://127.0.0.1:443/new"):
            web.serve("/feed", b"", {"Location": there}, status=302)
            assert fetched(fetcher, feed_at(web.url("/feed"))).url == there
    assert set(reached) == {web.port, 80, 443}


def test_a_redirect_to_an_own_path_given_as_a_network_path_is_followed(
    web: WebServer, fetcher: Fetcher
) -> None:
    web.serve("/feed", b"", {"Location": f"//127.0.0.1:{web.port}/new"}, status=302)
    web.serve("/new", RSS)
    assert fetched(fetcher, feed_at(web.url("/feed"))).body == RSS


def test_a_name_whose_second_answer_is_private_gains_nothing(web: WebServer) -> None:
    """DNS rebinding: a connection goes to the address that its own look-up gave and the guard passed."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    dialled: list[str] = []

    def dial(address: str, _port: int, timeout: float) -> socket.socket:
        dialled.append(address)  # stands for the open network: whatever is dialled, the test server answers
        return socket.create_connection(("127.0.0.1", web.port), timeout)

    web.serve("/feed", RSS, {"Connection": "close"})
    fetcher = Fetcher(user_agent="test", resolve=lambda _host, _port: next(answers), connect=dial)
    poll = feed_at("http://rebind.example/feed", allow_private=False)
    assert fetched(fetcher, poll).body == RSS
    assert "127.0.0.1 is not public" in failure(fetcher, poll).what
    assert dialled == ["8.8.8.8"]
    assert web.requests[0].headers["host"] == "rebind.example"


def test_the_next_address_is_tried_when_one_is_dead(web: WebServer) -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]  # the server listens on the second only

    web.serve("/feed", RSS)
    fetcher = Fetcher(user_agent="test", resolve=resolve)
    assert fetched(fetcher, feed_at(web.url("/feed", host="two.example"))).body == RSS
    fetcher.close()


def test_a_look_up_that_takes_too_long_counts(web: WebServer) -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        threading.Event().wait(0.1)
        return ["127.0.0.1"]

    fetcher = Fetcher(user_agent="test", resolve=resolve, limits=Limits(time=timedelta(seconds=0.05)))
    assert failure(fetcher, feed_at(web.url("/feed"))).what == "took over 0.05 s"


# ---- TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture(name="authority", scope="module")
def _authority() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    past = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=past).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> Fetcher:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Fetcher(user_agent="test", resolve=lambda _host, _port: ["127.0.0.1"], trust=trust, limits=LIMITS)


def test_tls_checks_the_name_while_the_connection_goes_to_the_address(authority: trustme.CA) -> None:
    fetcher = trusting(authority)
    with WebServer(tls=serving(authority, "feed.example")) as web:
        web.serve("/feed", RSS)
        for _ in range(2):
            assert fetched(fetcher, feed_at(web.url("/feed", host="feed.example"))).body == RSS
        assert web.connections == 1
        assert web.requests[0].headers["host"] == f"feed.example:{web.port}"
        fetcher.close()


def test_a_certificate_for_another_host_is_refused(authority: trustme.CA) -> None:
    with WebServer(tls=serving(authority, "other.example")) as web:
        error = failure(trusting(authority), feed_at(web.url("/feed", host="feed.example")))
    assert error.what.startswith("certificate is for another host: ")
    assert error.weight == 1.0


def test_a_certificate_that_has_expired_is_refused(authority: trustme.CA) -> None:
    with WebServer(tls=serving(authority, "feed.example", expired=True)) as web:
        error = failure(trusting(authority), feed_at(web.url("/feed", host="feed.example")))
    assert error.what.startswith("certificate is not valid today: ")


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    fetcher = Fetcher(user_agent="test", resolve=lambda _host, _port: ["127.0.0.1"])
    with WebServer(tls=serving(authority, "feed.example")) as web:
        error = failure(fetcher, feed_at(web.url("/feed", host="feed.example")))
    assert error.what.startswith("certificate is not trusted: ")


def test_a_server_that_speaks_no_tls_is_told_so(web: WebServer, fetcher: Fetcher) -> None:
    error = failure(fetcher, feed_at(web.url("/feed").replace("http:", "https:")))
    assert error.what.startswith("speaks no TLS that is accepted here: ")


def test_a_handshake_that_never_ends_is_left_at_the_deadline(hasty: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(hasty, feed_at(f"https://127.0.0.1:{silent.getsockname()[1]}/"))
    assert error.what == "took over 0.3 s"


def test_validators_without_etag_and_date_ask_without_condition(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/feed", RSS)
    fetched(fetcher, replace(feed_at(web.url("/feed")), validators=Validators(digest="x")))
    assert not {"if-none-match", "if-modified-since"} & set(web.requests[0].headers)


# ---- what is said beside the document ----------------------------------------------------------------------

DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "stays"),
    [
        ({}, None),
        ({"Cache-Control": "public, max-age=300"}, timedelta(minutes=5)),
        ({"Cache-Control": "s-maxage=60, MAX-AGE=0"}, timedelta(0)),
        ({"Cache-Control": "max-age=999999999"}, timedelta(days=30)),
        ({"Cache-Control": "no-cache, max-age=300"}, None),
        ({"Cache-Control": "x-max-age=300"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Expires": "Sat, 21 Nov 2026 13:00:00 GMT"}, timedelta(hours=1)),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({"Expires": "0"}, None),
    ],
)
def test_how_long_an_answer_holds_is_read_from_its_headers(
    web: WebServer, fetcher: Fetcher, headers: dict[str, str], stays: timedelta | None
) -> None:
    def handle(connection: socket.socket, _closing: threading.Event) -> None:
        lines = [f"{name}: {value}" for name, value in {"Date": DATE, **headers}.items()]
        head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(RSS)}", *lines])
        connection.sendall(f"{head}\r\n\r\n".encode() + RSS)

    web.raw("/feed", handle)
    assert fetched(fetcher, feed_at(web.url("/feed"))).reply == Reply(stays=stays, whole=True)


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        ((301,), "/1"),
        ((308, 301), "/2"),
        ((302,), ""),
        ((301, 302), "/1"),
        ((307, 301), ""),
        ((303, 308), ""),
    ],
)
def test_a_feed_has_moved_as_far_as_its_redirects_are_permanent(
    web: WebServer, fetcher: Fetcher, statuses: tuple[int, ...], moved: str
) -> None:
    for number, status in enumerate(statuses):
        web.serve(f"/{number}", b"", {"Location": f"/{number + 1}"}, status=status)
    web.serve(f"/{len(statuses)}", RSS)
    expected = web.url(moved) if moved else ""
    assert fetched(fetcher, feed_at(web.url("/0"))).reply.moved == expected


def test_a_document_that_has_not_changed_says_too_where_it_moved(web: WebServer, fetcher: Fetcher) -> None:
    web.serve("/old", b"", {"Location": "/new"}, status=301)
    web.serve("/new", b"", {"Cache-Control": "max-age=60"}, status=304)
    poll = replace(feed_at(web.url("/old")), validators=Validators(etag='"1"'))
    assert fetcher.fetch(poll) == Reply(moved=web.url("/new"), stays=timedelta(minutes=1))
