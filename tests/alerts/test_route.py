"""Whether an alert that is due goes, waits or is muted, by rule, receiver, silence and hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.alerts.route import Customs, Routes, route
from monitor.model import Claim, Kind, Match, Mention, Receiver, Scope, Severity, Silence, Told
from monitor.timetable import Timing, hours, limit, timetable
from tests.fakes import FEED, START, Item, entry

DESK = Receiver("desk", "json://localhost")
NIGHT = replace(DESK, quiet=hours("22:00-07:00 Asia/Baku"))
MORNING = replace(DESK, digest=timetable("daily 08:00 Asia/Baku"))
HOURLY_BY_DAY = replace(NIGHT, digest=timetable("hourly"))
LIMITED = Timing(limit=limit("6 per hour"))
DAILY = Timing(digest=timetable("daily 18:00 UTC"))
OFFICE = Timing(active=hours("Mon-Fri 10:00-18:00 UTC"))
EVENING = START.replace(hour=19)  # 23:00 in Baku


def told(rule: str = "one", severity: Severity = Severity.HIGH, *whats: str, alert: int = 1) -> Told:
    mentions = tuple(Mention(what, "title", 0, 1, "x") for what in whats or ("$peace",))
    article = entry(FEED, Item("g", "A headline"))
    return Told(alert, Kind.NEW, Match(rule, rule.title(), severity, (), mentions), article, START)


def claim(*tolds: Told, outlets: tuple[str, ...] = ("The Wire",)) -> Claim:
    return Claim("desk", 7, tolds or (told(),), outlets, attempts=1, uncertain=False, created=START)


def routed(
    some: Claim,
    receiver: Receiver = DESK,
    timing: Timing | None = None,
    *silences: Silence,
    now: datetime = START,
    sent: int = 0,
    collected: bool = False,
) -> Routes:
    customs = Customs({"one": timing} if timing else {})
    return route(
        some, receiver, customs=customs, silences=silences, now=now, sent={"one": sent}, collected=collected
    )


def held(routes: Routes) -> tuple[set[str], datetime | None]:
    assert routes.go is None
    return set(routes.held.values()), routes.until


def test_without_any_timing_an_alert_goes_at_once() -> None:
    assert routed(claim()).go == claim()


@pytest.mark.parametrize(
    ("receiver", "timing", "now", "sent", "why", "until"),
    [
        (NIGHT, None, EVENING, 0, "quiet", "03T03:00"),
        (MORNING, None, START, 0, "digest", "03T04:00"),
        (DESK, DAILY, START, 0, "digest", "02T18:00"),
        (MORNING, DAILY, START, 0, "digest", "02T18:00"),  # the rule knows better than the receiver
        (DESK, LIMITED, START, 6, "limit", "02T10:00"),  # at the full hour, where nothing else is said
        (MORNING, LIMITED, START, 0, "digest", "03T04:00"),  # who wants a digest wants all in it
        (DESK, replace(LIMITED, digest=DAILY.digest), START, 6, "limit", "02T18:00"),
        (DESK, OFFICE, START, 0, "quiet", "02T10:00"),
        (DESK, OFFICE, START + timedelta(days=4, hours=12), 0, "quiet", "09T10:00"),  # Friday, 21:00
        (HOURLY_BY_DAY, None, EVENING, 0, "quiet", "03T03:00"),
        (HOURLY_BY_DAY, None, EVENING - timedelta(hours=2), 0, "digest", "03T03:00"),
        (NIGHT, LIMITED, EVENING - timedelta(hours=1, minutes=30), 6, "limit", "03T03:00"),
    ],
)  # fmt: skip
def test_an_alert_is_held_till_its_digest_and_never_into_quiet_hours(
    receiver: Receiver, timing: Timing | None, now: datetime, sent: int, why: str, until: str
) -> None:
    expected = datetime.fromisoformat(f"2026-03-{until}:00+00:00")
    assert held(routed(claim(), receiver, timing, now=now, sent=sent)) == ({why}, expected)


@pytest.mark.parametrize(
    ("timing", "now", "sent"),
    [
        (LIMITED, START, 5),
        (replace(LIMITED, digest=DAILY.digest), START, 5),
        (OFFICE, START.replace(hour=12), 0),
    ],
)
def test_within_limit_and_hours_an_alert_goes_at_once(timing: Timing, now: datetime, sent: int) -> None:
    assert routed(claim(), DESK, timing, now=now, sent=sent).go


def test_what_is_critical_breaks_through_all_but_a_silence() -> None:
    everything = replace(NIGHT, digest=timetable("hourly"))
    timing = Timing(limit("1 per day"), DAILY.digest, OFFICE.active)
    critical = claim(told("one", Severity.CRITICAL))
    assert routed(critical, everything, timing, now=EVENING, sent=9).go
    assert routed(critical, everything, timing, silence(Scope.RULE, "one"), now=EVENING).muted == {1: 1}


def test_rules_that_fired_on_one_story_go_together_and_wait_together() -> None:
    both = claim(told("one", alert=1), told("two", alert=2))
    assert routed(both, DESK, DAILY).go == both
    customs = Customs({"one": DAILY, "two": Timing(digest=timetable("hourly"))})
    routes = route(both, DESK, customs=customs, silences=(), now=START, sent={})
    assert routes.held == {1: "digest", 2: "digest"}
    assert routes.until == START + timedelta(hours=1)


def test_what_waited_for_its_digest_is_held_on_by_hours_alone() -> None:
    limited = Timing(limit("1 per day"), DAILY.digest)
    assert routed(claim(), MORNING, limited, sent=9, collected=True).go
    assert held(routed(claim(), NIGHT, now=EVENING, collected=True))[0] == {"quiet"}


def test_hours_that_exclude_each_other_hold_but_do_not_hang() -> None:
    never = replace(DESK, quiet=hours("00:00-12:00 UTC"))
    assert held(routed(claim(), never, Timing(active=hours("01:00-11:00 UTC"))))[0] == {"quiet"}


# ---- silences ----------------------------------------------------------------------------------------------


def silence(scope: Scope, value: str) -> Silence:
    return Silence(1, scope, value, START, START + timedelta(days=1), "why", "", START)


@pytest.mark.parametrize(
    ("scope", "value", "some", "muted"),
    [
        (Scope.STORY, f"{7:016x}", claim(), True),
        (Scope.STORY, f"{8:016x}", claim(), False),
        (Scope.RULE, "one", claim(), True),
        (Scope.RULE, "two", claim(), False),
        (Scope.NAME, "peace", claim(), True),
        (Scope.NAME, "peace", claim(told("one", Severity.HIGH, "$peace", "$peace")), True),
        (Scope.NAME, "peace", claim(told("one", Severity.HIGH, "$peace", "$aliyev")), False),
        (Scope.OUTLET, "The Wire", claim(), True),
        (Scope.OUTLET, "The Wire", claim(outlets=("The Wire", "Kura Post")), False),
        (Scope.OUTLET, "Kura Post", claim(), False),
    ],
)
def test_a_silence_mutes_what_it_is_about(scope: Scope, value: str, some: Claim, *, muted: bool) -> None:
    routes = routed(some, DESK, None, silence(scope, value))
    assert (routes.go is None) == muted
    assert routes.muted == ({1: 1} if muted else {})


def test_of_two_rules_only_the_silenced_one_is_muted() -> None:
    both = claim(told("one", alert=1), told("two", alert=2))
    routes = routed(both, DESK, None, silence(Scope.RULE, "one"))
    assert routes.muted == {1: 1}
    assert routes.go == claim(told("two", alert=2))
