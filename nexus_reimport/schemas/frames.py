"""The shape of every frame as a pandera schema, and its failures by key, field and rule, never by value."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.schemas.columns import Column, Role, Table
from nexus_reimport.schemas.filemaker import TEXT, UNREADABLE, UNREADABLE_MEANS, EntitySet
from nexus_reimport.schemas.nexus import APPOINTMENTS, BY_NAME, IMAGE_BATCHES, NOTES, SMS_MESSAGES

JSON_LISTS = frozenset({"plan_dates_json", "tags"})
DISTINCT_STAMPS = frozenset({"created_at", "uploaded_at"})

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_ESCAPED_NUL = r"(^|[^\\])(\\\\)*\\u0000"  # an even number of backslashes before it is text about NUL
_BATCH_KEY = _UUID.replace("$", r"/([0-9]{4}-[0-9]{2}-[0-9]{2}|unknown)$")
_REASON = r"^[a-z][a-z0-9_]*$"
_STATE_KIND = (
    r"^(clinic_filemaker_id|clinic_name|clinician_id|clinician_name|appointment_type_id|appointment_type_name"
    r"|funding_source_name|custom_funding_source_name|content_type|live:patients|former:patients"
    r"|s3_key:images|stem:images|key_id:images|batch_of:images|day:image_batches|file:documents|key_id:documents"
    r"|(foreign|own|edited|written)_place:images"
    rf"|adoptable:({APPOINTMENTS.name}|{NOTES.name}|{SMS_MESSAGES.name})"
    rf"|(identity|gone|claim|published):({'|'.join(BY_NAME)}))$"
)
_DECIDED_BY: dict[Role, str] = {
    "key": "the row's own id, the same at every import",
    "source": "from FileMaker",
    "initial": "given once, Nexus's own from then on",
    "stamp": "the run's instant, whenever the row is written",
}
_RULES = {
    "not_nullable": "null",
    "field_uniqueness": "repeated",
    "column_in_schema": "unknown_column",
    "column_in_dataframe": "missing_column",
    "column_ordered": "column_order",
}
_FRAME_RULES = frozenset({"unknown_column", "missing_column", "column_order"})


def _rule(name: str, passes: Callable[[pa.ChunkedArray], object]) -> pandera.Check:
    """Return a check of a whole column; nulls are nobody's business but nullability's."""

    def check(series: pd.Series) -> pd.Series:
        values = pa.table({"values": pa.array(series)})["values"]
        return pd.Series(np.asarray(passes(values), dtype=bool), index=series.index)

    return pandera.Check(check, name=name, ignore_na=True)


def _matches(name: str, pattern: str) -> pandera.Check:
    return _rule(name, lambda values: pc.match_substring_regex(values, pattern))


def _parses(kind: type) -> Callable[[pa.ChunkedArray], list[bool]]:
    def passes(values: pa.ChunkedArray) -> list[bool]:
        return [_is_json(text, kind) for text in values.to_pylist()]

    return passes


def _is_json(text: str, kind: type) -> bool:
    try:
        return isinstance(orjson.loads(text), kind)
    except orjson.JSONDecodeError:
        return False


def _longest(length: int) -> pandera.Check:
    return _rule("too_long", lambda values: pc.less_equal(pc.utf8_length(values), length))


def _among(choices: tuple[str, ...]) -> pandera.Check:
    return _rule("not_a_choice", lambda values: pc.is_in(values, pa.array(choices, pa.string())))


def _between(name: str, first: object, last: object) -> pandera.Check:
    return _rule(name, lambda values: pc.and_(pc.greater_equal(values, first), pc.less_equal(values, last)))


_IS_UUID = _matches("not_a_uuid", _UUID)
_IS_BATCH_KEY = _matches("not_a_batch_key", _BATCH_KEY)
_IS_RECID = _matches("not_a_recid", r"^[0-9]{1,18}$")
_IS_POSITIVE = _rule("not_positive", lambda values: pc.greater(values, 0))
_NOT_NEGATIVE = _rule("negative", lambda values: pc.greater_equal(values, 0))
_NO_NUL = _rule("nul", lambda values: pc.invert(pc.match_substring(values, "\x00")))
_NO_ESCAPED_NUL = _rule("nul", lambda values: pc.invert(pc.match_substring_regex(values, _ESCAPED_NUL)))
_NOT_REPEATED = _rule("repeated", lambda values: ~values.to_pandas().str.lower().duplicated(keep=False))
_INTEGER = _between("integer_range", -(2**31), 2**31 - 1)
_DATE = _between("outside_calendar", date(1, 1, 1), date(9999, 12, 31))
_INSTANT = _between("outside_calendar", datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


def extract_schema(entity_set: EntitySet) -> pandera.DataFrameSchema:
    """Return the schema of a complete extract: every field as text, the key given, never twice."""
    columns = {
        one.name: pandera.Column(
            TEXT,
            checks=[_NOT_REPEATED] if one.name == entity_set.key else [],
            nullable=one.name != entity_set.key,
            description=one.description,
        )
        for one in entity_set.fields
    }
    # Not in frames that an earlier release has stored.
    columns[UNREADABLE] = pandera.Column(
        TEXT,
        checks=[_rule("not_a_json_object", _parses(dict))],
        nullable=True,
        required=False,
        description=UNREADABLE_MEANS,
    )
    return pandera.DataFrameSchema(columns, strict=True, name=f"filemaker/{entity_set.asset}")


def staged_schema(table: Table) -> pandera.DataFrameSchema:
    """Return the schema of a table's staged rows: `source_key`, then the table's columns in their order.

    A batch has no FileMaker id of its own: its key is its patient's and the day, or `unknown`.
    """
    is_batch = table.name == IMAGE_BATCHES.name
    said = (
        "Patient's FileMaker id and the day." if is_batch else "FileMaker id of the source row, lower case."
    )
    source_key = pandera.Column(
        TEXT, checks=[_IS_BATCH_KEY if is_batch else _IS_UUID], unique=True, description=said
    )
    columns = {"source_key": source_key, **{column.name: _staged_column(column) for column in table.columns}}
    return pandera.DataFrameSchema(columns, strict=True, ordered=True, name=f"staged/{table.name}")


def describe(column: Column) -> str:
    """Return what a column is, in one line: type, choices, and who decides its value."""
    kind = f"{column.kind}({column.length})" if column.length else column.kind
    allowed = f", one of {', '.join(column.choices)}" if column.choices else ""
    return f"{kind}{allowed}{', may be null' if column.null else ''}; {_DECIDED_BY[column.role]}."


def _staged_column(column: Column) -> pandera.Column:
    return pandera.Column(
        column.dtype,
        checks=_checks(column),
        nullable=column.null,
        unique=column.role == "key" or column.name in DISTINCT_STAMPS,
        description=describe(column),
    )


def _checks(column: Column) -> list[pandera.Check]:
    if column.kind == "jsonb":
        is_list = column.name in JSON_LISTS
        name, kind = ("not_a_json_list", list) if is_list else ("not_a_json_object", dict)
        return [_rule(name, _parses(kind)), _NO_ESCAPED_NUL]
    by_kind = {"uuid": _IS_UUID, "integer": _INTEGER, "date": _DATE, "timestamptz": _INSTANT}
    checks = [by_kind[column.kind]] if column.kind in by_kind else []
    if column.kind in ("text", "varchar"):
        checks.append(_NO_NUL)
    if column.length:
        checks.append(_longest(column.length))
    if column.choices:
        checks.append(_among(column.choices))
    return checks


def listing_schema() -> pandera.DataFrameSchema:
    """Return the schema of the S3 listing: one row per object."""
    stamp = pd.ArrowDtype(pa.timestamp("us", tz="UTC"))
    return pandera.DataFrameSchema(
        {
            "key": pandera.Column(TEXT, unique=True, description="The object's key."),
            "size": pandera.Column(
                pd.ArrowDtype(pa.int64()), checks=[_NOT_NEGATIVE], description="Exact bytes."
            ),
            "etag": pandera.Column(TEXT, description="The object's ETag, without quotes."),
            "modified": pandera.Column(stamp, description="When the object was last written, UTC."),
        },
        strict=True,
        name="files/s3_listing",
    )


def image_csv_schema() -> pandera.DataFrameSchema:
    """Return the schema of the image CSV's rows: one per image, in the file's order."""
    text = {"type": "Type", "name_of_file": "Name_of_file", "export_date": "NexusExportDate"}
    said = "FileMaker's {}, trimmed; null where empty."
    return pandera.DataFrameSchema(
        {
            "filemaker_id": pandera.Column(
                TEXT, checks=[_IS_UUID], unique=True, description="FileMaker id of the image, lower case."
            ),
            "contact": pandera.Column(
                TEXT,
                checks=[_IS_UUID],
                description="The patient: a FileMaker id or a Nexus UUID, lower case.",
            ),
            "recid": pandera.Column(
                TEXT, checks=[_IS_RECID], unique=True, description="Name of the image's object, digits."
            ),
            **{
                name: pandera.Column(TEXT, checks=[_NO_NUL], nullable=True, description=said.format(field))
                for name, field in text.items()
            },
            "date": pandera.Column(
                pd.ArrowDtype(pa.date32()), checks=[_DATE], nullable=True, description="The day taken."
            ),
            "line": pandera.Column(
                pd.ArrowDtype(pa.int64()),
                checks=[_IS_POSITIVE],
                unique=True,
                description="Line of the file on which the row begins.",
            ),
        },
        strict=True,
        ordered=True,
        name="files/image_csv",
    )


def thumbnails_schema() -> pandera.DataFrameSchema:
    """Return the schema of the thumbnails: one row per image object, with a thumbnail or a fault."""
    number = pd.ArrowDtype(pa.int64())
    facts = {
        "width": (number, _IS_POSITIVE, "Pixels across, as a viewer shows the original."),
        "height": (number, _IS_POSITIVE, "Pixels down, as a viewer shows the original."),
        "mime_type": (TEXT, _matches("not_a_mime_type", r"^image/[a-z0-9.+-]+$"), "Of the original's bytes."),
        "thumbnail_key": (TEXT, _NO_NUL, "The thumbnail's key."),
        "thumbnail_size": (number, _IS_POSITIVE, "Exact bytes of the thumbnail."),
    }
    code = _matches("reason_code", _REASON)
    return pandera.DataFrameSchema(
        {
            "key": pandera.Column(TEXT, unique=True, description="The original's key."),
            "etag": pandera.Column(TEXT, description="The original's ETag when it was read."),
            **{
                name: pandera.Column(dtype, checks=[check], nullable=True, description=description)
                for name, (dtype, check, description) in facts.items()
            },
            "fault": pandera.Column(
                TEXT,
                checks=[code],
                nullable=True,
                description="Reason code, null where there is a thumbnail.",
            ),
            "warning": pandera.Column(
                TEXT, checks=[code], nullable=True, description="Code of what is amiss with a readable one."
            ),
            "thumbnail_etag": pandera.Column(TEXT, nullable=True, description="The thumbnail's ETag."),
            "rules": pandera.Column(number, nullable=True, description="By which rules it was looked at."),
        },
        checks=[_fault_or_thumbnail(*facts)],
        strict=True,
        ordered=True,
        name="thumbnails",
    )


def _fault_or_thumbnail(*facts: str) -> pandera.Check:
    """Return a check of whole rows: all facts of a thumbnail, or a fault, never half of them."""

    def check(frame: pd.DataFrame) -> pd.Series:
        return frame[list(facts)].notna().all(axis=1) | frame["fault"].notna()

    return pandera.Check(check, name="neither_thumbnail_nor_fault")


REJECTS_SCHEMA = pandera.DataFrameSchema(
    {
        "table": pandera.Column(TEXT, description="Name of the staged table."),
        "key": pandera.Column(TEXT, description="FileMaker id of the source row, lower case."),
        "field": pandera.Column(
            TEXT,
            description="FileMaker field of a reject or of a value that could not be read, else the column.",
        ),
        "reason": pandera.Column(TEXT, checks=[_matches("reason_code", _REASON)], description="Reason code."),
    },
    strict=True,
    name="rejects",
)

NEXUS_STATE_SCHEMA = pandera.DataFrameSchema(
    {
        "kind": pandera.Column(TEXT, checks=[_matches("unknown_kind", _STATE_KIND)], description="Its sort."),
        "key": pandera.Column(TEXT, description="What it is found by: an id, a name or a digest."),
        "id": pandera.Column(TEXT, description="Id of the row in Nexus."),
        "detail": pandera.Column(
            TEXT,
            nullable=True,
            description="A living patient's clinic; a name; what else a row is compared by.",
        ),
    },
    strict=True,
    name="nexus_state",
)


def failures(schema: pandera.DataFrameSchema, frame: pd.DataFrame, key_column: str) -> pd.DataFrame:
    """Return where a frame breaks its schema: key, field and rule, never the value; empty if nowhere.

    `key` is "" for what concerns a whole column or the frame.
    """
    numbered = frame.reset_index(drop=True)
    try:
        schema.validate(numbered, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        cases = pd.DataFrame({"column": [], "check": [], "failure_case": [], "index": []})
    keys = numbered[key_column].tolist() if key_column in numbered else []
    found = [_failure(keys, *case) for case in cases[["column", "check", "failure_case", "index"]].to_numpy()]
    ordered = sorted(set(found))
    return pd.DataFrame(
        {
            name: pd.Series([one[place] for one in ordered], dtype=TEXT)
            for place, name in enumerate(("key", "field", "rule"))
        }
    )


def _failure(keys: list[object], column: object, check: object, case: object, index: Any) -> tuple[str, ...]:
    name = str(check)
    rule = _RULES.get(name, "type" if name.startswith("dtype(") else name)
    if rule in _FRAME_RULES:
        return ("", str(case), rule)
    concerns_row = bool(keys) and rule != "type" and not pd.isna(index)
    key = keys[int(index)] if concerns_row else None
    return ("" if key is None or pd.isna(key) else str(key), str(column), rule)
