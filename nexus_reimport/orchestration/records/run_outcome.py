"""What a run came to, read from its events: counts of tables and thumbnails, checks, failures, its plan."""

import re
from typing import Any

import dagster as dg

from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.outcome import Counts, as_published, as_staged
from nexus_reimport.orchestration.asset_keys import PLAN, THUMBNAILS

_OUR_MODULE = re.compile(r"^nexus_reimport(\.\w+)*\.(?=[A-Z])")


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
        if materialization and materialization.asset_key == THUMBNAILS:
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
