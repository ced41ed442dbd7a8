"""The job that takes publications back, in a whole line: what it does, what it says, what it refuses."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from nexus_reimport.definitions import GATE
from nexus_reimport.launching.exceptions import NothingToResume
from nexus_reimport.launching.execution import Selected, execute_here
from nexus_reimport.launching.op_jobs import OpOutcome, launch_rollback
from nexus_reimport.launching.resume import resumption
from nexus_reimport.load.rollback.conflicts import Conflict
from nexus_reimport.load.rollback.rows_kept import RowsOfRollback, load_rows, path_of
from nexus_reimport.load.rollback.standing_publications import Effect
from nexus_reimport.orchestration.jobs.rollback_job import in_words
from nexus_reimport.orchestration.records.chains import PARENT, ROOT
from nexus_reimport.orchestration.records.run_kinds import takes_back
from nexus_reimport.orchestration.records.run_report import last_run, read_report
from nexus_reimport.present.report.verdict import verdict_of
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.storage.report_store import ReportStore
from nexus_reimport.validate.verification import read_publications
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine

Contents = dict[str, set[str]]
History = tuple[Line, Contents, Contents]
TYPED = "Typed-In-By-Hand"
AS_OF = "2026-07-01T09:00:00+10:00"
COUNTS = ("taken_out", "put_back", "brought_back", "left")


@pytest.fixture(scope="module")
def history(make_line: MakeLine) -> History:
    """A line run twice, at first for a few patients only; and what its Nexus held between and after."""
    line = make_line()
    assert line.run(as_of=AS_OF, limit=10).right
    before = contents(line.url)
    assert line.run(as_of=AS_OF).right
    return line, before, contents(line.url)


@pytest.fixture
def line(history: History, postgres: Cluster, tmp_path: Path) -> Iterator[Line]:
    """That line with a Nexus, a storage and a Dagster that are the test's own."""
    shutil.copytree(history[0].storage, tmp_path / "storage")
    template = history[0].url.rpartition("/")[2]
    with ephemeral_database(postgres, template=template) as url, dg.DagsterInstance.ephemeral() as instance:
        yield replace(history[0], url=url, storage=tmp_path / "storage", instance=instance)


@pytest.fixture
def edited(line: Line) -> str:
    """A patient of the second publication, whom somebody edited since."""
    [(patient,)] = query(
        line.url,
        "SELECT id::text FROM nexus_reimport.changes WHERE publication = 2 AND table_name = 'patients'"
        " AND action = 'insert' ORDER BY id LIMIT 1",
    )
    query(line.url, "UPDATE patients SET last_name = %s WHERE id = %s", TYPED, patient)
    return str(patient)


def take_back(line: Line, **config: Any) -> OpOutcome:
    return launch_rollback(line.definitions(), line.instance, config)


def told(line: Line, run_id: str) -> dict[str, Mapping[str, Any]]:
    """The metadata of each materialization of a run, by asset."""
    records = line.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    found = [record.event_log_entry.asset_materialization for record in records.records]
    return {
        one.asset_key.to_user_string(): {name: value.value for name, value in one.metadata.items()}
        for one in found
        if one
    }


def test_a_run_is_taken_back_the_rollback_too_and_a_run_after_it_ends_the_same(
    line: Line, history: History
) -> None:
    _, before, after = history
    back = take_back(line)
    assert back.right, back.failures
    assert contents(line.url) == before
    assert back.counts["says"] == "Rolled back: publication 2. Nexus is as it was before."
    forth = take_back(line)
    assert contents(line.url) == after
    assert forth.counts["says"] == "Rolled back: the rollback of publication 2. Publication 2 stands again."
    assert take_back(line, to=2).counts["undone"] == [4, 3, 2]
    assert contents(line.url) == before
    again = line.run(as_of=AS_OF)
    assert again.right, again.failures
    assert contents(line.url) == after
    shown = [(one["kind"], one["undone_by"]) for one in reversed(read_publications(line.url))]
    publication, rollback = "publication", "rollback"
    assert shown == [(publication, None), (publication, 5), (rollback, 5), (rollback, 5), (rollback, None),
        (publication, None)]  # fmt: skip


def test_every_table_concerned_says_in_the_browser_what_was_taken_back(line: Line, history: History) -> None:
    _, before, after = history
    project = line.definitions()
    result = project.resolve_job_def("rollback").execute_in_process(instance=line.instance)
    assert result.success
    assert contents(line.url) == before
    run = line.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert takes_back(run)
    found = told(line, result.run_id)
    tables = {key.removeprefix("nexus/") for key in found if key.startswith("nexus/")}
    assert len(tables) == 7
    patients = found["nexus/patients"]
    taken_out = len(after["patients"]) - len(before["patients"])
    assert [patients[name] for name in COUNTS] == [taken_out, 0, 0, 0]
    assert patients["rows"] == patients["dagster/row_count"] == len(before["patients"])
    assert (patients["publication"], patients["undone"]) == (3, [2])
    assert patients["says"].startswith("Rolled back: publication 2.")
    assert (found["backup"]["backup"], found["backup"]["proved"]) == (patients["backup"], True)
    assert found["report"]["verdict"].startswith("Everything is right. Publication 2 taken back")


def test_its_report_tells_of_a_rollback(line: Line) -> None:
    run_id = take_back(line).run_id
    facts = read_report(ReportStore(str(line.storage)), run_id)
    assert facts is not None
    assert (facts.kind, facts.success, facts.publication, facts.undone) == ("rollback", True, 3, [2])
    assert facts.backup is not None
    assert facts.backup.proved
    assert facts.tables[0].count("taken_out") > 0
    assert [step.name for step in facts.steps] == ["rollback"]
    assert last_run(line.instance) == run_id
    again = read_report(ReportStore(str(line.storage)), take_back(line).run_id)
    assert again is not None
    assert "publication 2 is there again" in verdict_of(again).sentence


def test_rows_that_people_changed_are_listed_by_id_and_nothing_is_done(line: Line, edited: str) -> None:
    before = contents(line.url)
    refused = take_back(line)
    assert not refused.right
    assert contents(line.url) == before
    [failure] = refused.failures
    assert f"patients {edited}: changed" in failure
    assert "--keep-edits, or --discard-edits" in failure
    rows = load_rows(open_store(str(line.storage)), refused.run_id)
    assert rows == RowsOfRollback(refused.run_id, refused=(Conflict("patients", edited, "changed"),))
    [event] = [
        entry.dagster_event
        for entry in line.instance.all_logs(refused.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        if entry.dagster_event
    ]
    failed = event.step_failure_data.user_failure_data
    assert failed is not None
    assert failed.metadata["rows"].value == 1
    assert str(failed.metadata["all_rows"].value).endswith(path_of(refused.run_id))
    assert told(line, refused.run_id) == {}
    assert not read_publications(line.url)[0]["undoes"]


def test_what_people_changed_stays_or_goes_as_one_chooses(line: Line, history: History, edited: str) -> None:
    _, before, _ = history
    kept = take_back(line, edits="keep")
    assert kept.counts["tables"]["patients"]["left"] == 1
    assert "but for 1 row left alone" in kept.counts["says"]
    assert [name for (name,) in query(line.url, "SELECT last_name FROM patients WHERE id = %s", edited)] == [
        TYPED
    ]
    assert len(contents(line.url)["patients"]) == len(before["patients"]) + 1
    [row] = told(line, kept.run_id)["nexus/patients"]["rows_left"].records
    assert row.data == {"table": "patients", "id": edited, "what": "changed"}
    gone = take_back(line, edits="discard", to=2)
    assert contents(line.url) == before
    rows = load_rows(open_store(str(line.storage)), gone.run_id)
    assert rows.discarded == (Conflict("patients", edited, "changed"),)


@pytest.mark.parametrize("edits", ["refuse", "discard"])
def test_no_value_is_in_anything_that_it_leaves_behind(line: Line, edited: str, edits: str) -> None:
    [(first_name,)] = query(line.url, "SELECT first_name FROM patients WHERE id = %s", edited)
    run_id = take_back(line, edits=edits).run_id
    said = "\n".join(str(entry) for entry in line.instance.all_logs(run_id))
    store = line.storage
    said += "".join(path.read_text() for path in store.glob("reports/*.*") if path.stem == run_id)
    said += "".join(path.read_text() for path in store.glob("rollbacks/*"))
    assert edited in said
    assert TYPED not in said
    assert str(first_name) not in said


def test_what_would_be_undone_must_be_what_was_said(line: Line) -> None:
    before = contents(line.url)
    refused = take_back(line, to=1, expected=[2])
    [failure] = refused.failures
    assert "What would be undone is not what was said (1 is the difference)" in failure
    assert contents(line.url) == before
    assert take_back(line, to=1, expected=[2, 1]).right


def test_what_there_is_not_is_refused_in_words(line: Line) -> None:
    [failure] = take_back(line, to=9).failures
    assert failure == "rollback: There is no such publication."


def test_an_attempt_that_was_killed_after_it_committed_is_undone_by_none_after_it(
    line: Line, history: History
) -> None:
    first = take_back(line)
    job = line.definitions().resolve_job_def("rollback")
    parent = first.run_id
    for _ in range(3):
        tags = {PARENT: parent, ROOT: first.run_id}
        again = execute_here(job, line.instance, Selected(), tags, {})
        assert again.success
        assert contents(line.url) == history[1]
        parent = again.run_id
    assert told(line, again.run_id)["nexus/patients"]["publication"] == 3


def test_after_a_rollback_nothing_that_failed_before_it_is_resumed(line: Line) -> None:
    def what_to_resume() -> str:
        return resumption(line.definitions(), line.instance, GATE, line.frames).run_id

    failed = line.instance.create_run_for_job(
        line.definitions().resolve_job_def("reimport"), status=dg.DagsterRunStatus.FAILURE
    )
    assert not take_back(line, to=9).right
    assert what_to_resume() == failed.run_id
    back = take_back(line)
    with pytest.raises(NothingToResume, match=f"run {back.run_id} of .* took Nexus back"):
        what_to_resume()


@pytest.mark.parametrize(
    ("effect", "left", "words"),
    [
        (Effect((1,), ()), 0, "Rolled back: publication 1. Nexus is as it was before."),
        (
            Effect((1, 2, 3), ()),
            2,
            "Rolled back: publications 1, 2 and 3. Nexus is as it was before, but for 2 rows left alone.",
        ),
        (
            Effect((), (2, 3)),
            0,
            "Rolled back: the rollback of publications 2 and 3. Publications 2 and 3 stand again.",
        ),
        (
            Effect((4,), (2,)),
            0,
            "Rolled back: publication 4. Nexus is as it was before. Publication 2 stands again.",
        ),
        (
            Effect((), ()),
            1,
            "Rolled back to before publication 7, since when nothing stood, but for 1 row left alone.",
        ),
    ],
)
def test_what_was_done_is_said_in_words(effect: Effect, left: int, words: str) -> None:
    assert in_words(7, effect, left) == words
