"""The marks of older imports: each generation's rows are told from people's, table by table."""

from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from nexus_reimport.load.diff.older_imports import imported, untouched
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import (
    APPOINTMENTS,
    BY_NAME,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
    NOTES,
    PATIENTS,
    SMS_MESSAGES,
)
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import uid

ANN = uid("patient Ann")
DUMP = "filemaker-import/images-bulk-dump"
TYPE = uid("a type")


def found(url: str, table: Table, condition: sql.Composable) -> set[str]:
    statement = sql.SQL("SELECT t.id::text FROM {} t WHERE {}")
    with psycopg.connect(url) as connection:
        rows = connection.execute(statement.format(sql.Identifier(table.relation), condition)).fetchall()
    return {row_id for (row_id,) in rows}


def marked(url: str, table: Table, ours: sql.Composable | None = None) -> set[str]:
    return found(url, table, imported(table, ours=ours))


def test_each_generations_patients_are_told_from_peoples(nexus_database: str) -> None:
    key = uid("contact").upper()
    older.load(
        nexus_database,
        older.patient("P1", {"filemaker_id": key, "filemaker_clinic": None}, notes=""),
        older.patient("P2", {"filemaker_id": key, "import_source": "reimport_phase3"}),
        older.patient("P3", {"filemaker_id": "None", "clinic_name": "Hill", "diabetes": ""}, notes=""),
        older.patient("unmigrated", None, notes='{"filemaker_id": "' + key + '", "filemaker_clinic": ""}'),
        older.patient("people's"),
        older.patient("with a note on FileMaker", None, notes='see "filemaker_id": 5'),
        older.patient("with a list", ["filemaker_id"]),
    )
    expected = {uid(f"patient {name}") for name in ("P1", "P2", "P3", "unmigrated")}
    assert marked(nexus_database, PATIENTS) == expected


def test_each_generations_appointments_are_told_from_peoples(nexus_database: str) -> None:
    query(
        nexus_database, "INSERT INTO appointment_types VALUES (%s, 'Fitting', 30, true, now(), now())", TYPE
    )
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.appointment("A1", ANN, filemaker_event_id=uid("event"), reason="Fitting", end_time=None),
        older.appointment("A2", ANN, notes="as booked"),
        older.appointment("A3", ANN),
        older.appointment("with a reason", ANN, reason="Fitting"),
        older.appointment("with a type", ANN, appointment_type_id=TYPE),
        older.appointment("without notes", ANN, notes=None),
        older.appointment("without an end", ANN, end_time=None),
        older.appointment("the clinic's own", None),
        older.appointment("a series", ANN, is_recurring=True),
        older.appointment("one of a series", ANN, parent_appointment_id=uid("appointment a series")),
    )
    assert marked(nexus_database, APPOINTMENTS) == {uid(f"appointment {one}") for one in ("A1", "A2", "A3")}


@pytest.mark.parametrize(("hours", "same"), [(0, True), (-9, True), (24, False)])
def test_an_appointment_with_a_type_is_an_older_imports_where_ours_has_it_that_day(
    nexus_database: str, hours: int, same: bool
) -> None:
    query(
        nexus_database, "INSERT INTO appointment_types VALUES (%s, 'Fitting', 30, true, now(), now())", TYPE
    )
    ours = older.START + timedelta(hours=hours)
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.appointment("A2", ANN, appointment_type_id=TYPE),
        older.appointment("ours", ANN, appointment_type_id=TYPE, start_time=ours, reason="Fitting"),
    )
    relation = sql.SQL("(SELECT * FROM appointments WHERE reason IS NOT NULL)")
    assert marked(nexus_database, APPOINTMENTS, relation) == ({uid("appointment A2")} if same else set())


def test_each_generations_notes_are_told_from_peoples(nexus_database: str) -> None:
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.note("N1", ANN, "Fine.", note_type="Clinical Notes", created_by="kerry"),
        older.note("N1 without a type", ANN, "Fine.", note_type="General"),
        older.note("N2", ANN, " Fine. "),
        older.note("people's", ANN, "Fine.", created_by=None),
        older.note("people's, by name", ANN, "Fine.", created_by="kerry", note_type="clinical_notes"),
    )
    assert marked(nexus_database, NOTES) == {uid(f"note {one}") for one in ("N1", "N1 without a type", "N2")}


def test_no_message_is_an_older_imports(nexus_database: str) -> None:
    older.load(nexus_database, older.patient("Ann"), older.sms("sent", ANN))
    assert marked(nexus_database, SMS_MESSAGES) == set()


def test_documents_and_images_are_told_by_their_ids_and_keys(nexus_database: str) -> None:
    older.load(
        nexus_database,
        older.document("D1", "elsewhere.pdf", filemaker_id=uid("doc")),
        older.document("D1 without its id", f"{older.FILED}/unlinked/erf/{uid('doc')}.pdf/{uid('any')}.pdf"),
        older.document("people's", f"documents/{ANN}/{uid('any')}.pdf"),
        older.batch("any", ANN),
        older.image("I1", "any", f"{older.FETCHED}/{ANN}/10/18/2016/{uid('1')}.jpg/{uid('any')}.jpg"),
        older.image("I2", "any", f"{DUMP}/995.jpg"),
        older.image("with an id", "any", "elsewhere.jpg", filemaker_id=uid("2")),
        older.image("people's", "any", f"images/{ANN}/{uid('b')}/{uid('any')}.jpg"),
    )
    assert marked(nexus_database, DOCUMENTS) == {uid("document D1"), uid("document D1 without its id")}
    assert marked(nexus_database, IMAGES) == {uid("image I1"), uid("image I2"), uid("image with an id")}


def test_a_batch_is_an_older_imports_until_a_person_renames_it_or_adds_to_it(nexus_database: str) -> None:
    query(
        nexus_database,
        "INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff,"
        " is_active, date_joined) VALUES (7, '', false, 'kerry', '', '', '', false, true, now())",
    )
    own = {"description": "Imported from FileMaker on 2025-11-10"}
    older.load(
        nexus_database,
        older.batch("I2", ANN),
        older.batch("I1", ANN, name="10/18/2016 (FileMaker Import)", **own),
        older.batch("empty", ANN),
        older.batch("renamed", ANN, name="Ulcer, left"),
        older.batch("uploaded", ANN, uploaded_by_id=7),
        older.batch("added to", ANN),
        older.image("1", "I2", f"{DUMP}/995.jpg"),
        older.image("2", "I1", f"{older.FETCHED}/{ANN}/10/18/2016/{uid('1')}.jpg/{uid('any')}.jpg"),
        older.image("3", "added to", f"{DUMP}/996.jpg"),
        older.image("4", "added to", f"images/{ANN}/{uid('b')}/{uid('any')}.jpg"),
    )
    assert marked(nexus_database, IMAGE_BATCHES) == {uid(f"batch {one}") for one in ("I1", "I2", "empty")}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("patients", older.patient("x", {"filemaker_id": "X"}, flags_json={"vip": True})),
        ("patients", older.patient("x", {"filemaker_id": "X"}, notes="Prefers the early bus.")),
        ("patients", older.patient("x", {"filemaker_id": "X"}, archived=True)),
        ("appointments", older.appointment("x", ANN, billing_notes="Paid.")),
        ("appointments", older.appointment("x", ANN, sms_reminder_sent_at=older.IMPORTED_AT)),
        ("appointments", older.appointment("x", ANN, updated_at=older.IMPORTED_AT + timedelta(days=2))),
        ("notes", older.note("x", ANN, "Fine.", updated_at=older.IMPORTED_AT + timedelta(minutes=5))),
        ("documents", older.document("x", f"{older.FILED}/a/b/c.pdf", tags=["urgent"])),
        ("documents", older.document("x", f"{older.FILED}/a/b/c.pdf", is_active=False)),
        ("images", older.image("x", "x", f"{DUMP}/995.jpg", caption="Healing")),
        ("images", older.image("x", "x", f"{DUMP}/995.jpg", order=3)),
    ],
)
def test_what_somebody_has_worked_on_since_is_not_untouched(
    nexus_database: str, name: str, row: older.Written
) -> None:
    table = BY_NAME[name]
    plain = {
        "patients": older.patient("plain", {"filemaker_id": "X"}, notes='{"filemaker_id": "X"}'),
        "appointments": older.appointment("plain", ANN),
        "notes": older.note("plain", ANN, "Fine."),
        "documents": older.document("plain", f"{older.FILED}/a/b/c.pdf"),
        "images": older.image("plain", "x", f"{DUMP}/995.jpg", caption="FileMaker:  Left  (RecordID: 995)"),
    }
    older.load(nexus_database, older.patient("Ann"), older.batch("x", ANN), row, plain[name])
    ids = {str(row[1]["id"]), str(plain[name][1]["id"])}
    assert ids <= marked(nexus_database, table)
    assert found(nexus_database, table, untouched(table)) & ids == {str(plain[name][1]["id"])}
