"""Hours, times and limits: as they are written, and as the clocks of several zones and years have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.timetable import (
    HOURLY,
    Hours,
    Limit,
    NotUnderstoodError,
    Timetable,
    hours,
    limit,
    moment,
    timetable,
)

# Half an hour of summer time, a day that was left out, changes at midnight, none at all.
ZONES = (
    "UTC", "Asia/Baku", "Asia/Tbilisi", "Asia/Yerevan", "Europe/Istanbul", "Europe/Berlin",
    "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu",
    "Africa/Casablanca",
)  # fmt: skip
zones = st.sampled_from([ZoneInfo(name) for name in ZONES])
moments = st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda found: found.replace(microsecond=0)
)
minutes = st.integers(0, 24 * 60 - 1)
spans = st.tuples(minutes, minutes).filter(lambda both: both[0] != both[1])
days = st.sets(st.integers(0, 6), min_size=1).map(frozenset)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---- as they are written -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "which", "start", "stop"),
    [
        ("22:00-07:00 Asia/Baku", range(7), 1320, 420),
        ("Mon-Fri 07:00-22:00 Asia/Baku", range(5), 420, 1320),
        ("Sat,Sun 0:00-24:00 UTC", (5, 6), 0, 1440),
        ("fri-mon,Wed 9:30 - 18:00 Europe/Berlin", (4, 5, 6, 0, 2), 570, 1080),
    ],
)
def test_hours_are_read_as_they_are_written(written: str, which: range, start: int, stop: int) -> None:
    found = hours(written)
    assert (found.days, found.start, found.stop) == (frozenset(which), start, stop)


@pytest.mark.parametrize(
    ("read", "written", "what"),
    [
        (hours, "at night", "are no hours"),
        (hours, "22:00-07:00", "are no hours"),
        (hours, "Mon-Fry 07:00-22:00 UTC", '"Fry" is no day of the week'),
        (hours, "07:00-07:00 UTC", "are no hours"),
        (hours, "24:00-07:00 UTC", "are no hours"),
        (hours, "07:00-24:30 UTC", '"24:30" is no time of day'),
        (hours, "Mon-Sun 00:00-24:00 UTC", "are all hours there are"),
        (hours, "07:00-22:00 Asia", 'no time zone "Asia"'),
        (timetable, "daily", "is no timetable"),
        (timetable, "daily 24:00 UTC", "is no timetable"),
        (timetable, "weekly", "is no timetable"),
        (timetable, "daily 08:00 Asia/Bakku", 'no time zone "Asia/Bakku"'),
        (timetable, "daily 08:00 ../secret", "no time zone"),
        (limit, "0 per hour", "is no limit"),
        (limit, "6 an hour", "is no limit"),
        (limit, "6 per week", "is no limit"),
    ],
)
def test_what_is_no_time_is_told_with_what_to_write(read: object, written: str, what: str) -> None:
    with pytest.raises(NotUnderstoodError, match=what) as caught:
        read(written)  # type: ignore[operator]  # one of three readers
    assert caught.value.remedy


def test_a_zone_that_is_misspelt_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        timetable("daily 08:00 Asia/Bakoo")
    assert caught.value.remedy == 'did you mean "Asia/Baku"?'


def test_timetables_and_limits_are_read_as_they_are_written() -> None:
    assert timetable("hourly") == HOURLY
    assert timetable("daily at 08:00 Asia/Baku") == Timetable(480, ZoneInfo("Asia/Baku"))
    assert limit("6 per hour") == Limit(6, timedelta(hours=1))
    assert limit("20 per day") == Limit(20, timedelta(days=1))


# ---- clocks that are set -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "now", "expected", "why"),
    [
        ("daily 02:30 Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00", "02:30 is not"),
        ("daily 02:30 Europe/Berlin", "2026-03-29T01:00", "2026-03-30T00:30", "and only once"),
        ("daily 02:30 Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30", "02:30 is twice: the first"),
        ("daily 02:30 Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30", "and not the second"),
        ("daily 00:30 America/Sao_Paulo", "2018-11-03T12:00", "2018-11-04T03:00", "a day from 01:00 on"),
        ("daily 08:00 Pacific/Apia", "2011-12-29T19:00", "2011-12-30T10:00", "a day left out: its end"),
        ("daily 08:00 Asia/Baku", "2026-03-02T03:59", "2026-03-02T04:00", "no summer time since 2016"),
        ("hourly", "2026-03-02T03:00", "2026-03-02T04:00", "the next full hour, not this one"),
    ],
)  # fmt: skip
def test_a_time_of_day_that_is_not_comes_at_once_after_and_one_that_is_twice_comes_once(
    written: str, now: str, expected: str, why: str
) -> None:
    assert timetable(written).after(utc(now)) == utc(expected), why


@pytest.mark.parametrize(
    ("written", "now", "end", "why"),
    [
        ("22:00-07:00 Europe/Berlin", "2026-03-28T21:30", "2026-03-29T05:00", "an hour shorter"),
        ("22:00-07:00 Europe/Berlin", "2026-10-24T20:30", "2026-10-25T06:00", "an hour longer"),
        ("Fri 22:00-07:00 UTC", "2026-03-07T03:00", "2026-03-07T07:00", "Friday's night ends on Saturday"),
        ("Sat,Sun 00:00-24:00 UTC", "2026-03-07T03:00", "2026-03-09T00:00", "two days in a row are one span"),
    ],
)
def test_hours_end_when_the_local_clock_says_so(written: str, now: str, end: str, why: str) -> None:
    assert hours(written).covers(utc(now)), why
    assert hours(written).end(utc(now)) == utc(end), why


def test_fridays_night_is_not_fridays_morning() -> None:
    assert not hours("Fri 22:00-07:00 UTC").covers(utc("2026-03-06T03:00"))


# ---- laws --------------------------------------------------------------------------------------------------


@given(zones, moments, minutes)
def test_a_local_time_is_the_first_moment_at_which_the_clock_shows_as_much(
    zone: ZoneInfo, near: datetime, minute: int
) -> None:
    day = near.astimezone(zone).date()
    found = moment(day, minute, zone)
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001
    assert found.astimezone(zone).replace(tzinfo=None) >= wall
    before = (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert before < wall


@given(zones, moments, minutes)
def test_a_daily_time_comes_once_for_each_local_day(zone: ZoneInfo, now: datetime, minute: int) -> None:
    table = Timetable(minute, zone)
    first = table.after(now)
    second = table.after(first)
    assert now < first < second
    assert table.last(first) == first
    assert table.last(second - timedelta(seconds=1)) == first
    assert timedelta(hours=22) <= second - first <= timedelta(hours=26) or str(zone) == "Pacific/Apia"


@settings(deadline=None)
@given(zones, moments, spans, days)
def test_a_moment_is_within_hours_or_before_their_next_beginning(
    zone: ZoneInfo, now: datetime, span: tuple[int, int], which: frozenset[int]
) -> None:
    some = Hours(which, *span, zone)
    begin, end = some.begin(now), some.end(now)
    assert (begin == now) == some.covers(now)
    assert (end == now) == (not some.covers(now))
    assert some.covers(begin)
    assert not some.covers(end)
    if begin > now:
        assert not some.covers(begin - timedelta(seconds=1))
        assert not some.covers(now + (begin - now) / 2)
    if end > now:
        assert some.covers(end - timedelta(seconds=1))
        assert some.covers(now + (end - now) / 2)


@given(zones, moments, spans, days)
def test_away_from_changes_of_the_clock_hours_are_what_the_wall_clock_shows(
    zone: ZoneInfo, now: datetime, span: tuple[int, int], which: frozenset[int]
) -> None:
    offsets = {(now + timedelta(days=number)).astimezone(zone).utcoffset() for number in (-2, -1, 0, 1, 2)}
    if len(offsets) > 1:
        return
    local = now.astimezone(zone)
    minute, (start, stop) = local.hour * 60 + local.minute, span
    today, yesterday = local.weekday() in which, (local.weekday() - 1) % 7 in which
    if start < stop:
        expected = today and start <= minute < stop
    else:
        expected = (today and minute >= start) or (yesterday and minute < stop)
    assert Hours(which, start, stop, zone).covers(now) == expected


@given(moments)
def test_an_hourly_time_is_a_full_hour_at_most_an_hour_away(now: datetime) -> None:
    after = HOURLY.after(now)
    assert (after.minute, after.second) == (0, 0)
    assert timedelta() < after - now <= timedelta(hours=1)
    assert HOURLY.last(after) == after
