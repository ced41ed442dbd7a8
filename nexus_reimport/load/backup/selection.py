"""Which rows of Nexus and of our own schema a backup holds, and the content hash of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.our_tables.migrations import SCHEMA
from nexus_reimport.model.columns import Table

# Those of our own relations that are kept whole: a rollback sets them back to exactly this.
_LEDGER = ("identities", "former_identities", "removed")


@dataclass(frozen=True)
class Selection:
    """Rows of one relation: all of them, or those whose id is in the temporary relation `touched`."""

    name: str
    relation: str
    touched: sql.Identifier | None = None

    @property
    def rows(self) -> sql.Composable:
        """The FROM clause, and what follows it, that gives the rows as `t`."""
        if self.touched is None:
            return whole(identifier(self.relation))
        return sql.SQL("FROM {} t WHERE EXISTS (SELECT FROM {} k WHERE k.id = t.id)").format(
            identifier(self.relation), self.touched
        )


@dataclass(frozen=True)
class Content:
    """How many rows there are, and their content hash."""

    rows: int
    content: str


def identifier(relation: str) -> sql.Identifier:
    """Return a relation's name for SQL, as a manifest has it: with its schema where that is ours."""
    return sql.Identifier(*relation.split(".", 1))


def whole(relation: sql.Identifier) -> sql.Composed:
    """Return the FROM clause that gives every row of a relation as `t`."""
    return sql.SQL("FROM {} t").format(relation)


def touched_rows(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation `(id, action)` of rows about to be touched."""
    return sql.Identifier(f"touched_{table.name}")


def selections(tables: Sequence[Table]) -> list[Selection]:
    """Return what a backup holds where these tables are about to be published to."""
    rows = [Selection(table.name, table.relation, touched_rows(table)) for table in tables]
    own = [Selection(name, f"{SCHEMA}.{name}") for name in _LEDGER]
    digests = [
        Selection(f"written_{table.name}", f"{SCHEMA}.written_{table.name}", touched_rows(table))
        for table in tables
    ]
    return [*rows, *own, *digests]


def columns(connection: Connection, relation: str) -> tuple[str, ...]:
    """Return the names of a relation's columns, in its order; none where there is no such relation."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum",
        [identifier(relation).as_string(connection)],
    )
    return tuple(name for (name,) in found)


def read_content(
    connection: Connection, rows: sql.Composable, names: Sequence[str], by_id: bool = True
) -> Content:
    """Return count and content hash of rows: SHA-256 over the digests of each, in the order of ids.

    `rows` is a FROM clause that names them `t`. Rows of relations whose `id` is no key are taken in the
    order of their digests; so are all where not `by_id`.
    """
    row = sql.SQL("md5(ROW({})::text)").format(_fields(names))
    statement = sql.SQL(
        """
        SELECT count(*), encode(sha256(convert_to(
            coalesce(string_agg(d, '' ORDER BY {order}), ''), 'UTF8')), 'hex')
        FROM (SELECT {key} AS id, {row} COLLATE "C" AS d {rows}) s
        """
    )
    has_key = by_id and "id" in names and "table_name" not in names
    found = connection.execute(
        statement.format(
            order=sql.SQL("id" if has_key else "d"),
            key=sql.SQL("t.id" if has_key else "NULL"),
            row=row,
            rows=rows,
        )
    ).fetchone()
    return Content(*(found or (0, "")))


def copy_out(selection: Selection, names: Sequence[str]) -> sql.Composed:
    """Return the COPY statement that gives a selection's rows, by id where there is one."""
    order = sql.SQL("" if "id" not in names else "ORDER BY t.id")
    return sql.SQL("COPY (SELECT {} {} {}) TO STDOUT").format(_fields(names), selection.rows, order)


def copy_in(relation: sql.Identifier, names: Sequence[str]) -> sql.Composed:
    """Return the COPY statement that takes such rows into a relation."""
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(relation, listed)


def _fields(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier("t", name) for name in names)
