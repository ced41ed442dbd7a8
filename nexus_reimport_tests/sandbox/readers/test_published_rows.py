"""Every row that a whole reimport publishes, through every reader of Nexus."""

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers import appointments, commands, files, messages, paperwork, patient_page
from nexus_reimport_tests.line import Line

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def nexus(reimported: Line) -> Mapping[str, Rows]:
    """Every row of the published tables, and the configuration, as PostgreSQL hands them over."""
    relations = {table.name: table.relation for table in TABLES} | {"clinics": "clinics"}
    with psycopg.connect(reimported.url, row_factory=dict_row) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {relation}".encode()).fetchall()  # noqa: S608 - ours
            for name, relation in relations.items()
        }


def test_every_patient_has_a_page_and_can_be_saved_there(nexus: Mapping[str, Rows]) -> None:
    for patient in nexus["patients"]:
        page = patient_page.patient_page(patient, ())
        listed = patient["contact_json"]["phones"]
        shown = [*page.contact["mobile"].values(), *page.contact["phone"].values()]
        assert sorted(shown) == sorted(one["number"] for one in listed)
        assert all(isinstance(text, str) and text != "None" for text in page.address.values())


def test_every_patient_can_be_invoiced_and_written_to(nexus: Mapping[str, Rows]) -> None:
    for patient in nexus["patients"]:
        paper = [paperwork.invoice_name(patient), *paperwork.invoice_address(patient)]
        paper += [paperwork.invoice_reference(patient, ()), *messages.xero_contact(patient).values()]
        assert not any("None" in line for line in paper)
        mobiles = [number for kind, _, number in messages.sms_numbers(patient) if kind == "mobile"]
        assert appointments.has_phone(patient) is bool(mobiles)
        for number in mobiles:
            assert messages.sender_of(number, [patient]) is patient


def test_the_clinics_own_commands_run_through(nexus: Mapping[str, Rows]) -> None:
    patients = nexus["patients"]
    clinics = {clinic["name"]: clinic["id"] for clinic in nexus["clinics"]}
    assert set(commands.synced_clinics(patients, clinics).values()) >= {one["clinic_id"] for one in patients}
    coordinated = [one["coordinator_name"] for one in patients if one["coordinator_name"]]
    assert len(commands.linked_coordinators(patients)) == len(coordinated) > 0
    assert len(commands.patients_by_filemaker_id(patients)) == len(patients)


def test_every_day_has_a_list_but_those_of_appointments_without_a_clinic(nexus: Mapping[str, Rows]) -> None:
    booked = nexus["appointments"]
    patients = {one["id"]: one for one in nexus["patients"]}
    failing = {appointments.day_shown(one) for one in booked if one["clinic_id"] is None}
    for day in {appointments.day_shown(one) for one in booked}:
        if day in failing:
            with pytest.raises(ReaderFault, match="clinic_id"):
                appointments.day_list(booked, patients, day)
        else:
            assert appointments.day_list(booked, patients, day)
    for one in booked:
        assert appointments.calendar_event(one)["is_seen"] is (one["clinic_id"] is not None)
        if one["clinic_id"]:
            assert appointments.reminder(one, patients[one["patient_id"]]) != ""


def test_every_note_message_and_file_is_listed_and_sent(nexus: Mapping[str, Rows]) -> None:
    assert all(files.note_entry(note)["can_be_saved"] for note in nexus["notes"])
    assert len(messages.conversation(nexus["sms_messages"])) == len(nexus["sms_messages"])
    for document in nexus["documents"]:
        assert files.document_entry(document)["opens_as"]
    for row in (*nexus["documents"], *nexus["images"]):
        assert int(files.download_headers(row)["Content-Length"]) == row["file_size"]
    assert all(files.preview_key(image) for image in nexus["images"])
    assert files.batches_header(nexus["image_batches"]) == len(nexus["images"])
    assert all(files.archive_day(batch) for batch in nexus["image_batches"])
