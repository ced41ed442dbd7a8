"""A check that fails stops what it must: nothing is written, and the message says what to do."""

import dataclasses
import uuid
from typing import cast

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.assets.nexus import PROVED
from nexus_reimport.orchestration.io_manager import FrameIOManager, Value
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.transform.staged import Staged
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import ServeFileMaker
from nexus_reimport_tests.writes import last_writes

NOBODY = str(uuid.UUID(int=7))


def pointing_at_nobody(staged: Staged) -> Staged:
    """The same notes, the first of which is of a patient who is nowhere."""
    rows = staged.rows.copy()
    patients = [NOBODY, *rows["patient_id"].to_list()[1:]]
    rows["patient_id"] = pd.array(patients, dtype=pd.ArrowDtype(pa.string()))
    return dataclasses.replace(staged, rows=rows)


class NoteOfNobody(FrameIOManager):
    """Stores the notes with a broken link."""

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        if context.asset_key.path == ["staged", "notes"]:
            obj = pointing_at_nobody(cast("Staged", obj))
        super().handle_output(context, obj)


class LostContact(FrameIOManager):
    """Stores the contacts without the last of them."""

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        if context.asset_key.path == ["filemaker", "contacts"]:
            obj = cast("pd.DataFrame", obj).iloc[:-1]
        super().handle_output(context, obj)


class LostPatient(FrameIOManager):
    """Stores the patients without the last of them."""

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        if context.asset_key.path == ["staged", "patients"]:
            staged = cast("Staged", obj)
            obj = dataclasses.replace(staged, rows=staged.rows.iloc[:-1])
        super().handle_output(context, obj)


def says(outcome: RunOutcome, asset: str, check: str) -> str:
    return next(str(one["says"]) for one in outcome.checks if (one["asset"], one["check"]) == (asset, check))


@pytest.fixture
def notes_line(line: Line) -> Line:
    """A line that has published patients and notes."""
    assert line.run_with_sources("nexus/patients", "nexus/notes").right
    return line


def test_a_broken_link_stops_the_publication(line: Line) -> None:
    before = contents(line.url)
    line.frames_type = NoteOfNobody
    outcome = line.run()
    assert not outcome.right
    assert line.failed_checks(outcome) == {("staged/notes", "links_inside_the_staged_set")}
    assert "1 links are to rows that are neither staged nor in Nexus" in says(
        outcome, "staged/notes", "links_inside_the_staged_set"
    )
    assert not [asset for asset in _materialized(line) if asset.path[0] == "nexus"]
    assert contents(line.url) == before


def _materialized(line: Line) -> list[dg.AssetKey]:
    return [key for key in line.instance.all_asset_keys() if _event(line, key)]


def _event(line: Line, key: dg.AssetKey) -> dg.EventLogEntry | None:
    return line.instance.get_latest_materialization_event(key)


def test_the_check_that_failed_stops_a_later_run_of_the_publication_alone(line: Line) -> None:
    line.frames_type = NoteOfNobody
    line.run_with_sources("nexus/patients", "nexus/notes")
    before = contents(line.url)
    outcome = line.run("nexus/notes")
    assert not outcome.success
    assert "Nothing was written" in outcome.failures[0]
    assert "staged/notes: check links_inside_the_staged_set failed" in outcome.failures[0]
    assert contents(line.url) == before


def test_a_contact_lost_on_the_way_stops_the_publication(line: Line) -> None:
    before = contents(line.url)
    line.frames_type = LostContact
    outcome = line.run_with_sources("nexus/patients")
    assert not outcome.right
    assert line.failed_checks(outcome) == {("filemaker/contacts", "complete_extract")}
    assert "FileMaker counts 58 records and 57 are here: 1 are missing" in says(
        outcome, "filemaker/contacts", "complete_extract"
    )
    assert contents(line.url) == before


def test_a_patient_nobody_accounts_for_stops_the_publication(line: Line) -> None:
    before = contents(line.url)
    line.frames_type = LostPatient
    outcome = line.run_with_sources("nexus/patients")
    assert line.failed_checks(outcome) == {("staged/patients", "every_source_row_accounted_for")}
    assert "1 are unaccounted for" in says(outcome, "staged/patients", "every_source_row_accounted_for")
    assert contents(line.url) == before


def test_a_frame_changed_behind_dagsters_back_is_refused_by_the_gate(notes_line: Line) -> None:
    written = last_writes(notes_line.url)
    _store_notes(notes_line, version="another-run")
    outcome = notes_line.run("nexus/notes")
    assert not outcome.success
    assert "staged/notes: what is stored is not what was last materialized" in outcome.failures[0]
    assert "Materialize what is named, with its checks, then publish." in outcome.failures[0]
    assert last_writes(notes_line.url) == written


def test_a_link_broken_after_the_checks_is_found_before_commit(notes_line: Line) -> None:
    written = last_writes(notes_line.url)
    version = notes_line.frames.version(dg.AssetKey(["staged", "notes"]))
    _store_notes(notes_line, version=str(version))
    outcome = notes_line.run("nexus/notes")
    assert not outcome.success
    assert notes_line.failed_checks(outcome) == {("nexus/notes", PROVED)}
    [failure] = outcome.failures
    assert "would point at rows that aren't there (notes.patient_id: 1)" in failure
    assert contents(notes_line.url)["notes"]
    assert query(notes_line.url, "SELECT count(*) FROM notes WHERE patient_id = %s", NOBODY) == [(0,)]
    # The database counts what was rolled back too; what matters is that no row stayed.
    assert last_writes(notes_line.url).versions == written.versions


def _store_notes(line: Line, version: str) -> None:
    staged = pointing_at_nobody(line.staged("notes"))
    parts = {"rows": staged.rows, "rejects": staged.rejects, "warnings": staged.warnings}
    run_id = line.frames.version(dg.AssetKey(["staged", "notes"]))
    FrameStore(open_store(str(line.storage))).save(f"frames/staged/notes/{run_id}", version, parts)


def test_a_shrunk_source_stops_the_run_unless_it_is_allowed_by_name(
    line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker
) -> None:
    assert line.run_with_sources("nexus/patients").right
    before = contents(line.url)
    fewer = clinic.entities["API_Contacts"][: int(len(clinic.entities["API_Contacts"]) * 0.8)]
    line.filemaker = filemaker_with(API_Contacts=fewer)
    outcome = line.run_with_sources("nexus/patients")
    assert line.failed_checks(outcome) == {("filemaker/contacts", "not_shrunk")}
    said = says(outcome, "filemaker/contacts", "not_shrunk")
    assert "58 rows before, 46 now" in said
    assert "--allow-shrunk contacts" in said
    assert contents(line.url) == before

    wrong = line.run_with_sources("nexus/patients", allow_shrunk=["notes"])
    assert line.failed_checks(wrong) == {("filemaker/contacts", "not_shrunk")}
    allowed = line.run_with_sources("nexus/patients", allow_shrunk=["patients"])
    assert "not_shrunk" not in {check for _, check in line.failed_checks(allowed)}
    published = clinic.expected["patients"]["published"]
    counts = allowed.tables["patients"]
    assert counts["missing"] == published - counts["unchanged"] - counts["updated"] > 0
    assert len(contents(line.url)["patients"]) == published
