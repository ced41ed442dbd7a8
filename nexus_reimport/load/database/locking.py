"""The locks of a publication: other publications are kept out, then other writers of its tables."""

from collections.abc import Callable, Iterable, Sequence

from psycopg import errors, sql

from nexus_reimport.load.database.connection import LOCK_SECONDS, Connection
from nexus_reimport.load.exceptions import PublicationInProgress
from nexus_reimport.model.nexus import BY_NAME

# Any number will do, so long as it never changes: two releases must exclude each other.
ADVISORY_LOCK = 0x6E657875735F7265
# Who waits for a lock is waited for by all who ask after: a person's save would hang as long as this.
SLICE_SECONDS = 1.5
_CONFLICTING = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


def keep_publications_out(connection: Connection) -> None:
    """Keep other publications out as long as the transaction lasts. Raises PublicationInProgress."""
    _wait_at_most(connection, LOCK_SECONDS)
    try:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    except errors.LockNotAvailable:
        connection.rollback()
        raise PublicationInProgress(_who_publishes(connection)) from None


def lock_tables(
    connection: Connection, names: Iterable[str], progress: Callable[[str], None] = lambda _: None
) -> None:
    """Keep other writers of the tables out, for as long as the transaction lasts.

    Readers are never held up. Patients are locked too, so that none that is pointed at can be deleted
    between the proof of the links and COMMIT. Who is waited for is told to `progress`. Raises
    PublicationInProgress, naming who has the lock, once LOCK_SECONDS are over.
    """
    relations = sorted({"patients", *(BY_NAME[name].relation for name in names)})
    slices = max(1, round(LOCK_SECONDS / SLICE_SECONDS))
    for again in range(slices):
        if _is_locked(connection, relations):
            return
        if again == 0:
            progress(f"Waiting for {_who_writes(connection, relations)}")
    holder = _who_writes(connection, relations)
    connection.rollback()
    raise PublicationInProgress(
        f"Nexus's tables were in use for longer than {LOCK_SECONDS:g} s, by {holder}. Nothing was written. "
        "Run again once that session is through; an administrator can end it."
    )


def _is_locked(connection: Connection, relations: Sequence[str]) -> bool:
    listed = sql.SQL(", ").join(map(sql.Identifier, relations))
    try:
        with connection.transaction():
            _wait_at_most(connection, min(SLICE_SECONDS, LOCK_SECONDS))
            connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(listed))
            _wait_at_most(connection, LOCK_SECONDS)
    except errors.LockNotAvailable:
        return False
    return True


def _wait_at_most(connection: Connection, seconds: float) -> None:
    milliseconds = sql.Literal(f"{seconds * 1000:.0f}ms")
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(milliseconds))


def _who_writes(connection: Connection, relations: Sequence[str]) -> str:
    return who_holds(connection, list(map(sql.Identifier, relations)), _CONFLICTING)


def who_holds(
    connection: Connection, relations: Sequence[sql.Identifier], modes: Sequence[str] | None = None
) -> str:
    """Return whose transaction holds up a lock: its application, its process and since when. No values.

    `modes`: the locks that stand in the way, as PostgreSQL calls them; any where none are given.
    """
    row = connection.execute(
        """
        SELECT l.relation::regclass::text, a.application_name, a.pid, to_char(a.xact_start, 'HH24:MI:SS')
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.granted AND l.pid <> pg_backend_pid()
            AND (%(modes)s::text[] IS NULL OR l.mode = ANY (%(modes)s))
            AND l.relation = ANY (ARRAY(SELECT to_regclass(n) FROM unnest(%(relations)s::text[]) n))
        ORDER BY a.xact_start LIMIT 1
        """,
        {
            "modes": None if modes is None else list(modes),
            "relations": [one.as_string(connection) for one in relations],
        },
    ).fetchone()
    if row is None:
        return "another session that has just ended"
    table, application, pid, since = row
    return f"«{application or 'a session without a name'}» (process {pid}), on {table} since {since} UTC"


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
