"""What a check finds, in words and counts, with keys and never a value."""

import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.model.filemaker import BY_ASSET
from nexus_reimport.model.frame_checks import schema_of
from nexus_reimport.model.frames import REJECTS
from nexus_reimport.model.nexus import DOCUMENTS, NOTES, TABLES
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate import findings
from nexus_reimport_tests.load.staged_frames import staged_table, uid

TEXT = pd.ArrowDtype(pa.string())


def text_frame(**columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.array(values, dtype=TEXT) for name, values in columns.items()})


def report(*lines: tuple[str, str, str]) -> pd.DataFrame:
    columns: list[list[str]] = [
        list(values) for values in zip(*(("notes", *line) for line in lines), strict=True)
    ]
    return text_frame(**dict(zip(REJECTS.names, columns or [[], [], [], []], strict=True)))  # type: ignore[arg-type]  # lists of text are lists of optional text


def staged_notes(*names: str, rejects: pd.DataFrame | None = None, patient: str = "ann") -> Staged:
    rows = staged_table(NOTES, *({"name": name, "patient_id": uid(patient)} for name in names)).rows
    return Staged(rows, report() if rejects is None else rejects, report())


def test_an_extract_is_complete_when_its_different_keys_are_as_many_as_declared() -> None:
    frame = text_frame(id=["A", "a", "B"])
    assert findings.complete_finding(frame, "id", 2).passed
    short = findings.complete_finding(frame, "id", 3)
    assert not short.passed
    assert "1 are missing" in short.says
    assert not findings.complete_finding(frame, "id", 1).passed
    assert not findings.complete_finding(frame, "id", -1).passed


def test_ids_that_differ_in_case_only_or_are_missing_are_not_unique() -> None:
    assert findings.unique_finding(text_frame(id=["a", "b"]), "id").passed
    assert findings.unique_finding(text_frame(id=["a", "A"]), "id").facts["first_keys"] == ["a"]
    assert not findings.unique_finding(text_frame(id=["a", None]), "id").passed


def test_a_frame_of_another_shape_is_described_by_rule_and_key() -> None:
    clinics = BY_ASSET["clinics"]
    values: dict[str, list[str | None]] = {name: ["1"] for name in clinics.names}
    good = text_frame(**values)
    assert findings.shape_finding(schema_of(clinics.frame), good, clinics.key).passed
    bad = good.drop(columns=["Name"])
    finding = findings.shape_finding(schema_of(clinics.frame), bad, clinics.key)
    assert not finding.passed
    assert any(name.startswith("Name") for name in finding.facts["by_rule"])  # type: ignore[union-attr]  # it is a mapping


def test_links_are_to_what_is_staged_or_in_nexus() -> None:
    notes = staged_notes("one", "two")
    assert findings.links_finding(NOTES, notes, {"patients": frozenset({uid("ann")})}).passed
    broken = findings.links_finding(NOTES, notes, {"patients": frozenset()})
    assert not broken.passed
    assert broken.facts["broken"] == {"patient_id": 2}
    assert broken.facts["first_keys"] == sorted([uid("key one"), uid("key two")])


def test_a_document_without_a_patient_is_no_broken_link() -> None:
    rows = staged_table(DOCUMENTS, {"name": "one"}).rows
    assert findings.links_finding(
        DOCUMENTS, Staged(rows, report(), report()), {"patients": frozenset()}
    ).passed


def keys(*names: str) -> list[str]:
    return [uid(f"key {name}") for name in names]


def test_every_row_is_staged_or_rejected_once() -> None:
    rejects = report((uid("key three"), "Note", "empty_content"))
    notes = staged_notes("one", "two", rejects=rejects)
    assert findings.accounting_finding(keys("one", "two", "three"), notes).passed


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (["one", "two", "three"], "1 are unaccounted for"),
        (["one"], "1 come from nowhere"),
    ],
)
def test_a_row_that_is_lost_or_invented_is_found(read: list[str], said: str) -> None:
    finding = findings.accounting_finding(keys(*read), staged_notes("one", "two"))
    assert not finding.passed
    assert said in finding.says


def test_a_row_that_is_staged_and_rejected_is_found() -> None:
    notes = staged_notes("one", rejects=report((uid("key one"), "Note", "empty_content")))
    finding = findings.accounting_finding(keys("one"), notes)
    assert not finding.passed
    assert "1 are there twice" in finding.says


def test_a_tenth_less_is_no_shrinking_and_more_than_that_is() -> None:
    last = {"read": 10, "rows": 10}
    nine, eight = staged_notes(*"abcdefghi"), staged_notes(*"abcdefgh")
    assert findings.shrunk_finding("notes", nine, last, []).passed
    finding = findings.shrunk_finding("notes", eight, last, [])
    assert not finding.passed
    assert "name notes in the run's allow_shrunk" in finding.says
    assert findings.shrunk_finding("notes", eight, last, ["notes"]).passed
    assert not findings.shrunk_finding("notes", eight, last, ["patients"]).passed


def test_rows_that_are_rejected_where_they_were_published_are_shrinking_too() -> None:
    rejects = report(*((uid(name), "id_Key", "patient_not_found") for name in "cdefghij"))
    finding = findings.shrunk_finding(
        "notes", staged_notes("a", "b", rejects=rejects), {"read": 10, "rows": 10}, []
    )
    assert not finding.passed
    assert "10 rows before, 2 now" in finding.says


def test_rows_cut_off_by_a_limit_count_as_there() -> None:
    rejects = report(*((uid(name), "id", "limit") for name in "cdefghij"))
    staged = staged_notes("a", "b", rejects=rejects)
    assert findings.shrunk_finding("notes", staged, {"read": 10, "rows": 10}, []).passed


def test_a_first_publication_cannot_have_shrunk() -> None:
    assert findings.shrunk_finding("notes", staged_notes(), {}, []).passed


def test_two_claims_on_one_filemaker_id_are_named_by_key() -> None:
    notes = staged_notes("one")
    assert findings.claims_finding(notes).passed
    claimed = Staged(
        notes.rows, notes.rejects, report(("k", "id", "claimed_twice"), ("l", "dob", "bad_date"))
    )
    finding = findings.claims_finding(claimed)
    assert not finding.passed
    assert finding.facts == {"first_keys": ["k"]}


def test_known_rows_are_those_of_nexus_and_those_staged() -> None:
    state = text_frame(
        kind=["clinic_name", "live:patients", "clinician_id", "adoptable:notes"],
        key=["north", "k", "c", "d"],
        id=["clinic-1", "patient-1", "clinician-1", "note-1"],
        detail=[None] * 4,
    )
    known = findings.known_rows(state, {"notes": staged_notes("one")})
    assert known["clinics"] == {"clinic-1"}
    assert known["patients"] == {"patient-1"}
    assert known["clinicians"] == {"clinician-1"}
    assert known["notes"] == {uid("notes one")}
    assert set(known) >= {link.relation for table in TABLES for link in table.links} - {"images_batch"}


def test_the_last_counts_are_those_of_the_table() -> None:
    state = text_frame(
        kind=["published:notes", "published:notes", "published:patients"],
        key=["read", "rows", "read"],
        id=["12", "10", "3"],
        detail=[None] * 3,
    )
    assert findings.last_counts(state, "notes") == {"read": 12, "rows": 10}
    assert findings.last_counts(state, "documents") == {}


def test_only_so_many_keys_are_shown() -> None:
    assert len(findings.first_keys(pd.Series([f"{n:03d}" for n in range(100)]))) == findings.KEYS_SHOWN
