"""What a batch of photographs is called, and which day the names that older imports gave speak of."""

import re
from datetime import date

from nexus_reimport.transform.dates import day
from nexus_reimport.transform.text import clean

UNKNOWN_DATE = "unknown"
NAME_END = " (FileMaker Import)"
DESCRIPTION = "Imported from FileMaker"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:\s.*)?")
_WORDS = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4})")


def batch_name(on: date | None) -> str:
    """Return the name of the batch of that day: `18 Oct 2016 (FileMaker Import)`."""
    said = f"{on.day:02} {_MONTHS[on.month - 1]} {on.year:04}" if on else "Unknown Date"
    return said + NAME_END


def day_key(text: str) -> str | None:
    """Return the day that a batch's name begins with: `2016-10-18`, `unknown`, or None where it is none.

    The Data API's dates were put into the name as they came, MM/DD/YYYY; what has no such month was a day
    first. A row without a date gave `Unknown Date`, or nothing at all.
    """
    said = clean(text)
    if said.casefold() in ("", "unknown date"):
        return UNKNOWN_DATE
    found = day(said) or _in_numbers(said) or _in_words(said)
    return found.isoformat() if found else None


def _in_numbers(said: str) -> date | None:
    found = _NUMBERS.fullmatch(said)
    if not found:
        return None
    first, second, year = (int(part) for part in found.groups())
    return _date(year, first, second) or _date(year, second, first)


def _in_words(said: str) -> date | None:
    found = _WORDS.fullmatch(said)
    if not found or found[2].capitalize() not in _MONTHS:
        return None
    return _date(int(found[3]), _MONTHS.index(found[2].capitalize()) + 1, int(found[1]))


def _date(year: int, month: int, on: int) -> date | None:
    try:
        return date(year, month, on)
    except ValueError:
        return None
