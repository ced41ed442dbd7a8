"""What keeps frames, plans, backups and reports from being kept or read, told by its cause in one line."""

import contextlib
import errno
import re
import uuid
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from nexus_reimport.exceptions import StorageFailed
from nexus_reimport.storage.s3_errors import why_unreached

_P = ParamSpec("_P")
_R = TypeVar("_R")

# obstore passes on the operating system's number in its words only.
_NUMBER = re.compile(r"os error (\d+)")
_BY_NUMBER = {
    errno.ENOSPC: "there is no space left on its disk. Make room, then run again",
    errno.EDQUOT: "its disk quota is used up. Make room, then run again",
    errno.EROFS: "its file system can only be read",
    errno.EACCES: "this account may not write there",
    errno.EPERM: "this account may not write there",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EEXIST: "it is a file, not a folder",
    errno.ENOENT: "its folder is gone, or its disk is not mounted",
    errno.EIO: "its disk fails (input/output error)",
    errno.ENAMETOOLONG: "its path is too long",
}
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_BY_WORDS = (
    ("NoSuchBucket", "there is no such bucket"),
    ("RequestTimeTooSkewed", "the clock of this machine is wrong by more than S3 takes. Set it"),
    (
        "InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken",
        "S3 does not take the AWS key, secret or token",
    ),
    ("AccessDenied|403 Forbidden|401 Unauthorized", "the AWS key may not write there"),
    ("301|PermanentRedirect", "the bucket is in another region than AWS_REGION"),
    ("certificate", "the TLS certificate of its S3 server is not trusted"),
)


@contextlib.contextmanager
def storage_faults_told() -> Iterator[None]:
    """Raise StorageFailed, with the cause, for what the storage itself refuses; a file not there passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise StorageFailed(storage_fault(error)) from None


def tells_storage_faults(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return the function, faults of the storage told by their cause."""
    return storage_faults_told()(function)


def storage_fault(error: BaseException) -> str:
    """Return one line on an error of the file system or of obstore: what is wrong, and with which setting."""
    return f"The storage (NEXUS_REIMPORT_STORAGE) can't be used: {_cause(error)}."


def is_of_folder(error: BaseException) -> bool:
    """Say whether an error is obstore's on a folder; of S3 it does not tell the storage from the bucket."""
    return isinstance(error, BaseError) and "LocalFileSystem" in str(error)


def prove_storage(store: ObjectStore) -> None:
    """Write a file of no content but a mark, read it back, remove it. Raise StorageFailed if that fails."""
    path, mark = f"probe-{uuid.uuid4().hex}", b"nexus-reimport"
    try:
        obstore.put(store, path, mark)
        kept = bytes(obstore.get(store, path).bytes())
        obstore.delete(store, path)
    except (BaseError, OSError) as error:
        raise StorageFailed(storage_fault(error)) from None
    if kept != mark:
        raise StorageFailed("The storage (NEXUS_REIMPORT_STORAGE) does not give back what was written to it.")


def _cause(error: BaseException) -> str:
    said = str(error)
    found = _NUMBER.search(said)
    number = int(found[1]) if found else getattr(error, "errno", None)
    if number in _BY_NUMBER:
        return _BY_NUMBER[number]
    known = next((words for pattern, words in _BY_WORDS if re.search(pattern, said)), "")
    return known or why_unreached(said) or type(error).__name__
