"""Small image CSVs, thumbnails and object listings to stage from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import pandas as pd
import pyarrow as pa

from nexus_reimport.model.frames import IMAGE_EXPORT, REJECTS, THUMBNAIL_FACTS
from nexus_reimport.transform.images import stage_image_batches, stage_images
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Staged
from nexus_reimport_tests.transform.records import (
    AS_OF,
    PATIENT_TYPE,
    contact,
    key,
    listing,
    patients_of,
    state_of,
)

FILE = "Image_dataV9.csv"
NAMES = ("date", "fileName", "id", "id_Contact", "Name_of_file", "NexusExportDate", "recid", "Type")
NUMBER = pd.ArrowDtype(pa.int64())
Fields = Mapping[str, object]


def record(number: int, **fields: str) -> dict[str, str]:
    """One record as FileMaker exports it; the image's id is that of `number`, its recid too."""
    given = {
        "date": "10/18/2016",
        "id": key(700 + number).upper(),
        "id_Contact": key(1).upper(),
        "recid": str(number),
        "Type": "Left Dorsal",
    }
    return {**dict.fromkeys(NAMES, ""), **given, **fields}


def csv_text(
    records: Iterable[Mapping[str, str]],
    names: Sequence[str] = NAMES,
    delimiter: str = ",",
    end: str = "\n",
    quotes_all: bool = False,
) -> str:
    """The file's text; a field is quoted where it has to be, or all are."""

    def written(value: str) -> str:
        quoted = quotes_all or any(special in value for special in (delimiter, '"', "\r", "\n"))
        return '"' + value.replace('"', '""') + '"' if quoted else value

    lines = [names, *([one[name] for name in names] for one in records)]
    return "".join(delimiter.join(map(written, line)) + end for line in lines)


def csv_bytes(*records: Mapping[str, str]) -> bytes:
    return csv_text(records).encode()


def row(number: int, **fields: object) -> Fields:
    """One row of a parsed CSV."""
    given = {
        "filemaker_id": key(700 + number),
        "contact": key(1),
        "recid": str(number),
        "type": "Left Dorsal",
        "date": date(2016, 10, 18),
        "line": number + 1,
    }
    return {**given, **fields}


def rows_of(*rows: Fields) -> pd.DataFrame:
    types = {"date": pa.date32(), "line": pa.int64()}
    return _frame(
        {
            name: pa.array([one.get(name) for one in rows], types.get(name, pa.string()))
            for name in IMAGE_EXPORT.names
        }
    )


def csv_rejects_of(*rejects: tuple[str, str, str]) -> pd.DataFrame:
    lines = [("image_csv", *reject) for reject in rejects]
    return _frame(
        {
            name: pa.array([line[place] for line in lines], pa.string())
            for place, name in enumerate(REJECTS.names)
        }
    )


def object_key(name: str | int) -> str:
    """The S3 key of an image; a number is a recid."""
    return f"{IMAGES_PREFIX}{name}.jpg" if isinstance(name, int) else f"{IMAGES_PREFIX}{name}"


def objects_of(*objects: str | int | tuple[str | int, int] | tuple[str | int, int, datetime]) -> pd.DataFrame:
    """A listing of images: names or recids, each with its size and when it was modified, or without."""
    full = [one if isinstance(one, tuple) else (one, 1000) for one in objects]
    return listing(*((object_key(one[0]), *one[1:]) for one in full))


def thumbnails_of(objects: pd.DataFrame, **changed: Fields) -> pd.DataFrame:
    """A good thumbnail of each object, but for what is changed by the object's name without extension."""
    lines = []
    for object_name, etag in zip(objects["key"].tolist(), objects["etag"].tolist(), strict=True):
        stem = object_name.rpartition("/")[2].rpartition(".")[0]
        facts = {
            "key": object_name,
            "etag": etag,
            "width": 4000,
            "height": 3000,
            "mime_type": "image/jpeg",
            "thumbnail_key": object_name.replace(".", "_thumb."),
            "thumbnail_size": 999,
            "fault": None,
            "warning": None,
            "thumbnail_etag": "small",
            "rules": 2,
        }
        lines.append({**facts, **changed.get(f"_{stem}", {})})
    numbers = {"width", "height", "thumbnail_size", "rules"}
    names = THUMBNAIL_FACTS.names
    return _frame(
        {
            name: pa.array([line[name] for line in lines], pa.int64() if name in numbers else pa.string())
            for name in names
        }
    )


def staged_images(
    *rows: Fields,
    objects: pd.DataFrame | None = None,
    thumbnails: pd.DataFrame | None = None,
    rejects: pd.DataFrame | None = None,
    patients: Staged | None = None,
    state: NexusState | None = None,
) -> tuple[Staged, Staged]:
    """Batches and images of these rows; without objects given, each row has one."""
    table = rows_of(*rows)
    held = objects_of(*(f"{one['recid']}.jpg" for one in rows)) if objects is None else objects
    made = thumbnails_of(held) if thumbnails is None else thumbnails
    people = patients or patients_of(contact(1))
    known = state or state_of(PATIENT_TYPE)
    batches = stage_image_batches(table, held, made, people, known, AS_OF)
    report = csv_rejects_of() if rejects is None else rejects
    return batches, stage_images(table, report, held, made, people, batches, known, AS_OF)


def _frame(columns: Mapping[str, pa.Array]) -> pd.DataFrame:
    return pa.table(dict(columns)).to_pandas(types_mapper=pd.ArrowDtype)
