"""Dates of feeds: right or absent, never wrong by an hour.

A date without a time, or a time without a zone, is absent: filling it in would be guessing. So is a zone
that names two: IST (India, Ireland, Israel), AMT (Armenia, Amazonia), AST and the like.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_LONGEST = 64  # characters; longer ones are no dates
_FURTHEST_AHEAD = timedelta(hours=24)
_FIRST = datetime(1995, 1, 1, tzinfo=UTC)  # before the first feeds (RSS 0.90 is of 1999)
_WIDEST_OFFSET = timedelta(hours=14)  # Kiribati
_CENTURY = 50  # RFC 5322 §4.3: a year of two digits below 50 is of this century

_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|"  # noqa: SIM905  # words read best as words
        "sep sept september|oct october|nov november|dec december".split("|"),
        start=1,
    )
    for name in names.split()
}

# Hours east of Greenwich. RFC 822 §5.1 settles the American ones; the others have one meaning in press use.
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3,
    "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "TRT": 3,
    "MSK": 3, "MSD": 4, "SAMT": 4, "AZT": 4, "AZST": 5, "GET": 4, "YEKT": 5, "UZT": 5, "KGT": 6,
    "SAST": 2, "EAT": 3, "IRST": 3.5, "PKT": 5, "NPT": 5.75, "ICT": 7, "WIB": 7, "PHT": 8,
    "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
_ZONE = r"((?:GMT|UTC)?\s?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{1,5})(?:\s*\([^()]*\))?"
_DAY = r"(?:[^\W\d]+\.?,?\s+)?(\d{1,2})[\s-]([A-Za-z]+)\.?,?[\s-](\d{4}|\d{2})"
_RFC5322 = re.compile(rf"{_DAY},?\s+{_CLOCK}\s*{_ZONE}")
_ISO8601 = re.compile(rf"(\d{{4}})-?(\d{{2}})-?(\d{{2}})[Tt\s]\s*{_CLOCK}\s*{_ZONE}")
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")


def published(text: str, *, now: datetime) -> datetime | None:
    """The moment a date stands for, in UTC, or None: what is not certain, over 24 h ahead, or before 1995.

    Reads RFC 5322 (RSS), RFC 3339 (Atom, JSON Feed) and their common misspellings.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    try:
        moment = _rfc5322(text) or _iso8601(text)
    except (ValueError, OverflowError):
        return None  # the 31st of February, 25 o'clock
    if moment is None or not _FIRST <= moment <= now + _FURTHEST_AHEAD:
        return None
    return moment


def _rfc5322(text: str) -> datetime | None:
    found = _RFC5322.fullmatch(text)
    if found is None:
        return None
    day, name, year, hour, minute, second, zone = found.groups()
    month = _MONTHS.get(name.lower())
    offset = _offset(zone)
    if month is None or offset is None:
        return None
    return _moment((_full_year(year), month, int(day)), (hour, minute, second), offset)


def _iso8601(text: str) -> datetime | None:
    found = _ISO8601.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    offset = _offset(zone)
    if offset is None:
        return None
    return _moment((int(year), int(month), int(day)), (hour, minute, second), offset)


def _moment(date: tuple[int, int, int], clock: tuple[str, str, str | None], offset: timedelta) -> datetime:
    hour, minute, second = clock
    local = datetime(*date, int(hour), int(minute), int(second or 0), tzinfo=timezone(offset))
    return local.astimezone(UTC)


def _full_year(year: str) -> int:
    number = int(year)
    if len(year) == len("2026"):
        return number
    return number + (2000 if number < _CENTURY else 1900)


def _offset(zone: str) -> timedelta | None:
    found = _OFFSET.search(zone)
    if found is None:
        hours = _ZONES.get(zone.upper())
        return None if hours is None else timedelta(hours=hours)
    sign, hours_text, minutes = found.groups()
    offset = timedelta(hours=int(hours_text), minutes=int(minutes or 0))
    if offset > _WIDEST_OFFSET:
        return None
    return -offset if sign == "-" else offset
