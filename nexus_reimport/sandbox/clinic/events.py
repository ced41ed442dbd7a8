"""API_event: appointments, calendar entries that are nobody's, and the dirt of both."""

from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.chance import LAST_BOOKING, TODAY, Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.configuration import Configuration
from nexus_reimport.sandbox.clinic.dirt import DirtLedger, spread
from nexus_reimport.sandbox.clinic.event_dirt import EVENT_DIRT, UNLINKED_EVENT_DIRT
from nexus_reimport.sandbox.clinic.figures import Figures, share
from nexus_reimport.sandbox.clinic.patients import People
from nexus_reimport.sandbox.clinic.words import paragraph, sentence

_STATUSES: Final = (
    "Completed",
    "completed",
    "Cancelled",
    "No Show",
    "no_show",
    "Checked In",
    "Scheduled",
    "Tentative",
)
_FIRST_DAY: Final = date(2012, 1, 9)


def events(
    figures: Figures, people: People, setup: Configuration, seed: int, scale: float, ledger: DirtLedger
) -> list[Row]:
    """Return API_event's rows: kept ones and rejected ones, shuffled together."""
    chance = Chance(f"{seed}/events")
    ids = [str(row["id"]).upper() for row in people.patients]
    kept = [_event(ids[chance.below(len(ids))], setup, chance) for _ in range(figures.appointments)]
    spread(kept, EVENT_DIRT, Chance(f"{seed}/event dirt"), scale, ledger)
    _same_start_twice(kept, share(50, scale), ledger)
    unlinked = [_event(_nobody(chance), setup, chance) for _ in range(figures.events_without_patient)]
    spread(unlinked, UNLINKED_EVENT_DIRT, chance, scale, ledger)
    strangers = _of_unknown_patients(figures, people, setup, chance)
    undated = [
        _undated(ids[chance.below(len(ids))], setup, chance) for _ in range(figures.events_without_start)
    ]
    fates = ((unlinked, "no_patient_link"), (strangers, "patient_not_found"), (undated, "no_start"))
    for rows, reason in fates:
        for row in rows:
            ledger.reject("appointments", row["id"], reason)
    rows = [*kept, *unlinked, *strangers, *undated]
    chance.shuffle(rows)
    return rows


def _same_start_twice(kept: list[Row], pairs: int, ledger: DirtLedger) -> None:
    """Make pairs of events with one patient and one start, every other with one note too; both are events."""
    spoilt = {key for keys in ledger.places.values() for key in keys}
    clean = [row for row in kept if str(row["id"]).lower() not in spoilt]
    for place, (first, second) in enumerate(
        zip(clean[0 : 2 * pairs : 2], clean[1 : 2 * pairs : 2], strict=False)
    ):
        same = ("id_Contact", "startDate", "startTime", "endDate", *(("note",) if place % 2 else ()))
        second.update({name: first[name] for name in same})
        ledger.note("same_start_twice", [first["id"], second["id"]])


def _nobody(chance: Chance) -> str | None:
    return "" if chance.percent(30) else None


def _of_unknown_patients(figures: Figures, people: People, setup: Configuration, chance: Chance) -> list[Row]:
    """Return events of patients who are gone; the first is a nameless contact's, every ninth has no day."""
    rows = [_event(chance.identifier(), setup, chance) for _ in range(figures.events_of_unknown_patients)]
    for row, nameless in zip(rows, people.nameless, strict=False):
        row["id_Contact"] = nameless["id"]
    for row in rows[8::9]:
        row["startDate"] = None
    return rows


def _undated(patient: str, setup: Configuration, chance: Chance) -> Row:
    row = _event(patient, setup, chance)
    row["startDate"] = "" if chance.percent(30) else None
    return row


def _event(patient: str | None, setup: Configuration, chance: Chance) -> Row:
    day = chance.day(TODAY, LAST_BOOKING) if chance.percent(6) else chance.day(_FIRST_DAY, TODAY)
    start = 8 * 60 + 15 * chance.below(38)
    end = start + 15 * (1 + chance.below(6))
    return {
        "id": chance.identifier(),
        "title": sentence(chance),
        "startDate": day.isoformat(),
        "startTime": clock_time(start),
        "endDate": day.isoformat(),
        "endTime": clock_time(end),
        "allDay": None if chance.percent(50) else "",
        "idCal": setup.clinics[chance.below(len(setup.clinics))]["id"],
        "id_Contact": patient,
        "id_Referrer": chance.identifier() if chance.percent(10) else None,
        "note": paragraph(chance) if chance.percent(60) else None,
        "Consult Notes": paragraph(chance) if chance.percent(25) else None,
        "location": None,
        "url": None,
        **_optional_fields(setup, chance),
        **record_stamps(chance),
    }


def clock_time(minutes: int) -> str:
    """Return minutes after midnight as Edm.TimeOfDay."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _optional_fields(setup: Configuration, chance: Chance) -> Row:
    """Return the fields only some exports have, each in a part of the rows."""
    clinicians = setup.nexus["clinicians"]
    clinician = clinicians[chance.below(len(clinicians))]
    types = setup.nexus["appointment_types"]
    kind = types[chance.below(len(types))]
    known = chance.below(10)
    return {
        "id_Clinician": str(clinician["id"]).upper() if known < 3 else None,
        "clinician_name": clinician["full_name"] if 1 < known < 5 else None,
        "Type": str(kind["id"]).upper() if known == 0 else (kind["name"] if known > 5 else None),
        "Status": _STATUSES[chance.below(len(_STATUSES))] if chance.percent(25) else None,
    }
