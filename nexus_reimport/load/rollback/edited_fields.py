"""A row that somebody has edited since: its other fields are set back, those that were edited stay.

Which those are the digests of what was last written say, of every column that comes from FileMaker. Nexus's
own columns of such a row stay as they are.
"""

from collections.abc import Iterator, Sequence

from psycopg import sql

from nexus_reimport.load.backup.selection import columns
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge
from nexus_reimport.load.rollback.restore import before, undone
from nexus_reimport.model.columns import Table

# What such a row is set back to is kept in the place of what it was; the whole of what follows goes by that.
_SET_BACK = """
    UPDATE {before} b SET ({names}) = ROW({values})
    FROM {undone} u JOIN {relation} t ON t.id = u.id JOIN {digests} w ON w.id = u.id
    WHERE b.id = u.id AND u.stays = 'changed'
"""
_EXPECT = """
    UPDATE {undone} u SET target = md5(b::text)::uuid, stays = NULL
    FROM {before} b JOIN {digests} w ON w.id = b.id
    WHERE b.id = u.id AND u.stays = 'changed' AND md5(b::text)::uuid <> u.now
    RETURNING u.id::text
"""


def set_back_others(connection: Connection, tables: Sequence[Table]) -> list[tuple[str, str]]:
    """Let rows that were changed be set back but for the edited fields; return table and id of each.

    One of which nothing else is to be set back stays as it is, and so does one whose digests are not known.
    """
    found: list[tuple[str, str]] = []
    for table in tables:
        named = {"before": before(table), "undone": undone(table), "digests": merge.written(table)}
        names, values = zip(*_values(connection, table), strict=True)
        connection.execute(
            sql.SQL(_SET_BACK).format(
                **named,
                relation=sql.Identifier(table.relation),
                names=sql.SQL(", ").join(names),
                values=sql.SQL(", ").join(values),
            )
        )
        rows = connection.execute(sql.SQL(_EXPECT).format(**named)).fetchall()
        found += sorted((table.name, row_id) for (row_id,) in rows)
    return found


def _values(connection: Connection, table: Table) -> Iterator[tuple[sql.Identifier, sql.Composable]]:
    """Yield each column that the relation has, and what it is set back to."""
    of_filemaker = {column.name: column for column in table.named("source")}
    for name in columns(connection, table.relation):
        now = sql.Identifier("t", name)
        value: sql.Composable = now
        if column := of_filemaker.get(name):
            is_edited = merge.differs_from_written("t", "w", column)
            # Null, and so edited, where an older release did not write the column
            case = sql.SQL("CASE WHEN ({}) IS FALSE THEN {} ELSE {} END")
            value = case.format(is_edited, sql.Identifier("b", name), now)
        yield sql.Identifier(name), value
