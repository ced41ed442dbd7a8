"""Frames into PostgreSQL by COPY, in its text format, a column at a time."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from nexus_reimport.load.database.connection import Connection

ROWS_PER_BLOCK = 20_000
# The backslash first: it is what the others are escaped with.
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))


def copy_text(frame: pd.DataFrame) -> Iterator[bytes]:
    r"""Yield the frame's rows as blocks of PostgreSQL COPY text (tabs between columns, `\N` for null).

    The text format and not CSV: before PostgreSQL 18 a line that holds only `\.` ends a CSV copy even
    inside quotes, and a note may hold such a line.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for start in range(0, len(table), ROWS_PER_BLOCK):
        yield _block(table.slice(start, ROWS_PER_BLOCK))


def _block(table: pa.Table) -> bytes:
    cells = [_cells(column.combine_chunks()) for column in table.columns]
    separator, missing = pa.scalar("\t", pa.large_string()), "\\N"
    lines = pc.binary_join_element_wise(*cells, separator, null_handling="replace", null_replacement=missing)
    ended = pc.binary_join_element_wise(
        lines, pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
    )
    offsets, content = ended.buffers()[1:]
    ends = memoryview(offsets).cast("q")
    return bytes(content[ends[ended.offset] : ends[ended.offset + len(ended)]])


def _cells(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) and column.type.tz == "UTC":
        # Arrow looks up the zone for each value otherwise, which takes longer than all else here.
        naive = pc.cast(pc.cast(column, pa.timestamp(column.type.unit)), pa.large_string())
        return pc.binary_join_element_wise(
            naive, pa.scalar("Z", pa.large_string()), pa.scalar("", pa.large_string())
        )
    text = pc.cast(column, pa.large_string())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        for plain, escaped in _ESCAPES:
            text = pc.replace_substring(text, plain, escaped)
    return text


def copy_frame(connection: Connection, frame: pd.DataFrame, relation: str) -> None:
    """Append the frame to a relation that has columns of the same names."""
    columns = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(relation), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy_text(frame):
            copy.write(block)
