"""Batches and images as I1 fetched them and as I2 linked the bulk dump's files."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER, ImageRow
from nexus_reimport.sandbox.clinic.nexus_rows import image_batch_row, image_row
from nexus_reimport.sandbox.clinic.objects import ClinicObject, Photograph
from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus
from nexus_reimport.sandbox.clinic.photographs import base_picture

FETCHED_PREFIX: Final = "patients/filemaker-import/images/"
SUFFIX: Final = " (FileMaker Import)"
DUMP_MISSES: Final = 12
"""One image in so many of those that the bulk dump lacks was fetched by I1 all the same."""
ISO_BATCHES: Final = 4
"""One batch in so many of I1's came with an ISO date, as OData has it; the others as the Data API has it."""
WITH_THUMBNAIL: Final = 7
"""For one image in so many of I2's a later command has made a thumbnail."""
CODES: Final = {
    "dorsal": "dorsal", "medial": "medial", "lateral": "lateral", "plantar": "plantar",
    "l brannock": "l_brannock", "r brannock": "r_brannock", "left lat": "left_lat", "right lat": "right_lat",
}  # fmt: skip
"""I2's category by the name that the lower-cased Type contains; the first that fits."""


@dataclass(frozen=True)
class _Batches:
    """The batches that a run makes or finds."""

    nexus: OlderNexus
    known: dict[tuple[object, str], str]

    def get(self, row: ImageRow, patient: Row, name: str, description: str) -> str:
        """Return the batch of that patient and name, made if need be."""
        place = patient["id"], name
        if place not in self.known:
            batch = image_batch_row(
                id=self.nexus.chance.row_id(),
                object_id=patient["id"],
                content_type_id=self.nexus.content_type,
                name=name,
                description=description,
                uploaded_at=self.nexus.now(),
            )
            key = f"{row.contact.lower()}/{row.day or 'unknown'}"
            self.nexus.add("images_batch", batch, key)
            self.known[place] = str(batch["id"])
        return self.known[place]


def run_i1(nexus: OlderNexus) -> None:
    """Fetch photographs from the containers: new batches each run, and an image only where its id is new."""
    there = {row["filemaker_id"] for row in nexus.rows.get("images_image", {}).values()}
    batches = _Batches(nexus, {})
    for place, row in enumerate(nexus.clinic.image_csv_rows):
        patient = nexus.patient(row.contact)
        if patient is None or not (row.key or place % DUMP_MISSES == 0):
            continue
        written = _date_of_i1(row)
        name = f"{written or 'Unknown Date'}{SUFFIX}"
        if written and "-" in written:
            name = _name(row.day)
        batch = batches.get(row, patient, name, f"Imported from FileMaker on {nexus.begun.date()}")
        image = _fetched(row, patient, written, batch, nexus)
        if image["filemaker_id"] not in there:
            nexus.add("images_image", image, row.filemaker_id)
        else:
            nexus.book.strays.append(str(image["s3_key"]))
    _count(nexus)


def _date_of_i1(row: ImageRow) -> str | None:
    """Return the date as the batch's first answer gave it: MM/DD/YYYY, now and then ISO; None without one."""
    if row.day is None:
        return None
    return row.day.isoformat() if row.day.toordinal() % ISO_BATCHES == 0 else row.day.strftime("%m/%d/%Y")


def _name(day: date | None) -> str:
    return f"{day.strftime('%d %b %Y') if day else 'Unknown Date'}{SUFFIX}"


def _fetched(row: ImageRow, patient: Row, written: str | None, batch: str, nexus: OlderNexus) -> Row:
    """Return I1's row, and put its file and thumbnail into S3, each in a folder named as the file."""
    folder = f"{FETCHED_PREFIX}{patient['id']}/{written or 'unknown'}/{row.filemaker_id}"
    file = ClinicObject(
        f"{folder}.jpg/{nexus.chance.row_id()}.jpg",
        Photograph("small-2", f"fetched {row.recid}"),
        "image/jpeg",
    )
    thumbnail = ClinicObject(
        f"{folder}_thumb.jpg/{nexus.chance.row_id()}.jpg_thumb",
        Photograph("small-1", f"thumb {row.recid}"),
        "application/octet-stream",
    )
    nexus.objects |= {file.key: file, thumbnail.key: thumbnail}
    return image_row(
        id=nexus.chance.row_id(),
        s3_key=file.key,
        s3_thumbnail_key=thumbnail.key,
        original_name=f"{row.file_name.rpartition('.')[0]}.jpg",
        file_size=_size(file),
        width=640,
        height=480,
        category=row.type,
        batch_id=batch,
        filemaker_id=row.filemaker_id.lower(),
        uploaded_at=nexus.now(),
    )


def run_i2(nexus: OlderNexus) -> None:
    """Link the bulk dump's files by the CSV: a batch for each patient and day, an image where its key is new.

    Rows without a date are skipped. Where the images are there already, new batches stay empty.
    """
    there = {row["s3_key"] for row in nexus.rows.get("images_image", {}).values()}
    found = {(row["object_id"], str(row["name"])): str(row["id"]) for row in _batch_rows(nexus)}
    batches = _Batches(nexus, found)
    for place, row in enumerate(nexus.clinic.image_csv_rows):
        patient = nexus.patient(row.contact)
        if patient is None or row.key is None or row.day is None:
            continue
        batch = batches.get(row, patient, _name(row.day), "Imported from FileMaker")
        if row.key not in there:
            image = _linked(row, batch, nexus)
            if place % WITH_THUMBNAIL == 0:
                image |= _thumbnail(row, nexus)
            nexus.add("images_image", image, row.filemaker_id)
    _count(nexus)


def _batch_rows(nexus: OlderNexus) -> list[Row]:
    return list(nexus.rows.get("images_batch", {}).values())


def _linked(row: ImageRow, batch: str, nexus: OlderNexus) -> Row:
    key = str(row.key)
    kind = row.type.lower()
    return image_row(
        id=nexus.chance.row_id(),
        s3_key=key,
        original_name=key.rpartition("/")[2],
        file_size=_size(nexus.objects[key]),
        category=next((code for name, code in CODES.items() if name in kind), "other"),
        caption=f"FileMaker: {row.type} (RecordID: {row.recid})",
        date_taken=row.day,
        batch_id=batch,
        uploaded_at=nexus.now(),
    )


def picture_of_ones_own(batch: Row, mark: str, nexus: OlderNexus) -> Row:
    """Put a picture of a person's own camera into a batch; return the columns that its row has of it."""
    name = nexus.chance.row_id()
    file = ClinicObject(
        f"images/{batch['object_id']}/{batch['id']}/{name}.jpg",
        Photograph("small-2", f"{mark} {name[:8]}"),
        "image/jpeg",
    )
    nexus.objects[file.key] = file
    return {
        "id": nexus.chance.row_id(),
        "s3_key": file.key,
        "original_name": "camera.jpg",
        "file_size": len(file.body),
        "batch_id": batch["id"],
    }


def _thumbnail(row: ImageRow, nexus: OlderNexus) -> Row:
    """Put a thumbnail beside the original; return the columns that the later command set."""
    extension = str(row.key).rpartition(".")[2]
    key = f"{IMAGES_FOLDER}{row.recid}_thumb.{extension}"
    file = ClinicObject(key, Photograph("small-1", f"later {row.recid}"), "image/jpeg")
    nexus.objects.setdefault(key, file)
    return {"s3_thumbnail_key": key, "thumbnail_size": _size(nexus.objects[key])}


def _count(nexus: OlderNexus) -> None:
    """Set each batch's image_count, as the app does whenever an image is saved."""
    counts: dict[object, int] = {}
    for image in nexus.rows.get("images_image", {}).values():
        counts[image["batch_id"]] = counts.get(image["batch_id"], 0) + 1
    for row_id, batch in nexus.rows.get("images_batch", {}).items():
        batch["image_count"] = counts.get(row_id, 0)


def _size(file: ClinicObject) -> int:
    """Return the file's size; a photograph is not composed for it."""
    if not isinstance(file.content, Photograph):
        return len(file.content)
    splice = file.content.splice
    return len(base_picture(file.content.base)) - splice.skip + len(splice.inserted)
