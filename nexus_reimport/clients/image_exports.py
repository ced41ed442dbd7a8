"""FileMaker's image exports, in a folder and, if named, under an S3 prefix: the newest one, whole."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore import exceptions
from obstore.store import S3Store

from nexus_reimport.clients.exceptions import ConnectionFailed, FileStillGrowing, NotFound
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
        """Say whether nobody has written to it for two seconds."""
        return now - self.modified >= SETTLED_SECONDS


@dataclass(frozen=True)
class ImageExports:
    """The places where exports are dropped. `store` and `prefix` name the one in S3, if there is one."""

    folder: Path
    store: S3Store | None = None
    prefix: str | None = None

    def newest(self) -> Export | None:
        """Return the export with the highest version number, whatever the files' dates; None without one."""
        found = [*self._in_folder(), *self._in_bucket()]
        return max(found, key=lambda export: (export.version, export.modified), default=None)

    def read(self, export: Export) -> bytes:
        """Return an export's bytes. Raises ConnectionFailed for one in S3 that can't be fetched."""
        if self.store is None or not export.place.startswith("s3:"):
            return Path(export.place).read_bytes()
        try:
            return bytes(obstore.get(self.store, export.place.removeprefix("s3:")).bytes())
        except (exceptions.BaseError, FileNotFoundError) as error:
            message = f"{export.name} could not be fetched from S3 ({type(error).__name__}). Run again."
            raise ConnectionFailed(message) from None

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
        entries = (
            [entry for entry in self.folder.iterdir() if entry.is_file()] if self.folder.is_dir() else []
        )
        found = []
        for entry in entries:
            version = csv_version(entry.name)
            if version is not None:
                status = entry.stat()
                stamp = f"{status.st_size} {status.st_mtime_ns}"
                found.append(Export(entry.name, version, str(entry), stamp, status.st_mtime))
        return found

    def _in_bucket(self) -> list[Export]:
        if self.store is None or not self.prefix:
            return []
        found = []
        for chunk in obstore.list(self.store, prefix=self.prefix):
            for entry in chunk:
                name = entry["path"].rpartition("/")[2]
                version = csv_version(name)
                if version is not None:
                    stamp, modified = str(entry["e_tag"]), entry["last_modified"].timestamp()
                    found.append(Export(name, version, f"s3:{entry['path']}", stamp, modified))
        return found
