"""SMS: the numbers that a dialog offers, who an answer is from, a patient's conversation; Xero's contact."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers.reading import ReadRow, json_object, shown_text

Number = tuple[str, str, str]


def sms_numbers(patient: ReadRow) -> list[Number]:
    """Return type, label and number of each number that a dialog offers, as it comes to them."""
    contact = json_object(patient, "contact_json")
    found = []
    for one in contact.get("phones") or []:
        kind = shown_text(one.get("type"), "a phone's type").lower()
        if one.get("number"):
            found.append((kind, str(one.get("label") or ""), str(one["number"])))
    for kind in ("mobile", "phone"):
        found += _of_section(kind, contact.get(kind))
    return found


def _of_section(kind: str, section: object) -> list[Number]:
    if isinstance(section, str):
        return [(kind, kind, section)] if section else []
    if not isinstance(section, dict):
        return []
    values = {label: one.get("value") if isinstance(one, dict) else one for label, one in section.items()}
    return [(kind, shown_text(label, "a label"), str(value)) for label, value in values.items() if value]


def sender_of(number: str, patients: Sequence[ReadRow]) -> ReadRow | None:
    """Return the first patient who has the number, in the order given: what an answer is filed under."""
    wanted = _digits(number)
    for patient in patients:
        if any(_digits(one) == wanted for _, _, one in sms_numbers(patient)):
            return patient
    return None


def _digits(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return f"61{digits[1:]}" if digits.startswith("0") else digits


def conversation(messages: Iterable[ReadRow]) -> list[str]:
    """Return the texts of a patient's conversation, in the order of the text of when each was sent."""
    return [
        shown_text(one["message"], "a message")
        for one in sorted(messages, key=lambda one: (one["sent_at"] or one["created_at"]).isoformat())
    ]


def xero_contact(patient: ReadRow) -> dict[str, Any]:
    """Return what Xero is sent of a patient's contact. It takes text, and refuses an object."""
    contact = json_object(patient, "contact_json")
    sent: dict[str, Any] = {name: contact[name] for name in ("mobile", "email") if name in contact}
    for name, value in sent.items():
        if not isinstance(value, str):
            raise ReaderFault(f"{name} is no text")
    return sent


def emails_for_invoices(patient: ReadRow) -> list[str]:
    """Return the addresses that the invoice dialog offers."""
    return [one["address"] for one in json_object(patient, "contact_json").get("emails") or []]
