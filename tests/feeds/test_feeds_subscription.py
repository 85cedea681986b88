"""The life of a subscription, decided: what is begun, asked, promised, denied and given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds import schedule, subscription
from monitor.feeds.subscription import WISHED, Word, answered, asked, begun, changes, form, refused
from monitor.model import Failed, FeedState, Fresh, NotModified, Offer, Subscription, Validators
from tests.fakes import FEED, START

ADDRESS = "https://desk.example/push"
OFFER = Offer(("https://hub.example/", "https://other.example/"), "https://wire.example/topic")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def wish() -> Subscription:
    return begun("wire", OFFER, address=ADDRESS, token="t" * 43, secret="s" * 43, now=START)


def pending() -> Subscription:
    found = asked(wish(), hubs=OFFER.hubs, now=START)
    assert found is not None
    return found


def said(mode: str, **more: str) -> Word:
    return Word(mode, **{"topic": OFFER.topic, "challenge": "c", **more})


# ---- beginning and ending ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offers", "address", "begins", "ends"),
    [
        ({"wire": OFFER}, ADDRESS, [], 0),
        ({"wire": OFFER, "new": OFFER}, ADDRESS, ["new"], 0),
        ({}, ADDRESS, [], 1),  # the feed is gone, or names no hub any more
        ({"wire": OFFER}, "", [], 1),  # push is gone
        ({"wire": OFFER}, "https://elsewhere.example/", ["wire"], 1),
        ({"wire": replace(OFFER, topic="https://wire.example/moved")}, ADDRESS, ["wire"], 1),
        ({"wire": replace(OFFER, hubs=("https://new.example/",))}, ADDRESS, ["wire"], 1),
        ({"wire": replace(OFFER, hubs=OFFER.hubs[::-1])}, ADDRESS, [], 0),
    ],
)
def test_what_is_offered_is_begun_and_what_nobody_offers_is_ended(
    offers: dict[str, Offer], address: str, begins: list[str], ends: int
) -> None:
    beginning, ending = changes(offers, [wish()], address=address)
    assert (beginning, len(ending)) == (begins, ends)
    left = [subscription.ended(one, now=START) for one in ending]
    assert changes(offers, left, address=address)[1] == []


# ---- asking ------------------------------------------------------------------------------------------------


def test_a_hub_is_asked_with_all_that_it_needs_to_know() -> None:
    assert dict(parse_qsl(form(pending()).decode())) == {
        "hub.mode": "subscribe",
        "hub.topic": OFFER.topic,
        "hub.callback": f"{ADDRESS}/{'t' * 43}",
        "hub.secret": "s" * 43,
        "hub.lease_seconds": "864000",
    }
    leaving = subscription.ended(pending(), now=START)
    assert "hub.secret" not in dict(parse_qsl(form(leaving).decode()))


def test_a_hub_that_fails_is_asked_less_and_less_often_and_then_another() -> None:
    one, waits, hubs = wish(), [], []
    for _ in range(12):
        found = asked(one, hubs=OFFER.hubs, now=one.due)
        assert found is not None
        one = refused(found, "is down", now=one.due, retry_after=None)
        waits.append((one.due - (found.asked or START)) / MINUTE)
        hubs.append(one.hub == OFFER.hubs[0])
    assert waits[0] < 7
    assert all(later > earlier for earlier, later in pairwise(waits[:7]))
    assert max(waits) <= 1.25 * DAY / MINUTE
    assert hubs == [True] * 3 + [False] * 3 + [True] * 3 + [False] * 3


def test_a_hub_that_promised_is_asked_again_itself() -> None:
    one = answered(pending(), said("subscribe", lease="86400"), now=START).left
    assert one is not None
    again = asked(replace(one, tries=4), hubs=OFFER.hubs[::-1], now=START)
    assert again is not None
    assert again.hub == one.hub


def test_a_hub_that_takes_a_wish_and_never_verifies_it_is_said_to() -> None:
    again = asked(pending(), hubs=OFFER.hubs, now=START + DAY)
    assert again is not None
    assert again.error == "it took the wish and has not verified it"


def test_a_hub_that_wants_to_be_left_alone_is() -> None:
    one = refused(pending(), "answered 429", now=START, retry_after=timedelta(hours=3))
    assert one.due == START + timedelta(hours=3)
    assert refused(pending(), "x", now=START, retry_after=timedelta(days=400)).due == START + DAY


def test_a_hub_that_does_not_confirm_that_we_left_is_left_alone() -> None:
    one: Subscription | None = subscription.ended(pending(), now=START)
    for _ in range(3):
        assert one is not None
        one = asked(one, hubs=(), now=START)
    assert one is not None
    assert asked(one, hubs=(), now=START) is None


def test_no_reason_shows_what_the_hub_alone_should_know() -> None:
    one = refused(
        pending(), f"no {'s' * 43} at {'t' * 43}\n\x1b[31m" + "x" * 999, now=START, retry_after=None
    )
    assert one.error.startswith("no *** at *** ")
    assert "\x1b" not in one.error
    assert len(one.error) == 200
    assert "s" * 43 not in repr(one)
    assert "t" * 43 not in repr(one)


# ---- what hubs say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lease", "until", "due"),
    [
        ("86400", DAY, DAY * 2 / 3),
        ("60", MINUTE, timedelta(minutes=30)),  # a hub that promises a minute is not asked every 40 s
        ("", WISHED, WISHED * 2 / 3),
        ("0", WISHED, WISHED * 2 / 3),
        ("-5", WISHED, WISHED * 2 / 3),
        ("9" * 40, timedelta(days=365), timedelta(days=20)),
    ],
)
def test_a_promise_is_renewed_in_time(lease: str, until: timedelta, due: timedelta) -> None:
    heard = answered(pending(), said("subscribe", lease=lease), now=START)
    assert heard.yes
    assert heard.left is not None
    assert (heard.left.until, heard.left.due) == (START + until, START + due)
    assert (heard.left.tries, heard.left.error) == (0, "")


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (wish(), said("subscribe")),  # not asked yet
        (pending(), said("unsubscribe")),
        (pending(), said("subscribe", topic="https://other.example/")),
        (pending(), said("subscribe", challenge="")),
        (pending(), said("publish")),
        (pending(), said("denied", topic="https://other.example/")),
        (replace(pending(), asked=START - DAY - MINUTE), said("subscribe")),
        (subscription.ended(pending(), now=START), said("unsubscribe")),
        (asked(subscription.ended(pending(), now=START), hubs=(), now=START), said("subscribe")),
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(one: Subscription, word: Word) -> None:
    heard = answered(one, word, now=START)
    assert not heard.yes
    assert heard.left == one


def test_a_hub_that_verifies_again_is_told_the_same() -> None:
    """Its first answer may have been lost."""
    once = answered(pending(), said("subscribe"), now=START).left
    assert once is not None
    assert answered(once, said("subscribe"), now=START) == subscription.Answered(yes=True, left=once)


def test_a_denial_is_taken_and_the_hub_left_alone_for_a_week() -> None:
    held = answered(pending(), said("subscribe"), now=START).left
    assert held is not None
    heard = answered(held, said("denied", reason="not\nyou"), now=START)
    assert heard.yes
    assert heard.left is not None
    assert (heard.left.error, heard.left.due) == ("denied: not you", START + timedelta(days=7))
    assert not subscription.is_alive(heard.left, now=START)
    assert not answered(heard.left, said("subscribe"), now=START).yes


def test_leaving_ends_with_the_hubs_word() -> None:
    one = asked(subscription.ended(pending(), now=START), hubs=(), now=START)
    assert one is not None
    assert answered(one, said("unsubscribe"), now=START) == subscription.Answered(yes=True, left=None)
    assert answered(one, said("denied"), now=START) == subscription.Answered(yes=True, left=None)


# ---- signatures --------------------------------------------------------------------------------------------


SHA384 = (
    "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
)
SHA512 = (
    "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
)


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        # RFC 2202 §3 case 2 (SHA-1), RFC 4231 §4.3 (the others)
        ("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", True),
        ("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", True),
        (SHA384, True),
        (SHA512, True),
        ("SHA256=5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843", True),
        ("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844", False),
        ("sha256=", False),
        ("sha256=\u00e9", False),
        ("md5=750c783e6ab0b503eaa86e310a5db738", None),
        ("sha256", None),
        ("", None),
    ],
)
def test_a_signature_holds_or_does_not(header: str, holds: bool | None) -> None:  # noqa: FBT001  # a row
    made = subscription.signature("Jefe", header)
    if made is None:
        assert holds is None
        return
    take, is_right = made
    take(b"what do ya want ")
    take(b"for nothing?")
    assert is_right() is holds


# ---- rings and due times -----------------------------------------------------------------------------------

GOOD = FeedState(
    Validators("1"), last_good=START - timedelta(minutes=5), next_poll=START + timedelta(hours=1), shown=40
)


def unchanged(state: FeedState) -> NotModified:
    return NotModified(FEED, state.validators, rung=state.rung)


def test_a_ring_makes_a_feed_due_and_a_second_poll_follows_where_the_first_brings_nothing() -> None:
    rung = schedule.rung(GOOD, now=START)
    assert rung.next_poll == START
    first = schedule.after(unchanged(rung), rung, now=START)
    assert first.next_poll == START + MINUTE
    second = schedule.after(unchanged(first), first, now=START + MINUTE)
    assert second.next_poll is not None
    assert second.next_poll > START + 2 * MINUTE
    assert second.rung == START  # it said that there was something, and there may have been


def test_a_ring_right_after_a_poll_of_the_schedule_does_not_wait() -> None:
    polled = replace(GOOD, last_good=START, rung=START - timedelta(hours=1))
    assert schedule.rung(polled, now=START + timedelta(seconds=1)).next_poll == START + timedelta(seconds=1)


def test_what_a_ring_brought_calls_for_no_second_poll() -> None:
    rung = schedule.rung(GOOD, now=START)
    after = schedule.after(Fresh(FEED, Validators("2"), (), rung=rung.rung), rung, now=START, new=1)
    assert after.owed == 0
    assert after.next_poll is not None
    assert after.next_poll > START + MINUTE


def test_a_ring_during_a_poll_calls_for_another() -> None:
    """The poll may have read the feed before what the second ring is about was there."""
    once = schedule.rung(GOOD, now=START)
    twice = schedule.rung(once, now=START + timedelta(seconds=1))
    landed = Fresh(FEED, Validators("2"), (), rung=once.rung)
    after = schedule.after(landed, twice, now=START + timedelta(seconds=2), new=1)
    assert (after.owed, after.next_poll) == (2, START + timedelta(seconds=2) + schedule.RUNG_APART)


@given(st.lists(st.integers(0, 90), min_size=1, max_size=40))
def test_however_often_a_hub_rings_a_feed_is_not_asked_more_than_every_30_s(pauses: list[int]) -> None:
    now, state, polls = START, GOOD, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        assert state.next_poll is not None
        if state.next_poll <= now:
            polls.append(now)
            state = schedule.after(unchanged(state), state, now=now)
        state = schedule.rung(state, now=now)
        assert state.next_poll is not None
        assert state.next_poll <= now + schedule.RUNG_APART
    assert all(later - earlier >= schedule.RUNG_APART for earlier, later in pairwise(polls))


@pytest.mark.parametrize(
    "state",
    [replace(GOOD, failures=0.25), replace(GOOD, gone=True), replace(GOOD, last_good=None)],
    ids=["failing", "gone", "never read"],
)
def test_a_feed_that_fails_waits_as_its_server_asked(state: FeedState) -> None:
    assert schedule.rung(state, now=START).next_poll == state.next_poll


def test_a_failure_after_a_ring_backs_off_like_any() -> None:
    rung = schedule.rung(GOOD, now=START)
    after = schedule.after(Failed(FEED, "x", retry_after=timedelta(hours=2)), rung, now=START)
    assert after.next_poll is not None
    assert after.next_poll >= START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("pace", "alone", "pushed"),
    [(6.0, 5.5, 11.0), (1.0, 13.4, 26.8), (0.05, 60.0, 60.0), (0.001, 424.3, 424.3)],
)
def test_a_feed_that_is_pushed_is_asked_half_as_often_and_hourly_at_least(
    pace: float, alone: float, pushed: float
) -> None:
    state = replace(GOOD, pace=pace)
    assert schedule.interval(FEED, state) / MINUTE == pytest.approx(alone, rel=0.02)
    assert schedule.interval(FEED, replace(state, rung=START)) / MINUTE == pytest.approx(pushed, rel=0.02)


def test_the_operators_interval_is_final() -> None:
    feed = replace(FEED, every=timedelta(minutes=10))
    assert schedule.interval(feed, replace(GOOD, rung=START)) == timedelta(minutes=10)


def test_news_without_a_ring_ends_the_longer_interval() -> None:
    """A hub that falls silent costs one wait: the poll that finds what it did not ring for ends it."""
    trusted = replace(GOOD, rung=START - DAY)
    quiet = schedule.after(unchanged(trusted), trusted, now=START)
    assert quiet.rung == trusted.rung
    after = schedule.after(Fresh(FEED, Validators("2"), (), rung=trusted.rung), trusted, now=START, new=1)
    assert after.rung is None
