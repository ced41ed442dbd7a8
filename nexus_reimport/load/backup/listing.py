"""Which backups and dumps there are, and whether each is whole; read from the storage alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from obstore.store import ObjectStore

from nexus_reimport.load.backup import manifest, retention
from nexus_reimport.load.backup.dump import DUMPS
from nexus_reimport.load.backup.dump import read_dump_manifest as read_dump
from nexus_reimport.load.backup.exceptions import BackupDamaged, BackupMissing

State = Literal["whole", "unfinished", "damaged"]


@dataclass(frozen=True)
class Listed:
    """One backup or dump. `made_at` is in UTC. Of one that is not whole, no more is known than its name.

    `whole`: it was finished, and what it says of itself is as written. Only `verify` reads its files.
    """

    name: str
    made_at: datetime
    state: State
    run_id: str | None = None
    tables: int = 0
    rows: int = 0
    bytes: int = 0


def list_backups(store: ObjectStore) -> list[Listed]:
    """Return the backups there are, newest first."""
    return _listed(store, manifest.BACKUPS, _backup)


def list_dumps(store: ObjectStore) -> list[Listed]:
    """Return the dumps there are, newest first."""
    return _listed(store, DUMPS, _dump)


def _listed(
    store: ObjectStore, folder: str, read: Callable[[ObjectStore, str, datetime], Listed]
) -> list[Listed]:
    found = []
    for name, made_at in retention.by_age(store, folder).items():
        try:
            found.append(read(store, name, made_at))
        except BackupMissing:
            found.append(Listed(name, made_at, "unfinished"))
        except BackupDamaged:
            found.append(Listed(name, made_at, "damaged"))
    return found


def _backup(store: ObjectStore, name: str, made_at: datetime) -> Listed:
    one = manifest.read(store, name)
    tables = sum(1 for key in one.absent if one.stored[key].rows or one.absent[key])
    return Listed(name, made_at, "whole", one.header.run_id, tables, one.rows, one.bytes)


def _dump(store: ObjectStore, name: str, made_at: datetime) -> Listed:
    one = read_dump(store, name)
    rows = sum(table.rows for table in one.tables.values())
    return Listed(name, made_at, "whole", one.header.run_id, len(one.tables), rows, one.file.bytes)
