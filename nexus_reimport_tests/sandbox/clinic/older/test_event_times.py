"""When an appointment is by each older import: every odd time of the clinic's own account of its scripts."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from nexus_reimport.sandbox.clinic.older.event_times import (
    end_of_a1,
    end_of_reimport,
    start_of_a1,
    start_of_reimport,
)

DAY = date(2024, 5, 14)
DOUBLED, MISSING = date(2024, 4, 7), date(2024, 10, 6)


def sydney(instant: datetime | None) -> str | None:
    return f"{instant.astimezone(ZoneInfo('Australia/Sydney')):%Y-%m-%dT%H:%M:%S%z}" if instant else None


@pytest.mark.parametrize(
    ("clock", "a1", "reimport"),
    [
        ("09:30:00", "2024-05-14T09:30:00+1000", "2024-05-14T09:30:00+1000"),
        (None, "2024-05-14T12:00:00+1000", "2024-05-14T00:00:00+1000"),
        ("", "2024-05-14T12:00:00+1000", "2024-05-14T00:00:00+1000"),
        ("9:30", None, "2024-05-14T00:00:00+1000"),
        ("24:00:00", None, "2024-05-14T23:59:59+1000"),
        ("1 day, 0:00:00", None, "2024-05-14T00:00:00+1000"),
    ],
)
def test_a_start_is_read_as_each_script_read_it(clock: str | None, a1: str | None, reimport: str) -> None:
    assert sydney(start_of_a1(DAY, clock)) == a1
    assert sydney(start_of_reimport(DAY, clock)) == reimport


def test_the_hour_doubled_in_april_is_an_hour_apart_and_the_one_missing_in_october_is_not() -> None:
    assert sydney(start_of_a1(DOUBLED, "02:30:00")) == "2024-04-07T02:30:00+1000"
    assert sydney(start_of_reimport(DOUBLED, "02:30:00")) == "2024-04-07T02:30:00+1100"
    assert start_of_a1(MISSING, "02:30:00") == start_of_reimport(MISSING, "02:30:00")


def test_an_end_without_its_day_is_none_or_the_start() -> None:
    start = start_of_reimport(DAY, "10:00:00")
    assert end_of_a1(None, "11:00:00") is None
    assert end_of_reimport(None, "11:00:00", start) == start


def test_an_end_without_its_time_is_noon_or_midnight_before_the_start() -> None:
    start = start_of_reimport(DAY, "10:00:00")
    assert sydney(end_of_a1(DAY, None)) == "2024-05-14T12:00:00+1000"
    assert end_of_a1(DAY, "24:00:00") is None
    assert end_of_reimport(DAY, None, start) < start
