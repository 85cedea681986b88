from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.schedule import after, first_poll, next_poll
from monitor.model import Failed, Feed, FeedState, Fresh, NotModified, Validators

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
FEEDS = st.builds(
    Feed,
    name=st.just("feed"),
    url=st.integers(0, 10_000).map(lambda number: f"https://example.com/{number}"),
    outlet=st.just("outlet"),
    every=st.integers(2, 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
)
FAILURES = st.sampled_from([0.25, 0.5, 0.75, 1.0, 2.0, 5.0, 19.5, 1e6])


def feed(number: int = 0, *, minutes: int = 10) -> Feed:
    url = f"https://example.com/{number}"
    return Feed(name="feed", url=url, outlet="outlet", every=timedelta(minutes=minutes))


def test_feeds_of_one_interval_are_spread_to_both_sides_of_it() -> None:
    waits = [next_poll(feed(number), now=NOW) - NOW for number in range(500)]
    assert timedelta(minutes=9) <= min(waits) < timedelta(minutes=9, seconds=10)
    assert timedelta(minutes=10, seconds=50) < max(waits) <= timedelta(minutes=11)
    mean = sum(waits, timedelta()) / len(waits)
    assert abs(mean - timedelta(minutes=10)) < timedelta(seconds=10)


def test_a_new_feed_is_asked_within_a_minute_not_all_at_once() -> None:
    waits = [first_poll(feed(number), now=NOW) - NOW for number in range(500)]
    assert timedelta(0) <= min(waits) < timedelta(seconds=2)
    assert timedelta(seconds=58) < max(waits) <= timedelta(minutes=1)


@settings(max_examples=100)
@given(FEEDS)
def test_the_same_feed_has_the_same_spread(feed: Feed) -> None:
    assert next_poll(feed, now=NOW) == next_poll(feed, now=NOW)
    assert abs(next_poll(feed, now=NOW) - NOW - feed.every) <= feed.every * 0.1


@settings(max_examples=200)
@given(FEEDS, FAILURES)
def test_after_failures_a_feed_waits_its_interval_at_least_and_a_day_at_most(
    feed: Feed, failures: float
) -> None:
    wait = next_poll(feed, failures, now=NOW) - NOW
    assert next_poll(feed, now=NOW) - NOW <= wait <= max(DAY, feed.every * 1.1)


def test_more_failures_wait_longer_on_the_whole() -> None:
    means = [
        sum((next_poll(feed(number), failures, now=NOW) - NOW for number in range(300)), timedelta()) / 300
        for failures in (0.0, 0.25, 1.0, 2.0, 4.0, 8.0)
    ]
    assert means == sorted(means)
    assert means[-1] > timedelta(hours=10)


@settings(max_examples=200)
@given(FEEDS, FAILURES, st.integers(0, 30 * 24 * 3600))
def test_what_the_server_asked_for_is_never_undercut(feed: Feed, failures: float, seconds: int) -> None:
    asked = timedelta(seconds=seconds)
    assert next_poll(feed, failures, now=NOW, retry_after=asked) >= NOW + asked


def test_a_server_cannot_silence_a_feed_for_more_than_a_month() -> None:
    asked = timedelta(days=4000)
    assert next_poll(feed(), 1.0, now=NOW, retry_after=asked) < NOW + timedelta(days=31)


def test_a_feed_that_is_gone_is_asked_once_a_month() -> None:
    assert next_poll(feed(), 1.0, now=NOW, gone=True) == NOW + timedelta(days=30)


STATE = FeedState(Validators(etag='"1"', digest="d"), last_good=NOW - DAY, failures=1.5, next_poll=NOW)


def test_a_good_poll_forgets_the_failures_and_keeps_the_new_validators() -> None:
    validators = Validators(etag='"2"')
    for result in (Fresh(feed(), validators, ()), NotModified(feed(), validators)):
        assert after(result, STATE, now=NOW) == FeedState(validators, NOW, 0.0, next_poll(feed(), now=NOW))


def test_a_failed_poll_keeps_the_validators_and_the_last_good_poll() -> None:
    result = Failed(feed(), "answered 503", weight=0.5, retry_after=timedelta(hours=5))
    state = after(result, STATE, now=NOW)
    assert (state.validators, state.last_good, state.failures) == (STATE.validators, STATE.last_good, 2.0)
    assert state.next_poll is not None
    assert state.next_poll >= NOW + timedelta(hours=5)


def test_a_poll_that_finds_the_feed_gone_waits_a_month() -> None:
    state = after(Failed(feed(), "answered 410 Gone", gone=True), STATE, now=NOW)
    assert state.next_poll == NOW + timedelta(days=30)
