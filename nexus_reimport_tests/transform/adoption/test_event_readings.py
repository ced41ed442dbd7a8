"""At which instants older imports have put an event; the instants are written down by hand, in UTC."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.adoption.event_readings import Readings, readings
from nexus_reimport.transform.dates import microseconds
from nexus_reimport.transform.event_times import EventTimes, event_span


def utc(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def read(day: str, clock: str, end_day: str = "", end_clock: str = "", all_day: str = "") -> Readings:
    times = EventTimes(day, clock, end_day, end_clock, all_day)
    span = event_span(times)
    assert span is not None
    return readings(times, span)


NOON, MIDNIGHT, LAST_SECOND = "2016-07-01T02:00", "2016-06-30T14:00", "2016-07-01T13:59:59"


@pytest.mark.parametrize(
    ("clock", "all_day", "ruled", "reimported"),
    [
        ("09:00:00", "", "2016-06-30T23:00", "2016-06-30T23:00"),
        ("00:00:00", "", MIDNIGHT, MIDNIGHT),
        # No time: noon by the rules and the first export, midnight by the reimports
        ("", "", NOON, MIDNIGHT),
        # No seconds: the reimports could not read it
        ("9:30", "", "2016-06-30T23:30", MIDNIGHT),
        ("14:15", "", "2016-07-01T04:15", MIDNIGHT),
        # The end of the day, in two spellings
        ("24:00:00", "", "2016-07-01T14:00", LAST_SECOND),
        ("1 day, 0:00:00", "", "2016-07-01T14:00", MIDNIGHT),
        # None of them looked at allDay
        ("09:00:00", "1", NOON, "2016-06-30T23:00"),
        ("", "1", NOON, MIDNIGHT),
    ],
)
def test_each_generation_reads_a_start_its_own_way(
    clock: str, all_day: str, ruled: str, reimported: str
) -> None:
    found = read("2016-07-01", clock, all_day=all_day)
    assert (found.ruled, found.reimported) == (utc(ruled), utc(reimported))
    assert found.agreed == (utc(ruled) if ruled == reimported else None)
    assert {utc(NOON), utc(MIDNIGHT), utc(LAST_SECOND)} <= set(found.others)


def test_an_hour_that_occurs_twice_has_both_readings() -> None:
    found = read("2016-04-03", "02:30:00")
    assert found.ruled == found.reimported == utc("2016-04-02T15:30")
    assert utc("2016-04-02T16:30") in found.others


def test_an_hour_that_never_occurs_has_one() -> None:
    found = read("2016-10-02", "02:30:00")
    assert found.ruled == found.reimported == utc("2016-10-01T16:30")
    assert utc("2016-10-01T15:30") not in found.others


@pytest.mark.parametrize(
    ("end_day", "end_clock", "reimported"),
    [
        ("2016-07-01", "09:30:00", "2016-06-30T23:30"),
        ("", "09:30:00", "2016-06-30T23:00"),
        ("", "", "2016-06-30T23:00"),
        # Before the start: a day without a time
        ("2016-07-01", "", MIDNIGHT),
        ("2016-07-01", "24:00:00", LAST_SECOND),
        ("2016-07-01", "1 day, 0:00:00", MIDNIGHT),
    ],
)
def test_each_generation_reads_an_end_its_own_way(end_day: str, end_clock: str, reimported: str) -> None:
    assert read("2016-07-01", "09:00:00", end_day, end_clock).ends[0] == utc(reimported)


def test_the_end_that_is_published_is_a_reading_too() -> None:
    assert read("2016-07-01", "09:00:00", "2016-07-02", "").ends[1] == utc("2016-06-30T23:00")


@given(
    st.one_of(st.text(max_size=10), st.dates().map(str)),
    st.one_of(st.text(max_size=8), st.times().map(lambda time: time.isoformat("seconds"))),
    st.one_of(st.text(max_size=10), st.dates().map(str)),
    st.sampled_from(["", "1", "09:00:00", "24:00:00", "1 day, 0:00:00", "x"]),
)
def test_whatever_is_published_has_readings(day: str, clock: str, end_day: str, end_clock: str) -> None:
    times = EventTimes(day, clock, end_day, end_clock, "")
    span = event_span(times)
    if span is not None:
        found = readings(times, span)
        assert len(set(found.others)) == len(found.others) >= 1
        assert found.ruled == span.start
