"""The patient page: what it shows of a patient, what a save is refused for, and what it saves back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.sandbox.readers.reading import ReadRow, json_object

_SECTIONS = ("phone", "mobile", "email")
Shown = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class PatientPage:
    """What is on the page. `contact`: by phone, mobile and email what stands under each label.

    `default`: section and label of the number that counts as the default. `funding`: what the dropdown shows;
    `has_ndis_panel`: whether plan dates are shown.
    """

    full_name: str
    contact: Shown
    default: tuple[str, str] | None
    address: dict[str, str]
    funding: str
    has_ndis_panel: bool


def patient_page(row: ReadRow, funding_sources: Collection[str]) -> PatientPage:
    """Return the page of a patient; `funding_sources` are the names of the active custom ones."""
    contact = json_object(row, "contact_json")
    address = json_object(row, "address_json")
    source = row.get("funding_source")
    names = (row["first_name"], row.get("middle_names"), row["last_name"])
    return PatientPage(
        full_name=" ".join(name for name in names if name is not None),
        contact=shown_contact(contact),
        default=_default(contact),
        address={name: str(address[name]) for name in address if name not in ("addresses", "default")},
        funding=str(source) if source in funding_sources else "",
        has_ndis_panel=str(source or "").lower() == "ndis",
    )


def shown_contact(contact: Mapping[str, Any]) -> Shown:
    """Return what the page makes of contact_json: a later entry takes the place of one with its label."""
    if "phones" not in contact and "emails" not in contact:
        return {section: _by_label(section, contact.get(section)) for section in _SECTIONS}
    shown: Shown = {section: {} for section in _SECTIONS}
    for place, phone in enumerate(contact.get("phones") or [], start=1):
        section = "mobile" if phone.get("type") == "mobile" else "phone"
        shown[section][phone.get("label") or f"Phone {place}"] = phone.get("number")
    for place, email in enumerate(contact.get("emails") or [], start=1):
        shown["email"][email.get("label") or f"Email {place}"] = email.get("address")
    if isinstance(contact.get("email"), str):
        shown["email"]["Primary"] = contact["email"]
    return shown


def _by_label(section: str, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return {label: one.get("value") if isinstance(one, dict) else one for label, one in value.items()}
    return {section.capitalize(): value} if isinstance(value, str) and value else {}


def _default(contact: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return which number is the default: of a list the first, else the one that says so."""
    if phones := contact.get("phones"):
        section = "mobile" if phones[0].get("type") == "mobile" else "phone"
        return section, phones[0].get("label") or "Phone 1"
    for section in ("mobile", "phone"):
        entries = contact.get(section)
        for label, one in entries.items() if isinstance(entries, dict) else ():
            if isinstance(one, dict) and one.get("default"):
                return section, label
    return None


def saved_contact(contact: Mapping[str, Any], *, with_defaults: bool = True) -> dict[str, Any]:
    """Return what the page saves for contact_json once anybody has edited a number or an email.

    Everything shown is in it by its label, and nothing else: the lists are gone. `with_defaults`: each entry
    is an object that says whether it is the default; else plain text.
    """
    shown, default = shown_contact(contact), _default(contact)
    return {
        section: {
            label: {"value": value, "default": (section, label) == default} if with_defaults else value
            for label, value in shown[section].items()
        }
        for section in _SECTIONS
    }


def saved_address(address: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page saves for address_json once anybody has edited the address."""
    parts = ("street", "street2", "suburb", "postcode", "state")
    return {**{part: address.get(part) or "" for part in parts}, "type": "home", "default": True}


def refused_fields(row: ReadRow) -> set[str]:
    """Return the fields for which a save of the whole patient is refused, by the page or the admin."""
    refused = {name for name in ("first_name", "last_name") if not str(row[name] or "").strip()}
    for name in ("title", "sex"):
        if row[name] is not None and row[name] not in PATIENTS.column(name).choices:
            refused.add(name)
    return refused
