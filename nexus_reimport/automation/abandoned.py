"""Runs whose process has died: a run killed at a terminal must not stay "started" and hold up the queue."""

import socket

import dagster as dg
import psutil

PROCESS_TAG = "nexus_reimport/process"


def process_tag() -> dict[str, str]:
    """Return the tag that says which process of which machine a run is in."""
    process = psutil.Process()
    return {PROCESS_TAG: f"{socket.gethostname()} {process.pid} {process.create_time():.2f}"}


def is_alive(tag: str) -> bool:
    """Say whether the tagged process lives; one on another machine can't be asked and counts as alive."""
    host, pid, created = tag.rsplit(" ", 2)
    if host != socket.gethostname():
        return True
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == created
    except psutil.NoSuchProcess:
        return False


def fail_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed every unfinished run whose process has died; return their ids."""
    unfinished = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    )
    failed = []
    for run in instance.get_runs(unfinished):
        tag = run.tags.get(PROCESS_TAG)
        if tag and not is_alive(tag):
            instance.report_run_failed(run, "Its process was killed. Nexus is as it was before, or as after.")
            failed.append(run.run_id)
    return failed


@dg.sensor(
    name="abandoned_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks as failed the runs whose process was killed at a terminal, so that others can start.",
)
def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look for such runs; starts none."""
    failed = fail_abandoned_runs(context.instance)
    return dg.SkipReason(f"Marked as failed: {', '.join(failed)}." if failed else "Every run is alive.")
