"""Brings our schema to the newest version, in the transaction of whoever writes and under its lock."""

from psycopg import errors, sql

import nexus_reimport
from nexus_reimport.load.database.connection import LOCK_SECONDS, Connection
from nexus_reimport.load.database.grants.owner import let_owner_read
from nexus_reimport.load.database.locking import who_holds
from nexus_reimport.load.exceptions import PublicationInProgress
from nexus_reimport.load.our_tables.migrations.files import MIGRATIONS, NEWEST, Migration, since
from nexus_reimport.load.our_tables.migrations.versions import (
    CREATE_VERSIONS,
    SCHEMA,
    bring_in_sight,
    find_version,
    lock,
    relations,
    set_path,
)

_RECORD = """
    INSERT INTO nexus_reimport.schema_versions (version, name, applied_at, release)
    VALUES (%s, %s, CASE WHEN %s THEN clock_timestamp() END, %s)
    -- There is one where a dump of an older version was restored over a newer schema
    ON CONFLICT (version) DO UPDATE SET applied_at = excluded.applied_at, release = excluded.release
"""


def upgrade(connection: Connection) -> int:
    """Bring our schema to the newest version, in sight until the transaction ends; return which it was of.

    The caller keeps other publications out (`keep_publications_out`) and has the transaction: what fails,
    or is killed, leaves the schema as it was. The owner of Nexus's tables may read it afterwards. Raises
    SchemaNewer, or PublicationInProgress where somebody reads what is to be altered for too long.
    """
    found = find_version(connection)
    if found < NEWEST:
        _apply(connection, found)
    let_owner_read(connection)
    bring_in_sight(connection)
    return found


def _apply(connection: Connection, found: int) -> None:
    pending = since(found)
    # CREATE on the database is asked for even where the schema is there.
    if connection.execute("SELECT to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
        connection.execute("CREATE SCHEMA nexus_reimport")
    present = relations(connection)
    _lock(connection, {name for one in pending for name in one.relations if name in present})
    if "schema_versions" not in present:
        connection.execute(CREATE_VERSIONS)
        for one in MIGRATIONS[:found]:
            _record(connection, one, ours=False)
    before = set_path(connection, SCHEMA)
    for one in pending:
        connection.execute(one.text.encode())
        _record(connection, one, ours=True)
    set_path(connection, before)


def _record(connection: Connection, one: Migration, *, ours: bool) -> None:
    release = nexus_reimport.__version__ if ours else None
    connection.execute(_RECORD, [one.version, one.name, ours, release])


def _lock(connection: Connection, names: set[str]) -> None:
    """Wait until nobody reads what is to be altered: a dump of Nexus does so as long as it lasts."""
    try:
        lock(connection, names, sql.SQL("ACCESS EXCLUSIVE"))
    except errors.LockNotAvailable:
        connection.rollback()
        holder = who_holds(connection, [sql.Identifier(SCHEMA, name) for name in sorted(names)])
        raise PublicationInProgress(
            f"The schema {SCHEMA} has to be brought to version {NEWEST} first, and was read for longer than "
            f"{LOCK_SECONDS:g} s by {holder}. Nothing was written. Run again once that session is through."
        ) from None
