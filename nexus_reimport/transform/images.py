"""Image batches and images, from the image CSV, the S3 listing and the thumbnails."""

from collections.abc import Collection, Sequence
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES
from nexus_reimport.model.reasons import reason_named
from nexus_reimport.model.reasons.images import DATE_OUT_OF_RANGE, NO_BATCH, NO_OBJECT, THUMBNAIL_TO_MAKE
from nexus_reimport.model.reasons.several_tables import TOO_LONG
from nexus_reimport.transform.adoption.images import batch_adoptions, image_ids
from nexus_reimport.transform.batch_names import DESCRIPTION, batch_name
from nexus_reimport.transform.documents import PATIENT_TYPE
from nexus_reimport.transform.identity import decide_ids, unique_ids
from nexus_reimport.transform.image_objects import ImageObjects, image_objects, recid_numbers
from nexus_reimport.transform.image_places import image_places
from nexus_reimport.transform.instants import distinct_instants
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import SOURCE_KEY, Accounting, Staged
from nexus_reimport.transform.text import clean

CATEGORY_LENGTH = IMAGES.column("category").length or 0
_NAME_LENGTH = IMAGES.column("original_name").length or 0


def stage_image_batches(
    image_csv: pd.DataFrame,
    listing: pd.DataFrame,
    thumbnails: pd.DataFrame,
    patients: Staged,
    state: NexusState,
    as_of: datetime,
) -> Staged:
    """Return one batch per patient and day that has an image to publish; nothing is rejected here.

    Takes the image CSV's rows, the listing, the thumbnails and the staged patients. `source_key` is the
    patient's FileMaker id and the day, `{id}/{YYYY-MM-DD}` or `{id}/unknown`. A batch was uploaded in the
    second in which the first of its images was.
    """
    ledger = Accounting(IMAGE_BATCHES)
    objects = image_objects(image_csv, None, listing, thumbnails, patients, state, as_of)
    published = objects.published("filemaker_id")
    batches = published.group_by("batch").aggregate(
        [("owner", "min"), ("date", "min"), ("uploaded", "min"), ("key", "count")]
    )
    batches = batches.sort_by("batch")
    keys, owners = batches["batch"].to_pylist(), batches["owner_min"].to_pylist()
    names = [batch_name(on) for on in batches["date_min"].to_pylist()]
    columns: dict[str, Sequence[object]] = {
        "id": decide_ids(keys, state, ledger, batch_adoptions(keys, owners, published, state)),
        "object_id": owners,
        "name": names,
        "uploaded_at": distinct_instants(batches["uploaded_min"].to_numpy(), keys),
        "image_count": batches["key_count"],
    }
    constants = {"description": DESCRIPTION, "content_type_id": state.content_type(PATIENT_TYPE)}
    return ledger.staged(keys, columns, constants)


def stage_images(
    image_csv: pd.DataFrame,
    csv_rejects: pd.DataFrame,
    listing: pd.DataFrame,
    thumbnails: pd.DataFrame,
    patients: Staged,
    batches: Staged,
    state: NexusState,
    as_of: datetime,
) -> Staged:
    """Return one image per image object whose row, patient and thumbnail are known.

    Takes the image CSV's rows and rejects, the listing, the thumbnails, the staged patients and batches.
    Rejects: see `image_objects`, and no_batch where the batches were staged from other inputs. A row of
    the CSV without an object is warned of, `no_object`, and so is a row the CSV's reading rejected. What
    is amiss with a picture that can be read is a warning, `no_end_marker`, and so is `date_out_of_range`.
    """
    ledger = Accounting(IMAGES)
    objects = image_objects(image_csv, csv_rejects, listing, thumbnails, patients, state, as_of)
    images = _published(_with_batches(objects, batches), image_csv, csv_rejects, ledger)
    del objects  # as large as the images themselves
    keys = images["filemaker_id"].to_pylist()
    for key, warning, is_odd in zip(keys, *_amiss(images), strict=True):
        if warning:
            ledger.warn(key, "s3_key", reason_named(warning))
        if is_odd:
            ledger.warn(key, "date_taken", DATE_OUT_OF_RANGE)
    ids = image_ids(images, state, ledger)
    columns: dict[str, Sequence[object]] = {
        "id": ids,
        "s3_key": images["key"],
        "s3_thumbnail_key": images["thumbnail_key"],
        "file_size": images["size"],
        "uploaded_at": images["uploaded"],
        "date_taken": images["date"],
        "batch_id": images["batch_id"],
        "order": _places(images, ids, state),
        **{name: images[name] for name in ("mime_type", "width", "height", "thumbnail_size")},
        **_text_columns(images, ledger),
        "filemaker_id": unique_ids(keys, ids, state.claims(IMAGES.name)),
    }
    return ledger.staged(keys, columns, {})


def warn_of_unseen(staged: Staged, unseen: Collection[str]) -> Staged:
    """Return staged images with a warning, `thumbnail_to_make`, for each whose picture nobody looked at.

    `unseen` are S3 keys. A plan counts such images; a publication does not take them.
    """
    ledger = Accounting(IMAGES)
    waiting = staged.rows["s3_key"].isin(list(unseen))
    for key in staged.rows.loc[waiting, SOURCE_KEY]:
        ledger.warn(key, "s3_thumbnail_key", THUMBNAIL_TO_MAKE)
    return Staged(
        staged.rows, staged.rejects, pd.concat([staged.warnings, ledger.warnings()], ignore_index=True)
    )


def _with_batches(objects: ImageObjects, batches: Staged) -> ImageObjects:
    """Return the objects with their batch's UUID; one whose batch is not staged gets a reason."""
    known = {name: pa.array(batches.rows[name], pa.string()) for name in (SOURCE_KEY, "id")}
    places = pc.index_in(objects.table["batch"], value_set=known[SOURCE_KEY]).combine_chunks()
    ids = known["id"].take(places)
    missing = pc.if_else(pc.is_null(ids), pa.scalar(NO_BATCH, pa.string()), pa.scalar(None, pa.string()))
    return ImageObjects(objects.table.append_column("batch_id", ids), pc.coalesce(objects.reasons, missing))


def _published(
    objects: ImageObjects, image_csv: pd.DataFrame, csv_rejects: pd.DataFrame, ledger: Accounting
) -> pa.Table:
    """Return the images in order of FileMaker id, everything else accounted for."""
    for key, field, reason in objects.rejects():
        ledger.reject(key, field, reason)
    _warn_of_rows_without_objects(image_csv, csv_rejects, objects, ledger)
    return objects.published("filemaker_id")


def _warn_of_rows_without_objects(
    image_csv: pd.DataFrame, csv_rejects: pd.DataFrame, objects: ImageObjects, ledger: Accounting
) -> None:
    stems = objects.table["stem"].combine_chunks()
    recids = pa.array(image_csv["recid"], pa.string())
    for recid in recids.filter(pc.invert(pc.is_in(recids, value_set=stems))).to_pylist():
        ledger.warn(recid, "s3_key", NO_OBJECT)
    report = [pa.array(csv_rejects[name], pa.string()) for name in ("key", "field", "reason")]
    lost = pc.invert(pc.is_in(report[0], value_set=stems))
    for key, field, code in zip(*(column.filter(lost).to_pylist() for column in report), strict=True):
        ledger.warn(key, field, reason_named(code))


def _amiss(images: pa.Table) -> tuple[list[str | None], list[bool]]:
    """Return what is amiss with each picture, and whether its row has a date that cannot be."""
    return images["warning"].to_pylist(), images["date_is_odd"].to_pylist()


def _places(images: pa.Table, ids: Sequence[str], state: NexusState) -> list[int]:
    return image_places(images["batch_id"].to_pylist(), recid_numbers(images["recid"]), ids, state)


def _text_columns(images: pa.Table, ledger: Accounting) -> dict[str, Sequence[object]]:
    coded = images["type"].combine_chunks().fill_null("").dictionary_encode()
    types = pa.array([clean(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    names = pc.replace_substring_regex(images["key"], r"(?s)^.*/", "")
    captions = pc.binary_join_element_wise("FileMaker: ", types, " (RecordID: ", images["recid"], ")", "")
    return {
        "category": _cut(types, CATEGORY_LENGTH, "category", images, ledger),
        "original_name": _cut(names, _NAME_LENGTH, "original_name", images, ledger),
        "caption": captions,
    }


def _cut(texts: pa.Array, length: int, column: str, images: pa.Table, ledger: Accounting) -> pa.Array:
    """Return the texts, each no longer than the column; one that was cut is warned of, `too_long`."""
    too_long = pc.greater(pc.utf8_length(texts), length)
    for key in images["filemaker_id"].filter(too_long).to_pylist():
        ledger.warn(key, column, TOO_LONG)
    return pc.if_else(too_long, pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(texts, 0, length)), texts)
