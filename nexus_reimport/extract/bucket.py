"""What is in the clinic's bucket, listed page by page through boto3, which takes every key that S3 has."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3
import obstore
import pandas as pd
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from obstore.exceptions import BaseError
from obstore.store import S3Store

from nexus_reimport.model.frames import S3_LISTING
from nexus_reimport.storage.s3_errors import answer_of, web_page
from nexus_reimport.transform.image_objects import THUMBNAIL_MARK
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX

IMPORT_PREFIXES = (IMAGES_PREFIX, "patients/filemaker-import/")


def list_import_objects(
    client: Any, bucket: str, on_progress: Callable[[int, int | None], None] = lambda *_: None
) -> pd.DataFrame:
    """Return `key`, `size` (bytes), `etag` and `modified` (UTC) of every imported original in the bucket.

    `client` is a boto3 S3 client. Left out: folder markers (keys that end in `/`) and thumbnails, which lie
    beside their originals. Backups and people's uploads have prefixes of their own. Raises what every request
    would meet, such as NotFound, AccessDenied, CertificateRefused, WebPageAnswered, or ConnectionFailed.
    """
    found: list[tuple[str, int, str, datetime]] = []
    for prefix in IMPORT_PREFIXES:
        for page in object_pages(client, bucket, prefix):
            found += [_facts(entry) for entry in page if _is_original(entry["Key"])]
            on_progress(len(found), None)
    return S3_LISTING.of(sorted(found))


def with_first_dates(listing: pd.DataFrame, former: pd.DataFrame | None) -> pd.DataFrame:
    """Return a listing in which bytes that a former listing has under the same key keep its date.

    The same bytes uploaded once more are no other picture, and were not uploaded on another day. Whether they
    are the same is told by the ETag.
    """
    if former is None:
        return listing
    columns = ("key", "size", "etag", "modified")
    known = {row[:3]: row[3] for row in zip(*(former[name].to_list() for name in columns), strict=True)}
    rows = zip(*(listing[name].to_list() for name in columns), strict=True)
    dates = [min(known.get(row[:3], row[3]), row[3]) for row in rows]
    return listing.assign(modified=pd.array(dates, dtype=listing["modified"].dtype))


def prove_listable(store: S3Store, bucket: str) -> None:
    """Ask for a page of objects that there are none of. Raises what `list_import_objects` does."""
    try:
        next(iter(obstore.list(store, prefix=f"{IMPORT_PREFIXES[0]}0/nothing/", chunk_size=1)), None)
    except BaseError as error:
        raise answer_of(error).listing_refusal(bucket) from None


def objects_under(store: S3Store, prefix: str) -> Iterator[Mapping[str, Any]]:
    """Yield `Key`, `Size`, `ETag` and `LastModified` of everything under a prefix of the bucket of a store.

    The store's own listing stops at the first key with `//`, `..` or a control character in it. Raises what
    `list_import_objects` does.
    """
    bucket, client = _client_of(store)
    for page in object_pages(client, bucket, prefix):
        yield from page


def object_pages(client: Any, bucket: str, prefix: str) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the objects under a prefix, page by page. Raises what `list_import_objects` does."""
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            # A page for people is, to boto3, a list of nothing.
            if "IsTruncated" not in page:
                raise web_page(bucket)
            yield page.get("Contents", [])
    except (ClientError, BotoCoreError, RecursionError, KeyError) as error:
        raise answer_of(error).listing_refusal(bucket) from None


def _client_of(store: S3Store) -> tuple[str, Any]:
    """Return the bucket of a store, and a boto3 client that reaches it in the same way."""
    known: Mapping[str, Any] = dict(store.config)
    retries: dict[str, Any] = dict(store.retry_config or {})
    attempts = int(retries.get("max_retries", 5)) + 1
    client = boto3.session.Session().client(
        "s3",
        region_name=known.get("region"),
        endpoint_url=known.get("endpoint"),
        aws_access_key_id=known.get("access_key_id"),
        aws_secret_access_key=known.get("secret_access_key"),
        aws_session_token=known.get("session_token") or known.get("token"),
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
    )
    return str(known["bucket"]), client


def _is_original(key: str) -> bool:
    stem = key.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return not key.endswith("/") and not stem.endswith(THUMBNAIL_MARK)


def _facts(entry: Mapping[str, Any]) -> tuple[str, int, str, datetime]:
    return entry["Key"], entry["Size"], entry["ETag"].strip('"'), entry["LastModified"]
