"""What a backup says of itself: whose it is, and of each file the relation, its rows and their digests."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from obstore.store import ObjectStore

from nexus_reimport.load.backup import sealed_folders as sealed
from nexus_reimport.load.backup.exceptions import BackupDamaged

BACKUPS = "backups"
FORMAT = 1


@dataclass(frozen=True)
class Header:
    """Whose backup it is: its name, the run and the plan it was taken for, and when (UTC)."""

    name: str
    run_id: str
    plan_id: str | None
    made_at: datetime


@dataclass(frozen=True)
class StoredRows:
    """One file: rows of a relation as gzip'ed PostgreSQL COPY text, columns in the relation's order.

    `content` is the content hash of the rows, computed by PostgreSQL in the snapshot that they are of.
    `is_absent`: there was no such relation yet, and so there is no such file.
    """

    relation: str
    columns: tuple[str, ...]
    rows: int
    content: str
    bytes: int = 0
    sha256: str = ""
    is_absent: bool = False

    @property
    def file(self) -> sealed.File:
        """What the file itself must be."""
        return sealed.File(self.bytes, self.sha256)


@dataclass(frozen=True)
class Backup:
    """A whole backup. `absent`: by table, how many rows about to be touched weren't there (inserts)."""

    header: Header
    server_version: str
    absent: dict[str, int]
    stored: dict[str, StoredRows]

    @property
    def folder(self) -> str:
        """Where it is under the storage."""
        return folder(self.header.name)

    @property
    def rows(self) -> int:
        """How many rows it holds, in all."""
        return sum(one.rows for one in self.stored.values())

    @property
    def bytes(self) -> int:
        """How large its files are, in all."""
        return sum(one.bytes for one in self.stored.values())


def folder(name: str) -> str:
    """Return where the backup of that name is under the storage."""
    return f"{BACKUPS}/{name}"


def file_name(name: str) -> str:
    """Return the name of the file with the rows that a manifest lists under `name`."""
    return f"{name}.copy.gz"


def new_name(store: ObjectStore, run_id: str, made_at: datetime) -> str:
    """Return a name that no backup has yet: the instant (UTC, the next free second) and the run."""
    instant = made_at.astimezone(UTC)
    while sealed.is_sealed(store, folder(name := f"{instant:%Y%m%dT%H%M%SZ}-{run_id[:8]}")):
        instant += timedelta(seconds=1)
    return name


def seal(store: ObjectStore, backup: Backup) -> None:
    """Make the backup whole, after all of its files."""
    sealed.seal_files(store, backup.folder, {"format": FORMAT, **asdict(backup)})


def read(store: ObjectStore, name: str) -> Backup:
    """Return what a whole backup says of itself. Raises BackupMissing or BackupDamaged."""
    manifest = sealed.read_sealed_manifest(store, folder(name))
    if manifest.get("format") != FORMAT or manifest["header"]["name"] != name:
        raise BackupDamaged(f"{folder(name)} is not the backup, or not of the format, that it should be.")
    return Backup(
        header_of(manifest["header"]),
        manifest["server_version"],
        manifest["absent"],
        {
            key: StoredRows(**{**one, "columns": tuple(one["columns"])})
            for key, one in manifest["stored"].items()
        },
    )


def verify(store: ObjectStore, name: str) -> Backup:
    """Read a whole backup, every byte, and return what it says of itself.

    Raises BackupMissing where it was never finished, BackupDamaged where one byte isn't as written.
    """
    backup = read(store, name)
    files = {file_name(key): one.file for key, one in backup.stored.items() if not one.is_absent}
    sealed.verify_sealed(store, backup.folder, files)
    return backup


def header_of(given: Mapping[str, Any]) -> Header:
    """Return the header that a manifest has as JSON."""
    return Header(**{**given, "made_at": datetime.fromisoformat(given["made_at"])})
