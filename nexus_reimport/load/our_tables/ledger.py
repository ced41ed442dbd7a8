"""What is written down of a publication or rollback in our own schema: its counts, and each row it touched.

It is in the same database as the rows it speaks of, so that it commits with them or not at all.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.counts import TableCounts


def entries_column(column: Column) -> str:
    """Return the name of the column with the digests of the entries that a value had as last written.

    Null where they are not known: an older release wrote the value.
    """
    return f"entries_{column.name}"


def has_published(connection: Connection) -> bool:
    """Say whether anything was published yet: before that, what is wrong in Nexus is none of ours."""
    return connection.execute("SELECT FROM publications LIMIT 1").fetchone() is not None


@dataclass(frozen=True)
class PublicationEntry:
    """What is written down of a publication or rollback, beside its counts. `as_of`: the run's instant."""

    run_id: str
    as_of: datetime
    kind: Literal["publication", "rollback"] = "publication"
    plan_id: str | None = None
    backup: str | None = None
    undoes: tuple[int, ...] = ()


def record(
    connection: Connection, entry: PublicationEntry, counts: Mapping[str, TableCounts], cut: Mapping[str, int]
) -> int:
    """Write down a publication inside its own transaction and return its number.

    `rows` is what the next run may not fall far short of: rows that a limit left out are in it.
    """
    tables = {name: {**asdict(one), "rows": one.rows + cut.get(name, 0)} for name, one in counts.items()}
    return write_entry(connection, entry, tables)


def write_entry(
    connection: Connection, entry: PublicationEntry, tables: Mapping[str, Mapping[str, int]]
) -> int:
    """Write down a publication or rollback, with counts by table, and return its number."""
    row = connection.execute(
        """
        INSERT INTO publications (run_id, as_of, tables, kind, plan_id, backup, undoes)
        VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id
        """,
        [
            entry.run_id,
            entry.as_of,
            Jsonb(dict(tables)),
            entry.kind,
            entry.plan_id,
            entry.backup,
            list(entry.undoes),
        ],
    ).fetchone()
    if row is None:  # pragma: no cover - an INSERT … RETURNING gives its row or raises
        raise AssertionError("no number was given to the publication")
    return int(row[0])


def record_changes(connection: Connection, publication: int, table: Table) -> None:
    """Write down each touched row of a table with its digests: as it was decided on, and as it is now."""
    connection.execute(
        sql.SQL(
            """
            INSERT INTO changes (publication, table_name, id, action, before, after)
            SELECT {publication}, {name}, x.id, x.action, x.before, md5(t::text)::uuid
            FROM {touched} x LEFT JOIN {target} t ON t.id = x.id
            """
        ).format(
            publication=sql.Literal(publication),
            name=sql.Literal(table.name),
            touched=touched(table),
            target=sql.Identifier(table.relation),
        )
    )


def touched(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with the rows that are to be touched: id, action, before."""
    return sql.Identifier(f"touched_{table.name}")
