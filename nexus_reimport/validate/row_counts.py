"""How many rows Nexus has, table by table, and how many of them point where. Reads only, every row."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import TABLES


@dataclass(frozen=True)
class RowCounts:
    """One table: rows that came from FileMaker by this line, the others, and rows that have each link."""

    ours: int
    others: int
    linked: dict[str, int]


def count_rows(url: str) -> dict[str, RowCounts]:
    """Return the census of each published table, of one instant. Raises PublicationError where it can't."""
    try:
        with reading(url, "counting") as connection:
            return {table.name: _count(connection, table) for table in TABLES}
    except psycopg.Error as error:
        raise PublicationError(f"Nexus's rows could not be counted ({type(error).__name__}).") from None


def _count(connection: Connection, table: Table) -> RowCounts:
    linked = [sql.SQL(", count({})").format(sql.Identifier("t", link.column)) for link in table.links]
    statement = sql.SQL("SELECT count(i.id), count(*){} FROM {} t {}").format(
        sql.Composed(linked),
        sql.Identifier(table.relation),
        _IDENTITIES.format(sql.Literal(table.name)),
    )
    ours, total, *links = connection.execute(statement).fetchone() or (0, 0)
    columns = [link.column for link in table.links]
    return RowCounts(ours, total - ours, dict(zip(columns, links, strict=True)))


_IDENTITIES = sql.SQL("LEFT JOIN identities i ON i.table_name = {} AND i.id = t.id")
