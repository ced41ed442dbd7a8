"""Rows that can't simply be set back: changed since, in use by rows that stay, or without what they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.references import named_in_json, references_to
from nexus_reimport.load.rollback.restore import before, later, undone
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import PATIENTS

What = Literal["changed", "edited", "deleted", "came back", "in use", "orphaned"]

_CHANGED = """
    UPDATE {undone} SET stays = CASE WHEN now IS NULL THEN 'deleted' WHEN expected IS NULL THEN 'came back'
        ELSE 'changed' END
    WHERE now IS DISTINCT FROM expected AND now IS DISTINCT FROM target
"""
_IN_USE = """
    UPDATE {undone} u SET stays = 'in use'
    WHERE u.stays IS NULL AND u.target IS NULL AND u.now IS NOT NULL
        AND EXISTS (SELECT FROM {child} c WHERE {points})
"""
_ORPHANED = """
    UPDATE {undone} u SET stays = 'orphaned' FROM {before} b
    WHERE b.id = u.id AND u.stays IS NULL AND u.target IS DISTINCT FROM u.now AND b.{column} IS NOT NULL
        AND NOT EXISTS (SELECT FROM {parent} p WHERE p.{key} = b.{column}) AND {enforced}
"""
# Rows of people's, and those of an older import, may have pointed at nobody before; ours never did.
_OURS = "EXISTS (SELECT FROM before_identities i WHERE i.table_name = {name} AND i.id = b.id)"
_REFERENCES = """
    SELECT ARRAY[cn.nspname::text, c.relname::text], ca.attname, c.oid::int8,
        ARRAY[pn.nspname::text, p.relname::text], pa.attname, p.oid::int8
    FROM pg_constraint f
    JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
    JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    JOIN pg_attribute ca ON ca.attrelid = c.oid AND ca.attnum = f.conkey[1]
    JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attnum = f.confkey[1]
    WHERE f.contype = 'f' AND cardinality(f.conkey) = 1
"""


@dataclass(frozen=True)
class Conflict:
    """A row that is not as it was left, or can't be set back, by table and id.

    `changed`, `deleted`, `came back`: by somebody, since. `edited`: changed, and set back but for the fields
    that were. `in use`: it would go, but a row that stays hangs on it. `orphaned`: as it was, it pointed at a
    row that is there no more.
    """

    table: str
    id: str
    what: What


@dataclass(frozen=True)
class _Reference:
    """A column of a relation that points at another; the tables where they are among those set back.

    `points`: of a row `c` of the one at a row `u` of the other. `is_enforced`: by PostgreSQL.
    """

    child: sql.Composable
    column: str
    parent: sql.Identifier
    key: str
    child_table: Table | None
    parent_table: Table | None
    points: sql.Composable
    is_enforced: bool = True


def keep_changed(connection: Connection, tables: Sequence[Table]) -> None:
    """Let every row stay that is neither as it was left nor as it is to become."""
    for table in tables:
        connection.execute(sql.SQL(_CHANGED).format(undone=undone(table)))


def keep_none(connection: Connection, tables: Sequence[Table]) -> None:
    """Let no row stay."""
    for table in tables:
        connection.execute(sql.SQL("UPDATE {} SET stays = NULL").format(undone(table)))


def keep_linked(connection: Connection, tables: Sequence[Table]) -> None:
    """Let every row stay that another needs, and every row that would need one that is gone; and so on."""
    references = _references(connection, tables)
    while sum(_keep_one(connection, one) for one in references):
        pass


def list_staying(connection: Connection, tables: Sequence[Table]) -> list[Conflict]:
    """Return every row that stays as it is, and why."""
    found = []
    for table in tables:
        statement = sql.SQL("SELECT id::text, stays FROM {} WHERE stays IS NOT NULL ORDER BY id")
        rows = connection.execute(statement.format(undone(table)))
        found += [Conflict(table.name, row_id, what) for row_id, what in rows]
    return found


def _keep_one(connection: Connection, one: _Reference) -> int:
    """Keep what one reference asks to be kept; return how many rows that were."""
    kept = 0
    if one.parent_table:
        statement = sql.SQL(_IN_USE).format(
            undone=undone(one.parent_table),
            child=later(one.child_table) if one.child_table else one.child,
            points=one.points,
        )
        kept += connection.execute(statement).rowcount
    if one.child_table and (one.is_enforced or _is_link(one)):
        ours = sql.SQL(_OURS).format(name=sql.Literal(one.child_table.name))
        statement = sql.SQL(_ORPHANED).format(
            undone=undone(one.child_table),
            before=before(one.child_table),
            parent=later(one.parent_table) if one.parent_table else one.parent,
            column=sql.Identifier(one.column),
            key=sql.Identifier(one.key),
            enforced=sql.SQL("true") if one.is_enforced else ours,
        )
        kept += connection.execute(statement).rowcount
    return kept


def _is_link(one: _Reference) -> bool:
    """Say that a column is one that we fill ourselves, and with ids of that very relation."""
    links = one.child_table.links if one.child_table else ()
    return any((link.column, sql.Identifier(link.relation)) == (one.column, one.parent) for link in links)


def _references(connection: Connection, tables: Sequence[Table]) -> list[_Reference]:
    """Return every reference from or to one of the tables: PostgreSQL's, then those it knows nothing of."""
    ours = {_oid(connection, table): table for table in tables}
    enforced = [one for one in connection.execute(_REFERENCES).fetchall() if one[2] in ours or one[5] in ours]
    found = [
        _Reference(
            sql.Identifier(*child),
            column,
            sql.Identifier(*parent),
            key,
            ours.get(one),
            ours.get(other),
            sql.SQL("c.{} = u.{}").format(sql.Identifier(column), sql.Identifier(key)),
        )
        for child, column, one, parent, key, other in enforced
    ]
    known = {(*child, column) for child, column, *_ in enforced}
    return found + _unknown(connection, tables, known)


def _unknown(
    connection: Connection, tables: Sequence[Table], known: set[tuple[str, ...]]
) -> list[_Reference]:
    """Return generic links and columns that only say so, to the tables, and to patients from them."""
    by_relation = {table.relation: table for table in tables}
    return [
        _Reference(
            one.rows(),
            one.column,
            sql.Identifier(parent.relation),
            "id",
            by_relation.get(one.relation),
            parent if parent in tables else None,
            one.points_at(sql.SQL("u.id"), parent),
            is_enforced=False,
        )
        for parent in dict.fromkeys((*tables, PATIENTS))
        for one in (*references_to(connection, parent), *named_in_json(connection))
        if (one.schema, one.relation, one.column) not in known
    ]


def _oid(connection: Connection, table: Table) -> int:
    name = sql.Identifier(table.relation).as_string(connection)
    row = connection.execute("SELECT to_regclass(%s)::oid::int8", [name]).fetchone()
    return int(row[0]) if row and row[0] else 0
