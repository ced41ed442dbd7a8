"""What a role must be allowed in Nexus's database, asked at once and before anything is done."""

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.exceptions import RightMissing
from nexus_reimport.load.our_tables import fingerprints
from nexus_reimport.load.our_tables.migrations import NEWEST, find_version
from nexus_reimport.model.nexus import TABLES

# All are asked of every role: PostgreSQL shows who may do what to anybody.
_TO_PLAN = """
    SELECT 'TEMPORARY on the database' WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
    UNION ALL
    SELECT 'USAGE on the schema nexus_reimport' FROM pg_namespace
    WHERE nspname = 'nexus_reimport' AND NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT 'SELECT on ' || string_agg(n.nspname || '.' || c.relname, ', ' ORDER BY n.nspname DESC, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v') AND NOT has_table_privilege(c.oid, 'SELECT')
        AND (n.nspname = 'nexus_reimport'
            OR c.oid IN (SELECT to_regclass(name) FROM unnest(%(read)s::text[]) name))
    HAVING count(*) > 0
"""
# CREATE is for the first publication alone: it makes the schema. DELETE is for rollbacks and repairs.
_TO_PUBLISH = """
    SELECT 'CREATE on the database' WHERE to_regnamespace('nexus_reimport') IS NULL
        AND NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT 'CREATE on the schema nexus_reimport' FROM pg_namespace
    WHERE nspname = 'nexus_reimport' AND NOT has_schema_privilege(oid, 'CREATE')
    UNION ALL
    SELECT asked || ' on ' || string_agg(name, ', ' ORDER BY name)
    FROM unnest(%(written)s::text[]) name, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) asked
    WHERE NOT has_table_privilege(to_regclass(name), asked) GROUP BY asked
"""
# Only an owner may alter a table.
_TO_UPGRADE = """
    SELECT 'ownership of ' || string_agg(n.nspname || '.' || c.relname, ', ' ORDER BY c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'nexus_reimport' AND c.relkind = 'r' AND NOT pg_has_role(c.relowner, 'USAGE')
    HAVING count(*) > 0
"""
_WRITTEN = tuple(table.relation for table in TABLES)
_READ = (*_WRITTEN, *fingerprints.CONFIGURATION)


def refuse_missing_to_plan(connection: Connection) -> None:
    """Raise RightMissing, naming every right at once that the role lacks which a plan is made by."""
    if lacking := _lacking(connection, _TO_PLAN):
        raise RightMissing(
            f"The role that plans lacks {lacking}. Nothing was written. Apply again what nexus-reimport "
            "grants --planner prints."
        )


def refuse_missing_to_publish(connection: Connection) -> None:
    """Raise RightMissing, naming every right at once that the role lacks which reimports; and SchemaNewer."""
    lacking = _lacking(connection, f"{_TO_PLAN} UNION ALL {_TO_PUBLISH}")
    # Who may not read the schema's version is told that first.
    if not lacking and find_version(connection) < NEWEST:
        lacking = _lacking(connection, _TO_UPGRADE)
    if lacking:
        raise RightMissing(
            f"The role that reimports lacks {lacking}. Nothing was read or written. Apply again what "
            "nexus-reimport grants prints."
        )


def _lacking(connection: Connection, question: str) -> str:
    rows = connection.execute(sql.SQL(question), {"read": list(_READ), "written": list(_WRITTEN)}).fetchall()
    return "; ".join(str(right) for (right,) in rows)
