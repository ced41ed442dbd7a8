"""What lies under `backup/`: which backups of files there are, which is unfinished, and their copies."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nexus_reimport.exceptions import FileBackupDamaged, FileGone, NotFound
from nexus_reimport.load.file_backup.file_manifest import (
    FILE_BACKUPS,
    FILE_MANIFEST,
    NAME,
    STARTED,
    FileManifest,
    KeptFile,
    copy_key,
    parse_manifest,
)
from nexus_reimport.storage.file_objects import FileBucket, StoredFile


@dataclass
class Shelf:
    """Every copy under `backup/`, by its whole key, and the names of finished and unfinished backups.

    Folders of older tools, which have neither of our two own files, are nobody's here.
    """

    copies: dict[str, StoredFile] = field(default_factory=dict)
    finished: dict[str, StoredFile] = field(default_factory=dict)
    started: dict[str, StoredFile] = field(default_factory=dict)

    @property
    def newest(self) -> str | None:
        """The newest finished backup's name."""
        return max(self.finished, default=None)

    @property
    def unfinished(self) -> str | None:
        """The newest backup that was begun after the newest finished one."""
        newest = max(self.started, default="")
        return newest if newest > (self.newest or "") else None

    def has(self, key: str, kept: KeptFile) -> bool:
        """Say whether a file's copy lies where it should, as it was made."""
        return kept.is_copied_by(self.copies.get(copy_key(kept.backup, key)))


def read_shelf(bucket: FileBucket) -> Shelf:
    """List all backups of files in the bucket, with their copies."""
    shelf = Shelf()
    for one in bucket.files(f"{FILE_BACKUPS}reimport_"):
        name, _, inner = one.key.removeprefix(FILE_BACKUPS).partition("/")
        if not NAME.fullmatch(name):
            continue
        kinds = {FILE_MANIFEST: shelf.finished, STARTED: shelf.started}
        if inner in kinds:
            kinds[inner][name] = one
        else:
            shelf.copies[one.key] = one
    return shelf


def read_file_manifest(bucket: FileBucket, name: str) -> FileManifest:
    """Return a backup's manifest. Raises NotFound or, where it is not as written, BackupDamaged."""
    unknown = NotFound(f"There is no finished backup «{name[:60]}». See «nexus-reimport files list».")
    if not NAME.fullmatch(name):
        raise unknown
    try:
        return parse_manifest(bucket.read(copy_key(name, FILE_MANIFEST)), name)
    except FileGone:
        raise unknown from None


@dataclass(frozen=True)
class FileBackupFacts:
    """One line of the list of backups. `state`: finished, unfinished or damaged; `copies`: its own.

    `needs`: other backups that its copies lie in. `needed_by`: backups that need its copies.
    """

    name: str
    state: str
    finished_at: str | None = None
    files: int = 0
    size: int = 0
    copies: int = 0
    missing: int = 0
    needs: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()


def list_file_backups(bucket: FileBucket) -> list[FileBackupFacts]:
    """Return every backup of files, the oldest first; each manifest is read and proved."""
    shelf = read_shelf(bucket)
    manifests = dict(_manifests(bucket, shelf))
    names = sorted({*shelf.started, *shelf.finished})
    return [_facts(name, shelf, manifests) for name in names]


def _manifests(bucket: FileBucket, shelf: Shelf) -> Iterator[tuple[str, FileManifest | None]]:
    for name in shelf.finished:
        try:
            yield name, read_file_manifest(bucket, name)
        except FileBackupDamaged:
            yield name, None


def _facts(name: str, shelf: Shelf, manifests: dict[str, FileManifest | None]) -> FileBackupFacts:
    needed_by = sorted(
        other for other, one in manifests.items() if one and name in one.needs and other != name
    )
    manifest = manifests.get(name)
    if manifest is None:
        state = "damaged" if name in shelf.finished else "unfinished"
        return FileBackupFacts(name, state, needed_by=tuple(needed_by))
    return FileBackupFacts(
        name=name,
        state="finished",
        finished_at=manifest.finished_at,
        files=len(manifest.files),
        size=manifest.size,
        copies=manifest.needs.get(name, 0),
        missing=sum(not shelf.has(key, kept) for key, kept in manifest.files.items()),
        needs=tuple(other for other in manifest.needs if other != name),
        needed_by=tuple(needed_by),
    )
