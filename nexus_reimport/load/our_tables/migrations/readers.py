"""How our schema is read: in its newest shape, at one instant, under a transaction that can't write.

Who only reads leaves an older schema as it is: the same files are applied to temporary copies of what they
alter, which no one else sees and which end with the transaction. Before the first publication all are empty.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg import IsolationLevel, errors, sql

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.exceptions import RightMissing
from nexus_reimport.load.our_tables.migrations.files import Migration, since
from nexus_reimport.load.our_tables.migrations.versions import (
    SCHEMA,
    bring_in_sight,
    find_version,
    lock,
    relations,
    set_path,
)


@contextmanager
def reading(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection that sees one instant of Nexus and that PostgreSQL keeps from writing.

    The relations of our schema are in sight, without its name, in their newest shape. Raises SchemaNewer.
    """
    with connect(url, purpose) as connection:
        see_newest(connection)
        yield connection
        connection.rollback()


def see_newest(connection: Connection, make: Callable[[Connection], None] | None = None) -> None:
    """Begin such a transaction. `make` makes further temporary relations in it, before it is read-only.

    Raises SchemaNewer, and RightMissing where there have to be temporary relations and can be none.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    found = find_version(connection)
    if make or _pending(found):
        _refuse_standby(connection)
        try:
            _stand_in(connection, _begin_to_write(connection, found))
            if make:
                make(connection)
        except (errors.InsufficientPrivilege, errors.LockNotAvailable) as error:
            raise explained(error) from None
        # From here on, and it can't be taken back: rows of temporary relations aside, nothing is written.
        connection.execute("SET TRANSACTION READ ONLY")
    bring_in_sight(connection)


def _pending(version: int) -> list[Migration]:
    """Return what a reader is to see of the steps that a schema of this version has not been given."""
    return [one for one in since(version) if one.is_seen]


def _altered(connection: Connection, version: int) -> set[str]:
    """Return the relations there are that these steps alter."""
    return {name for one in _pending(version) for name in one.relations}.intersection(relations(connection))


def _begin_to_write(connection: Connection, found: int) -> int:
    """Begin a transaction that can make temporary relations; return the version that it sees, and that stays.

    The lock comes before the first look, which fixes the instant: a schema that somebody has brought to the
    newest between the two would be seen half old and half new.
    """
    altered = _altered(connection, found)
    connection.rollback()
    connection.read_only = False
    lock(connection, altered, sql.SQL("ACCESS SHARE"))
    now = find_version(connection)
    return now if now == found else _begin_to_write(connection, now)


def _stand_in(connection: Connection, version: int) -> None:
    """Put temporary relations, in their newest shape, in the place of those that are not."""
    copied = sorted(_altered(connection, version))
    for name in copied:
        names = {"copy": sql.Identifier("pg_temp", name), "ours": sql.Identifier(SCHEMA, name)}
        made = sql.SQL("CREATE TEMPORARY TABLE {copy} (LIKE {ours} INCLUDING ALL) ON COMMIT DROP")
        connection.execute(made.format(**names))
        filled = sql.SQL("INSERT INTO {copy} OVERRIDING SYSTEM VALUE SELECT * FROM {ours}")
        connection.execute(filled.format(**names))
    # Nothing else is in sight: a step that alters what was not copied fails, and alters nothing of Nexus's.
    before = set_path(connection, "pg_temp")
    for one in _pending(version):
        connection.execute(one.text.encode())
    set_path(connection, before)
    for name in copied:
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("pg_temp", name)))


def _refuse_standby(connection: Connection) -> None:
    if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
        raise RightMissing(
            "No temporary tables can be made, since this server is a standby. Let NEXUS_DATABASE_URL, and "
            "NEXUS_READONLY_DATABASE_URL where it is set, lead to the primary."
        )
