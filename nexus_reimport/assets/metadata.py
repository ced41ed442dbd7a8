"""What assets tell about their frames in the UI: column schemas, counts, reasons. Never a row's values."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import dagster as dg
import pandas as pd

from nexus_reimport.schemas.columns import Column, Table
from nexus_reimport.schemas.filemaker import UNREADABLE, UNREADABLE_MEANS, EntitySet
from nexus_reimport.transform.staged import Staged

OWNERS = ["team:clinic"]
KEYS_SHOWN = 50

Metadata: TypeAlias = dict[str, Any]

# What each role of a column means to somebody who reads the table in the UI.
ROLES = {
    "key": "Who the row is: the same for ever.",
    "source": "From FileMaker or its files, in every run.",
    "initial": "Set at the first insert; Nexus's own from then on.",
}


def entity_columns(entity_set: EntitySet) -> dg.TableSchema:
    """Return the column schema of an extract: every value is text, as FileMaker gave it."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                field.name,
                "text",
                description=field.description or None,
                constraints=dg.TableColumnConstraints(nullable=field.name != entity_set.key),
            )
            for field in entity_set.fields
        ]
        + [dg.TableColumn(UNREADABLE, "text", description=UNREADABLE_MEANS)]
    )


def table_columns(table: Table) -> dg.TableSchema:
    """Return the column schema of a Nexus table."""
    return dg.TableSchema(columns=[_column(column) for column in table.columns])


def _column(column: Column) -> dg.TableColumn:
    kind = f"varchar({column.length})" if column.length else column.kind
    return dg.TableColumn(
        column.name,
        kind,
        description=ROLES.get(column.role, "Set by the run."),
        constraints=dg.TableColumnConstraints(
            nullable=column.null,
            unique=column.role == "key",
            other=[f"one of {', '.join(column.choices)}"] if column.choices else [],
        ),
    )


def rows_of(frame: pd.DataFrame) -> Metadata:
    """Return a frame's row count, as Dagster's own entry and as a number that the UI plots."""
    return {"dagster/row_count": len(frame), "rows": len(frame)}


def staged_facts(staged: Staged) -> Metadata:
    """Return the accounting of a staged table: read, rows, rejects by reason, warnings by reason."""
    rejected, warned = by_reason(staged.rejects), by_reason(staged.warnings)
    first = {"first_rejects": staged.rejects, "first_warnings": staged.warnings}
    return {
        **rows_of(staged.rows),
        "read": staged.read,
        "rejected": len(staged.rejects),
        "rejected_by_reason": dg.MetadataValue.json(rejected),
        "warnings": len(staged.warnings),
        "warnings_by_reason": dg.MetadataValue.json(warned),
        **{name: keys_table(report) for name, report in first.items() if len(report)},
    }


def by_reason(report: pd.DataFrame) -> dict[str, int]:
    """Count the lines of rejects or warnings by reason code, the commonest first."""
    return {str(reason): int(count) for reason, count in report["reason"].value_counts().items()}


def keys_table(report: pd.DataFrame) -> dg.TableMetadataValue:
    """Return the first lines of rejects or warnings, a few of each reason: table, key, field, reason."""
    each = max(1, KEYS_SHOWN // max(1, report["reason"].nunique()))
    shown = report.groupby("reason", sort=True).head(each)
    records = [dg.TableRecord(row) for row in _rows(shown)]
    columns = [dg.TableColumn(name, "string") for name in report.columns]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))


def _rows(frame: pd.DataFrame) -> list[Mapping[str, str]]:
    rows: list[Mapping[str, str]] = frame.astype(object).to_dict(orient="records")
    return rows
