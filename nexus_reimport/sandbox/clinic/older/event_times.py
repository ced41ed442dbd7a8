"""When an appointment begins and ends, as each older import read FileMaker's date and time.

All wrote Sydney wall time. None of them looked at allDay.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from nexus_reimport.sandbox.clinic.chance import CLINIC_ZONE

_NOON: Final = time(12)
END_OF_DAY: Final = "24:00:00"
_WHOLE: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")


def day_of(value: object) -> date | None:
    """Return a FileMaker date, None where there is none."""
    return date.fromisoformat(str(value)) if value else None


def start_of_a1(day: date, clock: object) -> datetime | None:
    """Return the start as A1 had it: noon without a time; None where the row was dropped."""
    if not clock:
        return _instant(day, _NOON, second=True)
    return _instant(day, time.fromisoformat(str(clock)), second=True) if _is_whole(clock) else None


def end_of_a1(day: date | None, clock: object) -> datetime | None:
    """Return the end as A1 had it: none without a day or with a time it could not read, noon without one."""
    return None if day is None else start_of_a1(day, clock)


def start_of_reimport(day: date, clock: object) -> datetime:
    """Return the start as A2 and A3 had it: whatever is no whole time is midnight as the day begins."""
    if clock == END_OF_DAY:
        return _instant(day, time(23, 59, 59), second=False)
    return _instant(day, time.fromisoformat(str(clock)) if _is_whole(clock) else time(0), second=False)


def end_of_reimport(day: date | None, clock: object, start: datetime) -> datetime:
    """Return the end as A2 and A3 had it: the start where there is no day. It may lie before the start."""
    return start if day is None else start_of_reimport(day, clock)


def _is_whole(clock: object) -> bool:
    return bool(_WHOLE.fullmatch(str(clock or "")))


def _instant(day: date, clock: time, *, second: bool) -> datetime:
    """Return a Sydney wall time in UTC.

    `second`: which of the two the hour doubled in April is. The hour missing in October is read by the offset
    before it, in either case.
    """
    wall = datetime.combine(day, clock, CLINIC_ZONE)
    first, later = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    is_doubled = later - first == timedelta(hours=1)
    return later if second and is_doubled else first
