"""Days, times and instants."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.dates import (
    UNKNOWN_INSTANT,
    day,
    instant,
    iso_utc,
    microseconds,
    noon,
    sydney_instant,
    time_of_day,
    wall_time,
)
from nexus_reimport.transform.exceptions import NaiveInstantError

GARBAGE = st.one_of(st.text(), st.from_regex(r"\d{1,5}[-:/]\d{1,3}[-:/]\d{1,3}.*"))


def at(*parts: int) -> int:
    """Microseconds of a UTC wall time."""
    return microseconds(datetime(*parts, tzinfo=UTC))  # type: ignore[misc, arg-type]  # parts are Y, M, D, h, m


def test_microseconds_count_from_1970_utc() -> None:
    assert microseconds(datetime(1970, 1, 1, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=10)))) == 5
    assert microseconds(datetime(2000, 1, 1, tzinfo=UTC)) == UNKNOWN_INSTANT


@pytest.mark.parametrize("convert", [microseconds, iso_utc])
def test_an_instant_without_a_zone_is_refused(convert: object) -> None:
    with pytest.raises(NaiveInstantError, match="no time zone"):
        convert(datetime.fromisoformat("2026-01-01"))  # type: ignore[operator]  # either function


def test_iso_text_is_in_utc() -> None:
    assert (
        iso_utc(datetime(2026, 1, 1, 10, tzinfo=timezone(timedelta(hours=10)))) == "2026-01-01T00:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-10-18", date(2016, 10, 18)),
        ("2016-10-18T23:00:00+11:00", date(2016, 10, 18)),
        ("2016-10-18 00:00:00", date(2016, 10, 18)),
        ("2016-02-30", None),
        ("10/18/2016", None),
        ("20161018", None),
        ("0000-01-01", None),
        ("", None),
        ("2016-10-18x", None),
    ],
)
def test_a_day_is_year_month_day_or_nothing(text: str, expected: date | None) -> None:
    assert day(text) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("09:30:00", 570),
        ("9:30", 570),
        ("00:00:00", 0),
        ("23:59:00", 1439),
        ("24:00:00", 1440),
        ("1 day, 0:00:00", 1440),
        ("09:30:00.000000", 570),
    ],
)
def test_a_time_of_day_counts_from_midnight(text: str, minutes: int) -> None:
    assert time_of_day(text) == timedelta(minutes=minutes)


def test_fractions_of_a_second_are_kept() -> None:
    assert time_of_day("00:00:01.5") == timedelta(seconds=1.5)
    assert time_of_day("00:00:01.1234567") == timedelta(seconds=1, microseconds=123456)


@pytest.mark.parametrize(
    "text",
    ["24:00:01", "1 day, 0:00:01", "25:00:00", "09:60:00", "09:30:60", "2 days, 0:00:00", "9", "noon", ""],
)
def test_a_time_later_than_midnight_or_unreadable_is_none(text: str) -> None:
    assert time_of_day(text) is None


@pytest.mark.parametrize(
    ("text", "expected", "warning"),
    [
        ("2016-07-01T09:00", at(2016, 6, 30, 23, 0), None),
        ("2016-01-01T09:00", at(2015, 12, 31, 22, 0), None),
        # Daylight saving ends on 3 April 2016: 02:30 occurs twice, the first is UTC+11.
        ("2016-04-03T01:59", at(2016, 4, 2, 14, 59), None),
        ("2016-04-03T02:00", at(2016, 4, 2, 15, 0), "ambiguous_time"),
        ("2016-04-03T02:59", at(2016, 4, 2, 15, 59), "ambiguous_time"),
        ("2016-04-03T03:00", at(2016, 4, 2, 17, 0), None),
        # It begins on 2 October 2016: 02:30 never occurs and becomes 03:30, UTC+11.
        ("2016-10-02T01:59", at(2016, 10, 1, 15, 59), None),
        ("2016-10-02T02:00", at(2016, 10, 1, 16, 0), "nonexistent_time"),
        ("2016-10-02T02:30", at(2016, 10, 1, 16, 30), "nonexistent_time"),
        ("2016-10-02T03:00", at(2016, 10, 1, 16, 0), None),
    ],
)
def test_sydney_wall_time_becomes_utc(text: str, expected: int, warning: str | None) -> None:
    wall = datetime.fromisoformat(text)
    assert sydney_instant(wall) == (expected, warning)
    assert sydney_instant(wall.replace(fold=1)) == (expected, warning)


def test_noon_follows_daylight_saving() -> None:
    assert noon(date(2016, 7, 1)) == at(2016, 7, 1, 2, 0)
    assert noon(date(2016, 1, 1)) == at(2016, 1, 1, 1, 0)


def test_wall_times_outside_the_calendar_are_none() -> None:
    assert wall_time(date(9999, 12, 31), timedelta(days=1)) is None
    assert wall_time(date(1, 1, 1), timedelta(0)) is None
    assert noon(date(9999, 12, 31)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (None, None)),
        ("2016-10-14T10:02:28+10:00", (at(2016, 10, 14, 0, 2, 28), None)),
        ("2016-10-14T00:02:28Z", (at(2016, 10, 14, 0, 2, 28), None)),
        ("2016-10-14T11:02:28", (at(2016, 10, 14, 0, 2, 28), None)),
        ("2016-04-03T02:30:00", (at(2016, 4, 2, 15, 30), "ambiguous_time")),
        ("2016-10-02T02:30:00", (at(2016, 10, 1, 16, 30), "nonexistent_time")),
        ("2016-04-03T02:30:00+10:00", (at(2016, 4, 2, 16, 30), None)),
        ("yesterday", (None, "bad_timestamp")),
        ("0001-01-01T00:00:00+10:00", (None, "bad_timestamp")),
        ("9999-12-31T23:00:00-10:00", (None, "bad_timestamp")),
    ],
)
def test_a_timestamp_has_an_offset_or_is_sydney_time(
    text: str, expected: tuple[int | None, str | None]
) -> None:
    assert instant(text) == expected


@given(GARBAGE)
def test_no_text_makes_reading_fail(text: str) -> None:
    assert day(text) is None or isinstance(day(text), date)
    since = time_of_day(text)
    assert since is None or timedelta(0) <= since <= timedelta(days=1)
    moment, warning = instant(text)
    assert moment is not None or warning == ("bad_timestamp" if text else None)


@given(st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2100-01-01")))
def test_a_wall_time_reads_back_from_its_instant_unless_it_never_occurs(wall: datetime) -> None:
    moment, warning = sydney_instant(wall)
    assert warning in (None, "ambiguous_time", "nonexistent_time")
    from_offset = instant(f"{wall.isoformat()}+10:00")[0]
    assert from_offset is not None
    assert abs(from_offset - moment) <= 3_600_000_000
