"""How a run is created and executed in this process, so that the browser can go on with it.

Dagster's own `execute_in_process` leaves out where a run's code is; the browser then fails to execute it
again. And it takes no selection of checks.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import dagster as dg

from nexus_reimport.launching.cancelling import ends_when_canceled
from nexus_reimport.orchestration.dagster_internals import (
    SINGLETON_REPOSITORY_NAME,
    ExecutionResult,
    InMemoryJob,
    LoadableTargetOrigin,
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
    create_execution_plan,
    execute_run,
    snapshot_from_execution_plan,
)
from nexus_reimport.orchestration.records.chains import PARENT, ROOT

# What the browser calls the code where it is served with `-m`, as `ui` and the services do.
CODE_LOCATION = "nexus_reimport.definitions"


# What lets a run be created: entered once it may be, and left once it is there.
Admission = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Selected:
    """What to execute of a job: None for all assets, or for all checks of the assets."""

    assets: frozenset[dg.AssetKey] | None = None
    checks: frozenset[dg.AssetCheckKey] | None = None


def execute_here(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    selected: Selected,
    tags: Mapping[str, str],
    run_config: Mapping[str, Any],
    admission: Admission = nullcontext,
) -> ExecutionResult:
    """Execute a job, or what is selected of it, in this process; a failed step raises nothing.

    A run that goes on from another says so in its `tags`: PARENT and ROOT. It is created inside of
    `admission`, and executed after it.
    """
    whole = InMemoryJob(job)
    part = whole.get_subset(asset_selection=selected.assets, asset_check_selection=selected.checks)
    with admission():
        run = _create(part, instance, selected, tags, run_config)
    with ends_when_canceled(instance, run.run_id):
        return execute_run(whole, run, instance)


def _create(
    part: InMemoryJob,
    instance: dg.DagsterInstance,
    selected: Selected,
    tags: Mapping[str, str],
    run_config: Mapping[str, Any],
) -> dg.DagsterRun:
    job = part.get_definition()
    plan = create_execution_plan(part, run_config=run_config)
    return instance.create_run(
        job_name=job.name,
        run_id=None,
        run_config=run_config,
        status=None,
        tags={**job.run_tags, **tags},
        root_run_id=tags.get(ROOT),
        parent_run_id=tags.get(PARENT),
        step_keys_to_execute=plan.step_keys_to_execute,
        execution_plan_snapshot=snapshot_from_execution_plan(plan, job.get_job_snapshot_id()),
        job_snapshot=job.get_job_snapshot(),
        parent_job_snapshot=job.get_parent_job_snapshot(),
        asset_selection=selected.assets,
        asset_check_selection=selected.checks,
        resolved_op_selection=None,
        op_selection=None,
        remote_job_origin=_origin(job.name),
        job_code_origin=None,
        asset_graph=job.asset_layer.asset_graph,
    )


def _origin(job: str) -> RemoteJobOrigin:
    """Return where a job's code is, as the browser knows it."""
    location = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(module_name=CODE_LOCATION), CODE_LOCATION
    )
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job)
