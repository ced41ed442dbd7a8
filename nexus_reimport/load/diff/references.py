"""What points at a row of Nexus: by foreign key, by Django's generic links, or by a column that only says so.

PostgreSQL knows the first kind alone. A row that anything points at is never taken out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import LiteralString

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge, repair
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import PATIENTS, TABLES

# How a column is called that holds ids of a table's rows and has no foreign key: reminders.appointment_id,
# sent_emails.related_patient_id.
_SOFT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "patients": "patient_id",
        "appointments": "appointment_id",
        "notes": "note_id",
        "sms_messages": "message_id",
        "documents": "document_id",
        "image_batches": "batch_id",
        "images": "image_id",
    }
)
# What they say was so once: a row that is gone makes them no less true.
LOGS = ("django_admin_log", "xero_sync_logs")
# Xero's log holds ids of several tables in one column.
_ANY_TABLES = "local_entity_id"

_REFERENCES = """
    SELECT n.nspname, c.relname, a.attname, false, NULL FROM pg_constraint f
    JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND f.confrelid = %(relation)s::regclass AND cardinality(f.conkey) = 1
    UNION
    SELECT n.nspname, c.relname, a.attname, a.atttypid <> 'uuid'::regtype,
        CASE WHEN a.attname ~ '(^|_)object_id$'
            THEN regexp_replace(a.attname, 'object_id$', 'content_type_id') END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'nexus_reimport'
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
        AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
        -- Whatever the content type says: no two rows have one UUID
        AND (a.attname ~ '(^|_)object_id$' AND EXISTS (SELECT FROM pg_attribute k
                WHERE k.attrelid = c.oid
                    AND k.attname = regexp_replace(a.attname, 'object_id$', 'content_type_id'))
            OR a.attname ~ ('(^|_)' || %(name)s || '$') OR a.attname = %(any)s)
    ORDER BY 1, 2, 3
"""
_PATIENT_TYPE = sql.SQL(
    "(SELECT id FROM django_content_type WHERE app_label = 'patients' AND model = 'patient')"
)
# JSON of Nexus's other tables may name any row's id, a letter's pages a photograph's. What is none of Nexus's
# may lie in a schema that nobody lets us read.
_JSON = """
    SELECT n.nspname, c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'nexus_reimport'
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relname <> ALL (%s)
        AND a.atttypid IN ('jsonb'::regtype, 'json'::regtype)
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY 1, 2, 3
"""
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NOTHING_POINTS: LiteralString = "NOT EXISTS (SELECT FROM {child} c WHERE {points} AND {stays})"


@dataclass(frozen=True)
class Reference:
    """A column that may hold ids of a table's rows; `is_text`: as text.

    `type_column`: of a generic link, the column beside it that says what kind of row it is to. `is_json`: the
    ids may be anywhere in it.
    """

    schema: str
    relation: str
    column: str
    is_text: bool
    type_column: str | None = None
    is_json: bool = False

    def rows(self) -> sql.Composed:
        """Return what has the column: the relation, or all ids that its JSON names."""
        relation = sql.Identifier(self.schema, self.relation)
        if not self.is_json:
            return sql.Composed([relation])
        return sql.SQL("(SELECT m[1] AS {0} FROM {1} j, regexp_matches(j.{0}::text, {2}, 'gi') m)").format(
            sql.Identifier(self.column), relation, sql.Literal(f"({_UUID})")
        )

    def points_at(self, row: sql.Composable, table: Table) -> sql.Composed:
        """Say of a row `c` of the relation that it points at a `row`'s id, and is not of another kind."""
        points = sql.SQL("lower(c.{}) = {}::text" if self.is_text else "c.{} = {}").format(
            sql.Identifier(self.column), row
        )
        if self.type_column is None or table is not PATIENTS:
            return points
        return sql.SQL("{} AND c.{} = {}").format(points, sql.Identifier(self.type_column), _PATIENT_TYPE)


def references_to(connection: Connection, table: Table) -> list[Reference]:
    """Return whatever may point at rows of a table, in any schema but our own."""
    given = {"relation": table.relation, "name": _SOFT_NAMES[table.name], "any": _ANY_TABLES}
    rows = connection.execute(_REFERENCES, given).fetchall()
    return [Reference(str(one[0]), str(one[1]), str(one[2]), bool(one[3]), one[4]) for one in rows]


def named_in_json(connection: Connection) -> list[Reference]:
    """Return the columns of JSON in relations that we never write."""
    rows = connection.execute(_JSON, [[table.relation for table in TABLES]]).fetchall()
    return [Reference(str(one[0]), str(one[1]), str(one[2]), is_text=True, is_json=True) for one in rows]


def nothing_points_at(connection: Connection, table: Table) -> sql.Composed:
    """Say of the row `t` of a table that nothing points at it that stays, nor will once this run is done.

    What stays is all that is not in the temporary relations of `repair.removed`.
    """
    conditions: list[sql.Composable] = [
        *(_unreferenced(one) for one in (*references_to(connection, table), *named_in_json(connection))),
        *(_unreferenced_hence(relation, column) for relation, column in _links_to_come(table)),
    ]
    return sql.SQL(" AND ").join(conditions or [sql.SQL("true")])


def no_neighbour_points_at(connection: Connection, table: Table) -> sql.Composed:
    """Say of the row `t` of a table that no row of a relation that we never write points at it."""
    ours = {one.relation for one in TABLES}
    conditions: list[sql.Composable] = [
        _unreferenced(one)
        for one in (*references_to(connection, table), *named_in_json(connection))
        if one.relation not in ours
    ]
    return sql.SQL(" AND ").join(conditions or [sql.SQL("true")])


def count_dangling(connection: Connection, table: Table) -> dict[str, int]:
    """Count the neighbours' links to a table that lead nowhere, by `relation.column`; logs are not asked.

    Of generic links only those to patients can be told from links to rows of another kind.
    """
    ours = {one.relation for one in TABLES}
    found = {}
    for one in references_to(connection, table):
        if one.relation in (*LOGS, *ours) or (one.type_column and table is not PATIENTS):
            continue
        row = connection.execute(_dangling(one, table)).fetchone()
        found[f"{one.relation}.{one.column}"] = int(row[0]) if row else 0
    return found


def _dangling(one: Reference, table: Table) -> sql.Composed:
    of_this_kind = (
        sql.SQL("c.{} = {}").format(sql.Identifier(one.type_column), _PATIENT_TYPE)
        if one.type_column
        else sql.SQL("true")
    )
    return sql.SQL(
        "SELECT count(*) FROM {} c WHERE {} AND c.{}::text ~* {} AND NOT EXISTS (SELECT FROM {} p WHERE {})"
    ).format(
        sql.Identifier(one.schema, one.relation),
        of_this_kind,
        sql.Identifier(one.column),
        sql.Literal(f"^{_UUID}$"),
        sql.Identifier(table.relation),
        one.points_at(sql.SQL("p.id"), table),
    )


def _unreferenced(reference: Reference) -> sql.Composed:
    ours = next((table for table in TABLES if table.relation == reference.relation), None)
    stays = _stays(ours, reference.column) if ours else sql.SQL("true")
    points = sql.SQL("lower(c.{}) = t.id::text" if reference.is_text else "c.{} = t.id")
    return sql.SQL(_NOTHING_POINTS).format(
        child=reference.rows(),
        points=points.format(sql.Identifier(reference.column)),
        stays=stays,
    )


def _stays(table: Table, column: str) -> sql.Composable:
    """Say of our row `c` that it is there after this run, and points where it points now."""
    removed = sql.SQL("NOT EXISTS (SELECT FROM {} x WHERE x.id = c.id)").format(repair.removed(table))
    if column not in {one.name for one in table.named("source")}:
        return removed
    # A photograph that goes to another batch leaves its own empty now: the next run would take that out.
    moved = sql.SQL("NOT EXISTS (SELECT FROM {0} d WHERE d.id = c.id AND d.{1} IS DISTINCT FROM c.{1})")
    return sql.SQL("{} AND {}").format(removed, moved.format(merge.decided(table), sql.Identifier(column)))


def _links_to_come(table: Table) -> list[tuple[sql.Identifier, str]]:
    """Return what will point at rows of a table once this run is done: staged rows, and relinked ones."""
    found = [
        (merge.staged(one), link.column)
        for one in TABLES
        for link in one.links
        if link.relation == table.relation
    ]
    relinked = [(repair.relinked(one), "object_id") for one in repair.RELINKED_TABLES]
    return found + (relinked if table is PATIENTS else [])


def _unreferenced_hence(relation: sql.Identifier, column: str) -> sql.Composed:
    return sql.SQL("NOT EXISTS (SELECT FROM {} s WHERE s.{} = t.id)").format(relation, sql.Identifier(column))
