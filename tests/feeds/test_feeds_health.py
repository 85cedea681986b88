from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from monitor.feeds.health import notices, standing
from monitor.model import Feed, FeedState

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FEED = Feed("feed", "https://outlet.example/feed", "outlet")
WELL = FeedState(last_good=NOW - timedelta(hours=1), last_new=NOW - timedelta(hours=2))


def said(before: FeedState, after: FeedState, error: str = "", *, feed: Feed = FEED) -> str:
    return "\n".join(notices(feed, before, after, error))


def test_a_feed_that_stays_well_is_not_spoken_of() -> None:
    assert said(WELL, WELL) == ""
    assert standing(WELL, "", now=NOW) == ()


def test_failing_is_said_once_and_so_is_its_end() -> None:
    states = [replace(WELL, failures=failures) for failures in (0.0, 1.0, 2.0, 3.0, 4.0)]
    steps = [said(*pair, "refuses connections") for pair in pairwise(states)]
    assert steps == ["", "", "has failed since 2026-11-21 11:00 UTC: refuses connections", ""]
    assert said(states[-1], WELL) == "answers again"
    assert said(states[1], WELL) == ""
    never = replace(states[2], last_good=None)
    assert "from the first poll on" in said(never, replace(never, failures=3.0), "x")
    assert standing(states[1], "refuses connections", now=NOW) == ("failing: refuses connections",)


def test_a_feed_that_is_gone_is_said_once() -> None:
    gone = replace(WELL, gone=True, failures=1.0)
    assert "asked once a month" in said(WELL, gone, "answered 410 Gone")
    assert said(gone, replace(gone, failures=2.0), "answered 410 Gone") == ""
    assert said(gone, WELL) == "answers again"
    assert "once a month" in standing(gone, "answered 410 Gone", now=NOW)[0]


def test_a_move_is_said_and_a_move_back() -> None:
    moved = replace(WELL, address="https://new.example/feed")
    assert "has moved for good to https://new.example/feed" in said(WELL, moved)
    assert said(moved, moved) == ""
    assert "asked at its old one again" in said(moved, WELL, "refuses connections")
    assert standing(moved, "", now=NOW) == ("moved to https://new.example/feed: correct its url",)


def test_gaps_are_said_once_a_week() -> None:
    first = replace(WELL, gap=NOW)
    assert "it is asked more often now" in said(WELL, first)
    assert "shorten its `every`" in said(WELL, first, feed=replace(FEED, every=timedelta(hours=1)))
    assert said(first, replace(WELL, gap=NOW + timedelta(days=6))) == ""
    assert said(first, replace(WELL, gap=NOW + timedelta(days=8))) != ""
    assert "too few entries" in standing(first, "", now=NOW)[0]
    assert standing(first, "", now=NOW + timedelta(days=8)) == ()


def test_silence_is_said_once() -> None:
    silent = replace(WELL, silent=True)
    assert "nothing new since 2026-11-21" in said(WELL, silent)
    assert said(silent, silent) == ""
    assert standing(silent, "", now=NOW) == ("nothing new since 2026-11-21",)
