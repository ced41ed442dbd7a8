"""A FileMaker id or an S3 object that another living row has already: nothing fails, and it is said."""

from datetime import timedelta

import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.publication import PublicationTerms, publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.nexus import APPOINTMENTS, IMAGES
from nexus_reimport.model.options import Options
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate.doubled import LeftOver, read_left_over
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, uid
from nexus_reimport_tests.transform import image_records
from nexus_reimport_tests.transform.records import (
    Record,
    appointments_of,
    contact,
    fm,
    key,
    patients_of,
    reasons,
)
from nexus_reimport_tests.writes import last_writes

EVENT: Record = {
    "id": fm(101),
    "id_Contact": fm(1),
    "startDate": "2024-05-07",
    "startTime": "09:30:00",
    "endDate": "2024-05-07",
    "endTime": "10:00:00",
    "note": "Bring both shoes.",
}
REMOVE = Options(older_imports={"appointments": "remove"}, missing_percent=100)


def reimport(url: str, choices: Options | None = None) -> Staged:
    """Stage Ann and her event by what is in Nexus, and publish them."""
    state = NexusState(read_state(url))
    patients = patients_of(contact(1), state=state)
    appointments = appointments_of(EVENT, patients=patients, state=state)
    tables = {"patients": StagedTable(patients.rows, []), "appointments": StagedTable(appointments.rows, [])}
    publish(url, "run", AS_OF, tables, terms=PublicationTerms(choices or Options()))
    return appointments


def events(url: str) -> dict[str, str | None]:
    """Appointments to their event ids."""
    return dict(query(url, "SELECT id::text, filemaker_event_id::text FROM appointments"))


@pytest.fixture
def taken(nexus_database: str) -> tuple[str, str, str]:
    """Somebody has deleted our appointment, and an older import wrote the event again; url and both ids."""
    reimport(nexus_database)
    ((ours, owner),) = query(nexus_database, "SELECT id::text, patient_id::text FROM appointments")
    query(nexus_database, "DELETE FROM appointments")
    noon = older.appointment("A1", owner, filemaker_event_id=key(101), reason="Bring both shoes")
    older.load(nexus_database, noon)
    return nexus_database, ours, uid("appointment A1")


def test_an_appointment_comes_back_without_its_event_id_while_another_row_has_it(
    taken: tuple[str, str, str],
) -> None:
    url, ours, theirs = taken
    staged = reimport(url)
    assert events(url) == {ours: None, theirs: key(101)}
    assert (key(101), "id", "claimed_twice") in reasons(staged.warnings)
    assert read_left_over(url, APPOINTMENTS) == [LeftOver("appointments", theirs, doubled=True)]
    written = last_writes(url)
    reimport(url)
    assert last_writes(url) == written


def test_an_appointment_gets_its_event_id_back_when_the_other_row_is_gone(
    taken: tuple[str, str, str],
) -> None:
    url, ours, _ = taken
    reimport(url, REMOVE)
    assert events(url) == {ours: None}
    reimport(url)
    assert events(url) == {ours: key(101)}
    written = last_writes(url)
    reimport(url)
    assert last_writes(url) == written


def test_another_row_with_the_event_id_is_found_doubled_wherever_it_stands(
    taken: tuple[str, str, str],
) -> None:
    url, _, theirs = taken
    query(url, "UPDATE appointments SET start_time = '2031-01-01 00:00+00', end_time = '2031-01-01 00:00+00'")
    reimport(url)
    assert read_left_over(url, APPOINTMENTS) == [LeftOver("appointments", theirs, doubled=True)]


def test_an_appointment_whose_event_id_people_gave_to_another_fails_nothing(nexus_database: str) -> None:
    reimport(nexus_database)
    ((ours, owner),) = query(nexus_database, "SELECT id::text, patient_id::text FROM appointments")
    query(nexus_database, "UPDATE appointments SET filemaker_event_id = NULL")
    older.load(nexus_database, older.appointment("booked", owner, filemaker_event_id=key(101), reason="x"))
    reimport(nexus_database)
    assert events(nexus_database) == {ours: None, uid("appointment booked"): key(101)}


# Two rows of one object -----------------------------------------------------------------------------------


def reimport_image(url: str, choices: Options | None = None) -> tuple[Staged, Staged]:
    """Stage Ann's one image by what is in Nexus, and publish it."""
    state = NexusState(read_state(url))
    patients = patients_of(contact(1), state=state)
    batches, images = image_records.staged_images(image_records.row(1), patients=patients, state=state)
    tables = {"patients": patients, "image_batches": batches, "images": images}
    staged = {name: StagedTable(one.rows, []) for name, one in tables.items()}
    publish(url, "run", AS_OF, staged, terms=PublicationTerms(choices or Options()))
    return batches, images


@pytest.mark.parametrize(
    ("first", "second", "adopted"),
    [
        # The one that has FileMaker's id, whichever was first; else the first
        ({}, {"filemaker_id": key(701)}, "second"),
        ({"filemaker_id": key(701)}, {}, "first"),
        ({}, {}, "first"),
    ],
)
def test_of_two_images_of_one_object_one_is_adopted_and_the_other_can_be_taken_out(
    nexus_database: str, first: dict[str, object], second: dict[str, object], adopted: str
) -> None:
    url, s3_key = nexus_database, image_records.object_key(1)
    ann = older.patient("Ann", {"filemaker_id": fm(1)})
    older.load(
        url,
        ann,
        older.batch("I1", ann[1]["id"], name="10/18/2016 (FileMaker Import)", image_count=1),
        older.batch("I2", ann[1]["id"], image_count=1),
        older.image("first", "I1", s3_key, **first),
        older.image("second", "I2", s3_key, uploaded_at=older.IMPORTED_AT + timedelta(hours=1), **second),
    )
    other = {"first": "second", "second": "first"}[adopted]
    reimport_image(url)
    rows = dict(query(url, "SELECT id::text, filemaker_id::text FROM images_image"))
    assert rows == {uid(f"image {adopted}"): key(701), uid(f"image {other}"): None}
    assert read_left_over(url, IMAGES) == [LeftOver("images", uid(f"image {other}"), doubled=True)]
    written = last_writes(url)
    reimport_image(url)
    assert last_writes(url) == written
    reimport_image(url, Options(older_imports={"images": "remove"}, missing_percent=100))
    assert query(url, "SELECT id::text FROM images_image") == [(uid(f"image {adopted}"),)]
    assert query(url, "SELECT count(*), sum(image_count) FROM images_batch") == [(1, 1)]
    written = last_writes(url)
    reimport_image(url)
    assert last_writes(url) == written
