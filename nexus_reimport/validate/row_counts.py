"""How many rows Nexus has, table by table, and how many of them point where. Reads only, every row."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from nexus_reimport.load.database.connection import Connection, read_only_snapshot
from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.load.state import ledger
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import TABLES


@dataclass(frozen=True)
class Census:
    """One table: rows that came from FileMaker by this line, the others, and rows that have each link."""

    ours: int
    others: int
    linked: dict[str, int]


def count_rows(url: str) -> dict[str, Census]:
    """Return the census of each published table, of one instant. Raises PublicationError where it can't."""
    try:
        with read_only_snapshot(url, "counting") as connection:
            known = ledger.exists(connection)
            return {table.name: _count(connection, table, known=known) for table in TABLES}
    except psycopg.Error as error:
        raise PublicationError(f"Nexus's rows could not be counted ({type(error).__name__}).") from None


def _count(connection: Connection, table: Table, *, known: bool) -> Census:
    """Count one table; before the first publication no row is known to be ours."""
    linked = [sql.SQL(", count({})").format(sql.Identifier("t", link.column)) for link in table.links]
    statement = sql.SQL("SELECT {}, count(*){} FROM {} t {}").format(
        sql.SQL("count(i.id)" if known else "0"),
        sql.Composed(linked),
        sql.Identifier(table.relation),
        _IDENTITIES.format(sql.Literal(table.name)) if known else sql.SQL(""),
    )
    ours, total, *links = connection.execute(statement).fetchone() or (0, 0)
    columns = [link.column for link in table.links]
    return Census(ours, total - ours, dict(zip(columns, links, strict=True)))


_IDENTITIES = sql.SQL("LEFT JOIN nexus_reimport.identities i ON i.table_name = {} AND i.id = t.id")
