"""What a backup of files says of itself: for each key where its copy lies, and a digest of all that."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from nexus_reimport.exceptions import FileBackupDamaged
from nexus_reimport.storage.file_objects import StoredFile

FILE_BACKUPS = "backup/"
FILE_MANIFEST = "manifest.json"
STARTED = "started.json"
_NAMED = "reimport_%Y%m%dT%H%M%SZ"
NAME = re.compile(r"reimport_\d{8}T\d{6}Z")
FILE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file as a backup keeps it: its size in bytes and ETag then; whose folder its copy lies in."""

    size: int
    etag: str
    backup: str
    copy_etag: str

    def is_copied_by(self, copy: StoredFile | None) -> bool:
        """Say whether this is the copy, as it was made."""
        return copy is not None and (copy.size, copy.etag) == (self.size, self.copy_etag)

    def is_same_as(self, file: StoredFile) -> bool:
        """Say whether a file is as it was then: untouched, or put back from the copy."""
        return file.size == self.size and file.etag in (self.etag, self.copy_etag)


@dataclass(frozen=True)
class FileManifest:
    """A whole backup: every file there was, by key. `finished_at`: ISO 8601, UTC."""

    name: str
    bucket: str
    finished_at: str
    previous: str | None
    prefixes: tuple[str, ...]
    files: Mapping[str, KeptFile]

    @cached_property
    def needs(self) -> dict[str, int]:
        """How many copies lie in the folder of each backup, by its name: none of these may be removed."""
        return dict(sorted(Counter(kept.backup for kept in self.files.values()).items()))

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(kept.size for kept in self.files.values())


def new_file_backup(now: datetime, taken: Collection[str]) -> str:
    """Return the name of a backup that starts now (with time zone): later than any in `taken`."""
    newest = max(taken, default="")
    after = datetime.strptime(newest, _NAMED).replace(tzinfo=UTC) + timedelta(seconds=1) if newest else now
    return max(now, after).astimezone(UTC).strftime(_NAMED)


def copy_key(backup: str, key: str) -> str:
    """Return where a backup's own copy of a file lies."""
    return f"{FILE_BACKUPS}{backup}/{key}"


def manifest_bytes(manifest: FileManifest) -> bytes:
    """Return the manifest as it is stored: JSON, with the SHA-256 of its part `backup`."""
    told = {
        field.name: getattr(manifest, field.name) for field in fields(FileManifest) if field.name != "files"
    }
    files = {key: asdict(kept) for key, kept in manifest.files.items()}
    return _sealed({"format": FILE_FORMAT, **told, "needs": manifest.needs, "files": files})


def parse_manifest(content: bytes, name: str) -> FileManifest:
    """Return the manifest of the backup `name`. Raises BackupDamaged where any byte is not as written."""
    damaged = FileBackupDamaged(
        f"{FILE_BACKUPS}{name}/{FILE_MANIFEST} is not what was written. Use another backup, see «files "
        "list»; docs/files-backup.md says how to mend this one."
    )
    try:
        told = orjson.loads(content)["backup"]
        if _sealed(told) != content or told["format"] != FILE_FORMAT or told["name"] != name:
            raise damaged
        files = {key: KeptFile(**kept) for key, kept in told["files"].items()}
        values = {field.name: told[field.name] for field in fields(FileManifest)}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise damaged from None
    return FileManifest(**{**values, "prefixes": tuple(told["prefixes"]), "files": files})


def _sealed(told: Mapping[str, Any]) -> bytes:
    digest = hashlib.sha256(orjson.dumps(told)).hexdigest()
    return orjson.dumps({"sha256": digest, "backup": told})
