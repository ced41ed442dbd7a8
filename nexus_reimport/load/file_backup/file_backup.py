"""Backups of the clinic's files: copies inside the bucket, of what is new or changed since the last one.

Every backup's manifest names each file there was and where its copy lies, in this backup's folder or in an
earlier one's. Nothing is ever deleted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import orjson

from nexus_reimport.exceptions import (
    AccessDenied,
    AlreadyThere,
    CopyNotProved,
    FileGone,
    FileRefused,
    FileReplaced,
    SettingsRefused,
)
from nexus_reimport.load.file_backup.file_manifest import (
    FILE_BACKUPS,
    FILE_FORMAT,
    FILE_MANIFEST,
    STARTED,
    FileManifest,
    KeptFile,
    copy_key,
    manifest_bytes,
    new_file_backup,
)
from nexus_reimport.load.file_backup.file_shelf import Shelf, read_file_manifest, read_shelf
from nexus_reimport.model.reasons.image_files import FORBIDDEN
from nexus_reimport.storage.file_objects import FileBucket, FilesProgress, StoredFile, same_content, shown

# Whatever a row of Nexus can point at, and the exports beside it.
FILE_PREFIXES = ("documents/", "filemaker-import/", "images/", "patients/")
AT_ONCE = 32
_SHARD = 512
# A key of AWS that may copy nothing is not so many files' own fault.
_MANY = 20
_TRIES = 3
_LONGEST_KEY = 1024


@dataclass(frozen=True)
class FileBackup:
    """What a backup came to. Counts of files; `size` and `copied_size` in bytes.

    `written`: whether there is a new backup; where nothing has changed, `name` is the last one's. `resumed`:
    copied by an attempt that was interrupted. `replaced`: written anew while this went on, and copied as they
    are now. `gone`: deleted while this went on. `too_long`: keys with no room for the backup's own prefix,
    not copied. `refused`: key and reason of each that S3 would not copy, in no backup as it is
    now. `left_out`: folders of the bucket that are not looked at; None where that may not be listed.
    """

    name: str
    written: bool
    files: int
    size: int
    copied: int = 0
    copied_size: int = 0
    reused: int = 0
    resumed: int = 0
    replaced: int = 0
    gone: int = 0
    too_long: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] | None = None


class _Copied(NamedTuple):
    """A file as it was copied, None where it was not; the copy's ETag; whether it had been replaced.

    `refused`: why S3 would not copy it; None where it was gone or is copied.
    """

    key: str
    file: StoredFile | None
    copy_etag: str
    replaced: bool
    refused: str | None = None


@dataclass
class _Attempt:
    """What one call does in the folder of one backup."""

    bucket: FileBucket
    name: str
    kept: dict[str, KeptFile] = field(default_factory=dict)
    copied: list[_Copied] = field(default_factory=list)

    def run(self, missing: Sequence[StoredFile], workers: int, on_progress: FilesProgress) -> None:
        """Copy all that is missing, many at once."""
        with ThreadPoolExecutor(workers) as pool:
            for one in _in_order(pool, self.bucket, self.name, missing):
                self.copied.append(one)
                if one.file:
                    kept = KeptFile(one.file.size, one.file.etag, self.name, one.copy_etag)
                    self.kept[one.key] = kept
                if len(self.copied) == _MANY and all(each.refused == FORBIDDEN for each in self.copied):
                    break
                on_progress(len(self.copied), len(missing))
        if self.copied and all(each.refused == FORBIDDEN for each in self.copied):
            raise AccessDenied(
                "None of the files may be copied. Give the AWS key the rights s3:GetObject on the files and "
                "s3:PutObject on backup/, or correct the key."
            )

    def prove(self) -> None:
        """List what is in the folder now, and compare count, size and ETag of each copy."""
        listed = {one.key: one for one in self.bucket.files(copy_key(self.name, ""))}
        own = {key: kept for key, kept in self.kept.items() if kept.backup == self.name}
        wrong = [
            key for key, kept in own.items() if not kept.is_copied_by(listed.get(copy_key(self.name, key)))
        ]
        if wrong:
            raise CopyNotProved(
                f"{len(wrong)} of {len(own)} copies are missing or differ, the first {shown(min(wrong))}. "
                "There is no backup yet: run again, it goes on from here."
            )


def back_up_files(
    bucket: FileBucket,
    prefixes: Sequence[str] = FILE_PREFIXES,
    on_progress: FilesProgress = lambda *_: None,
    workers: int = AT_ONCE,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    full: bool = False,
) -> FileBackup:
    """Copy every file under the prefixes that the last backup has not, and write the backup's manifest last.

    `full`: copy everything, so that no earlier backup is needed. Prefixes of the last backup stay. An
    interrupted backup is gone on with in its own folder. Raises SettingsRefused, AccessDenied,
    ConnectionFailed, NotFound, CopyNotProved or, where the last backup's manifest is not as written,
    BackupDamaged; there is then no new backup, and the next call goes on.
    """
    shelf = read_shelf(bucket)
    last = read_file_manifest(bucket, shelf.newest) if shelf.newest else None
    prefixes = _all_prefixes(prefixes, last)
    current, too_long = _current_files(bucket, prefixes)
    kept = {} if full else _kept_before(last, shelf, current)
    left_out = _folders_left_out(bucket, prefixes)
    if last and not (full or shelf.unfinished) and len(kept) == len(current) and kept == last.files:
        return replace(_unchanged(last), too_long=too_long, left_out=left_out)
    attempt = _Attempt(
        bucket, shelf.unfinished or new_file_backup(clock(), {*shelf.started, *shelf.finished}), kept
    )
    resumed = _resumed(shelf, attempt.name, current, kept)
    reused = len(kept)
    attempt.kept |= resumed
    if attempt.name not in shelf.started:
        bucket.create(copy_key(attempt.name, STARTED), orjson.dumps({"format": FILE_FORMAT}))
    attempt.run([one for key, one in current.items() if key not in attempt.kept], workers, on_progress)
    attempt.prove()
    _finish(attempt, clock(), last.name if last else None, prefixes)
    return _outcome(attempt, reused, len(resumed), too_long, left_out)


def _all_prefixes(given: Sequence[str], last: FileManifest | None) -> tuple[str, ...]:
    """Return the prefixes to look at; a copy's name must never be one of our own files'."""
    if wrong := [prefix for prefix in given if not prefix.strip("/") or not prefix.endswith("/")]:
        raise SettingsRefused(
            f"{len(wrong)} prefixes are no folders: each must end in «/», as «images/» does."
        )
    return tuple(sorted({*given, *(last.prefixes if last else ())}))


def _current_files(bucket: FileBucket, prefixes: Iterable[str]) -> tuple[dict[str, StoredFile], int]:
    """Return the files there are, by key, and how many keys are too long to be copied.

    Empty objects whose key ends in `/` are folders that a console made up, not files.
    """
    found, too_long = {}, 0
    for prefix in prefixes:
        for one in bucket.files(prefix):
            if one.key.startswith(FILE_BACKUPS) or (one.key.endswith("/") and not one.size):
                continue
            if len(copy_key("reimport_00000000T000000Z", one.key).encode()) > _LONGEST_KEY:
                too_long += 1
            else:
                found[one.key] = one
    return found, too_long


def _folders_left_out(bucket: FileBucket, prefixes: Sequence[str]) -> tuple[str, ...] | None:
    """Return the bucket's folders that no prefix leads into; None where the right to see them is missing."""
    try:
        folders = bucket.folders()
    except AccessDenied:
        return None
    looked_at = (*prefixes, FILE_BACKUPS)
    return tuple(
        shown(one)
        for one in folders
        if not any(one.startswith(prefix) or prefix.startswith(one) for prefix in looked_at)
    )


def _kept_before(
    last: FileManifest | None, shelf: Shelf, current: dict[str, StoredFile]
) -> dict[str, KeptFile]:
    """Return what the last backup has of the files as they are now, its copies being there still."""
    if not last:
        return {}
    return {
        key: replace(kept, etag=one.etag)
        for key, one in current.items()
        if (kept := last.files.get(key)) and kept.is_same_as(one) and shelf.has(key, kept)
    }


def _resumed(
    shelf: Shelf, name: str, current: dict[str, StoredFile], kept: dict[str, KeptFile]
) -> dict[str, KeptFile]:
    """Return what an interrupted attempt has copied of the files as they are now."""
    found = {}
    for key, one in current.items():
        copy = shelf.copies.get(copy_key(name, key))
        if key not in kept and copy and _is_current(copy, one):
            found[key] = KeptFile(one.size, one.etag, name, copy.etag)
    return found


def _is_current(copy: StoredFile, file: StoredFile) -> bool:
    """Say whether a copy is of the file as it is now. Where the ETags can't tell, S3's own clock does."""
    if copy.size != file.size:
        return False
    same = same_content(copy.etag, file.etag)
    return copy.modified > file.modified if same is None else same


def _in_order(
    pool: ThreadPoolExecutor, bucket: FileBucket, name: str, missing: Iterable[StoredFile]
) -> Iterator[_Copied]:
    """Yield each copy in order; only so many are waiting that memory stays bounded."""
    waiting = iter(missing)
    while shard := list(islice(waiting, _SHARD)):
        yield from pool.map(lambda one: _copy(bucket, name, one), shard)


def _copy(bucket: FileBucket, name: str, file: StoredFile) -> _Copied:
    """Copy a file as it is: one that is replaced meanwhile is looked at again, a few times."""
    listed = file
    for _ in range(_TRIES):
        try:
            etag = bucket.copy(file, copy_key(name, file.key))
            return _Copied(file.key, file, etag, file is not listed)
        except FileGone:
            return _Copied(file.key, None, "", replaced=False)
        except FileRefused as refusal:
            return _Copied(file.key, None, "", replaced=False, refused=refusal.reason)
        except FileReplaced:
            try:
                file = bucket.find(file.key)
            except FileGone:
                return _Copied(file.key, None, "", replaced=False)
            except FileRefused as refusal:
                return _Copied(file.key, None, "", replaced=False, refused=refusal.reason)
    raise CopyNotProved(f"{shown(file.key)} was replaced again and again while it was copied. Run again.")


def _finish(attempt: _Attempt, now: datetime, previous: str | None, prefixes: Sequence[str]) -> None:
    """Write the manifest, which makes a backup of the folder, and read it back."""
    finished_at = now.astimezone(UTC).isoformat(timespec="seconds")
    files = dict(sorted(attempt.kept.items()))
    manifest = FileManifest(attempt.name, attempt.bucket.name, finished_at, previous, tuple(prefixes), files)
    key = copy_key(attempt.name, FILE_MANIFEST)
    try:
        attempt.bucket.create(key, manifest_bytes(manifest))
    except AlreadyThere:
        raise AlreadyThere(f"{key} was written by another backup that went on at once. Run again.") from None
    read_file_manifest(attempt.bucket, attempt.name)


def _unchanged(last: FileManifest) -> FileBackup:
    return FileBackup(last.name, False, len(last.files), last.size, reused=len(last.files))


def _outcome(
    attempt: _Attempt, reused: int, resumed: int, too_long: int, left_out: tuple[str, ...] | None
) -> FileBackup:
    copied = [one.file for one in attempt.copied if one.file]
    refused = tuple((one.key, one.refused) for one in attempt.copied if one.refused)
    return FileBackup(
        name=attempt.name,
        written=True,
        files=len(attempt.kept),
        size=sum(kept.size for kept in attempt.kept.values()),
        copied=len(copied),
        copied_size=sum(one.size for one in copied),
        reused=reused,
        resumed=resumed,
        replaced=sum(one.replaced for one in attempt.copied),
        gone=len(attempt.copied) - len(copied) - len(refused),
        refused=refused,
        too_long=too_long,
        left_out=left_out,
    )
