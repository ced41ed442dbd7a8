"""What a person gave an older import's row stays when it is adopted; what the import left in it does not."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import APPOINTMENTS, DOCUMENTS, IMAGES, NOTES, PATIENTS, SMS_MESSAGES
from nexus_reimport.model.options import Options
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN = uid("patient Ann")
EVENT, CLINIC, CLINICIAN, FITTING, REVIEW, FUNDING = map(
    uid, ("event", "clinic", "clinician", "fitting", "review", "funding")
)
SINCE = {"updated_at": older.IMPORTED_AT + timedelta(days=1)}
Values = dict[str, Any]


@pytest.fixture
def url(nexus_database: str) -> str:
    """A Nexus with a clinic, a clinician, two types and a funding source."""
    for statement, *values in (
        (
            "INSERT INTO clinics (id, name, created_at, updated_at, sms_reminders_enabled)"
            " VALUES (%s, 'North', now(), now(), true)",
            CLINIC,
        ),
        (
            "INSERT INTO clinicians (id, full_name, active, created_at, updated_at)"
            " VALUES (%s, 'Ildwick', true, now(), now())",
            CLINICIAN,
        ),
        (
            "INSERT INTO appointment_types VALUES (%s, 'Fitting', 30, true, now(), now()),"
            " (%s, 'Review', 30, true, now(), now())",
            FITTING,
            REVIEW,
        ),
        (
            'INSERT INTO funding_sources (id, name, active, "order", created_at, updated_at)'
            " VALUES (%s, 'NDIS', true, 0, now(), now())",
            FUNDING,
        ),
    ):
        query(nexus_database, statement, *values)
    return nexus_database


def adopt(url: str, table: Table, given: Values, choices: Options | None = None) -> Publication:
    """Publish one row under the UUID of the living one, and its patient."""
    patient = staged_table(PATIENTS, {"name": "Ann", "id": ANN, "first_name": "Ann", "last_name": "Fernwick"})
    tables = {"patients": patient, table.name: staged_table(table, given)}
    return publish(url, "run", AS_OF, tables, terms=PublicationTerms(choices or Options()))


@dataclass(frozen=True)
class Case:
    """A living row, what FileMaker has of it, and whether the one column stays as it was."""

    column: str
    living: Values
    filemaker: Values
    kept: bool


def wrong(url: str, table: Table, cases: list[Case], living: list[older.Written]) -> list[Case]:
    """Adopt all the rows at once; return the cases that went otherwise. A second run writes nothing."""
    older.load(url, *([] if table is PATIENTS else [older.patient("Ann")]), *living)
    ids = [str(row["id"]) for _, row in living]
    before = rows_of(url, table)
    staged = {
        "patients": staged_table(PATIENTS, {"name": "Ann", "id": ANN}),
        table.name: staged_table(table, *({"id": i, **c.filemaker} for i, c in zip(ids, cases, strict=True))),
    }
    counts = publish(url, "run", AS_OF, staged).tables[table.name]
    after, written = rows_of(url, table), last_writes(url)
    again = publish(url, "run", AS_OF, staged).tables[table.name]
    assert (last_writes(url), rows_of(url, table)) == (written, after)
    assert (counts.inserted, counts.conflicts, again.edits_kept) == (0, 0, counts.edits_kept)
    assert counts.edits_kept == sum(case.kept for case in cases)
    return [
        case
        for row_id, case in zip(ids, cases, strict=True)
        if (after[row_id][case.column] == before[row_id][case.column]) != case.kept
    ]


def rows_of(url: str, table: Table) -> dict[str, dict[str, object]]:
    return dict(query(url, f"SELECT id::text, to_jsonb(t) FROM {table.relation} t"))  # noqa: S608 - ours


def only(url: str, table: Table) -> dict[str, object]:
    [row] = rows_of(url, table).values()
    return row


PATIENT_CASES = [
    # FileMaker has nothing: what is there stays
    ("health_number", "430111222", None, True),
    ("middle_names", "Mary", None, True),
    ("first_name", "Ann", "", True),
    ("last_name", "Fernbottle", "", True),
    ("clinic_id", CLINIC, None, True),
    ("funding_type_id", FUNDING, None, True),
    ("ndis_plan_start_date", "2023-07-01", None, True),
    ("title", "Dr", None, True),
    ("sex", "F", None, True),
    ("dob", "1950-02-03", None, True),
    # Unless it is what an older import made of nothing, or of what is none
    ("title", "Master", None, False),
    ("title", "", None, False),
    ("sex", "Male", None, False),
    ("dob", "1750-02-03", None, False),
    ("dob", "2950-02-03", None, False),
    ("health_number", "", None, False),
    ("middle_names", "", None, False),
    # FileMaker has something: it counts
    ("health_number", "430111222", "430111333", False),
    ("last_name", " Fernwick", "Fernwick", False),
    ("title", "Mr.", "Mr", False),
    ("sex", "Male", "M", False),
    ("dob", "1950-02-03", "1950-03-02", False),
    # No older import ever wrote a coordinator
    ("coordinator_name", "Bexenna", "Yarrow", True),
    ("coordinator_name", "Bexenna", None, True),
    ("coordinator_name", None, "Yarrow", False),
]


def test_of_a_patient_stays_what_filemaker_does_not_give(url: str) -> None:
    names = {"first_name": "Ann", "last_name": "Fernwick"}
    cases = [
        Case(column, {column: living}, {**names, column: filemaker}, kept)
        for column, living, filemaker, kept in PATIENT_CASES
    ]
    living = [
        older.patient(str(number), {"filemaker_id": "X"}, **{**names, **case.living})
        for number, case in enumerate(cases)
    ]
    assert wrong(url, PATIENTS, cases, living) == []


def test_what_nexus_keeps_of_its_own_about_a_patient_is_not_touched(url: str) -> None:
    own = {
        "notes": "Prefers mornings.",
        "flags_json": {"vip": True},
        "mrn": "P-1",
        "archived": True,
        "funding_source": "NDIS",
    }
    older.load(url, older.patient("Ann", {"filemaker_id": "X"}, **own))
    adopt(url, PATIENTS, {"name": "Ann", "id": ANN})
    found = query(url, "SELECT notes, flags_json, mrn, archived, funding_source FROM patients")
    assert found == [tuple(own.values())]


GENERAL_NOTES = [
    ('{"filemaker_id": "X", "filemaker_clinic": null, "imported_at": "2025-11-08"}', ""),
    (' {"imported_at": "x", "filemaker_id":"X"}\n', ""),
    ('{"filemaker_id": "X"}\r\nPrefers {early} mornings.', "Prefers {early} mornings."),
    ('See {"filemaker_id": "X"}', 'See {"filemaker_id": "X"}'),
    ('{"likes": "tea"}', '{"likes": "tea"}'),
    ("", ""),
    (None, None),
]


def test_the_json_that_an_import_left_in_the_general_note_goes_and_what_people_wrote_stays(url: str) -> None:
    older.load(
        url, *(older.patient(str(number), notes=notes) for number, (notes, _) in enumerate(GENERAL_NOTES))
    )
    names = {"first_name": "Ann", "last_name": "Fernwick"}
    rows = [{"id": uid(f"patient {number}"), **names} for number in range(len(GENERAL_NOTES))]
    staged = {"patients": staged_table(PATIENTS, *rows)}
    assert publish(url, "run", AS_OF, staged).tables["patients"].edits_kept == 0
    found = rows_of(url, PATIENTS)
    assert [found[str(row["id"])]["notes"] for row in rows] == [left for _, left in GENERAL_NOTES]
    written = last_writes(url)
    publish(url, "run", AS_OF, staged)
    assert last_writes(url) == written


def test_json_that_comes_after_a_publication_goes_as_well(url: str) -> None:
    names = {"name": "Ann", "id": ANN, "first_name": "Ann", "last_name": "Fernwick"}
    staged = {"patients": staged_table(PATIENTS, names)}
    publish(url, "run", AS_OF, staged)
    query(url, "UPDATE patients SET notes = %s", '{"filemaker_id": "X"}')
    assert publish(url, "run", AS_OF, staged).tables["patients"].updated == 1
    assert only(url, PATIENTS)["notes"] == ""


CALENDAR = {
    "start_time": older.START,
    "end_time": older.START,
    "patient_id": ANN,
    "filemaker_event_id": EVENT,
}
TEXT = "Bring both shoes. Ring twice."


APPOINTMENT_CASES = [
    Case("status", {"status": "checked_in"}, {"status": "completed"}, True),
    Case("status", {"status": "no_show"}, {"status": "completed"}, True),
    Case("status", {"status": "cancelled", **SINCE}, {"status": "completed"}, True),
    Case("status", {"status": "completed", **SINCE}, {"status": "scheduled"}, True),
    # What a script wrote, by FileMaker or by the day
    Case("status", {"status": "cancelled"}, {"status": "completed"}, False),
    Case("status", {"status": "no-show"}, {"status": "no_show"}, False),
    Case("status", {"status": "no-show", **SINCE}, {"status": "no_show"}, False),
    Case("status", {"status": "scheduled"}, {"status": "completed"}, False),
    Case("status", {"status": "scheduled", **SINCE}, {"status": "completed"}, False),
    Case("status", {"status": "completed", **SINCE}, {"status": "cancelled"}, False),
    # No reimport wrote a reason; the first export's is the beginning of its note
    Case("reason", {"reason": "Review"}, {"reason": "Bring both shoes."}, True),
    Case("reason", {"reason": "Review"}, {"reason": None}, True),
    Case(
        "reason",
        {"reason": "Review", "notes": TEXT, "filemaker_event_id": EVENT, **SINCE},
        {"reason": "Bring both shoes.", "notes": TEXT},
        True,
    ),
    Case(
        "reason",
        {"reason": "Bring both shoes", "notes": TEXT, "filemaker_event_id": EVENT, **SINCE},
        {"reason": "Bring both shoes.", "notes": TEXT},
        False,
    ),
    Case(
        "reason",
        {"reason": "Review", "notes": "Review. Older", "filemaker_event_id": EVENT},
        {"reason": "Bring both shoes.", "notes": TEXT},
        False,
    ),
    Case("reason", {"reason": ""}, {"reason": "Bring both shoes."}, False),
    # Raw, in part, older, none; and what a person added
    Case("notes", {"notes": f"  {TEXT}\r\n", **SINCE}, {"notes": TEXT}, False),
    Case("notes", {"notes": TEXT, **SINCE}, {"notes": f"{TEXT}\n\nFitted."}, False),
    Case("notes", {"notes": "Before."}, {"notes": TEXT}, False),
    Case("notes", {"notes": "", **SINCE}, {"notes": TEXT}, False),
    Case("notes", {"notes": f"{TEXT} Rang, coming.", **SINCE}, {"notes": TEXT}, True),
    Case("notes", {"notes": "Rang, coming."}, {"notes": None}, True),
    Case("notes", {"notes": " \r\n\u00a0"}, {"notes": None}, False),
    Case("clinic_id", {"clinic_id": CLINIC}, {"clinic_id": None}, True),
    Case("clinician_id", {"clinician_id": CLINICIAN}, {"clinician_id": None}, True),
    Case("appointment_type_id", {"appointment_type_id": FITTING}, {"appointment_type_id": None}, True),
    Case("appointment_type_id", {"appointment_type_id": FITTING}, {"appointment_type_id": REVIEW}, False),
    Case(
        "appointment_type_id",
        {"appointment_type_id": FITTING, "reason": "Booked"},
        {"appointment_type_id": REVIEW, "reason": "Booked"},
        True,
    ),
    # FileMaker's day and time count
    Case("start_time", {"start_time": older.START + timedelta(hours=1), **SINCE}, {}, False),
    Case("end_time", {"end_time": older.START - timedelta(hours=9), **SINCE}, {}, False),
]


def test_of_an_appointment_stays_what_no_import_wrote(url: str) -> None:
    cases, living = [], []
    for number, case in enumerate(APPOINTMENT_CASES):
        event = {"filemaker_event_id": uid(f"event {number}")}
        has_it = event if "filemaker_event_id" in case.living else {}
        living.append(older.appointment(str(number), ANN, **{**case.living, **has_it}))
        cases.append(replace(case, filemaker={**CALENDAR, **case.filemaker, **event}))
    assert wrong(url, APPOINTMENTS, cases, living) == []


def test_what_nexus_keeps_of_its_own_about_an_appointment_is_not_touched(url: str) -> None:
    own = {"billing_notes": "Paid.", "sms_confirmed": True, "needs_followup_reminder": True}
    older.load(url, older.patient("Ann"), older.appointment("0", ANN, **own))
    adopt(url, APPOINTMENTS, {"name": "0", "id": uid("appointment 0"), **CALENDAR})
    found = query(url, "SELECT billing_notes, sms_confirmed, needs_followup_reminder FROM appointments")
    assert found == [tuple(own.values())]


NOTE_CASES = [
    Case("note_type", {"note_type": "referral"}, {"note_type": "other"}, True),
    Case("note_type", {"note_type": "other"}, {"note_type": "referral"}, False),
    Case("note_type", {"note_type": "Phone call"}, {"note_type": "other"}, False),
    Case("note_type", {"note_type": "General"}, {"note_type": "clinical_notes"}, False),
    Case("content", {}, {}, False),
    Case("created_by", {}, {"created_by": "kim"}, False),
]


def test_of_a_note_stays_the_type_that_a_person_chose(url: str) -> None:
    cases = [
        replace(case, filemaker={"patient_id": ANN, "content": "a", **case.filemaker}) for case in NOTE_CASES
    ]
    living = [older.note(str(number), ANN, "a\r\n", **case.living) for number, case in enumerate(cases)]
    assert wrong(url, NOTES, cases, living) == []


MESSAGE_CASES = [
    Case("status", {"status": "delivered"}, {"status": "sent"}, True),
    Case("status", {"status": "failed"}, {"status": "sent"}, True),
    Case("status", {"status": "pending"}, {"status": "sent"}, False),
    Case("status", {"status": "sent"}, {"status": "delivered"}, False),
    Case("external_message_id", {"external_message_id": "gw-1"}, {"external_message_id": ""}, True),
    Case("sent_at", {"sent_at": older.START}, {"sent_at": None}, True),
    Case("patient_id", {"patient_id": ANN}, {"patient_id": None}, True),
    Case("patient_id", {"patient_id": None}, {"patient_id": ANN}, False),
    Case("phone_number", {}, {"phone_number": "+61491570006"}, False),
]


def test_of_a_message_stays_what_nexus_was_told_by_its_gateway(url: str) -> None:
    cases = [
        replace(case, filemaker={"patient_id": ANN, "message": "Hello", **case.filemaker})
        for case in MESSAGE_CASES
    ]
    living = [
        older.sms(str(number), ANN, message=f"Hello {number}", **case.living)
        for number, case in enumerate(cases)
    ]
    assert wrong(url, SMS_MESSAGES, cases, living) == []


DOCUMENT_CASES = [
    # Chosen in Nexus: a code of its own, or anything since
    Case("category", {"category": "purchase_order"}, {"category": "file-notes"}, True),
    Case("category", {"category": "erf", **SINCE}, {"category": "file-notes"}, True),
    Case("category", {"category": "erf"}, {"category": ""}, True),
    Case("document_date", {"document_date": "2024-05-06"}, {"document_date": None}, True),
    Case("document_date", {"document_date": "2024-05-06", **SINCE}, {"document_date": "2024-05-07"}, True),
    # As a script left it, or blank
    Case("category", {"category": "erf"}, {"category": "file-notes"}, False),
    Case("category", {"category": "", **SINCE}, {"category": "file-notes"}, False),
    Case("document_date", {"document_date": "2024-05-06"}, {"document_date": "2024-05-07"}, False),
    Case("document_date", {"document_date": None, **SINCE}, {"document_date": "2024-05-07"}, False),
]


def test_of_a_document_stay_the_category_and_the_date_that_a_person_gave(url: str) -> None:
    cases = [
        replace(case, filemaker={"s3_key": f"{older.FILED}/{number}.pdf", **case.filemaker})
        for number, case in enumerate(DOCUMENT_CASES)
    ]
    living = [
        older.document(str(number), f"{older.FILED}/{number}.pdf", **case.living)
        for number, case in enumerate(cases)
    ]
    assert wrong(url, DOCUMENTS, cases, living) == []


CAPTION = "FileMaker: Left Dorsal (RecordID: 7)"
IMAGE_CASES = [
    Case("category", {"category": "plantar"}, {"category": "Left Dorsal"}, True),
    Case("category", {"category": "Wound, healed"}, {"category": "Left Dorsal"}, True),
    Case("caption", {"caption": "Before the new insole"}, {"caption": CAPTION}, True),
    Case("caption", {"caption": f"{CAPTION}, worse"}, {"caption": CAPTION}, True),
    Case("date_taken", {"date_taken": "2016-10-17"}, {"date_taken": "2016-10-18"}, True),
    Case("date_taken", {"date_taken": "2016-10-17"}, {"date_taken": None}, True),
    # Each of the ways in which the scripts wrote a type, and what they made of a day
    Case("category", {"category": "dorsal"}, {"category": "Left Dorsal"}, False),
    Case("category", {"category": " left  dorsal"}, {"category": "Left Dorsal"}, False),
    Case("category", {"category": "left_dorsal"}, {"category": "Left Dorsal"}, False),
    Case("category", {"category": "l_brannock"}, {"category": "L Brannock (shod)"}, False),
    Case("category", {"category": "other"}, {"category": "Left Dorsal"}, False),
    Case("category", {"category": ""}, {"category": "Left Dorsal"}, False),
    Case("caption", {"caption": "FileMaker: Left  Dorsal (RecordID: 7)"}, {"caption": CAPTION}, False),
    Case("caption", {"caption": ""}, {"caption": CAPTION}, False),
    Case("date_taken", {"date_taken": "2016-03-04"}, {"date_taken": "2016-04-03"}, False),
    Case("date_taken", {"date_taken": "0016-10-18"}, {"date_taken": "2016-10-18"}, False),
    Case("date_taken", {"date_taken": None}, {"date_taken": "2016-10-18"}, False),
]


def test_of_an_image_stay_the_category_the_caption_and_the_date_that_a_person_gave(url: str) -> None:
    older.load(url, older.batch("B", ANN))
    cases, living = [], []
    for number, case in enumerate(IMAGE_CASES):
        key = f"filemaker-import/images-bulk-dump/{number}.jpg"
        row = {"batch_id": uid("batch B"), "s3_key": key, "s3_thumbnail_key": "t", "file_size": 5}
        living.append(older.image(str(number), "B", key, **case.living))
        cases.append(replace(case, filemaker={**row, "category": "x", **case.filemaker}))
    assert wrong(url, IMAGES, cases, living) == []


def test_a_message_shows_once_in_a_conversation_though_the_app_has_two_rows_of_it(url: str) -> None:
    older.load(
        url,
        older.patient("Ann"),
        older.sms("0", None, external_message_id="gw-1"),
        older.sms("page's", ANN),
    )
    given = {"name": "0", "id": uid("sms 0"), "message": "Hello", "patient_id": ANN}
    adopt(url, SMS_MESSAGES, given)
    assert query(url, "SELECT id::text FROM sms_messages WHERE patient_id = %s", ANN) == [
        (uid("sms page's"),)
    ]


def test_filemakers_side_goes_over_what_a_person_gave(url: str) -> None:
    older.load(url, older.patient("Ann"), older.appointment("0", ANN, status="checked_in"))
    given = {"name": "0", "id": uid("appointment 0"), **CALENDAR, "status": "completed"}
    wins = Options(conflicts={"appointments": "filemaker"})
    assert adopt(url, APPOINTMENTS, given, wins).tables["appointments"].conflicts == 1
    assert only(url, APPOINTMENTS)["status"] == "completed"


def test_a_row_of_this_programs_own_whose_digests_are_lost_takes_what_filemaker_has(url: str) -> None:
    given = {"name": "0", "id": uid("appointment 0"), **CALENDAR, "status": "checked_in", "notes": "a"}
    adopt(url, APPOINTMENTS, given)
    query(url, "DROP SCHEMA nexus_reimport CASCADE")
    counts = adopt(url, APPOINTMENTS, {**given, "status": "completed", "notes": "b"}).tables["appointments"]
    assert (counts.updated, counts.edits_kept) == (1, 0)
    assert only(url, APPOINTMENTS)["status"] == "completed"
