"""What is in the clinic's bucket, listed page by page through an S3 client."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from nexus_reimport.clients.exceptions import AccessDenied, ConnectionFailed, NotFound
from nexus_reimport.transform.image_objects import THUMBNAIL_MARK
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX

IMPORT_PREFIXES = (IMAGES_PREFIX, "patients/filemaker-import/")

_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("size", pa.int64()),
        ("etag", pa.string()),
        ("modified", pa.timestamp("us", tz="UTC")),
    ]
)


def list_import_objects(
    client: Any, bucket: str, on_progress: Callable[[int, int | None], None] = lambda *_: None
) -> pd.DataFrame:
    """Return `key`, `size` (bytes), `etag` and `modified` (UTC) of every imported original in the bucket.

    `client` is a boto3 S3 client. Left out: folder markers (keys that end in `/`) and thumbnails, which lie
    beside their originals. Backups and people's uploads have prefixes of their own. Raises NotFound,
    AccessDenied or ConnectionFailed.
    """
    found: list[tuple[str, int, str, datetime]] = []
    try:
        for prefix in IMPORT_PREFIXES:
            for page in _pages(client, bucket, prefix):
                found += [_facts(entry) for entry in page if _is_original(entry["Key"])]
                on_progress(len(found), None)
    except (ClientError, BotoCoreError) as error:
        raise _explained(error, bucket) from None
    columns = list(zip(*sorted(found), strict=True)) or [(), (), (), ()]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.table(arrays, schema=_SCHEMA).to_pandas(types_mapper=pd.ArrowDtype)


def _pages(client: Any, bucket: str, prefix: str) -> Iterator[list[Mapping[str, Any]]]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield page.get("Contents", [])


def _is_original(key: str) -> bool:
    stem = key.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return not key.endswith("/") and not stem.endswith(THUMBNAIL_MARK)


def _facts(entry: Mapping[str, Any]) -> tuple[str, int, str, datetime]:
    return entry["Key"], entry["Size"], entry["ETag"].strip('"'), entry["LastModified"]


def _explained(error: Exception, bucket: str) -> Exception:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    if code in {"NoSuchBucket", "404"}:
        return NotFound(f"There is no bucket «{bucket}». Correct AWS_S3_BUCKET_NAME.")
    if code in {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403"}:
        return AccessDenied(
            f"The bucket «{bucket}» may not be listed ({code}). Correct the AWS key and its rights."
        )
    return ConnectionFailed(f"The bucket «{bucket}» could not be listed ({code}). Run again when S3 answers.")
