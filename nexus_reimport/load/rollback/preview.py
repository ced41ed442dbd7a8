"""What a rollback would undo, and what one has done, as our own records of Nexus say it. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.load.rollback import standing_publications as standing
from nexus_reimport.load.rollback.rollback import Rollback, backups_since
from nexus_reimport.load.rollback.standing_publications import Effect
from nexus_reimport.model.nexus import TABLES

_ENTRIES = """
    SELECT id, kind, run_id, published_at FROM publications
    WHERE id = ANY (%s) ORDER BY id DESC
"""
# Of a row that several touched: what the oldest found is what it is set back to, what the newest left is
# what it should be now.
_ROWS = """
    SELECT table_name,
        count(*) FILTER (WHERE target IS NULL AND expected IS NOT NULL),
        count(*) FILTER (WHERE target IS NOT NULL AND expected IS NULL),
        count(*) FILTER (WHERE target <> expected)
    FROM (SELECT table_name, id, (array_agg(before ORDER BY publication))[1] AS target,
            (array_agg(after ORDER BY publication DESC))[1] AS expected
        FROM changes WHERE publication >= %s GROUP BY table_name, id) c
    GROUP BY table_name
"""
_STANDING = "SELECT id, undoes FROM publications ORDER BY id"
_DONE = """
    SELECT id, undoes, tables, backup FROM publications
    WHERE kind = 'rollback' AND run_id = ANY (%s) ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True)
class Undone:
    """A publication or rollback that would be undone: `kind` says which; `at` is when it was done."""

    number: int
    kind: str
    run_id: str
    at: datetime


@dataclass(frozen=True)
class Preview:
    """What a rollback would undo, newest first, and what would stand and what not after it.

    `tables`: by table, how many rows would be deleted, inserted and updated if nobody changed any since.
    """

    undone: tuple[Undone, ...]
    effect: Effect
    tables: dict[str, dict[str, int]]

    @property
    def numbers(self) -> list[int]:
        """The numbers of what would be undone, newest first."""
        return [one.number for one in self.undone]


def preview(url: str, to: int | None = None) -> Preview:
    """Return what bringing Nexus to before publication `to` (the newest) would undo.

    Raises NothingToUndo, CannotUndo, or PublicationError where Nexus can't be read.
    """
    try:
        with reading(url, "rollback preview") as connection:
            numbers = sorted(backups_since(connection, to))
            undone = connection.execute(_ENTRIES, [numbers]).fetchall()
            entries = connection.execute(_STANDING).fetchall()
            effect = standing.effect([*entries, (max(numbers) + 1, numbers)])
            rows = connection.execute(_ROWS, [min(numbers)]).fetchall()
    except psycopg.Error as error:
        raise explained(error) from None
    return Preview(tuple(Undone(*one) for one in undone), effect, _by_table(rows))


def _by_table(rows: list[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    found = {
        name: dict(zip(("deleted", "inserted", "updated"), counts, strict=True)) for name, *counts in rows
    }
    return {table.name: found[table.name] for table in TABLES if table.name in found}


def done_by(url: str, run_ids: Collection[str]) -> Rollback | None:
    """Return what one of these runs has taken back already; None where none of them has.

    Rows that were left as they are, or set back though they had been changed, are not told again.
    """
    with reading(url, "rollback") as connection:
        row = connection.execute(_DONE, [list(run_ids)]).fetchone()
    if row is None:
        return None
    number, undoes, tables, backup = row
    return Rollback(number, tuple(undoes), tables, (), (), backup)


def effect_of(url: str, number: int) -> Effect:
    """Return what a rollback, by its number, made stand and what not."""
    with reading(url, "rollback") as connection:
        entries = connection.execute(_STANDING).fetchall()
    return standing.effect([one for one in entries if one[0] <= number])
