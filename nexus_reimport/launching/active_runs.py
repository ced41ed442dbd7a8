"""Runs that are going on: a second one at a terminal is told so at once, before it reads anything.

Runs started in the browser wait for each other in Dagster's queue. A run at a terminal does not go
through that queue, so it looks here, and is created before the next one looks. Whoever slips through both
meets the database's own lock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import dagster as dg

from nexus_reimport.launching.exceptions import AnotherRunActive
from nexus_reimport.launching.one_at_a_time import starting
from nexus_reimport.orchestration.records.run_kinds import makes_assets, takes_back
from nexus_reimport.orchestration.sensors.abandoned import fail_abandoned_runs, own_process, unfinished_runs

POLL_SECONDS = 1.0

Say = Callable[[str], None]


def active_runs(instance: dg.DagsterInstance) -> list[dg.RunRecord]:
    """Return every run that materializes assets, or takes Nexus back, and is going on now, oldest first.

    Runs whose process has died are marked as failed before. Runs in the queue are not going yet. One that
    was cancelled while its process lives on is going still.
    """
    fail_abandoned_runs(instance)
    going = [
        record
        for record in unfinished_runs(instance)
        if makes_assets(instance, record.dagster_run) or takes_back(record.dagster_run)
    ]
    return sorted(going, key=lambda record: record.create_timestamp)


def describe_run(instance: dg.DagsterInstance, record: dg.RunRecord) -> str:
    """Return which run it is, since when it goes on, and where."""
    run = record.dagster_run
    since = local_time(record.create_timestamp)
    tag = own_process(instance, run)
    if not tag:
        return f"run {run.run_id}, started at {since}, is going (in the browser)"
    host, pid, _ = tag.rsplit(" ", 2)
    return f"run {run.run_id}, started at {since}, is going (terminal, process {pid} on {host})"


def local_time(moment: datetime) -> str:
    """Return an instant as a clock on this machine's wall shows it."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def stay_clear_of_others(instance: dg.DagsterInstance, *, wait: bool, say: Say) -> None:
    """Return when no other run is going. Raise AnotherRunActive, naming it, unless told to wait for it."""
    with alone(instance, wait=wait, say=say):
        pass


@contextmanager
def alone(instance: dg.DagsterInstance, *, wait: bool = False, say: Say = lambda _: None) -> Iterator[None]:
    """Enter when no other run is going, and keep others from being started at a terminal while inside.

    What is created inside is seen by whoever looks next. Raises AnotherRunActive, naming it, unless
    told to wait for it.
    """
    named = ""
    while True:
        with starting(instance):
            going = active_runs(instance)
            if not going:
                yield
                return
        if not wait:
            raise AnotherRunActive(
                f"Nothing was started: {describe_run(instance, going[0])}. Wait for it with --wait, or end "
                'it first. If its machine is gone, press "Terminate" on its page in the browser.'
            )
        if going[0].dagster_run.run_id != named:
            named = going[0].dagster_run.run_id
            say(f"Waiting: {describe_run(instance, going[0])}.")
        time.sleep(POLL_SECONDS)


def mention_others(instance: dg.DagsterInstance, say: Say) -> None:
    """Say which other run is going; a dry run goes on beside it, since each has frames of its own."""
    for record in active_runs(instance)[:1]:
        say(
            f"Beside this dry run, {describe_run(instance, record)}. Neither changes what the other reads; "
            "the plan is of Nexus as it is before that run publishes, or after it."
        )
