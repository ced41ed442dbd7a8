"""What Nexus is at one moment, as digests: its rows table by table, and its schema. Reads only."""

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.model.nexus import TABLES

# What staging reads beside the published tables.
CONFIGURATION = (
    "clinics",
    "clinicians",
    "appointment_types",
    "funding_sources",
    "custom_funding_sources",
    "django_content_type",
)
# What decides who a row is and whose each field is. Named without their schema: see `schema.reading`.
_LEDGER = ("identities", "former_identities", *(f"written_{table.name}" for table in TABLES))

_SCHEMA = """
    SELECT encode(sha256(convert_to(string_agg(line, E'\\n' ORDER BY line), 'UTF8')), 'hex') FROM (
        SELECT concat_ws(
            ' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.oid = ANY (%(relations)s::regclass[])
        UNION ALL
        SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE conrelid = ANY (%(relations)s::regclass[])
        UNION ALL
        SELECT concat_ws(' ', tgrelid::regclass, pg_get_triggerdef(oid)) FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid = ANY (%(relations)s::regclass[])) l
"""


def fingerprint_rows(connection: Connection) -> dict[str, str]:
    """Return by table how many rows it has and a digest of them; ours and people's alike."""
    relations = {table.name: table.relation for table in TABLES}
    relations |= {name: name for name in (*CONFIGURATION, *_LEDGER)}
    return {name: _content(connection, relation) for name, relation in relations.items()}


def fingerprint_schema(connection: Connection) -> str:
    """Return a digest of columns, constraints and triggers of the relations that are read or written."""
    relations = [table.relation for table in TABLES] + list(CONFIGURATION)
    row = connection.execute(_SCHEMA, {"relations": relations}).fetchone()
    return str(row[0]) if row else ""


def rows_of(fingerprint: str) -> int:
    """Return how many rows a table had when its digest was taken."""
    return int(fingerprint.partition(" ")[0])


def _content(connection: Connection, relation: str) -> str:
    statement = sql.SQL(
        "SELECT count(*) || ' ' || md5(coalesce(string_agg(d, '' ORDER BY d), ''))"
        " FROM (SELECT md5(t::text) AS d FROM {} t) n"
    ).format(sql.Identifier(relation))
    row = connection.execute(statement).fetchone()
    return str(row[0]) if row else ""
