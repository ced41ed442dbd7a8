"""What assets tell about their frames in the UI: column schemas, counts, reasons. Never a row's values."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import dagster as dg
import pandas as pd

from nexus_reimport.model.columns import Column, Frame, Table, decided_by
from nexus_reimport.model.outcome import REJECTED_BY_REASON
from nexus_reimport.transform.staged import Staged

OWNERS = ["team:clinic"]
ROWS_SHOWN = 50

Metadata: TypeAlias = dict[str, Any]


def column_schema(frame: Frame) -> dg.TableSchema:
    """Return a frame's columns as the browser shows them: type, what each holds, and what it may be."""
    return dg.TableSchema(columns=[_column(column, column.description) for column in frame.columns])


def table_columns(table: Table) -> dg.TableSchema:
    """Return the columns of a table of Nexus; of each it is said too who decides its value."""
    return dg.TableSchema(columns=[_published(column) for column in table.columns])


def staged_columns(table: Table) -> dg.TableSchema:
    """Return the columns of a table as staged: the key of each row's source comes first."""
    source_key = table.staged.columns[0]
    first = _column(source_key, source_key.description)
    return dg.TableSchema(columns=[first, *table_columns(table).columns])


def _published(column: Column) -> dg.TableColumn:
    return _column(column, f"{column.description} Its value: {decided_by(column)}.")


def _column(column: Column, description: str) -> dg.TableColumn:
    return dg.TableColumn(
        column.name,
        column.type_name,
        description=description,
        constraints=dg.TableColumnConstraints(
            nullable=column.null,
            unique=column.role == "key" or column.distinct,
            other=[f"one of {', '.join(column.choices)}"] if column.choices else [],
        ),
    )


def rows_by_table(frame: pd.DataFrame) -> Metadata:
    """Return a frame's row count, as Dagster's own entry and as a number that the UI plots."""
    return {"dagster/row_count": len(frame), "rows": len(frame)}


def staged_facts(staged: Staged) -> Metadata:
    """Return the accounting of a staged table: read, rows, rejects by reason, warnings by reason."""
    rejected, warned = by_reason(staged.rejects), by_reason(staged.warnings)
    first = {"first_rejects": staged.rejects, "first_warnings": staged.warnings}
    return {
        **rows_by_table(staged.rows),
        "read": staged.read,
        "rejected": len(staged.rejects),
        REJECTED_BY_REASON: dg.MetadataValue.json(rejected),
        "warnings": len(staged.warnings),
        "warnings_by_reason": dg.MetadataValue.json(warned),
        **{name: keys_table(report) for name, report in first.items() if len(report)},
    }


def by_reason(report: pd.DataFrame) -> dict[str, int]:
    """Count the lines of rejects or warnings by reason code, the commonest first."""
    return {str(reason): int(count) for reason, count in report["reason"].value_counts().items()}


def keys_table(report: pd.DataFrame) -> dg.TableMetadataValue:
    """Return the first lines of rejects or warnings, a few of each reason: table, key, field, reason."""
    each = max(1, ROWS_SHOWN // max(1, report["reason"].nunique()))
    shown = report.groupby("reason", sort=True).head(each)
    records = [dg.TableRecord(row) for row in _rows(shown)]
    columns = [dg.TableColumn(name, "string") for name in report.columns]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))


def _rows(frame: pd.DataFrame) -> list[Mapping[str, str]]:
    rows: list[Mapping[str, str]] = frame.astype(object).to_dict(orient="records")
    return rows
