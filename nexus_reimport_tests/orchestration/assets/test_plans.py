"""Plans in a whole line: applied as they were made, or refused with what moved, and Nexus untouched."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from nexus_reimport.load.exceptions import PlanStale, PlanUnknown
from nexus_reimport.load.plan.making import read_standing
from nexus_reimport.load.plan.staleness import refuse_if_dead
from nexus_reimport.load.plan.stored_plans import PlanRecord, list_plans, load_plan
from nexus_reimport.model.counts import COUNTED
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.assets import plan as plan_module
from nexus_reimport.orchestration.jobs.phases import tables_selection
from nexus_reimport.orchestration.resources import BucketResource
from nexus_reimport.release import code_fingerprint
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport_tests.line import Line, OneS3Client, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine, ServeFileMaker

COUNTS = ("read", *COUNTED, "rejected")


@dataclass(frozen=True)
class Planned:
    """A line that has been published once, and a plan for its next run."""

    line: Line
    first: PlanRecord
    applied: RunOutcome
    plan: PlanRecord


def planned(line: Line, **options: Any) -> PlanRecord:
    outcome = line.run(dry_run=True, **options)
    assert outcome.right, outcome.failures
    return load_plan(open_store(str(line.storage)), str(outcome.plan))


def counts(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {count: table[count] for count in COUNTS} for name, table in tables.items()}


@pytest.fixture(scope="module")
def prepared(make_line: MakeLine) -> Planned:
    """A fresh line that is planned, applied by that plan, edited and planned again."""
    line = make_line()
    first = planned(line)
    applied = line.run(plan=first["id"], as_of=first["as_of"])
    query(line.url, "UPDATE patients SET last_name = 'Edited'")
    query(line.url, "DELETE FROM notes WHERE id = (SELECT id FROM notes ORDER BY id LIMIT 1)")
    return Planned(line, first, applied, planned(line))


def test_a_plan_with_every_thumbnail_still_to_make_is_applied_to_the_row(prepared: Planned) -> None:
    assert prepared.first["thumbnails"]["to_make"] > 0
    assert prepared.applied.right, prepared.applied.failures
    assert prepared.first["tables"]["images"]["inserted"] > 0
    assert counts(prepared.applied.tables) == counts(prepared.first["tables"])
    assert prepared.applied.plan == prepared.first["id"]


def test_a_plan_says_what_people_changed_and_no_value_of_theirs(prepared: Planned) -> None:
    tables = prepared.plan["tables"]
    assert tables["patients"]["edits_kept"] == tables["patients"]["unchanged"] > 0
    assert tables["patients"]["samples"]["edits_kept"][0]["fields"] == ["last_name"]
    assert (tables["notes"]["inserted"], tables["notes"]["restored"]) == (1, 1)
    assert prepared.plan["thumbnails"]["to_make"] == 0
    assert "Edited" not in repr(prepared.plan)


def refused(line: Line, plan_id: str, *keys: str) -> str:
    """Apply a plan, which is refused: Nexus is untouched, and the old plan can still be looked at."""
    before, plan = contents(line.url), load_plan(open_store(str(line.storage)), plan_id)
    tables = plan["options"]["tables"]
    outcome = line.run(*keys, "plan", "backup", "nexus/notes", plan=plan_id, tables=tables)
    assert not outcome.success
    assert contents(line.url) == before
    assert load_plan(open_store(str(line.storage)), plan_id) == plan
    [failure] = outcome.failures
    assert "Nothing was written" in failure
    return failure


def dead(line: Line, plan: PlanRecord, code: str | None = None) -> str:
    """Ask before anything is read."""
    with pytest.raises(PlanStale) as refusal:
        refuse_if_dead(plan, read_standing(line.url), code or code_fingerprint())
    return str(refusal.value)


SHOW = "The old one can still be looked at: nexus-reimport plan --show"


def test_a_plan_whose_source_moved_is_refused(
    prepared: Planned, filemaker_with: ServeFileMaker, clinic: SyntheticClinic
) -> None:
    notes = [dict(row) for row in clinic.entities["API_Notes"]]
    changed = next(row for row in notes if row["Note"])
    changed["Note"] = "Another text"
    moved = replace(prepared.line, filemaker=filemaker_with(API_Notes=notes))
    said = refused(moved, prepared.plan["id"], "filemaker/notes", "staged/notes")
    assert "does not hold any more: the source moved (filemaker/notes). " in said
    assert SHOW in said
    assert prepared.line.run("filemaker/notes", "staged/notes").success


@contextmanager
def changed(line: Line, there: str, back: str) -> Iterator[None]:
    query(line.url, there)
    yield
    query(line.url, back)


def test_a_plan_whose_target_moved_is_refused(prepared: Planned) -> None:
    edit = "UPDATE clinics SET name = name || '{}'"
    with changed(prepared.line, edit.format(" "), "UPDATE clinics SET name = rtrim(name)"):
        assert "Nexus moved (clinics)" in refused(prepared.line, prepared.plan["id"])
        assert "Nexus moved (clinics)" in dead(prepared.line, prepared.plan)
    refuse_if_dead(prepared.plan, read_standing(prepared.line.url), code_fingerprint())


def test_a_plan_of_another_release_is_refused(prepared: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "this program is another release than the one that planned"
    assert words in dead(prepared.line, prepared.plan, "another")
    monkeypatch.setattr(plan_module, "code_fingerprint", lambda: "another")
    assert words in refused(prepared.line, prepared.plan["id"])


def test_a_plan_whose_schema_moved_is_refused(prepared: Planned) -> None:
    # Nothing that stands in a reimport's way, and no row is another by it.
    length = "ALTER TABLE notes ALTER COLUMN note_type TYPE varchar({})"
    with changed(prepared.line, length.format(60), length.format(50)):
        words = "does not hold any more: the schema of Nexus's database moved. "
        assert words in refused(prepared.line, prepared.plan["id"])
        assert words in dead(prepared.line, prepared.plan)


def test_a_plan_that_was_applied_already_is_refused(prepared: Planned) -> None:
    words = f"Plan {prepared.first['id']} was applied already, by publication 1. "
    assert words in refused(prepared.line, prepared.first["id"])
    assert words in dead(prepared.line, prepared.first)


def test_a_plan_for_rows_is_refused_by_an_empty_nexus(prepared: Planned, line: Line) -> None:
    words = "was made for a Nexus with rows in it, and this one is empty. Is NEXUS_DATABASE_URL the right"
    elsewhere = replace(prepared.line, url=line.url)
    assert words in refused(elsewhere, prepared.plan["id"])
    assert words in dead(elsewhere, prepared.plan)


def test_a_plan_that_there_is_not_is_refused_by_name(prepared: Planned) -> None:
    store = open_store(str(prepared.line.storage))
    for name in ("0123456789abcdef", "", "../frames/plan", "0123456789ABCDEF"):
        with pytest.raises(PlanUnknown, match="There is no plan"):
            load_plan(store, name)
    assert prepared.plan["id"] in [plan["id"] for plan in list_plans(store)]


def test_a_picture_that_turns_out_unreadable_stops_the_plan_and_the_next_is_exact(
    line: Line, clinic: SyntheticClinic
) -> None:
    key = next(one.key for one in clinic.objects if one.key.startswith(IMAGES_PREFIX) and "/1" in one.key)
    with unreadable(line, key):
        before = contents(line.url)
        plan = planned(line, tables=["patients", "image_batches", "images"])
        selection = tables_selection(["patients", "image_batches", "images"])
        outcome = line.run(selection=selection, plan=plan["id"], as_of=plan["as_of"])
        assert not outcome.success
        [failure] = outcome.failures
        images = plan["tables"]["images"]["inserted"]
        assert f"images: inserted {images} planned, {images - 1} now, rejected as not_an_image" in failure
        assert f"{plan['thumbnails']['to_make']} of the pictures had not been looked at" in failure
        assert contents(line.url) == before
        again = planned(line, tables=["patients", "image_batches", "images"])
        assert again["thumbnails"]["to_make"] == 0
        outcome = line.run(selection=selection, plan=again["id"], as_of=again["as_of"])
        assert outcome.right, outcome.failures
        assert counts(outcome.tables) == counts(again["tables"])


@contextmanager
def unreadable(line: Line, key: str) -> Iterator[None]:
    """Have something else than a picture lie in the bucket, and put the picture back."""
    resources = line.definitions().resources or {}
    s3, bucket = resources["s3"], resources["bucket"]
    assert isinstance(s3, OneS3Client)
    assert isinstance(bucket, BucketResource)
    client = s3.get_client()
    body = client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
    client.put_object(Bucket=bucket.name, Key=key, Body=b"no picture")
    try:
        yield
    finally:
        client.put_object(Bucket=bucket.name, Key=key, Body=body)
