from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.dates import published

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RIGHT = [
    ("Sat, 21 Nov 2026 10:00:00 GMT", "10:00", "RSS"),
    ("21 Nov 2026 10:00 +0000", "10:00", "without weekday and seconds"),
    ("Sat, 21 Nov 2026 14:00:00 +0400", "10:00", "an offset"),
    ("Sat, 21 Nov 2026 14:00:00 +04:00", "10:00", "an offset with a colon"),
    ("Sat, 21 Nov 2026 05:00:00 -0500 (EST)", "10:00", "an offset with a comment"),
    ("Sat, 21 Nov 2026 14:00:00 AZT", "10:00", "Baku"),
    ("Sat, 21 Nov 2026 14:00:00 GET", "10:00", "Tbilisi"),
    ("Sat, 21 Nov 2026 13:00:00 MSK", "10:00", "Moscow"),
    ("Sat, 21 Nov 2026 13:00:00 TRT", "10:00", "Istanbul"),
    ("Sat, 21 Nov 2026 05:00:00 EST", "10:00", "RFC 822"),
    ("Sat, 21 Nov 2026 19:00:00 GMT+9", "10:00", "GMT and an offset"),
    ("Sat, 21 Nov 2026 13:30:00 UTC+03:30", "10:00", "UTC and an offset"),
    ("Saturday, 21 November 2026 10:00:00 Z", "10:00", "whole words"),
    ("Sat 21-Nov-26 10:00:00 GMT", "10:00", "the cookie's"),
    ("Суб, 21 Nov 2026 10:00:00 GMT", "10:00", "a weekday of another language"),
    ("Mon, 21 Nov 2026 10:00:00 GMT", "10:00", "the wrong weekday"),
    ("2026-11-21T10:00:00Z", "10:00", "Atom"),
    ("2026-11-21T14:00:00.123+04:00", "10:00", "fractions of a second"),
    ("2026-11-21 14:00 +0400", "10:00", "a space for the T"),
    ("20261121T100000Z", None, "a clock without colons"),
    ("  2026-11-21T10:00:00Z\n", "10:00", "white space"),
    ("2026-11-22T11:00:00Z", "+23:00", "ahead by less than a day"),
]


@pytest.mark.parametrize(("text", "clock", "why"), RIGHT, ids=[row[2] for row in RIGHT])
def test_a_certain_date_is_read(text: str, clock: str | None, why: str) -> None:
    expected = {
        None: None,
        "10:00": datetime(2026, 11, 21, 10, tzinfo=UTC),
        "+23:00": NOW + timedelta(hours=23),
    }
    assert published(text, now=NOW) == expected[clock], why


ABSENT = [
    ("", "nothing"),
    ("yesterday", "words"),
    ("2026-11-21", "no time: midnight would be a guess"),
    ("2026-11-21T10:00:00", "no zone"),
    ("Sat, 21 Nov 2026 10:00:00", "no zone"),
    ("21 Nov 2026", "no time"),
    ("10:00:00 GMT", "no day"),
    ("Sat, 21 Nov 2026 10:00:00 IST", "India, Ireland or Israel"),
    ("Sat, 21 Nov 2026 10:00:00 AMT", "Armenia or Amazonia"),
    ("Sat, 21 Nov 2026 10:00:00 XYZ", "an unknown zone"),
    ("Sat, 21 Nov 2026 10:00:00 +2500", "an offset beyond the date line"),
    ("2026-11-21T10:00:00XYZ", "an unknown zone"),
    ("Sat, 31 Feb 2026 10:00:00 GMT", "no such day"),
    ("Sat, 21 Nov 2026 25:00:00 GMT", "no such hour"),
    ("Sat, 21 Foo 2026 10:00:00 GMT", "no such month"),
    ("2026-13-21T10:00:00Z", "no such month"),
    ("Mon, 01 Jan 0001 00:00:00 +0000", "a default value"),
    ("Mon, 01 Jan 0001 00:00:00 +1400", "before the first year"),
    ("Thu, 01 Jan 1970 00:00:00 GMT", "a default value"),
    ("2026-11-22T13:00:00Z", "over a day ahead"),
    ("Mon, 01 Jan " + "9" * 5000 + " 00:00:00 GMT", "hostile"),
    ("a" + " " * 60 + "b", "hostile"),
]


@pytest.mark.parametrize(("text", "why"), ABSENT, ids=[f"{row[1]}: {row[0][:30]}" for row in ABSENT])
def test_a_date_that_is_not_certain_is_absent(text: str, why: str) -> None:
    assert published(text, now=NOW) is None, why


@settings(max_examples=100)
@given(
    st.datetimes(min_value=datetime(1995, 1, 2), max_value=datetime(2026, 11, 20)),  # noqa: DTZ001  # the zone comes below
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_any_moment_is_read_back_whole(moment: datetime, minutes: int) -> None:
    local = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert published(format_datetime(local), now=NOW) == local
    assert published(local.isoformat(), now=NOW) == local


@settings(max_examples=200)
@given(st.text(alphabet="0123456789:+-,. TZGMSatNov", max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    published(text, now=NOW)
