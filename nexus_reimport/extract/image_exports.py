"""FileMaker's image exports, in a folder and, if named, under an S3 prefix: the newest one, whole."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore import exceptions
from obstore.store import S3Store

from nexus_reimport.exceptions import ConnectionFailed, FileStillGrowing, NotFound, RequestRefused
from nexus_reimport.extract.bucket import objects_under
from nexus_reimport.model.reasons.image_files import ARCHIVED, ENCRYPTION_DENIED, FORBIDDEN, UNUSABLE_KEY
from nexus_reimport.storage.s3_errors import answer_of
from nexus_reimport.transform.image_csv import csv_version

SETTLED_SECONDS = 2.0
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Export:
    """One export: its name, its version number, what changes when it does, and when (seconds since 1970)."""

    name: str
    version: int
    place: str
    stamp: str
    modified: float

    def has_settled(self, now: float) -> bool:
        """Say whether nobody has written to it for two seconds. One dated in the future is not being written.

        A copy can bring along the date of a camera or a server whose clock is ahead.
        """
        return abs(now - self.modified) >= SETTLED_SECONDS


@dataclass(frozen=True)
class ImageExports:
    """The places where exports are dropped. `store` and `prefix` name the one in S3, if there is one."""

    folder: Path
    store: S3Store | None = None
    prefix: str | None = None

    def newest(self) -> Export | None:
        """Return the export with the highest version number, whatever the files' dates; None without one.

        Raises ConnectionFailed where S3 can't be listed.
        """
        found = [*self._in_folder(), *self._in_bucket()]
        return max(found, key=lambda export: (export.version, export.modified), default=None)

    def read(self, export: Export) -> bytes:
        """Return an export's bytes.

        Raises FileStillGrowing for one that is not there, ConnectionFailed, or in S3 what is refused.
        """
        if self.store is None or not export.place.startswith("s3:"):
            try:
                return Path(export.place).read_bytes()
            except FileNotFoundError:
                message = f"{export.name} went away while it was looked at. Run again when it stays."
                raise FileStillGrowing(message) from None
        try:
            return bytes(obstore.get(self.store, export.place.removeprefix("s3:")).bytes())
        except (exceptions.BaseError, FileNotFoundError, ValueError) as error:
            raise _not_fetched(self.store, export, error) from None

    def read_newest(
        self, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.time
    ) -> tuple[str, bytes]:
        """Return name and content of the newest export. One still being written is waited for, a minute.

        Raises NotFound, FileStillGrowing or ConnectionFailed.
        """
        deadline = clock() + PATIENCE_SECONDS
        while True:
            export = self.newest()
            if export is None:
                message = f"There is no Image_dataV*.csv in {self.folder}. Put FileMaker's export there."
                raise NotFound(message)
            content = self.read(export)
            if export.has_settled(clock()) and self.newest() == export:
                return export.name, content
            if clock() >= deadline:
                message = f"{export.name} is still being written after a minute. Run again when it is whole."
                raise FileStillGrowing(message)
            sleep(0.25)

    def _in_folder(self) -> list[Export]:
        found = []
        for entry in self.folder.iterdir() if self.folder.is_dir() else ():
            version = csv_version(entry.name)
            # A file may be moved away or renamed at any moment.
            with suppress(FileNotFoundError):
                if version is not None and entry.is_file():
                    status = entry.stat()
                    stamp = f"{status.st_size} {status.st_mtime_ns}"
                    found.append(Export(entry.name, version, str(entry), stamp, status.st_mtime))
        return found

    def _in_bucket(self) -> list[Export]:
        if self.store is None or not self.prefix:
            return []
        try:
            entries = list(objects_under(self.store, self.prefix))
        except ConnectionFailed as error:
            message = f"Exports under {self.prefix} in S3 could not be listed. {error}"
            raise ConnectionFailed(message) from None
        found = []
        for entry in entries:
            name = entry["Key"].rpartition("/")[2]
            version = csv_version(name)
            if version is not None:
                stamp, modified = str(entry.get("ETag")), entry["LastModified"].timestamp()
                found.append(Export(name, version, f"s3:{entry['Key']}", stamp, modified))
        return found


_ADVICE = {
    ARCHIVED: "It lies in an archive class: restore it in S3, or put the export there anew.",
    ENCRYPTION_DENIED: "Its encryption key may not be used. Give the AWS key the right kms:Decrypt.",
    FORBIDDEN: "Give the AWS key the right s3:GetObject for it.",
    UNUSABLE_KEY: "Its key can't be used. Put it directly under the prefix.",
}


def _not_fetched(store: S3Store, export: Export, error: Exception) -> Exception:
    answer = answer_of(error)
    fault = UNUSABLE_KEY if isinstance(error, ValueError) else answer.object_fault
    told = f"{export.name} could not be fetched from S3"
    if known := answer.of_all(str(store.config.get("bucket"))):
        return known
    if fault in _ADVICE:
        return RequestRefused(f"{told} ({fault}). {_ADVICE[fault]}")
    return ConnectionFailed(f"{told} ({answer.code}). Run again.")
