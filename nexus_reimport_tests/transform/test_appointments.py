"""Appointments."""

from datetime import timedelta

import pytest

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import APPOINTMENTS
from nexus_reimport.transform.appointments import reason_of
from nexus_reimport.transform.dates import EPOCH
from nexus_reimport.transform.identity import derived_id
from nexus_reimport.transform.mappings import Mappings
from nexus_reimport.validate.findings import clinics_finding
from nexus_reimport_tests.transform.records import (
    AS_OF,
    Record,
    appointments_of,
    cell,
    cells,
    contact,
    fm,
    instants,
    key,
    patients_of,
    reasons,
    state_of,
    uid,
)

PATIENT = derived_id("patients", key(1))


def event(number: int, **fields: str | None) -> Record:
    return {
        "id": fm(100 + number),
        "id_Contact": fm(1),
        "startDate": "2016-07-01",
        "startTime": "09:00:00",
        "endDate": "2016-07-01",
        "endTime": "09:30:00",
        **fields,
    }


def rejected(**fields: str | None) -> list[tuple[str, str]]:
    staged = appointments_of(event(1, **fields))
    assert staged.read == 1
    return [(field, reason) for _, field, reason in reasons(staged.rejects)]


def warned(column: str, staged_warnings: list[tuple[str, str, str]]) -> list[str]:
    return [reason for _, field, reason in staged_warnings if field == column]


def test_an_event_becomes_an_appointment() -> None:
    staged = appointments_of(event(1, note="Bring shoes. And socks.", **{"Consult Notes": "Fitted."}))
    assert cell(staged, "id") == derived_id("appointments", key(101))
    assert cell(staged, "filemaker_event_id") == cell(staged, "source_key") == key(101)
    assert cell(staged, "patient_id") == PATIENT
    assert instants(staged, "start_time") == ["2016-06-30T23:00:00+00:00"]
    assert instants(staged, "end_time") == ["2016-06-30T23:30:00+00:00"]
    assert cell(staged, "reason") == "Bring shoes."
    assert cell(staged, "notes") == "Bring shoes. And socks.\n\nFitted."
    assert cell(staged, "updated_at") == AS_OF
    assert failures(schema_of(APPOINTMENTS.staged), staged.rows, "source_key").empty


def test_what_nexus_decides_has_the_apps_own_defaults() -> None:
    staged = appointments_of(event(1))
    flags = ["followup_scheduled", "needs_followup_reminder", "is_recurring"]
    flags += ["sms_confirmed", "sms_cancelled"]
    assert [cell(staged, name) for name in flags] == [False] * 5
    assert (cell(staged, "billing_notes"), cell(staged, "invoice_contact_type")) == ("", "patient")
    assert cell(staged, "billing_company_id") is None
    assert (cell(staged, "reason"), cell(staged, "notes")) == (None, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id_Contact": None}, ("id_Contact", "no_patient_link")),
        ({"id_Contact": " "}, ("id_Contact", "no_patient_link")),
        ({"id_Contact": None, "startDate": None}, ("id_Contact", "no_patient_link")),
        ({"id_Contact": fm(2)}, ("id_Contact", "patient_not_found")),
        ({"id_Contact": "12"}, ("id_Contact", "patient_not_found")),
        ({"id_Contact": fm(2), "startDate": None}, ("id_Contact", "patient_not_found")),
        ({"startDate": None}, ("startDate", "no_start")),
        ({"startDate": ""}, ("startDate", "no_start")),
        ({"startDate": "soon"}, ("startDate", "bad_start")),
        ({"startTime": "25:00:00"}, ("startDate", "bad_start")),
        ({"id": "x1"}, ("id", "bad_id")),
    ],
)
def test_an_event_without_patient_or_start_is_rejected(
    fields: dict[str, str | None], expected: tuple[str, str]
) -> None:
    assert rejected(**fields) == [expected]


def test_an_event_of_a_patient_cut_by_the_limit_is_rejected_for_the_limit() -> None:
    people = patients_of(contact(1), contact(2), limit=1)
    alive = state_of(("live:patients", key(2), uid(2)))
    for state in (None, alive):
        staged = appointments_of(event(1), event(2, id_Contact=fm(2)), patients=people, state=state)
        assert reasons(staged.rejects) == [(key(102), "id_Contact", "limit")]


def test_a_nameless_contacts_event_is_nobodys() -> None:
    staged = appointments_of(event(1), patients=patients_of({"id": fm(1)}))
    assert reasons(staged.rejects) == [(key(101), "id_Contact", "patient_not_found")]


def test_a_patient_gone_from_filemaker_but_alive_in_nexus_is_a_good_target() -> None:
    state = state_of(("live:patients", key(7), uid(7), uid(70)))
    staged = appointments_of(event(1, id_Contact=fm(7).lower()), state=state)
    assert (cell(staged, "patient_id"), cell(staged, "clinic_id")) == (uid(7), uid(70))


CLINICS = state_of(
    ("clinic_filemaker_id", key(90), uid(90)),
    ("clinic_name", "north", uid(91)),
    ("clinic_name", "west", uid(92)),
)


@pytest.mark.parametrize(
    ("calendar", "expected", "warnings"),
    [
        (fm(90), uid(90), []),
        (fm(94), uid(91), []),
        (None, uid(92), []),
        (fm(95), uid(92), ["unknown_clinic"]),
        ("west", uid(92), ["unknown_clinic"]),
    ],
)
def test_the_clinic_is_the_calendars_by_id_or_name_else_the_patients(
    calendar: str | None, expected: str, warnings: list[str]
) -> None:
    people = patients_of(contact(1, Clinic_Name="West"), state=CLINICS)
    clinics: list[Record] = [{"id": fm(94), "Name": "North"}]
    staged = appointments_of(event(1, idCal=calendar), patients=people, clinics=clinics, state=CLINICS)
    assert cell(staged, "clinic_id") == expected
    assert warned("clinic_id", reasons(staged.warnings)) == warnings


def test_an_appointment_without_any_clinic_is_warned_of() -> None:
    assert reasons(appointments_of(event(1)).warnings) == [(key(101), "clinic_id", "no_clinic")]
    both = appointments_of(event(1, idCal=fm(95)))
    assert warned("clinic_id", reasons(both.warnings)) == ["no_clinic", "unknown_clinic"]


@pytest.mark.parametrize("calendar", [fm(95), "The Old Rooms", fm(94)])
def test_what_people_say_of_a_calendar_is_its_clinic(calendar: str) -> None:
    said = Mappings({"clinics": {key(95): "west", "the old rooms": "West", "north": " WEST "}})
    clinics: list[Record] = [{"id": fm(94), "Name": "North"}]
    staged = appointments_of(event(1, idCal=calendar), clinics=clinics, state=CLINICS, mappings=said)
    assert cell(staged, "clinic_id") == uid(92)
    assert warned("clinic_id", reasons(staged.warnings)) == []


def test_the_default_clinic_is_that_of_an_appointment_for_which_there_is_no_other() -> None:
    said = Mappings(default_clinic="West")
    neither = appointments_of(event(1), state=CLINICS, mappings=said)
    assert cell(neither, "clinic_id") == uid(92)
    assert warned("clinic_id", reasons(neither.warnings)) == ["default_clinic"]
    its_own = appointments_of(event(1, idCal=fm(90)), state=CLINICS, mappings=said)
    assert cell(its_own, "clinic_id") == uid(90)
    assert warned("clinic_id", reasons(its_own.warnings)) == []


def test_appointments_without_a_clinic_are_held_where_people_say_so_and_the_others_are_not() -> None:
    events = [event(1), event(2, idCal=fm(90)), event(3, idCal=fm(95))]
    held = appointments_of(*events, state=CLINICS, hold_without_clinic=True)
    assert reasons(held.rejects) == [(key(101), "idCal", "no_clinic"), (key(103), "idCal", "no_clinic")]
    assert (cells(held, "source_key"), held.read) == ([key(102)], 3)
    assert reasons(held.warnings) == []
    published = appointments_of(*events, state=CLINICS)
    assert cells(held, "id") == cells(published, "id")[1:2]
    assert cells(held, "created_at") == cells(published, "created_at")[1:2]


def test_the_days_that_fail_are_counted_as_sydney_has_them() -> None:
    days = ({"startDate": "2024-05-01", "startTime": time} for time in ("00:00:00", "23:59:00"))
    events = [event(place, **day) for place, day in enumerate(days, start=1)]
    other = event(3, startDate="2024-05-02", startTime="00:00:00")
    found = clinics_finding(appointments_of(*events, other, event(4, idCal=fm(90)), state=CLINICS))
    assert not found.passed
    assert found.facts == {
        "appointments": 3,
        "day_lists": 2,
        "first_keys": [key(101), key(102), key(103)],
    }
    assert "3 appointments have no clinic" in found.says
    assert "day lists of 2 days fail" in found.says
    assert clinics_finding(appointments_of(event(1, idCal=fm(90)), state=CLINICS)).passed


def test_what_people_say_of_clinicians_and_types_comes_first() -> None:
    said = Mappings({"clinicians": {"dr d": "Pat Doe"}, "appointment_types": {"check": "Review"}})
    given = event(1, clinician_name="Dr D", Type="CHECK")
    staged = appointments_of(given, state=CONFIGURED, mappings=said)
    assert (cell(staged, "clinician_id"), cell(staged, "appointment_type_id")) == (uid(81), uid(82))
    assert warned("clinician_id", reasons(staged.warnings)) == []


def test_a_staged_patient_without_a_clinic_has_the_one_nexus_knows() -> None:
    patient = derived_id("patients", key(1))
    staged = appointments_of(event(1), state=state_of(("live:patients", key(1), patient, uid(70))))
    assert cell(staged, "clinic_id") == uid(70)


CONFIGURED = state_of(
    ("clinician_id", key(80), key(80)),
    ("clinician_name", "pat doe", uid(81)),
    ("appointment_type_name", "review", uid(82)),
)


@pytest.mark.parametrize(
    ("clinician", "name", "expected", "warnings"),
    [
        (fm(80), "Pat Doe", key(80), []),
        (fm(79), "Pat Doe", uid(81), []),
        (None, " PAT DOE", uid(81), []),
        (None, None, None, []),
        (fm(79), None, None, ["unknown_clinician"]),
        (None, "Kim Roe", None, ["unknown_clinician"]),
    ],
)
def test_the_clinician_is_found_by_id_else_by_name(
    clinician: str | None, name: str | None, expected: str | None, warnings: list[str]
) -> None:
    staged = appointments_of(event(1, id_Clinician=clinician, clinician_name=name), state=CONFIGURED)
    assert cell(staged, "clinician_id") == expected
    assert warned("clinician_id", reasons(staged.warnings)) == warnings


def test_the_type_is_found_or_null_with_a_warning() -> None:
    known = appointments_of(event(1, Type="REVIEW"), state=CONFIGURED)
    assert cell(known, "appointment_type_id") == uid(82)
    unknown = appointments_of(event(1, Type="Gala"), state=CONFIGURED)
    assert cell(unknown, "appointment_type_id") is None
    assert warned("appointment_type_id", reasons(unknown.warnings)) == ["unknown_type"]
    assert warned("appointment_type_id", reasons(appointments_of(event(1)).warnings)) == []


@pytest.mark.parametrize(
    ("status", "expected", "warnings"),
    [
        ("Cancelled", "cancelled", []),
        ("Scheduled", "scheduled", []),
        (None, "completed", []),
        ("Perhaps", "completed", ["not_a_choice"]),
    ],
)
def test_a_given_status_counts_where_it_is_one(
    status: str | None, expected: str, warnings: list[str]
) -> None:
    staged = appointments_of(event(1, Status=status))
    assert cell(staged, "status") == expected
    assert warned("status", reasons(staged.warnings)) == warnings


@pytest.mark.parametrize(("seconds", "expected"), [(-1, "scheduled"), (0, "scheduled"), (1, "completed")])
def test_without_a_status_what_began_before_the_run_is_completed(seconds: int, expected: str) -> None:
    start = EPOCH + timedelta(microseconds=1467327600000000)
    staged = appointments_of(event(1), as_of=start + timedelta(seconds=seconds))
    assert cell(staged, "status") == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("", None),
        ("Fitting", "Fitting"),
        ("Fitting. Bring shoes", "Fitting."),
        ("Fitting\nBring shoes. Now", "Fitting"),
        ("Really? Yes", "Really?"),
        ("Version 1.5 of it. Next", "Version 1.5 of it."),
        ("Done.", "Done."),
        ("a" * 101, "a" * 100),
        ("a" * 99 + " b", "a" * 99),
    ],
)
def test_the_reason_is_the_first_sentence_or_line(note: str, expected: str | None) -> None:
    assert reason_of(note) == expected


def test_notes_are_the_note_then_the_consult_notes() -> None:
    staged = appointments_of(event(1, note="a\rb"), event(2, **{"Consult Notes": "c\x00d"}))
    assert cells(staged, "notes") == ["a\nb", "cd"]
    assert cells(staged, "reason") == ["a", None]


def test_odd_times_are_warned_of_by_column() -> None:
    night = {"startDate": "2016-04-03", "startTime": "02:10:00", "endDate": None, "endTime": "02:40:00"}
    staged = appointments_of(event(1, **night), event(2, endTime="08:00:00"))
    found = [entry for entry in reasons(staged.warnings) if entry[1].endswith("_time")]
    assert found == [
        (key(101), "end_time", "ambiguous_time"),
        (key(101), "start_time", "ambiguous_time"),
        (key(102), "end_time", "end_before_start"),
    ]


def test_an_appointment_in_nexus_with_the_events_id_is_adopted() -> None:
    staged = appointments_of(event(1), state=state_of(("claim:appointments", fm(101), uid(3))))
    assert cell(staged, "id") == uid(3)


def test_created_at_is_distinct_and_rejects_shift_nobody() -> None:
    all_three = appointments_of(event(1), event(2), event(3))
    without = appointments_of(event(1), event(2, id_Contact=None), event(3))
    assert len(set(cells(all_three, "created_at"))) == 3
    assert cells(without, "created_at") == cells(all_three, "created_at")[::2]
