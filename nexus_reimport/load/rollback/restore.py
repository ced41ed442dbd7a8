"""The SQL of a rollback: what each row was, what it is, and setting it back.

Two temporary relations a table: `undone_<table>` has every row that the publications to be undone touched,
with three digests: `target` (before the oldest of them), `expected` (after the newest) and `now`; null means
that there is no row. `before_<table>` has the rows to be set back to, whole. What `stays` as it is says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from obstore.store import ObjectStore
from psycopg import sql

from nexus_reimport.load.backup import load
from nexus_reimport.load.backup.selection import columns
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge
from nexus_reimport.load.our_tables import ledger
from nexus_reimport.load.our_tables.migrations import SCHEMA
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import TABLES

# Set back to exactly what they were; the others of our own relations by the rows touched.
WHOLE = ("identities", "removed")

_UNDONE = """
    CREATE TEMPORARY TABLE {undone} ON COMMIT DROP AS
    SELECT c.id, c.first, c.target, c.expected, md5(t::text)::uuid AS now, NULL::text AS stays
    FROM (SELECT id, min(publication) AS first, (array_agg(before ORDER BY publication))[1] AS target,
            (array_agg(after ORDER BY publication DESC))[1] AS expected
        FROM changes WHERE table_name = {name} AND publication >= {first} GROUP BY id) c
    LEFT JOIN {relation} t ON t.id = c.id
"""
_TOUCH = """
    INSERT INTO {touched} (id, action, before)
    SELECT id, CASE WHEN target IS NOT DISTINCT FROM now THEN 'digest' WHEN now IS NULL THEN 'insert'
        WHEN target IS NULL THEN 'delete' ELSE 'update' END, now
    FROM {undone} WHERE stays IS NULL
"""
_DELETE = "DELETE FROM {relation} t USING {touched} x WHERE x.id = t.id AND x.action = 'delete'"
_UPDATE = """
    UPDATE {relation} t SET ({row}) = ROW({row_before})
    FROM {before} b JOIN {touched} x ON x.id = b.id AND x.action = 'update' WHERE b.id = t.id
"""
_INSERT = """
    INSERT INTO {relation} SELECT b.* FROM {before} b JOIN {touched} x ON x.id = b.id AND x.action = 'insert'
"""
_FORGET_DIGESTS = "DELETE FROM {digests} w USING {touched} x WHERE x.id = w.id"
_DIGESTS = """
    INSERT INTO {digests} ({written})
    SELECT {written_before} FROM {before_digests} b JOIN {touched} x ON x.id = b.id
"""
_FORGET_IDENTITIES = """
    DELETE FROM identities i WHERE NOT EXISTS (SELECT FROM before_identities b
            WHERE b.table_name = i.table_name AND b.source_key = i.source_key)
        AND NOT EXISTS (SELECT FROM staying s WHERE s.table_name = i.table_name AND s.id = i.id)
"""
_IDENTITIES = """
    INSERT INTO identities (table_name, source_key, id)
    SELECT table_name, source_key, id FROM before_identities ON CONFLICT DO NOTHING
"""
_FORGET_REMOVED = """
    DELETE FROM removed r WHERE NOT EXISTS (SELECT FROM before_removed b
            WHERE (b.run_id, b.table_name, b.id, b.removed_at) = (r.run_id, r.table_name, r.id, r.removed_at))
        AND NOT EXISTS (SELECT FROM staying s WHERE s.table_name = r.table_name AND s.id = r.id)
"""
_REMOVED = """
    INSERT INTO removed (run_id, table_name, id, row, removed_at)
    SELECT run_id, table_name, id, row, removed_at FROM before_removed b
    WHERE NOT EXISTS (SELECT FROM removed r
        WHERE (b.run_id, b.table_name, b.id, b.removed_at) = (r.run_id, r.table_name, r.id, r.removed_at))
"""
# By row, and by digests: what is set back but is not as it was.
_DIFFERENT = """
    SELECT (SELECT count(*) FROM {undone} u LEFT JOIN {relation} t ON t.id = u.id
            WHERE u.stays IS NULL AND md5(t::text)::uuid IS DISTINCT FROM u.target)
        + (SELECT count(*) FROM {undone} u
            LEFT JOIN {digests} w ON w.id = u.id LEFT JOIN {before_digests} b ON b.id = u.id
            WHERE u.stays IS NULL AND ROW({written_now}) IS DISTINCT FROM ROW({written_before}))
"""
_RECORDS_DIFFERENT = """
    SELECT count(*) FROM (
        (TABLE {relation} EXCEPT ALL TABLE {before}) UNION ALL (TABLE {before} EXCEPT ALL TABLE {relation})) d
    WHERE NOT EXISTS (SELECT FROM staying s WHERE s.table_name = d.table_name AND s.id = d.id)
"""


def undone(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with the rows of a table that are to be set back."""
    return sql.Identifier(f"undone_{table.name}")


def before(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with those rows as they were."""
    return sql.Identifier(f"before_{table.name}")


def gather(
    connection: Connection, store: ObjectStore, first: int, backups: Mapping[int, str]
) -> tuple[Table, ...]:
    """Make the temporary relations: what has to be set back to before publication `first`, out of backups.

    Returns the tables with rows that were touched since; the others have no such relations.

    `backups`: name of each publication's backup, by its number, `first` among them. Of a row that several
    touched, what the oldest of them found is what counts. Raises as a backup's `load` does.
    """
    tables = _touched_since(connection, first)
    for table in tables:
        _create(connection, table, first)
    for number, name in sorted(backups.items()):
        if wanted := _first_touched(connection, tables, number):
            only = {key for table in wanted for key in (table.name, f"written_{table.name}")}
            load(connection, store, name, "loaded_", only)
            for table in wanted:
                _take_over(connection, table, number)
    load(connection, store, backups[first], "before_", WHOLE)
    return tables


def _touched_since(connection: Connection, first: int) -> tuple[Table, ...]:
    rows = connection.execute("SELECT DISTINCT table_name FROM changes WHERE publication >= %s", [first])
    names = {name for (name,) in rows}
    return tuple(table for table in TABLES if table.name in names)


def _create(connection: Connection, table: Table, first: int) -> None:
    relation = sql.Identifier(table.relation)
    given = {"name": sql.Literal(table.name), "first": sql.Literal(first)}
    connection.execute(sql.SQL(_UNDONE).format(undone=undone(table), relation=relation, **given))
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (id)").format(undone(table)))
    connection.execute(sql.SQL("ANALYZE {}").format(undone(table)))
    for target, like in ((before(table), relation), (_before_digests(table), merge.written(table))):
        statement = sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}, PRIMARY KEY (id)) ON COMMIT DROP")
        connection.execute(statement.format(target, like))
    statement = sql.SQL(
        "CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY, action text, before uuid) ON COMMIT DROP"
    )
    connection.execute(statement.format(ledger.touched(table)))


def _before_digests(table: Table) -> sql.Identifier:
    return sql.Identifier(f"before_written_{table.name}")


def _first_touched(connection: Connection, tables: Sequence[Table], number: int) -> list[Table]:
    """Return the tables with rows that this publication was the first to touch."""
    found = []
    for table in tables:
        statement = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE first = %s)").format(undone(table))
        row = connection.execute(statement, [number]).fetchone()
        found += [table] if row and row[0] else []
    return found


def _take_over(connection: Connection, table: Table, number: int) -> None:
    """Keep, of a backup that was loaded, the rows that its publication was the first to touch."""
    for target, name in ((before(table), table.name), (_before_digests(table), f"written_{table.name}")):
        loaded = sql.Identifier(f"loaded_{name}")
        statement = sql.SQL("INSERT INTO {} SELECT l.* FROM {} l JOIN {} u ON u.id = l.id AND u.first = %s")
        connection.execute(statement.format(target, loaded, undone(table)), [number])
        connection.execute(sql.SQL("DROP TABLE {}").format(loaded))
        connection.execute(sql.SQL("ANALYZE {}").format(target))


def later(table: Table) -> sql.Composed:
    """Return a query for the table as it will be when everything is set back but what stays."""
    return sql.SQL(
        """
        (SELECT t.* FROM {relation} t WHERE NOT EXISTS (SELECT FROM {undone} u
            WHERE u.id = t.id AND u.stays IS NULL AND u.target IS DISTINCT FROM u.now)
        UNION ALL
        SELECT b.* FROM {before} b JOIN {undone} u ON u.id = b.id
            WHERE u.stays IS NULL AND u.target IS DISTINCT FROM u.now)
        """
    ).format(relation=sql.Identifier(table.relation), undone=undone(table), before=before(table))


def touch(connection: Connection, table: Table) -> dict[str, int]:
    """List what is to be written in `touched_<table>`, as a publication does; return the counts."""
    connection.execute(sql.SQL(_TOUCH).format(touched=ledger.touched(table), undone=undone(table)))
    connection.execute(sql.SQL("ANALYZE {}").format(ledger.touched(table)))
    counted = sql.SQL("SELECT action, count(*) FROM {} GROUP BY action").format(ledger.touched(table))
    found: dict[str, int] = dict(connection.execute(counted).fetchall())
    names = {"delete": "deleted", "insert": "inserted", "update": "updated"}
    return {told: found.get(action, 0) for action, told in names.items()}


def set_back(connection: Connection, tables: Sequence[Table]) -> None:
    """Write: what goes first, what others point at before what points at it."""
    for table in reversed(tables):
        _execute(connection, _DELETE, table)
    for table in tables:
        _execute(connection, _UPDATE, table)
        _execute(connection, _INSERT, table)
        _execute(connection, _FORGET_DIGESTS, table)
        _execute(connection, _DIGESTS, table)
    _list_staying(connection, tables)
    for statement in (_FORGET_IDENTITIES, _IDENTITIES, _FORGET_REMOVED, _REMOVED):
        connection.execute(statement.encode())


def _list_staying(connection: Connection, tables: Sequence[Table]) -> None:
    connection.execute("CREATE TEMPORARY TABLE staying (table_name text, id uuid) ON COMMIT DROP")
    for table in tables:
        one = sql.SQL("INSERT INTO staying SELECT {name}, id FROM {undone} WHERE stays IS NOT NULL")
        connection.execute(one.format(name=sql.Literal(table.name), undone=undone(table)))


def count_different(connection: Connection, table: Table) -> int:
    """Count rows, and their digests in our own schema, that were set back and are not as they were."""
    row = _execute(connection, _DIFFERENT, table).fetchone()
    return int(row[0]) if row else 0


def count_different_records(connection: Connection, name: str) -> int:
    """Count rows of one of our own relations, of `WHOLE`, that are not as they were; what stays aside."""
    statement = sql.SQL(_RECORDS_DIFFERENT).format(
        relation=sql.Identifier(SCHEMA, name), before=sql.Identifier(f"before_{name}")
    )
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _execute(connection: Connection, statement: str, table: Table) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a statement for a table, with the columns that it has in the database, known to us or not."""
    row = [name for name in columns(connection, table.relation) if name != "id"]
    written = columns(connection, f"{SCHEMA}.written_{table.name}")
    return connection.execute(
        sql.SQL(statement).format(
            relation=sql.Identifier(table.relation),
            undone=undone(table),
            touched=ledger.touched(table),
            before=before(table),
            digests=merge.written(table),
            before_digests=_before_digests(table),
            row=_listed(row),
            row_before=_listed(row, "b"),
            written=_listed(written),
            written_now=_listed(written, "w"),
            written_before=_listed(written, "b"),
        )
    )


def _listed(names: Iterable[str], *alias: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*alias, name) for name in names)
