"""The records of a CSV as columns: its delimiter, its header, each record's line. A cut file is refused."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from nexus_reimport.model.reasons.image_export import (
    BAD_DELIMITER,
    BAD_QUOTES,
    MISSING_COLUMN,
    NO_HEADER,
    NO_ROWS,
    REPEATED_COLUMN,
    WRONG_FIELD_COUNT,
)
from nexus_reimport.transform.csv_text import CsvText
from nexus_reimport.transform.exceptions import CsvColumnError, CsvStructureError, CutCsvError, EmptyCsvError
from nexus_reimport.transform.text import uuid_text

_NEEDED = ("date", "id", "id_Contact", "recid", "Type")
OPTIONAL = ("fileName", "Name_of_file", "NexusExportDate")
DELIMITERS = (",", "\t", ";")
_AT_ONCE = 50_000  # records held as Python's own strings at a time

# Python refuses fields of over 131,072 characters unless told otherwise, and for the whole process. A text
# may be longer, and the file is in memory anyway.
csv.field_size_limit(2**31 - 1)

_NOT_IN_NAMES = re.compile(r"[\s_\ufeff]+")
_DATA = re.compile(r"\d+|\d{1,4}[/-]\d{1,2}[/-]\d{1,4}")


@dataclass(frozen=True)
class CsvRecords:
    """Records in the file's order.

    `columns`: text by the names above, null where the file has no such column. `lines`: where each
    begins, from 1. `names`: the header as written. `blank`: records with nothing in them.
    """

    columns: dict[str, pa.ChunkedArray]
    lines: pa.ChunkedArray
    names: list[str]
    delimiter: str
    blank: int

    @property
    def last_column(self) -> str | None:
        """The name above of the column that a line ends in, None where it is another."""
        return next((name for name in self.columns if _folded(name) == _folded(self.names[-1])), None)


@dataclass
class _Reading:
    """How far a reader has come."""

    file: str
    blank: int = 0
    lines: list[int] = field(default_factory=list)


def read_records(text: CsvText, file: str, delimiter: str | None = None) -> CsvRecords:
    """Return the records of the CSV, taken apart at the delimiter given, else at the one the header shows.

    Raises CsvColumnError, CsvStructureError, CutCsvError or EmptyCsvError.
    """
    used = _valid_delimiter(delimiter, file) if delimiter else _header_delimiter(text.first_line)
    reading = _Reading(file)
    with text.lines() as lines:
        records = _records(csv.reader(lines, delimiter=used, strict=True), reading)
        names = [name.strip() for name in next(records)]
        places = _places(names, file, reading.lines.pop())
        chunks = list(_chunks(_whole(records, len(names), reading), places))
    if not chunks:
        raise EmptyCsvError(file, NO_ROWS)
    if text.is_cut_between_quotes:
        raise CutCsvError(file, reading.lines[-1], "Its fields are quoted and its last one is not")
    columns = {
        name: pa.chunked_array([chunk[place] for chunk in chunks], pa.string())
        for place, name in enumerate(places)
    }
    return CsvRecords(
        columns, pa.chunked_array([pa.array(reading.lines, pa.int64())]), names, used, reading.blank
    )


def _valid_delimiter(delimiter: str, file: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        raise CsvStructureError(file, BAD_DELIMITER)
    return delimiter


def _header_delimiter(header: str) -> str:
    """Return the delimiter that shows most of the needed columns, then most columns, then the comma."""
    needed = {_folded(name) for name in _NEEDED}

    def shown(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([header], delimiter=delimiter))
        return len(needed.intersection(map(_folded, names))), len(names)

    return max(DELIMITERS, key=shown)


def _folded(name: str) -> str:
    return _NOT_IN_NAMES.sub("", name).casefold()


def _places(names: Sequence[str], file: str, line: int) -> dict[str, int | None]:
    """Return each known column's place in the header, None for an optional one that is not there."""
    folded = [_folded(name) for name in names]
    missing = [name for name in _NEEDED if _folded(name) not in folded]
    if missing and any(uuid_text(name) or _DATA.fullmatch(name) for name in names):
        raise CsvColumnError(file, NO_HEADER, line=line)
    if missing:
        advice = f"Missing: {', '.join(missing)}. {_found(names)} Export it again with all of them."
        raise CsvColumnError(file, MISSING_COLUMN, advice, line, missing[0])
    for name in (*_NEEDED, *OPTIONAL):
        if folded.count(_folded(name)) > 1:
            raise CsvColumnError(file, REPEATED_COLUMN, line=line, column=name)
    wanted = {name: _folded(name) for name in (*_NEEDED, *OPTIONAL)}
    return {name: folded.index(fold) if fold in folded else None for name, fold in wanted.items()}


def _found(names: Sequence[str]) -> str:
    """Return which known columns a header has, and how many others: what they say may be a person's."""
    known = [name for name in names if _folded(name) in map(_folded, (*_NEEDED, *OPTIONAL))]
    others = len(names) - len(known)
    told = [*known, *([f"{others} unknown"] if others else [])]
    return f"Found: {', '.join(told)}."


def _records(reader: Iterator[list[str]], reading: _Reading) -> Iterator[list[str]]:
    """Yield the records that have something in them, each one's first line noted before it."""
    line = 1
    try:
        for record in reader:
            if "".join(record).strip():
                reading.lines.append(line)
                yield record
            else:
                reading.blank += 1
            line = reader.line_num + 1  # type: ignore[attr-defined]  # csv.reader's type has no public name
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise CutCsvError(reading.file, line, "A quote is open at the end") from None
        raise CsvStructureError(reading.file, BAD_QUOTES, line=line) from None


def _whole(records: Iterator[list[str]], width: int, reading: _Reading) -> Iterator[list[str]]:
    """Yield the records, or raise where one has not just as many fields as the header."""
    for record in records:
        if len(record) != width:
            line = reading.lines[-1]
            is_last = next(records, None) is None
            if is_last and len(record) < width:
                raise CutCsvError(reading.file, line, f"The last record has {len(record)} of {width} fields")
            advice = f"It has {len(record)} fields and the header has {width}. Export it again."
            raise CsvStructureError(reading.file, WRONG_FIELD_COUNT, advice, line)
        yield record


def _chunks(records: Iterator[list[str]], places: dict[str, int | None]) -> Iterator[list[pa.Array]]:
    """Yield the known columns of so many records at a time."""
    held: list[list[str]] = []
    for record in records:
        held.append(record)
        if len(held) == _AT_ONCE:
            yield _columns(held, places)
            held = []
    if held:
        yield _columns(held, places)


def _columns(records: Sequence[Sequence[str]], places: dict[str, int | None]) -> list[pa.Array]:
    return [
        pa.nulls(len(records), pa.string())
        if place is None
        else pa.array([record[place] for record in records], pa.string())
        for place in places.values()
    ]
