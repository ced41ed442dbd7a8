"""Staged tables for publication tests, made from a few words each."""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.model.columns import Column, Table

AS_OF = datetime(2026, 6, 30, 2, 0, tzinfo=UTC)
BLANKS: dict[str, object] = {
    "text": "",
    "varchar": "",
    "date": date(2020, 1, 1),
    "integer": 0,
    "boolean": False,
    "jsonb": "{}",
}


def uid(name: str) -> str:
    """Return the same UUID for the same name, always."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def staged_table(table: Table, *rows: Mapping[str, object], rejected: list[str] | None = None) -> StagedTable:
    """Return staged rows: `name` in a row decides its id and key; what isn't given is as blank as may be."""
    names = [str(row.get("name", index)) for index, row in enumerate(rows)]
    columns: dict[str, object] = {
        "source_key": pd.array([uid(f"key {name}") for name in names], dtype=pd.ArrowDtype(pa.string()))
    }
    for column in table.columns:
        values = [
            _value(table, column, index, name, row)
            for index, (name, row) in enumerate(zip(names, rows, strict=True))
        ]
        columns[column.name] = pd.array(values, dtype=column.dtype)
    return StagedTable(pd.DataFrame(columns), rejected or [])


def _value(table: Table, column: Column, index: int, name: str, row: Mapping[str, object]) -> object:
    if column.name in row:
        return row[column.name]
    if column.role == "key":
        return uid(f"{table.name} {name}")
    if column.role == "stamp":
        return AS_OF
    if column.null:
        return None
    if column.kind == "timestamptz":
        return AS_OF + timedelta(microseconds=index)
    return column.choices[0] if column.choices else BLANKS[column.kind]
