"""The locks of a publication: other publications are kept out, then other writers of its tables."""

from collections.abc import Iterable

from psycopg import errors, sql

from nexus_reimport.publish.connection import Connection
from nexus_reimport.publish.exceptions import PublicationInProgress
from nexus_reimport.schemas.nexus import BY_NAME

# Any number will do, so long as it never changes: two releases must exclude each other.
ADVISORY_LOCK = 0x6E657875735F7265
LOCK_WAIT = "30s"


def lock_tables(connection: Connection, names: Iterable[str]) -> None:
    """Keep other publications out, then other writers of the tables, for as long as the transaction lasts.

    Readers are never held up. Patients are locked too, so that none that is pointed at can be deleted
    between the proof of the links and COMMIT. Raises PublicationInProgress, naming who has the lock.
    """
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_WAIT))
    try:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    except errors.LockNotAvailable:
        connection.rollback()
        raise PublicationInProgress(_who_publishes(connection)) from None
    relations = sorted({"patients", *(BY_NAME[name].relation for name in names)})
    listed = sql.SQL(", ").join(map(sql.Identifier, relations))
    connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(listed))


def _who_publishes(connection: Connection) -> str:
    row = connection.execute(
        """
        SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted
            AND ((l.classid::bigint << 32) | l.objid::bigint) = %s
        """,
        [ADVISORY_LOCK],
    ).fetchone()
    holder = row[0] if row else "another publication that has just ended"
    return f"Nexus is being published to by «{holder}». Wait for it to end, then run again."
