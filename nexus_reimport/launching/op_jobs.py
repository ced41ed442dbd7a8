"""How a job of a single purpose is run from a terminal: a dump, files' backup and restore, a rollback."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg

from nexus_reimport.launching.active_runs import alone
from nexus_reimport.launching.execution import Admission, Selected, execute_here
from nexus_reimport.model.counts import TAKEN_BACK
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.orchestration.jobs.dump_job import DUMP, dump_job
from nexus_reimport.orchestration.jobs.dump_job import NEXUS_DUMP as NEXUS_DUMP
from nexus_reimport.orchestration.jobs.file_jobs import BACKUP_FILES as FILES
from nexus_reimport.orchestration.jobs.file_jobs import file_jobs
from nexus_reimport.orchestration.jobs.rollback_job import rollback_job
from nexus_reimport.orchestration.records.run_kinds import ROLLBACK
from nexus_reimport.orchestration.records.run_outcome import failures_of
from nexus_reimport.orchestration.sensors.abandoned import fail_abandoned_runs, process_tag
from nexus_reimport.orchestration.terminal_logger import EventListener, heard_by, terminal_logger

_Told = Callable[[list[dg.EventLogEntry]], dict[str, Any]]


@dataclass(frozen=True)
class OpOutcome:
    """What a run of such a job came to, as `--json` writes it. `seconds`: wall time."""

    run_id: str
    success: bool
    seconds: float
    job: str
    counts: dict[str, Any]
    failures: list[str]

    @property
    def right(self) -> bool:
        """Whether all went well."""
        return self.success


def op_definitions(
    jobs: Iterable[dg.JobDefinition], resources: Mapping[str, Any], needed: Iterable[str]
) -> dg.Definitions:
    """Return these jobs alone, with the resources that they need out of those given."""
    return dg.Definitions(
        jobs=list(jobs),
        resources={name: resources[name] for name in needed},
        executor=dg.in_process_executor,
        loggers={"terminal": terminal_logger},
    )


def launch_op_job(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    config: Mapping[str, Any] | None,
    told: _Told,
    on_event: EventListener = lambda _: None,
    admission: Admission = nullcontext,
) -> OpOutcome:
    """Run a job in this process, its first op with this config if it takes any, and return its outcome.

    `told` gathers the outcome's counts from the run's events. The run is created inside of `admission`.
    """
    started = time.monotonic()
    fail_abandoned_runs(instance)
    found = definitions.resolve_job_def(job)
    first = found.nodes_in_topological_order[0].name
    ops = {} if config is None else {first: {"config": dict(config)}}
    with heard_by(on_event):
        result = execute_here(
            found,
            instance,
            Selected(),
            tags=process_tag(),
            run_config={"loggers": {"terminal": {}}, "ops": ops},
            admission=admission,
        )
    events = [entry for entry in instance.all_logs(result.run_id) if entry.dagster_event]
    return OpOutcome(
        run_id=result.run_id,
        success=result.success,
        seconds=round(time.monotonic() - started, 2),
        job=job,
        counts=told(events),
        failures=failures_of(events),
    )


def last_told(events: Iterable[dg.EventLogEntry], key: dg.AssetKey) -> dict[str, Any]:
    """Return what a run told last of an asset, made or only observed; empty where it told nothing."""
    found: dict[str, Any] = {}
    for entry in events:
        told = entry.asset_materialization or entry.asset_observation
        if told and told.asset_key == key:
            found = {name: value.value for name, value in told.metadata.items()}
    return found


def dump_definitions(resources: Mapping[str, Any]) -> dg.Definitions:
    """Return the job alone, with the resources `nexus` and `frames` out of those given."""
    return op_definitions([dump_job], resources, ("nexus", "frames"))


def launch_dump(
    definitions: dg.Definitions, instance: dg.DagsterInstance, on_event: EventListener = lambda _: None
) -> OpOutcome:
    """Dump in this process, and return the outcome; its counts are what the materialization tells."""
    return launch_op_job(
        definitions, instance, DUMP, None, lambda events: last_told(events, NEXUS_DUMP), on_event
    )


def file_definitions(resources: Mapping[str, Any]) -> dg.Definitions:
    """Return both jobs alone, with the resources `bucket` and `s3` out of those given."""
    return op_definitions(file_jobs, resources, ("bucket", "s3"))


def launch_file_job(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    config: Mapping[str, Any],
    on_event: EventListener = lambda _: None,
) -> OpOutcome:
    """Run one of the jobs in this process, with its op's config, and return its outcome."""
    return launch_op_job(
        definitions, instance, job, config, lambda events: last_told(events, FILES), on_event
    )


def rollback_definitions(resources: Mapping[str, Any]) -> dg.Definitions:
    """Return the job alone, with the resources `nexus` and `frames` out of those given."""
    return op_definitions([rollback_job], resources, ("nexus", "frames"))


def launch_rollback(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    config: Mapping[str, Any],
    on_event: EventListener = lambda _: None,
) -> OpOutcome:
    """Take back in this process, and return the outcome; its counts say what was done, by table too.

    Raises AnotherRunActive, naming it, where another run is going.
    """
    alone_here = partial(alone, instance)
    return launch_op_job(definitions, instance, ROLLBACK, config, _counts_of, on_event, alone_here)


def _counts_of(events: list[dg.EventLogEntry]) -> dict[str, Any]:
    told = {table.name: last_told(events, dg.AssetKey(["nexus", table.name])) for table in TABLES}
    tables = {
        name: {count.name: one[count.name] for count in TAKEN_BACK} for name, one in told.items() if one
    }
    for one in told.values():
        if one:
            return {
                **{name: one[name] for name in ("says", "publication", "undone", "backup")},
                "tables": tables,
            }
    return {}
