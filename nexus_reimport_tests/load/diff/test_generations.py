"""Rows as each of the clinic's own scripts wrote them, by hand, and the records of FileMaker that they are.

From what is in Nexus to the UUIDs that staging decides: the state is read, the records are staged by it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Staged
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import uid
from nexus_reimport_tests.transform.records import (
    Record,
    appointments_of,
    cells,
    contact,
    fm,
    key,
    messages_of,
    notes_of,
    patients_of,
    reasons,
)

ANN, BEN = uid("patient Ann"), uid("patient Ben")
ANNS = older.patient("Ann", {"filemaker_id": fm(1)})


def state_of(url: str) -> NexusState:
    return NexusState(read_state(url))


def names(staged: Staged, table: str, among: Sequence[str]) -> list[str | None]:
    """Return which of the named rows each record is; None for a new one."""
    known = {uid(f"{table} {name}"): name for name in among}
    return [known.get(str(row_id)) for row_id in cells(staged, "id")]


def sydney(text: str, hours: int = 10) -> datetime:
    """Return an instant of Sydney's wall time: ten hours before UTC in winter, eleven in summer."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=hours)


def event(
    number: int, day: str = "2016-07-01", clock: str | None = "09:00:00", **fields: str | None
) -> Record:
    times = {"startDate": day, "startTime": clock, "endDate": day, "endTime": clock}
    return {"id": fm(100 + number), "id_Contact": fm(1), **times, **fields}


def note(number: int, text: str, **fields: str | None) -> Record:
    account = {"creationAccountName": "kim"}
    return {"id": fm(200 + number), "id_Key": fm(1), "Note": text, **account, **fields}


# patients -------------------------------------------------------------------------------------------


def test_patients_of_each_generation_keep_their_uuids(nexus_database: str) -> None:
    imported = {"filemaker_clinic": None, "xero_contact_id": None, "imported_at": "2025-11-08T00:40:12"}
    sheet = {
        "clinic_name": "North",
        "area": "",
        "contact_type": "",
        "cys_id": "",
        "diabetes": "",
        "id_clinic": "",
    }
    older.load(
        nexus_database,
        older.patient("P1", {"filemaker_id": fm(1), **imported}, notes="", title="Mr.", sex="Male"),
        older.patient("P2", {"filemaker_id": fm(2), **imported, "import_source": "reimport_phase3"}, sex=""),
        older.patient("P3", {"filemaker_id": fm(3), **sheet}, notes="", middle_names=""),
        older.patient("lower case", {"filemaker_id": key(4)}),
        older.patient("unmigrated", None, notes=f'{{"filemaker_id": "{fm(5)}", "filemaker_clinic": null}}'),
        older.patient("None", {"filemaker_id": "None", **sheet}, notes=""),
        older.patient("people's"),
    )
    staged = patients_of(*(contact(number) for number in range(1, 7)), state=state_of(nexus_database))
    found = ["P1", "P2", "P3", "lower case", "unmigrated"]
    assert names(staged, "patient", [*found, "None", "people's"]) == [*found, None]
    assert reasons(staged.warnings) == []


def test_a_patient_imported_twice_is_kept_once_and_reported(nexus_database: str) -> None:
    late = older.IMPORTED_AT + timedelta(days=3)
    older.load(
        nexus_database,
        older.patient("P2", {"filemaker_id": fm(1)}),
        older.patient("P2 again", {"filemaker_id": fm(1)}, created_at=late, updated_at=late),
        older.note("any", uid("patient P2 again"), "Fine."),
    )
    staged = patients_of(contact(1), state=state_of(nexus_database))
    assert names(staged, "patient", ["P2", "P2 again"]) == ["P2 again"]
    assert reasons(staged.warnings) == [(key(1), "id", "claimed_twice")]


# appointments ---------------------------------------------------------------------------------------

TEXT = "Bring both shoes. Ring twice."


def adopted(url: str, *events: Record) -> tuple[Staged, NexusState]:
    state = state_of(url)
    return appointments_of(*events, patients=patients_of(contact(1), state=state), state=state), state


def test_the_first_exports_appointments_are_known_by_the_events_id_wherever_they_stand(
    nexus_database: str,
) -> None:
    older.load(
        nexus_database,
        ANNS,
        older.appointment(
            "at noon",
            ANN,
            start_time=sydney("2016-07-01T12:00"),
            end_time=None,
            status="completed",
            reason="Bring both shoes",
            notes=TEXT,
            filemaker_event_id=key(101),
        ),
        older.appointment(
            "moved since", ANN, start_time=sydney("2016-08-01T12:00"), filemaker_event_id=key(102)
        ),
        older.appointment(
            "another's", ANN, start_time=sydney("2016-07-03T09:00"), filemaker_event_id=key(109)
        ),
    )
    staged, _ = adopted(
        nexus_database, event(1, clock=None, note=TEXT), event(2), event(3, day="2016-07-03", note="")
    )
    assert names(staged, "appointment", ["at noon", "moved since", "another's"]) == [
        "at noon",
        "moved since",
        None,
    ]


APPOINTMENTS = (
    # What FileMaker has, where the reimports put it, its end there
    (event(1, "2016-07-01"), sydney("2016-07-01T09:00"), sydney("2016-07-01T09:00")),
    (event(2, "2016-07-02", None), sydney("2016-07-02T00:00"), sydney("2016-07-02T00:00")),
    (event(3, "2016-07-03", "9:30"), sydney("2016-07-03T00:00"), sydney("2016-07-03T00:00")),
    (event(4, "2016-07-04", "24:00:00"), sydney("2016-07-04T23:59:59"), sydney("2016-07-04T23:59:59")),
    (event(5, "2016-07-05", "1 day, 0:00:00"), sydney("2016-07-05T00:00"), sydney("2016-07-05T00:00")),
    # The hour that occurs twice, its first occurrence; the hour that never occurs
    (event(6, "2016-04-03", "02:30:00"), sydney("2016-04-03T02:30", 11), sydney("2016-04-03T02:30", 11)),
    (event(7, "2016-10-02", "02:30:00"), sydney("2016-10-02T02:30"), sydney("2016-10-02T02:30")),
    # The end before the start: a day without a time; all-day with a time, which nobody looked at
    (event(8, "2016-07-08", endTime=None), sydney("2016-07-08T09:00"), sydney("2016-07-08T00:00")),
    (event(9, "2016-07-09", allDay="1"), sydney("2016-07-09T09:00"), sydney("2016-07-09T09:00")),
)


@pytest.mark.parametrize(
    ("note_text", "old_notes"),
    [
        # From the API: `note` raw, `''` when none; Consult Notes are read by none
        (TEXT, TEXT),
        (f"  {TEXT}\r\n", f"  {TEXT}\r\n"),
        ("Ring\u00a0twice.\x0bSide door.", "Ring\u00a0twice.\x0bSide door."),
        (None, ""),
        # From the sheet: never any
        (TEXT, ""),
    ],
)
def test_the_reimports_appointments_are_known_at_each_reading(
    nexus_database: str, note_text: str | None, old_notes: str
) -> None:
    older.load(
        nexus_database,
        ANNS,
        *(
            older.appointment(str(number), ANN, start_time=start, end_time=end, notes=old_notes)
            for number, (_, start, end) in enumerate(APPOINTMENTS, 1)
        ),
    )
    events = [{**one, "note": note_text, "Consult Notes": "Fitted."} for one, _, _ in APPOINTMENTS]
    staged, _ = adopted(nexus_database, *events)
    numbers = [str(number) for number in range(1, len(APPOINTMENTS) + 1)]
    assert names(staged, "appointment", numbers) == numbers


def test_of_a_mixture_one_row_is_adopted_and_the_others_are_left(nexus_database: str) -> None:
    start = sydney("2016-07-01T09:00")
    later = dict.fromkeys(("created_at", "updated_at"), older.IMPORTED_AT + timedelta(hours=1))
    older.load(
        nexus_database,
        ANNS,
        older.appointment("A3", ANN, start_time=start, end_time=start),
        older.appointment("A2", ANN, start_time=start, end_time=start, notes=TEXT),
        older.appointment("A2 again", ANN, start_time=start, end_time=start, notes=TEXT, **later),
        older.appointment(
            "A1", ANN, start_time=start, end_time=start, notes=TEXT, filemaker_event_id=key(102)
        ),
    )
    among = ["A1", "A2", "A2 again", "A3"]
    alone, _ = adopted(nexus_database, event(1, note=TEXT))
    assert names(alone, "appointment", among) == ["A2"]
    both, _ = adopted(nexus_database, event(1, note="else"), event(2, note=TEXT))
    assert names(both, "appointment", among) == ["A3", "A1"]


def test_what_people_booked_is_theirs(nexus_database: str) -> None:
    start, noon = sydney("2016-07-01T09:00"), sydney("2016-07-01T12:00")
    older.load(
        nexus_database,
        ANNS,
        older.appointment("series", ANN, start_time=start, notes=TEXT, is_recurring=True),
        older.appointment(
            "of a series", ANN, start_time=start, parent_appointment_id=uid("appointment series")
        ),
        older.appointment("of a group", ANN, start_time=start, recurrence_group_id=uid("group")),
        older.appointment("at noon", ANN, start_time=noon, notes=TEXT, reason="Review"),
        older.appointment("with a reason", ANN, start_time=start, reason="Review"),
        older.appointment("clinic's", None, start_time=start, notes=TEXT),
    )
    among = ["series", "of a series", "of a group", "at noon", "with a reason", "clinic's"]
    staged, _ = adopted(nexus_database, event(1, note=TEXT))
    assert names(staged, "appointment", among) == [None]


def test_an_import_row_that_people_went_on_with_is_still_the_event(nexus_database: str) -> None:
    start, since = sydney("2016-07-01T09:00"), older.IMPORTED_AT + timedelta(days=1)
    came = {"status": "checked_in", "reason": "Review", "updated_at": since}
    older.load(nexus_database, ANNS, older.appointment("A3", ANN, start_time=start, **came))
    staged, _ = adopted(nexus_database, event(1, note=TEXT))
    assert names(staged, "appointment", ["A3"]) == ["A3"]


# notes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generation", "given_text", "old_text", "row"),
    [
        ("N1", " a\r\nb ", "a\r\nb", {"created_by": "kim", "note_type": "Phone call"}),
        ("N1", "a\x0bb", "a\x0bb", {"created_by": "FileMaker Import", "note_type": "General"}),
        ("N2", "  \na\rb\u00a0\n", "  \na\rb\u00a0\n", {}),
        ("N3", "a\rb", "a_x000D_\nb", {}),
        ("N3", "a\rb", "a_x000D_b", {}),
        ("N3", "a\x0bb", "ab", {}),
        ("N3", "a\r\nb", "a\nb", {}),
        ("N3", "7/11/2021", "2021-11-07T00:00:00", {}),
    ],
)
def test_notes_of_each_generation_keep_their_uuids(
    nexus_database: str, generation: str, given_text: str, old_text: str, row: dict[str, object]
) -> None:
    older.load(nexus_database, ANNS, older.note(generation, ANN, old_text, **row))
    state = state_of(nexus_database)
    records = [note(1, given_text, **{"Note Type": "Phone call"}), note(2, "else")]
    staged = notes_of(*records, patients=patients_of(contact(1), state=state), state=state)
    assert names(staged, "note", [generation]) == [generation, None]


def test_notes_imported_by_several_generations_are_adopted_once(nexus_database: str) -> None:
    older.load(
        nexus_database,
        ANNS,
        older.note("N2", ANN, " a\r\nb "),
        older.note("N3", ANN, " a_x000D_\nb "),
        older.note("N1", ANN, "a\r\nb", created_by="kim", note_type="General"),
        older.note("people's", ANN, "a\nb", created_by="Marigold", note_type="other"),
        older.note("Kim's own", ANN, "a\nb", created_by="kim", note_type="clinical_notes"),
    )
    state = state_of(nexus_database)
    patients = patients_of(contact(1), state=state)
    among = ["N1", "N2", "N3", "people's", "Kim's own"]
    one = notes_of(note(1, " a\r\nb "), patients=patients, state=state)
    assert names(one, "note", among) == ["N1"]
    many = notes_of(*(note(number, "a\nb") for number in range(1, 6)), patients=patients, state=state)
    assert names(many, "note", among) == ["N1", "N2", "N3", "Kim's own", None]


# messages -------------------------------------------------------------------------------------------


def test_messages_sent_from_nexus_are_known_by_gateway_or_by_patient_text_and_minute(
    nexus_database: str,
) -> None:
    sent = sydney("2016-07-01T09:00")
    older.load(
        nexus_database,
        ANNS,
        older.sms("service's", None, message="Hello", external_message_id="gw-1", sent_at=sent),
        older.sms(
            "page's", ANN, phone_number="0491 570 006", message="Hello ", sent_at=None, created_at=sent
        ),
        older.sms("later", ANN, message="Hello", sent_at=sent + timedelta(minutes=2)),
    )
    base = {"_kf_ContactID": fm(1), "RecipientPhoneMobile": "0491570006", "MessageBody": "Hello"}
    times = [f"2016-07-01T09:00:{second:02}+10:00" for second in (5, 40)]
    state = state_of(nexus_database)
    staged = messages_of(
        {"_kp_MessageID": fm(301), **base, "SentTimestamp": times[0], "_kf_GatewayMessageID": "gw-1"},
        {"_kp_MessageID": fm(302), **base, "SentTimestamp": times[1]},
        {"_kp_MessageID": fm(303), **base, "SentTimestamp": times[1]},
        patients=patients_of(contact(1), state=state),
        state=state,
    )
    assert names(staged, "sms", ["service's", "page's", "later"]) == ["service's", "page's", None]
