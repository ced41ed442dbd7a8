"""How many rows that were published before would lose, change or get a value, by table and column: in SQL.

Asked of what was decided, so it is the same for a plan and under the locks of a publication.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.database.encoding import holdable
from nexus_reimport.load.diff import merge
from nexus_reimport.model.columns import Column, Table
from nexus_reimport.transform.source_figures import BLANK, FILLER

# What is trimmed of a text before it is asked whether that says something: by this name in the statements.
_TRIMMED = "trimmed"
# The last publications of a table that its columns are held against.
REMEMBERED = 5


@dataclass(frozen=True)
class ColumnChanges:
    """One column, in rows: those that lose a value, change it, and get one; `filled` have one now."""

    losing: int
    changing: int
    filling: int
    filled: int


@dataclass(frozen=True)
class TableChanges:
    """One table: of how many rows published before, and each column in which any of them differs."""

    published: int
    columns: Mapping[str, ColumnChanges] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as they are kept."""
        return {
            "published": self.published,
            "columns": {name: asdict(one) for name, one in self.columns.items()},
        }


def table_changes_from_json(kept: Mapping[str, Any]) -> TableChanges:
    """Return counts that were kept."""
    columns = {name: ColumnChanges(**one) for name, one in kept["columns"].items()}
    return TableChanges(int(kept["published"]), columns)


def count_changes(connection: Connection, table: Table, *, filemaker_wins: bool) -> TableChanges:
    """Count what was decided of the rows of a table that a publication has written before.

    New, restored and newly adopted rows are none of them: nothing of ours changes in them. Nor is a field
    that a person changed in Nexus, where the run says that FileMaker goes over it.
    """
    columns = table.named("source")
    given = {_TRIMMED: holdable(connection, BLANK + FILLER)}
    row = connection.execute(_all_counts(table, columns, filemaker_wins), given).fetchone() or ()
    counts = {column.name: row[1 + 3 * place : 4 + 3 * place] for place, column in enumerate(columns)}
    differing = {name: three for name, three in counts.items() if any(three)}
    if not differing:
        return TableChanges(int(row[0]))
    having = _filled(table, [table.column(name) for name in differing])
    filled = connection.execute(having, given).fetchone() or ()
    return TableChanges(
        int(row[0]),
        {
            name: ColumnChanges(losing, changing, filling, having)
            for (name, (losing, changing, filling)), having in zip(differing.items(), filled, strict=True)
        },
    )


def _all_counts(table: Table, columns: tuple[Column, ...], filemaker_wins: bool) -> sql.Composed:
    # What the run has FileMaker go over is in `conflicts`; else one entry of a value may be, of many.
    counted = sql.SQL("{0} = ANY (d.changed)" + (" AND {0} <> ALL (d.conflicts)" if filemaker_wins else ""))
    counts = [fragment for column in columns for fragment in _counts(column, counted)]
    return sql.SQL(
        "SELECT (SELECT count(*) FROM {staged} s"
        " JOIN {target} t ON t.id = s.id JOIN {written} w ON w.id = s.id),"
        " {counts} FROM {decided} d JOIN {target} t ON t.id = d.id JOIN {written} w ON w.id = d.id"
        " WHERE cardinality(d.changed) > 0"
    ).format(**_relations(table), counts=sql.SQL(", ").join(counts))


def _counts(column: Column, counted: sql.SQL) -> list[sql.Composed]:
    """Return SQL that counts the rows in which a column loses its value, changes it, and gets one."""
    before, after = says("t", column), says("d", column)
    loses = sql.SQL("{} AND NOT {}").format(before, after)
    changes = sql.SQL("{} AND {}").format(before, after)
    if column.kind == "jsonb":
        # Each entry is a value: of two numbers one may go.
        fewer = sql.SQL("{} > {}").format(_entries("t", column), _entries("d", column))
        loses, changes = fewer, sql.SQL("{} AND NOT {}").format(changes, fewer)
    if column.volatile_keys:
        # What FileMaker says beside the fields: an export marks all of its records there at one moment.
        changes = sql.SQL("false").format()
    fills = sql.SQL("NOT {} AND {}").format(before, after)
    is_counted = counted.format(sql.Literal(column.name))
    return [
        sql.SQL("count(*) FILTER (WHERE {} AND {})").format(is_counted, which)
        for which in (loses, changes, fills)
    ]


def _filled(table: Table, columns: list[Column]) -> sql.Composed:
    counts = (sql.SQL("count(*) FILTER (WHERE {})").format(says("t", column)) for column in columns)
    return sql.SQL(
        "SELECT {counts} FROM {staged} s JOIN {target} t ON t.id = s.id JOIN {written} w ON w.id = s.id"
    ).format(**_relations(table), counts=sql.SQL(", ").join(counts))


def _relations(table: Table) -> dict[str, sql.Composable]:
    return {
        "staged": merge.staged(table),
        "decided": merge.decided(table),
        "written": merge.written(table),
        "target": sql.Identifier(table.relation),
    }


def says(alias: str, column: Column) -> sql.Composable:
    """Return SQL for whether a column says something: no null, no blanks, no filler, no empty object."""
    value = sql.Identifier(alias, column.name)
    if column.kind == "jsonb":
        return sql.SQL("{} > 0").format(_entries(alias, column))
    if column.kind in ("text", "varchar"):
        return sql.SQL("coalesce(btrim({}, {}), '') <> ''").format(value, sql.Placeholder(_TRIMMED))
    return sql.SQL("{} IS NOT NULL").format(value)


def _entries(alias: str, column: Column) -> sql.Composed:
    return sql.SQL(
        "(SELECT count(*) FROM jsonb_path_query({}, 'strict $.**') e(v) WHERE jsonb_typeof(v) = 'number'"
        " OR jsonb_typeof(v) = 'string' AND btrim(v #>> '{{}}', {}) <> '')"
    ).format(sql.Identifier(alias, column.name), sql.Placeholder(_TRIMMED))


_HISTORY = """
    SELECT p.changes->%(table)s FROM publications p
    WHERE p.kind = 'publication' AND p.undone_by IS NULL
        AND p.changes ? %(table)s AND NOT coalesce((p.changes->%(table)s->>'rules')::boolean, false)
    ORDER BY p.id DESC LIMIT %(remembered)s
"""


def remembered_changes(connection: Connection, table: Table) -> list[TableChanges]:
    """Return the counts of a table's last publications that stand, but of those by another code."""
    rows = connection.execute(_HISTORY, {"table": table.name, "remembered": REMEMBERED})
    return [table_changes_from_json(kept) for (kept,) in rows]
