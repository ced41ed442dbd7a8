"""Rows that came from FileMaker and are there no more: kept, unless the run says otherwise by name.

Patients may be archived, by Nexus's own fields, and come back out when FileMaker has them again. Any row may
be removed if nobody has touched it since it was written and nothing that stays points at it.
"""

from collections.abc import Sequence

from psycopg import sql

from nexus_reimport.publish import merge, repair
from nexus_reimport.publish.choices import Choices
from nexus_reimport.publish.connection import Connection
from nexus_reimport.publish.exceptions import TooManyMissing
from nexus_reimport.schemas.columns import Table
from nexus_reimport.schemas.nexus import PATIENTS, TABLES

# Who archived a patient: ours alone are taken back.
ARCHIVED_BY = "FileMaker reimport: gone from FileMaker"

_GENERIC = ("images_batch", "documents_document")

_MISSING = """
    INSERT INTO {missing} (id)
    SELECT t.id FROM identities i JOIN {target} t ON t.id = i.id
    WHERE i.table_name = {name} AND i.source_key <> ALL (%s::text[])
        AND NOT EXISTS (SELECT FROM {staged} s WHERE s.source_key = i.source_key)
"""

_ARCHIVE = """
    INSERT INTO archived_patients (id, archived)
    SELECT t.id, true FROM patients t JOIN missing_patients m ON m.id = t.id WHERE NOT t.archived
"""
_TAKE_BACK = """
    INSERT INTO archived_patients (id, archived)
    SELECT t.id, false FROM patients t JOIN staged_patients s ON s.id = t.id
    WHERE t.archived AND t.archived_by = %s
"""
_APPLY_ARCHIVE = """
    UPDATE patients t SET archived = x.archived, updated_at = %(as_of)s,
        archived_at = CASE WHEN x.archived THEN %(as_of)s::timestamptz END,
        archived_by = CASE WHEN x.archived THEN %(by)s END
    FROM archived_patients x WHERE x.id = t.id
"""

# Nobody has touched the row: it is as the last publication that wrote it left it, in every column.
_AS_WE_LEFT_IT = """
    md5(t::text)::uuid = (SELECT c.after FROM changes c JOIN publications p ON p.id = c.publication
        WHERE c.table_name = {name} AND c.id = t.id AND p.undone_by IS NULL
        ORDER BY c.publication DESC LIMIT 1)
"""
_NOTHING_POINTS_AT_IT = """
    NOT EXISTS (SELECT FROM {child} c WHERE c.{column} = t.id AND {stays})
"""

_REFERENCES = """
    SELECT c.relname, a.attname FROM pg_constraint f
    JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND f.confrelid = %s::regclass AND cardinality(f.conkey) = 1
    ORDER BY 1, 2
"""


def missing(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with our rows that are gone from the source."""
    return sql.Identifier(f"missing_{table.name}")


def create_relations(connection: Connection) -> None:
    """Make the temporary relations of what is missing, empty."""
    for table in TABLES:
        for relation in (missing(table), repair.removed(table)):
            connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY)").format(relation))
    connection.execute(
        "CREATE TEMPORARY TABLE archived_patients (id uuid PRIMARY KEY, archived boolean NOT NULL)"
    )


def find_missing(connection: Connection, table: Table, rejected_keys: Sequence[str]) -> None:
    """Find the rows with an identity, still in Nexus, whose key is neither staged nor rejected."""
    statement = sql.SQL(_MISSING).format(
        missing=missing(table),
        target=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        staged=merge.staged(table),
    )
    connection.execute(statement, [list(rejected_keys)])


def decide_missing(connection: Connection, tables: list[Table], choices: Choices) -> None:
    """Decide what is archived and removed. Raises TooManyMissing where the run's limits say no.

    Rows that point at others come first, so that a patient can go along with what is theirs.
    """
    if PATIENTS in tables:
        connection.execute(_TAKE_BACK, [ARCHIVED_BY])
    for table in reversed(TABLES):
        wanted = choices.on_missing.get(table.name, "keep") if table in tables else "keep"
        if wanted == "archive":
            connection.execute(_ARCHIVE)
            _refuse_too_many(connection, table, sql.SQL("archived_patients WHERE archived"), choices)
        elif wanted == "remove":
            _decide_removals(connection, table)
            gone = sql.SQL("{} x JOIN {} m USING (id)").format(repair.removed(table), missing(table))
            _refuse_too_many(connection, table, gone, choices)


def apply_archiving(connection: Connection, as_of: object) -> None:
    """Archive patients, and take back, as decided; `as_of` is the run's instant."""
    connection.execute(_APPLY_ARCHIVE, {"as_of": as_of, "by": ARCHIVED_BY})


def _decide_removals(connection: Connection, table: Table) -> None:
    conditions = [sql.SQL(_AS_WE_LEFT_IT).format(name=sql.Literal(table.name))]
    conditions += [_unreferenced(child, column) for child, column in _references(connection, table)]
    for one in TABLES:
        for link in one.links:
            if link.relation == table.relation:
                staged = sql.SQL("NOT EXISTS (SELECT FROM {} s WHERE s.{} = t.id)")
                conditions.append(staged.format(merge.staged(one), sql.Identifier(link.column)))
    connection.execute(
        sql.SQL("INSERT INTO {} (id) SELECT t.id FROM {} t JOIN {} m ON m.id = t.id WHERE {}").format(
            repair.removed(table),
            sql.Identifier(table.relation),
            missing(table),
            sql.SQL(" AND ").join(conditions),
        )
    )


def _references(connection: Connection, table: Table) -> list[tuple[str, str]]:
    found = [(str(child), str(column)) for child, column in connection.execute(_REFERENCES, [table.relation])]
    return found + [(child, "object_id") for child in _GENERIC if table is PATIENTS]


def _unreferenced(child: str, column: str) -> sql.Composed:
    """Say that no row of a relation that stays points at the row `t`."""
    ours = next((table for table in TABLES if table.relation == child), None)
    stays: sql.Composable = sql.SQL("true")
    if ours:
        stays = sql.SQL("NOT EXISTS (SELECT FROM {} x WHERE x.id = c.id)").format(repair.removed(ours))
    return sql.SQL(_NOTHING_POINTS_AT_IT).format(
        child=sql.Identifier(child), column=sql.Identifier(column), stays=stays
    )


def _refuse_too_many(connection: Connection, table: Table, chosen: sql.Composable, choices: Choices) -> None:
    counted = sql.SQL("SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {})").format(
        chosen, sql.Identifier(table.relation)
    )
    many, rows = connection.execute(counted).fetchone() or (0, 0)
    allowed = min(choices.missing_rows, int(rows * choices.missing_percent / 100))
    if many > allowed:
        what = choices.on_missing[table.name]
        raise TooManyMissing(
            f"{table.name}: {many} rows are gone from FileMaker and would be {what}d, but no more than "
            f"{allowed} may be ({choices.missing_percent:g} % of {rows} rows, at most {choices.missing_rows}). "
            "Nothing was written. If FileMaker is right, raise missing_percent and missing_rows for this run."
        )
