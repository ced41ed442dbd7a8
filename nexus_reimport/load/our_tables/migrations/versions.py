"""Which version our schema in a database is of.

The one place that knows of what shape it was before it said so itself.
"""

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.our_tables.migrations.exceptions import SchemaNewer
from nexus_reimport.load.our_tables.migrations.files import NEWEST

SCHEMA = "nexus_reimport"

CREATE_VERSIONS = """
    CREATE TABLE nexus_reimport.schema_versions (
        version integer PRIMARY KEY,
        name text NOT NULL,
        applied_at timestamptz,
        release text
    );
    COMMENT ON TABLE nexus_reimport.schema_versions IS
        'Each step that this schema was given; release and time are null of one that kept no record of it.';
"""
# What each version has that the one before had not; None: nothing that a column shows.
_KNOWN_BY: tuple[tuple[str, str] | None, ...] = (
    ("identities", "source_key"),
    ("removed", "row"),
    ("publications", "undone_by"),
    ("written_patients", "funding_source"),
    ("publications", "changes"),
    ("written_patients", "entries_contact_json"),
    None,
)
# The last that kept no record of versions: its release added whatever it found missing, up to here.
_LAST_UNSAID = 6


def find_version(connection: Connection) -> int:
    """Return the version of our schema, 0 where there is none. Raises SchemaNewer where we don't know it."""
    present = relations(connection)
    by_columns = _by_columns(present)
    if "schema_versions" not in present:
        return min(by_columns, _LAST_UNSAID)
    statement = "SELECT version, release FROM nexus_reimport.schema_versions ORDER BY version DESC LIMIT 1"
    said, release = connection.execute(statement).fetchone() or (_LAST_UNSAID, None)
    if said > NEWEST:
        raise SchemaNewer(
            f"The schema {SCHEMA} in Nexus's database is of version {said}, written by nexus-reimport "
            f"{release}; this is an older release, which knows it up to {NEWEST}. Nothing was read or "
            "written. Install that release, or a later one, wherever reimports run."
        )
    # A dump from before there were versions, restored over a schema that has them, leaves them standing.
    return min(int(said), by_columns)


def _by_columns(present: dict[str, set[str]]) -> int:
    """Return the version that a schema can be of, by its columns."""
    marks = enumerate(_KNOWN_BY)
    return next(
        (version for version, mark in marks if mark and mark[1] not in present.get(mark[0], ())), NEWEST
    )


def relations(connection: Connection) -> dict[str, set[str]]:
    """Return the columns of each relation that there is of our schema."""
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


def set_path(connection: Connection, path: str) -> str:
    """Set where relations are looked for until the transaction ends; return where they were before."""
    row = connection.execute(
        "SELECT current_setting('search_path'), set_config('search_path', %s, true)", [path]
    ).fetchone()
    return str(row[0]) if row else ""


def bring_in_sight(connection: Connection) -> None:
    """Let the relations of our schema be named without it, until the transaction ends."""
    connection.execute(
        "SELECT set_config('search_path', 'nexus_reimport, ' || current_setting('search_path'), true)"
    )


def lock(connection: Connection, names: set[str], mode: sql.SQL) -> None:
    """Lock relations of our schema; in the order of their names, as everybody does."""
    if names:
        listed = sql.SQL(", ").join(sql.Identifier(SCHEMA, name) for name in sorted(names))
        connection.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(listed, mode))
