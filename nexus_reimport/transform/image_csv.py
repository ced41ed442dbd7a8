"""FileMaker's export of image metadata: one row per image, typed, and what about the file was found out."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.frames import IMAGE_EXPORT, REJECTS
from nexus_reimport.model.reasons import reason_named
from nexus_reimport.model.reasons.every_table import BAD_ID, DUPLICATE_ID
from nexus_reimport.model.reasons.images import BAD_CONTACT, BAD_RECID, DUPLICATE_RECID, NO_CONTACT
from nexus_reimport.model.reasons.reason import IMAGE_CSV
from nexus_reimport.model.reasons.several_tables import BAD_DATE
from nexus_reimport.transform.csv_dates import CsvDates, read_dates
from nexus_reimport.transform.csv_records import CsvRecords, read_records
from nexus_reimport.transform.csv_text import CsvText, read_text
from nexus_reimport.transform.exceptions import CutCsvError
from nexus_reimport.transform.text import clean

_NAME = re.compile(r"(?:.*[/\\])?Image_dataV(\d+)\.csv", re.IGNORECASE | re.ASCII | re.DOTALL)
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_RECID = r"^[0-9]{1,18}$"
_DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon"}
_UNFINISHED = frozenset({BAD_RECID, BAD_ID, NO_CONTACT, BAD_CONTACT, BAD_DATE})

_Fact = str | int | bool | list[str] | None


@dataclass(frozen=True)
class ParsedCsv:
    """An image CSV, read.

    `rows`, in the file's order: text `filemaker_id` and `contact` (UUIDs, lower case), `recid` (digits),
    `type`, `name_of_file`, `export_date` (cleaned, null where empty), `date` (date32, null where empty),
    `line` (int64). `rejects`: table, key (recid, else "line N"), field, reason; one per row.
    `facts`: what the file is. Rows read = rows + rejects + identical rows.
    """

    rows: pd.DataFrame
    rejects: pd.DataFrame
    facts: Mapping[str, _Fact]


def csv_version(name: str) -> int | None:
    """Return the number in an image CSV's name (`Image_dataV10.csv` is 10), or None for any other name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def newest_csv(names: Iterable[str]) -> str | None:
    """Return the name with the highest version, compared as a number; None where none is an image CSV."""
    versions = {name: version for name in names if (version := csv_version(name)) is not None}
    return min(versions, key=lambda name: (-versions[name], name), default=None)


def parse_image_csv(
    content: bytes, name: str, *, encoding: str | None = None, delimiter: str | None = None
) -> ParsedCsv:
    """Return the rows of an image CSV; encoding and delimiter are found from its bytes where not given.

    Rejects: bad_recid, duplicate_recid (rows that share a recid and differ), bad_id, duplicate_id,
    no_contact, bad_contact, bad_date. Raises an ImageCsvError where the file as a whole cannot be trusted.
    """
    text = read_text(content, name, encoding)
    records = read_records(text, name, delimiter)
    dates = read_dates(records.columns["date"], records.lines, name)
    everything = _typed(records, dates)
    table = everything.filter(_is_first(everything))
    faults = _faults(table)
    _require_whole_end(text, records, table, faults, name)
    sound = pc.is_null(faults)
    rows = table.filter(sound).select(IMAGE_EXPORT.names)
    rejects = _rejects(table.filter(pc.invert(sound)), faults.drop_null())
    facts = {
        **_facts(content, name, text, records, dates),
        "identical_rows": everything.num_rows - table.num_rows,
    }
    return ParsedCsv(_frame(rows), _frame(rejects), facts)


def _require_whole_end(
    text: CsvText, records: CsvRecords, table: pa.Table, faults: pa.Array, file: str
) -> None:
    """Raise CutCsvError where the last line has no end and the field that it ends in is not whole."""
    last = table.num_rows - 1
    reason = faults[last].as_py()
    if (
        text.is_ended
        or reason not in _UNFINISHED
        or records.last_column != reason_named(reason).field_of(IMAGE_CSV, "")
    ):
        return
    raise CutCsvError(
        file, table["line"][last].as_py(), "The last line has no end and its last field is not whole"
    )


def _typed(records: CsvRecords, dates: CsvDates) -> pa.Table:
    ids = {"filemaker_id": "id", "contact": "id_Contact", "recid": "recid"}
    texts = {
        "type": "Type",
        "name_of_file": "Name_of_file",
        "export_date": "NexusExportDate",
        "file_name": "fileName",
    }
    columns = {name: _ids(records.columns[field]) for name, field in ids.items()}
    columns |= {name: _cleaned(records.columns[field]) for name, field in texts.items()}
    columns |= {"date": dates.days, "is_bad_date": dates.is_bad, "date_text": records.columns["date"]}
    return pa.table({**columns, "line": records.lines}).combine_chunks()


def _ids(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_lower(pc.utf8_trim_whitespace(values))


def _cleaned(values: pa.ChunkedArray) -> pa.Array:
    """Return the texts cleaned, null where nothing is left; each different text is looked at once."""
    coded = values.combine_chunks().dictionary_encode()
    texts = [clean(value) or None for value in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices)


def _repeats(values: pa.ChunkedArray, counted: np.ndarray) -> np.ndarray:
    """Return where a value occurs more than once; a value either counts at all its places or at none."""
    codes = values.combine_chunks().dictionary_encode().indices.to_numpy()
    counts = np.bincount(codes, weights=counted)
    repeats: np.ndarray = counts[codes] > 1
    return repeats


def _is_first(table: pa.Table) -> pa.Array:
    """Return false for a row that repeats an earlier one in everything but its line."""
    is_first = np.ones(table.num_rows, dtype=bool)
    places = np.flatnonzero(_repeats(table["recid"], _matches(table["recid"], _RECID)))
    seen: defaultdict[str, set[tuple[object, ...]]] = defaultdict(set)
    compared = [name for name in table.column_names if name != "line"]
    repeated = table.take(pa.array(places)).select(compared).to_pylist()
    for place, row in zip(places, repeated, strict=True):
        values = tuple(row.values())
        is_first[place] = values not in seen[row["recid"]]
        seen[row["recid"]].add(values)
    return pa.array(is_first)


def _matches(values: pa.ChunkedArray, pattern: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(values, pattern), dtype=bool)


def _faults(table: pa.Table) -> pa.Array:
    """Return the first reason not to take each row, null where there is none."""
    has_recid, has_id = _matches(table["recid"], _RECID), _matches(table["filemaker_id"], _UUID)
    found = {
        BAD_RECID: ~has_recid,
        DUPLICATE_RECID: _repeats(table["recid"], has_recid),
        BAD_ID: ~has_id,
        DUPLICATE_ID: _repeats(table["filemaker_id"], has_id),
        NO_CONTACT: np.asarray(pc.equal(table["contact"], ""), dtype=bool),
        BAD_CONTACT: ~_matches(table["contact"], _UUID),
        BAD_DATE: np.asarray(table["is_bad_date"], dtype=bool),
    }
    reasons = np.select(list(found.values()), list(found), default="")
    return pc.if_else(pc.equal(pa.array(reasons, pa.string()), ""), None, pa.array(reasons, pa.string()))


def _rejects(table: pa.Table, reasons: pa.Array) -> pa.Table:
    """Return the report of rejected rows. A recid that is none may be anything, so its line stands for it."""
    lines = pc.binary_join_element_wise("line", pc.cast(table["line"], pa.string()), " ")
    keys = pc.if_else(pc.match_substring_regex(table["recid"], _RECID), table["recid"], lines)
    fields = pa.array(
        [reason_named(reason).field_of(IMAGE_CSV, "") for reason in reasons.to_pylist()], pa.string()
    )
    tables = pa.array([IMAGE_CSV] * table.num_rows, pa.string())
    return pa.table([tables, keys, fields, reasons], schema=REJECTS.arrow)


def _facts(
    content: bytes, name: str, text: CsvText, records: CsvRecords, dates: CsvDates
) -> dict[str, _Fact]:
    return {
        "file_name": name,
        "version": csv_version(name),
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoding": text.encoding,
        "encoding_evidence": text.evidence,
        "delimiter": _DELIMITER_NAMES.get(records.delimiter, records.delimiter),
        "line_ending": text.line_ending,
        "last_line_is_ended": text.is_ended,
        "columns": records.names,
        "rows_read": len(records.lines),
        "blank_rows": records.blank,
        "date_format": dates.format,
    }


def _frame(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=pd.ArrowDtype)
