"""At which instants older imports have put an event: each script read FileMaker's days and times its own way.

All took Sydney wall time. None looked at allDay.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from nexus_reimport.transform.dates import (
    DAY,
    NOON,
    day,
    repeated_sydney_instant,
    sydney_instant,
    time_of_day,
    wall_time,
)
from nexus_reimport.transform.event_times import EventTimes, Span

MIDNIGHT = timedelta()
LAST_SECOND = DAY - timedelta(seconds=1)

_WHOLE_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_END_OF_DAY = "24:00:00"


@dataclass(frozen=True)
class Readings:
    """Instants in microseconds since 1970 UTC.

    `ruled`: when the event is by FileMaker, as it is published. `reimported`: what the reimports, from the
    API or the sheet, made of it. `others`: what the first export made of it, and what any made of its day
    when it had no time yet. `ends`: the reimports' end, and the one published.
    """

    ruled: int
    reimported: int
    others: tuple[int, ...]
    ends: tuple[int, int]

    @property
    def agreed(self) -> int | None:
        """The start, where the reimports had it as it is published; else None."""
        return self.ruled if self.ruled == self.reimported else None


def readings(times: EventTimes, span: Span) -> Readings:
    """Return every reading of an event that is published; `span`: when it is by FileMaker."""
    on = day(times.start_date)
    start = span.start if on is None else _reimported(on, times.start_time, span.start)
    ends_on = day(times.end_date)
    end = start if ends_on is None else _reimported(ends_on, times.end_time, start)
    others = () if on is None else tuple(dict.fromkeys(_others(on, times.start_time)))
    return Readings(span.start, start, others, (end, span.end))


def _reimported(on: date, clock: str, default: int) -> int:
    """Return the reimports' reading: what is no whole time is the midnight at which the day begins."""
    if clock == _END_OF_DAY:
        since_midnight = LAST_SECOND
    else:
        whole = time_of_day(clock) if _WHOLE_TIME.fullmatch(clock) else None
        since_midnight = MIDNIGHT if whole is None else whole
    found = _first(on, since_midnight)
    return default if found is None else found


def _others(on: date, clock: str) -> list[int]:
    """Return the second of an hour that occurs twice, the time as it stands, noon, midnight and day's end."""
    whole = time_of_day(clock) if _WHOLE_TIME.fullmatch(clock) else None
    wall = None if whole is None else wall_time(on, whole)
    exported = None if wall is None else repeated_sydney_instant(wall)
    spoken = None if whole is None else _first(on, whole)
    day_readings = (_first(on, since) for since in (NOON, MIDNIGHT, LAST_SECOND))
    return [one for one in (exported, spoken, *day_readings) if one is not None]


def _first(on: date, since_midnight: timedelta) -> int | None:
    wall = wall_time(on, since_midnight)
    return None if wall is None else sydney_instant(wall)[0]
