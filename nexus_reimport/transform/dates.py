"""Days, times and instants as FileMaker writes them: garbage gives None, Sydney's clock gives UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.model.reasons.several_tables import AMBIGUOUS_TIME, NONEXISTENT_TIME
from nexus_reimport.model.reasons.sms_messages import BAD_TIMESTAMP
from nexus_reimport.transform.exceptions import NaiveInstantError

SYDNEY = ZoneInfo("Australia/Sydney")
NOON = timedelta(hours=12)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNKNOWN_INSTANT = 946_684_800_000_000  # 2000-01-01T00:00Z, for rows that say nothing of when they were made

# What is dated before it is a slip of the pen: a year 16 or 1016 for 2016.
FIRST_YEAR = 1850

_MICROSECOND = timedelta(microseconds=1)
_DAY_TEXT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.DOTALL)
_TIME_TEXT = re.compile(r"(?:(\d) days?, )?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?")
_YEARS = range(2, 9999)  # every instant in them has a UTC and a Sydney date


def microseconds(moment: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970 UTC; NaiveInstantError without a zone."""
    if moment.utcoffset() is None:
        raise NaiveInstantError
    return (moment - EPOCH) // _MICROSECOND


def iso_utc(moment: datetime) -> str:
    """Return an aware instant as ISO 8601 text in UTC; NaiveInstantError without a zone."""
    if moment.utcoffset() is None:
        raise NaiveInstantError
    return moment.astimezone(UTC).isoformat()


def day(text: str) -> date | None:
    """Return the day of a YYYY-MM-DD text (a time after it is ignored), or None."""
    found = _DAY_TEXT.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def possible_days(as_of: datetime) -> tuple[date, date]:
    """Return the first and the last day that a birth or a photograph can have: 1850, the run's in Sydney."""
    return date(FIRST_YEAR, 1, 1), as_of.astimezone(SYDNEY).date()


def time_of_day(text: str) -> timedelta | None:
    """Return HH:MM[:SS] as the time since midnight, or None.

    24:00:00 and "1 day, 0:00:00" are the midnight at the end of the day; nothing may be later.
    """
    found = _TIME_TEXT.fullmatch(text)
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3, 4))
    fraction = int((found[5] or "").ljust(6, "0"))
    since = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=fraction)
    return since if minutes < 60 and seconds < 60 and since <= DAY else None


def sydney_instant(wall: datetime) -> tuple[int, Reason | None]:
    """Return a Sydney wall time as microseconds since 1970 UTC, and a warning where the clock is put.

    An hour that occurs twice means its first occurrence, `ambiguous_time`. One that never occurs moves on
    by what the clock skips, `nonexistent_time`.
    """
    first = wall.replace(tzinfo=SYDNEY, fold=0)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    instant = microseconds(first)
    if before == after or before is None or after is None:
        return instant, None
    return instant, AMBIGUOUS_TIME if before > after else NONEXISTENT_TIME


def repeated_sydney_instant(wall: datetime) -> int | None:
    """Return the second occurrence of a Sydney wall time in an hour that occurs twice; None for any other."""
    first, second = (microseconds(wall.replace(tzinfo=SYDNEY, fold=fold)) for fold in (0, 1))
    return second if second > first else None


def wall_time(on: date, since_midnight: timedelta) -> datetime | None:
    """Return the Sydney wall time, or None where it is outside the calendar."""
    try:
        wall = datetime.combine(on, datetime.min.time()) + since_midnight
    except OverflowError:
        return None
    return wall if wall.year in _YEARS else None


def noon(on: date) -> int | None:
    """Return noon in Sydney on that day as microseconds since 1970 UTC, or None outside the calendar."""
    wall = wall_time(on, NOON)
    return sydney_instant(wall)[0] if wall else None


def instant(text: str) -> tuple[int | None, Reason | None]:
    """Return an ISO 8601 timestamp as microseconds since 1970 UTC, and a warning or None.

    Without an offset it is Sydney wall time. Text that cannot be read gives None and `bad_timestamp`;
    empty text gives None and no warning.
    """
    if not text:
        return None, None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None, BAD_TIMESTAMP
    if moment.year not in _YEARS:
        return None, BAD_TIMESTAMP
    return sydney_instant(moment) if moment.tzinfo is None else (microseconds(moment), None)
