"""Appointments, from FileMaker's events."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime

import pandas as pd

from nexus_reimport.model.filemaker import EVENTS
from nexus_reimport.model.nexus import APPOINTMENTS
from nexus_reimport.model.reasons.appointments import (
    ADOPTION_UNDECIDED,
    BAD_START,
    NO_PATIENT_LINK,
    NO_START,
    UNKNOWN_CLINICIAN,
    UNKNOWN_TYPE,
)
from nexus_reimport.model.reasons.several_tables import NOT_A_CHOICE
from nexus_reimport.transform import choices
from nexus_reimport.transform.adoption.appointments import AdoptableEvent, adopt_appointments
from nexus_reimport.transform.adoption.candidates import candidates
from nexus_reimport.transform.adoption.event_readings import readings
from nexus_reimport.transform.adoption.rows_in_nexus import LivingAppointment
from nexus_reimport.transform.adoption.texts import bare_digest
from nexus_reimport.transform.appointment_clinics import place_in_clinics
from nexus_reimport.transform.clinics import ClinicFinder, clinic_names
from nexus_reimport.transform.column_values import looked_up
from nexus_reimport.transform.dates import microseconds
from nexus_reimport.transform.event_times import EventTimes, Span, event_span
from nexus_reimport.transform.extract_rows import ExtractRows, creation_instants, read_extract
from nexus_reimport.transform.identity import decide_ids, unique_ids
from nexus_reimport.transform.known_patients import KnownPatients, known_patients
from nexus_reimport.transform.mappings import NOTHING_SAID, Mappings
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting, Staged
from nexus_reimport.transform.text import joined, uuid_text

_REASON_LENGTH = 100

_FIRST_SENTENCE = re.compile(r".+?(?:[.!?](?=\s)|$)", re.MULTILINE)
_INITIAL: Mapping[str, object] = {
    "billing_notes": "",
    "invoice_contact_type": "patient",
    **dict.fromkeys(
        ("followup_scheduled", "needs_followup_reminder", "is_recurring", "sms_confirmed", "sms_cancelled"),
        False,
    ),
}


def stage_appointments(
    events: pd.DataFrame,
    filemaker_clinics: pd.DataFrame,
    patients: Staged,
    state: NexusState,
    as_of: datetime,
    mappings: Mappings = NOTHING_SAID,
    *,
    hold_without_clinic: bool = False,
) -> Staged:
    """Return one appointment per event of a known patient with a start.

    Takes the extract frames, the staged patients and the run's instant (aware). `mappings` lead from
    FileMaker's names to Nexus's. Rejects: bad_id, duplicate_id, no_patient_link, limit, patient_not_found,
    no_start, bad_start; no_clinic where such appointments are held.
    """
    ledger = Accounting(APPOINTMENTS)
    everything = read_extract(EVENTS, events, ledger)
    known = known_patients(patients, state)
    created = creation_instants(everything, ledger, "created_at")
    spanned = _kept(everything, known, ledger)
    finder = ClinicFinder(clinic_names(filemaker_clinics), state, mappings)
    kept = place_in_clinics(everything, spanned, known, finder, ledger, hold=hold_without_clinic)
    appointments, spans = everything.take(list(kept)), [spanned[place] for place in kept]
    owners = [str(known.find(patient)) for patient in appointments.ids("id_Contact")]
    columns: dict[str, Sequence[object]] = {
        "created_at": [created[place] for place in kept],
        "patient_id": owners,
        "clinic_id": list(kept.values()),
        **_time_columns(appointments, spans, microseconds(as_of), ledger),
        **_configured_columns(appointments, state, mappings, ledger),
        **_text_columns(appointments),
    }

    def adopted(places: Sequence[int], taken: Set[str]) -> Iterable[tuple[int, str]]:
        living = candidates(LivingAppointment, known, state, taken)
        places = living.of_their_patients(places, owners)
        found, undecided = adopt_appointments(_adoptable(appointments, spans, columns, places), living)
        for key in undecided:
            ledger.warn(key, "id", ADOPTION_UNDECIDED)
        return found.items()

    ids = decide_ids(appointments.keys, state, ledger, (adopted,))
    columns["id"] = ids
    columns["filemaker_event_id"] = unique_ids(appointments.keys, ids, state.claims(APPOINTMENTS.name))
    return ledger.staged(appointments.keys, columns, {"updated_at": microseconds(as_of), **_INITIAL})


def _kept(events: ExtractRows, known: KnownPatients, ledger: Accounting) -> dict[int, Span]:
    """Return the places of the events that are published, and when each is."""
    kept: dict[int, Span] = {}
    links = zip(events.texts("id_Contact"), events.ids("id_Contact"), strict=True)
    for place, ((link, patient), times) in enumerate(zip(links, _times(events), strict=True)):
        fault = known.fault(patient) if link else NO_PATIENT_LINK
        span = event_span(times)
        if fault:
            ledger.reject(events.keys[place], "id_Contact", fault)
        elif span is None:
            reason = BAD_START if times.start_date else NO_START
            ledger.reject(events.keys[place], "startDate", reason)
        else:
            kept[place] = span
    return kept


def _times(events: ExtractRows) -> list[EventTimes]:
    fields = ("startDate", "startTime", "endDate", "endTime", "allDay")
    return [EventTimes(*texts) for texts in zip(*(events.texts(field) for field in fields), strict=True)]


def _time_columns(
    appointments: ExtractRows, spans: Sequence[Span], now: int, ledger: Accounting
) -> dict[str, Sequence[object]]:
    """Return start, end and status; without a given status, what has begun is completed."""
    statuses = []
    for key, text, span in zip(appointments.keys, appointments.texts("Status"), spans, strict=True):
        for column, reason in span.warnings:
            ledger.warn(key, column, reason)
        status = choices.appointment_status(text)
        if text and status is None:
            ledger.warn(key, "status", NOT_A_CHOICE)
        statuses.append(status or ("completed" if span.start < now else "scheduled"))
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    return {"start_time": starts, "end_time": ends, "status": statuses}


def _configured_columns(
    appointments: ExtractRows, state: NexusState, mappings: Mappings, ledger: Accounting
) -> dict[str, Sequence[object]]:
    """Return clinician and type, by what people say of them, id or name, where FileMaker gives them."""

    def appointment_type(text: str) -> str | None:
        return state.appointment_type(mappings.named("appointment_types", text) or text)

    clinicians = []
    given = (appointments.texts("id_Clinician"), appointments.texts("clinician_name"))
    for key, clinician_id, name in zip(appointments.keys, *given, strict=True):
        said = mappings.named("clinicians", clinician_id, name)
        found = state.clinician(None, said) if said else state.clinician(clinician_id.lower(), name)
        if found is None and (clinician_id or name):
            ledger.warn(key, "clinician_id", UNKNOWN_CLINICIAN)
        clinicians.append(found)
    warning = ("appointment_type_id", UNKNOWN_TYPE)
    types = looked_up(appointments.keys, appointments.texts("Type"), appointment_type, warning, ledger)
    return {"clinician_id": clinicians, "appointment_type_id": types}


def _text_columns(appointments: ExtractRows) -> dict[str, Sequence[object]]:
    bookings, consults = appointments.texts("note"), appointments.texts("Consult Notes")
    notes = [joined(both, "\n\n") for both in zip(bookings, consults, strict=True)]
    return {"reason": [reason_of(text) for text in bookings], "notes": notes}


def reason_of(note: str) -> str | None:
    """Return the first sentence or line of a note, no more than 100 characters; None without a note."""
    found = _FIRST_SENTENCE.match(note)
    return found[0][:_REASON_LENGTH].strip() if found else None


def _adoptable(
    appointments: ExtractRows,
    spans: Sequence[Span],
    columns: Mapping[str, Sequence[object]],
    places: list[int],
) -> list[AdoptableEvent]:
    """Return the events at the places, as living rows are compared with them."""
    events = appointments.take(places)
    made = (moment or 0 for moment, _ in events.instants("creationTimestamp"))
    told = zip(places, events.keys, made, _times(events), events.texts("note"), strict=True)
    return [
        AdoptableEvent(
            place=place,
            key=key,
            patient=str(columns["patient_id"][place]),
            made=moment,
            readings=readings(times, spans[place]),
            note=bare_digest(note),
            notes=bare_digest(str(columns["notes"][place] or "")),
            appointment_type=uuid_text(str(columns["appointment_type_id"][place])),
        )
        for place, key, moment, times, note in told
    ]
