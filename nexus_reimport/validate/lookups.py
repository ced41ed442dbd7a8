"""Rows of Nexus that a person may want to look up after a publication, by id. Reads only."""

from dataclasses import dataclass

from psycopg import sql

from nexus_reimport.load.diff.links import points_at_patients
from nexus_reimport.load.our_tables.ledger import has_published
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.model.columns import Link, Table
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES
from nexus_reimport.model.reasons.nexus_rows import (
    EMPTY_BATCH,
    GONE_FROM_FILEMAKER,
    POINTS_AT_NOBODY,
    WITHOUT_PARTNER,
)
from nexus_reimport.model.reasons.reason import Reason


@dataclass(frozen=True)
class RemovedRow:
    """A row that left a table: its id, where its file is in S3 (if it has one), the column to blame, why."""

    id: str
    s3_key: str | None
    field: str
    reason: Reason


@dataclass(frozen=True)
class UnlinkedRow:
    """A row that people made and that points, by one column, at a row that isn't there."""

    table: str
    id: str
    field: str


# Rows that had been published: FileMaker had them no more.
_GONE = ("id", GONE_FROM_FILEMAKER)
# The others were an older import's: damage, or without a partner in FileMaker.
DAMAGE = {
    IMAGES.name: ("batch_id", POINTS_AT_NOBODY),
    IMAGE_BATCHES.name: ("image_count", EMPTY_BATCH),
}
LEFT_OVER = ("id", WITHOUT_PARTNER)

# An image of a living patient's was not damage, nor was one that doubled a row of ours.
_WITHOUT_PARTNER = """
    r.table_name = 'images' AND (
        EXISTS (SELECT FROM patients p WHERE p.id = coalesce(
            (SELECT b.object_id FROM images_batch b WHERE b.id = (r.row ->> 'batch_id')::uuid),
            (SELECT (b.row ->> 'object_id')::uuid FROM removed b
                WHERE b.table_name = 'image_batches' AND b.row ->> 'id' = r.row ->> 'batch_id' LIMIT 1)))
        OR EXISTS (SELECT FROM images_image m WHERE m.s3_key = r.row ->> 's3_key')
        OR EXISTS (SELECT FROM identities i
            WHERE i.table_name = 'images' AND i.source_key = r.row ->> 'filemaker_id'))
"""


def read_removed(url: str, table: Table) -> list[RemovedRow]:
    """Return the rows that publications took out of a table and that are not in it again, in order of id."""
    statement = sql.SQL(
        """
        SELECT DISTINCT ON (r.id) r.id::text, r.row ->> 's3_key', EXISTS (
            SELECT FROM identities i WHERE i.table_name = r.table_name AND i.id = r.id),
            {without_partner}
        FROM removed r
        WHERE r.table_name = {name} AND NOT EXISTS (SELECT FROM {relation} t WHERE t.id = r.id) ORDER BY r.id
        """
    ).format(
        name=sql.Literal(table.name),
        relation=sql.Identifier(table.relation),
        without_partner=sql.SQL(_WITHOUT_PARTNER),
    )
    with reading(url, "status") as connection:
        rows = connection.execute(statement).fetchall()
    return [
        RemovedRow(row_id, s3_key, *_why(table, published=published, without_partner=without_partner))
        for row_id, s3_key, published, without_partner in rows
    ]


def _why(table: Table, *, published: bool, without_partner: bool) -> tuple[str, Reason]:
    if published:
        return _GONE
    return LEFT_OVER if without_partner else DAMAGE.get(table.name, LEFT_OVER)


def read_unlinked(url: str, table: Table) -> list[UnlinkedRow]:
    """Return the rows that people made in a table and that point at rows that aren't there, by id."""
    with reading(url, "status") as connection:
        if not has_published(connection):
            return []
        found = [
            UnlinkedRow(table.name, row_id, link.column)
            for link in table.links
            for (row_id,) in connection.execute(_unlinked(table, link)).fetchall()
        ]
    return sorted(found, key=lambda row: (row.id, row.field))


def _unlinked(table: Table, link: Link) -> sql.Composed:
    statement = sql.SQL(
        """
        SELECT c.id::text FROM {child} c
        WHERE c.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {parent} p WHERE p.id = c.{column})
            AND {generic} AND NOT EXISTS (SELECT FROM identities i
                WHERE i.table_name = {name} AND i.id = c.id)
        """
    )
    return statement.format(
        child=sql.Identifier(table.relation),
        column=sql.Identifier(link.column),
        parent=sql.Identifier(link.relation),
        generic=points_at_patients(table),
        name=sql.Literal(table.name),
    )
