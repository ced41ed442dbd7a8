"""Runs whose process was killed are marked as failed; all others are left alone."""

import socket
import subprocess
import sys
import time

import dagster as dg
import psutil

from nexus_reimport.orchestration.sensors.abandoned import (
    PROCESS_TAG,
    abandoned_runs,
    fail_abandoned_runs,
    process_tag,
)


@dg.job
def anything() -> None:
    """Do nothing."""


def tag_of_a_killed_process() -> str:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        created = psutil.Process(process.pid).create_time()
        process.kill()
    return f"{socket.gethostname()} {process.pid} {created:.2f}"


def started_run(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    return instance.create_run_for_job(anything, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_whose_process_was_killed_is_marked_as_failed() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started_run(instance, {PROCESS_TAG: tag_of_a_killed_process()})
        assert fail_abandoned_runs(instance) == [run_id]
        assert status_of(instance, run_id) == dg.DagsterRunStatus.FAILURE


def test_a_dead_process_that_nobody_has_waited_for_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process, dg.DagsterInstance.ephemeral() as instance:
        child = psutil.Process(process.pid)
        tag = f"{socket.gethostname()} {process.pid} {child.create_time():.2f}"
        while child.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.005)
        run_id = started_run(instance, {PROCESS_TAG: tag})
        assert fail_abandoned_runs(instance) == [run_id]


def test_runs_that_live_or_cannot_be_asked_are_left_alone() -> None:
    elsewhere = {PROCESS_TAG: f"another-host 1 {time.time():.2f}"}
    with dg.DagsterInstance.ephemeral() as instance:
        runs = [started_run(instance, tags) for tags in (process_tag(), elsewhere, {})]
        assert fail_abandoned_runs(instance) == []
        assert {status_of(instance, run_id) for run_id in runs} == {dg.DagsterRunStatus.STARTED}


def test_a_process_number_given_to_another_process_is_not_the_run() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        own = psutil.Process()
        stranger = {PROCESS_TAG: f"{socket.gethostname()} {own.pid} {own.create_time() - 5:.2f}"}
        run_id = started_run(instance, stranger)
        assert fail_abandoned_runs(instance) == [run_id]


def test_the_sensor_says_what_it_found_and_starts_no_run() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = started_run(instance, {PROCESS_TAG: tag_of_a_killed_process()})
        found = abandoned_runs(dg.build_sensor_context(instance=instance))
        assert isinstance(found, dg.SkipReason)
        assert run_id in str(found.skip_message)
        again = abandoned_runs(dg.build_sensor_context(instance=instance))
        assert isinstance(again, dg.SkipReason)
        assert again.skip_message == "Every run is alive."
