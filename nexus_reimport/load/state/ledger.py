"""Our own schema in the Nexus database: identities, publications, and digests of each row as last written.

It is in the same database as the rows it speaks of, so that it commits with them or not at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, LiteralString

from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.database.grants.owner import let_owner_read
from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.counts import TableCounts
from nexus_reimport.model.nexus import TABLES

SCHEMA = "nexus_reimport"

# By name: columns, and what the relation is for. Keys are compared as bytes: no language orders them, and
# looking them up costs half.
_RELATIONS = {
    "publications": (
        """
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run_id text NOT NULL,
        as_of timestamptz NOT NULL,
        published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        tables jsonb NOT NULL,
        kind text NOT NULL DEFAULT 'publication',
        plan_id text,
        backup text,
        undoes bigint[] NOT NULL DEFAULT '{}',
        undone_by bigint,
        code text,
        sources jsonb NOT NULL DEFAULT '{}',
        changes jsonb NOT NULL DEFAULT '{}'
        """,
        "One row per reimport or rollback that wrote something: its run, its counts, and what sources said.",
    ),
    "changes": (
        """
        publication bigint NOT NULL,
        table_name text COLLATE "C" NOT NULL,
        id uuid NOT NULL,
        action text NOT NULL,
        before uuid,
        after uuid,
        PRIMARY KEY (publication, table_name, id)
        """,
        "Every row that a publication touched, with a digest of it before and after; null: not there.",
    ),
    "identities": (
        """
        table_name text COLLATE "C" NOT NULL,
        source_key text COLLATE "C" NOT NULL,
        id uuid NOT NULL,
        PRIMARY KEY (table_name, source_key),
        UNIQUE (table_name, id)
        """,
        "Which UUID a FileMaker id has in Nexus, for ever; outlives the row itself.",
    ),
    "former_identities": (
        "id uuid PRIMARY KEY, source_key text NOT NULL",
        "UUIDs that patients had in earlier imports, from old backups, and their FileMaker ids.",
    ),
    "removed": (
        """
        run_id text NOT NULL,
        table_name text NOT NULL,
        id uuid NOT NULL,
        row jsonb NOT NULL,
        removed_at timestamptz NOT NULL DEFAULT clock_timestamp()
        """,
        "Rows that a reimport took out of their table, whole.",
    ),
}
# What publications had not from the start: each column's type and constraint, and its value where it is not.
_LATER_COLUMNS: dict[str, tuple[LiteralString, LiteralString]] = {
    "kind": ("text NOT NULL DEFAULT 'publication'", "'publication'::text"),
    "plan_id": ("text", "NULL::text"),
    "backup": ("text", "NULL::text"),
    "undoes": ("bigint[] NOT NULL DEFAULT '{}'", "'{}'::bigint[]"),
    "undone_by": ("bigint", "NULL::bigint"),
    "code": ("text", "NULL::text"),
    "sources": ("jsonb NOT NULL DEFAULT '{}'", "'{}'::jsonb"),
    "changes": ("jsonb NOT NULL DEFAULT '{}'", "'{}'::jsonb"),
}
_FIRST_COLUMNS = ("id", "run_id", "as_of", "published_at", "tables")


def digests(table: Table) -> sql.Identifier:
    """Return the name of the relation with the digests of a table's rows as last written."""
    return sql.Identifier(SCHEMA, f"written_{table.name}")


def exists(connection: Connection, relation: str = "identities") -> bool:
    """Say whether an earlier publication has made the schema, or one relation of it."""
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{SCHEMA}.{relation}"]).fetchone()
    return bool(row and row[0])


def prepare(connection: Connection) -> None:
    """Make what is missing of the schema, in the caller's transaction; what is there stays as it is.

    The owner of Nexus's tables may read it.
    """
    if not exists(connection):
        connection.execute("CREATE SCHEMA IF NOT EXISTS nexus_reimport")
    present = _present(connection)
    for name in _RELATIONS:
        if name not in present:
            _create(connection, SCHEMA, name)
    if lacking := _lacking(present):
        connection.execute(_completed_publications(lacking))
    for table in TABLES:
        have = present.get(f"written_{table.name}", set())
        if not have:
            connection.execute(_digest_table(SCHEMA, table))
        elif missing := [name for name in _digest_columns(table) if name not in have]:
            connection.execute(_more_digests(table, missing))
    let_owner_read(connection)


def stand_in(connection: Connection) -> None:
    """Put a temporary relation in the place of each that there isn't yet, or that is of an older release.

    For who only reads: empty, or what is there as this release will have it. A publication then makes the
    same of it for good.
    """
    present = _present(connection)
    for name in _RELATIONS:
        if name not in present:
            _create(connection, "pg_temp", name)
    if lacking := _lacking(present):
        connection.execute(_publications_seen_complete(lacking))
    for table in TABLES:
        have = present.get(f"written_{table.name}")
        if have is None:
            connection.execute(_digest_table("pg_temp", table))
        elif not have.issuperset(_digest_columns(table)):
            connection.execute(_completed_digests(table, have))


def bring_in_sight(connection: Connection) -> None:
    """Let the ledger's relations be named without their schema, until the transaction ends."""
    connection.execute(
        "SELECT set_config('search_path', 'nexus_reimport, ' || current_setting('search_path'), true)"
    )


def _present(connection: Connection) -> dict[str, set[str]]:
    """Return the columns of each relation of the schema that there is."""
    present: dict[str, set[str]] = {}
    # Not information_schema: that shows nothing of what the role may not read.
    rows = connection.execute(
        """
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        """,
        [SCHEMA],
    )
    for relation, column in rows:
        present.setdefault(str(relation), set()).add(str(column))
    return present


def _create(connection: Connection, schema: str, name: str) -> None:
    columns, meaning = _RELATIONS[name]
    relation = sql.Identifier(schema, name)
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(relation, sql.SQL(columns)))
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(relation, sql.Literal(meaning)))


def _lacking(present: Mapping[str, set[str]]) -> list[str]:
    """Return the columns that publications of an older release lack; none where the relation is not there."""
    have = present.get("publications", set(_LATER_COLUMNS))
    return [name for name in _LATER_COLUMNS if name not in have]


def _completed_publications(lacking: list[str]) -> sql.Composed:
    added = (
        sql.SQL("ADD COLUMN {} {}").format(sql.Identifier(name), sql.SQL(_LATER_COLUMNS[name][0]))
        for name in lacking
    )
    return sql.SQL("ALTER TABLE nexus_reimport.publications {}").format(sql.SQL(", ").join(added))


def _publications_seen_complete(lacking: list[str]) -> sql.Composed:
    columns = (
        sql.SQL("{} AS {}").format(
            sql.SQL(_LATER_COLUMNS[name][1]) if name in lacking else sql.Identifier(name),
            sql.Identifier(name),
        )
        for name in (*_FIRST_COLUMNS, *_LATER_COLUMNS)
    )
    return sql.SQL("CREATE TEMPORARY VIEW publications AS SELECT {} FROM nexus_reimport.publications").format(
        sql.SQL(", ").join(columns)
    )


def _digest_columns(table: Table) -> dict[str, LiteralString]:
    """Return the columns of a table's digests, beside those of the row, with their types."""
    return {
        **{column.name: "uuid" for column in table.named("source")},
        **{entries_column(column): "uuid[]" for column in table.made_of_entries},
    }


def entries_column(column: Column) -> str:
    """Return the name of the column with the digests of the entries that a value had as last written.

    Null where they are not known: an older release wrote the value.
    """
    return f"entries_{column.name}"


def _digest_table(schema: str, table: Table) -> sql.Composed:
    return sql.SQL("CREATE TABLE {} (id uuid PRIMARY KEY, whole uuid, {})").format(
        sql.Identifier(schema, f"written_{table.name}"), _defined(table, _digest_columns(table))
    )


def _completed_digests(table: Table, have: set[str]) -> sql.Composed:
    columns = (
        sql.SQL("{}" if name in have else f"NULL::{kind} AS {{}}").format(sql.Identifier(name))
        for name, kind in _digest_columns(table).items()
    )
    return sql.SQL("CREATE TEMPORARY VIEW {} AS SELECT id, whole, {} FROM {}").format(
        sql.Identifier(f"written_{table.name}"), sql.SQL(", ").join(columns), digests(table)
    )


def _more_digests(table: Table, names: list[str]) -> sql.Composed:
    added = [sql.SQL("ADD COLUMN {}").format(_defined(table, [name])) for name in names]
    return sql.SQL("ALTER TABLE {} {}").format(digests(table), sql.SQL(", ").join(added))


def _defined(table: Table, names: Iterable[str]) -> sql.Composed:
    kinds = _digest_columns(table)
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kinds[name])) for name in names
    )


@dataclass(frozen=True)
class Entry:
    """What is written down of a publication or rollback, beside its counts. `as_of`: the run's instant."""

    run_id: str
    as_of: datetime
    kind: Literal["publication", "rollback"] = "publication"
    plan_id: str | None = None
    backup: str | None = None
    undoes: tuple[int, ...] = ()


def record(
    connection: Connection, entry: Entry, counts: Mapping[str, TableCounts], cut: Mapping[str, int]
) -> int:
    """Write down a publication inside its own transaction and return its number.

    `rows` is what the next run may not fall far short of: rows that a limit left out are in it.
    """
    tables = {name: {**asdict(one), "rows": one.rows + cut.get(name, 0)} for name, one in counts.items()}
    return write_entry(connection, entry, tables)


def write_entry(connection: Connection, entry: Entry, tables: Mapping[str, Mapping[str, int]]) -> int:
    """Write down a publication or rollback, with counts by table, and return its number."""
    row = connection.execute(
        """
        INSERT INTO nexus_reimport.publications (run_id, as_of, tables, kind, plan_id, backup, undoes)
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
            INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after)
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
