"""Where the sandbox's S3 objects outlive its server: one SQLite file, written before any answer is sent.

Thousands of photographs are a few pictures, each with another mark in it: such an object is kept as the name
of its picture and the change, and its bytes are composed when somebody asks for them.
"""

import contextlib
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
_CREATE_PICTURES = """
CREATE TABLE IF NOT EXISTS pictures (name TEXT PRIMARY KEY, body BLOB NOT NULL)
"""
_CREATE_COMPOSED = """
CREATE TABLE IF NOT EXISTS composed (
    key TEXT PRIMARY KEY, picture TEXT NOT NULL, at INTEGER NOT NULL, skip INTEGER NOT NULL
) WITHOUT ROWID
"""
_WRITE = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)"
_COMPOSE = "INSERT OR REPLACE INTO composed VALUES (?, ?, ?, ?)"
_READ = """
SELECT o.key, o.body, o.etag, o.modified, o.content_type, o.metadata, c.picture, c.at, c.skip
FROM objects o LEFT JOIN composed c ON c.key = o.key ORDER BY o.key
"""


@dataclass(frozen=True)
class Composed:
    """How an object's bytes come about: in a picture, at byte `at`, `skip` bytes give way to `inserted`."""

    picture: bytes = field(repr=False)
    name: str
    at: int
    skip: int
    inserted: bytes

    @property
    def size(self) -> int:
        """How many bytes the object has."""
        return len(self.picture) - self.skip + len(self.inserted)

    def body(self) -> bytes:
        """Return the object's bytes."""
        return b"".join((self.picture[: self.at], self.inserted, self.picture[self.at + self.skip :]))

    def md5(self) -> str:
        """Return the MD5 of the object's bytes, without composing them."""
        digest = hashlib.md5(memoryview(self.picture)[: self.at], usedforsecurity=False)
        digest.update(self.inserted)
        digest.update(memoryview(self.picture)[self.at + self.skip :])
        return digest.hexdigest()


@dataclass(frozen=True)
class StoredObject:
    """One object: its key, bytes, last change (UTC), media type and other headers it was put with.

    An empty `etag` means the MD5 of the body, as S3 gives an object put in one piece.
    """

    key: str
    body: bytes | Composed
    modified: datetime
    content_type: str = "binary/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""

    def as_row(self) -> tuple[str, bytes, str, str, str, str]:
        """Return the object as a row of the journal."""
        body = self.body.inserted if isinstance(self.body, Composed) else self.body
        metadata = json.dumps(self.metadata)
        return (
            self.key,
            body,
            self.etag or self._md5(),
            self.modified.isoformat(),
            self.content_type,
            metadata,
        )

    def _md5(self) -> str:
        if isinstance(self.body, Composed):
            return self.body.md5()
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


class ObjectJournal:
    """The objects of one bucket in one file; safe to use from several threads, and to kill at any time."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._pictures: set[str] = set()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        for statement in (_CREATE, _CREATE_PICTURES, _CREATE_COMPOSED):
            self._connection.execute(statement)

    def fill(self, objects: Iterable[StoredObject]) -> None:
        """Write many objects in one transaction."""
        with self._transaction():
            for item in objects:
                self._put(item)

    def write(self, item: StoredObject) -> None:
        """Keep an object, in place of one of the same key."""
        with self._transaction():
            self._put(item)

    def remove(self, key: str) -> None:
        """Forget an object; nothing happens where there is none."""
        with self._transaction():
            self._connection.execute("DELETE FROM objects WHERE key = ?", (key,))
            self._connection.execute("DELETE FROM composed WHERE key = ?", (key,))

    def objects(self) -> Iterator[StoredObject]:
        """Give every object kept, by key."""
        pictures = dict(self._connection.execute("SELECT name, body FROM pictures"))
        for key, body, etag, modified, content_type, metadata, *composed in self._connection.execute(_READ):
            name, at, skip = composed
            content = body if name is None else Composed(pictures[name], name, at, skip, body)
            moment = datetime.fromisoformat(modified)
            yield StoredObject(key, content, moment, content_type, json.loads(metadata), etag)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _put(self, item: StoredObject) -> None:
        self._connection.execute(_WRITE, item.as_row())
        if not isinstance(item.body, Composed):
            self._connection.execute("DELETE FROM composed WHERE key = ?", (item.key,))
            return
        made = item.body
        if made.name not in self._pictures:
            self._connection.execute(
                "INSERT OR REPLACE INTO pictures VALUES (?, ?)", (made.name, made.picture)
            )
            self._pictures.add(made.name)
        self._connection.execute(_COMPOSE, (item.key, made.name, made.at, made.skip))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
