"""Image batches and images."""

import time
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES
from nexus_reimport.transform.exceptions import MissingContentTypeError
from nexus_reimport.transform.identity import derived_id
from nexus_reimport.transform.images import stage_images
from nexus_reimport.transform.staged import Staged
from nexus_reimport.transform.text import natural_key
from nexus_reimport_tests.transform.image_records import (
    csv_rejects_of,
    object_key,
    objects_of,
    row,
    rows_of,
    staged_images,
    thumbnails_of,
)
from nexus_reimport_tests.transform.records import (
    AS_OF,
    PATIENT_TYPE,
    cell,
    cells,
    contact,
    key,
    listing,
    patients_of,
    reasons,
    seconds,
    state_of,
    uid,
)

PATIENT = derived_id("patients", key(1))
BATCH_KEY = f"{key(1)}/2016-10-18"
NAME = "18 Oct 2016 (FileMaker Import)"


def image(number: int) -> str:
    """The source key of the image of `row(number)`."""
    return key(700 + number)


def rejected(staged: Staged) -> list[tuple[str, str, str]]:
    return reasons(staged.rejects)


def test_an_object_with_a_row_becomes_an_image_in_a_batch() -> None:
    when = datetime(2024, 1, 2, tzinfo=UTC)
    batches, images = staged_images(row(995), objects=objects_of((995, 4321, when)))
    assert batches.rows.to_dict("records") == [
        {
            "source_key": BATCH_KEY,
            "id": derived_id("image_batches", BATCH_KEY),
            "object_id": PATIENT,
            "name": NAME,
            "description": "Imported from FileMaker",
            "uploaded_at": pd.Timestamp("2024-01-02T00:00:00.045415Z"),
            "image_count": 1,
            "content_type_id": 17,
            "uploaded_by_id": None,
        }
    ]
    assert images.rows.to_dict("records") == [
        {
            "source_key": image(995),
            "id": derived_id("images", image(995)),
            "s3_key": "filemaker-import/images-bulk-dump/995.jpg",
            "s3_thumbnail_key": "filemaker-import/images-bulk-dump/995_thumb.jpg",
            "original_name": "995.jpg",
            "file_size": 4321,
            "mime_type": "image/jpeg",
            "width": 4000,
            "height": 3000,
            "category": "Left Dorsal",
            "caption": "FileMaker: Left Dorsal (RecordID: 995)",
            "date_taken": date(2016, 10, 18),
            "uploaded_at": pd.Timestamp("2024-01-02T00:00:00.014602Z"),
            "order": 0,
            "batch_id": derived_id("image_batches", BATCH_KEY),
            "uploaded_by_id": None,
            "thumbnail_size": 999,
            "filemaker_id": image(995),
        }
    ]
    for staged, table in ((batches, IMAGE_BATCHES), (images, IMAGES)):
        assert failures(schema_of(table.staged), staged.rows, "source_key").empty
        assert (len(staged.rejects), len(staged.warnings)) == (0, 0)


def test_a_batch_is_one_patient_and_one_day() -> None:
    people = patients_of(contact(1), contact(2))
    rows = [row(1), row(2), row(3, contact=key(2)), row(4, date=date(2016, 1, 2)), row(5, date=None)]
    batches, images = staged_images(*rows, patients=people)
    assert cells(batches, "source_key") == [
        f"{key(1)}/2016-01-02",
        BATCH_KEY,
        f"{key(1)}/unknown",
        f"{key(2)}/2016-10-18",
    ]
    assert cells(batches, "image_count") == [1, 2, 1, 1]
    assert cells(batches, "name") == [
        "02 Jan 2016 (FileMaker Import)",
        NAME,
        "Unknown Date (FileMaker Import)",
        NAME,
    ]
    assert cells(batches, "object_id") == [PATIENT] * 3 + [derived_id("patients", key(2))]
    ids = dict(zip(cells(batches, "source_key"), cells(batches, "id"), strict=True))
    assert cells(images, "batch_id") == [
        ids[BATCH_KEY],
        ids[BATCH_KEY],
        ids[f"{key(2)}/2016-10-18"],
        ids[f"{key(1)}/2016-01-02"],
        ids[f"{key(1)}/unknown"],
    ]


def test_images_are_ordered_in_their_batch_by_recid_as_a_number() -> None:
    numbers = [10, 9, 100, 2]
    rows = [row(place, recid=str(number)) for place, number in enumerate(numbers)]
    _, images = staged_images(*rows, row(7, recid="1", date=None))
    assert cells(images, "order") == [2, 1, 3, 0, 0]


def test_a_rejected_image_leaves_no_gap_and_is_not_counted() -> None:
    objects = objects_of(1, 2, 3)
    made = thumbnails_of(objects, _2={"fault": "not_an_image"})
    batches, images = staged_images(row(1), row(2), row(3), objects=objects, thumbnails=made)
    assert cells(images, "order") == [0, 1]
    assert cell(batches, "image_count") == 2


def test_a_batch_whose_every_image_is_rejected_is_not_made() -> None:
    objects = objects_of(1)
    made = thumbnails_of(objects, _1={"fault": "empty"})
    batches, images = staged_images(row(1), objects=objects, thumbnails=made)
    assert (len(batches.rows), len(images.rows), images.read) == (0, 0, 1)


@pytest.mark.parametrize(
    ("kind", "category", "caption"),
    [
        (None, "", "FileMaker:  (RecordID: 1)"),
        (" Left Planter ", "Left Planter", "FileMaker: Left Planter (RecordID: 1)"),
        ("Left\x0bDorsal", "Left\nDorsal", "FileMaker: Left\nDorsal (RecordID: 1)"),
        ("é" * 100, "é" * 100, f"FileMaker: {'é' * 100} (RecordID: 1)"),
    ],
)
def test_category_and_caption_are_the_type_as_written(kind: str | None, category: str, caption: str) -> None:
    _, images = staged_images(row(1, type=kind))
    assert (cell(images, "category"), cell(images, "caption")) == (category, caption)
    assert images.warnings.empty


def test_a_type_too_long_for_a_category_is_cut_with_a_warning_and_whole_in_the_caption() -> None:
    _, images = staged_images(row(1, type="é" * 99 + " x"))
    assert cell(images, "category") == "é" * 99
    assert cell(images, "caption") == f"FileMaker: {'é' * 99} x (RecordID: 1)"
    assert reasons(images.warnings) == [(image(1), "category", "too_long")]


def test_facts_come_from_the_thumbnail_and_the_exact_size_from_the_listing() -> None:
    objects = objects_of(("1.heic", 77))
    facts = {
        "width": 30,
        "height": 40,
        "mime_type": "image/heic",
        "thumbnail_key": "t/1.jpg",
        "thumbnail_size": 5,
    }
    _, images = staged_images(row(1), objects=objects, thumbnails=thumbnails_of(objects, _1=facts))
    found = [
        cell(images, name) for name in ("width", "height", "mime_type", "s3_thumbnail_key", "thumbnail_size")
    ]
    assert found == [30, 40, "image/heic", "t/1.jpg", 5]
    assert (cell(images, "file_size"), cell(images, "original_name")) == (77, "1.heic")


@pytest.mark.parametrize(
    ("name", "reject"),
    [
        ("995.jpg", ("995", "recid", "no_metadata")),
        ("0995.jpg", ("0995", "recid", "no_metadata")),
        ("A995.JPG", ("A995", "recid", "no_metadata")),
        ("995", ("995", "recid", "no_metadata")),
        ("ada byron.jpg", (f"digest:{natural_key(object_key('ada byron.jpg'))}", "recid", "no_metadata")),
        ("ada.jpg", (f"digest:{natural_key(object_key('ada.jpg'))}", "recid", "no_metadata")),
        (f"{key(1)}.jpg", (f"{key(1)}.jpg", "recid", "no_metadata")),
        (".995", (".995", "recid", "no_metadata")),
    ],
)
def test_an_object_without_a_row_is_rejected_by_its_stem_never_by_a_name(
    name: str, reject: tuple[str, str, str]
) -> None:
    batches, images = staged_images(row(1), objects=objects_of(1, name))
    assert rejected(images) == [reject]
    assert (images.read, len(batches.rejects)) == (2, 0)


@pytest.mark.parametrize(
    ("field", "reason"), [("recid", "duplicate_recid"), ("date", "bad_date"), ("id_Contact", "no_contact")]
)
def test_an_object_whose_row_was_rejected_says_why(field: str, reason: str) -> None:
    report = csv_rejects_of(("995", field, reason), ("995", field, reason), ("line 3", "recid", "bad_recid"))
    _, images = staged_images(row(1), objects=objects_of(1, 995), rejects=report)
    assert rejected(images) == [("995", field, reason)]
    assert reasons(images.warnings) == [("line 3", "recid", "bad_recid")]


def test_rows_without_an_object_are_listed_whether_read_or_rejected() -> None:
    report = csv_rejects_of(("8", "recid", "duplicate_recid"), ("8", "recid", "duplicate_recid"))
    _, images = staged_images(row(1), row(2), objects=objects_of(1), rejects=report)
    assert reasons(images.warnings) == [
        ("2", "s3_key", "no_object"),
        ("8", "recid", "duplicate_recid"),
        ("8", "recid", "duplicate_recid"),
    ]
    assert images.read == 1


@pytest.mark.parametrize("extension", ["jpg", "jpeg", "JPG", "png", "heic", "tif", "a.b"])
def test_the_stem_is_all_but_the_last_extension(extension: str) -> None:
    name = f"1.{extension}"
    _, images = staged_images(row(1), objects=objects_of(name))
    assert len(images.rows) == (extension != "a.b")
    assert images.read == 1


def test_of_several_objects_with_one_stem_the_first_without_a_fault_is_the_image() -> None:
    objects = objects_of("1.JPG", "1.jpg", "1.png")
    _, images = staged_images(row(1), objects=objects.iloc[::-1])
    assert cell(images, "s3_key") == object_key("1.JPG")
    assert rejected(images) == [("1.jpg", "recid", "several_objects"), ("1.png", "recid", "several_objects")]
    made = thumbnails_of(objects)
    made.loc[made["key"] == object_key("1.JPG"), "fault"] = "truncated"
    _, images = staged_images(row(1), objects=objects, thumbnails=made)
    assert cell(images, "s3_key") == object_key("1.jpg")
    assert rejected(images) == [("1.JPG", "recid", "several_objects"), ("1.png", "recid", "several_objects")]


def test_no_two_rejects_have_one_key() -> None:
    names = ["5.jpg", "5.png", "x/5.jpg", "A7.jpg", "a7.jpg", "ada.jpg", "x/ada.jpg", "5"]
    _, images = staged_images(objects=objects_of(*names))
    keys = images.rejects["key"]
    assert (len(keys), keys.nunique()) == (8, 8)
    assert set(images.rejects["reason"]) == {"no_metadata", "several_objects"} - {"several_objects"}


def test_only_originals_under_the_bulk_dump_are_images() -> None:
    stray = [
        "images/1.jpg",
        "old/" + object_key(1),
        object_key("1_thumb.jpg"),
        object_key(""),
        object_key("2/"),
    ]
    _, images = staged_images(row(1), row(2), objects=listing(*((one, 1) for one in stray)))
    assert images.read == 0
    assert {reason for _, _, reason in reasons(images.warnings)} == {"no_object"}


def test_an_image_of_nobody_known_is_rejected() -> None:
    _, images = staged_images(row(1, contact=key(9)), row(2))
    assert rejected(images) == [("1", "id_Contact", "patient_not_found")]


def test_an_image_of_a_patient_a_limit_left_out_is_rejected_as_such() -> None:
    people = patients_of(contact(1), contact(2), limit=1)
    _, images = staged_images(row(1), row(2, contact=key(2)), patients=people)
    assert rejected(images) == [("2", "id_Contact", "limit")]


def test_a_contact_may_be_a_nexus_uuid_of_a_patient_staged_living_kept_or_former() -> None:
    state = state_of(
        PATIENT_TYPE,
        ("live:patients", key(5), uid(5)),
        ("identity:patients", key(1), PATIENT),
        ("former:patients", uid(66), key(1).upper()),
        ("former:patients", uid(77), key(9)),
    )
    rows = [row(1, contact=PATIENT), row(2, contact=uid(5)), row(3, contact=uid(66)), row(4, contact=uid(77))]
    batches, images = staged_images(*rows, state=state)
    assert cells(batches, "source_key") == [BATCH_KEY, f"{key(5)}/2016-10-18"]
    assert cells(batches, "image_count") == [2, 1]
    assert cells(batches, "object_id") == [PATIENT, uid(5)]
    assert rejected(images) == [("4", "id_Contact", "patient_not_found")]


def test_a_kept_uuid_leads_to_the_patient_even_when_the_limit_is_what_left_it_out() -> None:
    people = patients_of(contact(1), contact(2), limit=1)
    state = state_of(PATIENT_TYPE, ("identity:patients", key(2), uid(22)))
    _, images = staged_images(row(1, contact=uid(22)), patients=people, state=state)
    assert rejected(images) == [("1", "id_Contact", "limit")]


def test_a_filemaker_id_is_one_before_it_is_a_nexus_uuid() -> None:
    state = state_of(PATIENT_TYPE, ("former:patients", key(1), key(5)), ("live:patients", key(5), uid(5)))
    batches, _ = staged_images(row(1), state=state)
    assert cell(batches, "object_id") == PATIENT


def test_the_day_before_and_after_keep_patients_apart_by_filemaker_id_only() -> None:
    batches, _ = staged_images(row(1, contact=PATIENT), row(2))
    assert cell(batches, "image_count") == 2


@pytest.mark.parametrize("fault", ["empty", "not_an_image", "truncated", "too_large", "unsupported", "gone"])
def test_an_object_without_a_thumbnail_is_rejected_with_the_thumbnails_reason(fault: str) -> None:
    objects = objects_of(1, 2)
    made = thumbnails_of(objects, _1={"fault": fault, "width": None, "thumbnail_key": None})
    _, images = staged_images(row(1), row(2), objects=objects, thumbnails=made)
    assert rejected(images) == [("1", "s3_key", fault)]


def test_a_thumbnail_of_other_bytes_or_none_at_all_is_no_thumbnail() -> None:
    objects = objects_of(1, 2, 3)
    made = thumbnails_of(objects, _1={"etag": "older", "fault": "empty"}).iloc[:2]
    _, images = staged_images(row(1), row(2), row(3), objects=objects, thumbnails=made)
    assert rejected(images) == [("1", "s3_key", "stale_thumbnail"), ("3", "s3_key", "no_thumbnail")]


def test_a_thumbnail_that_two_objects_share_is_neithers() -> None:
    objects = objects_of("1.heic", "1.jpg", 2)
    shared = {"thumbnail_key": object_key("1_thumb.jpg")}
    _, images = staged_images(row(1), row(2), objects=objects, thumbnails=thumbnails_of(objects, _1=shared))
    assert rejected(images) == [
        ("1.heic", "s3_key", "shared_thumbnail"),
        ("1.jpg", "recid", "several_objects"),
    ]
    broken = thumbnails_of(objects, _1=shared)
    broken.loc[0, "fault"] = "truncated"
    _, images = staged_images(row(1), row(2), objects=objects, thumbnails=broken)
    assert cells(images, "s3_key") == [object_key("1.jpg"), object_key(2)]


def test_the_first_reason_that_holds_is_given() -> None:
    objects = objects_of("1.jpg", "1.png", 2)
    made = thumbnails_of(objects)
    made["fault"] = "empty"
    _, images = staged_images(row(1, contact=key(9)), objects=objects, thumbnails=made)
    assert rejected(images) == [
        ("1.jpg", "id_Contact", "patient_not_found"),
        ("1.png", "recid", "several_objects"),
        ("2", "recid", "no_metadata"),
    ]


@pytest.mark.parametrize("column", ["key", "thumbnail_key"])
def test_a_key_that_does_not_fit_is_rejected_not_cut(column: str) -> None:
    fits, longer = ("x" * (500 - len(object_key("/1.jpg")) + more) + "/1.jpg" for more in (0, 1))
    for name, count in ((fits, 1), (longer, 0)):
        objects = objects_of(name if column == "key" else "1.jpg")
        made = thumbnails_of(objects, _1={"thumbnail_key": "t" if column == "key" else object_key(name)})
        _, images = staged_images(row(1), objects=objects, thumbnails=made)
        assert len(images.rows) == count
        assert rejected(images) == [] if count else [("1", "s3_key", "key_too_long")]


def test_a_size_that_does_not_fit_is_rejected() -> None:
    _, images = staged_images(row(1), row(2), objects=objects_of((1, 2**31 - 1), (2, 2**31)))
    assert cell(images, "file_size") == 2**31 - 1
    assert rejected(images) == [("2", "s3_key", "file_too_big")]


def test_a_name_that_does_not_fit_is_cut_with_a_warning() -> None:
    stem = "1" * 18
    objects = objects_of(f"{stem}.{'x' * 236}", f"2{stem[1:]}.{'x' * 237}")
    _, images = staged_images(row(1, recid=stem), row(2, recid=f"2{stem[1:]}"), objects=objects)
    assert [len(str(name)) for name in cells(images, "original_name")] == [255, 255]
    assert reasons(images.warnings) == [(image(2), "original_name", "too_long")]


def test_upload_times_are_the_objects_own_to_the_second_and_distinct() -> None:
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
    objects = objects_of((10, 1, late), (9, 1, late), (2, 1, late), (1, 1, early))
    rows = [row(place, recid=str(number)) for place, number in enumerate([10, 9, 2, 1])]
    batches, images = staged_images(*rows, objects=objects)
    shown = ["2024-01-02T00:00:00+00:00"] * 3 + ["2024-01-01T00:00:00+00:00"]
    assert seconds(images, "uploaded_at") == shown
    assert len(set(cells(images, "uploaded_at"))) == 4
    assert seconds(batches, "uploaded_at") == shown[-1:]


def test_a_batch_keeps_its_upload_time_when_it_loses_any_of_its_images() -> None:
    rows, objects = [row(number) for number in range(1, 5)], objects_of(1, 2, 3, 4)
    whole, _ = staged_images(*rows, objects=objects)
    for lost in range(4):
        fewer, images = staged_images(*rows[:lost], *rows[lost + 1 :], objects=objects)
        assert len(images.rows) == 3
        assert cells(fewer, "uploaded_at") == cells(whole, "uploaded_at")


def test_rejects_shift_nobodys_upload_time() -> None:
    objects = objects_of(1, 2, 3)
    _, every = staged_images(row(1), row(2), row(3), objects=objects)
    _, some = staged_images(row(1), row(2, contact=key(9)), row(3), objects=objects)
    _, more = staged_images(row(1), row(2), row(3), objects=objects_of("0x.jpg", 1, 2, 3))
    assert cells(more, "uploaded_at") == cells(every, "uploaded_at")
    assert cells(some, "uploaded_at") == cells(every, "uploaded_at")[::2]


def test_batches_have_distinct_upload_times() -> None:
    batches, _ = staged_images(*(row(n, date=date(2016, 1, n)) for n in range(1, 6)))
    assert len(set(cells(batches, "uploaded_at"))) == 5


def test_images_whose_batch_was_not_staged_are_rejected() -> None:
    batches, _ = staged_images(row(1))
    objects, table = objects_of(1, 2), rows_of(row(1), row(2, date=None))
    images = stage_images(
        table,
        csv_rejects_of(),
        objects,
        thumbnails_of(objects),
        patients_of(contact(1)),
        batches,
        state_of(),
        AS_OF,
    )
    assert rejected(images) == [("2", "s3_key", "no_batch")]
    assert len(images.rows) == 1


def test_without_the_patients_content_type_no_batch_is_staged() -> None:
    with pytest.raises(MissingContentTypeError):
        staged_images(row(1), state=state_of())


def test_nothing_gives_nothing() -> None:
    batches, images = staged_images()
    assert (batches.read, images.read, len(images.warnings)) == (0, 0, 0)
    assert failures(schema_of(IMAGES.staged), images.rows, "source_key").empty
    assert failures(schema_of(IMAGE_BATCHES.staged), batches.rows, "source_key").empty


SCHEMAS = {table.name: schema_of(table.staged) for table in (IMAGE_BATCHES, IMAGES)}
CONTACTS = [key(1), key(2), key(9), PATIENT, uid(66)]
DAYS = [None, date(2016, 10, 18), date(1, 1, 1)]
STATE = state_of(
    PATIENT_TYPE,
    ("former:patients", uid(66), key(2)),
    ("s3_key:images", object_key(1), uid(1)),
    ("s3_key:images", object_key(1), uid(2)),
    ("claim:images", image(2), uid(2)),
    ("identity:images", image(3), uid(4)),
    ("day:image_batches", f"{PATIENT}/2016-10-18", uid(5)),
)
ROWS = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from(CONTACTS), st.sampled_from(DAYS)),
    max_size=8,
    unique_by=lambda one: one[0],
)
NAMES = st.lists(
    st.tuples(
        st.integers(0, 9), st.sampled_from(["jpg", "png", "JPG"]), st.sampled_from([None, None, "empty"])
    ),
    max_size=12,
    unique_by=lambda one: one[:2],
)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(ROWS, NAMES, st.none() | st.integers(0, 2))
def test_every_object_is_an_image_or_a_reject_and_every_batch_is_counted(
    rows: list[tuple[int, str, date | None]], names: list[tuple[int, str, str | None]], limit: int | None
) -> None:
    objects = objects_of(*(f"{number}.{extension}" for number, extension, _ in names))
    made = thumbnails_of(objects)
    made["fault"] = pd.Series([fault for *_, fault in names], dtype=made["fault"].dtype)
    given_rows = [row(number, contact=owner, date=on) for number, owner, on in rows]
    people = patients_of(contact(1), contact(2), limit=limit)
    batches, images = staged_images(
        *given_rows, objects=objects, thumbnails=made, patients=people, state=STATE
    )
    assert images.read == len(names)
    assert images.rejects["key"].is_unique
    assert batches.rejects.empty
    for staged, table in ((batches, IMAGE_BATCHES), (images, IMAGES)):
        assert failures(SCHEMAS[table.name], staged.rows, "source_key").empty
    held = pd.Series(cells(images, "batch_id")).value_counts().to_dict()
    assert held == dict(zip(cells(batches, "id"), cells(batches, "image_count"), strict=True))
    places = images.rows.groupby("batch_id")["order"].apply(lambda found: sorted(found.tolist()))
    assert all(found == list(range(len(found))) for found in places)
    stems = {str(number) for number, *_ in names}
    lost = {str(number) for number, *_ in rows} - stems
    assert {found for found, _, why in reasons(images.warnings) if why == "no_object"} == lost


def test_the_order_of_the_inputs_decides_nothing() -> None:
    rows = [row(n, date=date(2016, 1, 1 + n % 3)) for n in range(9)]
    objects = objects_of(*range(9))
    first = staged_images(*rows, objects=objects)
    made = thumbnails_of(objects).iloc[::-1]
    second = staged_images(*rows[::-1], objects=objects.iloc[::-1], thumbnails=made)
    assert all(one.rows.equals(other.rows) for one, other in zip(first, second, strict=True))


def test_staging_leaves_its_input_alone() -> None:
    objects = objects_of(1, 2)
    made, before, kept = thumbnails_of(objects), objects.copy(deep=True), thumbnails_of(objects)
    staged_images(row(1), objects=objects, thumbnails=made)
    pd.testing.assert_frame_equal(objects, before)
    pd.testing.assert_frame_equal(made, kept)


def test_staging_costs_in_line_with_the_images() -> None:
    assert _seconds(6490) < 3
    assert _seconds(12_980) < 6 * max(_seconds(6490), 0.05)


def _seconds(count: int) -> float:
    rows = [row(n, date=date(2016, 1, 1 + n % 28)) for n in range(count)]
    objects = objects_of(*range(count))
    begin = time.perf_counter()
    staged_images(*rows, objects=objects, thumbnails=thumbnails_of(objects))
    return time.perf_counter() - begin


def test_a_picture_without_its_end_mark_is_published_with_a_warning() -> None:
    made = thumbnails_of(objects_of("1.jpg", "2.jpg"), _2={"warning": "no_end_marker"})
    _, images = staged_images(row(1), row(2), thumbnails=made)
    assert len(images.rows) == 2
    assert [tuple(one) for one in images.warnings[["key", "field", "reason"]].to_numpy()] == [
        (image(2), "s3_key", "no_end_marker")
    ]


@pytest.mark.parametrize(
    "day", [date(16, 10, 18), date(1849, 12, 31), date(2916, 10, 18), AS_OF.date() + timedelta(days=2)]
)
def test_a_date_that_no_photograph_can_have_is_left_empty_and_warned_of(day: date) -> None:
    batches, images = staged_images(row(1, date=day), row(2, date=None), row(3, date=date(1850, 1, 1)))
    assert cells(images, "date_taken") == [None, None, date(1850, 1, 1)]
    assert cells(batches, "image_count") == [1, 2]
    assert [tuple(one) for one in images.warnings[["key", "field", "reason"]].to_numpy()] == [
        (image(1), "date_taken", "date_out_of_range")
    ]
