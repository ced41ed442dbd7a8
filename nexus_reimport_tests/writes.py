"""Proof that nothing was written to a database: which versions of rows there are, and what it has counted.

An UPDATE that changes no value makes another version of its row all the same. What is counted comes late: a
session tells it when it is idle for a while, or as it ends, which may be after its client has gone on. So
whoever asks waits until every other session has ended.
"""

import time
from dataclasses import dataclass

import psycopg
from psycopg import Connection

SESSIONS_SECONDS = 20.0

_RELATIONS = r"""
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1
"""
_VERSIONS = "count(*) || ' ' || coalesce(sum(hashtextextended(t.ctid || ' ' || t.xmin, 0)), 0)"
# Not what is temporary. The oid is the first that PostgreSQL gives to what isn't its own.
_OURS = "(SELECT oid FROM pg_class WHERE oid >= 16384 AND relpersistence <> 't')"
_CATALOGS = {
    "pg_namespace": "oid >= 16384 AND nspname !~ '^pg_'",
    "pg_class": f"oid IN {_OURS}",
    "pg_attribute": f"attrelid IN {_OURS}",
    "pg_attrdef": f"adrelid IN {_OURS}",
    "pg_constraint": f"conrelid IN {_OURS}",
    "pg_trigger": f"tgrelid IN {_OURS}",
    "pg_proc": "oid >= 16384",
    "pg_default_acl": "true",
}
_COUNTED = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables"
_OTHERS = """
    SELECT a.pid, a.application_name FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.pid <> ALL (%s)
"""


@dataclass(frozen=True)
class Writes:
    """What was written until now: equal to what it was only where nothing was written in between.

    `versions`: a digest of the versions of rows, by table and by catalog of what is not PostgreSQL's own;
    what was rolled back is not in it. `counted`: rows inserted, updated or deleted in all tables that there
    are, the rolled back and the deleted again among them.
    """

    versions: dict[str, str]
    counted: int

    def since(self, before: "Writes") -> list[str]:
        """Return the tables and catalogs written to since; "counted" where that is all there is to see."""
        names = self.versions.keys() | before.versions.keys()
        found = sorted(name for name in names if self.versions.get(name) != before.versions.get(name))
        return found or ["counted"] * (self.counted != before.counted)


def last_writes(url: str, *beside: Connection) -> Writes:
    """Return what was written to the database, by sessions that have ended and by those `beside`.

    Raises AssertionError where another session does not end.
    """
    for session in beside:
        session.execute("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(url, autocommit=True) as connection:
        _outwait(connection, [session.info.backend_pid for session in beside])
        counted = connection.execute(_COUNTED).fetchone()
        assert counted is not None
        return Writes(_versions(connection), counted[0])


def _outwait(connection: Connection, beside: list[int]) -> None:
    """Wait for other sessions to end: one is no longer listed only after it has told what it counted."""
    deadline = time.monotonic() + SESSIONS_SECONDS
    while others := connection.execute(_OTHERS, [beside]).fetchall():
        assert time.monotonic() < deadline, f"sessions are open: {others}"
        time.sleep(0.005)
    connection.execute("SELECT pg_stat_clear_snapshot()")


def _versions(connection: Connection) -> dict[str, str]:
    names = [str(name) for (name,) in connection.execute(_RELATIONS)]
    every = [(name, "true") for name in names] + list(_CATALOGS.items())
    questions = (
        f"SELECT '{name}', {_VERSIONS} FROM {name} t WHERE {condition}"  # noqa: S608 - names of the catalog
        for name, condition in every
    )
    return dict(connection.execute(" UNION ALL ".join(questions).encode()).fetchall())
