"""The readers fail where Nexus does, and show wrong what Nexus shows wrong."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers import appointments, commands, files, messages, paperwork, patient_page

NOON = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
DAY = date(2026, 7, 1)


def patient(**columns: Any) -> dict[str, Any]:
    return {"id": 1, "first_name": "Ada", "last_name": "Byron", "title": None, "sex": None, **columns}


def booked(**columns: Any) -> dict[str, Any]:
    given = {"start_time": NOON, "end_time": NOON, "clinic_id": 1, "patient_id": 1, "status": "scheduled"}
    return {**given, "sms_cancelled": False, **columns}


@pytest.mark.parametrize(
    ("read", "row"),
    [
        (lambda row: patient_page.patient_page(row, ()), patient(contact_json="{}")),
        (messages.sms_numbers, patient(contact_json={"phones": [{"type": None, "number": "1"}]})),
        (messages.xero_contact, patient(contact_json={"mobile": {"Home": "1"}})),
        (messages.xero_contact, patient(contact_json={"email": None})),
        (lambda row: appointments.reminder(booked(), row), patient(contact_json={"mobile": {}})),
        (lambda row: appointments.reminder(booked(clinic_id=None), row), patient()),
        (lambda row: appointments.day_list([row], {}, DAY), booked(clinic_id=None)),
        (lambda row: appointments.day_list([row], {}, DAY), booked(end_time=None)),
        (appointments.calendar_event, booked(end_time=None)),
        (
            lambda row: commands.synced_clinics([row], {}),
            patient(filemaker_metadata={"filemaker_clinic": None}),
        ),
        (
            lambda row: commands.linked_coordinators([row]),
            patient(filemaker_metadata={"ndis": {"notes": "n"}}),
        ),
        (
            lambda row: commands.linked_coordinators([row]),
            patient(filemaker_metadata={"ndis": {"coordinator_name": None}}),
        ),
        (files.download_headers, {"original_name": 'a "b".pdf', "file_size": 1}),
        (files.document_entry, {"category": None, "original_name": "a.pdf", "mime_type": "image/png"}),
    ],
)
def test_a_reader_fails_where_nexus_does(
    read: Callable[[dict[str, Any]], object], row: dict[str, Any]
) -> None:
    with pytest.raises(ReaderFault):
        read(row)


def test_two_numbers_with_one_label_are_shown_once_and_a_capital_makes_a_landline() -> None:
    phones = [
        {"type": "Mobile", "label": "Home", "number": "1"},
        {"type": "Phone", "label": "Home", "number": "2"},
    ]
    shown = patient_page.shown_contact({"phones": phones})
    assert shown == {"phone": {"Home": "2"}, "mobile": {}, "email": {}}


def test_a_null_in_an_address_is_printed_and_a_missing_key_is_not() -> None:
    assert paperwork.invoice_address(patient(address_json={"street": None})) == ["None"]
    assert paperwork.invoice_address(patient(address_json={"suburb": "Hill"})) == ["Hill"]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "mobile", "number": "1", "default": True},
        {"type": "mobile", "phone": None, "number": "1", "default": True},
        {"type": "Mobile", "phone": "1", "default": True},
        {"type": "mobile", "phone": "1"},
    ],
)
def test_the_day_list_has_no_number_where_the_default_mobile_lacks_its_key(entry: dict[str, Any]) -> None:
    assert not appointments.has_phone(patient(contact_json={"phones": [entry]}))
    right = {"type": "mobile", "phone": "1", "default": True}
    assert appointments.has_phone(patient(contact_json={"phones": [right]}))


def test_an_invoices_reference_follows_the_funding_source_by_name() -> None:
    sources = [
        {"name": "Scheme", "is_active": True, "display_format": "", "reference_number": "S 1"},
        {"name": "Old", "is_active": False, "display_format": "O", "reference_number": ""},
    ]
    found = [
        paperwork.invoice_reference(patient(funding_source=name, health_number="43"), sources)
        for name in ("scheme", "Old", "NDIS", None)
    ]
    assert found == ["S 1", "Ada Byron", "NDIS # 43", "Ada Byron"]


def test_a_save_is_refused_for_blank_names_and_what_is_no_choice() -> None:
    refused = patient_page.refused_fields(patient(last_name=" ", title="Mr.", sex=""))
    assert refused == {"last_name", "title", "sex"}
    assert patient_page.refused_fields(patient(title="Mr", sex="F")) == set()


def test_what_the_page_saves_has_everything_shown_by_label_and_no_list() -> None:
    contact = {
        "phones": [{"type": "mobile", "label": "Home", "number": "1"}, {"type": "phone", "number": "2"}],
        "emails": [{"label": "Work", "address": "a@example.org"}],
        "email": "a@example.org",
    }
    assert patient_page.saved_contact(contact, with_defaults=False) == {
        "mobile": {"Home": "1"},
        "phone": {"Phone 2": "2"},
        "email": {"Work": "a@example.org", "Primary": "a@example.org"},
    }
    saved = patient_page.saved_contact(contact)
    assert saved["mobile"] == {"Home": {"value": "1", "default": True}}
    assert patient_page.shown_contact(saved) == patient_page.shown_contact(contact)
