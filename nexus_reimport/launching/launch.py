"""How a run is started from a terminal: on the same Dagster instance as the UI, so that it shows up there."""

import re
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from nexus_reimport.launching.exceptions import NothingSelected
from nexus_reimport.launching.execution import Admission, Selected, execute_here
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.outcome import Counts, RunOutcome, as_published, as_staged
from nexus_reimport.orchestration.resources import REIMPORT
from nexus_reimport.orchestration.sensors.abandoned import fail_abandoned_runs, process_tag
from nexus_reimport.orchestration.terminal_logger import EventListener, heard_by

_OUR_MODULE = re.compile(r"^nexus_reimport(\.\w+)*\.(?=[A-Z])")


PLAN, REPORT = dg.AssetKey("plan"), dg.AssetKey("report")
# What a dry run leaves out: whatever writes anything to Nexus or to the bucket.
WRITING = ("nexus", "thumbnails", "backup")


@dataclass(frozen=True)
class RunRequest:
    """What to run: an asset selection (None: everything), or a job by name; and the run's options.

    `rest` replaces the selection. `tags` are added to the run's own; `resources` configure it further.
    """

    selection: dg.AssetSelection | None = None
    job: str = REIMPORT
    dry_run: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    rest: Selected | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)


def launch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    request: RunRequest,
    on_event: EventListener = lambda _: None,
    admission: Admission = nullcontext,
) -> RunOutcome:
    """Run what is asked for in this process and return its outcome. Failed steps are in the outcome.

    The run is created inside of `admission`. Raises NothingSelected where no asset is asked for.
    """
    started = time.monotonic()
    fail_abandoned_runs(instance)
    job = definitions.resolve_job_def(request.job)
    keys = selected_keys(definitions, request)
    options = {**_covered(definitions, request), **request.options}
    with heard_by(on_event):
        result = execute_here(
            job,
            instance,
            request.rest or Selected(frozenset(keys) if keys else None),
            tags={**request.tags, **process_tag()},
            run_config={
                "loggers": {"terminal": {}},
                "resources": {**request.resources, "options": {"config": options}},
            },
            admission=admission,
        )
    events = [entry for entry in instance.all_logs(result.run_id) if entry.dagster_event]
    return RunOutcome(
        run_id=result.run_id,
        success=result.success,
        seconds=round(time.monotonic() - started, 2),
        dry_run=request.dry_run,
        tables=tables_of(events, ahead=request.dry_run),
        thumbnails=thumbnails_of(events),
        checks=checks_of(events),
        failures=failures_of(events),
        plan=plan_of(events),
    )


def selected_keys(definitions: dg.Definitions, request: RunRequest) -> list[dg.AssetKey] | None:
    """Return the assets that a request runs; None: all of the job's. Raises NothingSelected.

    A dry run leaves out whatever writes, and ends at the plan.
    """
    if request.rest or request.job != REIMPORT or (request.selection is None and not request.dry_run):
        return None
    selection = request.selection or dg.AssetSelection.all()
    keys = set(selection.resolve(definitions.resolve_asset_graph()))
    if request.dry_run:
        keys = {key for key in keys if key.path[0] not in WRITING}
    if not keys - {PLAN, REPORT}:
        # Dagster runs everything where it is given an empty list.
        raise NothingSelected(
            "Nothing is selected, so nothing was run. A dry run leaves nexus/* and thumbnails out: select "
            "what they are made from, as in 'staged/notes'."
        )
    return sorted(keys | {PLAN}) if request.dry_run else sorted(keys)


def _covered(definitions: dg.Definitions, request: RunRequest) -> Counts:
    """Return the option that has a dry run's plan cover just the tables that the run would publish."""
    if not request.dry_run or request.selection is None:
        return {}
    asked = request.selection.resolve(definitions.resolve_asset_graph())
    tables = [table.name for table in TABLES if dg.AssetKey(["nexus", table.name]) in asked]
    return {"tables": tables} if tables else {}


def tables_of(events: list[dg.EventLogEntry], *, ahead: bool) -> dict[str, Counts]:
    """Return the counts of each table: as published; where the run looks `ahead`, as planned; else as staged.

    A run that fails after its plan has inserted nothing, whatever the plan said.
    """
    found: dict[tuple[str, ...], Counts] = {}
    for entry in events:
        materialization = entry.asset_materialization
        if materialization:
            told: Counts = {name: value.value for name, value in materialization.metadata.items()}
            found[tuple(materialization.asset_key.path)] = told
    planned: dict[str, Counts] = found.get(("plan",), {}).get("tables", {})
    tables = {}
    for table in TABLES:
        if published := found.get(("nexus", table.name)):
            tables[table.name] = as_published(published)
        elif ahead and table.name in planned:
            tables[table.name] = planned[table.name]
        elif staged := found.get(("staged", table.name)):
            tables[table.name] = as_staged(staged)
    return tables


def plan_of(events: list[dg.EventLogEntry]) -> str | None:
    """Return the id of the plan that a run made; None where it made none."""
    for entry in events:
        materialization = entry.asset_materialization
        if materialization and materialization.asset_key == PLAN:
            return str(materialization.metadata["plan_id"].value)
    return None


def thumbnails_of(events: list[dg.EventLogEntry]) -> Counts:
    """Return how many thumbnails a run made and reused, and how many images have a fault, by reason."""
    for entry in events:
        materialization = entry.asset_materialization
        if materialization and materialization.asset_key == dg.AssetKey("thumbnails"):
            told = materialization.metadata
            return {
                "made": told["made"].value,
                "reused": told["reused"].value,
                "failed": told["failed_by_reason"].value,
            }
    return {}


def checks_of(events: list[dg.EventLogEntry]) -> list[Counts]:
    """Return each check that a run evaluated."""
    checks = []
    for entry in events:
        event = entry.dagster_event
        if event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            checks.append(
                {
                    "asset": found.asset_key.to_user_string(),
                    "check": found.check_name,
                    "passed": found.passed,
                    "severity": found.severity.value,
                    "says": found.description or "",
                }
            )
    return checks


def failures_of(events: list[dg.EventLogEntry]) -> list[str]:
    """Return why steps failed: the steps, the kind of error and, of our own errors, the message.

    Steps that failed for one reason are one line. Where none failed, it is why the run did: a resource
    that could not be set up, and then no step was begun.
    """
    steps: dict[str, list[str]] = {}
    run = []
    for entry in events:
        event = entry.dagster_event
        if event and event.is_step_failure:
            steps.setdefault(_reason(event.step_failure_data), []).append(str(event.step_key))
        elif event and event.event_type == dg.DagsterEventType.RUN_FAILURE and event.job_failure_data.error:
            run.append(_innermost(event.job_failure_data.error))
    return [f"{', '.join(keys)}: {reason}" for reason, keys in steps.items()] or run


def _reason(data: Any) -> str:
    if data.user_failure_data:
        return str(data.user_failure_data.description)
    return _innermost(data.error) if data.error else "unknown"


def _innermost(error: Any) -> str:
    """Return the kind and the words of the error that all others came from; our own kinds without module."""
    while error.cause:
        error = error.cause
    return _OUR_MODULE.sub("", str(error.message).strip())
