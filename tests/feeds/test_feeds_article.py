"""The page behind an entry: what robots.txt allows, what strangers serve, and what of it is a text."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from benchmarks.fulltext import MARKUPS, TONGUES
from monitor.engine import where_it_is
from monitor.errors import ParseError
from monitor.feeds import article, robots, worker
from monitor.feeds.article import LIMITS, Outcome, Reading, Wanted, product, read
from monitor.feeds.extraction import MOST_TEXT, Leave, Page, Question
from monitor.feeds.extraction import article as article_of
from monitor.feeds.fetch import Fetcher, led_to
from monitor.feeds.robots import KEPT, MISSED, MOST_BYTES, Robots
from monitor.feeds.workers import Parsers
from monitor.model import Access, Feed, FeedState, Proxy
from monitor.text import clean
from tests.web_server import Response, WebServer, drip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AGENT = "media-monitor/0.1 (feed reader)"
HTML = {"Content-Type": "text/html"}
PARAGRAPHS = tuple(
    f"The {word} committee met in the old town hall on Tuesday and heard for two hours how the bridge over "
    f"the river is to be mended before the winter, at a cost of {cost} million."
    for word, cost in (("finance", 3), ("transport", 4), ("planning", 5))
)


def html(*paragraphs: str, head: str = "<title>The bridge is mended</title>") -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<!doctype html><html><head>{head}</head><body><article>{text}</article></body></html>".encode()


@pytest.fixture(name="parsers", scope="module")
def _parsers() -> Iterator[Parsers]:
    parsers = Parsers(1)
    yield parsers
    parsers.close()


@pytest.fixture(name="web")
def _web() -> Iterator[WebServer]:
    with WebServer() as web:
        web.serve("/page", html(*PARAGRAPHS), {"Content-Type": "text/html; charset=utf-8"})
        yield web


@pytest.fixture(name="fetcher")
def _fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(user_agent=AGENT)
    yield fetcher
    fetcher.close()


@pytest.fixture(name="ask")
def _ask(web: WebServer, fetcher: Fetcher, parsers: Parsers) -> Callable[..., Reading]:
    hosts = Robots(fetcher, parsers)

    def ask(path: str = "/page", *, now: datetime = NOW, **of_feed: object) -> Reading:
        feed = Feed("wire", web.url("/feed"), "The Wire", allow_private=True)
        feed = replace(feed, **of_feed)  # type: ignore[arg-type]  # fields of a feed
        link = path if "://" in path else web.url(path)
        wanted = Wanted(1, feed, link)
        return read(wanted, fetcher=fetcher, robots=hosts, parsers=parsers, agent=AGENT, now=now)

    return ask


def paths(web: WebServer) -> list[str]:
    return [request.path for request in web.requests]


# ---- the ordinary page ------------------------------------------------------------------------------------


def test_a_page_is_its_headline_and_its_paragraphs(ask: Callable[..., Reading], web: WebServer) -> None:
    found = ask()
    assert (found.outcome, found.article.title) == (Outcome.READ, "The bridge is mended")
    assert found.article.text.split("\n") == list(PARAGRAPHS)
    assert paths(web) == ["/robots.txt", "/page"]
    assert web.requests[1].headers["accept"] == article.ACCEPT
    assert {request.headers["user-agent"] for request in web.requests} == {AGENT}


def test_robots_is_asked_once_for_some_hours_and_then_anew(
    ask: Callable[..., Reading], web: WebServer
) -> None:
    for hours in (0, 3.9, 4.1):
        assert ask(now=NOW + timedelta(hours=hours)).outcome is Outcome.READ
    assert paths(web).count("/robots.txt") == 2
    assert ask(now=NOW - timedelta(hours=1)).outcome is Outcome.READ, "the clock was set back"
    assert paths(web).count("/robots.txt") == 3


# ---- robots.txt -------------------------------------------------------------------------------------------

RULES_OF_HOSTS = (
    # robots.txt, its status, what becomes of the page, why
    (b"User-agent: *\nDisallow: /private\n", 200, Outcome.READ, "another path"),
    (b"User-agent: *\nDisallow: /\n", 200, Outcome.BARRED, "nothing for anybody"),
    (b"User-agent: media-monitor\nDisallow: /\n\nUser-agent: *\nAllow: /\n", 200, Outcome.BARRED, "not us"),
    (b"User-agent: *\nDisallow: /\n\nUser-agent: Media-Monitor\nAllow: /p\n", 200, Outcome.READ, "us alone"),
    (b"User-agent: *\nDisallow: /*ge$\nAllow: /page\n", 200, Outcome.READ, "the longest match"),
    (b"<html>not found</html>", 200, Outcome.READ, "a page in its place"),
    (b"Disallow: /", 404, Outcome.READ, "RFC 9309: what is not there allows all"),
    (b"Disallow: /", 403, Outcome.READ, "as any 4xx"),
    (b"", 429, Outcome.FAILED, "not so fast is no leave"),
    (b"", 503, Outcome.FAILED, "RFC 9309: what cannot be read allows nothing"),
)


@pytest.mark.parametrize(("body", "status", "expected", "why"), RULES_OF_HOSTS)
def test_robots_is_honoured(
    body: bytes, status: int, expected: Outcome, why: str, ask: Callable[..., Reading], web: WebServer
) -> None:
    web.serve("/robots.txt", body, status=status)
    found = ask()
    assert found.outcome is expected, why
    assert ("/page" in paths(web)) == (expected is Outcome.READ)
    assert found.lasting != (expected is Outcome.FAILED)


def test_what_could_not_be_read_is_not_asked_for_with_every_page(
    ask: Callable[..., Reading], web: WebServer
) -> None:
    web.serve("/robots.txt", b"", status=503)
    assert ask().why == ask().why == "robots.txt cannot be read: answered 503 Service Unavailable"
    web.serve("/robots.txt", b"")
    assert ask(now=NOW + MISSED).outcome is Outcome.READ
    assert paths(web).count("/robots.txt") == 2


def test_a_host_that_wants_pauses_is_heard(ask: Callable[..., Reading], web: WebServer) -> None:
    web.serve("/robots.txt", b"User-agent: *\nCrawl-delay: 7\n")
    assert ask().pause == timedelta(seconds=7)
    web.serve("/robots.txt", b"User-agent: *\nCrawl-delay: 86400\n")
    assert ask(now=NOW + KEPT).pause == timedelta(hours=1)


def test_robots_is_asked_where_a_page_redirects_to(ask: Callable[..., Reading], web: WebServer) -> None:
    with WebServer(address=("127.0.0.2", 0)) as other:
        other.serve("/robots.txt", b"User-agent: *\nDisallow: /\n")
        target = other.url("/page", host="127.0.0.2")
        web.serve("/page", b"", {"Location": target}, status=301)
        found = ask()
        assert found.outcome is Outcome.FAILED and "may not be polled" in found.why, (
            "another host is a stranger"
        )
        assert other.requests == []
    web.serve("/page", b"", {"Location": "/elsewhere"}, status=302)
    web.serve("/robots.txt", b"User-agent: *\nDisallow: /elsewhere\n")
    assert ask(now=NOW + KEPT).outcome is Outcome.BARRED
    assert "/elsewhere" not in paths(web)


def test_what_takes_too_long_to_read_costs_a_process(web: WebServer, fetcher: Fetcher) -> None:
    parsers = Parsers(1, cpu=timedelta(seconds=0.05))
    rules = b"".join(b"Disallow: /%d*x*y$\n" % at for at in range(24_000))
    wanted = Wanted(1, Feed("wire", web.url("/"), "Wire", allow_private=True), web.url("/page"))
    whys = []
    try:
        for said, page in ((b"User-agent: *\n" + rules, b""), (b"", html(*PARAGRAPHS * 3_000))):
            web.serve("/robots.txt", said)
            web.serve("/page", page, HTML)
            kept = Robots(fetcher, parsers)
            found = read(wanted, fetcher=fetcher, robots=kept, parsers=parsers, agent=AGENT, now=NOW)
            assert found.outcome is Outcome.FAILED
            whys.append(found.why)
    finally:
        parsers.close()
    assert whys == [
        "robots.txt cannot be judged: took over 0.05 s of CPU: left out",
        "took over 0.05 s of CPU: left out",
    ]


@pytest.mark.parametrize(
    ("page", "origin"),
    [
        ("https://Wire.example/a?b", "https://wire.example"),
        ("http://wire.example:8080/a", "http://wire.example:8080"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]"),
    ],
)
def test_robots_stands_at_the_root_of_its_origin(page: str, origin: str) -> None:
    assert robots._origin(page) == origin


def test_what_is_kept_of_hosts_is_bounded(fetcher: Fetcher, parsers: Parsers) -> None:
    hosts = Robots(fetcher, parsers)
    kept = hosts._asked(Feed("wire", "http://127.0.0.1:9/", "Wire"), "http://127.0.0.1:9", NOW)
    for number in range(40):
        hosts._keep(
            (f"https://{number}.example:443", None, False), replace(kept, body=bytes(MOST_BYTES // 30))
        )
    assert hosts._bytes() <= MOST_BYTES
    left = [origin for origin, _, _ in hosts._kept]
    assert left[0] != "https://0.example:443" and left[-1] == "https://39.example:443"


# ---- what strangers serve ---------------------------------------------------------------------------------

BOMB = gzip.compress(bytes(LIMITS.body + 1))
SERVED = (
    # what a page is, with what it ends, and whether another attempt is worth it
    (Response(b"%PDF-1.7", {"Content-Type": "application/pdf"}), "application/pdf", True),
    (Response(BOMB, {"Content-Encoding": "gzip", **HTML}), "is longer than 3,145,728 bytes", True),
    (Response(bytes(LIMITS.body + 1), HTML), "is longer than 3,145,728 bytes", True),
    (Response(b"gone", HTML, 410), "answered 410 Gone", True),
    (Response(b"pay", HTML, 402), "answered 402 Payment Required", True),
    (Response(b"not yet", HTML, 404), "answered 404 Not Found", False),
    (Response(b"down", HTML, 503), "answered 503 Service Unavailable", False),
    (Response(b"", {"Location": "file:///etc/passwd"}, 302), "redirects to an address that is refused", True),
)


@pytest.mark.parametrize(("answer", "why", "lasting"), SERVED)
def test_what_is_no_page_of_text_is_said(
    answer: Response, why: str, *, lasting: bool, ask: Callable[..., Reading], web: WebServer
) -> None:
    web.answer("/page", lambda _request: answer)
    found = ask()
    assert found.outcome is Outcome.FAILED and why in found.why
    assert found.lasting is lasting


def test_a_page_that_is_busy_says_when_to_come_again(ask: Callable[..., Reading], web: WebServer) -> None:
    web.serve("/page", b"", {"Retry-After": "1800"}, status=429)
    assert ask().wait == timedelta(minutes=30)


def test_a_page_that_never_ends_is_left(
    ask: Callable[..., Reading], web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(article, "LIMITS", replace(LIMITS, time=timedelta(seconds=0.3)))
    web.raw("/page", drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", b"<p>"))
    found = ask()
    assert (found.outcome, found.why, found.lasting) == (Outcome.FAILED, "took over 0.3 s", False)


NO_ARTICLE = (
    # a page without an article, and what it is
    (b"%PDF-1.7 called a page", "a PDF that is called HTML"),
    (b"", "nothing at all"),
    (html("Subscribe to read on."), "a wall with nothing before it"),
    (b"<!doctype html><html><body><script>app()</script></body></html>", "a page that a script fills"),
)


@pytest.mark.parametrize(("body", "what"), NO_ARTICLE)
def test_a_page_without_an_article_gives_no_text(
    body: bytes, what: str, ask: Callable[..., Reading], web: WebServer
) -> None:
    web.serve("/page", body, HTML)
    assert ask().outcome is Outcome.EMPTY, what


def test_a_wall_gives_what_stands_before_it(ask: Callable[..., Reading], web: WebServer) -> None:
    web.serve("/page", html(PARAGRAPHS[0], "Subscribe to read on."), HTML)
    assert PARAGRAPHS[0] in ask().article.text


def test_an_address_that_cannot_be_asked_is_not(ask: Callable[..., Reading], web: WebServer) -> None:
    for link in ("file:///etc/passwd", "https://user@wire.example/", "javascript://x"):
        assert ask(link).outcome is Outcome.FAILED
    assert web.requests == []


def test_a_page_that_breaks_its_reader_gives_no_text(ask: Callable[..., Reading], web: WebServer) -> None:
    web.serve("/page", b"<div>" * 300_000, HTML)
    assert ask().outcome in (Outcome.EMPTY, Outcome.FAILED)


def test_what_a_library_raises_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_job: object) -> object:
        raise RecursionError

    monkeypatch.setattr(worker, "answer", broken)
    assert worker._reply(Page(b"<p>", "")) == worker.Refused("cannot be read (RecursionError)")


def test_parsers_that_were_stopped_say_so() -> None:
    parsers = Parsers(1)
    parsers.close()
    with pytest.raises(ParseError, match="stopped"):
        parsers.tell(Question(b"", "x", "https://wire.example/"))


def test_what_a_parser_process_answers() -> None:
    """The same code, in this process."""
    for body, _ in NO_ARTICLE:
        assert article_of(Page(body, "text/html")).text == ""
    asked = Question(b"User-agent: *\nDisallow: /a\nCrawl-delay: 2\n", "media-monitor", "https://x.example/a")
    assert worker._reply(asked) == Leave(granted=False, delay=2.0)


def test_of_a_text_without_end_whole_paragraphs_are_kept() -> None:
    paragraphs = [f"{number}: {PARAGRAPHS[number % 3]}" for number in range(MOST_TEXT // 100)]
    found = article_of(Page(html(*paragraphs), "text/html"))
    assert found.cut and MOST_TEXT - 300 < len(found.text) <= MOST_TEXT
    assert found.text.endswith("million.")


def test_a_page_in_its_own_alphabet_is_read_as_it_says() -> None:
    body = html(
        "Мост через реку починят до зимы, сказал мэр города на встрече с жителями, и это обойдётся бюджету "
        "в три миллиона, которые уже выделены на этот год и будут потрачены до декабря.",
        head='<meta charset="windows-1251"><title>Мост</title>',
    )
    found = article_of(Page(body.decode().encode("cp1251"), "text/html"))
    assert found.title == "Мост" and found.text.startswith("Мост через реку")


@pytest.mark.parametrize("markup", MARKUPS)
def test_an_article_is_all_of_it_and_nothing_else(markup: str) -> None:
    made, langs = MARKUPS[markup]
    for lang in langs.split():
        tongue = TONGUES[lang]
        text = article_of(Page(made(tongue, lang).encode(), "text/html; charset=utf-8")).text
        said = " ".join(text.split())
        assert [one for one in tongue.paragraphs if clean(one) not in said] == []
        assert tongue.name not in said


# ---- what goes where --------------------------------------------------------------------------------------

FEED = Feed(
    "wire",
    "https://wire.example/feed",
    "The Wire",
    allow_private=True,
    access=Access(headers=(("Authorization", "Basic c2VjcmV0"),), proxy=Proxy("proxy.example", 3128)),
)
PLACES = (
    # where an entry leads to; whether what the feed is asked with goes there; whether it may be private
    ("https://wire.example/1", True, True),
    ("https://WIRE.example:443/1", True, True),
    ("http://wire.example/1", False, True),
    ("https://wire.example:9200/_search", False, False),
    ("https://www.wire.example/1", False, False),
    ("https://other.example/1", False, False),
)


@pytest.mark.parametrize(("link", "own", "private"), PLACES)
def test_what_a_feed_is_asked_with_stays_with_it(link: str, *, own: bool, private: bool) -> None:
    asked = led_to(FEED, link)
    assert (asked.access.headers == FEED.access.headers, asked.allow_private) == (own, private)
    assert asked.access.proxy == FEED.access.proxy, "the proxy goes everywhere"
    assert where_it_is(FEED, FeedState(address=link)) == asked, "and where it moved to it is asked alike"


def test_headers_of_the_feed_go_to_its_pages_and_name_us(ask: Callable[..., Reading], web: WebServer) -> None:
    web.serve("/robots.txt", b"User-agent: desk\nDisallow: /\n")
    own = Access(headers=(("user-agent", "Desk/2 (us)"), ("X-Key", "k")))
    assert ask(access=own).outcome is Outcome.BARRED
    assert (web.requests[0].headers["user-agent"], web.requests[0].headers["x-key"]) == ("Desk/2 (us)", "k")
    assert product("Desk/2 (us)") == "Desk"


def test_a_feed_whose_secret_is_missing_has_its_pages_asked_nowhere(
    ask: Callable[..., Reading], web: WebServer
) -> None:
    found = ask(access=Access(missing="its password is not here"))
    assert found.outcome is Outcome.FAILED and "password" in found.why
    assert web.requests == []
