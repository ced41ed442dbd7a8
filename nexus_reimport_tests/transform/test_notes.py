"""Notes."""

from datetime import datetime

import pytest

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import NOTES
from nexus_reimport.transform.identity import derived_id
from nexus_reimport_tests.transform.records import (
    AS_OF,
    Record,
    cell,
    cells,
    contact,
    fm,
    key,
    notes_of,
    patients_of,
    reasons,
    seconds,
    state_of,
    uid,
)

PATIENT = derived_id("patients", key(1))


def note(number: int, **fields: str | None) -> Record:
    return {"id": fm(200 + number), "id_Key": fm(1), "Note": "Text", **fields}


def test_a_filemaker_note_becomes_a_note() -> None:
    staged = notes_of(
        note(1, Note=" a\x0bb\x00\rc ", Date="2016-01-05", creationAccountName="kim", **{"Note Type": "Scan"})
    )
    assert cell(staged, "id") == derived_id("notes", key(201))
    assert cell(staged, "patient_id") == PATIENT
    assert cell(staged, "content") == "a\nb\nc"
    assert cell(staged, "note_type") == "3d_scan_data"
    assert cell(staged, "created_by") == "kim"
    assert seconds(staged, "created_at") == ["2016-01-05T01:00:00+00:00"]
    assert cell(staged, "updated_at") == AS_OF
    assert reasons(staged.warnings) == []
    assert failures(schema_of(NOTES.staged), staged.rows, "source_key").empty


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Note": None}, ("Note", "empty_content")),
        ({"Note": " \x00\r\n"}, ("Note", "empty_content")),
        ({"Note": None, "id_Key": fm(2)}, ("Note", "empty_content")),
        ({"id_Key": fm(2)}, ("id_Key", "patient_not_found")),
        ({"id_Key": None}, ("id_Key", "patient_not_found")),
        ({"id": "x1"}, ("id", "bad_id")),
    ],
)
def test_a_note_without_content_or_patient_is_rejected(
    fields: dict[str, str | None], expected: tuple[str, str]
) -> None:
    staged = notes_of(note(1, **fields))
    assert [(field, reason) for _, field, reason in reasons(staged.rejects)] == [expected]
    assert staged.read == 1


def test_a_note_of_a_patient_cut_by_the_limit_is_rejected_for_the_limit() -> None:
    people = patients_of(contact(1), contact(2), limit=1)
    staged = notes_of(note(1), note(2, id_Key=fm(2)), patients=people)
    assert reasons(staged.rejects) == [(key(202), "id_Key", "limit")]


def test_a_note_of_a_patient_living_in_nexus_only_is_linked() -> None:
    staged = notes_of(note(1, id_Key=fm(7)), state=state_of(("live:patients", key(7), uid(7))))
    assert cell(staged, "patient_id") == uid(7)


def test_a_staged_patient_comes_before_a_living_one() -> None:
    staged = notes_of(note(1), state=state_of(("live:patients", key(1), uid(7))))
    assert cell(staged, "patient_id") == PATIENT


def test_without_an_account_the_import_wrote_the_note() -> None:
    assert cell(notes_of(note(1, creationAccountName=" ")), "created_by") == "FileMaker Import"


def test_a_long_account_name_is_cut() -> None:
    assert cell(notes_of(note(1, creationAccountName="k" * 100)), "created_by") == "k" * 100
    longer = notes_of(note(1, creationAccountName="k" * 101))
    assert cell(longer, "created_by") == "k" * 100
    assert reasons(longer.warnings) == [(key(201), "created_by", "too_long")]


def test_without_a_date_a_note_was_made_when_its_record_was() -> None:
    assert seconds(notes_of(note(1)), "created_at") == ["2016-10-14T00:02:28+00:00"]


@pytest.mark.parametrize("text", ["05/01/2016", "9999-12-31"])
def test_a_date_that_cannot_be_read_is_warned_of(text: str) -> None:
    staged = notes_of(note(1, Date=text))
    assert seconds(staged, "created_at") == ["2016-10-14T00:02:28+00:00"]
    assert reasons(staged.warnings) == [(key(201), "created_at", "bad_date")]


def test_notes_of_one_day_follow_one_another_by_creation() -> None:
    late, early = "2016-01-05T09:01:01+11:00", "2016-01-05T09:00:00+11:00"
    staged = notes_of(
        note(1, Date="2016-01-05", creationTimestamp=late),
        note(2, Date="2016-01-05", creationTimestamp=early),
    )
    assert seconds(staged, "created_at") == ["2016-01-05T01:00:00+00:00"] * 2
    first, second = (value for value in cells(staged, "created_at") if isinstance(value, datetime))
    assert first > second
