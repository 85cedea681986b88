from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

from monitor.engine import politely
from monitor.model import Feed, FeedState, Lost, NotModified, PollResult, Validators


def test_a_host_is_asked_once_a_second_while_others_are_asked_at_once() -> None:
    """It takes its second: the pause is of the real clock."""
    asked: list[tuple[float, str]] = []

    def poll(feed: Feed) -> PollResult | Lost:
        return NotModified(feed, Validators())

    def begin(feed: Feed, _: FeedState) -> Future[PollResult | Lost]:
        asked.append((time.monotonic(), feed.name))
        return pool.submit(poll, feed)

    feeds = [
        Feed(name, f"https://{host}.example/{name}", "outlet")
        for name, host in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "three"))
    ]
    with ThreadPoolExecutor(4) as pool:
        batches = list(politely(begin, [(feed, FeedState()) for feed in feeds]))
    assert sorted(result.feed.name for batch in batches for result in batch) == ["a", "b", "c", "d"]
    assert asked[-1][1] == "b"
    # The second begins a little before the poll is let go.
    assert asked[-1][0] - asked[0][0] >= 0.9
