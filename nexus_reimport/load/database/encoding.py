"""Whether a database can hold what is to be written: one in UTF-8 can, one in LATIN1 lacks most letters."""

import re
from collections.abc import Collection, Iterator, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import errors

from nexus_reimport.load.database.connection import ENCODING, Connection, server_encoding
from nexus_reimport.load.exceptions import EncodingUnfit

NAMED = 10


def refuse_unfit(connection: Connection, frames: Mapping[str, pd.DataFrame]) -> None:
    """Raise EncodingUnfit where a staged value has a character that the database's encoding has not.

    `frames`: staged rows by table, with their `source_key`. The message names table, key and column, and no
    value.
    """
    encoding = server_encoding(connection)
    if encoding == ENCODING:
        return
    texts = {name: _texts(frame) for name, frame in frames.items()}
    used = {one for columns in texts.values() for column in columns.values() for one in _characters(column)}
    lacking = [one for one in sorted(used) if not _holds(connection, one)]
    if not lacking:
        return
    found = [
        f"{name} {key} {column}"
        for name, columns in texts.items()
        for key, column in _places(frames[name]["source_key"], columns, lacking)
    ]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise EncodingUnfit(
        f"Nexus's database has the encoding {encoding}, which lacks characters of {len(found)} values "
        f"(table, key, column): {'; '.join(found[:NAMED])}{more}. Nothing was written. Restore a dump of "
        "Nexus into a database made with ENCODING 'UTF8', or change these in FileMaker."
    )


def holdable(connection: Connection, characters: str) -> str:
    """Return those of some characters that the database's encoding has: no other can be in a value of it."""
    if server_encoding(connection) == ENCODING:
        return characters
    return "".join(one for one in characters if one.isascii() or _holds(connection, one))


def _texts(frame: pd.DataFrame) -> dict[str, pa.Array]:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    texts = (pa.types.is_string, pa.types.is_large_string)
    return {
        one.name: table[one.name].combine_chunks()
        for one in table.schema
        if any(is_text(one.type) for is_text in texts)
    }


def _characters(texts: pa.Array) -> set[str]:
    """Return the characters of a column that are not ASCII, which every encoding of PostgreSQL's holds."""
    foreign = texts.filter(pc.fill_null(pc.invert(pc.string_is_ascii(texts)), False))
    return {one for text in foreign.to_pylist() for one in text if not one.isascii()}


def _holds(connection: Connection, character: str) -> bool:
    """Ask the server itself: no table of ours could follow each of its conversions."""
    try:
        with connection.transaction():
            connection.execute("SELECT %s::text", [character])
    except errors.UntranslatableCharacter:
        return False
    return True


def _places(
    keys: pd.Series, columns: Mapping[str, pa.Array], lacking: Collection[str]
) -> Iterator[tuple[str, str]]:
    pattern = f"[{re.escape(''.join(lacking))}]"
    for name, texts in columns.items():
        for key in keys[pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_pylist()]:
            yield key, name
