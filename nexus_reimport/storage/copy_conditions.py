"""Whether a bucket heeds the conditions that copies are made on: tried once, on two small objects of our own.

Some servers take no notice of them and say nothing: a copy "only if nothing is there" then overwrites.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from nexus_reimport.model.reasons.image_files import CHANGED_MEANWHILE
from nexus_reimport.storage.s3_errors import answer_of

PROBES = "backup/probe/"


@dataclass(frozen=True)
class Conditions:
    """Which conditions hold. `only_new`: nothing is there yet; `source`: the source is as it was listed."""

    only_new: bool
    source: bool


def find_conditions(client: Any, bucket: str) -> Conditions:
    """Return which conditions a bucket heeds; what cannot be tried, for want of a right, counts as not.

    Writes two objects under `backup/probe/` and removes them; where that is not allowed they stay, empty of
    anything that matters. Raises nothing.
    """
    one, other = (f"{PROBES}{uuid4()}" for _ in range(2))
    copy = {"Bucket": bucket, "Key": other, "CopySource": {"Bucket": bucket, "Key": one}}
    try:
        for key in (one, other):
            client.put_object(Bucket=bucket, Key=key, Body=b"May be deleted.")
        return Conditions(
            only_new=_is_refused(lambda: client.copy_object(**copy, IfNoneMatch="*")),
            source=_is_refused(lambda: client.copy_object(**copy, CopySourceIfMatch=f'"{"0" * 32}"')),
        )
    except (ClientError, BotoCoreError, RecursionError, KeyError):
        return Conditions(only_new=False, source=False)
    finally:
        for key in (one, other):
            with suppress(ClientError, BotoCoreError, RecursionError, KeyError):
                client.delete_object(Bucket=bucket, Key=key)


def _is_refused(copy: Callable[[], object]) -> bool:
    """Say whether a copy whose condition does not hold is refused for that."""
    try:
        copy()
    except ClientError as error:
        return answer_of(error).object_fault == CHANGED_MEANWHILE
    return False
