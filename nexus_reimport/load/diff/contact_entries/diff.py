"""What becomes of the values that are made of entries, worked out before the rows are decided.

Only temporary relations are written, so a read-only transaction will do.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

import orjson
import pandas as pd
from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge
from nexus_reimport.load.diff.contact_entries import fragments
from nexus_reimport.load.diff.contact_entries.adoption import adopted_value
from nexus_reimport.load.diff.contact_entries.columns import MergedColumn, entry_digests, merged_value
from nexus_reimport.load.diff.older_imports import worked_on
from nexus_reimport.load.our_tables.ledger import entries_column
from nexus_reimport.model.columns import Column, Table

# What a person has edited, where what was written is known: as FileMaker has it, if that has not moved.
_EDITED = """
    SELECT s.id::text, t.{column}, s.{column}, coalesce(v.{entries}, e.{entries}) FROM {staged} s
    JOIN {target} t ON t.id = s.id JOIN {written} v ON v.id = s.id JOIN {relation} e ON e.id = s.id
    WHERE {edited} AND s.{column} IS DISTINCT FROM t.{column}
        AND (v.{entries} IS NOT NULL OR NOT ({moved}))
"""
# What an adopted row holds. Lists in a row of ours whose digests are lost are what FileMaker had.
_ADOPTED = """
    SELECT s.id::text, t.{column}, s.{column}, {worked_on} FROM {staged} s
    JOIN {target} t ON t.id = s.id LEFT JOIN {written} v ON v.id = s.id
    WHERE v.id IS NULL AND t.{column} <> s.{column}
        AND (t.created_at <> s.created_at OR NOT t.{column} ?| '{{phones,emails,addresses}}')
"""
_KEEP = "UPDATE {relation} SET {entries} = %s, {merged} = %s, {clash} = %s WHERE id = %s"


def decide_entries(connection: Connection, table: Table, rows: pd.DataFrame, *, filemaker_wins: bool) -> None:
    """Write what is known of the staged rows' entries, with people's edits merged unless FileMaker wins."""
    if not table.made_of_entries:
        return
    connection.execute(sql.SQL("DELETE FROM {}").format(fragments.entries_relation(table)))
    _load(connection, table, rows)
    if not filemaker_wins:
        for column in table.made_of_entries:
            _merge(connection, table, column)


def _load(connection: Connection, table: Table, rows: pd.DataFrame) -> None:
    columns = table.made_of_entries
    names = ["id", *(entries_column(column) for column in columns)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        fragments.entries_relation(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor().copy(statement) as copy:
        copy.set_types(["uuid", *("uuid[]" for _ in columns)])
        for row in zip(*(rows[name] for name in ("id", *(column.name for column in columns))), strict=True):
            copy.write_row((UUID(row[0]), *_digests(columns, *row)))
    connection.execute(sql.SQL("ANALYZE {} (id)").format(fragments.entries_relation(table)))


def _digests(columns: tuple[Column, ...], row_id: str, *values: object) -> Iterator[list[UUID]]:
    for column, value in zip(columns, values, strict=True):
        has_entries = column.entries and isinstance(value, str)
        yield entry_digests(column.entries, row_id, orjson.loads(str(value))) if has_entries else []


def _merge(connection: Connection, table: Table, column: Column) -> None:
    named = _named(table, column)
    edited = sql.SQL(_EDITED).format(
        **named,
        edited=merge.differs_from_written("t", "v", column),
        moved=merge.differs_from_written("s", "v", column),
    )
    for row_id, mine, theirs, base in connection.execute(edited).fetchall():
        _keep(connection, named, row_id, merged_value(column.entries, row_id, base, mine, theirs))
    adopted = sql.SQL(_ADOPTED).format(**named, worked_on=worked_on("t"))
    for row_id, mine, theirs, is_worked_on in connection.execute(adopted).fetchall():
        outcome = adopted_value(column.entries, row_id, mine, theirs, is_worked_on=is_worked_on)
        _keep(connection, named, row_id, outcome)


def _keep(
    connection: Connection, named: Mapping[str, sql.Identifier], row_id: str, outcome: MergedColumn | None
) -> None:
    if outcome:
        given = [outcome.base, Jsonb(outcome.value), outcome.is_clash, row_id]
        connection.execute(sql.SQL(_KEEP).format(**named), given)


def _named(table: Table, column: Column) -> dict[str, sql.Identifier]:
    return {
        "staged": merge.staged(table),
        "target": sql.Identifier(table.relation),
        "written": merge.written(table),
        "relation": fragments.entries_relation(table),
        "column": sql.Identifier(column.name),
        "entries": sql.Identifier(entries_column(column)),
        "merged": sql.Identifier(f"merged_{column.name}"),
        "clash": sql.Identifier(f"clash_{column.name}"),
    }
