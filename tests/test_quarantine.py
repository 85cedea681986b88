"""A feed that kills its parser: held apart, well backed off, told once; the others go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor import config
from monitor.engine import Engine, run_once
from monitor.errors import ParseError
from monitor.feeds.workers import Parsers
from monitor.model import Feed
from monitor.store.store import Store
from tests.desks import eventually, rss
from tests.fakes import FakeClock, rules
from tests.web_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

BOOK = rules("rules: [{id: peace, title: Peace, any: [peace], send: [mail]}]")
SLOW = b"<rss version='2.0'><channel><item><title>&amp;</title><author>" + b"a" * 4_000_000
SLOW += b"</author></item></channel></rss>"


@pytest.mark.usefixtures("heard")
def test_a_feed_that_kills_its_parser_twice_is_told_once_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    with WebServer() as web:
        web.serve("/bomb", SLOW)
        web.serve("/good", rss("One"))
        feeds = tuple(Feed(name, web.url(f"/{name}"), name, allow_private=True) for name in ("bomb", "good"))
        engine = Engine(config.Desk(feeds, (), BOOK), tmp_path, clock=clock)
        engine.parsers.close()
        engine.parsers = Parsers(1, cpu=timedelta(seconds=0.5))
        failures = []
        try:
            for number in range(4):
                web.serve("/good", rss("One", f"Peace number {number}"))
                counts = run_once(engine)
                # Its first document is kept before it is read.
                assert (counts.fresh, counts.failed) == (2 if number == 0 else 1, 1)
                with Store(tmp_path) as store:
                    failures.append(store.feed_states(["bomb"])["bomb"].failures)
                clock.advance(timedelta(days=1))
        finally:
            engine.close()
    told = [record.getMessage() for record in caplog.records if "notice=" in record.getMessage()]
    assert len(told) == 1
    assert "feed=bomb" in told[0]
    assert "took over 0.5 s of CPU" in told[0]
    assert failures == [1.5, 3.0, 4.5, 6.0], "each backs off further"


def test_what_has_killed_before_holds_up_only_its_like() -> None:
    """The one parser of the others answers while a suspect is at its work."""
    parsers = Parsers(1, cpu=timedelta(minutes=5))
    (aside,) = parsers._aside.queue
    feed, now = Feed("a", "https://a.example/", "A"), datetime(2026, 11, 21, tzinfo=UTC)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(parsers.read, SLOW, feed=feed, content_type="", now=now, suspect=True)
        assert len(parsers.read(rss("One"), feed=feed, content_type="", now=now).entries) == 1
        assert not held.done()
        eventually(lambda: aside._process)
        assert aside._process is not None
        aside._process.kill()  # as the kernel does once its time is over
        with pytest.raises(ParseError) as caught:
            held.result()
    assert caught.value.weight == ParseError.KILLED
    parsers.close()
