"""How a run is started from a terminal: on the same Dagster instance as the UI, so that it shows up there."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from nexus_reimport.automation.abandoned import fail_abandoned_runs, process_tag
from nexus_reimport.automation.exceptions import NothingSelected
from nexus_reimport.automation.execution import Selected, execute_here
from nexus_reimport.schemas.nexus import TABLES

EventListener = Callable[[dg.DagsterEvent], None]
Counts = dict[str, Any]


REIMPORT = "reimport"


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


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to, as `--json` writes it. `seconds`: wall time. No value of a patient is in it."""

    run_id: str
    success: bool
    seconds: float
    dry_run: bool
    tables: dict[str, Counts]
    thumbnails: Counts
    checks: list[Counts]
    failures: list[str]

    @property
    def right(self) -> bool:
        """Whether the run ended well and no check of severity ERROR failed."""
        return self.success and all(c["passed"] or c["severity"] != "ERROR" for c in self.checks)


def launch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    request: RunRequest,
    on_event: EventListener = lambda _: None,
) -> RunOutcome:
    """Run what is asked for in this process and return its outcome. Failed steps are in the outcome.

    Raises NothingSelected where no asset is asked for.
    """
    started = time.monotonic()
    fail_abandoned_runs(instance)
    job = definitions.resolve_job_def(request.job)
    keys = _selected(definitions, request)
    with _heard_by(on_event):
        result = execute_here(
            job,
            instance,
            request.rest or Selected(frozenset(keys) if keys else None),
            tags={**request.tags, **process_tag()},
            run_config={
                "loggers": {"terminal": {}},
                "resources": {**request.resources, "options": {"config": dict(request.options)}},
            },
        )
    events = [entry for entry in instance.all_logs(result.run_id) if entry.dagster_event]
    return RunOutcome(
        run_id=result.run_id,
        success=result.success,
        seconds=round(time.monotonic() - started, 2),
        dry_run=request.dry_run,
        tables=tables_of(events),
        thumbnails=thumbnails_of(events),
        checks=checks_of(events),
        failures=failures_of(events),
    )


def _selected(definitions: dg.Definitions, request: RunRequest) -> list[dg.AssetKey] | None:
    if request.rest or request.job != REIMPORT or (request.selection is None and not request.dry_run):
        return None
    selection = request.selection or dg.AssetSelection.all()
    if request.dry_run:
        written = dg.AssetSelection.key_prefixes("nexus") | dg.AssetSelection.assets("thumbnails")
        selection = selection - written
    keys = sorted(selection.resolve(definitions.resolve_asset_graph()))
    if not keys:
        # Dagster runs everything where it is given an empty list.
        raise NothingSelected(
            "Nothing is selected, so nothing was run. A dry run leaves nexus/* and thumbnails out: select "
            "what they are made from, as in 'staged/notes'."
        )
    return keys


def tables_of(events: list[dg.EventLogEntry]) -> dict[str, Counts]:
    """Return the counts of each table from a run's materializations; staged ones where none is published."""
    found: dict[tuple[str, ...], Counts] = {}
    for entry in events:
        materialization = entry.asset_materialization
        if materialization:
            told: Counts = {name: value.value for name, value in materialization.metadata.items()}
            found[tuple(materialization.asset_key.path)] = told
    tables = {}
    for table in TABLES:
        latest = found.get(("nexus", table.name)) or found.get(("staged", table.name))
        if latest:
            tables[table.name] = _table_counts(latest, published=("nexus", table.name) in found)
    return tables


PUBLISHED = (
    "inserted",
    "updated",
    "unchanged",
    "missing",
    "conflicts",
    "edits_kept",
    "restored",
    "relinked",
    "removed",
)


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


def _table_counts(told: Counts, *, published: bool) -> Counts:
    counts = {"read": told["read"]}
    counts |= {name: told[name] for name in PUBLISHED} if published else {"staged": told["rows"]}
    return {**counts, "rejected": told["rejected_by_reason"]}


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
    """Return why each failed step failed: the step, the kind of error and, of our own errors, the message."""
    failures = []
    for entry in events:
        event = entry.dagster_event
        if event and event.is_step_failure:
            failures.append(f"{event.step_key}: {_reason(event.step_failure_data)}")
    return failures


def _reason(data: Any) -> str:
    if data.user_failure_data:
        return str(data.user_failure_data.description)
    cause = data.error
    while cause and cause.cause:
        cause = cause.cause
    return str(cause.message).strip() if cause else "unknown"


_listeners: list[EventListener] = []


@contextmanager
def _heard_by(listener: EventListener) -> Iterator[None]:
    """Have a listener called with every event of runs in this process, while inside."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class _EventHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_event", None)
        if event is None:
            event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None:
            for listener in _listeners:
                listener(event)


def _open_terminal_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that hands events to whoever launched the run here, and prints nothing itself."""
    logger = logging.Logger("nexus_reimport.terminal", logging.DEBUG)
    logger.addHandler(_EventHandler())
    return logger


terminal_logger = dg.LoggerDefinition(
    _open_terminal_logger, description="Tells a terminal of this process how far a run is."
)
