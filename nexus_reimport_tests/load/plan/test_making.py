"""A plan of a few rows: what it says is what the publication then does, and it writes nothing."""

from collections.abc import Mapping

import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.exceptions import BrokenLinks, PlanMoved
from nexus_reimport.load.plan.making import Planned, make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.nexus import NOTES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport_tests.line import contents, query
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN = {"name": "ann", "first_name": "Ann"}
BEN = {"name": "ben", "first_name": "Ben"}
NOTE = {"name": "note", "patient_id": uid("patients ann"), "content": "a"}


def plan(url: str, staged: Mapping[str, StagedTable]) -> Planned:
    return make_plan(url, staged, Options(), [])


def apply(url: str, planned: Planned, staged: Mapping[str, StagedTable]) -> Publication:
    return publish(url, "the run", AS_OF, staged, terms=PublicationTerms(planned=planned.writes, plan_id="p"))


def counts(planned: Planned) -> Mapping[str, object]:
    return {name: one.counts for name, one in planned.tables.items()}


def test_a_plan_over_a_nexus_that_has_never_been_published_to_is_what_is_then_done(
    nexus_database: str,
) -> None:
    staged = {
        "patients": staged_table(PATIENTS, ANN, BEN),
        "notes": staged_table(NOTES, {"patient_id": uid("patients ann")}),
    }
    before, written = contents(nexus_database), last_writes(nexus_database)
    planned = plan(nexus_database, staged)
    assert (contents(nexus_database), last_writes(nexus_database)) == (before, written)
    assert query(nexus_database, "SELECT to_regnamespace('nexus_reimport')") == [(None,)]
    assert planned.tables["patients"].counts.inserted == 2
    assert planned.tables["patients"].samples["insert"][0].keys() == {"key", "id"}
    assert len(planned.touched) == 3
    assert apply(nexus_database, planned, staged).tables == counts(planned)


def test_a_plan_names_the_fields_that_change_and_never_a_value(nexus_database: str) -> None:
    apply(
        nexus_database,
        plan(nexus_database, {"patients": staged_table(PATIENTS, ANN)}),
        {"patients": staged_table(PATIENTS, ANN)},
    )
    changed = staged_table(PATIENTS, {**ANN, "last_name": "Secretname"})
    planned = plan(nexus_database, {"patients": changed})
    assert planned.tables["patients"].fields == {"last_name": 1}
    assert planned.tables["patients"].samples["update"][0]["fields"] == ["last_name"]
    assert "Secretname" not in repr(planned)


def test_what_moved_after_the_plan_is_refused_and_nothing_is_written(nexus_database: str) -> None:
    first = {"patients": staged_table(PATIENTS, ANN, BEN)}
    apply(nexus_database, plan(nexus_database, first), first)
    changed = {"patients": staged_table(PATIENTS, {**ANN, "last_name": "Dell"}, BEN)}
    planned = plan(nexus_database, changed)
    query(nexus_database, "UPDATE patients SET mrn = '7' WHERE first_name = 'Ann'")
    before = contents(nexus_database)
    with pytest.raises(PlanMoved, match="patients"):
        apply(nexus_database, planned, changed)
    assert contents(nexus_database) == before
    again = plan(nexus_database, changed)
    assert apply(nexus_database, again, changed).tables == counts(again)


def test_a_plan_that_was_applied_already_has_nothing_left_to_refuse(nexus_database: str) -> None:
    staged = {"patients": staged_table(PATIENTS, ANN)}
    planned = plan(nexus_database, staged)
    assert apply(nexus_database, planned, staged).number == 1
    assert apply(nexus_database, planned, staged).number is None
    assert plan(nexus_database, staged).standing.applied == {"p": 1}


def test_filemaker_s_side_is_taken_field_by_field_where_a_table_is_named_and_that_is_said(
    nexus_database: str,
) -> None:
    first = {"patients": staged_table(PATIENTS, ANN), "notes": staged_table(NOTES, NOTE)}
    apply(nexus_database, plan(nexus_database, first), first)
    query(nexus_database, "UPDATE patients SET first_name = 'Anna', title = 'Dr', mrn = '7'")
    query(nexus_database, "UPDATE notes SET content = 'mine'")
    moved = {
        "patients": staged_table(PATIENTS, {**ANN, "title": "Ms", "last_name": "Dell"}),
        "notes": staged_table(NOTES, {**NOTE, "content": "theirs"}),
    }
    choices = Options(conflicts={"patients": "filemaker"})
    planned = make_plan(nexus_database, moved, choices, [])
    patients, notes = planned.tables["patients"], planned.tables["notes"]
    assert patients.samples["conflicts"][0]["fields"] == ["first_name", "title"]
    assert patients.fields == {"first_name": 1, "last_name": 1, "title": 1}
    assert (patients.counts.updated, patients.counts.conflicts, patients.counts.edits_kept) == (1, 1, 0)
    assert (notes.counts.updated, notes.counts.conflicts) == (0, 1)
    terms = PublicationTerms(choices, planned=planned.writes, plan_id="p")
    assert publish(nexus_database, "the run", AS_OF, moved, terms=terms).tables == counts(planned)
    row = "SELECT first_name, title, last_name, mrn FROM patients"
    assert query(nexus_database, row) == [("Ann", "Ms", "Dell", "7")]
    assert query(nexus_database, "SELECT content FROM notes") == [("mine",)]
    assert not any(make_plan(nexus_database, moved, choices, []).writes.values())
    assert plan(nexus_database, moved).tables["patients"].counts.edits_kept == 0


def test_a_plan_binds_the_values_too(nexus_database: str) -> None:
    planned = plan(nexus_database, {"patients": staged_table(PATIENTS, ANN)})
    other = {"patients": staged_table(PATIENTS, {**ANN, "last_name": "Other"})}
    with pytest.raises(PlanMoved, match="patients"):
        apply(nexus_database, planned, other)
    assert query(nexus_database, "SELECT count(*) FROM patients") == [(0,)]


def test_a_plan_refuses_rows_that_would_point_at_what_is_not_published_in_the_words_of_the_run(
    nexus_database: str,
) -> None:
    notes = {"notes": staged_table(NOTES, {"patient_id": uid("patients ann")}, {"patient_id": uid("nobody")})}
    before = contents(nexus_database)
    with pytest.raises(BrokenLinks) as planned:
        make_plan(nexus_database, notes, Options(), [])
    with pytest.raises(BrokenLinks) as published:
        publish(nexus_database, "run", AS_OF, notes)
    assert str(planned.value) == str(published.value)
    assert "(notes.patient_id: 2). Nothing was written. Publish patients too, or first;" in str(planned.value)
    assert contents(nexus_database) == before


def test_a_plan_of_rows_and_what_they_point_at_refuses_nothing(nexus_database: str) -> None:
    staged = {
        "patients": staged_table(PATIENTS, {"name": "ann"}),
        "notes": staged_table(NOTES, {"patient_id": uid("patients ann")}),
    }
    planned = make_plan(nexus_database, staged, Options(), [])
    assert [planned.tables[name].counts.inserted for name in ("patients", "notes")] == [1, 1]
