"""The dates of a CSV: one format for the whole file, proved by all of it, never guessed row by row."""

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from nexus_reimport.model.reasons.image_export import CONTRADICTING_DATES, DAY_FIRST
from nexus_reimport.transform.exceptions import CsvDateError
from nexus_reimport.transform.text import clean

MONTH_FIRST = "MM/DD/YYYY"
YEAR_FIRST = "YYYY-MM-DD"

_MONTH_FIRST = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII)
_FORMATS = {MONTH_FIRST: _MONTH_FIRST, YEAR_FIRST: _YEAR_FIRST}
_TURNED = {MONTH_FIRST: "DD/MM/YYYY", YEAR_FIRST: "YYYY-DD-MM"}


@dataclass(frozen=True)
class CsvDates:
    """`days`: date32, null where the file has none or one that is no date; `is_bad`: true for the latter.

    `format`: MM/DD/YYYY or YYYY-MM-DD, None where no row has a date.
    """

    days: pa.Array
    is_bad: pa.Array
    format: str | None


@dataclass(frozen=True)
class _Reading:
    """What one text says: its format, its day, and whether it is a day only with day and month turned."""

    format: str | None
    day: date | None
    is_turned: bool


def read_dates(texts: pa.ChunkedArray, lines: pa.ChunkedArray, file: str) -> CsvDates:
    """Return the days that the texts are.

    Raises CsvDateError, naming the first such line, where a date fits only with day and month turned
    (`day_first`) or where both formats occur (`contradicting_dates`): no date of the file can be trusted.
    """
    coded = texts.combine_chunks().dictionary_encode()
    values = [clean(value) for value in coded.dictionary.to_pylist()]
    readings = [_reading(value) for value in values]
    codes = coded.indices.to_numpy()
    first = _first_places(codes, len(values))
    found = _only_format(readings, lines.combine_chunks().take(pa.array(first)).to_pylist(), file)
    days = pa.array([reading.day for reading in readings], pa.date32())
    bad = pa.array([bool(value) and not reading.day for value, reading in zip(values, readings, strict=True)])
    return CsvDates(days.take(coded.indices), bad.cast(pa.bool_()).take(coded.indices), found)


def _reading(text: str) -> _Reading:
    for name, pattern in _FORMATS.items():
        found = pattern.fullmatch(text)
        if found:
            year, month, day = (int(found[part]) for part in ("year", "month", "day"))
            read = _day(year, month, day)
            return _Reading(name, read, read is None and _day(year, day, month) is not None)
    return _Reading(None, None, False)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _first_places(codes: np.ndarray, count: int) -> np.ndarray:
    places = np.empty(count, dtype=np.int64)
    places[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return places


def _only_format(readings: list[_Reading], lines: list[int], file: str) -> str | None:
    """Return the one format of all texts; `lines` says where each occurs first."""
    first: dict[str, int] = {}
    for line, reading in sorted(zip(lines, readings, strict=True), key=lambda pair: pair[0]):
        if reading.format and reading.is_turned:
            fits = _TURNED[reading.format]
            advice = (
                f"The date there fits only {fits}, so every date in the file is in doubt. "
                f"Export it with dates as {MONTH_FIRST} or {YEAR_FIRST}."
            )
            raise CsvDateError(file, DAY_FIRST, advice, line, "date")
        if reading.format:
            first.setdefault(reading.format, line)
    if len(first) > 1:
        advice = f"The dates before it are {next(iter(first))}, this one is not. Export it with one format."
        raise CsvDateError(file, CONTRADICTING_DATES, advice, max(first.values()), "date")
    return next(iter(first), None)
