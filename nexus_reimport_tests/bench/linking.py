"""Linking alone: export, listing, staging, publishing, thumbnails known; at any number of images."""

import csv
import io
import resource
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.frames import THUMBNAIL_FACTS
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.pictures.thumbnailing import RULES
from nexus_reimport.sandbox.postgres import ephemeral_database, ephemeral_postgres
from nexus_reimport.transform.image_csv import parse_image_csv
from nexus_reimport.transform.images import stage_image_batches, stage_images
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting, Staged

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
SPACE = uuid.UUID("1c0ffee0-0000-4000-8000-000000000000")
IMAGES_A_BATCH = 4
BATCHES_A_PATIENT = 1.28
MICROSECONDS = 1_000_000


def bench_linking(images: int) -> dict[str, float]:
    """Return seconds of each part, images a second and the largest memory (MB) of this process so far."""
    patients = _patients(int(images / IMAGES_A_BATCH / BATCHES_A_PATIENT) + 1)
    export, listing, thumbnails = _export(images, patients), _listing(images), _thumbnails(images)
    with ephemeral_postgres() as cluster, ephemeral_database(cluster) as url:
        publish(url, "patients", AS_OF, {"patients": StagedTable(patients.rows, [])})
        laps = _Laps()
        state = NexusState(read_state(url))
        laps.lap("state")
        parsed = parse_image_csv(export, "Image_dataV9.csv")
        laps.lap("parse")
        batches = stage_image_batches(parsed.rows, listing, thumbnails, patients, state, AS_OF)
        staged = stage_images(
            parsed.rows, parsed.rejects, listing, thumbnails, patients, batches, state, AS_OF
        )
        laps.lap("stage")
        outcome = publish(
            url,
            "images",
            AS_OF,
            {"image_batches": StagedTable(batches.rows, []), "images": StagedTable(staged.rows, [])},
        )
        laps.lap("publish")
    if outcome.tables["images"].inserted != images:
        message = f"{outcome.tables['images'].inserted} of {images} images were linked"
        raise RuntimeError(message)
    seconds = laps.total
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        **laps.seconds,
        "images": images,
        "seconds": round(seconds, 2),
        "images_per_second": round(images / seconds),
        "memory_mb": round(memory),
    }


class _Laps:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._last, 2)
        self._last = now

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def _id(kind: str, number: int) -> str:
    return str(uuid.uuid5(SPACE, f"{kind} {number}"))


def _patients(count: int) -> Staged:
    keys = [_id("contact", number) for number in range(count)]
    columns: dict[str, Sequence[object]] = {
        "id": [_id("patient", number) for number in range(count)],
        "first_name": ["Bench"] * count,
        "last_name": [f"Patient {number}" for number in range(count)],
        "created_at": list(range(count)),
    }
    constants = {"archived": False, "updated_at": 0, "contact_json": '{"phones": []}'}
    return Accounting(PATIENTS).staged(keys, columns, constants)


def _export(images: int, patients: Staged) -> bytes:
    keys = patients.rows["source_key"].to_list()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        ["date", "fileName", "id", "id_Contact", "Name_of_file", "NexusExportDate", "recid", "Type"]
    )
    for number in range(images):
        batch = number // IMAGES_A_BATCH
        day = f"{batch % 12 + 1:02}/{batch % 28 + 1:02}/{2010 + batch % 15}"
        contact = keys[int(batch / BATCHES_A_PATIENT) % len(keys)]
        writer.writerow(
            [day, "", _id("image", number).upper(), contact.upper(), "", "", number, "Left Dorsal"]
        )
    return text.getvalue().encode("utf-8-sig")


def _listing(images: int) -> pd.DataFrame:
    columns = {
        "key": pa.array([f"{IMAGES_PREFIX}{number}.jpg" for number in range(images)], pa.string()),
        "size": pa.array([100_000 + number for number in range(images)], pa.int64()),
        "etag": pa.array([f"{number:032x}" for number in range(images)], pa.string()),
        "modified": pa.array([number * MICROSECONDS for number in range(images)], pa.int64()).cast(
            pa.timestamp("us", tz="UTC")
        ),
    }
    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)


def _thumbnails(images: int) -> pd.DataFrame:
    columns = {
        "key": [f"{IMAGES_PREFIX}{number}.jpg" for number in range(images)],
        "etag": [f"{number:032x}" for number in range(images)],
        "width": [4000] * images,
        "height": [3000] * images,
        "mime_type": ["image/jpeg"] * images,
        "thumbnail_key": [f"{IMAGES_PREFIX}{number}_thumb.jpg" for number in range(images)],
        "thumbnail_size": [9000] * images,
        **dict.fromkeys(("fault", "warning"), [None] * images),
        "thumbnail_etag": [f"{number:032x}" for number in range(images)],
        "rules": [RULES] * images,
    }
    return pa.table(columns, schema=THUMBNAIL_FACTS.arrow).to_pandas(types_mapper=pd.ArrowDtype)
