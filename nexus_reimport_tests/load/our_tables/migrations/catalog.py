"""What our schema is, by PostgreSQL's own catalogs: to compare it with another, or with itself later."""

from nexus_reimport_tests.load.rollback.histories import ask

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname,
        pg_get_expr(d.adbin, d.adrelid), a.attidentity
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relnamespace = to_regnamespace('nexus_reimport') AND c.relkind = 'r' ORDER BY c.relname, a.attnum
"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'nexus_reimport' ORDER BY indexdef"
_COMMENTS = """
    SELECT relname, obj_description(oid, 'pg_class') FROM pg_class
    WHERE relnamespace = to_regnamespace('nexus_reimport') AND relkind = 'r' ORDER BY relname
"""


def shape(url: str) -> list[tuple[object, ...]]:
    """Return every column, index and comment of our schema; nothing where it is not there."""
    return [row for question in (_COLUMNS, _INDEXES, _COMMENTS) for row in ask(url, question)]


def versions(url: str) -> list[tuple[object, ...]]:
    """Return the version rows: number, name, whether it is said when, and by which release."""
    statement = "SELECT version, name, applied_at IS NOT NULL, release FROM nexus_reimport.schema_versions"
    return ask(url, f"{statement} ORDER BY version")
