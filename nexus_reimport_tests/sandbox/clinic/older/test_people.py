"""What people made beside an older import: it looks like an import's rows, and the book knows better."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.clinic.older import OlderState, older_state


@pytest.fixture(scope="module")
def state(small: SyntheticClinic) -> OlderState:
    return older_state("older:P3+A2+N2+D3+I2", small)


def peoples(state: OlderState, relation: str) -> Iterator[Row]:
    """People's rows of a relation, without those that are like one import's row."""
    ids = state.book.people[relation] - state.book.look_alikes
    return (row for row in state.rows[relation] if row["id"] in ids)


def look_alikes(state: OlderState, relation: str) -> list[Row]:
    """People's rows of a relation that are like one import's row."""
    ids = state.book.people[relation] & state.book.look_alikes
    return [row for row in state.rows[relation] if row["id"] in ids]


def test_people_book_at_the_start_of_an_event_and_at_noon_and_midnight_of_its_day(
    small: SyntheticClinic, state: OlderState
) -> None:
    patients = {str(row["id"]): row for row in state.rows["patients"]}
    days: dict[str, set[str]] = {}
    for event in small.entities["API_event"]:
        days.setdefault(str(event["id_Contact"]), set()).add(str(event["startDate"]))
    kinds = set()
    for row in peoples(state, "appointments"):
        start = row["start_time"]
        assert isinstance(start, datetime)
        wall = start.astimezone(ZoneInfo("Australia/Sydney"))
        metadata = patients[str(row["patient_id"])]["filemaker_metadata"]
        contact = str(metadata.get("filemaker_id")) if isinstance(metadata, dict) else ""
        if f"{wall:%Y-%m-%d}" in days.get(contact, ()):
            kinds.add("series" if row["is_recurring"] else f"{wall:%H:%M}")
            assert row["reason"]
    assert kinds >= {"series", "12:00", "00:00"}
    assert any(row["parent_appointment_id"] for row in peoples(state, "appointments"))


def test_people_type_notes_again_in_words_that_filemaker_has(
    small: SyntheticClinic, state: OlderState
) -> None:
    words = {note["Note"] for note in small.entities["API_Notes"]}
    accounts = {note["creationAccountName"] for note in small.entities["API_Notes"]}
    typed = [row for row in peoples(state, "notes") if row["content"] in words]
    assert typed
    assert not {row["created_by"] for row in typed} & accounts


def test_people_send_an_sms_again_as_two_rows_one_of_them_without_the_patient(
    small: SyntheticClinic, state: OlderState
) -> None:
    bodies = {message["MessageBody"] for message in small.entities["API_Messages"]}
    sent = [row for row in peoples(state, "sms_messages") if row["message"] in bodies]
    assert len(sent) >= 2
    assert {row["patient_id"] is None for row in sent} == {True, False}


def test_people_upload_files_named_by_a_filemaker_id_that_their_keys_do_not_have(
    small: SyntheticClinic, state: OlderState
) -> None:
    ids = {str(doc["id"]) for doc in small.entities["API_Docs"]}
    named = [row for row in peoples(state, "documents_document") if str(row["file_name"])[:-4] in ids]
    assert named
    keys = {entry.key for entry in state.objects}
    for row in named:
        assert row["s3_key"] in keys
        assert str(row["file_name"])[:-4] not in str(row["s3_key"])


def test_people_go_on_with_imported_rows_which_stay_imported(state: OlderState) -> None:
    worked_on = [row for row in state.rows["appointments"] if row["id"] in state.book.worked_on]
    assert {row["status"] for row in worked_on} == {"checked_in"}
    assert state.book.worked_on <= state.book.sources["appointments"].keys()
    renamed = state.book.edits["images_batch"]
    assert renamed.keys() <= state.book.sources["images_batch"].keys()
    own = {row["batch_id"] for row in peoples(state, "images_image")}
    assert own & state.book.sources["images_batch"].keys()


def test_people_book_again_at_the_very_start_of_an_imported_appointment_with_its_notes(
    state: OlderState,
) -> None:
    rows = list(state.rows["appointments"])
    starts = {
        (row["patient_id"], row["start_time"], row["notes"])
        for row in rows
        if row["id"] in state.book.sources["appointments"]
    }
    again = [
        row
        for row in look_alikes(state, "appointments")
        if (row["patient_id"], row["start_time"], row["notes"]) in starts and not row["is_recurring"]
    ]
    assert len({(row["reason"] is None, row["appointment_type_id"] is None) for row in again}) >= 2
    assert not [row for row in again if row["reason"] is None and row["appointment_type_id"] is None]


def test_people_upload_documents_whose_key_has_filemakers_name(state: OlderState) -> None:
    ids = set(state.book.sources["documents_document"].values())
    keys = [str(row["s3_key"]) for row in look_alikes(state, "documents_document")]
    assert [key for key in keys if key.rpartition("/")[2].removesuffix(".pdf").lower() in ids]
    assert set(keys) <= {entry.key for entry in state.objects}


def test_an_app_created_namesake_has_rows_like_the_other_s_and_a_batch_with_an_import_s_name(
    state: OlderState,
) -> None:
    named = {(row["first_name"], row["last_name"], row["dob"]): row for row in state.rows["patients"]}
    namesakes = [
        row
        for row in look_alikes(state, "patients")
        if row["dob"] and named[row["first_name"], row["last_name"], row["dob"]] and not row["mrn"]
    ]
    assert namesakes
    ids = {row["id"] for row in namesakes}
    for relation in ("appointments", "notes"):
        assert [row for row in look_alikes(state, relation) if row["patient_id"] in ids]
    batches = [row for row in look_alikes(state, "images_batch") if row["object_id"] in ids]
    assert {str(row["name"]).endswith("(FileMaker Import)") for row in batches} == {True}
