"""The whole synthetic clinic through the transforms: exactly what it says must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pytest

from nexus_reimport.model.columns import Table
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.clinic import SyntheticClinic, synthetic_clinic
from nexus_reimport.transform.appointments import stage_appointments
from nexus_reimport.transform.documents import stage_documents
from nexus_reimport.transform.image_csv import ParsedCsv, parse_image_csv
from nexus_reimport.transform.images import stage_image_batches, stage_images
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.notes import stage_notes
from nexus_reimport.transform.patients import stage_patients
from nexus_reimport.transform.sms_messages import stage_sms_messages
from nexus_reimport.transform.staged import Staged
from nexus_reimport_tests.transform.image_records import FILE, thumbnails_of
from nexus_reimport_tests.transform.records import (
    AS_OF,
    PATIENT_TYPE,
    TEXT,
    StateRow,
    listing,
    reasons,
    state_of,
)

LINKS = {
    "appointments": "patient_id",
    "notes": "patient_id",
    "sms_messages": "patient_id",
    "documents": "object_id",
    "image_batches": "object_id",
    "images": "batch_id",
}


@dataclass(frozen=True)
class Run:
    clinic: SyntheticClinic
    staged: Mapping[str, Staged]
    export: ParsedCsv


def as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def extracts(clinic: SyntheticClinic) -> dict[str, pd.DataFrame]:
    return {
        one.asset: pd.DataFrame(
            {
                name: pd.Series([as_text(row.get(name)) for row in clinic.entities[one.entity]], dtype=TEXT)
                for name in one.names
            }
        )
        for one in ENTITY_SETS
    }


def configured(clinic: SyntheticClinic) -> NexusState:
    rows: list[StateRow] = [PATIENT_TYPE]
    for kind, relation, name in (
        ("clinic", "clinics", "name"),
        ("clinician", "clinicians", "full_name"),
        ("appointment_type", "appointment_types", "name"),
        ("funding_source", "funding_sources", "name"),
    ):
        for row in clinic.nexus[relation]:
            rows.append((f"{kind}_id", str(row["id"]), str(row["id"])))
            rows.append((f"{kind}_name", str(row[name]).strip().casefold(), str(row["id"])))
            if row.get("filemaker_id"):
                rows.append(("clinic_filemaker_id", str(row["filemaker_id"]), str(row["id"])))
    rows += [
        ("custom_funding_source_name", str(row["name"]), str(row["id"]), str(row["name"]))
        for row in clinic.nexus["custom_funding_sources"]
        if row["is_active"]
    ]
    return state_of(*rows)


@pytest.fixture(scope="module")
def run() -> Run:
    clinic = synthetic_clinic(0.05)
    frames, state = extracts(clinic), configured(clinic)
    files = listing(*((one.key, len(one.body)) for one in clinic.objects))
    people = stage_patients(frames["contacts"], frames["contact_details"], frames["clinics"], state, AS_OF)
    booked = stage_appointments(frames["events"], frames["clinics"], people, state, AS_OF)
    export, made = parse_image_csv(clinic.image_csv, FILE), thumbnails_of(files)
    batches = stage_image_batches(export.rows, files, made, people, state, AS_OF)
    images = stage_images(export.rows, export.rejects, files, made, people, batches, state, AS_OF)
    staged = {
        "image_batches": batches,
        "images": images,
        "patients": people,
        "appointments": booked,
        "notes": stage_notes(frames["notes"], people, state, AS_OF),
        "sms_messages": stage_sms_messages(frames["messages"], people, booked, state, AS_OF),
        "documents": stage_documents(frames["docs"], files, people, state, "bucket", AS_OF),
    }
    return Run(clinic, staged, export)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
class TestEveryTable:
    def test_is_read_published_rejected_to_the_row(self, run: Run, table: Table) -> None:
        name = table.name
        staged, expected = run.staged[name], run.clinic.expected[name]
        assert (staged.read, len(staged.rows)) == (expected["read"], expected["published"])
        found = {key: reason for key, _, reason in reasons(staged.rejects)}
        assert found == run.clinic.rejected.get(name, {})

    def test_is_linked_to_the_row(self, run: Run, table: Table) -> None:
        name = table.name
        if name in LINKS:
            linked = int(run.staged[name].rows[LINKS[name]].notna().sum())
            assert linked == run.clinic.expected[name]["linked"]

    def test_holds_its_schema(self, run: Run, table: Table) -> None:
        rows = run.staged[table.name].rows
        assert failures(schema_of(table.staged), rows, "source_key").empty


def test_the_export_is_read_to_the_row(run: Run) -> None:
    assert len(run.export.rows) == run.export.facts["rows_read"] == len(run.clinic.image_csv_rows)
    assert run.export.rejects.empty
    assert run.export.facts["date_format"] == "MM/DD/YYYY"


def test_every_batch_is_of_a_patient_with_photographs(run: Run) -> None:
    batches = run.staged["image_batches"].rows
    published = [row for row in run.clinic.image_csv_rows if row.key]
    assert batches["object_id"].nunique() == len({row.contact.lower() for row in published})
    assert int(batches["image_count"].sum()) == len(published) == len(run.staged["images"].rows)


def test_every_patient_whose_funding_nexus_knows_has_its_name_in_nexus_s_own_letters(run: Run) -> None:
    rows = run.staged["patients"].rows
    known = {str(row["name"]) for row in run.clinic.nexus["custom_funding_sources"] if row["is_active"]}
    assert set(rows["funding_source"].dropna()) == known
    warned = [
        key
        for key, _, reason in reasons(run.staged["patients"].warnings)
        if reason == "unknown_funding_source"
    ]
    assert set(rows.loc[rows["source_key"].isin(warned), "funding_source"].dropna()) == set()


@pytest.mark.parametrize(
    ("dirt", "table", "reason"),
    [
        ("over_long_title", "patients", "not_a_choice"),
        ("over_long_name", "patients", "too_long"),
        ("over_long_health_number", "patients", "too_long"),
        ("dob_in_1776", "patients", "dob_out_of_range"),
        ("dob_in_2099", "patients", "dob_out_of_range"),
        ("unknown_funding", "patients", "unknown_funding"),
        ("unknown_funding", "patients", "unknown_funding_source"),
        ("empty_last_name", "patients", "blank_name"),
        ("start_in_daylight_saving_gap", "appointments", "nonexistent_time"),
        ("start_in_daylight_saving_fold", "appointments", "ambiguous_time"),
        ("event_of_unknown_clinic", "appointments", "unknown_clinic"),
        ("document_of_unknown_patient", "documents", "patient_not_found"),
        ("image_without_file", "images", "no_object"),
    ],
)
def test_known_dirt_is_warned_of(run: Run, dirt: str, table: str, reason: str) -> None:
    warned = {key for key, _, found in reasons(run.staged[table].warnings) if found == reason}
    places = set(run.clinic.dirt[dirt])
    assert places
    assert places <= warned
