"""Former UUIDs out of old backups: every shape they have had, all kept or none, nobody two patients."""

import json
import uuid
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.load.exceptions import BackupNotReadable, FormerIdentityContradicted
from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, Kept, keep_former, parse_backup
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport_tests.load.staged_frames import uid

NAME = "patients.json"
ANN, BEN = uid("ann then"), uid("ben then")
KEY_ANN, KEY_BEN = uid("ann in FileMaker"), uid("ben in FileMaker")


def patient(row_id: object, metadata: object, **fields: object) -> dict[str, object]:
    return {"id": row_id, "first_name": "Wattle", "filemaker_metadata": metadata, **fields}


def ann(key: str = KEY_ANN, row_id: str = ANN) -> dict[str, object]:
    return patient(row_id, {"filemaker_id": key, "filemaker_clinic": "North", "xero_contact_id": None})


def parsed(*patients: object) -> FormerIdentities:
    return parse_backup(json.dumps(patients).encode(), NAME)


def kept(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id::text, source_key FROM nexus_reimport.former_identities")
        return dict(rows.fetchall())


def test_a_list_of_patients_gives_uuid_and_filemaker_id() -> None:
    assert parsed(ann(), ann(KEY_BEN, BEN)) == FormerIdentities({ANN: KEY_ANN, BEN: KEY_BEN}, 0)
    assert parsed() == FormerIdentities({}, 0)


def test_metadata_may_be_text_that_holds_json() -> None:
    assert parsed(patient(ANN, json.dumps({"filemaker_id": KEY_ANN}))).ids == {ANN: KEY_ANN}


def test_ids_are_the_same_in_either_case() -> None:
    assert parsed(ann(KEY_ANN.upper(), ANN.upper())).ids == {ANN: KEY_ANN}


@pytest.mark.parametrize(
    "one",
    [
        patient(ANN, None),
        patient(ANN, {}),
        patient(ANN, {"filemaker_id": None}),
        patient(ANN, {"filemaker_id": ""}),
        patient(ANN, {"filemaker_id": 995}),
        patient(ANN, "{not json"),
        patient(ANN, '"text"'),
        patient(ANN, ["filemaker_id", KEY_ANN]),
        patient(None, {"filemaker_id": KEY_ANN}),
        patient("not a uuid", {"filemaker_id": KEY_ANN}),
        {"id": ANN},
        {},
        None,
        "patient",
        [],
    ],
)
def test_a_patient_who_lacks_either_id_is_counted(one: object) -> None:
    assert parsed(ann(KEY_BEN, BEN), one) == FormerIdentities({BEN: KEY_BEN}, 1)


def test_the_same_patient_twice_is_one() -> None:
    assert parsed(ann(), ann(KEY_ANN.upper())).ids == {ANN: KEY_ANN}


def test_several_former_uuids_of_one_patient_are_all_kept() -> None:
    assert parsed(ann(), ann(row_id=BEN)).ids == {ANN: KEY_ANN, BEN: KEY_ANN}


def test_one_uuid_that_is_two_patients_is_refused() -> None:
    with pytest.raises(FormerIdentityContradicted, match=rf"patients\.json: {ANN} is two patients"):
        parsed(ann(), ann(KEY_BEN))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (b"\n\nid,name\n", 3),
        (json.dumps([ann()], indent=2).encode()[:-20], 8),
        (b'[\n{"id": "\xff"}]', 1),
        (b"\xef\xbb\xbf[]", 1),
    ],
)
def test_what_is_not_json_or_cut_short_is_named_by_file_and_line(content: bytes, line: int) -> None:
    with pytest.raises(BackupNotReadable, match=rf"patients\.json, line {line}: this is not JSON") as caught:
        parse_backup(content, NAME)
    assert "Wattle" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [{"patients": []}, "patients", 5, None])
def test_what_is_no_list_is_refused(content: object) -> None:
    with pytest.raises(BackupNotReadable, match=r"patients\.json: a list of patients is expected, not "):
        parse_backup(json.dumps(content).encode(), NAME)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
patients = st.builds(
    patient,
    st.uuids().map(str) | json_values,
    json_values | st.uuids().map(lambda key: {"filemaker_id": str(key)}),
)


@given(st.lists(patients | json_values, max_size=5))
def test_any_list_accounts_for_every_patient(listed: list[object]) -> None:
    found = parse_backup(json.dumps(listed, ensure_ascii=True).encode(), NAME)
    assert len(found.ids) + found.unusable == len(listed)
    assert all(str(uuid.UUID(one)) == one for pair in found.ids.items() for one in pair)


def test_what_is_kept_is_counted_and_known_the_second_time(nexus_database: str) -> None:
    former = FormerIdentities({ANN: KEY_ANN, BEN: KEY_BEN}, 3)
    assert keep_former(nexus_database, former) == Kept(added=2, known=0, unusable=3)
    assert keep_former(nexus_database, former) == Kept(added=0, known=2, unusable=3)
    more = FormerIdentities({ANN: KEY_ANN, uid("ann before that"): KEY_ANN}, 0)
    assert keep_former(nexus_database, more) == Kept(added=1, known=1, unusable=0)
    assert kept(nexus_database) == {**former.ids, **more.ids}


def test_a_uuid_kept_for_another_patient_is_refused_and_nothing_of_the_file_is_kept(
    nexus_database: str,
) -> None:
    keep_former(nexus_database, FormerIdentities({ANN: KEY_ANN}, 0))
    contradicting = FormerIdentities({BEN: KEY_BEN, ANN: KEY_BEN}, 0)
    with pytest.raises(FormerIdentityContradicted, match=f"{ANN} is kept already"):
        keep_former(nexus_database, contradicting)
    assert kept(nexus_database) == {ANN: KEY_ANN}


def test_staging_is_told_of_them_before_and_after_the_first_publication(nexus_database: str) -> None:
    keep_former(nexus_database, FormerIdentities({ANN: KEY_ANN}, 0))
    state = read_state(nexus_database)
    former = state[state["kind"] == "former:patients"]
    assert former[["key", "id"]].to_numpy().tolist() == [[ANN, KEY_ANN]]
