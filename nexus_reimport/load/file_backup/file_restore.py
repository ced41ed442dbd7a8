"""Files put back out of a backup: missing ones, and where asked to those that differ. None is deleted."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from nexus_reimport.exceptions import CopyNotProved, FileGone, FileRefused, FileReplaced, NotFound
from nexus_reimport.load.file_backup.file_backup import AT_ONCE
from nexus_reimport.load.file_backup.file_manifest import FileManifest, KeptFile, copy_key
from nexus_reimport.load.file_backup.file_shelf import read_file_manifest
from nexus_reimport.storage.file_objects import FileBucket, FilesProgress, StoredFile, shown

_SHARD = 512


@dataclass(frozen=True)
class FileRestore:
    """What a restore did, or would do. Counts of files; `size`: bytes put back, or to be put back.

    `restored`: were missing. `overwritten`: differed. `differing`: differ and were left as they are. `same`:
    needed nothing. `lost`: whose copy is gone or is not what was copied, by key. `taken`: came into being
    while this went on, and were left as they are. `refused`: key and reason of each that S3 would not copy
    back. `looked_first`: whether the bucket heeds no conditions, so that each write was looked before only.
    """

    name: str
    dry_run: bool
    files: int
    restored: int = 0
    overwritten: int = 0
    differing: int = 0
    same: int = 0
    taken: int = 0
    size: int = 0
    lost: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    looked_first: bool = False


@dataclass
class _Plan:
    """Which files of a backup need what, by key."""

    missing: dict[str, KeptFile] = field(default_factory=dict)
    differing: dict[str, KeptFile] = field(default_factory=dict)
    same: int = 0
    lost: list[str] = field(default_factory=list)


def restore_files(
    bucket: FileBucket,
    name: str,
    prefix: str | None = None,
    *,
    overwrite: bool = False,
    dry_run: bool = False,
    on_progress: FilesProgress = lambda *_: None,
    workers: int = AT_ONCE,
) -> FileRestore:
    """Put back the files of a backup that are missing, or differ where `overwrite` says so; prove each.

    `prefix`: only keys that begin with it. Nothing but those keys is written and nothing is deleted. Raises
    NotFound, BackupDamaged, AccessDenied, ConnectionFailed or CopyNotProved; a call again goes on.
    """
    manifest = read_file_manifest(bucket, name)
    files = {key: kept for key, kept in manifest.files.items() if key.startswith(prefix or "")}
    if not files and manifest.files:
        raise NotFound(f"No file of {name} has a key that begins so. Leave --prefix out, or shorten it.")
    plan = _plan(bucket, manifest, files, prefix, overwrite)
    wanted = {**plan.missing, **(plan.differing if overwrite else {})}
    taken: set[str] = set()
    refused: dict[str, str] = {}
    if not dry_run and wanted:
        taken, refused = _put_back(bucket, wanted, plan, workers, on_progress)
    left = taken | refused.keys()
    return FileRestore(
        name=name,
        dry_run=dry_run,
        files=len(files),
        restored=len(plan.missing.keys() - left),
        overwritten=len(plan.differing.keys() - left) if overwrite else 0,
        differing=0 if overwrite else len(plan.differing),
        same=plan.same,
        taken=len(taken),
        size=sum(kept.size for key, kept in wanted.items() if key not in left),
        lost=tuple(sorted(plan.lost)),
        refused=tuple(sorted(refused.items())),
        looked_first=not dry_run and bool(plan.missing) and not bucket.conditions.only_new,
    )


def _plan(
    bucket: FileBucket,
    manifest: FileManifest,
    files: dict[str, KeptFile],
    prefix: str | None,
    overwrite: bool,
) -> _Plan:
    """Compare the backup with what there is now, and look whether each copy that is needed is right."""
    prefixes = [prefix] if prefix else manifest.prefixes
    now = {one.key: one for start in prefixes for one in bucket.files(start) if one.key in files}
    folders = {kept.backup for kept in files.values()}
    copies = {
        one.key: one for folder in sorted(folders) for one in bucket.files(copy_key(folder, prefix or ""))
    }
    plan = _Plan()
    for key, kept in files.items():
        current = now.get(key)
        if current and kept.is_same_as(current):
            plan.same += 1
        elif (current is None or overwrite) and not kept.is_copied_by(copies.get(copy_key(kept.backup, key))):
            plan.lost.append(key)
        else:
            (plan.missing if current is None else plan.differing)[key] = kept
    return plan


def _put_back(
    bucket: FileBucket, wanted: dict[str, KeptFile], plan: _Plan, workers: int, on_progress: FilesProgress
) -> tuple[set[str], dict[str, str]]:
    """Copy back what is wanted and prove it.

    Return the keys that somebody took meanwhile, and those that S3 would not copy, with the reason.
    """
    etags: dict[str, str | FileRefused | None] = {}
    with ThreadPoolExecutor(workers) as pool:
        for key, etag in _in_order(pool, bucket, wanted, plan.missing):
            etags[key] = etag
            on_progress(len(etags), len(wanted))
    _prove(bucket, wanted, {key: etag for key, etag in etags.items() if isinstance(etag, str)})
    refused = {key: etag.reason for key, etag in etags.items() if isinstance(etag, FileRefused)}
    return {key for key, etag in etags.items() if etag is None}, refused


def _in_order(
    pool: ThreadPoolExecutor, bucket: FileBucket, wanted: dict[str, KeptFile], missing: dict[str, KeptFile]
) -> Iterator[tuple[str, str | FileRefused | None]]:
    waiting = iter(wanted.items())
    while shard := list(islice(waiting, _SHARD)):
        yield from pool.map(lambda one: (one[0], _copy_back(bucket, *one, only_new=one[0] in missing)), shard)


def _copy_back(bucket: FileBucket, key: str, kept: KeptFile, *, only_new: bool) -> str | FileRefused | None:
    """Copy one file back as the bucket encrypts any upload; return its ETag.

    None where it was missing and no longer is; why not, where S3 will not copy it.
    """
    copy = StoredFile(copy_key(kept.backup, key), kept.size, kept.copy_etag, 0)
    try:
        return bucket.copy(copy, key, encrypted=False, only_new=only_new)
    except FileRefused as refusal:
        return refusal
    except (FileGone, FileReplaced):
        if only_new and bucket.has(key):
            return None
        raise CopyNotProved(f"The copy of {shown(key)} was changed meanwhile. Run again.") from None


def _prove(bucket: FileBucket, wanted: dict[str, KeptFile], etags: dict[str, str]) -> None:
    """Look at each file that was put back: its size and ETag are what the copy's were."""
    listed = {one.key: one for start in _folders(etags) for one in bucket.files(start) if one.key in etags}
    wrong = [
        key
        for key, etag in etags.items()
        if (found := listed.get(key)) is None or (found.size, found.etag) != (wanted[key].size, etag)
    ]
    if wrong:
        raise CopyNotProved(
            f"{len(wrong)} of {len(etags)} files are not what was put back, the first {shown(min(wrong))}. "
            "Somebody may have written them meanwhile. Run again."
        )


def _folders(keys: Iterable[str]) -> list[str]:
    return sorted({key.split("/", 1)[0] + "/" for key in keys})
