"""How a run is started from a terminal: on the same Dagster instance as the UI, so that it shows up there."""

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from nexus_reimport.launching.exceptions import NothingSelected
from nexus_reimport.launching.execution import Admission, Selected, execute_here
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.outcome import Counts, RunOutcome
from nexus_reimport.orchestration.asset_keys import PLAN, REPORT
from nexus_reimport.orchestration.records.run_kinds import KIND_TAG, LOOKS_AHEAD
from nexus_reimport.orchestration.records.run_outcome import (
    checks_of,
    failures_of,
    plan_of,
    tables_of,
    thumbnails_of,
)
from nexus_reimport.orchestration.resources import REIMPORT
from nexus_reimport.orchestration.run_view import WRITING
from nexus_reimport.orchestration.sensors.abandoned import fail_abandoned_runs, process_tag
from nexus_reimport.orchestration.terminal_logger import EventListener, heard_by


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
            tags={**request.tags, **({KIND_TAG: LOOKS_AHEAD} if request.dry_run else {}), **process_tag()},
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
