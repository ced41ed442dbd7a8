"""The damage that earlier programs left in Nexus: batches of patients who were imported again since.

Each program run made every batch anew, for the patients' UUIDs of its day. `damaged-a`: two runs, every
batch points at a patient who is gone. `damaged-b`: three runs, several batches of one patient with the same
name, some patients still there. Beside them stand people's own uploads, which nobody may lose.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

import orjson

from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.figures import share
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER, ImageRow
from nexus_reimport.sandbox.clinic.nexus_rows import (
    PATIENT_CONTENT_TYPE,
    Relations,
    image_batch_row,
    image_row,
)
from nexus_reimport.sandbox.clinic.objects import ClinicObject, Photograph
from nexus_reimport.sandbox.clinic.older_import import IMPORTED_AT, OlderImport, older_import_known

ROWS_OF_NOBODY: Final = 98
BATCHES_OF_NOBODY: Final = 40
UPLOADS: Final = {"living": 30, "known_former": 30, "unknown_former": 12}
"""People's own batches at scale 1: whose patient lives, is a known former one, is nobody we know of."""
IMAGES_OF_AN_UPLOAD: Final = 2
_MADE: Final = datetime(2025, 3, 3, 22, 15, tzinfo=UTC)
_UPLOADED: Final = datetime(2025, 11, 4, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Damage:
    """A damaged Nexus and what a correct repair makes of it.

    `rows`: by relation, insert `clinic.nexus` before them. `objects`: the files of people's uploads.
    `backup`: an old `patients.json`. `former`: the UUIDs in it and their FileMaker ids (lower case).
    `surviving`: image id by FileMaker id (lower case): these rows must keep their ids. `leaving`: ids of
    images that point at nobody and have no metadata. `batches`: ids of the imported batches; `stale_batches`
    of them point at nobody. `relinked`: people's batches that point at a former UUID in the backup, and the
    FileMaker id of the patient they belong to. `reported`: people's batches that point at nobody known.
    `untouched`: people's batches of living patients.
    """

    rows: Relations
    objects: list[ClinicObject]
    backup: bytes = field(repr=False)
    former: dict[str, str]
    surviving: dict[str, str]
    leaving: tuple[str, ...]
    batches: tuple[str, ...]
    stale_batches: tuple[str, ...]
    relinked: dict[str, str]
    reported: tuple[str, ...]
    untouched: tuple[str, ...]


@dataclass
class _Wreck:
    """What the programs have written so far; `uuids`: each run's UUID of each patient (FileMaker id)."""

    clinic: SyntheticClinic
    chance: Chance
    older: OlderImport
    uuids: list[dict[str, str]] = field(default_factory=list)
    batches: list[Row] = field(default_factory=list)
    images: list[Row] = field(default_factory=list)
    imported: dict[tuple[int, str, date | None], Row] = field(default_factory=dict)
    objects: list[ClinicObject] = field(default_factory=list)
    seconds: int = 0

    @property
    def patients(self) -> dict[str, str]:
        """The UUIDs that patients have now, by lower-case FileMaker id."""
        return self.older.adopted["patients"]

    def owners(self) -> list[str]:
        """Return the patients who have photographs (lower-case FileMaker ids)."""
        return list(dict.fromkeys(row.batch[0] for row in self.linked()))

    def linked(self) -> list[ImageRow]:
        """Return the image rows that have a file."""
        return [row for row in self.clinic.image_csv_rows if row.key]

    def now(self, beginning: datetime) -> datetime:
        """Return the next moment."""
        self.seconds += 1
        return beginning + timedelta(seconds=self.seconds)


def damaged_a(clinic: SyntheticClinic) -> Damage:
    """Return the state after two runs: twice the batches and 40 more, all of patients who are gone."""
    wreck = _wreck(clinic, "damaged-a")
    wreck.uuids = [_new_uuids(wreck) for _ in range(2)]
    return _damage(wreck, shares=(85, 100), backed_up=wreck.uuids[-1])


def damaged_b(clinic: SyntheticClinic) -> Damage:
    """Return the state after three runs; the first two share the patients' former UUIDs, so names repeat.

    The third found its patients as they are now: of every third patient, so did the second.
    """
    wreck = _wreck(clinic, "damaged-b")
    first = _new_uuids(wreck)
    third = {key: wreck.patients.get(key, former) for key, former in first.items()}
    second = {key: (third if place % 3 == 0 else first)[key] for place, key in enumerate(first)}
    wreck.uuids = [first, second, third]
    return _damage(wreck, shares=(50, 80, 100), backed_up=first)


def damaged_batch_name(day: date | None) -> str:
    """Return what the programs called a patient's batch of that day."""
    return f"{day.strftime('%d %b %Y') if day else 'Unknown Date'} (FileMaker Import)"


def _wreck(clinic: SyntheticClinic, name: str) -> _Wreck:
    return _Wreck(clinic, Chance(f"{clinic.seed}/{name}"), older_import_known(clinic))


def _new_uuids(wreck: _Wreck) -> dict[str, str]:
    return {owner: wreck.chance.row_id() for owner in wreck.owners()}


def _damage(wreck: _Wreck, shares: tuple[int, ...], backed_up: dict[str, str]) -> Damage:
    """Write it all.

    `shares`: per cent of the images that were there after each run. `backed_up`: the UUIDs of patients, by
    FileMaker id, in the one backup that was kept.
    """
    _import_batches(wreck)
    surviving = _import_images(wreck, shares)
    leaving = _import_nobodys(wreck)
    imported = list(wreck.batches)
    living = {row["id"] for row in wreck.older.rows["patients"]}
    former = {row_id: key for key, row_id in backed_up.items()}
    relinked, reported, untouched = _upload(wreck, former, sorted(wreck.patients.values()))
    return Damage(
        rows={**wreck.older.rows, "images_batch": wreck.batches, "images_image": wreck.images},
        objects=sorted(wreck.objects, key=lambda entry: entry.key),
        backup=_backup(wreck, former),
        former=former,
        surviving=surviving,
        leaving=leaving,
        batches=tuple(str(row["id"]) for row in imported),
        stale_batches=tuple(str(row["id"]) for row in imported if row["object_id"] not in living),
        relinked=relinked,
        reported=reported,
        untouched=untouched,
    )


def _import_batches(wreck: _Wreck) -> None:
    """Write every patient's every batch once a run."""
    groups = list(dict.fromkeys(row.batch for row in wreck.linked()))
    for run, uuids in enumerate(wreck.uuids):
        for owner, day in groups:
            wreck.imported[run, owner, day] = _batch(uuids[owner], day, wreck)


def _batch(owner: str, day: date | None, wreck: _Wreck) -> Row:
    row = image_batch_row(
        id=wreck.chance.row_id(),
        object_id=owner,
        name=damaged_batch_name(day),
        description="Imported from FileMaker",
        uploaded_at=wreck.now(_MADE),
        image_count=wreck.chance.below(6),
        content_type_id=PATIENT_CONTENT_TYPE,
    )
    wreck.batches.append(row)
    return row


def _import_images(wreck: _Wreck, shares: tuple[int, ...]) -> dict[str, str]:
    """Write each image once, in the batch of the run that found it; return the ids by FileMaker id."""
    written = {}
    for row in wreck.linked():
        chosen = wreck.chance.random() * 100
        run = next(place for place, percent in enumerate(shares) if chosen < percent)
        image = _image(str(row.key), wreck.imported[run, *row.batch]["id"], wreck)
        _describe(image, row, wreck.chance)
        written[row.filemaker_id.lower()] = str(image["id"])
    return written


def _image(key: str, batch: object, wreck: _Wreck) -> Row:
    row = image_row(
        id=wreck.chance.row_id(),
        s3_key=key,
        original_name=key.rpartition("/")[2],
        file_size=wreck.chance.below(10**6),
        uploaded_at=IMPORTED_AT,
        batch_id=batch,
    )
    wreck.images.append(row)
    return row


def _describe(image: Row, row: ImageRow, chance: Chance) -> None:
    """Fill in what the programs knew: of half the rows the FileMaker id, of some a thumbnail long gone."""
    image["caption"] = f"FileMaker: {row.type} (RecordID: {row.recid})"
    image["date_taken"] = row.day
    if chance.percent(50):
        image["filemaker_id"] = row.filemaker_id.lower()
    elif chance.percent(20):
        image["s3_thumbnail_key"] = f"{IMAGES_FOLDER}{row.recid}_thumb.jpg"
        image["thumbnail_size"] = 1234


def _import_nobodys(wreck: _Wreck) -> tuple[str, ...]:
    """Write rows under the bulk dump that no metadata names, in batches of patients nobody knows.

    The first is that of the one file in S3 without metadata; the others' files are gone.
    """
    scale = wreck.clinic.scale
    batches = [
        _batch(wreck.chance.row_id(), date(2015, 1 + place % 12, 1 + place % 28), wreck)
        for place in range(share(BATCHES_OF_NOBODY, scale))
    ]
    keys = [str(wreck.clinic.later_images[0].key)]
    keys += [f"{IMAGES_FOLDER}{500_000 + place}.jpg" for place in range(1, share(ROWS_OF_NOBODY, scale))]
    rows = [_image(key, batches[place % len(batches)]["id"], wreck) for place, key in enumerate(keys)]
    return tuple(str(row["id"]) for row in rows)


def _backup(wreck: _Wreck, former: dict[str, str]) -> bytes:
    """Return an old `patients.json`: ids in either case, and two patients who never were in FileMaker."""
    contacts = {str(row["id"]).lower(): row for row in wreck.clinic.entities["API_Contacts"]}
    patients: list[Row] = [
        {
            "id": row_id,
            "first_name": contacts[key]["nameFirst"],
            "last_name": contacts[key]["nameLast"],
            "filemaker_metadata": {"filemaker_id": key.upper() if place % 2 else key},
        }
        for place, (row_id, key) in enumerate(former.items())
    ]
    without: tuple[Row | None, ...] = (None, {})
    for metadata in without:
        person = {"id": wreck.chance.row_id(), "first_name": "Walk", "last_name": "In"}
        patients.append({**person, "filemaker_metadata": metadata})
    return orjson.dumps(patients, option=orjson.OPT_INDENT_2)


def _upload(
    wreck: _Wreck, former: dict[str, str], living: list[str]
) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """Write people's own uploads; return those to link again, those to report, those to leave as they are."""
    counts = {name: share(count, wreck.clinic.scale) for name, count in UPLOADS.items()}
    known = list(former)
    relinked = {}
    for place in range(counts["known_former"]):
        owner = known[place * 7 % len(known)]
        relinked[_own_batch(owner, wreck)] = former[owner]
    reported = [_own_batch(wreck.chance.row_id(), wreck) for _ in range(counts["unknown_former"])]
    untouched = [_own_batch(living[place * 5 % len(living)], wreck) for place in range(counts["living"])]
    return relinked, tuple(reported), tuple(untouched)


def _own_batch(owner: str, wreck: _Wreck) -> str:
    """Write one batch that people uploaded, with its images and their files; return its id."""
    batch = image_batch_row(
        id=wreck.chance.row_id(),
        object_id=owner,
        name=f"Camera {wreck.chance.below(100)}",
        uploaded_at=wreck.now(_UPLOADED),
        image_count=IMAGES_OF_AN_UPLOAD,
        content_type_id=PATIENT_CONTENT_TYPE,
    )
    wreck.batches.append(batch)
    for place in range(IMAGES_OF_AN_UPLOAD):
        name = wreck.chance.row_id()
        upload = Photograph("small-2", f"own {name[:8]}")
        key = f"images/{owner}/{batch['id']}/{name}.jpg"
        wreck.objects.append(ClinicObject(key, upload, "image/jpeg"))
        image = _image(key, batch["id"], wreck)
        image.update(
            uploaded_at=wreck.now(_UPLOADED),
            order=place,
            original_name=f"camera {place}.jpg",
            file_size=len(upload.body),
        )
    return str(batch["id"])
