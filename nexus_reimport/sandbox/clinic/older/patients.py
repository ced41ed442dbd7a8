"""Patients as P1, P2 and P3 wrote them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import orjson

from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.clinic.figures import share
from nexus_reimport.sandbox.clinic.nexus_rows import patient_row
from nexus_reimport.sandbox.clinic.older.contact_json import DetailFailed, shape_a, shape_b, with_coms
from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus
from nexus_reimport.sandbox.clinic.older.sheet import cell_text

IDS_LOST_IN_THE_SHEET: Final = 4
"""Rows of Contacts.xlsx without an id, at scale 1: all of them become the one patient `None`."""
_SEXES: Final = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F", "O": "O", "OTHER": "O"}
_SHEET_DATES: Final = ("%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d")


def run_p1(nexus: OlderNexus) -> None:
    """Write a new row for each contact with any name: raw text, no clinic, no funding."""
    details = _details(nexus)
    for contact in _contacts(nexus):
        try:
            contact_json, address_json = shape_a(details[str(contact["id"])])
        except DetailFailed:
            continue
        row = patient_row(
            id=nexus.chance.row_id(),
            first_name=contact["nameFirst"] or "",
            last_name=contact["nameLast"] or "",
            title=contact["title"] or None,
            sex=contact["gender"] or None,
            dob=_day(contact["DOB"], ("%Y-%m-%d", "%m/%d/%Y")),
            health_number=contact["Health Number"],
            contact_json=contact_json,
            address_json=address_json,
            notes="",
            filemaker_metadata=_metadata(contact, nexus),
            **nexus.stamps(),
        )
        _save(row, contact, nexus)


def run_p1_in_notes(nexus: OlderNexus) -> None:
    """Run P1 in a database whose migration never came: the JSON lies in `notes`, as text."""
    before = set(nexus.rows.get("patients", {}))
    run_p1(nexus)
    for row_id in nexus.rows["patients"].keys() - before:
        metadata = nexus.rows["patients"][row_id]["filemaker_metadata"]
        moved: Row = {"notes": orjson.dumps(metadata).decode(), "filemaker_metadata": None}
        nexus.change("patients", row_id, moved)


def run_p2(nexus: OlderNexus) -> None:
    """Write a new row for each contact with any name, whether or not one is there: a second run doubles."""
    details = _details(nexus)
    for contact in _contacts(nexus):
        contact_json, address_json = shape_b(details[str(contact["id"])])
        row = patient_row(
            id=nexus.chance.row_id(),
            first_name=_stripped(contact["nameFirst"]),
            last_name=_stripped(contact["nameLast"]),
            middle_names=contact["nameMiddle"] or "",
            title=contact["title"] or "",
            sex=contact["gender"] or "",
            dob=_day(contact["DOB"], ("%m/%d/%Y", "%Y-%m-%d")),
            health_number="",
            clinic_id=nexus.named("clinics", "name", contact["Clinic_Name"]),
            funding_type_id=nexus.named("funding_sources", "name", contact["Funding"]),
            contact_json=contact_json,
            address_json=address_json,
            filemaker_metadata={**_metadata(contact, nexus), "import_source": "reimport_phase3"},
            **nexus.stamps(),
        )
        _save(row, contact, nexus)


def run_p3(nexus: OlderNexus) -> None:
    """Update the first patient of each id, or write one; then add what Coms.xlsx has."""
    without_id = _ids_lost(nexus)
    for contact in nexus.clinic.entities["API_Contacts"]:
        if not _stripped(cell_text(contact["nameLast"])):
            continue
        key = "None" if contact["id"] in without_id else str(contact["id"])
        values = _from_sheet(contact, key, nexus)
        there = nexus.known.get(key)
        if there:
            nexus.change("patients", there[0], {**values, "updated_at": nexus.now()})
            continue
        row = patient_row(id=nexus.chance.row_id(), **values, **nexus.stamps())
        if _save(row, {**contact, "id": key}, nexus) and key == "None":
            nexus.book.says_no_longer("patients", row["id"])
    _add_coms(nexus)


def _from_sheet(contact: Row, key: str, nexus: OlderNexus) -> Row:
    """Return what P3 writes, on update too: a person's general note on the patient goes."""
    coordinator = _stripped(cell_text(contact["NDIS Coordinator Name"]))
    values: Row = {
        "first_name": _stripped(cell_text(contact["nameFirst"])),
        "last_name": _stripped(cell_text(contact["nameLast"])),
        "middle_names": _stripped(cell_text(contact["nameMiddle"])),
        "title": _stripped(cell_text(contact["title"])),
        "sex": _SEXES.get(_stripped(contact["gender"]).upper(), ""),
        "dob": _day(contact["DOB"], _SHEET_DATES),
        "health_number": _stripped(cell_text(contact["Health Number"])),
        "clinic_id": nexus.named("clinics", "name", contact["Clinic_Name"]),
        "funding_type_id": nexus.named("funding_sources", "name", contact["Funding"]),
        "notes": "",
        "filemaker_metadata": {
            "filemaker_id": key,
            "clinic_name": contact["Clinic_Name"] or "",
            "area": contact["Area"] or "",
            "contact_type": contact["contactType"] or "",
            "cys_id": contact["CYS_ID"] or "",
            "diabetes": contact["Diabetes"] or "",
            "id_clinic": contact["id_Clinic"] or "",
            **({"ndis": _ndis(contact, coordinator)} if coordinator else {}),
        },
    }
    if coordinator:
        values["ndis_plan_start_date"] = _day(contact["NDIS Plan Start Date"], _SHEET_DATES)
        values["ndis_plan_end_date"] = _day(contact["NDIS Plan End Date"], _SHEET_DATES)
    return values


def _ndis(contact: Row, coordinator: str) -> Row:
    return {
        "coordinator_name": coordinator,
        "coordinator_email": contact["NDIS Coordinator Email"] or "",
        "coordinator_phone": contact["NDIS Coordinator Phone"] or "",
        "plan_start_date": _printed(contact["NDIS Plan Start Date"]),
        "plan_end_date": _printed(contact["NDIS Plan End Date"]),
        "notes": cell_text(contact["NDIS notes"]),
    }


def _printed(day: object) -> str:
    """Return a sheet's date as it was printed into JSON: with a time."""
    return f"{day} 00:00:00" if day else ""


def _add_coms(nexus: OlderNexus) -> None:
    """Run phase 4.5; updated_at does not move."""
    details = _details(nexus)
    for key, ids in nexus.known.items():
        if details[key]:
            row = nexus.rows["patients"][ids[0]]
            contact, address = with_coms(row["contact_json"], row["address_json"], details[key])
            nexus.change("patients", ids[0], {"contact_json": contact, "address_json": address})


def _contacts(nexus: OlderNexus) -> Iterator[Row]:
    for contact in nexus.clinic.entities["API_Contacts"]:
        if _stripped(contact["nameFirst"]) or _stripped(contact["nameLast"]):
            yield contact


def _details(nexus: OlderNexus) -> defaultdict[str, list[Row]]:
    """Return the details by owner, ids compared in their own case."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for detail in nexus.clinic.entities["API_Contact_Details"]:
        found[str(detail["id_key"])].append(detail)
    return found


def _ids_lost(nexus: OlderNexus) -> set[object]:
    """Return the contacts whose id the sheet does not show: plain ones, spread over it."""
    contacts = nexus.clinic.entities["API_Contacts"]
    wanted = share(IDS_LOST_IN_THE_SHEET, nexus.clinic.scale)
    return {contacts[(place + 1) * len(contacts) // (wanted + 2)]["id"] for place in range(wanted)}


def _save(row: Row, contact: Row, nexus: OlderNexus) -> bool:
    if not nexus.add("patients", row, contact["id"]):
        return False
    nexus.known.setdefault(str(contact["id"]), []).append(str(row["id"]))
    return True


def _metadata(contact: Row, nexus: OlderNexus) -> Row:
    return {
        "filemaker_id": contact["id"],
        "filemaker_clinic": contact["Clinic_Name"],
        "xero_contact_id": contact["_kf_XeroContactID"],
        "imported_at": nexus.clock.isoformat(),
    }


def _stripped(value: object) -> str:
    return str(value or "").strip()


def _day(value: object, forms: tuple[str, ...]) -> date | None:
    """Return the day by the first form that fits, None where none does."""
    for form in forms if value else ():
        try:
            return datetime.strptime(str(value), form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None
