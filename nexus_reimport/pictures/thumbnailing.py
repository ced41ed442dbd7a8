"""Thumbnails of image objects: fetched, shrunk, uploaded, proved; many at once, in bounded memory."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import obstore
from obstore import exceptions
from obstore.store import S3Store

from nexus_reimport.exceptions import AccessDenied, ConnectionFailed, UploadNotProved
from nexus_reimport.extract.bucket import objects_under
from nexus_reimport.model.reasons.image_files import (
    CHANGED_MEANWHILE,
    EMPTY,
    ENCRYPTION_DENIED,
    FORBIDDEN,
    REFUSED,
    TOO_LARGE,
    UNUSABLE_KEY,
)
from nexus_reimport.model.reasons.images import SEVERAL_OBJECTS
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.thumbnail import Thumbnail, make_thumbnail
from nexus_reimport.pictures.thumbnail_keys import thumbnail_key
from nexus_reimport.storage.s3_errors import answer_of

# A photograph has a few megabytes; this many at most are held at once, one a thread.
LARGEST_FILE = 200 * 1024 * 1024
_AT_ONCE = 512
# A key of AWS that may read nothing is not so many objects' own fault.
_MANY = 20
NO_RIGHT_TO_READ = (
    "None of the images may be read. Give the AWS key the right s3:GetObject, or correct the key."
)
LONGEST_KEY = 1024
# Counted up where what becomes of the same bytes changes: they are looked at once more.
RULES = 2


class _Refused(Exception):
    """One object is not to be had; `fault` says why."""

    def __init__(self, fault: Reason) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class ImageObject:
    """An image in the bucket, as listed: its key, its exact size in bytes, its ETag without quotes."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class ThumbnailFact:
    """What is known of one image object: its size as seen and its uploaded thumbnail, or its fault.

    warning: what is amiss with it though it has a thumbnail. thumbnail_etag: without quotes, as S3 said it.
    rules: the rules that it was looked at by; None before there was more than one set of them.
    """

    key: str
    etag: str
    width: int | None = None
    height: int | None = None
    mime_type: str | None = None
    thumbnail_key: str | None = None
    thumbnail_size: int | None = None
    fault: str | None = None
    warning: str | None = None
    thumbnail_etag: str | None = None
    rules: int | None = RULES


class StoredThumbnail(NamedTuple):
    """A thumbnail in the bucket, as listed: its size in bytes, and its ETag, empty where none is told."""

    size: int
    etag: str

    def is_of(self, fact: ThumbnailFact) -> bool:
        """Say whether it is what was uploaded: the same bytes, not only as many."""
        return self.size == fact.thumbnail_size and self.etag in (fact.thumbnail_etag, "")


def make_thumbnails(
    store: S3Store,
    objects: Sequence[ImageObject],
    on_fact: Callable[[ThumbnailFact], None],
    workers: int | None = None,
    taken: Collection[str] = (),
) -> None:
    """Make and upload the thumbnail of each object; `on_fact` is called in this thread, a call an object.

    Of objects that share a name but for its extension one has a thumbnail; `taken` are such names (whole
    keys without extension) that have theirs already. A fact with a thumbnail is told only after the upload
    is proved. Two threads a core keep the cores busy while others wait for the network: decoding and S3 both
    let go of the interpreter. Raises ConnectionFailed, AccessDenied or UploadNotProved; what was told before
    that stays true.
    """
    rivals = defaultdict(list)
    for one in sorted(objects, key=lambda image: image.key):
        rivals[name_of(one.key)].append(one)
    done, forbidden = set(taken), 0
    with ThreadPoolExecutor(workers or 2 * (os.cpu_count() or 1)) as pool:
        while rivals:
            for name in done & rivals.keys():
                # Beside `5.heic`, `5.jpg` would have the same thumbnail: the first that can be read has it.
                for one in rivals.pop(name):
                    on_fact(ThumbnailFact(one.key, one.etag, fault=SEVERAL_OBJECTS))
            first = [rivals[name].pop(0) for name in rivals]
            for fact in _facts(pool, store, first):
                on_fact(fact)
                forbidden = forbidden + 1 if fact.fault == FORBIDDEN else -len(objects)
                if forbidden == _MANY and not taken:
                    raise AccessDenied(NO_RIGHT_TO_READ)
                if fact.fault is None:
                    done.add(name_of(fact.key))
            rivals = defaultdict(list, {name: left for name, left in rivals.items() if left})


def name_of(key: str) -> str:
    """Return an object's key without its extension."""
    folder, slash, name = key.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)


def _facts(pool: ThreadPoolExecutor, store: S3Store, objects: list[ImageObject]) -> Iterator[ThumbnailFact]:
    """Yield the fact of each object in order; only so many are under way that memory stays bounded."""
    waiting = iter(objects)
    while shard := list(islice(waiting, _AT_ONCE)):
        yield from pool.map(lambda one: _fact(store, one), shard)


def list_thumbnails(store: S3Store, prefix: str) -> dict[str, StoredThumbnail]:
    """Return by key every thumbnail under a prefix. Raises ConnectionFailed or AccessDenied."""
    return {
        entry["Key"]: StoredThumbnail(entry["Size"], _bare(entry.get("ETag")))
        for entry in objects_under(store, prefix)
        if "_thumb." in entry["Key"] or entry["Key"].endswith("_thumb")
    }


def is_usable(key: str) -> bool:
    """Say whether a key can be asked for: what S3 takes and the libraries on the way do not change or refuse.

    Not so are `a//b`, `./`, `../`, control characters, and one whose thumbnail's key would be too long.
    """
    if any(part in ("", ".", "..") for part in key.split("/")) or not _has_no_control(key):
        return False
    return len(thumbnail_key(key, "image/jpeg").encode()) <= LONGEST_KEY


def _fact(store: S3Store, image: ImageObject) -> ThumbnailFact:
    try:
        thumbnail = make_thumbnail(_content(store, image))
        key = thumbnail_key(image.key, thumbnail.mime_type)
        etag = _upload(store, key, thumbnail)
    except UnreadableImage as error:
        return ThumbnailFact(image.key, image.etag, fault=str(error.reason))
    except _Refused as refusal:
        return ThumbnailFact(image.key, image.etag, fault=refusal.fault)
    return ThumbnailFact(
        key=image.key,
        etag=image.etag,
        width=thumbnail.width,
        height=thumbnail.height,
        mime_type=thumbnail.source_mime_type,
        thumbnail_key=key,
        thumbnail_size=len(thumbnail.content),
        warning=thumbnail.warning,
        thumbnail_etag=etag,
    )


def _content(store: S3Store, image: ImageObject) -> bytes:
    if image.size > LARGEST_FILE:
        raise UnreadableImage(TOO_LARGE)
    if image.size == 0:
        raise UnreadableImage(EMPTY)
    if not is_usable(image.key):
        raise _Refused(UNUSABLE_KEY)
    with _explained(store, image.key):
        answer = obstore.get(store, image.key)
        etag = _bare(answer.meta["e_tag"])
        if etag != image.etag:
            # Without one it is no answer of S3's: a page for people came in the object's place.
            raise _Refused(CHANGED_MEANWHILE if etag else REFUSED)
        return bytes(answer.bytes())


def _upload(store: S3Store, key: str, thumbnail: Thumbnail) -> str:
    """Upload a thumbnail, prove that what is there is what was sent, and return its ETag."""
    attributes = {"Content-Type": thumbnail.mime_type}
    with _explained(store, key, writing=True):
        answer = obstore.put(store, key, thumbnail.content, attributes=attributes, use_multipart=False)
        etag = _bare(answer["e_tag"])
        if etag == hashlib.md5(thumbnail.content, usedforsecurity=False).hexdigest():
            return etag
        # Encrypted buckets have other ETags: there, what is stored must have this one and the right size.
        stored = obstore.head(store, key)
    if _bare(stored["e_tag"]) != etag or stored["size"] != len(thumbnail.content):
        raise UploadNotProved(f"{key} in S3 is not what was uploaded. Run again.")
    return etag


@contextmanager
def _explained(store: S3Store, key: str, *, writing: bool = False) -> Iterator[None]:
    """Turn the store's errors into ours: about this one object, or about all that would be asked for.

    A right to write is missing for all thumbnails, not for one.
    """
    try:
        yield
    except (exceptions.BaseError, FileNotFoundError, UnicodeError, ValueError) as error:
        if isinstance(error, UnicodeError | ValueError):
            raise _Refused(UNUSABLE_KEY) from None
        answer = answer_of(error)
        if known := answer.of_all(str(store.config.get("bucket"))):
            raise known from None
        if answer.object_fault and not (writing and answer.object_fault in (FORBIDDEN, ENCRYPTION_DENIED)):
            raise _Refused(answer.object_fault) from None
        if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError):
            message = f"{key} may not be read or written. Correct the AWS key and its rights."
            raise AccessDenied(message) from None
        message = f"{key} could not be moved ({answer.code}). Run again when S3 answers."
        raise ConnectionFailed(message) from None


def _has_no_control(key: str) -> bool:
    return not any(ord(one) < 32 or ord(one) == 127 for one in key)


def _bare(etag: str | None) -> str:
    return (etag or "").strip('"')
