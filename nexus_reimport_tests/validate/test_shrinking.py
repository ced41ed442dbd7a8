"""A source that says less than at its last publication is told of, by rows and by field, whatever it is."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.sandbox.clinic import synthetic_clinic
from nexus_reimport.transform.source_figures import FieldFigures, SourceFigures, figures_of
from nexus_reimport.validate.shrinking import SET_IN_BULK, losses_between, shrinking_finding
from nexus_reimport_tests.staged_clinic import sources_of

TEXT = pd.ArrowDtype(pa.string())
Values = Sequence[object]
# In which ways one field of a source may come to say less: its values before, and after.
FADES: dict[str, Callable[[Values], Values]] = {
    "is null": lambda values: [None] * len(values),
    "is blank": lambda values: [" \u00a0\n"] * len(values),
    "is ?": lambda values: ["?"] * len(values),
    "is a dash": lambda values: ["--"] * len(values),
    "is null in half": lambda values: [None if place % 2 else one for place, one in enumerate(values)],
    "is null in a sixth": lambda values: [
        None if place % 6 == 0 else one for place, one in enumerate(values)
    ],
    "is one letter": lambda values: [one and "x" for one in values],
    "is one value": lambda values: [one and "Unknown" for one in values],
    "is one value in half": lambda values: [
        "Unknown" if one and place % 2 else one for place, one in enumerate(values)
    ],
}
# How much of what a field says must differ for it to come to say less by that.
APART = {"is one letter": 1 / 3, "is one value": 1 / 3, "is one value in half": 2 / 3}


FRAMES = sources_of(synthetic_clinic(0.1)).frames
LAST = {source: figures_of(frame) for source, frame in FRAMES.items()}


def cases() -> Iterator[tuple[str, str, str]]:
    """Every field of every source that says something worth losing, with each way to lose it."""
    for source, last in LAST.items():
        for name, figures in last.fields.items():
            for way in FADES:
                few = figures.filled < (40 if "in " in way else 3)
                alike = name in SET_IN_BULK or figures.filled < 40
                if few or (way in APART and (alike or figures.apart < APART[way] * figures.filled)):
                    continue
                if way != "is one letter" or figures.worded > figures.filled / 3:
                    yield source, name, way


CASES = list(cases())


def faded(source: str, name: str, way: str) -> pd.DataFrame:
    values = [None if pd.isna(one) else str(one) for one in FRAMES[source][name]]
    return FRAMES[source].assign(**{name: pd.array(FADES[way](values), dtype=TEXT)})


def losses(source: str, frame: pd.DataFrame) -> list[str]:
    return [one.field for one in losses_between(source, LAST[source], figures_of(frame))]


def test_every_field_of_every_source_is_missed_in_whichever_way_it_goes_blank() -> None:
    assert len(CASES) > 300
    assert {source for source, _, _ in CASES} == set(FRAMES)
    silent = [one for one in CASES if losses(one[0], faded(*one)) != [one[1]]]
    assert silent == []


@pytest.mark.parametrize("source", FRAMES)
@pytest.mark.parametrize("share", [0, 0.5, 0.7])
def test_every_source_is_missed_that_is_empty_or_has_a_part_of_its_rows(source: str, share: float) -> None:
    frame = FRAMES[source]
    assert "" in losses(source, frame.iloc[: int(len(frame) * share)])


@pytest.mark.parametrize("source", FRAMES)
def test_a_field_that_is_sent_no_more_is_missed_like_one_that_is_blank(source: str) -> None:
    for name, figures in LAST[source].fields.items():
        if figures.filled >= 3:
            assert losses(source, FRAMES[source].drop(columns=[name])) == [name]


@pytest.mark.parametrize("source", FRAMES)
def test_nothing_is_missed_of_a_source_that_is_as_it_was_or_lost_a_row_in_twenty(source: str) -> None:
    frame = FRAMES[source]
    assert losses(source, frame) == []
    assert losses(source, frame.iloc[[place for place in range(len(frame)) if place % 20]]) == []


def test_a_clinic_that_closes_and_flags_that_are_taken_off_are_ordinary() -> None:
    few = FieldFigures(10, 0, 0)
    last = SourceFigures(5, {})
    assert list(losses_between("filemaker/clinics", last, SourceFigures(3, {}))) == []
    last = SourceFigures(500, {"Diabetes": few, "DOB": FieldFigures(499, 499, 480)})
    now = SourceFigures(500, {"Diabetes": FieldFigures(6, 0, 0), "DOB": FieldFigures(460, 460, 440)})
    assert list(losses_between("filemaker/contacts", last, now)) == []


def test_rows_that_are_new_may_be_without_what_the_others_have() -> None:
    last = SourceFigures(100, {"DOB": FieldFigures(100, 100, 90)})
    now = SourceFigures(200, {"DOB": FieldFigures(100, 100, 90)})
    assert list(losses_between("filemaker/contacts", last, now)) == []


def test_the_few_messages_that_failed_may_all_be_mended() -> None:
    last = SourceFigures(5000, {"MessageStatus": FieldFigures(5000, 5000, 30)})
    now = SourceFigures(5000, {"MessageStatus": FieldFigures(5000, 5000, 0)})
    assert list(losses_between("filemaker/messages", last, now)) == []


def test_it_is_said_in_counts_what_is_less_what_it_may_mean_and_how_to_allow_it() -> None:
    frame = FRAMES["filemaker/contacts"].assign(DOB=None, **{"Health Number": None})
    finding = shrinking_finding("filemaker/contacts", LAST["filemaker/contacts"], figures_of(frame), [])
    had, rows = LAST["filemaker/contacts"].fields["DOB"].filled, len(frame)
    assert not finding.passed
    assert f"DOB says something in {had} of {rows} rows before, in 0 of {rows} now" in finding.says
    assert "A changed privilege set may hide the field" in finding.says
    assert '--allow-shrunk contacts.DOB --allow-shrunk "contacts.Health Number"' in finding.says
    one = shrinking_finding(
        "filemaker/contacts", LAST["filemaker/contacts"], figures_of(frame), ["contacts.DOB"]
    )
    assert not one.passed
    assert "--allow-shrunk contacts.DOB" not in one.says
    both = ["contacts.DOB", "contacts.Health Number"]
    allowed = shrinking_finding("filemaker/contacts", LAST["filemaker/contacts"], figures_of(frame), both)
    assert allowed.passed
    assert "Allowed" in allowed.says


def test_a_list_that_was_full_and_is_empty_is_told_with_what_filemaker_counts() -> None:
    source = "filemaker/contact_details"
    finding = shrinking_finding(source, LAST[source], SourceFigures(0, {}), ["patients"])
    assert not finding.passed
    assert "0 now. A changed privilege set" in finding.says
    assert "it counts what the account may view" in finding.says
    assert shrinking_finding(source, LAST[source], SourceFigures(0, {}), ["contact_details"]).passed


@pytest.mark.parametrize("name", ["patients", "contacts"])
def test_a_source_is_allowed_by_its_name_and_by_the_table_that_is_read_from_it(name: str) -> None:
    source = "filemaker/contacts"
    fewer = figures_of(FRAMES[source].iloc[:100])
    assert not shrinking_finding(source, LAST[source], fewer, ["notes"]).passed
    assert shrinking_finding(source, LAST[source], fewer, [name]).passed


def test_before_the_first_publication_there_is_nothing_to_be_less_than() -> None:
    finding = shrinking_finding("files/s3_listing", None, SourceFigures(3, {}), [])
    assert finding.passed
    assert "no earlier publication" in finding.says
