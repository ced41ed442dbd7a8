"""A contact sheet of the thumbnails in a sandbox's bucket: drawn pictures, of no person."""

import io
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import boto3
from PIL import Image, ImageDraw

from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER
from nexus_reimport.sandbox.exceptions import SandboxError

COLUMNS, ROWS = 12, 8
CELL, LABEL = 150, 14


def draw_contact_sheet(environment: Mapping[str, str]) -> bytes:
    """Return a JPEG of thumbnails in a sandbox's bucket, spread evenly over them, each under its file's name.

    `environment` is that of `lifecycle.environment`. Raise SandboxError where no thumbnail has been made.
    """
    s3 = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    bucket = environment["AWS_S3_BUCKET_NAME"]
    keys = _chosen(_thumbnails(s3, bucket))
    if not keys:
        message = "there are no thumbnails in this sandbox; run a reimport first"
        raise SandboxError(message)
    lines = -(-len(keys) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * CELL, lines * (CELL + LABEL)), "white")
    for place, key in enumerate(keys):
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        _paste(sheet, place, key, content)
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=85)
    return file.getvalue()


def _thumbnails(s3: Any, bucket: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=IMAGES_FOLDER)
    keys = (entry["Key"] for page in pages for entry in page.get("Contents", ()))
    return sorted(key for key in keys if PurePosixPath(key).stem.endswith("_thumb"))


def _chosen(keys: Sequence[str]) -> list[str]:
    """Return as many as the sheet has room for, evenly from first to last."""
    room = COLUMNS * ROWS
    return [keys[place * len(keys) // room] for place in range(room)] if len(keys) > room else list(keys)


def _paste(sheet: Image.Image, place: int, key: str, content: bytes) -> None:
    left, top = place % COLUMNS * CELL, place // COLUMNS * (CELL + LABEL)
    with Image.open(io.BytesIO(content)) as thumbnail:
        small = thumbnail.convert("RGBA")
    small.thumbnail((CELL - 6, CELL - 6))
    sheet.paste(small, (left + 3, top + 3), small)
    name = PurePosixPath(key).name.replace("_thumb", "")
    ImageDraw.Draw(sheet).text((left + 3, top + CELL), name, fill="black")
