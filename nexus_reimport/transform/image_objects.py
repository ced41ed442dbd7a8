"""The image objects in S3: whose each is by the image CSV, or why it is nobody's."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.columns import LARGEST_INTEGER
from nexus_reimport.model.nexus import IMAGES, PATIENTS
from nexus_reimport.model.reasons import reason_named
from nexus_reimport.model.reasons.images import (
    NO_THUMBNAIL,
    SEVERAL_OBJECTS,
    SHARED_THUMBNAIL,
    STALE_THUMBNAIL,
)
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.model.reasons.several_tables import FILE_TOO_BIG, KEY_TOO_LONG, NO_METADATA
from nexus_reimport.transform.batch_names import UNKNOWN_DATE
from nexus_reimport.transform.dates import possible_days
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.transform.instants import distinct_instants
from nexus_reimport.transform.known_patients import KnownPatients, known_patients
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Staged
from nexus_reimport.transform.text import natural_key, uuid_text

THUMBNAIL_MARK = "_thumb"
_KEY_LENGTH = IMAGES.column("s3_key").length or 0

_ROW_COLUMNS = ("filemaker_id", "contact", "recid", "type", "date")
_THUMBNAIL_COLUMNS = (
    "seen_etag",
    "width",
    "height",
    "mime_type",
    "thumbnail_key",
    "thumbnail_size",
    "fault",
    "warning",
)
_NOT_NEEDED_FURTHER = ("etag", "seen_etag", "modified", "contact", "fault")
_HARMLESS = re.compile(r"(?=.*\d)[0-9A-Za-z_./-]{1,64}")  # anything else may be somebody's name
_UNKNOWN_RECID = np.int64(2**62)  # after every recid there is


@dataclass(frozen=True)
class ImageObjects:
    """Every image object, in order of its S3 key.

    `table`: key, size, stem, what the image CSV and the thumbnails say of the object (null where they say
    nothing), `owner` (the patient's UUID), `batch` (the batch's source key), `uploaded`
    (microseconds since 1970 UTC, no two the same). `reasons`: why it becomes no image, null where it does.
    """

    table: pa.Table
    reasons: pa.Array

    def published(self, column: str) -> pa.Table:
        """Return the objects that become images, in order of a column."""
        places = pc.indices_nonzero(pc.is_null(self.reasons))
        ordered = pc.sort_indices(self.table[column].take(places))
        return self.table.take(places.take(ordered)).combine_chunks()

    def rejects(self) -> list[tuple[str, str, Reason]]:
        """Return key, field and reason of every other object, no key twice."""
        refused = self.table.filter(pc.is_valid(self.reasons))
        reasons = [reason_named(code) for code in self.reasons.drop_null().to_pylist()]
        names = report_names(*(refused[name].to_pylist() for name in ("stem", "key")))
        return [
            (name, why.field_of(IMAGES.name, "s3_key"), why) for name, why in zip(names, reasons, strict=True)
        ]


def image_objects(
    image_csv: pd.DataFrame,
    csv_rejects: pd.DataFrame | None,
    listing: pd.DataFrame,
    thumbnails: pd.DataFrame,
    patients: Staged,
    state: NexusState,
    as_of: datetime,
) -> ImageObjects:
    """Return every image object of the listing, joined to its row, its thumbnail and its patient.

    A date before 1850 or after the run's day is null, and `date_is_odd` true.
    An object's row is the one whose recid is the object's stem. Reasons, the first that holds: what the CSV's
    reject of that recid says, no_metadata, several_objects (another object with that stem is the image),
    limit, patient_not_found, no_thumbnail, stale_thumbnail (of other bytes), the thumbnail's own fault,
    shared_thumbnail (another object's lies under the same key), key_too_long, file_too_big.
    """
    table = _joined(_listed(listing), "stem", image_csv, "recid", _ROW_COLUMNS)
    table = _with_possible_dates(table, as_of)
    described = thumbnails.rename(columns={"etag": "seen_etag"})
    table = _joined(table, "key", described, "key", _THUMBNAIL_COLUMNS)
    owners = _owners(table["contact"].combine_chunks(), known_patients(patients, state), state)
    table = table.append_column("owner", owners["owner"])
    table = table.append_column("batch", _batch_keys(owners["patient"], table["date"]))
    table = table.append_column("uploaded", _uploaded(table))
    reasons = _reasons(table, owners["fault"], csv_rejects)
    return ImageObjects(table.drop_columns(list(_NOT_NEEDED_FURTHER)), reasons)


def _listed(listing: pd.DataFrame) -> pa.Table:
    objects = pa.Table.from_pandas(listing[["key", "size", "etag", "modified"]], preserve_index=False)
    stems = pc.replace_substring_regex(objects["key"], r"(?s)^.*/", "")
    stems = pc.replace_substring_regex(stems, r"(?s)^(.+)\.[^.]*$", r"\1")
    left_out = pc.or_(pc.ends_with(objects["key"], "/"), pc.ends_with(stems, THUMBNAIL_MARK))
    images = pc.and_not(pc.starts_with(objects["key"], IMAGES_PREFIX), left_out)
    return objects.append_column("stem", stems).filter(images).sort_by("key").combine_chunks()


def _joined(left: pa.Table, on: str, frame: pd.DataFrame, key: str, columns: Sequence[str]) -> pa.Table:
    """Return the left table with the columns of the frame's row whose key it names, null where none is."""
    right = pa.Table.from_pandas(frame[[*dict.fromkeys((key, *columns))]], preserve_index=False)
    places = pc.index_in(left[on], value_set=right[key].combine_chunks())
    for name in columns:
        left = left.append_column(name, right[name].combine_chunks().take(places.combine_chunks()))
    return left


def _with_possible_dates(table: pa.Table, as_of: datetime) -> pa.Table:
    days = table["date"].combine_chunks()
    first, last = (pa.scalar(day, pa.date32()) for day in possible_days(as_of))
    is_odd = pc.fill_null(pc.or_(pc.less(days, first), pc.greater(days, last)), False)
    possible = pc.if_else(is_odd, pa.scalar(None, pa.date32()), days)
    place = table.schema.get_field_index("date")
    return table.set_column(place, "date", possible).append_column("date_is_odd", is_odd)


def _owners(contacts: pa.Array, known: KnownPatients, state: NexusState) -> dict[str, pa.Array]:
    """Return each contact's patient (FileMaker id), the patient's UUID, and why there is none."""
    coded = contacts.dictionary_encode()
    renamed = _filemaker_ids(known, state)
    ids = [uuid_text(contact) for contact in coded.dictionary.to_pylist()]
    patients = [one if one in known.ids or one in known.cut else renamed.get(one or "", one) for one in ids]
    faults = [known.fault(patient) for patient in patients]
    owners = [None if fault else known.find(patient) for patient, fault in zip(patients, faults, strict=True)]
    columns = {"patient": patients, "owner": owners, "fault": faults}
    return {name: pa.array(found, pa.string()).take(coded.indices) for name, found in columns.items()}


def _filemaker_ids(known: KnownPatients, state: NexusState) -> dict[str, str]:
    """Return Nexus UUID to FileMaker id: of patients known now, else formerly, else by a kept identity."""
    kept = {uuid: key for key, uuid in state.identities(PATIENTS.name).items()}
    return {**kept, **state.former_patients(), **{uuid: key for key, uuid in known.ids.items()}}


def _batch_keys(patients: pa.Array, dates: pa.ChunkedArray) -> pa.Array:
    days = pc.fill_null(pc.cast(dates.combine_chunks(), pa.string()), UNKNOWN_DATE)
    return pc.binary_join_element_wise(patients, days, "/")


def _uploaded(table: pa.Table) -> pa.Array:
    """Return when each object was last written, no two the same; what its row says shifts nobody."""
    modified = table["modified"].cast(pa.int64()).to_numpy()
    return pa.array(distinct_instants(modified, table["key"].to_pylist()), pa.int64())


def recid_numbers(recids: pa.ChunkedArray) -> np.ndarray:
    """Return recids as numbers; for an object without one, a number after them all."""
    numbers: np.ndarray = pc.cast(recids, pa.int64()).fill_null(_UNKNOWN_RECID).to_numpy()
    return numbers


def _reasons(table: pa.Table, patient_faults: pa.Array, csv_rejects: pd.DataFrame | None) -> pa.Array:
    faults = _own_faults(table)
    return pc.coalesce(
        pc.if_else(pc.is_null(table["recid"]), _rowless(table, csv_rejects), None),
        _reason(SEVERAL_OBJECTS, pa.array(_is_further(table, faults))),
        patient_faults,
        faults,
    ).combine_chunks()


def _rowless(table: pa.Table, csv_rejects: pd.DataFrame | None) -> pa.Scalar | pa.ChunkedArray:
    """Return why an object without a row has none."""
    if csv_rejects is None:
        return pa.scalar(NO_METADATA, pa.string())
    return pc.fill_null(_joined(table, "stem", csv_rejects, "key", ("reason",))["reason"], NO_METADATA)


def _own_faults(table: pa.Table) -> pa.ChunkedArray:
    """Return what is wrong with each object itself, whosever it is."""
    lengths = [pc.fill_null(pc.utf8_length(table[name]), 0) for name in ("key", "thumbnail_key")]
    return pc.coalesce(
        _reason(NO_THUMBNAIL, pc.is_null(table["seen_etag"])),
        _reason(STALE_THUMBNAIL, pc.not_equal(table["etag"], table["seen_etag"])),
        table["fault"],
        _reason(SHARED_THUMBNAIL, pa.array(_shares_thumbnail(table))),
        _reason(KEY_TOO_LONG, pc.greater(pc.max_element_wise(*lengths), _KEY_LENGTH)),
        _reason(FILE_TOO_BIG, pc.greater(table["size"], LARGEST_INTEGER)),
    )


def _shares_thumbnail(table: pa.Table) -> np.ndarray:
    """Return true for objects that overwrite each other's thumbnail, as `5.heic` and `5.jpg` do."""
    keys = pc.if_else(pc.is_null(table["fault"]), table["thumbnail_key"], None).combine_chunks()
    codes = keys.dictionary_encode().indices
    counts = pc.value_counts(codes.drop_null())
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    return np.asarray(pc.is_in(codes, value_set=shared), dtype=bool)


def _reason(reason: Reason, holds: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    return pc.if_else(holds, pa.scalar(reason, pa.string()), pa.scalar(None, pa.string()))


def _is_further(table: pa.Table, faults: pa.ChunkedArray) -> np.ndarray:
    """Return true for each object that is not the one of its stem: the first by key without a fault."""
    codes = table["stem"].combine_chunks().dictionary_encode().indices.to_numpy()
    order = np.lexsort((np.arange(len(codes)), np.asarray(pc.is_valid(faults), dtype=bool), codes))
    further = np.zeros(len(codes), dtype=bool)
    further[order[1:]] = codes[order[1:]] == codes[order[:-1]]
    return further


def report_names(stems: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return each object's name in reports: its stem, else its place in the folder, else its key's digest."""
    shared = Counter(stems)
    return [
        place_name(key) if shared[stem] > 1 or uuid_text(stem) else _harmless(stem, key)
        for stem, key in zip(stems, keys, strict=True)
    ]


def place_name(key: str) -> str:
    """Return an object's place in the folder of images, else its key's digest."""
    return _harmless(key.removeprefix(IMAGES_PREFIX), key)


def _harmless(name: str, key: str) -> str:
    return name if _HARMLESS.fullmatch(name) else f"digest:{natural_key(key)}"
