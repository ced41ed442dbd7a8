"""Two at once: what counts as going, and what is said of it."""

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

import nexus_reimport
from nexus_reimport.launching import active_runs as going
from nexus_reimport.launching.active_runs import active_runs, mention_others, stay_clear_of_others
from nexus_reimport.launching.exceptions import AnotherRunActive
from nexus_reimport.orchestration.sensors.abandoned import PROCESS_TAG, process_tag
from nexus_reimport.sandbox.contents import DEFAULT_DAGSTER_YAML

STARTED, CANCELED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED


@dg.asset
def anything() -> int:
    """Be there."""
    return 1


@dg.asset_check(asset=anything)
def looked_at() -> dg.AssetCheckResult:
    """Pass."""
    return dg.AssetCheckResult(passed=True)


PROJECT = dg.Definitions(
    assets=[anything],
    asset_checks=[looked_at],
    jobs=[
        dg.define_asset_job("reimport", selection="*"),
        dg.define_asset_job("checks", selection=dg.AssetSelection.checks(looked_at)),
    ],
)


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def create(
    instance: dg.DagsterInstance, job: str = "reimport", status: dg.DagsterRunStatus = STARTED, **how: object
) -> str:
    return instance.create_run_for_job(PROJECT.resolve_job_def(job), status=status, **how).run_id  # type: ignore[arg-type]  # tags, parents


def going_ids(instance: dg.DagsterInstance) -> list[str]:
    return [record.dagster_run.run_id for record in active_runs(instance)]


def killed() -> dict[str, str]:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return {PROCESS_TAG: f"{socket.gethostname()} {process.pid} 1.00"}


def test_a_run_at_a_terminal_and_one_in_the_browser_are_going(instance: dg.DagsterInstance) -> None:
    expected = [create(instance, tags=process_tag()), create(instance)]
    assert going_ids(instance) == expected


def test_a_run_at_a_terminal_is_going_before_it_has_started(instance: dg.DagsterInstance) -> None:
    status = dg.DagsterRunStatus.NOT_STARTED
    expected = create(instance, status=status, tags=process_tag())
    create(instance, status=status)
    create(instance, status=status, tags=killed())
    assert going_ids(instance) == [expected]


def test_a_killed_run_blocks_nobody(instance: dg.DagsterInstance) -> None:
    run_id = create(instance, tags=killed())
    stay_clear_of_others(instance, wait=False, say=print)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.FAILURE


def test_checks_alone_and_finished_runs_block_nobody(instance: dg.DagsterInstance) -> None:
    create(instance, job="checks")
    create(instance, status=dg.DagsterRunStatus.SUCCESS, tags=process_tag())
    assert going_ids(instance) == []


def test_a_run_cancelled_in_the_browser_goes_on_while_its_process_lives(instance: dg.DagsterInstance) -> None:
    create(instance, status=CANCELED)
    create(instance, status=CANCELED, tags=killed())
    create(instance, status=CANCELED, tags={PROCESS_TAG: "another-host 1 1.00"})
    expected = create(instance, status=CANCELED, tags=process_tag())
    assert going_ids(instance) == [expected]


def test_a_run_executed_again_in_the_browser_is_not_taken_for_the_killed_one(
    instance: dg.DagsterInstance,
) -> None:
    tags = killed()
    first = create(instance, status=dg.DagsterRunStatus.FAILURE, tags=tags)
    again = create(instance, tags=tags, root_run_id=first, parent_run_id=first)
    assert going_ids(instance) == [again]
    with pytest.raises(AnotherRunActive, match=f"run {again}, .* in the browser"):
        stay_clear_of_others(instance, wait=False, say=print)


def test_the_refusal_names_the_run_and_where_it_is(instance: dg.DagsterInstance) -> None:
    run_id = create(instance, tags=process_tag())
    _, pid, _ = process_tag()[PROCESS_TAG].rsplit(" ", 2)
    with pytest.raises(AnotherRunActive, match=f"run {run_id}, started at .* process {pid} on .* --wait"):
        stay_clear_of_others(instance, wait=False, say=print)


def test_who_waits_is_told_once_for_whom_and_goes_on_after_it(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = create(instance)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    said: list[str] = []
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            instance.report_run_failed(run, "ended")

    monkeypatch.setattr(going, "time", SimpleNamespace(sleep=sleep))
    stay_clear_of_others(instance, wait=True, say=said.append)
    assert slept == [going.POLL_SECONDS] * 3
    assert len(said) == 1
    assert run_id in said[0]


def test_a_dry_run_mentions_a_run_beside_it_and_goes_on(instance: dg.DagsterInstance) -> None:
    said: list[str] = []
    mention_others(instance, said.append)
    assert said == []
    run_id = create(instance)
    mention_others(instance, said.append)
    assert run_id in said[0]


SHIPPED = (Path(nexus_reimport.__file__).parents[1] / "dagster.yaml").read_text()


@pytest.mark.parametrize("settings", [SHIPPED, DEFAULT_DAGSTER_YAML], ids=["clinic", "sandbox"])
def test_the_browser_starts_one_run_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nexus_database: str, settings: str
) -> None:
    (tmp_path / "dagster.yaml").write_text(settings)
    monkeypatch.setenv("DAGSTER_PG_URL", nexus_database)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 1
