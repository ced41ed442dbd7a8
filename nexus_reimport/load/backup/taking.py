"""A backup of what is about to be touched, taken in the snapshot in which that was decided."""

import zlib
from collections.abc import Sequence

from obstore.store import ObjectStore
from psycopg import sql

from nexus_reimport.load.backup import manifest, selection
from nexus_reimport.load.backup import sealed_folders as sealed
from nexus_reimport.load.backup.manifest import Backup, Header, StoredRows
from nexus_reimport.load.backup.selection import Content, Selection
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.model.columns import Table

# Rows are mostly UUIDs and digests, which hardly shrink: trying harder only takes longer.
COMPRESSION = 1
GZIP = 31
BLOCK_BYTES = 2**18
# The content hash of no rows: SHA-256 of nothing.
_EMPTY = Content(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def take(
    connection: Connection, store: ObjectStore, header: Header, tables: Sequence[Table], always: bool = False
) -> Backup | None:
    """Back up the rows about to be touched, and our own records of them; None where none is touched.

    `always`: then too, for the sake of our own records.

    The connection has `touched_<table>(id, action)` for each of the tables, and one view of Nexus: a
    REPEATABLE READ snapshot, read-only or not, or the publication's own transaction with its locks. Nothing
    is written to Nexus. A backup that is cut short is none: its name is free, and retention clears it.
    """
    counted = {table.name: _count_touched(connection, table) for table in tables}
    if not always and not any(counted.values()):
        return None
    sealed.make_room(store, manifest.folder(header.name))
    stored = {one.name: _save(connection, store, header.name, one) for one in selection.selections(tables)}
    absent = {name: count - stored[name].rows for name, count in counted.items()}
    backup = Backup(header, connection.info.parameter_status("server_version") or "", absent, stored)
    manifest.seal(store, backup)
    return backup


def covers(connection: Connection, store: ObjectStore, name: str, tables: Sequence[Table]) -> bool:
    """Say whether a backup holds just what `take` would back up now, every row with the same digest.

    To be asked under the publication's locks, of the backup that was taken before them. Raises
    BackupMissing or BackupDamaged.
    """
    backup = manifest.verify(store, name)
    for one in selection.selections(tables):
        names = selection.columns(connection, one.relation)
        now = selection.read_content(connection, one.rows, names) if names else _EMPTY
        kept = backup.stored.get(one.name)
        then = Content(kept.rows, kept.content) if kept else _EMPTY
        if now != then or (kept and now.rows and kept.columns != names):
            return False
    return True


def _count_touched(connection: Connection, table: Table) -> int:
    statement = sql.SQL("SELECT count(*) FROM {}").format(selection.touched_rows(table))
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _save(connection: Connection, store: ObjectStore, name: str, one: Selection) -> StoredRows:
    """Write the file of one selection, and return what it holds."""
    names = selection.columns(connection, one.relation)
    if not names:
        return StoredRows(one.relation, (), _EMPTY.rows, _EMPTY.content, is_absent=True)
    found = selection.read_content(connection, one.rows, names)
    file = _copy_out(connection, store, manifest.folder(name), one, names)
    return StoredRows(one.relation, names, found.rows, found.content, file.bytes, file.sha256)


def _copy_out(
    connection: Connection, store: ObjectStore, folder: str, one: Selection, names: tuple[str, ...]
) -> sealed.File:
    writer = sealed.FileWriter(store, f"{folder}/{manifest.file_name(one.name)}")
    packing = zlib.compressobj(COMPRESSION, wbits=GZIP)
    waiting = bytearray()
    with connection.cursor() as cursor, cursor.copy(selection.copy_out(one, names)) as copy:
        for block in copy:
            waiting += block
            if len(waiting) >= BLOCK_BYTES:
                writer.write(packing.compress(waiting))
                waiting.clear()
    writer.write(packing.compress(waiting) + packing.flush())
    return writer.close()
