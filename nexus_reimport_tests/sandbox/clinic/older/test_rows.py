"""What each older import wrote into a row, and what it could not see."""

from collections import Counter

import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.clinic.older import OlderState, older_state


def imported(state: OlderState, relation: str) -> dict[str, Row]:
    """An import's rows by the record they came from, without those that somebody went on with."""
    sources = {
        row_id: key
        for row_id, key in state.book.sources[relation].items()
        if row_id not in state.book.worked_on
    }
    return {sources[str(row["id"])]: row for row in state.rows[relation] if row["id"] in sources}


def records(clinic: SyntheticClinic, entity: str) -> dict[str, Row]:
    """FileMaker's records by lower-case id."""
    return {str(row["id"]).lower(): row for row in clinic.entities[entity]}


@pytest.fixture(scope="module")
def first(small: SyntheticClinic) -> OlderState:
    return older_state("older:P1+A1+N1+D1+I1", small)


@pytest.fixture(scope="module")
def second(small: SyntheticClinic) -> OlderState:
    return older_state("older:P2+A2+N2+D1+delete+P2+A2+N2+D2+I2", small)


@pytest.fixture(scope="module")
def third(small: SyntheticClinic) -> OlderState:
    return older_state("older:P3+A3+N3+D3+I2", small)


def test_ids_in_json_keep_the_case_filemaker_has(
    small: SyntheticClinic, first: OlderState, second: OlderState, third: OlderState
) -> None:
    contacts = records(small, "API_Contacts")
    for state in (first, second, third):
        rows = imported(state, "patients")
        for key, row in rows.items():
            metadata = row["filemaker_metadata"]
            assert isinstance(metadata, dict)
            assert metadata["filemaker_id"] == ("None" if key == "none" else contacts[key]["id"])


def test_a_patient_whose_id_is_written_otherwise_elsewhere_has_nothing(
    small: SyntheticClinic, third: OlderState
) -> None:
    rows = imported(third, "patients")
    mixed = [rows[key]["id"] for key in small.dirt["mixed_case_contact_id"] if key in rows]
    assert mixed
    assert not {row["patient_id"] for row in imported(third, "appointments").values()} & set(mixed)


def test_names_are_raw_in_the_first_export_and_trimmed_since(
    small: SyntheticClinic, second: OlderState
) -> None:
    raw = imported(older_state("older:P1*1", small), "patients")
    padded = small.dirt["leading_spaces_in_name"]
    for key in padded:
        assert key not in raw or str(raw[key]["first_name"]).startswith("  ")
        assert not str(imported(second, "patients")[key]["first_name"]).startswith(" ")


def test_a_patient_without_a_last_name_is_skipped_by_the_sheet_only(
    small: SyntheticClinic, second: OlderState, third: OlderState
) -> None:
    for key in small.dirt["empty_last_name"]:
        assert key in imported(second, "patients")
        assert key not in imported(third, "patients")


def test_the_sheet_s_metadata_have_keys_of_their_own(third: OlderState) -> None:
    keys = Counter(frozenset(row["filemaker_metadata"]) for row in imported(third, "patients").values())  # type: ignore[call-overload]  # JSON objects
    common = {"filemaker_id", "clinic_name", "area", "contact_type", "cys_id", "diabetes", "id_clinic"}
    assert set(keys) == {frozenset(common), frozenset(common | {"ndis"})}


def test_only_the_first_command_keeps_an_event_s_id_and_only_a2_reads_the_type_and_status(
    first: OlderState, second: OlderState, third: OlderState
) -> None:
    assert all(row["filemaker_event_id"] == key for key, row in imported(first, "appointments").items())
    for state in (second, third):
        assert {row["filemaker_event_id"] for row in imported(state, "appointments").values()} == {None}
    assert {row["status"] for row in imported(third, "appointments").values()} == {"scheduled"}
    assert {row["notes"] for row in imported(third, "appointments").values()} == {""}
    assert {"cancelled", "completed"} < {row["status"] for row in imported(second, "appointments").values()}


def test_notes_of_events_are_raw_and_consult_notes_are_nowhere(
    small: SyntheticClinic, first: OlderState, second: OlderState
) -> None:
    events = records(small, "API_event")
    for state in (first, second):
        for key, row in imported(state, "appointments").items():
            assert row["notes"] == (events[key]["note"] or "")
    assert any(events[key]["Consult Notes"] for key in imported(second, "appointments"))


def test_a_reason_is_what_stands_before_the_first_full_stop_however_long(
    small: SyntheticClinic, first: OlderState
) -> None:
    events, rows = records(small, "API_event"), imported(first, "appointments")
    for key, row in rows.items():
        if "." in str(events[key]["note"]):
            assert row["reason"] == str(events[key]["note"]).split(".", maxsplit=1)[0]


def test_notes_are_trimmed_by_the_first_raw_in_the_second_and_cells_in_the_third(
    small: SyntheticClinic, first: OlderState, second: OlderState, third: OlderState
) -> None:
    notes = records(small, "API_Notes")
    for key, row in imported(first, "notes").items():
        assert row["content"] == str(notes[key]["Note"]).strip()
    for key, row in imported(second, "notes").items():
        assert row["content"] == notes[key]["Note"]
    cells = [str(row["content"]) for row in imported(third, "notes").values()]
    assert not any("\x0b" in cell or "\x00" in cell for cell in cells)
    assert {"\r", "\n", "_x000D_"} <= {
        end for end in ("\r", "\n", "_x000D_") for cell in cells if end in cell
    }


def test_the_second_reads_the_first_page_of_notes_only(small: SyntheticClinic, second: OlderState) -> None:
    order = [str(note["id"]).lower() for note in small.entities["API_Notes"]]
    assert max(order.index(key) for key in imported(second, "notes")) < 200 < len(order)


def test_documents_have_both_forms_of_keys_and_each_file_is_where_its_row_says(
    first: OlderState, second: OlderState, third: OlderState
) -> None:
    for state in (first, second, third):
        keys = {entry.key: len(entry.body) for entry in state.objects}
        rows = imported(state, "documents_document")
        forms = Counter(
            str(row["s3_key"]).lower().rpartition("/")[2] == f"{key}.pdf" for key, row in rows.items()
        )
        assert min(forms[True], forms[False]) > 60
        assert all(keys[str(row["s3_key"])] == row["file_size"] for row in rows.values())
        assert state.book.strays


def test_documents_that_were_linked_again_point_at_the_living_and_only_d2_moved_their_files(
    second: OlderState, third: OlderState
) -> None:
    for state, is_moved in ((second, True), (third, False)):
        living = {str(row["id"]) for row in state.rows["patients"]}
        linked = [row for row in imported(state, "documents_document").values() if row["object_id"] in living]
        assert len(linked) > 150
        assert {str(row["s3_key"]).split("/")[3] in living for row in linked} == {is_moved}
        assert {row["updated_at"] == row["uploaded_at"] for row in linked} == {not is_moved}


def test_images_have_ids_or_keys_of_the_dump_and_batches_names_in_two_forms(
    small: SyntheticClinic, first: OlderState, third: OlderState
) -> None:
    assert all(row["filemaker_id"] == key for key, row in imported(first, "images_image").items())
    assert {row["filemaker_id"] for row in imported(third, "images_image").values()} == {None}
    names = [str(row["name"]) for row in imported(first, "images_batch").values()]
    assert {"/" in name for name in names} == {True, False}
    dated = {row.filemaker_id.lower() for row in small.image_csv_rows if row.day and row.key}
    assert imported(third, "images_image").keys() <= dated
    for state in (first, third):
        keys = {entry.key for entry in state.objects}
        rows = imported(state, "images_image").values()
        assert {row["s3_key"] for row in rows} <= keys
        assert {row["s3_thumbnail_key"] for row in rows} - {""} <= keys


def test_image_counts_are_those_of_the_rows_a_person_s_own_included(
    first: OlderState, third: OlderState
) -> None:
    for state in (first, third):
        counted = Counter(row["batch_id"] for row in state.rows["images_image"])
        for row in state.rows["images_batch"]:
            assert row["image_count"] == counted[row["id"]]
