"""Appointments as A1, A2 and A3 wrote them; `Consult Notes` is read by none."""

from typing import Final

from nexus_reimport.sandbox.clinic.chance import CLINIC_ZONE, Row
from nexus_reimport.sandbox.clinic.nexus_rows import appointment_row
from nexus_reimport.sandbox.clinic.older.event_times import (
    day_of,
    end_of_a1,
    end_of_reimport,
    start_of_a1,
    start_of_reimport,
)
from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus

_REASON_LENGTH: Final = 100
KNOWN_STATUSES: Final = ("scheduled", "completed", "cancelled", "no-show")
NULL_STATUSES: Final = 40
"""A2 failed on a Status that is null: one event in so many had it so, others without one lack the field."""


def run_a1(nexus: OlderNexus) -> None:
    """Write each event of a known patient once, with its id; a second run finds it."""
    there = {row["filemaker_event_id"] for row in nexus.rows.get("appointments", {}).values()}
    clinics = {str(row["filemaker_id"]).lower(): row["id"] for row in nexus.clinic.nexus["clinics"]}
    for event in nexus.clinic.entities["API_event"]:
        key, day = str(event["id"]).lower(), day_of(event["startDate"])
        patient = nexus.patient(event["id_Contact"])
        start = start_of_a1(day, event["startTime"]) if day else None
        if key in there or patient is None or start is None:
            continue
        row = appointment_row(
            id=nexus.chance.row_id(),
            start_time=start,
            end_time=end_of_a1(day_of(event["endDate"]), event["endTime"]),
            status="completed" if start.astimezone(CLINIC_ZONE).date() < nexus.begun.date() else "scheduled",
            reason=_reason(event["note"]),
            notes=event["note"] or "",
            clinic_id=clinics.get(str(event["idCal"]).lower()),
            patient_id=patient["id"],
            filemaker_event_id=key,
            **nexus.stamps(),
        )
        nexus.add("appointments", row, key)


def _reason(note: object) -> str | None:
    """Return the note up to its first full stop wherever it is, else its first line, else its beginning."""
    text = str(note or "")
    if "." in text:
        return text.partition(".")[0]
    lines = text.splitlines()
    return (lines[0] if len(lines) > 1 else text[:_REASON_LENGTH]) or None


def run_a2(nexus: OlderNexus) -> None:
    """Write each event of a known patient, without its id: a second run doubles."""
    for place, event in enumerate(nexus.clinic.entities["API_event"]):
        if event["Status"] or place % NULL_STATUSES:
            _reimport(event, nexus, from_sheet=False)


def run_a3(nexus: OlderNexus) -> None:
    """Write each row of Appointments.xlsx, without its id and its note, all of them scheduled."""
    for event in nexus.clinic.entities["API_event"]:
        _reimport(event, nexus, from_sheet=True)


def _reimport(event: Row, nexus: OlderNexus, *, from_sheet: bool) -> None:
    patient, day = nexus.patient(event["id_Contact"]), day_of(event["startDate"])
    if patient is None or day is None:
        return
    start = start_of_reimport(day, event["startTime"])
    row = appointment_row(
        id=nexus.chance.row_id(),
        start_time=start,
        end_time=end_of_reimport(day_of(event["endDate"]), event["endTime"], start),
        status="scheduled" if from_sheet else _status(event["Status"]),
        notes="" if from_sheet else event["note"] or "",
        clinic_id=patient["clinic_id"],
        clinician_id=None if from_sheet else _clinician(event, nexus),
        appointment_type_id=nexus.named("appointment_types", "name", event["Type"]),
        patient_id=patient["id"],
        **nexus.stamps(),
    )
    nexus.add("appointments", row, event["id"])


def _status(value: object) -> str:
    """Return the status A2 wrote; `no-show` is none of the app's."""
    lowered = str(value or "").lower()
    return lowered if lowered in KNOWN_STATUSES else "scheduled"


def _clinician(event: Row, nexus: OlderNexus) -> object:
    """Return the clinician by id, a Nexus id here, else by exact name."""
    by_id = nexus.named("clinicians", "id", str(event["id_Clinician"] or "").lower())
    return by_id or nexus.named("clinicians", "full_name", event["clinician_name"])
