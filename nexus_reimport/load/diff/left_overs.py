"""Rows of older imports without a partner in FileMaker: reported, unless the run says otherwise by name.

A left-over bears the marks of an older import, was not adopted and has no identity. It may be removed if
nobody has worked on it since and nothing that stays points at it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import LiteralString

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import limits, merge, references, repair
from nexus_reimport.load.diff.older_imports import imported, untouched
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import APPOINTMENTS, IMAGE_BATCHES, IMAGES, TABLES
from nexus_reimport.model.options import Options
from nexus_reimport.transform.imported_keys import FETCHED_IMAGES_PREFIX, IMAGES_PREFIX

# The UUIDs in the S3 key of the row `t`.
_UUIDS = sql.SQL("regexp_matches(lower(t.s3_key), '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}', 'g') m")

# By which names a row without an identity says which FileMaker record it is: an array.
_SAYS_IT_IS: Mapping[str, LiteralString] = MappingProxyType(
    {
        "patients": r"""
            ARRAY[lower(btrim(t.filemaker_metadata->>'filemaker_id')),
                lower(substring(t.notes FROM '"filemaker_id"\s*:\s*"([^"]*)"'))]
        """,
        "appointments": "ARRAY[t.filemaker_event_id::text]",
        "documents": "ARRAY(SELECT m[1] FROM {uuids}) || t.filemaker_id::text",
    }
)

_FIND = """
    INSERT INTO {left_over} (id)
    SELECT t.id FROM {target} t
    WHERE {imported} AND NOT EXISTS (SELECT FROM {staged} s WHERE s.id = t.id)
        AND NOT EXISTS (SELECT FROM identities i WHERE i.table_name = {name} AND i.id = t.id)
        AND NOT EXISTS (SELECT FROM {removed} x WHERE x.id = t.id) AND NOT {rejected}
"""

# The picture is in Nexus under another row: by its file, or by FileMaker's id of it. A fetched image may be
# the only row of its picture, and its file in S3 is not among those that are linked.
_PICTURE_IS_STAGED: LiteralString = """
    (t.s3_key IN (SELECT s.s3_key FROM staged_images s)
        OR t.filemaker_id::text IN (SELECT s.source_key FROM staged_images s)
        OR EXISTS (SELECT FROM {uuids} WHERE m[1] IN (SELECT s.source_key FROM staged_images s))
        OR NOT starts_with(t.s3_key, {fetched}))
"""

# A person may have booked without a reason and a type. A script wrote one appointment after another, and what
# is at the very start of one of ours says nothing more. A double click made the same one twice.
_A_SCRIPT_MADE_IT: LiteralString = """
    (t.filemaker_event_id IS NOT NULL
        OR (t.patient_id, t.start_time) IN (SELECT s.patient_id, s.start_time FROM staged_appointments s)
        OR t.id IN (SELECT g.id FROM (
                SELECT a.id, a.created_at, a.patient_id, a.start_time,
                    lag(a.created_at) OVER w AS before_at, lag(a.patient_id) OVER w AS before_of,
                    lag(a.start_time) OVER w AS before_start,
                    lead(a.created_at) OVER w AS after_at, lead(a.patient_id) OVER w AS after_of,
                    lead(a.start_time) OVER w AS after_start
                FROM appointments a WHERE {imported} AND NOT EXISTS (
                    SELECT FROM identities i WHERE i.table_name = 'appointments' AND i.id = a.id)
                WINDOW w AS (ORDER BY a.created_at, a.id)) g
            WHERE g.before_at >= g.created_at - interval '5 s'
                    AND (g.before_of, g.before_start) IS DISTINCT FROM (g.patient_id, g.start_time)
                OR g.after_at <= g.created_at + interval '5 s'
                    AND (g.after_of, g.after_start) IS DISTINCT FROM (g.patient_id, g.start_time)))
"""


def left_over(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with a table's left-overs."""
    return sql.Identifier(f"left_over_{table.name}")


def create_left_overs() -> list[sql.Composable]:
    """Return DDL for the temporary relations of left-overs."""
    ids = sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY)")
    return [ids.format(left_over(table)) for table in TABLES]


def find(connection: Connection, table: Table, rejected: Sequence[str], named: Sequence[str]) -> None:
    """Find the left-overs of a table that is published, when it is known what the repair takes out.

    What was read and rejected (`rejected`: source keys), or is an image file that some metadata names
    (`named`: stems), has a partner, if one that is not published.
    """
    ours = merge.staged(table) if table is APPOINTMENTS else None
    statement = sql.SQL(_FIND).format(
        left_over=left_over(table),
        target=sql.Identifier(table.relation),
        imported=imported(table, ours=ours),
        staged=merge.staged(table),
        name=sql.Literal(table.name),
        removed=repair.removed(table),
        rejected=_is_rejected(table, rejected, named),
    )
    connection.execute(statement)


def decide_left_overs(connection: Connection, table: Table, options: Options) -> None:
    """Decide which left-overs of a table are removed. Raises TooManyLeftOver where the run's limits say no.

    Tables whose rows point at others come first. A batch goes when it is empty, which the repair decides.
    """
    if options.word("older_imports", table.name) != "remove" or table is IMAGE_BATCHES:
        return
    conditions: list[sql.Composable] = [
        untouched(table),
        references.nothing_points_at(connection, table),
    ]
    if table is IMAGES:
        conditions.append(_picture_is_staged())
    if table is APPOINTMENTS:
        marks = imported(APPOINTMENTS, "a", merge.staged(APPOINTMENTS))
        conditions.append(sql.SQL(_A_SCRIPT_MADE_IT).format(imported=marks))
    statement = sql.SQL("INSERT INTO {} (id) SELECT t.id FROM {} t JOIN {} l ON l.id = t.id WHERE {}").format(
        repair.removed(table),
        sql.Identifier(table.relation),
        left_over(table),
        sql.SQL(" AND ").join(conditions),
    )
    gone = connection.execute(statement).rowcount
    limits.refuse_too_many_left_over(connection, table, gone, options)


def staying(table: Table) -> sql.Composed:
    """Return a relation with the ids of the left-overs that stay in Nexus."""
    return sql.SQL("(SELECT l.id FROM {} l WHERE NOT EXISTS (SELECT FROM {} x WHERE x.id = l.id))").format(
        left_over(table), repair.removed(table)
    )


def _is_rejected(table: Table, rejected: Sequence[str], named: Sequence[str]) -> sql.Composable:
    if table is IMAGES:
        in_bulk = sql.SQL("starts_with(t.s3_key, {})").format(sql.Literal(IMAGES_PREFIX))
        return sql.SQL("({} AND {} = ANY ({}))").format(
            in_bulk, sql.SQL(repair.STEM), sql.Literal(list(named))
        )
    says = _SAYS_IT_IS.get(table.name)
    if says is None or not rejected:
        return sql.SQL("false")
    names = sql.SQL(says).format(uuids=_UUIDS)
    return sql.SQL("coalesce({} && {}, false)").format(names, sql.Literal(list(rejected)))


def _picture_is_staged() -> sql.Composed:
    return sql.SQL(_PICTURE_IS_STAGED).format(uuids=_UUIDS, fetched=sql.Literal(FETCHED_IMAGES_PREFIX))
