"""The calendar, the day list, and the reminders that are sent from it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers.reading import ReadRow, json_object

_SYDNEY = ZoneInfo("Australia/Sydney")
ALL_DAY_MINUTES = 1439


def day_shown(appointment: ReadRow) -> date:
    """Return the day whose list has the appointment."""
    start: datetime = appointment["start_time"]
    return start.astimezone(_SYDNEY).date()


def day_list(
    appointments: Iterable[ReadRow], patients: Mapping[object, ReadRow], day: date
) -> list[dict[str, Any]]:
    """Return the day's appointments. One without a clinic or an end fails the whole day."""
    return [_listed(one, patients) for one in appointments if day_shown(one) == day]


def _listed(appointment: ReadRow, patients: Mapping[object, ReadRow]) -> dict[str, Any]:
    for column in ("clinic_id", "end_time"):
        if appointment[column] is None:
            raise ReaderFault(f"the appointment has no {column}")
    patient = patients.get(appointment["patient_id"])
    return {
        "clinic": appointment["clinic_id"],
        "minutes": minutes_of(appointment),
        "has_phone": patient is not None and has_phone(patient),
        "can_be_reminded": appointment["status"] == "scheduled" and not appointment["sms_cancelled"],
    }


def calendar_event(appointment: ReadRow) -> dict[str, Any]:
    """Return what the calendar draws; an event whose clinic is null is never ticked, so never seen."""
    if appointment["end_time"] is None and appointment["patient_id"] is not None:
        raise ReaderFault("the appointment has no end_time")
    all_day = appointment["patient_id"] is None or minutes_of(appointment) >= ALL_DAY_MINUTES
    return {"all_day": all_day, "is_seen": appointment["clinic_id"] is not None}


def minutes_of(appointment: ReadRow) -> float:
    """Return how long it lasts."""
    length = appointment["end_time"] - appointment["start_time"]
    return float(length.total_seconds() / 60)


def has_phone(patient: ReadRow) -> bool:
    """Say whether the day list has a number: of phones it asks for the key `phone` of the default mobile."""
    contact = json_object(patient, "contact_json")
    phones = contact.get("phones") or []
    if any(one.get("phone", "") is None for one in phones):
        return False
    if any(
        one.get("type") == "mobile" and (one.get("default") or one.get("is_default")) and one.get("phone")
        for one in phones
    ):
        return True
    mobile = contact.get("mobile")
    return isinstance(mobile, dict) and bool(mobile.get("phone"))


def reminder(appointment: ReadRow, patient: ReadRow) -> str | None:
    """Return the number that a reminder goes to, None where there is none."""
    if appointment["clinic_id"] is None:
        raise ReaderFault("the appointment has no clinic_id")
    mobile = json_object(patient, "contact_json").get("mobile")
    if mobile is not None and not isinstance(mobile, str):
        raise ReaderFault("mobile is no text: the reminder goes to the digits of its labels")
    return mobile or None
