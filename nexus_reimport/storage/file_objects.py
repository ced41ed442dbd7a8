"""The clinic's files in its bucket: listed, copied on the server's side, and read or written once.

Copies go through boto3, though obstore needs a third of the computing for each: only boto3 can make a copy
depend on the source's ETag, says the copy's ETag, and takes any key that S3 has (such as `a//b`).
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nexus_reimport.exceptions import (
    AccessDenied,
    AlreadyThere,
    ConnectionFailed,
    CopyNotProved,
    FileGone,
    FileRefused,
    FileReplaced,
)
from nexus_reimport.model.loopback import require_private
from nexus_reimport.storage.copy_conditions import Conditions, find_conditions
from nexus_reimport.storage.frame_store import ENCRYPTION
from nexus_reimport.storage.s3_errors import Answer, answer_of, web_page

# S3 copies no more than this in one request.
LARGEST_COPY = 5 * 1024**3
PART_SIZE = 512 * 1024**2
_CONTENT_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Metadata",
)
_PLAIN_MD5 = re.compile("[0-9a-f]{32}")
_IDS_ONLY = re.compile(
    r"(?:backup/reimport_[0-9TZ]+/)?"
    r"(?:(?:[a-z]+(?:-[a-z]+)*|[0-9A-Fa-f-]+)/)*"
    r"(?:(?:[0-9A-Fa-f-]+(?:_thumb)?|manifest|started)\.[A-Za-z]{2,4})?"
)

FilesProgress = Callable[[int, int | None], None]


def shown(key: str) -> str:
    """Return a key as it may be told: as it is where it is made of ids, else without its names.

    People's uploads may be named after a patient.
    """
    if _IDS_ONLY.fullmatch(key):
        return key
    return f"{key.split('/', 1)[0][:20]}/… ({hashlib.sha256(key.encode()).hexdigest()[:12]})"


def same_content(one: str, other: str) -> bool | None:
    """Say whether two ETags are of the same bytes; None where either is no MD5 of them."""
    if _PLAIN_MD5.fullmatch(one) and _PLAIN_MD5.fullmatch(other):
        return one == other
    return None


def open_file_bucket(name: str, connections: int, **given: Any) -> "FileBucket":
    """Return the bucket `name`; `given` are a boto3 client's own arguments, such as `endpoint_url`.

    Raises SettingsRefused for plain http to another machine.
    """
    require_private(given.get("endpoint_url") or "https:", "AWS_ENDPOINT_URL_S3")
    config = Config(max_pool_connections=connections, retries={"mode": "standard", "total_max_attempts": 6})
    return FileBucket(boto3.session.Session().client("s3", config=config, **given), name)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object as S3 lists it: key, exact size in bytes, ETag without quotes, seconds since 1970 UTC."""

    key: str
    size: int
    etag: str
    modified: float


class FileBucket:
    """One bucket through a boto3 client, which many threads may use at once.

    Everything raises AccessDenied, ConnectionFailed or, where the bucket is not there, NotFound. What is
    asked of one object raises FileRefused where S3 does not give it out.
    `largest_copy` and `part_size` are in bytes.
    """

    def __init__(
        self, client: Any, name: str, *, largest_copy: int = LARGEST_COPY, part_size: int = PART_SIZE
    ) -> None:
        self.name = name
        self._client = client
        self._largest_copy = largest_copy
        self._conditions: Conditions | None = None
        self._finding_out = threading.Lock()
        self._parts = TransferConfig(multipart_threshold=1, multipart_chunksize=part_size)

    @property
    def conditions(self) -> Conditions:
        """Which conditions of a copy this bucket heeds: found out once, when it is first asked."""
        with self._finding_out:
            if self._conditions is None:
                self._conditions = find_conditions(self._client, self.name)
            return self._conditions

    def files(self, prefix: str, on_page: Callable[[int], None] = lambda _: None) -> Iterator[StoredFile]:
        """Yield every object under a prefix, by key; `on_page` hears how many each page has."""
        with self._explained(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            for page in pages:
                # A page for people is, to boto3, a list of nothing.
                if "IsTruncated" not in page:
                    raise web_page(self.name)
                found = page.get("Contents", [])
                on_page(len(found))
                for one in found:
                    modified = one["LastModified"].timestamp()
                    yield StoredFile(one["Key"], one["Size"], one["ETag"].strip('"'), modified)

    def folders(self, prefix: str = "") -> list[str]:
        """Return what follows a prefix up to the next `/`, each once, whole."""
        with self._explained(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            return [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]

    def find(self, key: str) -> StoredFile:
        """Return one object as it is now. Raises FileGone."""
        with self._explained(key, of_one=True):
            found = self._client.head_object(Bucket=self.name, Key=key)
        modified = found["LastModified"].timestamp()
        return StoredFile(key, found["ContentLength"], found["ETag"].strip('"'), modified)

    def has(self, key: str) -> bool:
        """Say whether there is an object of that key."""
        try:
            self.find(key)
        except FileGone:
            return False
        return True

    def read(self, key: str) -> bytes:
        """Return an object's bytes. Raises FileGone."""
        with self._explained(key, of_one=True):
            content: bytes = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def create(self, key: str, content: bytes) -> None:
        """Write a new object, encrypted. Raises AlreadyThere where there is one with other bytes."""
        try:
            with self._explained(key):
                self._client.put_object(
                    Bucket=self.name, Key=key, Body=content, IfNoneMatch="*", ServerSideEncryption=ENCRYPTION
                )
        except FileReplaced:
            # A request that was repeated, since its answer got lost, finds its own object.
            if self.read(key) != content:
                raise AlreadyThere(f"{shown(key)} was written by somebody else meanwhile.") from None

    def copy(self, source: StoredFile, to: str, *, encrypted: bool = True, only_new: bool = False) -> str:
        """Copy an object as it was listed, with its headers; return the copy's ETag.

        `only_new`: refuse where something is at `to` (not over 5 GB). Raises FileReplaced where the source is
        another one by now or `to` is taken, FileGone, FileRefused, or CopyNotProved where the copy's content
        differs. Where the bucket does not heed the condition, it is looked before.
        """
        if only_new and not self.conditions.only_new and self.has(to):
            raise FileReplaced(f"{shown(to)} was written meanwhile.")
        arguments = {
            "Bucket": self.name,
            "Key": to,
            "CopySource": {"Bucket": self.name, "Key": source.key},
        }
        conditions = {"CopySourceIfMatch": f'"{source.etag}"'}
        conditions |= {"ServerSideEncryption": ENCRYPTION} if encrypted else {}
        if source.size > self._largest_copy:
            return self._copy_in_parts(source, arguments, conditions)
        conditions |= {"IfNoneMatch": "*"} if only_new else {}
        with self._explained(source.key, of_one=True):
            answer = self._client.copy_object(**arguments, **conditions)
        etag: str = answer["CopyObjectResult"]["ETag"].strip('"')
        same = same_content(source.etag, etag)
        if same is None and not self.conditions.source and self.find(source.key).etag != source.etag:
            raise FileReplaced(f"{shown(source.key)} was replaced meanwhile.")
        if same is False and not self._has_other_etags(source.key, to):
            raise CopyNotProved(f"The copy of {shown(source.key)} differs from it. Run again.")
        return etag

    def _copy_in_parts(
        self, source: StoredFile, arguments: dict[str, Any], conditions: dict[str, str]
    ) -> str:
        """Copy what is too large for one request. S3 then takes no header over by itself."""
        with self._explained(source.key, of_one=True):
            told = self._client.head_object(Bucket=self.name, Key=source.key, IfMatch=f'"{source.etag}"')
            headers = {name: told[name] for name in _CONTENT_HEADERS if name in told}
            self._client.copy(**arguments, ExtraArgs={**conditions, **headers}, Config=self._parts)
        copied = self.find(arguments["Key"])
        if copied.size != source.size:
            raise CopyNotProved(f"The copy of {shown(source.key)} has another size. Run again.")
        return copied.etag

    def _has_other_etags(self, *keys: str) -> bool:
        """Say whether one of the objects is encrypted in a way that makes its ETag no MD5."""
        with self._explained(keys[0], of_one=True):
            told = [self._client.head_object(Bucket=self.name, Key=key) for key in keys]
        return any(
            one.get("ServerSideEncryption", ENCRYPTION) != ENCRYPTION or "SSECustomerAlgorithm" in one
            for one in told
        )

    @contextmanager
    def _explained(self, key: str, *, of_one: bool = False) -> Iterator[None]:
        """Turn the client's errors into ours; a server's own words are left out.

        of_one: one object's bytes or head are asked for, so that the fault may be its own.
        """
        try:
            yield
        except (ClientError, BotoCoreError, RecursionError, KeyError) as error:
            raise self._reason(answer_of(error), key, of_one=of_one) from None

    def _reason(self, answer: Answer, key: str, *, of_one: bool) -> Exception:
        if known := answer.of_all(self.name):
            return known
        if answer.code in {"NoSuchKey", "404"}:
            return FileGone(f"{shown(key)} is not in the bucket.")
        if answer.code in {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}:
            return FileReplaced(f"{shown(key)} was replaced meanwhile.")
        if answer.object_fault and of_one:
            return FileRefused(
                answer.object_fault,
                f"S3 does not give out {shown(key)}: {answer.object_fault} ({answer.code}).",
            )
        if answer.code in {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403"}:
            return AccessDenied(
                f"{shown(key)} may not be listed, read or written ({answer.code}). "
                "Correct the AWS key and its rights."
            )
        return ConnectionFailed(
            f"{shown(key)} could not be reached ({answer.code}). Run again when S3 answers."
        )
