"""When something may be said: hours of the week, times of the day and limits, each in its IANA zone.

The local calendar is the zone's. A time of day that a day does not have (the clock went forward over it) is
the first moment after; one that it has twice is its first. Decides; reads no clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ALL = frozenset(range(len(DAYS)))
_DAY = 24 * 60  # minutes
_FARTHEST = 10  # days: every span of a week begins within a week, and may last a day

_TIME = r"([01]?\d|2[0-4]):([0-5]\d)"
_HOURS = re.compile(rf"(?:(\S+)\s+)?{_TIME}\s*-\s*{_TIME}\s+(\S+)")
_DAILY = re.compile(rf"daily(?:\s+at)?\s+{_TIME}\s+(\S+)")
_LIMIT = re.compile(r"([1-9]\d{0,3})\s+per\s+(hour|day)")
_PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


class NotUnderstoodError(ValueError):
    """A text that says no time; `remedy` says how one is written."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


# ---- moments ---------------------------------------------------------------------------------------------


def moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which this local day is so many minutes old by the wall clock.

    The first moment after it where the clock goes forward over it, the first of two where it goes back.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - made aware below
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    return _change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between these two at which the zone's clock is set."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


# ---- hours of the week -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of the week; `start` and `stop` in minutes of a day. A span over midnight is its first day's."""

    days: frozenset[int]
    start: int
    stop: int
    zone: ZoneInfo

    def covers(self, now: datetime) -> bool:
        """Whether the moment is within these hours; the first moment is, the last is not."""
        return any(begin <= now < end for begin, end in self._spans(now))

    def end(self, now: datetime) -> datetime:
        """The first moment from `now` on that is outside of these hours."""
        for begin, end in self._spans(now):
            if begin <= now < end:
                now = end
        return now

    def begin(self, now: datetime) -> datetime:
        """The first moment from `now` on that is within these hours."""
        if self.covers(now):
            return now
        return min(begin for begin, end in self._spans(now) if begin >= now and end > begin)

    def _spans(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Those that begin two days before to ten days after, in order; joined, they outlast any week."""
        today = now.astimezone(self.zone).date()
        stop = self.stop if self.stop > self.start else self.stop + _DAY
        days = (today + timedelta(days=number) for number in range(-2, _FARTHEST + 1))
        return [
            (moment(day, self.start, self.zone), moment(day, stop, self.zone))
            for day in days
            if day.weekday() in self.days
        ]


def hours(text: str) -> Hours:
    """The hours that "Mon-Fri 07:00-22:00 Asia/Baku" says; raises NotUnderstoodError."""
    found = _HOURS.fullmatch(text.strip())
    if not found:
        raise NotUnderstoodError(
            f'"{text}" are no hours', "write such as: 22:00-07:00 Asia/Baku, or Mon-Fri 07:00-22:00 Asia/Baku"
        )
    days = _ALL if found[1] is None else _days(found[1])
    start, stop = _minutes(found[2], found[3]), _minutes(found[4], found[5])
    if start in (stop, _DAY):
        raise NotUnderstoodError(f'"{text}" are no hours', "write 00:00-24:00 for a whole day")
    if days == _ALL and (start, stop) == (0, _DAY):
        raise NotUnderstoodError(f'"{text}" are all hours there are', "remove it")
    return Hours(days, start, stop, _zone(found[6]))


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = _day(first), _day(last or first)
        found |= {number % 7 for number in range(begin, end + 1 + 7 * (end < begin))}
    return frozenset(found)


def _day(text: str) -> int:
    if text.title() not in DAYS:
        raise NotUnderstoodError(f'"{text}" is no day of the week', f"write {', '.join(DAYS)}")
    return DAYS.index(text.title())


def _minutes(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if minutes > _DAY:
        raise NotUnderstoodError(f'"{hour}:{minute}" is no time of day', "the last one is 24:00")
    return minutes


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: "Asia" is a folder of zones
        close = get_close_matches(name, sorted(available_timezones()), n=1, cutoff=0.6)
        remedy = f'did you mean "{close[0]}"?' if close else "write such as Asia/Baku, or UTC"
        raise NotUnderstoodError(f'there is no time zone "{name}"', remedy) from None


# ---- times of the day ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a digest goes: once a day, so many minutes into it; or at each full hour, where `at` is None."""

    at: int | None
    zone: ZoneInfo

    def after(self, now: datetime) -> datetime:
        """The first time after this moment."""
        return next(time for time in self._times(now) if time > now)

    def last(self, now: datetime) -> datetime:
        """The last time up to this moment."""
        return [time for time in self._times(now) if time <= now][-1]

    def _times(self, now: datetime) -> list[datetime]:
        """Those round this moment, in order."""
        if self.at is None:
            hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            return [hour, hour + timedelta(hours=1)]
        today = now.astimezone(self.zone).date()
        return [moment(today + timedelta(days=number), self.at, self.zone) for number in range(-2, 3)]


HOURLY = Timetable(None, ZoneInfo("UTC"))


def timetable(text: str) -> Timetable:
    """The timetable that "hourly" or "daily 08:00 Asia/Baku" says; raises NotUnderstoodError."""
    if text.strip() == "hourly":
        return HOURLY
    found = _DAILY.fullmatch(text.strip())
    if not found or found[1] == "24":
        raise NotUnderstoodError(
            f'"{text}" is no timetable', "write hourly, or such as: daily 08:00 Asia/Baku"
        )
    return Timetable(_minutes(found[1], found[2]), _zone(found[3]))


# ---- limits ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """How many messages a rule may send to one receiver within any stretch of time so long."""

    most: int
    per: timedelta


def limit(text: str) -> Limit:
    """The limit that "6 per hour" or "20 per day" says; raises NotUnderstoodError."""
    found = _LIMIT.fullmatch(text.strip())
    if not found:
        raise NotUnderstoodError(f'"{text}" is no limit', "write such as: 6 per hour, 20 per day")
    return Limit(int(found[1]), _PERIODS[found[2]])


@dataclass(frozen=True, slots=True)
class Timing:
    """When a rule's alerts may go: at most so many, collected for a digest, or within these hours only."""

    limit: Limit | None = None
    digest: Timetable | None = None
    active: Hours | None = None
