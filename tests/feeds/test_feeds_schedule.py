from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.schedule import after, after_step, first_poll, interval, next_poll, wants_whole
from monitor.model import Failed, Feed, FeedState, Fresh, NotModified, Reply, Validators
from tests.fakes import Item, entry

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
    assert feed.every is not None
    assert abs(next_poll(feed, now=NOW) - NOW - feed.every) <= feed.every * 0.1


@settings(max_examples=200)
@given(FEEDS, FAILURES)
def test_after_failures_a_feed_waits_its_interval_at_least_and_a_day_at_most(
    feed: Feed, failures: float
) -> None:
    assert feed.every is not None
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
        state = after(result, STATE, now=NOW)
        assert (state.validators, state.last_good, state.failures) == (validators, NOW, 0.0)
        assert state.next_poll == next_poll(feed(), now=NOW)


def test_feeds_that_were_polled_together_are_not_due_together() -> None:
    """After a start or a stop of some hours all are asked at once, and only that once."""
    late = FeedState(last_good=NOW - DAY, next_poll=NOW - timedelta(hours=3))
    for state in (FeedState(), late):
        dues = []
        for number in range(600):
            standing = replace(
                state, next_poll=state.next_poll and state.next_poll + timedelta(seconds=number)
            )
            due = after(NotModified(feed(number), Validators()), standing, now=NOW).next_poll
            assert due is not None
            dues.append(due - NOW)
        assert timedelta(minutes=5) <= min(dues)
        assert max(dues) < timedelta(minutes=15)
        minutes = Counter(due // timedelta(minutes=1) for due in dues)
        assert max(minutes.values()) < 100  # of 600, in the fullest of ten minutes


@given(st.floats(0, 0.09))
def test_a_feed_polled_in_time_keeps_its_interval(late: float) -> None:
    state = FeedState(last_good=NOW - DAY, next_poll=NOW - timedelta(minutes=10) * late)
    assert after(NotModified(feed(), Validators()), state, now=NOW).next_poll == next_poll(feed(), now=NOW)


def test_after_a_step_back_of_the_clock_feeds_are_spread_over_their_interval() -> None:
    times = [after_step(feed(number), FeedState(), now=NOW) for number in range(600)]
    assert {latest for latest, _ in times} == {NOW + timedelta(minutes=15)}
    minutes = Counter((due - NOW) // timedelta(minutes=1) for _, due in times)
    assert sorted(minutes) == list(range(10))
    assert max(minutes.values()) < 100


def test_a_failed_poll_keeps_the_validators_and_the_last_good_poll() -> None:
    result = Failed(feed(), "answered 503", weight=0.5, retry_after=timedelta(hours=5))
    state = after(result, STATE, now=NOW)
    assert (state.validators, state.last_good, state.failures) == (STATE.validators, STATE.last_good, 2.0)
    assert state.next_poll is not None
    assert state.next_poll >= NOW + timedelta(hours=5)


def test_a_poll_that_finds_the_feed_gone_waits_a_month() -> None:
    state = after(Failed(feed(), "answered 410 Gone", gone=True), STATE, now=NOW)
    assert state.next_poll == NOW + timedelta(days=30)


# ---- what is learned ---------------------------------------------------------------------------------------

LEARNED = Feed(name="feed", url="https://example.com/1", outlet="outlet")
HOUR = timedelta(hours=1)


def paced(pace: float | None, *, shown: int = 50, stays: timedelta | None = None) -> FeedState:
    return FeedState(last_good=NOW - HOUR, pace=pace, shown=shown, stays=stays)


@pytest.mark.parametrize(
    ("an_hour", "minutes"),
    [(6.0, 5.48), (1.0, 13.4), (1 / 24, 65.7), (1 / 720, 360), (600.0, 2), (0.0, 1440)],
)
def test_the_interval_goes_with_the_root_of_the_time_between_entries(an_hour: float, minutes: float) -> None:
    learned = interval(LEARNED, paced(an_hour))
    assert learned / timedelta(minutes=1) == pytest.approx(minutes, rel=0.01)


def test_nothing_learned_is_ten_minutes_and_the_operators_wish_is_final() -> None:
    assert interval(LEARNED, paced(None)) == timedelta(minutes=10)
    wish = timedelta(seconds=1)
    assert interval(replace(LEARNED, every=wish), paced(0.01, stays=HOUR)) == wish


def test_a_short_document_is_asked_for_before_half_of_it_is_new() -> None:
    assert interval(LEARNED, paced(24.0, shown=2)) == timedelta(minutes=2.5)


def test_what_the_feed_says_of_caching_is_heeded_up_to_a_quarter_of_an_hour() -> None:
    assert interval(LEARNED, paced(60.0, stays=timedelta(minutes=5))) == timedelta(minutes=5)
    assert interval(LEARNED, paced(60.0, stays=HOUR)) == timedelta(minutes=15)
    assert interval(LEARNED, paced(1.0, stays=timedelta(minutes=5))) > timedelta(minutes=13)


@settings(max_examples=200)
@given(st.floats(0, 1e9), st.integers(0, 10_000), st.none() | st.timedeltas(timedelta(0), 100 * DAY))
def test_a_learned_interval_lies_between_two_minutes_and_a_day(
    pace: float, shown: int, stays: timedelta | None
) -> None:
    assert timedelta(minutes=2) <= interval(LEARNED, paced(pace, shown=shown, stays=stays)) <= DAY


def found(*ages: timedelta) -> Fresh:
    feed = LEARNED
    entries = [entry(feed, Item(str(age), str(age), published=NOW - age)) for age in ages]
    return Fresh(feed, Validators(), tuple(entries), marks=b"m")


def test_the_first_document_tells_the_pace_by_its_dates() -> None:
    state = after(found(*(HOUR * number for number in range(1, 11))), FeedState(), now=NOW, new=10)
    assert state.pace == pytest.approx(0.9)
    assert (state.shown, state.marks, state.whole, state.last_new) == (10, b"m", NOW, NOW)
    assert after(found(HOUR), FeedState(), now=NOW, new=1).pace is None


def test_the_pace_follows_the_feed_in_some_hours() -> None:
    state, now = paced(6.0), NOW
    for _ in range(48):
        now += HOUR
        state = after(NotModified(LEARNED, Validators()), state, now=now)
    assert state.pace is not None
    assert state.pace < 1.0
    for _ in range(48):
        now += HOUR
        state = after(found(HOUR), state, now=now, new=20)
    assert state.pace is not None
    assert state.pace > 15.0


def test_a_gap_shortens_the_interval_at_once() -> None:
    before = paced(1.0, shown=10)
    state = after(found(*(HOUR * number for number in range(10))), before, now=NOW, new=10, gap=True)
    assert state.gap == NOW
    assert interval(LEARNED, state) <= HOUR / 4


def test_a_clock_that_was_set_back_teaches_nothing() -> None:
    ahead = replace(paced(3.0), last_good=NOW + DAY)
    assert after(found(HOUR), ahead, now=NOW, new=5).pace == 3.0


def test_once_a_day_a_feed_is_asked_without_conditions() -> None:
    assert wants_whole(FeedState(), now=NOW)
    state = after(found(HOUR), FeedState(), now=NOW)
    assert not wants_whole(state, now=NOW + DAY - timedelta(seconds=1))
    assert wants_whole(state, now=NOW + DAY)
    assert wants_whole(state, now=NOW - DAY)  # the clock was set back
    later = after(NotModified(LEARNED, Validators()), state, now=NOW + HOUR)
    assert later.whole == NOW
    same = after(NotModified(LEARNED, Validators(), Reply(whole=True)), state, now=NOW + HOUR)
    assert same.whole == NOW + HOUR


def test_an_address_moves_when_it_has_redirected_for_good_three_times_running() -> None:
    def answered(moved: str) -> NotModified:
        return NotModified(LEARNED, Validators(), Reply(moved))

    state = paced(1.0)
    for moved in ("https://new.example/", "https://new.example/", "", "https://other.example/"):
        state = after(answered(moved), state, now=NOW)
        assert state.address == ""
    state = after(answered("https://other.example/"), state, now=NOW)
    state = after(answered("https://other.example/"), state, now=NOW)
    assert (state.address, state.moved, state.moves) == ("https://other.example/", "", 0)


def test_a_feed_that_fails_at_its_new_address_is_asked_at_its_old_one_again() -> None:
    state = replace(paced(1.0), address="https://new.example/")
    for _ in range(3):
        state = after(Failed(LEARNED, "answered 404 Not Found"), state, now=NOW)
    assert (state.address, state.failures) == ("", 0.25)


def test_a_feed_without_anything_new_for_two_weeks_is_silent() -> None:
    state = replace(paced(1.0), last_new=NOW - 15 * DAY)
    silent = after(NotModified(LEARNED, Validators()), state, now=NOW)
    assert silent.silent
    assert not after(found(HOUR), silent, now=NOW, new=1).silent
