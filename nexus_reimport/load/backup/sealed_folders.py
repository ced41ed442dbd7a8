"""Folders that are whole or not there: files first, then a manifest of them, then the manifest's digest.

The digest is the seal. A folder without it was never finished; one byte changed in any file of a sealed
folder, the manifest and the seal included, is noticed by `verify`.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import obstore
import orjson
from obstore.store import ObjectStore

from nexus_reimport.load.backup.exceptions import BackupDamaged, BackupError, BackupMissing

_MANIFEST = "manifest.json"
SEAL = "manifest.json.sha256"
# S3 takes parts of 5 MiB and up; this many bytes are in memory at a time, not the file.
PART_BYTES = 8 * 2**20
READ_BYTES = 2**18
PARTS_AT_ONCE = 2


@dataclass(frozen=True)
class File:
    """One file of a sealed folder: how many bytes it has, and their SHA-256."""

    bytes: int
    sha256: str


class FileWriter:
    """Writes one file of a folder piece by piece; `close` gives what to note of it in the manifest."""

    def __init__(self, store: ObjectStore, path: str) -> None:
        self._out = obstore.open_writer(store, path, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, content: bytes) -> None:
        """Append to the file."""
        self._digest.update(content)
        self._bytes += len(content)
        self._out.write(content)

    def close(self) -> File:
        """Finish the file."""
        self._out.close()
        return File(self._bytes, self._digest.hexdigest())


def seal_files(store: ObjectStore, folder: str, manifest: Mapping[str, Any]) -> None:
    """Write the manifest and then the seal: from here on the folder is whole."""
    content = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    obstore.put(store, f"{folder}/{_MANIFEST}", content)
    obstore.put(store, f"{folder}/{SEAL}", _seal(content))


def is_sealed(store: ObjectStore, folder: str) -> bool:
    """Say whether the folder was finished."""
    try:
        obstore.head(store, f"{folder}/{SEAL}")
    except FileNotFoundError:
        return False
    return True


def read_sealed_manifest(store: ObjectStore, folder: str) -> dict[str, Any]:
    """Return the manifest of a whole folder. Raises BackupMissing, or BackupDamaged where a byte differs."""
    written = _content(store, f"{folder}/{SEAL}")
    if written is None:
        raise BackupMissing(f"{folder} is not there, or was never finished: it can't be used.")
    content = _content(store, f"{folder}/{_MANIFEST}")
    if content is None or written != _seal(content):
        raise BackupDamaged(f"{folder}: its manifest is not what was written. Use another backup.")
    manifest: dict[str, Any] = orjson.loads(content)
    return manifest


def verify_sealed(store: ObjectStore, folder: str, files: Mapping[str, File]) -> None:
    """Read every file of a whole folder; raise BackupDamaged, naming the first that isn't as written."""
    unknown = list_files(store, folder) - {*files, _MANIFEST, SEAL}
    if unknown:
        raise BackupDamaged(f"{folder}: {min(unknown)} does not belong there. Use another backup.")
    for name, file in files.items():
        for _ in read_sealed(store, folder, name, file):
            pass


def read_sealed(store: ObjectStore, folder: str, name: str, file: File) -> Iterator[bytes]:
    """Yield a file piece by piece; raises BackupDamaged, at its end, where it is not what was written."""
    digest, length = hashlib.sha256(), 0
    try:
        for piece in obstore.get(store, f"{folder}/{name}").stream(READ_BYTES):
            content = bytes(piece)
            digest.update(content)
            length += len(content)
            yield content
    except FileNotFoundError:
        raise BackupDamaged(f"{folder}/{name} is gone. Use another backup.") from None
    if (length, digest.hexdigest()) != (file.bytes, file.sha256):
        raise BackupDamaged(f"{folder}/{name} is not what was written. Use another backup.")


def list_files(store: ObjectStore, folder: str) -> set[str]:
    """Return the names of the files in a folder."""
    pages = obstore.list(store, prefix=f"{folder}/")
    return {found["path"].removeprefix(f"{folder}/") for page in pages for found in page}


def make_room(store: ObjectStore, folder: str) -> None:
    """Delete what a killed attempt left in a folder; raises BackupError where the folder is whole."""
    if is_sealed(store, folder):
        raise BackupError(f"{folder} is there already, whole; a backup is never written over.")
    for name in list_files(store, folder):
        obstore.delete(store, f"{folder}/{name}")


def _content(store: ObjectStore, path: str) -> bytes | None:
    try:
        return bytes(obstore.get(store, path).bytes())
    except FileNotFoundError:
        return None


def _seal(manifest: bytes) -> bytes:
    """Return the seal, as `sha256sum` writes it and `sha256sum -c` reads it."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {_MANIFEST}\n".encode()
