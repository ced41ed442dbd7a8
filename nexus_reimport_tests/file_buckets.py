"""Buckets for tests of backups of files: each test fills one of its own on the same S3 server."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
from botocore.config import Config

from nexus_reimport.load.file_backup.file_backup import back_up_files
from nexus_reimport.storage.file_objects import FileBucket, StoredFile
from nexus_reimport_tests.served_bucket import BUCKET, Relay

STARTED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PICTURE = "filemaker-import/images-bulk-dump/995.jpg"
DOCUMENT = "patients/filemaker-import/documents/0D7C4E5A/erf/7B1F09C2.pdf"
UPLOAD = "images/7b1f/8c2d/3e4c.jpg"
FILES = {
    PICTURE: b"picture",
    "filemaker-import/images-bulk-dump/995_thumb.jpg": b"small picture",
    DOCUMENT: b"%PDF-1.7",
    UPLOAD: b"upload",
    "documents/b6d3/6abf.pdf": b"%PDF of people",
    "patients/7b1f/empty.jpg": b"",
    "images/7b1f/a+b c%20d Müller & Söhne «ß».jpg": b"odd",
    "images//double.jpg": b"double",
}


def client_at(url: str) -> Any:
    return boto3.client(
        "s3",
        region_name="ap-southeast-2",
        endpoint_url=url,
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",  # noqa: S106 - the server takes any
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, max_pool_connections=32),
    )


@dataclass
class Files:
    """The files of a bucket, by a client that is not the one under test."""

    relay: Relay
    client: Any
    name: str = BUCKET

    def bucket(self, **options: int) -> FileBucket:
        """What is under test, through a relay that counts."""
        return FileBucket(client_at(self.relay.url), self.name, **options)

    def put(self, key: str, content: bytes, **options: Any) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content, **options)

    def put_all(self, files: dict[str, bytes]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.put, files, files.values()))

    def delete(self, *keys: str) -> None:
        for place in range(0, len(keys), 1000):
            objects = [{"Key": key} for key in keys[place : place + 1000]]
            self.client.delete_objects(Bucket=self.name, Delete={"Objects": objects, "Quiet": True})

    def content(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def everything(self) -> dict[str, bytes]:
        """Every file outside `backup/`, with its bytes."""
        return {key: self.content(key) for key in self.keys() if not key.startswith("backup/")}

    def copies(self) -> int:
        """How many objects were written through the relay, our own two of each backup aside."""
        written = [key for method, key in self.relay.requests if method == "PUT"]
        return sum(not key.endswith(("/started.json", "/manifest.json")) for key in written)


class Racing(FileBucket):
    """A bucket in which something happens just after the files have been listed."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)
    after = "patients/"

    def files(self, prefix: str, on_page: Callable[[int], None] = lambda _: None) -> Iterator[StoredFile]:
        yield from super().files(prefix, on_page)
        if prefix == self.after:
            self.after = ""
            self.meanwhile()


def hours() -> Callable[[], datetime]:
    """A clock that is an hour later each time it is asked."""
    passed = count()
    return lambda: STARTED + timedelta(hours=next(passed))


def back_up_here(url: str, name: str) -> None:
    """Back up, and say each step: for a process that is killed in the middle."""
    back_up_files(
        FileBucket(client_at(url), name),
        on_progress=lambda done, total: print(done, total, flush=True),  # noqa: T201 - told to the test
        workers=2,
    )


if __name__ == "__main__":
    back_up_here(*sys.argv[1:])
