"""The rollback: Nexus as it was before a publication, in one transaction, proved by content before COMMIT."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import psycopg
from obstore.store import ObjectStore
from psycopg import errors

from nexus_reimport.load.backup import Header, new_name, prove, take
from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.locking import keep_publications_out, lock_tables
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.diff import links
from nexus_reimport.load.exceptions import BrokenLinks
from nexus_reimport.load.our_tables import ledger
from nexus_reimport.load.our_tables.ledger import PublicationEntry
from nexus_reimport.load.our_tables.migrations import upgrade
from nexus_reimport.load.rollback import conflicts, restore
from nexus_reimport.load.rollback import standing_publications as standing
from nexus_reimport.load.rollback.conflicts import Conflict
from nexus_reimport.load.rollback.edited_fields import set_back_others
from nexus_reimport.load.rollback.exceptions import (
    CannotUndo,
    NothingToUndo,
    RollbackNotProved,
    RollbackRefused,
)
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import BY_NAME, TABLES

Edits = Literal["refuse", "keep", "discard"]
_Progress = Callable[[str], None]


@dataclass(frozen=True)
class Rollback:
    """What a rollback did. `number` is its own among the publications, `undone` are those taken back.

    `tables`: by table, how many rows were deleted, inserted, updated and left (`kept`). `kept` has each row
    that was left as it is, or in part (`edited`), and why; `discarded` each row that had been changed since
    and was set back anyway.
    """

    number: int
    undone: tuple[int, ...]
    tables: dict[str, dict[str, int]]
    kept: tuple[Conflict, ...]
    discarded: tuple[Conflict, ...]
    backup: str


def rollback(
    url: str,
    store: ObjectStore,
    run_id: str,
    to: int | None = None,
    edits: Edits = "refuse",
    progress: _Progress = lambda _: None,
    before_commit: Callable[[Rollback], None] = lambda _: None,
) -> Rollback:
    """Bring Nexus to what it was before publication `to` (the newest), whole or not at all.

    All that was published, or taken back, since then is undone with it. `edits` says what becomes of rows
    that somebody changed since: "refuse" undoes nothing and raises RollbackRefused with every such row,
    "keep" sets back all but the edited fields, "discard" sets them back too. A row that others hang on never
    goes.
    Raises a PublicationError whose message says what to do; Nexus is then as it was.
    """
    try:
        with connect(url, f"rollback {run_id}") as connection:
            outcome = _rollback(connection, store, run_id, to, edits, progress)
            before_commit(outcome)
            return outcome
    except errors.UniqueViolation as error:
        where = error.diag.table_name
        raise RollbackNotProved(
            f"{where}: a row of somebody's has taken what a row to be set back is known by "
            f"({error.diag.constraint_name}). Nothing was taken back; change or delete that row first."
        ) from None
    except psycopg.Error as error:
        raise explained(error) from None


def _rollback(
    connection: Connection,
    store: ObjectStore,
    run_id: str,
    to: int | None,
    edits: Edits,
    progress: _Progress,
) -> Rollback:
    keep_publications_out(connection)
    upgrade(connection)
    # No earlier: people who save in Nexus wait from the next line to COMMIT.
    lock_tables(connection, BY_NAME)
    backups = backups_since(connection, to)
    first, undone = min(backups), tuple(sorted(backups, reverse=True))
    progress(f"Reading the backups of {len(undone)} publications")
    tables = restore.gather(connection, store, first, backups)
    kept, discarded = _settle(connection, tables, edits)
    counts = {table.name: restore.touch(connection, table) for table in tables}
    backup = _back_up(connection, store, run_id, tables)
    progress("Setting rows back")
    broken = _count_broken(connection)
    restore.set_back(connection, tables)
    _refuse_broken(broken, _constrained(connection))
    progress("Comparing what was set back with what it was")
    _prove(connection, tables)
    for name, count in counts.items():
        count["kept"] = sum(one.table == name and one.what != "edited" for one in kept)
    number = _record(
        connection, PublicationEntry(run_id, datetime.now(UTC), "rollback", None, backup, undone), counts
    )
    return Rollback(number, undone, counts, tuple(kept), tuple(discarded), backup)


def backups_since(connection: Connection, to: int | None) -> dict[int, str]:
    """Return what is undone to come to before publication `to` (the newest): backups' names by number.

    Raises NothingToUndo, or CannotUndo where one of them has no backup.
    """
    statement = "SELECT id, backup FROM publications"
    found: dict[int, str | None] = dict(connection.execute(statement).fetchall())
    if not found or (to is not None and to not in found):
        raise NothingToUndo("There is no such publication." if found else "Nothing was published yet.")
    first = max(found) if to is None else to
    wanted = {number: name or "" for number, name in found.items() if number >= first}
    without = sorted(number for number, name in wanted.items() if not name)
    if without:
        raise CannotUndo(
            f"Publication {without[-1]} was made without a backup, so it can't be undone, nor can what came "
            "before it. A whole dump can be restored."
        )
    return wanted


def _settle(
    connection: Connection, tables: Sequence[Table], edits: Edits
) -> tuple[list[Conflict], list[Conflict]]:
    """Decide which rows stay as they are, or in part; return these, and those set back though changed."""
    conflicts.keep_changed(connection, tables)
    changed = conflicts.list_staying(connection, tables)
    in_part = set_back_others(connection, tables) if edits == "keep" else []
    if edits == "discard":
        conflicts.keep_none(connection, tables)
    conflicts.keep_linked(connection, tables)
    kept = conflicts.list_staying(connection, tables)
    if edits == "refuse" and kept:
        raise RollbackRefused(kept)
    staying = {(one.table, one.id) for one in kept}
    kept += [Conflict(*one, "edited") for one in in_part if one not in staying]
    staying.update(in_part)
    return kept, [one for one in changed if (one.table, one.id) not in staying]


def _back_up(connection: Connection, store: ObjectStore, run_id: str, tables: Sequence[Table]) -> str:
    """Back up what is about to be set back, prove that, and return the backup's name."""
    now = datetime.now(UTC)
    header = Header(new_name(store, run_id, now), run_id, None, now)
    take(connection, store, header, tables, always=True)
    prove(connection, store, header.name)
    return header.name


def _count_broken(connection: Connection) -> dict[str, int]:
    counted = [one for table in TABLES for one in links.count_broken(connection, table)]
    return {f"{one.table}.{one.column}": one.ours for one in counted}


def _constrained(connection: Connection) -> dict[str, int]:
    """Let PostgreSQL check its own references now, and return what it knows nothing of."""
    try:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except errors.ForeignKeyViolation as error:
        raise BrokenLinks(
            f"{error.diag.table_name}: a row would point at a row that isn't there "
            f"({error.diag.constraint_name}). Nothing was taken back. If the guard is installed, remove it, "
            "since rows may have pointed at nobody before."
        ) from None
    return _count_broken(connection)


def _refuse_broken(before: dict[str, int], after: dict[str, int]) -> None:
    worse = [f"{link}: {count}" for link, count in after.items() if count > before[link]]
    if worse:
        raise BrokenLinks(
            f"Rows from FileMaker would point at rows that aren't there ({', '.join(worse)}). Nothing was "
            "taken back."
        )


def _prove(connection: Connection, tables: Sequence[Table]) -> None:
    """Compare every row that was set back with what it was, by digest; raises RollbackNotProved."""
    different = {table.name: restore.count_different(connection, table) for table in tables}
    different |= {name: restore.count_different_records(connection, name) for name in restore.WHOLE}
    if any(different.values()):
        said = ", ".join(f"{name}: {count}" for name, count in different.items() if count)
        raise RollbackNotProved(
            f"What was set back is not what it was ({said}). Nothing was taken back. Does a trigger of "
            "Nexus change rows as they are written?"
        )


def _record(connection: Connection, entry: PublicationEntry, counts: dict[str, dict[str, int]]) -> int:
    """Write down the rollback, what it changed, and which publications stand now."""
    number = ledger.write_entry(connection, entry, counts)
    for name in counts:
        ledger.record_changes(connection, number, BY_NAME[name])
    rows = connection.execute("SELECT id, undoes FROM publications ORDER BY id").fetchall()
    statement = """
        UPDATE publications SET undone_by = %s WHERE id = %s AND undone_by IS DISTINCT FROM %s
    """
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(by, one, by) for one, by in standing.undone_by(rows).items()])
    return number
