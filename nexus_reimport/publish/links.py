"""Proof by SQL that rows point at rows that are there, those links included that PostgreSQL doesn't know."""

from dataclasses import dataclass

from psycopg import sql

from nexus_reimport.publish.connection import Connection
from nexus_reimport.schemas.columns import Link, Table


@dataclass(frozen=True)
class LinkCount:
    """How many rows point, by one column, at a row that isn't there.

    `ours` came from FileMaker, `others` did not. `left`: asked of a publication, those of ours that it
    neither stages nor touches: FileMaker has them no more, and what they point at was deleted in Nexus.
    """

    table: str
    column: str
    ours: int
    others: int
    left: int = 0


def count_broken(connection: Connection, table: Table) -> list[LinkCount]:
    """Count the broken links of all rows of a table, one entry a link; reads only, every row."""
    return [_count(connection, table, link, sql.SQL("true")) for link in table.links]


def count_published_broken(connection: Connection, table: Table) -> list[LinkCount]:
    """Count the same inside a publication, its own rows told apart from those that it leaves as they are."""
    own = sql.SQL(
        "(EXISTS (SELECT FROM {} s WHERE s.id = c.id) OR EXISTS (SELECT FROM {} x WHERE x.id = c.id))"
    ).format(sql.Identifier(f"staged_{table.name}"), sql.Identifier(f"touched_{table.name}"))
    return [_count(connection, table, link, own) for link in table.links]


def _count(connection: Connection, table: Table, link: Link, own: sql.Composable) -> LinkCount:
    statement = sql.SQL(
        """
        SELECT count(*) FILTER (WHERE i.id IS NOT NULL AND {own}), count(*) FILTER (WHERE i.id IS NULL),
            count(*) FILTER (WHERE i.id IS NOT NULL AND NOT {own})
        FROM {child} c LEFT JOIN nexus_reimport.identities i ON i.table_name = {name} AND i.id = c.id
        WHERE c.{column} IS NOT NULL AND {generic}
            AND NOT EXISTS (SELECT FROM {parent} p WHERE p.id = c.{column})
        """
    ).format(
        child=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        column=sql.Identifier(link.column),
        parent=sql.Identifier(link.relation),
        generic=points_at_patients(table),
        own=own,
    )
    row = connection.execute(statement).fetchone() or (0, 0, 0)
    return LinkCount(table.name, link.column, ours=row[0], others=row[1], left=row[2])


def points_at_patients(table: Table) -> sql.Composable:
    """Say of the row `c` that its link is to a patient, where it could be to a row of another kind."""
    if not any(column.name == "content_type_id" for column in table.columns):
        return sql.SQL("true")
    return sql.SQL(
        "c.content_type_id = (SELECT id FROM django_content_type"
        " WHERE app_label = 'patients' AND model = 'patient')"
    )
