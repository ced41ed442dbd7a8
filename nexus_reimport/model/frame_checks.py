"""Frames held against what is declared of them, by pandera; failures by key, field, rule, never by value."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.columns import Column, ColumnType, Frame, Rule
from nexus_reimport.model.filemaker import TEXT
from nexus_reimport.model.nexus import APPOINTMENTS, BY_NAME, NOTES, SMS_MESSAGES

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_ESCAPED_NUL = r"(^|[^\\])(\\\\)*\\u0000"  # an even number of backslashes before it is text about NUL
_BATCH_KEY = _UUID.replace("$", r"/([0-9]{4}-[0-9]{2}-[0-9]{2}|unknown)$")
_STATE_KIND = (
    r"^(clinic_filemaker_id|clinic_name|clinician_id|clinician_name|appointment_type_id|appointment_type_name"
    r"|funding_source_name|custom_funding_source_name|content_type|live:patients|former:patients"
    r"|s3_key:images|stem:images|key_id:images|batch_of:images|day:image_batches|file:documents|key_id:documents"
    r"|(foreign|own|edited|written)_place:images"
    rf"|adoptable:({APPOINTMENTS.name}|{NOTES.name}|{SMS_MESSAGES.name})"
    rf"|(identity|gone|claim|published):({'|'.join(BY_NAME)}))$"
)
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
_NO_ESCAPED_NUL = _rule("nul", lambda values: pc.invert(pc.match_substring_regex(values, _ESCAPED_NUL)))
_INTEGER = _between("integer_range", -(2**31), 2**31 - 1)
_DATE = _between("outside_calendar", date(1, 1, 1), date(9999, 12, 31))
_INSTANT = _between("outside_calendar", datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


_BY_KIND: Mapping[ColumnType, pandera.Check] = MappingProxyType(
    {"uuid": _IS_UUID, "integer": _INTEGER, "date": _DATE, "timestamptz": _INSTANT}
)
_BY_RULE: Mapping[Rule, pandera.Check] = MappingProxyType(
    {
        "batch_key": _matches("not_a_batch_key", _BATCH_KEY),
        "json_object": _rule("not_a_json_object", _parses(dict)),
        "mime_type": _matches("not_a_mime_type", r"^image/[a-z0-9.+-]+$"),
        "not_negative": _rule("negative", lambda values: pc.greater_equal(values, 0)),
        "not_nul": _rule("nul", lambda values: pc.invert(pc.match_substring(values, "\x00"))),
        "not_repeated": _rule(
            "repeated", lambda values: ~values.to_pandas().str.lower().duplicated(keep=False)
        ),
        "positive": _rule("not_positive", lambda values: pc.greater(values, 0)),
        "reason_code": _matches("reason_code", r"^[a-z][a-z0-9_]*$"),
        "recid": _matches("not_a_recid", r"^[0-9]{1,18}$"),
        "state_kind": _matches("unknown_kind", _STATE_KIND),
    }
)


def schema_of(frame: Frame) -> pandera.DataFrameSchema:
    """Return the schema of a frame: just its columns, of their types, with values as declared."""
    return pandera.DataFrameSchema(
        {column.name: _column(column) for column in frame.columns},
        checks=[_all_or(*frame.all_or)] if frame.all_or else None,
        strict=True,
        ordered=frame.is_ordered,
        name=frame.name,
    )


def _column(column: Column) -> pandera.Column:
    return pandera.Column(
        column.dtype,
        checks=_checks(column),
        nullable=column.null,
        unique=column.role == "key" or column.distinct,
        required=not column.optional,
        description=column.description,
    )


def _checks(column: Column) -> list[pandera.Check]:
    checks = [_BY_KIND[column.kind]] if column.kind in _BY_KIND else []
    if column.kind == "jsonb":
        name, kind = ("not_a_json_list", list) if column.is_list else ("not_a_json_object", dict)
        checks += [_rule(name, _parses(kind)), _NO_ESCAPED_NUL]
    checks += [_BY_RULE[rule] for rule in column.rules]
    if column.length:
        checks.append(_longest(column.length))
    if column.choices:
        checks.append(_among(column.choices))
    return checks


def _all_or(facts: tuple[str, ...], otherwise: str) -> pandera.Check:
    """Return a check of whole rows: all facts of a thumbnail, or a fault, never half of them."""

    def check(frame: pd.DataFrame) -> pd.Series:
        return frame[list(facts)].notna().all(axis=1) | frame[otherwise].notna()

    return pandera.Check(check, name="neither_thumbnail_nor_fault")


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
