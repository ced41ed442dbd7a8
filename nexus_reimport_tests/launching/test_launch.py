"""A run started from a terminal: what is heard of it while it goes on, and what it comes to."""

from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from nexus_reimport.launching.launch import RunRequest, launch
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.records.run_events import failure_lines, read_events
from nexus_reimport.orchestration.records.run_outcome import failures_of
from nexus_reimport_tests.line import Line


def outcome(*checks: tuple[bool, str], success: bool = True) -> RunOutcome:
    told = [{"passed": passed, "severity": severity} for passed, severity in checks]
    return RunOutcome("run", success, 1.0, dry_run=False, tables={}, thumbnails={}, checks=told, failures=[])


def test_a_run_is_right_when_it_succeeded_and_no_error_was_found() -> None:
    assert outcome().right
    assert outcome((True, "ERROR"), (False, "WARN")).right
    assert not outcome((True, "WARN"), (False, "ERROR")).right
    assert not outcome(success=False).right


def test_events_are_heard_while_a_run_goes_on_and_not_after_it(line: Line) -> None:
    heard: list[str] = []
    request = RunRequest(dg.AssetSelection.assets(dg.AssetKey(["filemaker", "clinics"])))
    found = launch(
        line.definitions(), line.instance, request, lambda event: heard.append(event.event_type_value)
    )
    assert found.right
    assert found.tables == {}
    assert {check["check"] for check in found.checks} == {
        "complete_extract",
        "shape",
        "ids_unique",
        "not_shrunk",
    }
    assert {"STEP_START", "STEP_SUCCESS", "ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION"} <= set(heard)
    before = len(heard)
    line.run("filemaker/clinics")
    assert len(heard) == before


def test_a_run_is_kept_by_dagster_with_the_process_it_is_in(line: Line) -> None:
    found = line.run("filemaker/clinics")
    run = line.instance.get_run_by_id(found.run_id)
    assert run is not None
    assert run.job_name == "reimport"
    assert any("process" in name for name in run.tags)


def error(message: str, cause: object = None) -> SimpleNamespace:
    return SimpleNamespace(message=message, cause=cause)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            SimpleNamespace(user_failure_data=SimpleNamespace(description="our words"), error=None),
            "our words",
        ),
        (SimpleNamespace(user_failure_data=None, error=error("outer", error("inner\n"))), "inner"),
        (SimpleNamespace(user_failure_data=None, error=None), "unknown"),
    ],
)
def test_a_failed_step_is_told_by_its_innermost_reason(failure: object, said: str) -> None:
    event = SimpleNamespace(is_step_failure=True, step_key="staged__notes", step_failure_data=failure)
    passing = SimpleNamespace(is_step_failure=False, event_type=dg.DagsterEventType.STEP_SUCCESS)
    entries = [SimpleNamespace(dagster_event=one) for one in (passing, event, None)]
    assert failures_of(entries) == [f"staged__notes: {said}"]  # type: ignore[arg-type]  # as much of an entry as matters


def test_steps_that_failed_for_one_reason_are_one_line() -> None:
    one_reason = SimpleNamespace(user_failure_data=SimpleNamespace(description="no answer"), error=None)
    events = [
        SimpleNamespace(is_step_failure=True, step_key=step, step_failure_data=one_reason) for step in "ab"
    ]
    entries = [SimpleNamespace(dagster_event=one) for one in events]
    assert failures_of(entries) == ["a, b: no answer"]  # type: ignore[arg-type]  # as above


def test_a_run_whose_resource_can_not_be_set_up_says_why_and_begins_nothing(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line.replaced["frames"] = FrameIOManager(location="gs://bucket/frames")
    found = line.run("filemaker/clinics")
    assert not found.success
    [failure] = found.failures
    assert failure.startswith("SettingsRefused: NEXUS_REIMPORT_STORAGE: it is an address of a kind")
    assert list(tmp_path.iterdir()) == []
    [record] = line.instance.get_run_records(limit=1)
    assert failure_lines(read_events(line.instance, record.dagster_run)) == [failure]
