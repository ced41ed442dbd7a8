"""Runs of a part: a table, a phase, a dry run, a few patients; the rest is left alone."""

import dagster as dg
import pytest

from nexus_reimport.launching.exceptions import NothingSelected
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.orchestration.jobs.phases import phases_selection
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.writes import last_writes


def count(line: Line, table: str) -> int:
    [(found,)] = query(line.url, f"SELECT count(*) FROM {BY_NAME[table].relation}")  # noqa: S608 - ours
    return int(found)


def test_one_table_can_be_staged_and_published_alone(reimported: Line, clinic: SyntheticClinic) -> None:
    before = last_writes(reimported.url)
    outcome = reimported.run("staged/notes", "nexus/notes")
    assert outcome.right
    assert list(outcome.tables) == ["notes"]
    assert outcome.tables["notes"]["unchanged"] == clinic.expected["notes"]["published"]
    assert {one["asset"] for one in outcome.checks} == {"staged/notes", "nexus/notes"}
    assert last_writes(reimported.url) == before


def test_what_is_staged_already_can_be_published_alone(reimported: Line, clinic: SyntheticClinic) -> None:
    outcome = reimported.run("nexus/patients")
    assert outcome.right
    assert list(outcome.tables) == ["patients"]
    assert outcome.tables["patients"]["unchanged"] == clinic.expected["patients"]["published"]


def test_the_phases_one_after_another_bring_what_a_full_run_brings(
    line: Line, clinic: SyntheticClinic
) -> None:
    published: dict[str, int] = {}
    for phase, tables in {
        "validation": [],
        "patients": ["patients"],
        "appointments": ["appointments", "sms_messages"],
        "notes": ["notes"],
        "documents": ["documents"],
        "images": ["image_batches", "images"],
    }.items():
        outcome = line.run(selection=phases_selection([phase]))
        assert outcome.right, (phase, outcome.failures)
        written = {name: one["inserted"] for name, one in outcome.tables.items() if "inserted" in one}
        assert sorted(written) == sorted(tables)
        published |= written
    assert published == {name: one["published"] for name, one in clinic.expected.items()}
    assert line.post_validation().right


def test_a_phase_whose_patients_are_not_in_nexus_is_refused_whole(line: Line) -> None:
    before = contents(line.url)
    outcome = line.run(selection=phases_selection(["notes"]))
    assert not outcome.success
    [failure] = outcome.failures
    assert failure.startswith(
        "plan: Rows from FileMaker would point at rows that aren't there (notes.patient_id"
    )
    assert "Publish patients too, or first" in failure
    assert contents(line.url) == before


def test_a_dry_run_writes_nothing_and_what_it_staged_can_be_published(
    line: Line, clinic: SyntheticClinic
) -> None:
    before, written = contents(line.url), last_writes(line.url)
    outcome = line.run(dry_run=True)
    assert outcome.right
    assert outcome.dry_run
    records = [name for name in clinic.expected if "image" not in name]
    for name in records:
        expected = clinic.expected[name]
        planned = outcome.tables[name]
        assert (planned["read"], planned["inserted"]) == (expected["read"], expected["published"])
        assert planned["rejected"] == expected["rejected"]
    assert outcome.tables["images"]["inserted"] == clinic.expected["images"]["published"]
    assert outcome.tables["images"]["rejected"] == {"no_metadata": 1}
    assert contents(line.url) == before
    assert last_writes(line.url) == written
    assert query(line.url, "SELECT to_regclass('nexus_reimport.identities')") == [(None,)]

    published = line.run(*(f"nexus/{name}" for name in records))
    assert published.right
    assert {n: one["inserted"] for n, one in published.tables.items()} == {
        name: clinic.expected[name]["published"] for name in records
    }
    _break_a_link(line)
    checked = line.post_validation()
    assert checked.success
    assert not checked.right
    staged_only = {("nexus/image_batches", "counts_as_staged"), ("nexus/images", "counts_as_staged")}
    assert line.failed_checks(checked) == {("nexus/documents", "links_to_live_rows"), *staged_only}


def test_a_dry_run_of_the_publication_alone_runs_nothing_rather_than_everything(line: Line) -> None:
    before = contents(line.url)
    with pytest.raises(
        NothingSelected, match=r"nothing was run\. A dry run leaves nexus/\* and thumbnails out"
    ):
        line.run("nexus/patients", dry_run=True)
    assert contents(line.url) == before
    assert line.instance.get_runs() == []


def _break_a_link(line: Line) -> None:
    query(
        line.url,
        "UPDATE documents_document SET object_id = gen_random_uuid()"
        " WHERE id = (SELECT min(id::text)::uuid FROM documents_document WHERE object_id IS NOT NULL)",
    )


@pytest.mark.parametrize("limit", [5])
def test_a_limit_brings_so_many_patients_and_theirs_and_leaves_the_others_alone(
    line: Line, clinic: SyntheticClinic, limit: int
) -> None:
    first = line.run(limit=limit)
    assert first.right, first.checks
    assert count(line, "patients") == limit
    assert first.tables["patients"]["rejected"]["limit"] == len(clinic.entities["API_Contacts"]) - limit - 1
    for table in ("appointments", "notes"):
        assert 0 < count(line, table) < clinic.expected[table]["published"]

    whole = line.run()
    assert whole.right
    for name, expected in clinic.expected.items():
        assert count(line, name) == expected["published"]
    assert whole.tables["patients"]["inserted"] == clinic.expected["patients"]["published"] - limit

    query(line.url, "UPDATE notes SET content = 'edited by hand'")
    before = contents(line.url)
    again = line.run(limit=limit - 2)
    assert again.right, line.failed_checks(again)
    after = contents(line.url)
    assert after["notes"] == before["notes"]
    assert {name: len(rows) for name, rows in after.items()} == {n: len(r) for n, r in before.items()}
    assert after["patients"] == before["patients"]


def test_a_selection_that_was_never_staged_says_what_to_materialize(line: Line) -> None:
    outcome = line.run("nexus/patients")
    assert not outcome.success
    assert "frames/staged/patients has not been materialized yet" in outcome.failures[0]


def test_every_asset_tells_what_it_is(line: Line) -> None:
    graph = line.definitions().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        groups = {"filemaker", "files", "nexus_before", "staged", "safety", "nexus", "report"}
        assert node.group_name in groups
        assert node.owners, key
        assert node.kinds, key
        # A page has no columns, nor have copies of rows and files.
        without = {dg.AssetKey(name) for name in ("report", "backup", "backup_files", "nexus_dump")}
        assert ("dagster/column_schema" in node.metadata) == (key not in without), key
    assert isinstance(graph.get(dg.AssetKey("nexus_state")).metadata["dagster/column_schema"], dg.TableSchema)
