"""FileMaker's photographs: their metadata, as API_Images and the CSV export have it, and their files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.chance import TODAY, Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.dirt import DirtLedger, mixed_case
from nexus_reimport.sandbox.clinic.figures import Figures, share
from nexus_reimport.sandbox.clinic.objects import ClinicObject, Photograph
from nexus_reimport.sandbox.clinic.patients import People
from nexus_reimport.sandbox.clinic.photographs import camera_picture
from nexus_reimport.sandbox.clinic.picture_formats import FORMATS

IMAGES_FOLDER: Final = "filemaker-import/images-bulk-dump/"
LARGEST_SHARE: Final = 0.02
"""How many of the photographs have 12 megapixels."""
EACH_FORMAT: Final = 8
"""How many photographs of each odd kind there are at scale 1."""
IMAGE_TYPES: Final = (
    "Left Dorsal", "Right Dorsal", " Left Planter ", "Right Planter", "Left Lateral", "Right Medial",
    "Posterior", "Shoe Box", "Footwear, worn", "Gait", "", "", "Scan",
)  # fmt: skip
LONG_TYPE: Final = "Left foot seen from the side " * 5

_FIRST_DAY: Final = date(2014, 2, 13)
_SURELY_NO_MONTH: Final = date(2016, 10, 18)
_UNKNOWN_DATE_PERCENT: Final = 3
_FIRST_RECID: Final = 995


@dataclass(frozen=True)
class ImageRow:
    """One row of FileMaker's image metadata, and what came of its file.

    `filemaker_id` and `contact` as FileMaker writes them, in upper case. `key`: its object in S3, None where
    there is none. `base`: the picture its file was made from.
    """

    recid: int
    filemaker_id: str
    contact: str
    day: date | None
    type: str
    file_name: str
    exported: date
    key: str | None
    base: str = ""

    @property
    def batch(self) -> tuple[str, date | None]:
        """The patient (lower-case FileMaker id) and day whose batch the image belongs to."""
        return self.contact.lower(), self.day


@dataclass(frozen=True)
class Gallery:
    """Image metadata and files.

    `rows`: the CSV export's, in its order. `later`: the two that came after the export: one whose file is
    in S3 already, one whose file is not. `entities`: API_Images, both together. `objects`: what is in S3.
    """

    rows: list[ImageRow]
    later: list[ImageRow]
    entities: list[Row]
    objects: list[ClinicObject]


def gallery(figures: Figures, people: People, seed: int, scale: float, ledger: DirtLedger) -> Gallery:
    """Return the clinic's photographs. Every CSV row is there once; all files are readable pictures."""
    chance = Chance(f"{seed}/images")
    batches = _batches(figures, people, chance)
    recids = _recids(figures, chance)
    filed = [
        _row(recid, *batches[place] if place < len(batches) else batches[chance.below(len(batches))], chance)
        for place, recid in enumerate(recids[: figures.images])
    ]
    filed = _with_files(filed, scale, chance, ledger)
    filed = _dirty(filed, ledger)
    unfiled = [
        _row(recid, *batches[chance.below(len(batches))], chance) for recid in recids[figures.images : -2]
    ]
    ledger.note("image_without_file", [row.recid for row in unfiled])
    later = [_row(recid, *batches[chance.below(len(batches))], chance) for recid in recids[-2:]]
    later[0] = _filed(later[0], camera_picture("small", 0), "jpg")
    ledger.reject("images", later[0].recid, "no_metadata")
    rows = [*filed, *unfiled]
    chance.shuffle(rows)
    return Gallery(
        rows=rows,
        later=later,
        entities=[_entity(row, chance) for row in (*rows, *later)],
        objects=sorted(_objects([*filed, later[0]]), key=lambda entry: entry.key),
    )


def _batches(figures: Figures, people: People, chance: Chance) -> list[tuple[str, date | None]]:
    """Return every (patient, day) that has photographs: each chosen patient once, some more than once."""
    ids = [str(row["id"]).upper() for row in people.patients]
    chance.shuffle(ids)
    patients = ids[: figures.image_patients]
    batches: dict[tuple[str, date | None], None] = {(patients[0], _SURELY_NO_MONTH): None}
    batches |= dict.fromkeys((patient, _day(chance)) for patient in patients[1:])
    while len(batches) < figures.image_batches:
        batches[patients[chance.below(len(patients))], _day(chance)] = None
    return list(batches)


def _day(chance: Chance) -> date | None:
    return None if chance.percent(_UNKNOWN_DATE_PERCENT) else chance.day(_FIRST_DAY, TODAY)


def _recids(figures: Figures, chance: Chance) -> list[int]:
    """Return rising numbers with gaps, shuffled, for every row and the two later ones (which come last)."""
    wanted = figures.images + figures.images_without_file + 2
    numbers, latest = [], _FIRST_RECID
    for _ in range(wanted):
        numbers.append(latest)
        latest += 1 + chance.below(3)
    earlier = numbers[:-2]
    chance.shuffle(earlier)
    return [*earlier, *numbers[-2:]]


def _row(recid: int, contact: str, day: date | None, chance: Chance) -> ImageRow:
    return ImageRow(
        recid=recid,
        filemaker_id=chance.identifier(),
        contact=contact,
        day=day,
        type=IMAGE_TYPES[chance.below(len(IMAGE_TYPES))],
        file_name=f"IMG_{chance.below(10**4):04d}.JPG",
        exported=chance.day(date(2025, 6, 1), date(2025, 6, 29)),
        key=None,
    )


def _with_files(rows: Sequence[ImageRow], scale: float, chance: Chance, ledger: DirtLedger) -> list[ImageRow]:
    """Give each row its file: a few of every odd kind, the known share of 12 megapixels, the rest smaller."""
    odd = [name for name in FORMATS for _ in range(share(EACH_FORMAT, scale))]
    bases = [(name, FORMATS[name].extension) for name in odd]
    largest = max(1, round(LARGEST_SHARE * len(rows)))
    bases += [(camera_picture("12mp", place), "jpg") for place in range(largest)]
    sizes = [("large", "medium", "small", "small", "small")[chance.below(5)] for _ in range(len(rows))]
    bases += [(camera_picture(size, place), "jpg") for place, size in enumerate(sizes)]
    chosen = bases[: len(rows)]
    chance.shuffle(chosen)
    filed = [_filed(row, base, extension) for row, (base, extension) in zip(rows, chosen, strict=True)]
    for name in FORMATS:
        ledger.note(f"picture_{name}", [row.recid for row in filed if row.base == name])
    ledger.note("picture_of_12_megapixels", [row.recid for row in filed if row.base.startswith("12mp")])
    return filed


def _filed(row: ImageRow, base: str, extension: str) -> ImageRow:
    return replace(row, key=f"{IMAGES_FOLDER}{row.recid}.{extension}", base=base)


def _dirty(rows: Sequence[ImageRow], ledger: DirtLedger) -> list[ImageRow]:
    """Spoil a few rows, each place by its own kind of dirt; no row is lost by it."""
    spoilt = list(rows)
    for place in range(3, len(rows), 400):
        spoilt[place] = replace(rows[place], contact=mixed_case(rows[place].contact))
        ledger.note("mixed_case_patient_of_image", [rows[place].recid])
    for place in range(5, len(rows), 2000):
        spoilt[place] = replace(rows[place], type=LONG_TYPE)
        ledger.note("image_type_too_long", [rows[place].recid])
    for place in range(7, len(rows), 1500):
        spoilt[place] = replace(rows[place], type='Left "big"\x0btoe')
        ledger.note("image_type_with_return", [rows[place].recid])
    return spoilt


def _entity(row: ImageRow, chance: Chance) -> Row:
    return {
        "id": row.filemaker_id,
        "id_Contact": row.contact,
        "date": row.day.isoformat() if row.day else None,
        "Type": row.type.replace("\x0b", "\r"),
        "recid": row.recid,
        "Name of file": row.file_name,
        "filesize": 40_000 + chance.below(3_000_000),
        "NexusExportDate": row.exported.isoformat(),
        **record_stamps(chance),
    }


def _objects(filed: Sequence[ImageRow]) -> Iterator[ClinicObject]:
    """Give each row's file, the folders' markers, and thumbnails that an earlier program left behind."""
    yield ClinicObject("filemaker-import/", b"", "application/x-directory")
    yield ClinicObject(IMAGES_FOLDER, b"", "application/x-directory")
    for row in filed:
        photograph = Photograph(row.base, f"recid {row.recid}")
        mime_type = FORMATS[row.base].mime_type if row.base in FORMATS else "image/jpeg"
        yield ClinicObject(str(row.key), photograph, mime_type)
    for row in filed[:3]:
        leftover = Photograph("small-1", f"thumb {row.recid}")
        yield ClinicObject(f"{IMAGES_FOLDER}{row.recid}_thumb.jpg", leftover, "image/jpeg")
