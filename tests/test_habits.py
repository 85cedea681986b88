"""How feeds behave over days, played by a real server to the real line under a clock that is advanced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import config
from monitor.engine import Engine, run_once
from monitor.model import Feed
from monitor.store.store import Store
from tests.fakes import FakeClock, rules
from tests.web_server import Response, WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.model import FeedState
    from monitor.pipeline import Counts
    from tests.web_server import Request

BOOK = rules("rules: [{id: peace, title: Peace, any: [peace], send: [mail]}]")
pytestmark = pytest.mark.usefixtures("heard")

TITLES = [
    f"{name} speaks of peace at length" for name in ("Ani", "Berta", "Clara", "Dora", "Elena", "Farida")
]


class Line:
    """One feed on a real server, and everything between it and the alerts."""

    def __init__(self, folder: Path, web: WebServer, *, every: timedelta | None = None) -> None:
        self.web = web
        self.clock = FakeClock()
        self.folder = folder
        self.feed = Feed("wire", web.url("/feed"), "Wire", every=every, allow_private=True)
        desk = config.Desk((self.feed,), (), BOOK)
        self.engine = Engine(desk, folder, clock=self.clock)

    def poll(self, after: timedelta = timedelta(minutes=10)) -> Counts:
        self.clock.advance(after)
        return run_once(self.engine)

    @property
    def state(self) -> FeedState:
        with Store(self.folder) as store:
            return store.feed_states(["wire"])["wire"]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def line(tmp_path: Path, web: WebServer) -> Iterator[Line]:
    line = Line(tmp_path, web)
    yield line
    line.engine.close()


def rss(*titles: str, guid: str = "g", site: str = "o") -> bytes:
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid}-{title}</guid>"
        f"<link>https://{site}.example/{title.partition(' ')[0]}</link></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


def notices(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "notice=" in record.getMessage()]


def test_an_etag_that_lies_costs_a_day_at_most(line: Line, web: WebServer) -> None:
    def lying(request: Request) -> Response:
        return (
            Response(status=304) if "if-none-match" in request.headers else Response(shown, {"ETag": '"1"'})
        )

    shown = rss(*TITLES[:2])
    web.answer("/feed", lying)
    line.poll()
    shown = rss(*TITLES[:3])
    assert [line.poll(timedelta(hours=6)).unchanged for _ in range(3)] == [1, 1, 1]
    assert line.poll(timedelta(hours=6)).alerts == 1


def test_an_unconditional_answer_of_the_same_bytes_is_unchanged(line: Line, web: WebServer) -> None:
    web.serve("/feed", rss(*TITLES), {"ETag": '"1"'})
    line.poll()
    assert line.poll(timedelta(days=2)).unchanged == 1
    assert "if-none-match" not in web.requests[-1].headers
    assert line.state.whole == line.clock.now


def test_a_feed_that_moved_for_good_is_asked_at_its_new_address_after_three_polls(
    line: Line, web: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    web.serve("/feed", b"", {"Location": "/new"}, status=301)
    web.serve("/new", rss(*TITLES), {"ETag": '"1"'})
    for _ in range(3):
        line.poll()
    web.requests.clear()
    line.poll()
    assert [request.path for request in web.requests] == ["/new"]
    assert len(notices(caplog)) == 1
    assert "has moved for good" in notices(caplog)[0]


def test_a_temporary_redirect_moves_nothing(line: Line, web: WebServer) -> None:
    web.serve("/feed", b"", {"Location": "/new"}, status=302)
    web.serve("/new", rss(*TITLES))
    for _ in range(5):
        line.poll()
    assert line.state.address == ""


def test_a_chain_moves_as_far_as_it_is_permanent(line: Line, web: WebServer) -> None:
    web.serve("/feed", b"", {"Location": "/second"}, status=308)
    web.serve("/second", b"", {"Location": "/third"}, status=307)
    web.serve("/third", rss(*TITLES))
    for _ in range(3):
        line.poll()
    assert line.state.address == web.url("/second")


def test_an_address_that_the_operator_corrects_ends_the_move(line: Line, web: WebServer) -> None:
    web.serve("/feed", b"", {"Location": "/new"}, status=301)
    web.serve("/new", rss(*TITLES))
    for _ in range(3):
        line.poll()
    feed = Feed("wire", web.url("/corrected"), "Wire", allow_private=True)
    web.serve("/corrected", rss(*TITLES))
    line.engine.desk = config.Desk((feed,), (), BOOK)
    line.poll()
    assert web.requests[-1].path == "/corrected"
    assert line.state.address == ""


def test_a_leave_to_be_private_does_not_move_to_another_host(line: Line, web: WebServer) -> None:
    other = web.url("/new", host="127.0.0.2")
    web.serve("/feed", b"", {"Location": other}, status=301)
    assert line.poll().failed == 1
    assert line.state.moves == 0


def test_a_feed_that_is_gone_is_said_once_and_asked_monthly(
    line: Line, web: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    web.serve("/feed", rss(*TITLES))
    line.poll()
    web.serve("/feed", b"", status=410)
    line.poll()
    asked = len(web.requests)
    line.poll(timedelta(days=29))
    assert len(web.requests) == asked
    web.serve("/feed", rss(*TITLES, "Peace at last"))
    assert line.poll(timedelta(days=2)).alerts == 1
    assert [("gone" in notice, "answers again" in notice) for notice in notices(caplog)] == [
        (True, False),
        (False, True),
    ]


def test_retry_after_is_kept_to_in_both_forms(line: Line, web: WebServer) -> None:
    web.serve("/feed", b"", {"Retry-After": "7200"}, status=429)
    line.poll()
    assert line.state.next_poll is not None
    assert line.state.next_poll >= line.clock.now + timedelta(hours=2)
    later = datetime.now(UTC) + timedelta(hours=5)
    date = later.strftime("%a, %d %b %Y %H:%M:%S GMT")
    web.serve("/feed", b"", {"Retry-After": date}, status=503)
    line.poll(timedelta(hours=3))
    assert line.state.next_poll >= line.clock.now + timedelta(hours=4, minutes=59)


def test_a_document_that_rolled_over_is_a_gap_and_is_asked_sooner(
    line: Line, web: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    web.serve("/feed", rss(*TITLES[:3]))
    line.poll()
    web.serve("/feed", rss(*TITLES[3:], guid="later"))
    assert line.poll(timedelta(hours=1)).alerts == 3
    assert line.state.gap == line.clock.now
    assert line.state.next_poll is not None
    assert line.state.next_poll - line.clock.now < timedelta(minutes=17)
    assert [("entries may have come and gone" in notice) for notice in notices(caplog)] == [True]


def test_a_feed_whose_guids_all_changed_shows_no_news(line: Line, web: WebServer) -> None:
    web.serve("/feed", rss(*TITLES))
    line.poll()
    web.serve("/feed", rss("Gohar speaks of peace at length", *TITLES[:-1], guid="other"))
    counts = line.poll(timedelta(days=20))  # long past the window in which copies are folded
    assert (counts.alerts, counts.entries) == (1, 1)
    assert line.state.gap is None
    edited = rss("Gohar speaks of peace at length", *TITLES[:-1], guid="other").replace(b"Ani ", b"ANI ")
    web.serve("/feed", edited.replace(b"other-ANI", b"other-Ani"))
    counts = line.poll(timedelta(days=20))
    assert (counts.alerts, counts.edited) == (0, 1)


def test_a_feed_whose_guids_and_links_all_changed_shows_no_news(line: Line, web: WebServer) -> None:
    web.serve("/feed", rss(*TITLES))
    line.poll()
    web.serve("/feed", rss(*TITLES, guid="other", site="new"))
    assert line.poll(timedelta(days=20)).alerts == 0


def test_html_in_a_feeds_place_makes_nothing_new(line: Line, web: WebServer) -> None:
    web.serve("/feed", rss(*TITLES))
    line.poll()
    for body in (b"<html><body>Maintenance</body></html>", b"", b"\n\n"):
        web.serve("/feed", body)
        assert line.poll(timedelta(days=1)).failed == 1
    web.serve("/feed", rss(*TITLES), {"ETag": '"new"'})
    assert line.poll(timedelta(days=1)).alerts == 0


def test_known_items_are_not_parsed_again(line: Line, web: WebServer) -> None:
    web.serve("/feed", rss(*TITLES[1:]))
    line.poll()
    web.serve("/feed", rss(*TITLES))
    counts = line.poll()
    assert (counts.entries, counts.alerts) == (1, 1)
    assert line.state.shown == len(TITLES)
    assert len(line.state.marks) == 16 * len(TITLES)
