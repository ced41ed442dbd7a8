"""Extract frames as the rules read them."""

import orjson
import pytest

from nexus_reimport.model.filemaker import CLINICAL_NOTES as NOTE_RECORDS
from nexus_reimport.model.nexus import NOTES
from nexus_reimport.transform.dates import UNKNOWN_INSTANT
from nexus_reimport.transform.exceptions import MissingFieldError
from nexus_reimport.transform.extract_rows import creation_instants, read_extract
from nexus_reimport.transform.instants import SECOND
from nexus_reimport.transform.staged import Accounting
from nexus_reimport_tests.transform.records import Record, extract, fm, key, notes_of, reasons


def read(*records: Record) -> tuple[list[str], list[tuple[str, str, str]]]:
    ledger = Accounting(NOTES)
    found = read_extract(NOTE_RECORDS, extract(NOTE_RECORDS, *records), ledger)
    return found.keys, reasons(ledger.staged([], {}, {"note_type": "", "content": "", **STAMPS}).rejects)


STAMPS = {"id": "", "created_at": 0, "updated_at": 0, "patient_id": ""}


def test_rows_come_in_order_of_their_id_whatever_order_filemaker_answered_in() -> None:
    assert read({"id": fm(2)}, {"id": fm(3).lower()}, {"id": fm(1)}) == ([key(1), key(2), key(3)], [])


def test_a_row_whose_id_is_no_uuid_is_rejected() -> None:
    assert read({"id": "77"}, {"id": None}, {"id": fm(1)}) == (
        [key(1)],
        [("", "id", "bad_id"), ("77", "id", "bad_id")],
    )


@pytest.mark.parametrize("turned", [False, True])
def test_the_second_row_with_one_id_is_rejected(turned: bool) -> None:
    records: list[Record] = [{"id": fm(1), "Note": "first"}, {"id": fm(1).lower(), "Note": "second"}]
    ledger = Accounting(NOTES)
    found = read_extract(NOTE_RECORDS, extract(NOTE_RECORDS, *(records[::-1] if turned else records)), ledger)
    assert found.texts("Note") == ["first"]
    assert read(*records)[1] == [(key(1), "id", "duplicate_id")]


def test_fields_stay_with_their_row() -> None:
    found = read_extract(
        NOTE_RECORDS, extract(NOTE_RECORDS, {"id": fm(2), "Note": " b "}, {"id": fm(1), "Note": "a"})
    )
    assert found.texts("Note") == ["a", "b"]
    assert found.take([1]).texts("Note") == ["b"]
    assert found.take([]).keys == []


def test_a_field_the_frame_lacks_is_named() -> None:
    frame = extract(NOTE_RECORDS, {"id": fm(1)}).drop(columns="Note")
    with pytest.raises(MissingFieldError, match="filemaker/notes has no column 'Note'"):
        read_extract(NOTE_RECORDS, frame).texts("Note")


def created(*records: Record, preferred: list[int | None] | None = None) -> tuple[list[int], list[str]]:
    ledger = Accounting(NOTES)
    found = read_extract(NOTE_RECORDS, extract(NOTE_RECORDS, *records), ledger)
    moments = creation_instants(found, ledger, "created_at", preferred)
    staged = ledger.staged([], {}, {"note_type": "", "content": "", **STAMPS})
    return moments, staged.warnings["reason"].tolist()


def seconds(found: tuple[list[int], list[str]]) -> tuple[list[int], list[str]]:
    """When rows were made, to the second, and what was warned of."""
    return [moment // SECOND * SECOND for moment in found[0]], found[1]


def test_a_row_was_made_when_its_creation_timestamp_says() -> None:
    record: Record = {
        "creationTimestamp": "2000-01-01T10:00:00+10:00",
        "modificationTimestamp": "2001-01-01T00:00:00Z",
    }
    assert seconds(created({"id": fm(1), **record})) == ([UNKNOWN_INSTANT], [])


def test_without_a_creation_timestamp_the_modification_timestamp_counts() -> None:
    changed = "2000-01-01T00:00:01Z"
    for missing in (None, "", "garbage"):
        record: Record = {"creationTimestamp": missing, "modificationTimestamp": changed}
        assert seconds(created({"id": fm(1), **record})) == ([UNKNOWN_INSTANT + 1_000_000], [])


def test_without_any_timestamp_a_row_is_of_2000_with_a_warning() -> None:
    nothing: Record = {"creationTimestamp": None}
    found = created({"id": fm(1), **nothing}, {"id": fm(2), **nothing})
    assert seconds(found) == ([UNKNOWN_INSTANT] * 2, ["no_timestamp"] * 2)
    assert len(set(found[0])) == 2


def test_when_a_row_was_made_does_not_depend_on_the_others() -> None:
    nothing: Record = {"creationTimestamp": None}
    everybody = [{"id": fm(number), **nothing} for number in range(1, 30)]
    whole = created(*everybody)[0]
    assert len(set(whole)) == 29
    for lost in range(29):
        fewer = created(*everybody[:lost], *everybody[lost + 1 :])[0]
        assert fewer == whole[:lost] + whole[lost + 1 :]


def test_a_preferred_instant_comes_first_and_creation_breaks_its_ties() -> None:
    early: Record = {"creationTimestamp": "2000-01-01T00:00:00Z"}
    late: Record = {"creationTimestamp": "2000-01-01T00:01:01Z"}
    for rows in ((late, early), (early, late)):
        preferred: list[int | None] = [UNKNOWN_INSTANT + SECOND] * 2
        found = created(*({"id": fm(place), **row} for place, row in enumerate(rows)), preferred=preferred)
        assert seconds(found) == (preferred, [])
        assert (found[0][0] > found[0][1]) == (rows[0] is late)
    assert seconds(created({"id": fm(1), **early}, preferred=[None])) == ([UNKNOWN_INSTANT], [])


@pytest.mark.parametrize("reason", ["unreadable_value", "unreadable_character"])
def test_what_could_not_be_read_is_warned_of_by_key_and_field(reason: str) -> None:
    doubtful: Record = {"id": fm(1), "Note": "x", "unreadable": orjson.dumps({"Note Type": reason}).decode()}
    ledger = Accounting(NOTES)
    read_extract(NOTE_RECORDS, extract(NOTE_RECORDS, {"id": fm(2)}, doubtful), ledger)
    assert reasons(ledger.warnings()) == [(key(1), "Note Type", reason)]


def test_a_row_that_lacks_what_could_not_be_read_is_rejected_for_that() -> None:
    unread: Record = {"unreadable": '{"Note":"unreadable_value"}', "Note": None}
    good: Record = {"Note": "x", "id_Key": fm(1)}
    staged = notes_of({"id": fm(1), **unread}, {"id": fm(2), "Note": None}, {"id": fm(3), **good})
    assert reasons(staged.rejects) == [
        (key(1), "Note", "unreadable_value"),
        (key(2), "Note", "empty_content"),
    ]
    assert reasons(staged.warnings) == []
    assert len(staged.rows) == 1


def test_a_frame_that_an_earlier_release_stored_has_nothing_unreadable() -> None:
    frame = extract(NOTE_RECORDS, {"id": fm(1)}).drop(columns="unreadable")
    ledger = Accounting(NOTES)
    assert read_extract(NOTE_RECORDS, frame, ledger).keys == [key(1)]
    assert reasons(ledger.warnings()) == []
