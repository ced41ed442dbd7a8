"""When an event begins and ends: Sydney wall time in, instants out."""

from dataclasses import dataclass

from nexus_reimport.model.reasons.appointments import BAD_END, END_BEFORE_START
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.transform.dates import NOON, day, sydney_instant, time_of_day, wall_time
from nexus_reimport.transform.text import flag


@dataclass(frozen=True)
class Span:
    """Start and end as microseconds since 1970 UTC, and warnings as (column, reason)."""

    start: int
    end: int
    warnings: tuple[tuple[str, Reason], ...]


@dataclass(frozen=True)
class EventTimes:
    """The five texts that say when an event is, cleaned."""

    start_date: str
    start_time: str
    end_date: str
    end_time: str
    all_day: str

    @property
    def has_no_time(self) -> bool:
        """Whether the event takes noon as its start: it lasts all day, or says no time."""
        return flag(self.all_day) or not self.start_time


def event_span(times: EventTimes) -> Span | None:
    """Return when the event is, or None where its start cannot be read.

    An end that is missing is the start; one that is before the start, `end_before_start`, or cannot be
    read, `bad_end`, too. Hours that occur twice or never are warned of for start_time and end_time.
    """
    start = _instant(times.start_date, "" if times.has_no_time else times.start_time)
    if start is None:
        return None
    end, fault = _end(times, start[0])
    found = (("start_time", start[1]), ("end_time", fault))
    return Span(start[0], end, tuple((column, reason) for column, reason in found if reason))


def _end(times: EventTimes, start: int) -> tuple[int, Reason | None]:
    """Return the end and a warning or None. A day without a time is an end only where the start has none."""
    time_text = "" if flag(times.all_day) else times.end_time
    if not time_text and not (times.has_no_time and times.end_date):
        return start, None
    end = _instant(times.end_date or times.start_date, time_text)
    if end is None:
        return start, BAD_END
    return end if end[0] >= start else (start, END_BEFORE_START)


def _instant(day_text: str, time_text: str) -> tuple[int, Reason | None] | None:
    """Return the instant of a Sydney day and time, noon without a time, and a warning or None."""
    on = day(day_text)
    since_midnight = time_of_day(time_text) if time_text else NOON
    wall = None if on is None or since_midnight is None else wall_time(on, since_midnight)
    return None if wall is None else sydney_instant(wall)
