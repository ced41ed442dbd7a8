"""What staging is told of Nexus: configuration, identities, claims, and digests in place of words."""

import json
import uuid

import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.load.exceptions import PublicationError, TargetNotAsExpected
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.frames import NEXUS_STATE
from nexus_reimport.model.nexus import DOCUMENTS, PATIENTS
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import load_state, query
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN = {"name": "ann", "filemaker_metadata": json.dumps({"filemaker_id": uid("key ann").upper()})}


def of_kind(state: pd.DataFrame, kind: str) -> list[tuple[str, str]]:
    chosen = state[state["kind"] == kind]
    return list(zip(chosen["key"], chosen["id"], strict=True))


def without_identities(url: str) -> None:
    """Make published rows look like those of an older import."""
    query(url, "DROP SCHEMA nexus_reimport CASCADE")


def test_the_configuration_is_there_by_id_and_by_folded_name(
    nexus_database: str, clinic: SyntheticClinic
) -> None:
    load_state(nexus_database, "empty", clinic)
    state = read_state(nexus_database)
    assert tuple(state.columns) == NEXUS_STATE.names
    assert set(state.dtypes) == {pd.ArrowDtype(pa.string())}
    for row in clinic.nexus["clinics"]:
        assert (str(row["name"]).strip().lower(), str(row["id"])) in of_kind(state, "clinic_name")
        if row["filemaker_id"]:
            assert (str(row["filemaker_id"]).lower(), str(row["id"])) in of_kind(state, "clinic_filemaker_id")
    assert len(of_kind(state, "clinician_id")) == len(clinic.nexus["clinicians"])
    assert len(of_kind(state, "funding_source_name")) == len(clinic.nexus["funding_sources"])
    [(model, number)] = of_kind(state, "content_type")
    assert (model, number.isdigit()) == ("patients.patient", True)


def test_an_active_funding_source_is_preferred_to_an_inactive_one(nexus_database: str) -> None:
    insert = (
        'INSERT INTO funding_sources (id, name, code, active, "order", created_at, updated_at)'
        " VALUES (%s, 'NDIS', NULL, %s, 0, %s, now())"
    )
    query(nexus_database, insert, uid("old"), False, "2001-01-01")
    query(nexus_database, insert, uid("new"), True, "2020-01-01")
    assert of_kind(read_state(nexus_database), "funding_source_name") == [
        ("ndis", uid("new")),
        ("ndis", uid("old")),
    ]


def test_only_active_custom_funding_sources_are_told_each_in_its_own_letters(nexus_database: str) -> None:
    insert = (
        "INSERT INTO custom_funding_sources (id, name, reference_number, display_format, is_active, notes,"
        " created_at, updated_at) VALUES (%s, %s, '', '', %s, '', %s, now())"
    )
    for name, active, made in (
        ("Ndis", True, "2020-01-01"),
        (" NDIS", True, "2001-01-01"),
        ("DVA", False, "2001-01-01"),
    ):
        query(nexus_database, insert, uid(name), name, active, made)
    state = read_state(nexus_database)
    told = state[state["kind"] == "custom_funding_source_name"]
    assert told[["key", "id", "detail"]].to_numpy().tolist() == [
        ["ndis", uid(" NDIS"), " NDIS"],
        ["ndis", uid("Ndis"), "Ndis"],
    ]


def test_reading_writes_nothing(nexus_database: str) -> None:
    before = last_writes(nexus_database)
    read_state(nexus_database)
    assert last_writes(nexus_database) == before


def test_a_patient_is_claimed_in_any_case_and_the_oldest_row_comes_first(nexus_database: str) -> None:
    second = {**ANN, "name": "ann again"}
    tables = staged_table(PATIENTS, second, ANN, {"name": "ben"})
    publish(nexus_database, "run", AS_OF, {"patients": tables})
    without_identities(nexus_database)
    query(nexus_database, "UPDATE patients SET created_at = '2001-01-01' WHERE id = %s", uid("patients ann"))
    state = read_state(nexus_database)
    oldest_first = [uid("patients ann"), uid("patients ann again")]
    assert of_kind(state, "claim:patients") == [(uid("key ann"), row_id) for row_id in oldest_first]
    assert of_kind(state, "live:patients") == [(uid("key ann"), uid("patients ann"))]


def test_a_json_text_in_place_of_an_object_claims_nothing(nexus_database: str) -> None:
    publish(nexus_database, "run", AS_OF, {"patients": staged_table(PATIENTS, ANN)})
    without_identities(nexus_database)
    query(nexus_database, "UPDATE patients SET filemaker_metadata = to_jsonb(filemaker_metadata::text)")
    assert of_kind(read_state(nexus_database), "claim:patients") == []


def test_identities_outlive_their_rows_and_only_living_patients_are_alive(nexus_database: str) -> None:
    publish(
        nexus_database, "run", AS_OF, {"patients": staged_table(PATIENTS, {"name": "ann"}, {"name": "ben"})}
    )
    query(nexus_database, "DELETE FROM patients WHERE id = %s", uid("patients ann"))
    state = read_state(nexus_database)
    assert dict(of_kind(state, "identity:patients")) == {
        uid(f"key {name}"): uid(f"patients {name}") for name in ("ann", "ben")
    }
    assert of_kind(state, "live:patients") == [(uid("key ben"), uid("patients ben"))]


def test_a_document_is_claimed_by_its_id_else_by_its_files_stem(nexus_database: str) -> None:
    key = uid("file").upper()
    prefix = "patients/filemaker-import/documents/P/erf"
    tables = staged_table(
        DOCUMENTS,
        {"name": "by id", "filemaker_id": uid("document")},
        {"name": "by stem", "s3_key": f"{prefix}/{key}.pdf"},
        {"name": "own", "s3_key": f"documents/1/{uid('own')}.pdf"},
    )
    publish(nexus_database, "run", AS_OF, {"documents": tables})
    without_identities(nexus_database)
    state = read_state(nexus_database)
    assert of_kind(state, "claim:documents") == [(uid("document"), uid("documents by id"))]
    assert of_kind(state, "key_id:documents") == [(key.lower(), uid("documents by stem"))]


def test_what_was_published_last_is_told_table_by_table(nexus_database: str) -> None:
    rejected = [str(uuid.UUID(int=n)) for n in range(2)]
    publish(
        nexus_database,
        "1",
        AS_OF,
        {"patients": staged_table(PATIENTS, ANN, {"name": "b"}, rejected=rejected)},
    )
    publish(nexus_database, "2", AS_OF, {"documents": staged_table(DOCUMENTS, {"name": "a"})})
    state = read_state(nexus_database)
    assert sorted(of_kind(state, "published:patients")) == [("read", "4"), ("rows", "2")]
    assert sorted(of_kind(state, "published:documents")) == [("read", "1"), ("rows", "1")]


def test_a_database_that_is_not_nexus_is_told_apart_from_one_that_does_not_answer(
    nexus_database: str,
) -> None:
    with pytest.raises(PublicationError, match="NEXUS_DATABASE_URL") as caught:
        read_state("postgresql://someone:secretword@127.0.0.1:1/nexus")
    assert not isinstance(caught.value, TargetNotAsExpected)
    assert "secretword" not in str(caught.value)
    query(nexus_database, "DELETE FROM django_content_type")
    with pytest.raises(TargetNotAsExpected, match=r"no content type patients\.patient"):
        read_state(nexus_database)
    query(nexus_database, "DROP TABLE sms_messages CASCADE")
    with pytest.raises(TargetNotAsExpected, match="sms_messages"):
        read_state(nexus_database)


def test_a_role_that_may_not_read_is_a_clear_refusal(nexus_database: str) -> None:
    query(nexus_database, "ALTER TABLE notes RENAME COLUMN content TO something_else")
    with pytest.raises(TargetNotAsExpected, match="content"):
        read_state(nexus_database)
    query(nexus_database, "ALTER TABLE notes RENAME COLUMN something_else TO content")
    query(nexus_database, "REVOKE SELECT ON notes FROM CURRENT_USER")
    with pytest.raises(PublicationError, match="permission denied for table notes"):
        read_state(nexus_database)
