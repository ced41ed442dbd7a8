"""Our own schema in the Nexus database: identities, publications, and digests of each row as last written.

It is in the same database as the rows it speaks of, so that it commits with them or not at all.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.publish.connection import Connection
from nexus_reimport.schemas.columns import Table
from nexus_reimport.schemas.nexus import TABLES

SCHEMA = "nexus_reimport"

_RELATIONS = {
    "publications": """
        CREATE TABLE nexus_reimport.publications (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            run_id text NOT NULL,
            as_of timestamptz NOT NULL,
            published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            tables jsonb NOT NULL
        );
        COMMENT ON TABLE nexus_reimport.publications IS
            'One row per reimport that wrote something: its run and counts.';
    """,
    "identities": """
        CREATE TABLE nexus_reimport.identities (
            table_name text NOT NULL,
            source_key text NOT NULL,
            id uuid NOT NULL,
            PRIMARY KEY (table_name, source_key),
            UNIQUE (table_name, id)
        );
        COMMENT ON TABLE nexus_reimport.identities IS
            'Which UUID a FileMaker id has in Nexus, for ever; outlives the row itself.';
    """,
    "former_identities": """
        CREATE TABLE nexus_reimport.former_identities (
            id uuid PRIMARY KEY,
            source_key text NOT NULL
        );
        COMMENT ON TABLE nexus_reimport.former_identities IS
            'UUIDs that patients had in earlier imports, from old backups, and their FileMaker ids.';
    """,
    "removed": """
        CREATE TABLE nexus_reimport.removed (
            run_id text NOT NULL,
            table_name text NOT NULL,
            id uuid NOT NULL,
            row jsonb NOT NULL,
            removed_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        COMMENT ON TABLE nexus_reimport.removed IS 'Rows that a reimport took out of their table, whole.';
    """,
}


@dataclass(frozen=True)
class TableCounts:
    """What a publication did to one table, in rows.

    `read` = `inserted` + `updated` + `unchanged` + `rejected`. `missing`: published earlier, still in
    Nexus, no longer at the source. `conflicts`: rows with a field that both sides changed; the person's
    stays. `edits_kept`: rows with a field that only a person changed. `restored`: of the inserted, those
    that came back under the UUID they had. `relinked`: people's rows that pointed at a former UUID of a
    patient. `removed`: imported rows that pointed at nobody, kept in `nexus_reimport.removed`.
    """

    read: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    missing: int
    conflicts: int
    edits_kept: int
    restored: int
    relinked: int = 0
    removed: int = 0

    @property
    def rows(self) -> int:
        """Rows that Nexus holds from this source after the publication."""
        return self.read - self.rejected

    @property
    def written(self) -> int:
        """Rows that the publication wrote."""
        return self.inserted + self.updated


def digests(table: Table) -> sql.Identifier:
    """Return the name of the relation with the digests of a table's rows as last written."""
    return sql.Identifier(SCHEMA, f"written_{table.name}")


def exists(connection: Connection, relation: str = "identities") -> bool:
    """Say whether an earlier publication has made the schema, or one relation of it."""
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{SCHEMA}.{relation}"]).fetchone()
    return bool(row and row[0])


def prepare(connection: Connection) -> None:
    """Make what is missing of the schema, in the caller's transaction; what is there stays as it is."""
    if not exists(connection):
        connection.execute("CREATE SCHEMA IF NOT EXISTS nexus_reimport")
    present = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s", [SCHEMA]
    ).fetchall()
    relations = {relation for relation, _ in present}
    for name, statement in _RELATIONS.items():
        if name not in relations:
            connection.execute(statement)
    for table in TABLES:
        have = {column for relation, column in present if relation == f"written_{table.name}"}
        if not have:
            connection.execute(_digest_table(table))
        elif missing := [c.name for c in table.named("source") if c.name not in have]:
            connection.execute(_more_digests(table, missing))


def _digest_table(table: Table) -> sql.Composed:
    columns = [sql.SQL("{} uuid").format(sql.Identifier(c.name)) for c in table.named("source")]
    return sql.SQL("CREATE TABLE {} (id uuid PRIMARY KEY, whole uuid, {})").format(
        digests(table), sql.SQL(", ").join(columns)
    )


def _more_digests(table: Table, names: list[str]) -> sql.Composed:
    added = [sql.SQL("ADD COLUMN {} uuid").format(sql.Identifier(name)) for name in names]
    return sql.SQL("ALTER TABLE {} {}").format(digests(table), sql.SQL(", ").join(added))


def record(
    connection: Connection,
    run_id: str,
    as_of: datetime,
    counts: dict[str, TableCounts],
    cut: dict[str, int],
) -> int:
    """Write down a publication inside its own transaction and return its number.

    `rows` is what the next run may not fall far short of: rows that a limit left out are in it.
    """
    tables = Jsonb({name: {**asdict(c), "rows": c.rows + cut[name]} for name, c in counts.items()})
    row = connection.execute(
        "INSERT INTO nexus_reimport.publications (run_id, as_of, tables) VALUES (%s, %s, %s) RETURNING id",
        [run_id, as_of, tables],
    ).fetchone()
    if row is None:  # pragma: no cover - an INSERT … RETURNING gives its row or raises
        raise AssertionError("no number was given to the publication")
    return int(row[0])
