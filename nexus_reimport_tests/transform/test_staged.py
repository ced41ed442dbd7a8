"""What a transform hands over."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.frames import REJECTS
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.transform.exceptions import MissingColumnError
from nexus_reimport.transform.staged import SOURCE_KEY, Accounting, Staged, column_texts
from nexus_reimport_tests.transform.records import TEXT, reasons

TABLE = Table(
    "things",
    "things",
    (
        Column("id", "uuid", role="key"),
        Column("on_day", "date", null=True),
        Column("made", "timestamptz"),
        Column("count", "integer", null=True),
        Column("cost", "numeric", null=True),
        Column("done", "boolean"),
        Column("data", "jsonb", null=True),
    ),
)


def staged() -> Staged:
    ledger = Accounting(TABLE)
    ledger.reject("k9", "Note", Reason("empty"))
    ledger.reject("k3", "id", Reason("limit"))
    ledger.warn("k2", "data", Reason("odd"))
    ledger.warn("k9", "data", Reason("odd"))
    ledger.warn("k1", "data", Reason("odd"))
    columns: dict[str, list[object]] = {"id": ["a", "b"], "on_day": [date(2020, 1, 2), None], "made": [1, 2]}
    return ledger.staged(["k1", "k2"], columns, {"done": False, "cost": Decimal("1.5")})


def test_rows_have_the_source_key_then_the_tables_columns_in_their_types() -> None:
    rows = staged().rows
    assert list(rows.columns) == [SOURCE_KEY, *(column.name for column in TABLE.columns)]
    assert [rows[column.name].dtype for column in TABLE.columns] == [column.dtype for column in TABLE.columns]
    assert rows[SOURCE_KEY].dtype == TEXT


def test_values_are_as_given_and_what_is_not_given_is_null() -> None:
    rows = pa.Table.from_pandas(staged().rows, preserve_index=False).to_pydict()
    assert rows["on_day"] == [date(2020, 1, 2), None]
    assert rows["made"][1] == datetime(1970, 1, 1, 0, 0, 0, 2, tzinfo=UTC)
    assert rows["count"] == rows["data"] == [None, None]
    assert rows["done"] == [False, False]
    assert rows["cost"] == [Decimal("1.5000")] * 2


def test_a_column_that_may_not_be_null_must_be_given() -> None:
    with pytest.raises(MissingColumnError, match=r"things\.id"):
        Accounting(TABLE).staged([], {}, {"done": True, "made": 0})


def test_every_source_row_is_a_row_or_a_reject() -> None:
    result = staged()
    assert result.read == 4
    assert reasons(result.rejects) == [("k3", "id", Reason("limit")), ("k9", "Note", Reason("empty"))]


def test_a_row_that_is_not_published_is_not_warned_of() -> None:
    assert reasons(staged().warnings) == [("k1", "data", Reason("odd")), ("k2", "data", Reason("odd"))]


def test_reports_are_text_in_named_columns_even_when_empty() -> None:
    empty = Accounting(TABLE).staged([], {}, {"id": "", "done": True, "made": 0})
    for frame in (empty.rejects, empty.warnings, staged().rejects):
        assert tuple(frame.columns) == REJECTS.names
        assert {str(dtype) for dtype in frame.dtypes} == {str(TEXT)}
    assert set(staged().rejects["table"]) == {"things"}


def test_a_text_column_comes_out_with_none_for_null() -> None:
    assert column_texts(staged().rows, "data") == [None, None]
