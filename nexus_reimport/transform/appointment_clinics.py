"""The clinic of each appointment. Nexus's day list fails for a whole day on an appointment without one."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from nexus_reimport.model.reasons.appointments import DEFAULT_CLINIC, NO_CLINIC
from nexus_reimport.model.reasons.several_tables import UNKNOWN_CLINIC
from nexus_reimport.transform.clinics import ClinicFinder
from nexus_reimport.transform.dates import SYDNEY
from nexus_reimport.transform.extract_rows import ExtractRows
from nexus_reimport.transform.known_patients import KnownPatients
from nexus_reimport.transform.staged import Accounting, Staged


def place_in_clinics(
    events: ExtractRows,
    places: Iterable[int],
    known: KnownPatients,
    finder: ClinicFinder,
    ledger: Accounting,
    *,
    hold: bool,
) -> dict[int, str | None]:
    """Return the clinic of the events at some places: the calendar's, else the patient's, else the default.

    Where there is none, the event is warned of, or with `hold` rejected and left out, as `no_clinic`.
    """
    calendars, patients = events.texts("idCal"), events.ids("id_Contact")
    default, found = finder.default(), {}
    for place in places:
        key, calendar = events.keys[place], calendars[place]
        clinic = finder.find(calendar)
        if calendar and clinic is None:
            ledger.warn(key, "clinic_id", UNKNOWN_CLINIC)
        clinic = clinic or known.clinics.get(str(known.find(patients[place])))
        if clinic is None and default:
            ledger.warn(key, "clinic_id", DEFAULT_CLINIC)
        clinic = clinic or default
        if clinic is None and hold:
            ledger.reject(key, "idCal", NO_CLINIC)
            continue
        if clinic is None:
            ledger.warn(key, "clinic_id", NO_CLINIC)
        found[place] = clinic
    return found


def failing_days(appointments: Staged) -> list[date]:
    """Return the days in Sydney whose list Nexus can't show: those of appointments without a clinic."""
    rows = appointments.rows
    starts = pa.array(rows.loc[rows["clinic_id"].isna(), "start_time"]).to_pylist()
    return sorted({start.astimezone(SYDNEY).date() for start in starts})
