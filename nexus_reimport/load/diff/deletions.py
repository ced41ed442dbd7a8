"""Rows that came from FileMaker and are there no more: kept, unless the run says otherwise by name.

Patients may be archived, by Nexus's own fields, and come back out when FileMaker has them again. Any row may
be removed if nobody has touched it since it was written and nothing that stays points at it.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge, references, repair
from nexus_reimport.load.diff.limits import refuse_too_many_missing
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES, TABLES
from nexus_reimport.model.options import Options

# Who archived a patient: ours alone are taken back.
ARCHIVED_BY = "FileMaker reimport: gone from FileMaker"

# What a row is called where it is read but rejected, if not by its source key.
_READ_AS: dict[str, LiteralString] = {
    IMAGE_BATCHES.name: "split_part(i.source_key, '/', 1)",
    IMAGES.name: repair.STEM,
}
_MISSING = """
    INSERT INTO {missing} (id)
    SELECT t.id FROM identities i JOIN {target} t ON t.id = i.id
    WHERE i.table_name = {name} AND {read_as} <> ALL (%s::text[])
        AND NOT EXISTS (SELECT FROM {staged} s WHERE s.source_key = i.source_key)
"""

# Whom we archived last and who is not archived now was taken back by a person.
_ARCHIVE = """
    INSERT INTO archived_patients (id, archived)
    SELECT t.id, true FROM patients t JOIN missing_patients m ON m.id = t.id
    LEFT JOIN (SELECT DISTINCT ON (c.id) c.id, c.action
            FROM changes c JOIN publications p ON p.id = c.publication JOIN missing_patients n ON n.id = c.id
            WHERE c.table_name = 'patients' AND p.kind = 'publication' AND p.undone_by IS NULL
            ORDER BY c.id, c.publication DESC) l ON l.id = t.id
    WHERE NOT t.archived AND l.action IS DISTINCT FROM 'archive'
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

# A publication made the row, and every change of it since is ours: each found it as the one before left it.
# Rows that were adopted may be a person's own, so they are never among these.
_AS_WE_LEFT_IT = """
    EXISTS (SELECT FROM (
            SELECT c.id, c.publication, c.before, c.after,
                lag(c.after) OVER (PARTITION BY c.id ORDER BY c.publication) AS left_as,
                max(c.publication) FILTER (WHERE c.action = 'insert' AND p.kind = 'publication')
                    OVER (PARTITION BY c.id) AS made
            FROM changes c JOIN publications p ON p.id = c.publication JOIN {missing} n ON n.id = c.id
            WHERE c.table_name = {name}) h
        WHERE h.id = t.id AND h.publication >= h.made
        GROUP BY h.id
        HAVING bool_and(h.publication = h.made OR h.before IS NOT DISTINCT FROM h.left_as)
            AND (array_agg(h.after ORDER BY h.publication DESC))[1] = md5(t::text)::uuid)
"""


def missing(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with our rows that are gone from the source."""
    return sql.Identifier(f"missing_{table.name}")


def create_deletions() -> list[sql.Composable]:
    """Return DDL for the temporary relations of what is missing."""
    ids = sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY)")
    archived = "CREATE TEMPORARY TABLE archived_patients (id uuid PRIMARY KEY, archived boolean NOT NULL)"
    relations = [relation for table in TABLES for relation in (missing(table), repair.removed(table))]
    return [*(ids.format(relation) for relation in relations), sql.SQL(archived)]


def find_missing(connection: Connection, table: Table, rejected: Sequence[str]) -> None:
    """Find the rows with an identity, still in Nexus, whose key is neither staged nor rejected.

    `rejected`: source keys; of images the stems of their files, of batches the patients that are not read.
    """
    statement = sql.SQL(_MISSING).format(
        missing=missing(table),
        target=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        staged=merge.staged(table),
        read_as=sql.SQL(_READ_AS.get(table.name, "i.source_key")),
    )
    connection.execute(statement, [list(rejected)])


def bring_back(connection: Connection) -> None:
    """Decide which patients come out of the archive again: those whom FileMaker has, if we archived them."""
    connection.execute(_TAKE_BACK, [ARCHIVED_BY])


def decide_missing(connection: Connection, table: Table, options: Options, named: list[str]) -> None:
    """Decide what of a table is archived or removed. Raises TooManyMissing where the run's limits say no.

    Tables whose rows point at others come first, so that a patient can go along with what is theirs. `named`:
    stems of image files that some metadata names; their rows stay.
    """
    wanted = options.word("on_missing", table.name)
    if wanted == "archive":
        gone = connection.execute(_ARCHIVE).rowcount
        refuse_too_many_missing(connection, table, gone, options)
    elif wanted == "remove":
        gone = _decide_removals(connection, table, named if table is IMAGES else [])
        refuse_too_many_missing(connection, table, gone, options)


def apply_archiving(connection: Connection, as_of: object) -> None:
    """Archive patients, and take back, as decided; `as_of` is the run's instant."""
    connection.execute(_APPLY_ARCHIVE, {"as_of": as_of, "by": ARCHIVED_BY})


def _decide_removals(connection: Connection, table: Table, named: list[str]) -> int:
    conditions: list[sql.Composable] = [
        sql.SQL(_AS_WE_LEFT_IT).format(name=sql.Literal(table.name), missing=missing(table)),
        references.nothing_points_at(connection, table),
    ]
    if named:
        conditions.append(sql.SQL("{} <> ALL ({}::text[])").format(sql.SQL(repair.STEM), sql.Literal(named)))
    statement = sql.SQL(
        "INSERT INTO {} (id) SELECT t.id FROM {} t JOIN {} m ON m.id = t.id WHERE {} ON CONFLICT DO NOTHING"
    ).format(
        repair.removed(table),
        sql.Identifier(table.relation),
        missing(table),
        sql.SQL(" AND ").join(conditions),
    )
    connection.execute(statement)
    counted = sql.SQL("SELECT count(*) FROM {} x JOIN {} m USING (id)")
    row = connection.execute(counted.format(repair.removed(table), missing(table))).fetchone()
    return int(row[0]) if row else 0
