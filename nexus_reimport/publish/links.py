"""Proof by SQL that rows point at rows that are there, those links included that PostgreSQL doesn't know."""

from dataclasses import dataclass

from psycopg import sql

from nexus_reimport.publish.connection import Connection
from nexus_reimport.schemas.columns import Link, Table


@dataclass(frozen=True)
class LinkCount:
    """How many rows point, by one column, at a row that isn't there; `ours` came from FileMaker."""

    table: str
    column: str
    ours: int
    others: int


def count_broken(connection: Connection, table: Table) -> list[LinkCount]:
    """Count the broken links of all rows of a table, one entry a link; reads only, every row."""
    return [_count(connection, table, link) for link in table.links]


def _count(connection: Connection, table: Table, link: Link) -> LinkCount:
    statement = sql.SQL(
        """
        SELECT count(*) FILTER (WHERE i.id IS NOT NULL), count(*) FILTER (WHERE i.id IS NULL)
        FROM {child} c LEFT JOIN nexus_reimport.identities i ON i.table_name = {name} AND i.id = c.id
        WHERE c.{column} IS NOT NULL AND {generic}
            AND NOT EXISTS (SELECT FROM {parent} p WHERE p.id = c.{column})
        """
    ).format(
        child=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        column=sql.Identifier(link.column),
        parent=sql.Identifier(link.relation),
        generic=_points_at_patients(table),
    )
    row = connection.execute(statement).fetchone() or (0, 0)
    return LinkCount(table.name, link.column, ours=row[0], others=row[1])


def _points_at_patients(table: Table) -> sql.Composable:
    if not any(column.name == "content_type_id" for column in table.columns):
        return sql.SQL("true")
    return sql.SQL(
        "c.content_type_id = (SELECT id FROM django_content_type"
        " WHERE app_label = 'patients' AND model = 'patient')"
    )
