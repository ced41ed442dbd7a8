"""When an event is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.model.reasons.appointments import BAD_END, END_BEFORE_START
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.model.reasons.several_tables import AMBIGUOUS_TIME, NONEXISTENT_TIME
from nexus_reimport.transform.dates import microseconds
from nexus_reimport.transform.event_times import EventTimes, Span, event_span

NINE = "2016-06-30T23:00"  # nine o'clock in a Sydney winter
NONE: tuple[tuple[str, Reason], ...] = ()

TIMES = st.one_of(
    st.text(max_size=8), st.sampled_from(["", "24:00:00", "1 day, 0:00:00", "02:30:00", "23:59:59", "99:99"])
)
DAYS = st.one_of(
    st.text(max_size=10), st.dates().map(str), st.sampled_from(["", "9999-12-31", "0001-01-01", "2016-04-03"])
)


def utc(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def span(*texts: str) -> Span | None:
    return event_span(EventTimes(*texts))


@pytest.mark.parametrize(
    ("texts", "start", "end", "warnings"),
    [
        # start and end as they are, winter and summer
        (
            ("2016-07-01", "09:00:00", "2016-07-01", "09:30:00", ""),
            "2016-06-30T23:00",
            "2016-06-30T23:30",
            (),
        ),
        (
            ("2016-01-05", "09:00:00", "2016-01-05", "09:30:00", ""),
            "2016-01-04T22:00",
            "2016-01-04T22:30",
            (),
        ),
        (("2016-07-01", "09:00:00", "", "09:30:00", ""), NINE, "2016-06-30T23:30", ()),
        # no time, or all day: noon
        (("2016-07-01", "", "", "", ""), "2016-07-01T02:00", "2016-07-01T02:00", ()),
        (("2016-07-01", "09:00:00", "", "10:00:00", "1"), "2016-07-01T02:00", "2016-07-01T02:00", ()),
        (("2016-07-01", "garbage", "", "", "1"), "2016-07-01T02:00", "2016-07-01T02:00", ()),
        (("2016-07-01", "", "2016-07-03", "", ""), "2016-07-01T02:00", "2016-07-03T02:00", ()),
        (("2016-07-01", "", "2016-07-03", "09:00:00", "1"), "2016-07-01T02:00", "2016-07-03T02:00", ()),
        (("2016-07-01", "", "", "15:00:00", ""), "2016-07-01T02:00", "2016-07-01T05:00", ()),
        # an end that is missing is the start
        (("2016-07-01", "09:00:00", "", "", ""), NINE, NINE, ()),
        (("2016-07-01", "09:00:00", "2016-07-01", "", ""), NINE, NINE, ()),
        # one before the start, or one that cannot be read, too
        (
            ("2016-07-01", "09:00:00", "2016-07-01", "08:59:59", ""),
            "2016-06-30T23:00",
            "2016-06-30T23:00",
            (("end_time", END_BEFORE_START),),
        ),
        (
            ("2016-07-01", "09:00:00", "2016-07-01", "09:00:00", ""),
            "2016-06-30T23:00",
            "2016-06-30T23:00",
            (),
        ),
        (
            ("2016-07-01", "09:00:00", "later", "10:00:00", ""),
            "2016-06-30T23:00",
            "2016-06-30T23:00",
            (("end_time", BAD_END),),
        ),
        (
            ("2016-07-01", "09:00:00", "", "25:00:00", ""),
            "2016-06-30T23:00",
            "2016-06-30T23:00",
            (("end_time", BAD_END),),
        ),
        # midnight at the end of the day
        (("2016-07-01", "09:00:00", "", "24:00:00", ""), "2016-06-30T23:00", "2016-07-01T14:00", ()),
        (("2016-07-01", "09:00:00", "", "1 day, 0:00:00", ""), "2016-06-30T23:00", "2016-07-01T14:00", ()),
        (("2016-07-01", "24:00:00", "", "", ""), "2016-07-01T14:00", "2016-07-01T14:00", ()),
        # the two odd hours of the year
        (
            ("2016-04-03", "02:30:00", "2016-04-03", "03:30:00", ""),
            "2016-04-02T15:30",
            "2016-04-02T17:30",
            (("start_time", AMBIGUOUS_TIME),),
        ),
        (
            ("2016-04-03", "01:30:00", "2016-04-03", "02:30:00", ""),
            "2016-04-02T14:30",
            "2016-04-02T15:30",
            (("end_time", AMBIGUOUS_TIME),),
        ),
        (
            ("2016-10-02", "02:15:00", "2016-10-02", "02:45:00", ""),
            "2016-10-01T16:15",
            "2016-10-01T16:45",
            (("start_time", NONEXISTENT_TIME), ("end_time", NONEXISTENT_TIME)),
        ),
        (
            ("2016-10-02", "02:30:00", "2016-10-02", "03:00:00", ""),
            "2016-10-01T16:30",
            "2016-10-01T16:30",
            (("start_time", NONEXISTENT_TIME), ("end_time", END_BEFORE_START)),
        ),
    ],
)
def test_an_event_is_from_its_start_to_its_end(
    texts: tuple[str, ...], start: str, end: str, warnings: tuple[tuple[str, Reason], ...]
) -> None:
    assert span(*texts) == Span(utc(start), utc(end), warnings)


@pytest.mark.parametrize(
    "texts",
    [
        ("", "09:00:00", "2016-07-01", "09:30:00", ""),
        ("01/07/2016", "09:00:00", "", "", ""),
        ("2016-07-01", "nine", "", "", ""),
        ("9999-12-31", "24:00:00", "", "", ""),
    ],
)
def test_an_event_whose_start_cannot_be_read_has_no_span(texts: tuple[str, ...]) -> None:
    assert span(*texts) is None


@given(st.tuples(DAYS, TIMES, DAYS, TIMES, st.sampled_from(["", "1", "x"])))
def test_no_text_makes_an_event_end_before_it_begins(texts: tuple[str, ...]) -> None:
    found = span(*texts)
    assert found is None or found.start <= found.end
