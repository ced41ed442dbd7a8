"""Where the sandbox's S3 objects outlive its server: one SQLite file, written before any answer is sent."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_CREATE = """
CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY, body BLOB NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL,
    content_type TEXT NOT NULL, metadata TEXT NOT NULL
) WITHOUT ROWID
"""
_WRITE = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class StoredObject:
    """One object: its key, bytes, last change (UTC), media type and other headers it was put with.

    An empty `etag` means the MD5 of the body, as S3 gives an object put in one piece.
    """

    key: str
    body: bytes
    modified: datetime
    content_type: str = "binary/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""

    def as_row(self) -> tuple[str, bytes, str, str, str, str]:
        """Return the object as a row of the journal."""
        etag = self.etag or hashlib.md5(self.body, usedforsecurity=False).hexdigest()
        metadata = json.dumps(self.metadata)
        return self.key, self.body, etag, self.modified.isoformat(), self.content_type, metadata


class ObjectJournal:
    """The objects of one bucket in one file; safe to use from several threads, and to kill at any time."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(_CREATE)

    def fill(self, objects: Iterable[StoredObject]) -> None:
        """Write many objects in one transaction."""
        with self._lock:
            self._connection.execute("BEGIN")
            self._connection.executemany(_WRITE, (item.as_row() for item in objects))
            self._connection.execute("COMMIT")

    def write(self, item: StoredObject) -> None:
        """Keep an object, in place of one of the same key."""
        with self._lock:
            self._connection.execute(_WRITE, item.as_row())

    def remove(self, key: str) -> None:
        """Forget an object; nothing happens where there is none."""
        with self._lock:
            self._connection.execute("DELETE FROM objects WHERE key = ?", (key,))

    def objects(self) -> Iterator[StoredObject]:
        """Give every object kept, by key."""
        rows = self._connection.execute(
            "SELECT key, body, etag, modified, content_type, metadata FROM objects ORDER BY key"
        )
        for key, body, etag, modified, content_type, metadata in rows:
            moment = datetime.fromisoformat(modified)
            yield StoredObject(key, body, moment, content_type, json.loads(metadata), etag)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
