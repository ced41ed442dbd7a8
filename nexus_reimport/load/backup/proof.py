"""The proof that a backup can be restored, by restoring it; and its rows, loaded for a rollback.

Rows go into temporary tables made like the relations they are of: nobody else sees them, they need no
permission but TEMPORARY, and they end with the transaction at the latest.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass

import psycopg
from obstore.store import ObjectStore
from psycopg import sql

from nexus_reimport.load.backup import manifest, selection
from nexus_reimport.load.backup import sealed_folders as sealed
from nexus_reimport.load.backup.exceptions import BackupNotProved, BackupOutdated
from nexus_reimport.load.backup.manifest import Backup, StoredRows
from nexus_reimport.load.backup.selection import Content
from nexus_reimport.load.backup.taking import GZIP
from nexus_reimport.load.database.connection import Connection

# Not touched by a publication, and so not set back by its rollback: people import them at any time.
NOT_LOADED = ("former_identities",)


@dataclass(frozen=True)
class Proof:
    """What was restored and found to be equal: how many relations, and how many rows in all."""

    name: str
    relations: int
    rows: int


def prove(connection: Connection, store: ObjectStore, name: str) -> Proof:
    """Restore a backup into a scratch place, compare counts and content hashes, leave nothing behind.

    Works on a connection of its own, or inside a transaction (in a savepoint). Raises BackupMissing,
    BackupDamaged, or BackupNotProved, which names the relation and what differs.
    """
    backup = manifest.verify(store, name)
    kept = {key: one for key, one in backup.stored.items() if not one.is_absent}
    with connection.transaction(force_rollback=True):
        for key in kept:
            _restore(connection, store, backup, key, sql.Identifier(f"proof_{key}"))
    return Proof(name, len(kept), sum(one.rows for one in kept.values()))


def load(
    connection: Connection,
    store: ObjectStore,
    name: str,
    prefix: str = "before_",
    only: Collection[str] | None = None,
) -> Backup:
    """Load a backup into temporary tables for the rest of the transaction, and return what it says.

    They are `before_<table>`, `before_written_<table>`, `before_identities` and `before_removed`; one of a
    relation that wasn't there yet is empty. `only`: these of them. Raises as `prove` does, and
    BackupOutdated where a table of Nexus has got other columns since.
    """
    backup = manifest.verify(store, name)
    for key in backup.stored:
        if key not in NOT_LOADED and (only is None or key in only):
            _restore(connection, store, backup, key, sql.Identifier(f"{prefix}{key}"))
    return backup


def _restore(
    connection: Connection, store: ObjectStore, backup: Backup, key: str, target: sql.Identifier
) -> None:
    """Make one relation again from its file, under another name, and compare it with what it was."""
    one = backup.stored[key]
    _refuse_other_columns(connection, one)
    try:
        _create(connection, one, target)
        if not one.is_absent:
            _fill(connection, store, backup, key, target)
        connection.execute(sql.SQL("ANALYZE {}").format(target))
    except psycopg.Error as error:
        # PostgreSQL's own words quote the row.
        raise BackupNotProved(
            f"{one.relation}: PostgreSQL would not take it back ({error.sqlstate or 'connection lost'} "
            f"{type(error).__name__}). Nothing was written; take another backup."
        ) from None
    if not one.is_absent:
        _refuse_difference(one, selection.read_content(connection, selection.whole(target), one.columns))


def _create(connection: Connection, one: StoredRows, target: sql.Identifier) -> None:
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING CONSTRAINTS INCLUDING INDEXES) ON COMMIT DROP"
        ).format(target, selection.identifier(one.relation))
    )


def _fill(
    connection: Connection, store: ObjectStore, backup: Backup, key: str, target: sql.Identifier
) -> None:
    one = backup.stored[key]
    unpacking = zlib.decompressobj(wbits=GZIP)
    with connection.cursor() as cursor, cursor.copy(selection.copy_in(target, one.columns)) as copy:
        for piece in sealed.read_sealed(store, backup.folder, manifest.file_name(key), one.file):
            copy.write(unpacking.decompress(piece))
        copy.write(unpacking.flush())


def _refuse_difference(one: StoredRows, found: Content) -> None:
    if found.rows != one.rows:
        raise BackupNotProved(
            f"{one.relation}: {found.rows} rows came back of {one.rows}. Take another backup."
        )
    if found.content != one.content:
        raise BackupNotProved(
            f"{one.relation}: the rows that came back are not those of Nexus. Take another backup; if that "
            "too fails, somebody writes to Nexus's schema at the same time."
        )


def _refuse_other_columns(connection: Connection, one: StoredRows) -> None:
    """Raise BackupOutdated where columns came or went; our own relations may have got more."""
    now = selection.columns(connection, one.relation)
    is_ours = "." in one.relation
    if one.is_absent or now == one.columns or (is_ours and set(one.columns) <= set(now)):
        return
    raise BackupOutdated(
        f"{one.relation} has other columns now than when the backup was taken. Nothing was written; its file "
        "can still be restored by hand."
    )
