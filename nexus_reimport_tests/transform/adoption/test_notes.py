"""Which living note is which of FileMaker's: by patient and text, and by who made it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_reimport.transform.adoption.notes import sheet_days
from nexus_reimport.transform.adoption.rows_in_nexus import LivingNote
from nexus_reimport.transform.adoption.texts import bare, compared, digest
from nexus_reimport_tests.transform.records import (
    Record,
    StateRow,
    cells,
    contact,
    fm,
    key,
    line,
    notes_of,
    patients_of,
    reasons,
    state_of,
    uid,
)

ANN = uid(1)
ALIVE: StateRow = ("claim:patients", key(1), ANN)
IMPORTER, KIM = "FileMaker Import", "kim"


def note(number: int, text: str = "Fine.", **fields: str | None) -> Record:
    return {"id": fm(200 + number), "id_Key": fm(1), "Note": text, "creationAccountName": KIM, **fields}


def row(
    number: int,
    text: str = "Fine.",
    by: str = IMPORTER,
    note_type: str = "other",
    *,
    patient: str = ANN,
    imported: bool | None = None,
) -> StateRow:
    """A living note, as the reimports wrote it."""
    return line(
        LivingNote(
            id=uid(number),
            patient=patient,
            text=digest(compared(text)),
            bare=digest(bare(text)),
            author=digest(by),
            note_type=digest(note_type),
            imported=by == IMPORTER if imported is None else imported,
        )
    )


def adopted(notes: list[Record], *rows: StateRow) -> list[int | None]:
    """Return which row each note is, by number, None for a new one."""
    state = state_of(ALIVE, *rows)
    staged = notes_of(*notes, patients=patients_of(contact(1), state=state), state=state)
    assert "id" not in {field for _, field, _ in reasons(staged.warnings)}
    numbers = {uid(number): number for number in range(200)}
    return [numbers.get(str(row_id)) for row_id in cells(staged, "id")]


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("Fine.", "Fine."),
        ("  \nFine.\n\n ", "Fine."),
        ("Fine.", "  \nFine.\n\n "),
        ("a.\rb\r\n", "a.\r\nb\r"),
        ("a.\x0bb\x0b", "a.b"),
        ("a.\rb", "a._x000D_\nb"),
        ("a.\rb", "a._x000D_b"),
        ("\u00a0a b", "a\u00a0b"),
        ("a\x00b", "ab"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("a b", "a \t b"),
        ("38", "38"),
        ("7/11/2021", "2021-11-07T00:00:00"),
        ("12/03/2019", "2019-03-12 00:00:00"),
        ("3/13/2019", "2019-03-13T00:00:00"),
    ],
)
def test_a_row_with_the_text_is_adopted_whatever_has_become_of_it(text: str, old: str) -> None:
    assert adopted([note(1, text)], row(3, "else"), row(4, old)) == [4]


@pytest.mark.parametrize(
    "given_row",
    [
        row(3, "Fine"),
        row(3, "fine."),
        row(3, patient=uid(2)),
        row(3, by="Marigold"),
        row(3, by="Marigold", note_type="Clinical Notes", imported=True),
        row(3, by=""),
        row(3, by="KIM"),
    ],
)
def test_another_text_patient_or_person_is_another_note(given_row: StateRow) -> None:
    assert adopted([note(1)], given_row) == [None]


def test_a_note_by_filemakers_own_account_is_taken_if_no_import_has_one() -> None:
    assert adopted([note(1)], row(3, by=KIM, note_type="clinical_notes")) == [3]
    assert adopted([note(1)], row(3, by=KIM, note_type="clinical_notes"), row(4)) == [4]
    assert adopted([note(1, creationAccountName="jo")], row(3, by=KIM, note_type="clinical_notes")) == [None]


def test_without_an_account_only_the_importers_rows_are_taken() -> None:
    assert adopted([note(1, creationAccountName=None)], row(3, by=KIM), row(4)) == [4]


def test_the_first_exports_row_is_known_by_account_and_type() -> None:
    by_jo = note(1, creationAccountName="jo", **{"Note Type": "Scan"})
    by_kim = note(2, **{"Note Type": "Phone call"})
    rows = (
        row(3, by=KIM, note_type="Phone call", imported=True),
        row(4, by="jo", note_type="Scan", imported=True),
    )
    assert adopted([by_jo, by_kim], *rows) == [4, 3]
    untyped = row(5, by=KIM, note_type="General", imported=True)
    assert adopted([note(1), by_kim], *rows, untyped) == [5, 3]


def test_notes_of_one_text_are_paired_one_to_one_in_order() -> None:
    later = note(1, creationTimestamp="2020-01-01T00:00:00Z")
    assert adopted([later, note(2)], row(3), row(4)) == [4, 3]
    assert adopted([note(1), note(2), note(3)], row(3), row(4)) == [3, 4, None]
    assert adopted([note(1)], row(3), row(4)) == [3]


def test_the_exact_text_comes_before_one_that_differs_in_white_space() -> None:
    assert adopted([note(1, "a b")], row(3, "ab"), row(4, "a b\r\n")) == [4]
    assert adopted([note(1, "a b"), note(2, "ab")], row(3, "ab"), row(4, "a  b")) == [4, 3]


def test_a_kept_identity_is_never_decided_again() -> None:
    assert adopted([note(1), note(2)], ("identity:notes", key(202), uid(3)), row(3), row(4)) == [4, 3]


def test_a_row_of_the_other_of_two_rows_that_are_one_patient_is_theirs() -> None:
    assert adopted([note(1)], ("claim:patients", key(1), uid(2)), row(3, patient=uid(2))) == [3]


@pytest.mark.parametrize("text", ["", "7/11/21", "on 7/11/2021", "31/31/2021", "0/1/2021", "7/11/2021."])
def test_what_is_no_day_alone_a_sheet_leaves_as_it_is(text: str) -> None:
    assert sheet_days(text) == []


def test_a_sheet_has_the_day_first_then_the_month() -> None:
    assert [day for day in sheet_days(" 4/03/2019\r") if "T" in day] == [
        "2019-03-04T00:00:00",
        "2019-04-03T00:00:00",
    ]


TEXTS = st.sampled_from(["Fine.", "Fine.\r\n", "F ine.", "else", "7/11/2021", "2021-11-07T00:00:00"])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(TEXTS, max_size=5),
    st.lists(st.tuples(TEXTS, st.sampled_from([IMPORTER, KIM, "jo"])), max_size=5),
)
def test_no_row_is_two_notes_and_none_is_anybody_elses(texts: list[str], rows: list[tuple[str, str]]) -> None:
    lines = [row(number + 10, text, by) for number, (text, by) in enumerate(rows)]
    found = [number for number in adopted([note(n, text) for n, text in enumerate(texts)], *lines) if number]
    assert len(set(found)) == len(found)
    assert all(rows[number - 10][1] in (IMPORTER, KIM) for number in found)
