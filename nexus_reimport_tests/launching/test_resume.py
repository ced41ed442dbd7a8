"""Going on with an interrupted run: what is left is done, what was done is not done again."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._core.execution.plan.state import KnownExecutionState

from nexus_reimport.definitions import GATE
from nexus_reimport.launching.exceptions import AnotherRunActive, NothingToResume
from nexus_reimport.launching.launch import launch
from nexus_reimport.launching.resume import Resumption, resumption
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.io_manager import FrameIOManager, Value
from nexus_reimport.orchestration.records.chains import RESUMES
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import Line, break_notes, query, served_filemaker

NOTES = dg.AssetKey(["filemaker", "notes"])
AS_OF = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
# What goes before each publication is done anew with it.
ALWAYS = {"plan", "backup", "report"}


class FailsAt(FrameIOManager):
    """Fails to store one asset."""

    asset: str

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        if context.asset_key.to_user_string() == self.asset:
            message = "no room"
            raise OSError(message)
        super().handle_output(context, obj)


class NexusMovesAt(FrameIOManager):
    """Has a person in Nexus take out every clinician once one asset is stored."""

    asset: str
    url: str

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        super().handle_output(context, obj)
        if context.asset_key.to_user_string() == self.asset:
            query(self.url, "DELETE FROM clinicians")


class NeverReads(FrameIOManager):
    """Fails to read one asset back, so that its checks find out nothing."""

    asset: str

    def read(self, key: dg.AssetKey) -> Value:
        if key.to_user_string() == self.asset:
            message = "no such disk"
            raise OSError(message)
        return super().read(key)


class LosesANote(FrameIOManager):
    """Stores FileMaker's notes without the last of them, so that a blocking check fails."""

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        super().handle_output(context, obj.iloc[:-1] if context.asset_key == NOTES else obj)  # type: ignore[union-attr]  # notes are a frame


class LosesANoteUnseen(NeverReads, LosesANote):
    """Loses a note, and the run ends before the check of it."""


@pytest.fixture
def seen() -> list[str]:
    """The path of every request that FileMaker has had."""
    return []


@pytest.fixture
def watched(line: Line, clinic: SyntheticClinic, seen: list[str]) -> Iterator[Line]:
    """A line whose FileMaker notes each request."""
    with ExitStack() as stack:
        line.filemaker = stack.enter_context(served_filemaker(clinic.entities, seen=seen))
        yield line


def failing_at(line: Line, asset: str) -> RunOutcome:
    line.replaced["frames"] = FailsAt(location=str(line.storage), asset=asset)
    outcome = line.run()
    assert not outcome.success
    line.replaced.clear()
    return outcome


def rest_of(line: Line) -> Resumption:
    return resumption(line.definitions(), line.instance, GATE, line.frames)


def resume(line: Line) -> RunOutcome:
    return launch(line.definitions(), line.instance, rest_of(line).request)


def names(found: Resumption) -> set[str]:
    return {key.to_user_string() for key in found.assets}


def entities_of(seen: list[str]) -> set[str]:
    return {path.split("/")[5] for path in seen if path.count("/") > 4}


def mend_notes(url: str) -> None:
    query(url, "DROP INDEX refusing")


def test_a_source_that_failed_is_read_again_and_no_other(watched: Line, seen: list[str]) -> None:
    failing_at(watched, "filemaker/notes")
    seen.clear()
    outcome = resume(watched)
    assert outcome.right
    assert entities_of(seen) == {"API_Notes"}
    assert outcome.thumbnails == {}
    published = {name for name, counts in outcome.tables.items() if "inserted" in counts}
    assert published == set(BY_NAME)


def test_a_check_that_failed_has_its_asset_made_again(watched: Line, seen: list[str]) -> None:
    watched.replaced["frames"] = LosesANote(location=str(watched.storage))
    assert not watched.run_with_sources("nexus/patients", "nexus/notes").success
    watched.replaced.clear()
    seen.clear()
    left = names(rest_of(watched))
    assert "filemaker/notes" in left
    assert left == {key.to_user_string() for key in from_asset_failure(watched)}
    steps = from_failure(watched)
    assert ("filemaker_checks" in steps, "filemaker__notes" in steps) == (True, False)
    assert not {"filemaker/contacts", "filemaker/clinics", "nexus_state"} & left
    assert resume(watched).right
    assert entities_of(seen) == {"API_Notes"}


def from_asset_failure(line: Line) -> AbstractSet[dg.AssetKey]:
    """What the browser's button of this name makes again of the newest run."""
    (run,) = line.instance.get_runs(limit=1)
    plan = line.instance.get_execution_plan_snapshot(str(run.execution_plan_snapshot_id))
    keys, _ = line.instance.run_domain.get_keys_to_reexecute(run.run_id, plan)
    return keys


def from_failure(line: Line) -> Sequence[str]:
    """The steps that the browser's other button runs again."""
    (run,) = line.instance.get_runs(limit=1)
    steps, _ = KnownExecutionState.build_resume_retry_reexecution(line.instance, run)
    return steps


def test_a_publication_that_failed_is_done_again_alone_and_as_often_as_need_be(
    watched: Line, seen: list[str]
) -> None:
    break_notes(watched.url)
    first = watched.run(limit=20)
    assert not first.success
    assert query(watched.url, "SELECT count(*) FROM patients") == [(0,)]
    seen.clear()
    second = resume(watched)
    assert not second.success
    found = rest_of(watched)
    assert found.run_id == second.run_id
    assert {"plan", "backup"} < names(found)
    assert all(name.startswith("nexus/") for name in names(found) - ALWAYS)
    assert found.publishes
    mend_notes(watched.url)
    third = resume(watched)
    assert third.right
    assert seen == []
    chain = [tags_of(watched, outcome)[RESUMES] for outcome in (second, third)]
    assert chain == [first.run_id, second.run_id]
    assert {tags_of(watched, one)["dagster/root_run_id"] for one in (second, third)} == {first.run_id}
    assert query(watched.url, "SELECT count(*) FROM patients") == [(20,)]
    with pytest.raises(NothingToResume, match=f"run {third.run_id} of .* succeeded"):
        rest_of(watched)


@pytest.mark.parametrize("read_anew", [False, True])
def test_what_was_staged_for_a_nexus_that_is_no_more_is_staged_for_the_one_there_is(
    line: Line, *, read_anew: bool
) -> None:
    line.replaced["frames"] = NexusMovesAt(location=str(line.storage), asset="nexus_state", url=line.url)
    outcome = line.run()
    assert not outcome.success
    assert "nexus_state" in outcome.failures[0]
    line.replaced.clear()
    # Half of what the refusal's own words say to do.
    assert not read_anew or line.run("nexus_state").right
    left = names(rest_of(line))
    assert {"nexus_state", "staged/patients", "staged/appointments"} < left
    assert not {name for name in left if name.startswith(("filemaker/", "files/")) or name == "thumbnails"}
    resumed = resume(line)
    assert resumed.right, resumed.failures


def tags_of(line: Line, outcome: RunOutcome) -> Mapping[str, str]:
    run = line.instance.get_run_by_id(outcome.run_id)
    assert run is not None
    return run.tags


def test_the_instant_and_the_options_of_the_first_run_hold(line: Line) -> None:
    outcome = failing_at(line, "filemaker/clinics")
    created = line.instance.get_run_records(dg.RunsFilter(run_ids=[outcome.run_id]))[0].create_timestamp
    assert rest_of(line).began == created
    assert datetime.fromisoformat(rest_of(line).request.options["as_of"]) == created
    line.replaced["frames"] = FailsAt(location=str(line.storage), asset="filemaker/clinics")
    line.run("filemaker/clinics", as_of=AS_OF.isoformat(), allow_shrunk=["notes"])
    line.replaced.clear()
    found = rest_of(line)
    assert dict(found.request.options) == {"as_of": AS_OF.isoformat(), "allow_shrunk": ["notes"]}
    assert names(found) == {"filemaker/clinics"}
    assert found.request.dry_run


def test_a_plan_that_the_interrupted_run_has_applied_binds_no_more(line: Line) -> None:
    outcome = line.run("filemaker/clinics", "plan", plan="0123456789abcdef")
    assert not outcome.success
    applied_by: dict[str | None, bool] = {None: True, "another": True, outcome.run_id: False}
    for run_id, binds in applied_by.items():
        found = resumption(
            line.definitions(),
            line.instance,
            GATE,
            line.frames,
            dict.fromkeys(["0123456789abcdef"], run_id).get,
        )
        assert ("plan" in found.request.options) == binds


def test_what_another_run_made_since_is_made_again(line: Line) -> None:
    failing_at(line, "filemaker/notes")
    assert line.run("filemaker/clinics").right
    found = names(rest_of(line))
    assert {"filemaker/clinics", "filemaker/notes", "staged/patients"} <= found
    assert not {"filemaker/contacts", "thumbnails", "nexus_state"} & found


def test_frames_that_are_gone_are_made_again(line: Line) -> None:
    failing_at(line, "filemaker/notes")
    shutil.rmtree(line.storage / "frames" / "filemaker" / "contacts")
    assert {"filemaker/contacts", "staged/patients"} <= names(rest_of(line))


def test_what_was_made_of_something_older_is_made_again(line: Line) -> None:
    failing_at(line, "staged/notes")
    shutil.rmtree(line.storage / "frames" / "filemaker" / "contacts")
    line.replaced["frames"] = FailsAt(location=str(line.storage), asset="staged/patients")
    assert not resume(line).success
    line.replaced.clear()
    assert {"staged/patients", "staged/appointments"} <= names(rest_of(line))


def test_tables_are_published_together_or_not_at_all(line: Line) -> None:
    assert line.run_with_sources("nexus/patients", "nexus/notes").right
    outcome = line.run("nexus/patients", "nexus/notes")
    run = line.instance.get_run_by_id(outcome.run_id)
    assert run is not None
    # As where the process dies after COMMIT, between telling of one table and of the next.
    line.instance.report_run_failed(run, "killed")
    line.instance.wipe_assets([dg.AssetKey(["nexus", "notes"])])
    assert names(rest_of(line)) == {"nexus/patients", "nexus/notes"}


def test_a_check_that_was_not_evaluated_is_evaluated_on_what_is_there(watched: Line, seen: list[str]) -> None:
    watched.replaced["frames"] = NeverReads(location=str(watched.storage), asset="filemaker/clinics")
    assert not watched.run("filemaker/clinics").success
    watched.replaced.clear()
    found = rest_of(watched)
    assert (names(found), found.kept, found.publishes) == (set(), 1, False)
    assert {key.name for key in found.checks} == {"complete_extract", "shape", "ids_unique", "not_shrunk"}
    seen.clear()
    outcome = resume(watched)
    assert outcome.right
    assert {one["check"] for one in outcome.checks} == {
        "complete_extract",
        "shape",
        "ids_unique",
        "not_shrunk",
    }
    assert seen == []
    with pytest.raises(NothingToResume):
        rest_of(watched)


def test_a_run_that_did_as_much_since_makes_an_interrupted_one_good(line: Line) -> None:
    line.replaced["frames"] = FailsAt(location=str(line.storage), asset="filemaker/clinics")
    failed = line.run("filemaker/clinics", "filemaker/docs")
    line.replaced.clear()
    assert line.run("filemaker/clinics").right
    assert rest_of(line).run_id == failed.run_id
    assert line.run("filemaker/clinics", "filemaker/docs").right
    with pytest.raises(NothingToResume, match="no run was interrupted"):
        rest_of(line)


def test_a_check_that_fails_at_last_stops_what_follows(line: Line) -> None:
    line.replaced["frames"] = LosesANoteUnseen(location=str(line.storage), asset="filemaker/clinics")
    assert not line.run_with_sources("nexus/patients", "nexus/notes").success
    line.replaced.clear()
    assert "filemaker/notes" not in names(rest_of(line))
    outcome = resume(line)
    assert line.failed_checks(outcome) == {("filemaker/notes", "complete_extract")}
    assert outcome.tables == {}
    assert "filemaker/notes" in names(rest_of(line))


def test_there_may_be_nothing_to_resume(line: Line) -> None:
    with pytest.raises(NothingToResume, match="no run was interrupted"):
        rest_of(line)
    assert line.run("filemaker/clinics").right
    assert line.post_validation().success is False
    with pytest.raises(NothingToResume, match="no run was interrupted"):
        rest_of(line)


def test_a_run_that_is_going_is_not_resumed(line: Line) -> None:
    run_id = created_run(line, dg.DagsterRunStatus.STARTED)
    with pytest.raises(AnotherRunActive, match=run_id):
        rest_of(line)


def test_a_run_cancelled_before_it_began_is_done_whole(line: Line) -> None:
    run_id = created_run(line, dg.DagsterRunStatus.CANCELED)
    found = rest_of(line)
    assert (found.run_id, found.kept) == (run_id, 0)
    everything = line.definitions().resolve_asset_graph()
    assert found.assets == everything.materializable_asset_keys


def created_run(line: Line, status: dg.DagsterRunStatus) -> str:
    job = line.definitions().resolve_job_def("reimport")
    return line.instance.create_run_for_job(job, status=status).run_id
