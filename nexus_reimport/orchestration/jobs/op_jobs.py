"""Jobs of a single purpose beside the reimport, and how one is run from a terminal."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import dagster as dg

from nexus_reimport.launching import launch
from nexus_reimport.launching.execution import Admission, Selected, execute_here
from nexus_reimport.orchestration.sensors.abandoned import fail_abandoned_runs, process_tag

Told = Callable[[list[dg.EventLogEntry]], dict[str, Any]]


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
        loggers={"terminal": launch.terminal_logger},
    )


def launch_op_job(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    config: Mapping[str, Any] | None,
    told: Told,
    on_event: launch.EventListener = lambda _: None,
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
    with launch.heard_by(on_event):
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
        failures=launch.failures_of(events),
    )


def last_told(events: Iterable[dg.EventLogEntry], key: dg.AssetKey) -> dict[str, Any]:
    """Return what a run told last of an asset, made or only observed; empty where it told nothing."""
    found: dict[str, Any] = {}
    for entry in events:
        told = entry.asset_materialization or entry.asset_observation
        if told and told.asset_key == key:
            found = {name: value.value for name, value in told.metadata.items()}
    return found
