"""What staging is told of rows without an identity: which rows, which digests, and no word of a patient."""

import json
from datetime import timedelta

import pandas as pd
import pytest

from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, keep_former
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.nexus import APPOINTMENTS, NOTES, PATIENTS, SMS_MESSAGES
from nexus_reimport.transform.adoption.rows_in_nexus import LivingAppointment, LivingMessage, LivingNote
from nexus_reimport.transform.adoption.texts import bare_digest, digest
from nexus_reimport.transform.dates import microseconds
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

ANN = uid("patient Ann")
KEY = uid("key Ann")


def state_of(url: str) -> NexusState:
    return NexusState(read_state(url))


def ids_of(url: str, kind: str) -> list[str]:
    state = read_state(url)
    ids: list[str] = state.loc[state["kind"] == kind, "id"].tolist()
    return ids


def claims(url: str) -> dict[str, list[str]]:
    return dict(state_of(url).claims("patients"))


def test_living_rows_are_told_by_digests_alone(nexus_database: str) -> None:
    kept = older.START
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.appointment(
            "A2", ANN, notes=" Bring the\r\nWattlebird. ", end_time=kept + timedelta(minutes=30)
        ),
        older.note("N2", ANN, "Wattlebird_x000D_\n too\u00a0"),
        older.sms("sent", ANN, message="Dear\u00a0Wattlebird", external_message_id=" GW-1", sent_at=kept),
    )
    state = read_state(nexus_database)
    known = NexusState(state)
    assert known.adoptable(LivingAppointment) == [
        LivingAppointment(
            id=uid("appointment A2"),
            patient=ANN,
            start=microseconds(kept),
            end=microseconds(kept + timedelta(minutes=30)),
            text=digest("BringtheWattlebird."),
            appointment_type=None,
            reimported=True,
            has_reason=False,
            worked_on=False,
        )
    ]
    [note] = known.adoptable(LivingNote)
    assert (note.text, note.bare) == (digest("Wattlebird\n too"), digest("Wattlebirdtoo"))
    assert (note.author, note.note_type, note.imported) == (digest("FileMaker Import"), digest("other"), True)
    [message] = known.adoptable(LivingMessage)
    assert message.text == bare_digest("Dear Wattlebird")
    assert (message.number, message.gateway, message.sent) == (
        digest("+61491570006"),
        "GW-1",
        microseconds(kept),
    )
    assert (
        not state.map(lambda value: any(word in str(value) for word in ("attlebird", "570006")))
        .to_numpy()
        .any()
    )


def test_only_rows_that_may_be_an_event_are_told(nexus_database: str) -> None:
    series = uid("appointment a series")
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.appointment("plain", ANN),
        older.appointment("booked", ANN, reason="Review", notes=None, end_time=None),
        older.appointment("worked on", ANN, updated_at=older.IMPORTED_AT + timedelta(minutes=2)),
        older.appointment("with an event", ANN, filemaker_event_id=uid("event")),
        older.appointment("the clinic's own", None),
        older.appointment("a series", ANN, is_recurring=True),
        older.appointment("one of a series", ANN, parent_appointment_id=series),
        older.appointment("another of a group", ANN, recurrence_group_id=uid("group")),
    )
    found = {row.id: row for row in state_of(nexus_database).adoptable(LivingAppointment)}
    assert set(found) == {uid(f"appointment {name}") for name in ("plain", "booked", "worked on")}
    told = {row_id: (row.reimported, row.has_reason, row.worked_on) for row_id, row in found.items()}
    assert told == {
        uid("appointment plain"): (True, False, False),
        uid("appointment booked"): (False, True, False),
        uid("appointment worked on"): (True, False, True),
    }


def test_a_message_that_was_never_sent_is_told_by_when_it_was_made(nexus_database: str) -> None:
    older.load(nexus_database, older.patient("Ann"), older.sms("pending", ANN, sent_at=None))
    [message] = state_of(nexus_database).adoptable(LivingMessage)
    assert message.sent == microseconds(older.IMPORTED_AT)


def test_rows_come_in_order_of_their_creation(nexus_database: str) -> None:
    late, early = older.IMPORTED_AT + timedelta(hours=1), older.IMPORTED_AT
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.note("second", ANN, "Fine.", created_at=late, updated_at=late),
        older.note("first", ANN, "Fine.", created_at=early, updated_at=early),
    )
    assert ids_of(nexus_database, "adoptable:notes") == [uid("note first"), uid("note second")]


def test_what_is_published_is_told_no_more(nexus_database: str) -> None:
    patient = {"patient_id": uid("patients ann")}
    tables = {
        "patients": staged_table(PATIENTS, {"name": "ann"}),
        "appointments": staged_table(APPOINTMENTS, patient),
        "notes": staged_table(NOTES, {"created_by": "FileMaker Import", **patient}),
        "sms_messages": staged_table(SMS_MESSAGES, patient),
    }
    publish(nexus_database, "run", AS_OF, tables)
    kinds = read_state(nexus_database)["kind"]
    assert not kinds.str.startswith("adoptable").any()
    query(nexus_database, "DROP SCHEMA nexus_reimport CASCADE")
    assert read_state(nexus_database)["kind"].str.startswith("adoptable").sum() == 3


def test_a_booking_since_the_first_publication_is_no_imports(nexus_database: str) -> None:
    publish(nexus_database, "run", AS_OF, {"patients": staged_table(PATIENTS, {"name": "ann", "id": ANN})})
    since = dict.fromkeys(("created_at", "updated_at"), pd.Timestamp.now(tz="UTC") + timedelta(hours=1))
    older.load(nexus_database, older.appointment("before", ANN), older.appointment("since", ANN, **since))
    told = {row.id: row.reimported for row in state_of(nexus_database).adoptable(LivingAppointment)}
    assert told == {uid("appointment before"): True, uid("appointment since"): False}
    query(nexus_database, "UPDATE nexus_reimport.publications SET undone_by = 7")
    assert all(row.reimported for row in state_of(nexus_database).adoptable(LivingAppointment))


def test_what_a_person_of_an_accounts_name_wrote_since_the_first_publication_is_their_own(
    nexus_database: str,
) -> None:
    publish(nexus_database, "run", AS_OF, {"patients": staged_table(PATIENTS, {"name": "ann", "id": ANN})})
    since = {"created_at": pd.Timestamp.now(tz="UTC") + timedelta(hours=1), "note_type": "clinical_notes"}
    older.load(
        nexus_database,
        older.note("before", ANN, "Fine.", created_by="kim", note_type="clinical_notes"),
        older.note("since", ANN, "Fine.", created_by="kim", **since),
        older.note("import's", ANN, "Fine.", **since),
        older.note("nobody's", ANN, "Fine.", created_by=None, note_type="clinical_notes"),
    )
    assert set(ids_of(nexus_database, "adoptable:notes")) == {uid("note before"), uid("note import's")}


@pytest.mark.parametrize(
    ("metadata", "notes", "said"),
    [
        ({"filemaker_id": KEY.upper()}, None, True),
        ({"filemaker_id": f"  {KEY}\r\n"}, "", True),
        ({"filemaker_id": "None"}, "", False),
        ({"filemaker_id": ""}, "", False),
        ({"filemaker_id": None}, "", False),
        ({}, None, False),
        (None, f'{{"filemaker_id": "{KEY.upper()}", "filemaker_clinic": null}}', True),
        (None, f'\n{{"imported_at": "x", "filemaker_id":"{KEY}"}}\nPrefers mornings.', True),
        ({"filemaker_id": "None"}, f'{{"filemaker_id": "{KEY}"}}', True),
        (None, f'He said "filemaker_id": "{KEY}"', False),
        (None, '{"filemaker_id": "None"}', False),
        ("text", None, False),
    ],
)
def test_a_patient_says_who_they_are_in_metadata_or_in_the_json_of_the_notes(
    nexus_database: str, metadata: object, notes: str | None, said: bool
) -> None:
    older.load(nexus_database, older.patient("Ann", None, notes=notes))
    if metadata == "text":
        metadata = f'{{"filemaker_id": "{KEY}"}}'  # a JSON text in place of an object
    statement = "UPDATE patients SET filemaker_metadata = %s::jsonb"
    query(nexus_database, statement, None if metadata is None else json.dumps(metadata))
    assert claims(nexus_database) == ({KEY: [ANN]} if said else {})
    assert state_of(nexus_database).live_patients() == ({KEY: ANN} if said else {})


def test_metadata_comes_before_the_json_of_the_notes(nexus_database: str) -> None:
    other = f'{{"filemaker_id": "{uid("key other")}"}}'
    older.load(nexus_database, older.patient("Ann", {"filemaker_id": KEY}, notes=other))
    assert claims(nexus_database) == {KEY: [ANN]}


def test_a_former_identity_tells_of_a_patient_who_says_nothing(nexus_database: str) -> None:
    older.load(nexus_database, older.patient("Ann"), older.patient("Ben", {"filemaker_id": KEY}))
    keep_former(nexus_database, FormerIdentities({ANN: KEY, uid("patient Ben"): uid("key other")}, 0))
    assert claims(nexus_database) == {KEY: [uid("patient Ben"), ANN]}


LINKS = {
    "letters": "INSERT INTO letters_patientletter VALUES (%s, %s, 'x', 'x', now(), now())",
    "reminders": "INSERT INTO reminders VALUES (%s, %s, NULL, 'x', '2026-01-01', false, now(), now())",
    "xero": "INSERT INTO xero_contact_links VALUES (%s, %s, 'x', now())",
}


@pytest.mark.parametrize("linked", ["appointments", "notes", "letters", "reminders", "xero"])
def test_of_two_rows_of_one_patient_that_one_is_kept_to_which_something_is_linked(
    nexus_database: str, linked: str
) -> None:
    late = older.IMPORTED_AT + timedelta(days=1)
    older.load(
        nexus_database,
        older.patient("P1", {"filemaker_id": KEY.upper()}),
        older.patient("P2", {"filemaker_id": KEY.upper()}, created_at=late, updated_at=late),
    )
    assert claims(nexus_database) == {KEY: [uid("patient P1"), uid("patient P2")]}
    _link(nexus_database, linked, uid("patient P2"))
    assert claims(nexus_database) == {KEY: [uid("patient P2"), uid("patient P1")]}


def test_what_people_linked_weighs_more_than_what_was_imported(nexus_database: str) -> None:
    late = older.IMPORTED_AT + timedelta(days=1)
    one, other = uid("patient P1"), uid("patient P2")
    older.load(
        nexus_database,
        older.patient("P1", {"filemaker_id": KEY}),
        older.patient("P2", {"filemaker_id": KEY}, created_at=late, updated_at=late),
    )
    for kind, owner in (("appointments", one), ("notes", one), ("letters", other)):
        _link(nexus_database, kind, owner)
    assert claims(nexus_database) == {KEY: [other, one]}


def _link(url: str, kind: str, owner: str) -> None:
    if kind == "appointments":
        older.load(url, older.appointment("any", owner))
    elif kind == "notes":
        older.load(url, older.note("any", owner, "Fine."))
    else:
        query(url, LINKS[kind], uid(kind), owner)
