"""Runs whose process has died: a run killed at a terminal must not stay "started" and hold up the queue."""

import socket

import dagster as dg
import psutil

PROCESS_TAG = "nexus_reimport/process"
# A run at a terminal may be killed between its creation and its start.
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# A run that was cancelled in the browser ends within seconds: of these some may live on.
LAST_CANCELED = 20


def process_tag() -> dict[str, str]:
    """Return the tag that says which process of which machine a run is in."""
    process = psutil.Process()
    return {PROCESS_TAG: f"{socket.gethostname()} {process.pid} {process.create_time():.2f}"}


def is_alive(tag: str, *, elsewhere: bool = True) -> bool:
    """Say whether the tagged process lives; `elsewhere`: what to take one on another machine for."""
    host, pid, created = tag.rsplit(" ", 2)
    if host != socket.gethostname():
        return elsewhere
    try:
        process = psutil.Process(int(pid))
        is_dead = process.status() == psutil.STATUS_ZOMBIE
        return f"{process.create_time():.2f}" == created and not is_dead
    except psutil.NoSuchProcess:
        return False


def own_process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Return the tag of a run's own process; None where it has none.

    The browser gives a run that it executes again all tags of the run before, this one too.
    """
    tag = run.tags.get(PROCESS_TAG)
    parent = instance.get_run_by_id(run.parent_run_id) if tag and run.parent_run_id else None
    return None if parent and parent.tags.get(PROCESS_TAG) == tag else tag


def unfinished_runs(instance: dg.DagsterInstance) -> list[dg.RunRecord]:
    """Return every run, of whatever kind, that has begun and whose process may still be at it."""
    started = instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED))
    canceled = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELED]), limit=LAST_CANCELED
    )
    records = [record for record in started if _has_begun(instance, record.dagster_run)]
    return records + [record for record in canceled if _lives_on(instance, record.dagster_run)]


def _has_begun(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Say whether a run is under way; one that the browser has only created may never be launched."""
    return run.status != dg.DagsterRunStatus.NOT_STARTED or own_process(instance, run) is not None


def _lives_on(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    tag = own_process(instance, run)
    return tag is not None and is_alive(tag, elsewhere=False)


def fail_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed every unfinished run whose process has died; return their ids."""
    failed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        tag = own_process(instance, run)
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
