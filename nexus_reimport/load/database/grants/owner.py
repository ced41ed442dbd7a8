"""What the owner of Nexus's tables may read of our schema: all of it, or their own dumps would fail."""

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.model.nexus import TABLES

# Owners who lack a right, where the schema is ours to grant. pg_dump asks for sequences too.
_OWNERS = """
    SELECT r.rolname FROM pg_namespace n, pg_roles r
    WHERE n.nspname = 'nexus_reimport' AND pg_has_role(n.nspowner, 'USAGE')
        AND r.oid IN (SELECT relowner FROM pg_class WHERE oid = ANY (%s::regclass[]))
        AND (NOT has_schema_privilege(r.oid, n.oid, 'USAGE') OR EXISTS (
            SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND CASE c.relkind
                WHEN 'S' THEN NOT has_sequence_privilege(r.oid, c.oid, 'SELECT')
                WHEN 'r' THEN NOT has_table_privilege(r.oid, c.oid, 'SELECT') END))
"""
_GRANTS = """
    GRANT USAGE ON SCHEMA nexus_reimport TO {owner};
    GRANT SELECT ON ALL TABLES IN SCHEMA nexus_reimport TO {owner};
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA nexus_reimport TO {owner};
    ALTER DEFAULT PRIVILEGES IN SCHEMA nexus_reimport GRANT SELECT ON TABLES TO {owner};
    ALTER DEFAULT PRIVILEGES IN SCHEMA nexus_reimport GRANT SELECT ON SEQUENCES TO {owner}
"""


def let_owner_read(connection: Connection) -> None:
    """Grant the owner of Nexus's tables what is missing, in the caller's transaction; mostly nothing is."""
    relations = [table.relation for table in TABLES]
    for (owner,) in connection.execute(_OWNERS, [relations]).fetchall():
        connection.execute(sql.SQL(_GRANTS).format(owner=sql.Identifier(owner)))
