"""Nexus's schema held against what a reimport reads and writes, as a whole, before anything is staged.

PostgreSQL itself would tell one difference a run, most of them after an hour, at COMMIT or before it. What a
migration may add without harm is no difference: a column that may be null or has a default, a wider type, an
index, a foreign key from elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.exceptions import TargetNotAsExpected
from nexus_reimport.load.link_guard import DELETE_TRIGGER, LINK_TRIGGER
from nexus_reimport.model.columns import Column, Link, Table
from nexus_reimport.model.nexus import TABLES

# What staging reads of the tables that are not published.
_READ: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "clinics": ("id", "name", "filemaker_id", "created_at"),
        "clinicians": ("id", "full_name", "created_at"),
        "appointment_types": ("id", "name"),
        "funding_sources": ("id", "name", "active", "created_at"),
        "custom_funding_sources": ("id", "name", "is_active", "created_at"),
        "django_content_type": ("id", "app_label", "model"),
    }
)
CONTENT_TYPE = Link("content_type_id", "django_content_type")
# As PostgreSQL names them where it keeps types.
_TYPE_NAMES = {"integer": ("int4", "int8"), "boolean": ("bool",), "text": ("text", "varchar")}
_TYPE_NAMES["varchar"] = _TYPE_NAMES["text"]
# What a length or a precision is kept with, in atttypmod.
_HEADER = 4

_COLUMNS = """
    SELECT c.relname, a.attname, t.typname, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a'
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.oid = ANY (ARRAY(SELECT to_regclass(quote_ident(n)) FROM unnest(%s::text[]) n))
        AND c.relkind IN ('r', 'p')
    ORDER BY c.relname, a.attnum
"""
# Beside columns, what else may refuse, change or hide a row: relation, name, what it is.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('c', 'x') AND conrelid = ANY (%(relations)s::regclass[])
    UNION ALL
    SELECT tgrelid::regclass::text, tgname, 'a trigger' FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgname <> ALL (%(guard)s)
        AND tgrelid = ANY (%(relations)s::regclass[])
    UNION ALL
    SELECT ev_class::regclass::text, rulename, 'a rule' FROM pg_rewrite
    WHERE ev_class = ANY (%(relations)s::regclass[])
    UNION ALL
    SELECT r::text, 'row security', 'on, so that rows are hidden from the role'
    FROM unnest(%(relations)s::regclass[]) r WHERE row_security_active(r)
    ORDER BY 1, 2
"""
_UNIQUE = """
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, i.indnullsnotdistinct,
        array(SELECT attname::text FROM pg_attribute
            WHERE attrelid = i.indrelid AND attnum = ANY (i.indkey[:i.indnkeyatts - 1])),
        substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)$')
    FROM pg_index i WHERE i.indisunique AND i.indrelid = ANY (%s::regclass[]) ORDER BY 1, 2
"""
_REFERENCES = """
    SELECT f.conrelid::regclass::text, f.confrelid::regclass::text,
        array(SELECT a.attname::text FROM pg_attribute a
            WHERE a.attrelid = f.conrelid AND a.attnum = ANY (f.conkey))
    FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = ANY (%s::regclass[]) ORDER BY 1, 2
"""


@dataclass(frozen=True)
class _Found:
    """A column as it is: `kind` and `modifier` are PostgreSQL's, `words` says both.

    `filled`: it has a value where none is given. `fixed`: none may be given.
    """

    kind: str
    modifier: int
    words: str
    not_null: bool
    filled: bool
    fixed: bool


def refuse_unexpected(connection: Connection) -> None:
    """Raise TargetNotAsExpected, naming everything at once, where Nexus is not as a reimport expects it.

    Each is `table.column: expected …, is …`, the column's name, a constraint's or a trigger's. Reads only the
    catalogue, which needs no right.
    """
    found = _columns(connection)
    if not any(table.relation in found for table in TABLES):
        raise TargetNotAsExpected(
            "None of Nexus's tables is in this database: NEXUS_DATABASE_URL leads to another one, or Nexus's "
            "migrations have not run. Nothing was staged or written."
        )
    differences = [one for table in TABLES for one in _of_columns(table, found.get(table.relation, {}))]
    for relation, names in _READ.items():
        there = found.get(relation, {})
        differences += [
            _said(relation, name, "to be read", "not there") for name in names if name not in there
        ]
    tables = [table for table in TABLES if table.relation in found]
    differences += [*_of_constraints(connection, tables), *_of_unique(connection, tables)]
    differences += _of_references(connection, tables)
    if differences:
        raise TargetNotAsExpected(
            f"Nexus's schema is not the one expected: {'; '.join(differences)}. Nothing was staged or "
            "written. If NEXUS_DATABASE_URL leads to Nexus, a migration has changed it: model/tables has "
            "to follow."
        )


def _columns(connection: Connection) -> Mapping[str, Mapping[str, _Found]]:
    found: defaultdict[str, dict[str, _Found]] = defaultdict(dict)
    relations = [*(table.relation for table in TABLES), *_READ]
    for relation, name, *facts in connection.execute(_COLUMNS, [relations]):
        found[str(relation)][str(name)] = _Found(*facts)
    return found


def _of_columns(table: Table, found: Mapping[str, _Found]) -> Iterator[str]:
    """Yield what is wrong with the columns of one table."""
    if not found:
        yield f"{table.relation}: expected a table, is none"
        return
    for column in table.columns:
        there = found.get(column.name)
        if wrong := "not there" if there is None else _wrong(column, there):
            yield _said(table.relation, column.name, f"expected {_words(column)}", wrong)
    ours = {column.name for column in table.columns}
    for name, there in found.items():
        if name not in ours and there.not_null and not there.filled:
            what = f"{there.words}, NOT NULL without a default"
            yield _said(table.relation, name, "not expected", what)


def _wrong(column: Column, there: _Found) -> str:
    if there.fixed:
        return f"{there.words}, which PostgreSQL fills in itself"
    if not _holds(column, there):
        return there.words
    return f"{there.words}, NOT NULL" if there.not_null and column.null else ""


def _holds(column: Column, there: _Found) -> bool:
    """Say whether a column as it is takes all that is written to the column as expected."""
    if there.kind not in _TYPE_NAMES.get(column.kind, (column.kind,)):
        return False
    size = there.modifier - _HEADER
    if there.modifier < 0:
        return True
    if column.kind in ("text", "varchar"):
        longest = max(map(len, column.choices)) if column.choices else column.length
        return longest is not None and size >= longest
    if column.kind == "numeric":
        precision, scale = size >> 16, size & 0xFFFF
        return scale >= 4 and precision - scale >= 2
    return column.kind != "timestamptz" or there.modifier == 6


def _words(column: Column) -> str:
    sizes = {"varchar": f"({column.length})", "numeric": "(6,4)"}
    return f"{column.kind}{sizes.get(column.kind, '')}{' or null' if column.null else ''}"


def _of_constraints(connection: Connection, tables: list[Table]) -> Iterator[str]:
    given = {
        "relations": [table.relation for table in tables],
        "guard": [LINK_TRIGGER, DELETE_TRIGGER],
    }
    accepted = {(table.relation, name) for table in tables for name in table.accepted}
    for relation, name, what in connection.execute(_CONSTRAINTS, given):
        if (relation, name) not in accepted:
            yield _said(relation, name, "not expected", what)


def _of_unique(connection: Connection, tables: list[Table]) -> Iterator[str]:
    """Yield what is unique that is not expected to be, unless what is expected makes it so."""
    by_relation = {table.relation: table for table in tables}
    for relation, name, nulls_count, columns, what in connection.execute(_UNIQUE, [list(by_relation)]):
        table = by_relation[relation]
        expected = not nulls_count and any(column in columns for column in table.unique)
        if "id" not in columns and not expected and name not in table.accepted:
            yield _said(relation, name, "not expected", f"UNIQUE {what}")


def _of_references(connection: Connection, tables: list[Table]) -> Iterator[str]:
    """Yield the foreign keys that what is written need not satisfy; a column left null satisfies any."""
    by_relation = {table.relation: table for table in tables}
    for relation, parent, columns in connection.execute(_REFERENCES, [list(by_relation)]):
        table = by_relation[relation]
        for name in columns:
            links = [link.relation for link in (*table.links, CONTENT_TYPE) if link.column == name]
            if parent not in links and not _stays_null(table, name):
                expected = f"expected to point at {links[0]}" if links else "expected to point at nothing"
                yield _said(relation, name, expected, f"points at {parent}")


def _stays_null(table: Table, name: str) -> bool:
    return all(column.null and column.role == "initial" for column in table.columns if column.name == name)


def _said(relation: str, name: str, expected: str, there: str) -> str:
    return (
        f"{relation}.{name}: {expected}, {there if there.startswith(('points', 'not ')) else f'is {there}'}"
    )
