"""A full reimport: exactly the figures of the clinic, and a second one that writes nothing."""

import dagster as dg
import pytest

from nexus_reimport.definitions import GATE
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import Line, query
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.writes import Writes, last_writes


@pytest.fixture(scope="module")
def twice(make_line: MakeLine) -> tuple[Line, list[RunOutcome], list[Writes]]:
    """A line run twice: the outcomes, and what was written after each."""
    line = make_line()
    first = line.run()
    between = last_writes(line.url)
    second = line.run()
    return line, [first, second], [between, last_writes(line.url)]


Twice = tuple[Line, list[RunOutcome], list[Writes]]


def test_every_table_has_exactly_the_rows_it_should(twice: Twice, clinic: SyntheticClinic) -> None:
    line, (outcome, _), _ = twice
    assert outcome.right
    assert outcome.failures == []
    for name, expected in clinic.expected.items():
        counts = outcome.tables[name]
        assert (name, counts["read"], counts["inserted"]) == (name, expected["read"], expected["published"])
        assert counts["rejected"] == expected["rejected"]
        relation = BY_NAME[name].relation
        assert query(line.url, f"SELECT count(*) FROM {relation}") == [(expected["published"],)]  # noqa: S608 - ours


def test_links_are_the_ones_the_clinic_has(twice: Twice, clinic: SyntheticClinic) -> None:
    line, _, _ = twice
    for name, column in (("documents", "object_id"), ("sms_messages", "patient_id")):
        relation = BY_NAME[name].relation
        found = query(line.url, f"SELECT count({column}), count(*) - count({column}) FROM {relation}")  # noqa: S608 - ours
        expected = clinic.expected[name]
        assert (name, found) == (name, [(expected["linked"], expected["unlinked"])])
    half = "SELECT count(*) FROM documents_document WHERE (object_id IS NULL) <> (content_type_id IS NULL)"
    assert query(line.url, half) == [(0,)]


def test_each_rejected_row_is_named_with_its_reason(twice: Twice, clinic: SyntheticClinic) -> None:
    line, _, _ = twice
    for table in TABLES:
        rejects = line.staged(table.name).rejects
        found = dict(zip(rejects["key"], rejects["reason"], strict=True))
        assert found == clinic.rejected.get(table.name, {})


def test_every_check_is_evaluated_and_passes_but_for_appointments_that_have_no_clinic(twice: Twice) -> None:
    _, outcomes, _ = twice
    for outcome in outcomes:
        failed = {one["check"]: one for one in outcome.checks if not one["passed"]}
        assert failed.keys() == {"every_appointment_has_a_clinic"}
        assert failed["every_appointment_has_a_clinic"]["severity"] == "WARN"
        evaluated = {(one["asset"], one["check"]) for one in outcome.checks}
        assert len(evaluated) == len(outcome.checks)
        assert {("staged/notes", "not_shrunk"), ("nexus/notes", "counts_as_staged")} <= evaluated
        named = {(key.to_user_string(), name) for key, names in GATE.blocking.items() for name in names}
        assert named <= evaluated


def test_a_second_run_leaves_everything_unchanged(twice: Twice, clinic: SyntheticClinic) -> None:
    _, (_, second), _ = twice
    for name, expected in clinic.expected.items():
        counts = second.tables[name]
        assert (counts["inserted"], counts["updated"]) == (0, 0)
        assert counts["unchanged"] == expected["published"]


def test_a_second_run_writes_no_row_by_the_databases_own_count(twice: Twice) -> None:
    _, _, (between, afterwards) = twice
    assert between.counted > 0
    assert afterwards == between


def test_only_the_run_that_wrote_is_a_publication(twice: Twice) -> None:
    line, (first, _), _ = twice
    found = query(line.url, "SELECT run_id, tables->'patients'->>'inserted' FROM nexus_reimport.publications")
    assert found == [(first.run_id, str(first.tables["patients"]["inserted"]))]


def test_the_gate_has_no_doubts_afterwards(twice: Twice) -> None:
    line, _, _ = twice
    assert GATE.doubts(line.instance, line.frames, [dg.AssetKey(["staged", t.name]) for t in TABLES]) == []


def told(line: Line, *path: str) -> dict[str, object]:
    event = line.instance.get_latest_materialization_event(dg.AssetKey(path))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: entry.value for name, entry in event.asset_materialization.metadata.items()}


@pytest.mark.parametrize("entity_set", ENTITY_SETS, ids=lambda one: one.asset)
def test_an_extract_tells_what_was_declared_and_received(
    twice: Twice, clinic: SyntheticClinic, entity_set: object
) -> None:
    line, _, _ = twice
    asset, entity = entity_set.asset, entity_set.entity  # type: ignore[attr-defined]  # a parameter
    facts = told(line, "filemaker", asset)
    assert facts["rows"] == facts["declared"] == facts["received"] == len(clinic.entities[entity])
    assert facts["retries"] == 0


def test_a_staged_table_tells_reasons_and_keys(twice: Twice, clinic: SyntheticClinic) -> None:
    line, _, _ = twice
    facts = told(line, "staged", "appointments")
    assert facts["rejected_by_reason"] == clinic.expected["appointments"]["rejected"]
    assert facts["read"] == clinic.expected["appointments"]["read"]
    shown = facts["first_rejects"].records  # type: ignore[attr-defined]  # a table of metadata
    assert {record.data["reason"] for record in shown} == set(clinic.expected["appointments"]["rejected"])
    for record in shown:
        assert clinic.rejected["appointments"][record.data["key"]] == record.data["reason"]


def test_extracts_of_unchanged_sources_have_the_same_data_version(twice: Twice) -> None:
    line, _, _ = twice
    for path in (("filemaker", "contacts"), ("files", "s3_listing")):
        records = line.instance.fetch_materializations(dg.AssetKey(path), limit=2).records
        tags = [one.asset_materialization.tags for one in records if one.asset_materialization]
        versions = [one["dagster/data_version"] for one in tags if one]
        assert len(versions) == 2
        assert len(set(versions)) == 1
