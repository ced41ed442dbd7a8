"""Doubled rows after a publication: an older import's beside ours, and never people's own."""

from datetime import UTC, datetime, timedelta

import pytest

from nexus_reimport.load.publication import publish
from nexus_reimport.model.nexus import (
    APPOINTMENTS,
    BY_NAME,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
    NOTES,
    PATIENTS,
    TABLES,
)
from nexus_reimport.validate.doubled import read_left_over
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

ANN, KEY = uid("patients ann"), uid("key ann")
DUMP = "filemaker-import/images-bulk-dump"
NOON = datetime(2024, 5, 7, 2, tzinfo=UTC)  # in Sydney
MIDNIGHT = datetime(2024, 5, 7, 14, tzinfo=UTC)  # of the 8th in Sydney
HALF_PAST_TWO = datetime(2024, 4, 6, 15, 30, tzinfo=UTC)  # the first of two in Sydney that night


@pytest.fixture
def url(nexus_database: str) -> str:
    """Ann is published, with appointments, a note, a document, a batch and an image."""
    kind = query(nexus_database, "SELECT id FROM django_content_type WHERE model = 'patient'")[0][0]
    starts = {"half past nine": older.START, "noon": NOON, "midnight": MIDNIGHT, "twice": HALF_PAST_TWO}
    appointments = [
        {"name": name, "patient_id": ANN, "start_time": start, "end_time": start}
        for name, start in starts.items()
    ]
    picture = {"name": "p", "batch_id": uid("image_batches b"), "s3_key": f"{DUMP}/995.jpg"}
    batches = staged_table(IMAGE_BATCHES, {"name": "b", "object_id": ANN, "content_type_id": kind})
    batches.rows["source_key"] = f"{KEY}/2016-10-18"
    tables = {
        "patients": staged_table(PATIENTS, {"name": "ann"}),
        "appointments": staged_table(APPOINTMENTS, *appointments),
        "notes": staged_table(NOTES, {"name": "n", "patient_id": ANN, "content": "Walks well.\nCafé."}),
        "documents": staged_table(DOCUMENTS, {"name": "d", "s3_key": f"{older.FILED}/1.pdf"}),
        "image_batches": batches,
        "images": staged_table(IMAGES, picture),
    }
    publish(nexus_database, "run", AS_OF, tables)
    return nexus_database


def doubled(url: str, table: str) -> list[bool]:
    """Whether each left-over of a table is doubled."""
    return [row.doubled for row in read_left_over(url, BY_NAME[table])]


@pytest.mark.parametrize(
    ("row", "is_double"),
    [
        (older.patient("twin", {"filemaker_id": f" {KEY.upper()} "}), True),
        (older.patient("twin", None, notes='{"filemaker_id": "' + KEY.upper() + '"}'), True),
        (older.patient("other", {"filemaker_id": uid("key ben")}), False),
        (older.patient("of no id", {"filemaker_id": "None"}), False),
        (older.appointment("same", ANN), True),
        (older.appointment("unread time", ANN, start_time=older.START - timedelta(hours=9.5)), True),
        (older.appointment("other time", ANN, start_time=older.START + timedelta(minutes=1)), False),
        (older.appointment("no time", ANN, start_time=NOON - timedelta(hours=12)), True),
        (older.appointment("24:00", ANN, start_time=MIDNIGHT - timedelta(seconds=1)), True),
        (older.appointment("a day early", ANN, start_time=MIDNIGHT - timedelta(days=1)), True),
        (older.appointment("the second", ANN, start_time=HALF_PAST_TWO + timedelta(hours=1)), True),
        (older.appointment("A1", ANN, filemaker_event_id=uid("e"), start_time=NOON, reason="x"), True),
        (older.note("same", ANN, "Walks well.\nCafé."), True),
        (older.note("raw", ANN, "\xa0 Walks  well._x000D_\nCafe\u0301.\x0b "), True),
        (older.note("other", ANN, "Walks badly."), False),
        (older.document("by id", "x.pdf", filemaker_id=uid("key d")), True),
        (older.document("by key", f"{older.FILED}/a/erf/{uid('key d').upper()}.pdf/{uid('r')}.pdf"), True),
        (older.document("same file", f"{older.FILED}/1.pdf"), True),
        (older.document("random name", f"{older.FILED}/a/erf/{uid('x')}.pdf/{uid('key d')}.pdf"), False),
        (older.batch("I1", ANN, name="10/18/2016 (FileMaker Import)"), True),
        (older.batch("other day", ANN, name="10/19/2016 (FileMaker Import)"), False),
        (older.image("same file", "any", f"{DUMP}/995.jpg"), True),
        (older.image("same recid", "any", f"{DUMP}/995.JPG"), True),
        (older.image("fetched", "any", f"{older.FETCHED}/a/1/{uid('key p')}.jpg/{uid('r')}.jpg"), True),
        (older.image("by id", "any", "x.jpg", filemaker_id=uid("key p")), True),
        (older.image("other", "any", f"{DUMP}/996.jpg"), False),
    ],
)
def test_a_row_of_an_older_import_that_says_what_ours_says_is_doubled(
    url: str, row: older.Written, is_double: bool
) -> None:
    older.load(url, *([older.batch("any", uid("nobody"))] if row[0] == "images_image" else []), row)
    table = next(one for one in TABLES if one.relation == row[0])
    assert doubled(url, table.name) == [is_double]
    assert [one.id for one in read_left_over(url, table)] == [row[1]["id"]]


def test_what_hangs_on_another_row_of_the_same_patient_doubles_what_is_ours(url: str) -> None:
    twin, ben = uid("patient twin"), uid("patient Ben")
    older.load(
        url,
        older.patient("twin", {"filemaker_id": KEY.upper()}),
        older.patient("Ben", {"filemaker_id": uid("key ben")}),
        *(older.appointment(f"of {owner}", owner) for owner in (twin, ben)),
        *(older.note(f"of {owner}", owner, "Walks well.\nCafé.") for owner in (twin, ben)),
        *(older.batch(f"of {owner}", owner, name="18 Oct 2016 (FileMaker Import)") for owner in (twin, ben)),
    )
    for name, kind in (("appointments", "appointment"), ("notes", "note"), ("image_batches", "batch")):
        found = {row.id: row.doubled for row in read_left_over(url, BY_NAME[name])}
        expected = {uid(f"{kind} of {twin}"): True, uid(f"{kind} of {ben}"): False}
        assert found == expected, name


def test_people_s_own_rows_are_no_doubles_however_much_they_are_like_ours(url: str) -> None:
    older.load(
        url,
        older.patient("namesake"),
        older.appointment("booked", ANN, reason="Fitting"),
        older.appointment("without notes", ANN, notes=None),
        older.note("typed again", ANN, "Walks well.\nCafé.", created_by="kerry"),
        older.document("scanned", f"documents/{ANN}/{uid('key d')}.pdf"),
        older.batch("own", ANN, name="18 Oct 2016"),
        older.image("own", "own", f"images/{ANN}/995.jpg"),
    )
    assert [row for table in TABLES for row in read_left_over(url, table)] == []


def test_an_adopted_row_of_two_is_no_double_and_the_other_is(url: str) -> None:
    older.load(url, older.note("first", ANN, "Twice."), older.note("second", ANN, "Twice."))
    ours = {"name": "twice", "id": uid("note second"), "patient_id": ANN, "content": "Twice."}
    kept = {"name": "n", "patient_id": ANN, "content": "Walks well.\nCafé."}
    publish(url, "again", AS_OF, {"notes": staged_table(NOTES, kept, ours)})
    assert [(row.id, row.doubled) for row in read_left_over(url, NOTES)] == [(uid("note first"), True)]


def test_nothing_is_left_over_before_the_first_publication(nexus_database: str) -> None:
    older.load(nexus_database, older.patient("Ann", {"filemaker_id": KEY}))
    assert read_left_over(nexus_database, PATIENTS) == []
