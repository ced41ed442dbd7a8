"""What a report says of rows that are gone from FileMaker: each of them once, and nothing that is not so."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.present.report.facts import TableFacts
from nexus_reimport.present.report.sentences import told_of
from nexus_reimport_tests.present.report.samples import reimport

FEW = st.integers(0, 4)


def rows_said(done: dict[str, int], words: str) -> int:
    """Return of how many rows the report of a run says these words."""
    facts = replace(reimport(), tables=[TableFacts("patients", done=done)])
    found = [line for line in told_of(facts) if words in line]
    return sum(int(line.removeprefix("Patients: ").split(" ")[0]) for line in found)


@given(kept=FEW, removed=FEW, archived=FEW, damaged=FEW)
def test_each_row_that_is_gone_is_said_to_stay_or_to_be_taken_out_or_archived_and_never_two_of_these(
    kept: int, removed: int, archived: int, damaged: int
) -> None:
    done = {
        "missing": kept + removed + archived,
        "missing_kept": kept,
        "archived": archived,
        "removed": removed + damaged,
    }
    assert rows_said(done, " in Nexus.") - rows_said(done, "archived in Nexus.") == kept
    assert rows_said(done, "longer in FileMaker and were taken out") + rows_said(
        done, "is no longer in FileMaker and was taken out"
    ) == (removed)
    assert rows_said(done, "archived in Nexus.") == archived
    assert rows_said(done, "from earlier imports") == damaged


def test_a_run_of_an_earlier_release_that_did_not_tell_how_many_stay_is_not_said_to_have_taken_them_out() -> (
    None
):
    assert rows_said({"missing": 3, "removed": 2}, "from earlier imports") == 2
    assert rows_said({"missing": 3, "removed": 2}, "They stay in Nexus") == 3
