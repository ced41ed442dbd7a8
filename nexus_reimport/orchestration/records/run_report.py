"""A run's report: gathered from Dagster, Nexus and the stored plan; kept as a page and as JSON."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import orjson

from nexus_reimport.load.exceptions import DatabaseUnreachable, PublicationError
from nexus_reimport.model.counts import READ
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.outcome import in_numbers
from nexus_reimport.orchestration.records import run_events
from nexus_reimport.orchestration.records.run_events import RunEvents
from nexus_reimport.orchestration.records.run_kinds import makes_assets, takes_back
from nexus_reimport.present.report.exceptions import NoSuchRun, ReportUnreadable
from nexus_reimport.present.report.facts import LinkFacts, ReportFacts, RowCount, RunKind, TableFacts
from nexus_reimport.present.report.page import render_html
from nexus_reimport.present.report.record import from_json, to_json
from nexus_reimport.settings import REPORTS_URL
from nexus_reimport.storage.report_store import HTML, JSON, ReportStore
from nexus_reimport.validate.row_counts import RowCounts, count_rows
from nexus_reimport.validate.verification import read_publications

REPORT_TAG = "nexus_reimport/report"
ROWS_IN_NEXUS = "rows_in_nexus"
ROWS_BEFORE = "rows_before"
# How many are looked through: stored reports for the one before, runs for the last.
_LOOKED_THROUGH = 20
_PUBLICATIONS = 50
# Of each table; `status --left-over` lists all.
_LEFT_OVER_SHOWN = 50


@dataclass(frozen=True)
class KeptReport:
    """A report as it is kept: its facts, and where its page is. `url`: where `ui` serves it, if it does."""

    facts: ReportFacts
    place: str
    url: str | None


def make_report(instance: dg.DagsterInstance, run_id: str, database_url: str, location: str) -> KeptReport:
    """Gather what a run came to, finished or not, keep it under `location`, and link it from the run.

    Raises NoSuchRun where Dagster knows no such run. Nexus may be unreachable: its counts are left out then.
    """
    store = ReportStore(location)
    facts = gather_facts(instance, run_id, database_url, store)
    store.save(run_id, render_html(facts), to_json(facts))
    kept = KeptReport(facts, store.place(run_id), served_at(run_id))
    instance.add_run_tags(run_id, {REPORT_TAG: kept.url or kept.place})
    return kept


def stored_report(run_id: str, location: str) -> KeptReport | None:
    """Return a run's report as it is kept; None where there is none that can be read."""
    store = ReportStore(location)
    facts = read_report(store, run_id)
    return KeptReport(facts, store.place(run_id), served_at(run_id)) if facts else None


def has_report(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Say whether a run is one that leaves a report: it makes assets, or takes Nexus back."""
    return makes_assets(instance, run) or takes_back(run)


def last_run(instance: dg.DagsterInstance) -> str:
    """Return the id of the last run that was to do more than check. Raises NoSuchRun where there is none."""
    for run in instance.get_runs(limit=_LOOKED_THROUGH):
        if has_report(instance, run):
            return run.run_id
    raise NoSuchRun("There has been no run yet. Start one: nexus-reimport run")


def served_at(run_id: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the address at which `ui` serves a run's report; None where none is served."""
    base = environ.get(REPORTS_URL)
    return f"{base.rstrip('/')}/{run_id}.{HTML}" if base else None


def gather_facts(
    instance: dg.DagsterInstance, run_id: str, database_url: str, store: ReportStore
) -> ReportFacts:
    """Return the facts of a run, and those of the report before it. Raises NoSuchRun."""
    record = instance.get_run_record_by_id(run_id)
    if record is None:
        raise NoSuchRun(f"Dagster knows no run {run_id}. See: nexus-reimport status")
    run = record.dagster_run
    events = run_events.read_events(instance, run)
    kind = _kind(events.runs)
    failures = run_events.failure_lines(events)
    census = _census(database_url, failures)
    plan_id = run_events.plan_id_of(events, run.tags)
    told = (
        run_events.taken_back_facts(events)
        if kind == "rollback"
        else run_events.table_facts(events, ahead=kind == "dry run")
    )
    facts = ReportFacts(
        run_id=run_id,
        kind=kind,
        success=not failures and run.status not in _BAD_ENDS,
        started=_started(record),
        ended=_ended(record),
        as_of=_as_of(instance, run),
        options=_options(run),
        publication=run_events.published_as(events) or (_in_ledger(database_url, run_id) if census else None),
        undone=_numbers(events, "undone"),
        stand_again=_numbers(events, "stand_again"),
        plan_id=plan_id,
        backup=run_events.backup_facts(events),
        tables=_counted(_planned(told, store.read_plan(plan_id), kind), events, census),
        links=_links(events, census),
        checks=run_events.check_facts(events),
        steps=run_events.step_facts(events),
        thumbnails=run_events.thumbnail_facts(events),
        failures=failures,
        counted_at=datetime.now(UTC) if census else None,
    )
    return facts.after(previous_report(store, facts))


_BAD_ENDS = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.CANCELING}


def _kind(runs: list[dg.DagsterRun]) -> RunKind:
    """Return what kind of run it is. What is gone on with after the publication is of its kind too."""
    if takes_back(runs[0]):
        return "rollback"
    written = {dg.AssetKey(["nexus", table.name]) for table in TABLES}
    chosen = [run.asset_selection for run in runs]
    return "reimport" if any(not one or written & set(one) for one in chosen) else "dry run"


def _started(record: Any) -> datetime:
    created: datetime = record.create_timestamp
    return datetime.fromtimestamp(record.start_time, UTC) if record.start_time else created.astimezone(UTC)


def _ended(record: Any) -> datetime:
    return datetime.fromtimestamp(record.end_time, UTC) if record.end_time else datetime.now(UTC)


def _options(run: dg.DagsterRun) -> dict[str, str]:
    given = [(name, value) for name, value in _given_options(run) if name != "as_of"]
    return {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in given}


def _given_options(run: dg.DagsterRun) -> list[tuple[str, Any]]:
    resources: Any = run.run_config.get("resources", {})
    given = resources.get("options", {}).get("config", {})
    return sorted((name, value) for name, value in given.items() if value)


def _as_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> datetime | None:
    given = dict(_given_options(run)).get("as_of")
    if given:
        return datetime.fromisoformat(str(given)).astimezone(UTC)
    first = instance.get_run_record_by_id(run.root_run_id or run.run_id)
    return first.create_timestamp.astimezone(UTC) if first else None


def _numbers(events: RunEvents, which: str) -> list[int]:
    """Return the publications that the tables' materializations tell under a name."""
    told = [one.get(which) or [] for one in events.told_of_tables().values()]
    return sorted({int(number) for numbers in told for number in numbers})


def _census(database_url: str, failures: list[str]) -> dict[str, RowCounts]:
    # A host that is silent was waited for once: another 5 s tell nothing new.
    if any(DatabaseUnreachable.__name__ in line for line in failures):
        return {}
    try:
        return count_rows(database_url)
    except PublicationError:
        return {}


def _in_ledger(database_url: str, run_id: str) -> int | None:
    """Return the publication that Nexus keeps of a run: it may have been killed before it could tell."""
    try:
        published = read_publications(database_url, _PUBLICATIONS)
    except PublicationError:
        return None
    return next((int(one["number"]) for one in published if one["run_id"] == run_id), None)


def _planned(tables: list[TableFacts], plan: Mapping[str, Any] | None, kind: RunKind) -> list[TableFacts]:
    """Return the tables with what a stored plan foretold of them.

    Of a run that failed before it published, nothing: its page counted rows as new that nobody had written.
    """
    if plan is None:
        return tables
    foretold = {name: _plan_counts(counts) for name, counts in plan.get("tables", {}).items()}
    listed = plan.get("left_over", {})
    return [
        replace(
            table,
            planned=foretold.get(table.name),
            left_over=list(listed.get(table.name, ()))[:_LEFT_OVER_SHOWN],
        )
        if table.done is not None or kind == "dry run"
        else table
        for table in tables
    ]


def _plan_counts(counts: Mapping[str, Any]) -> dict[str, int]:
    return {name: count for name, count in in_numbers(counts).items() if name != READ}


def _counted(
    tables: list[TableFacts], events: RunEvents, census: Mapping[str, RowCounts]
) -> list[TableFacts]:
    """Return the tables with how many rows Nexus had before the run, as far as it knows, and has now."""
    before = _rows_before(events)
    counted = []
    for table in tables:
        now = census.get(table.name)
        counted.append(
            replace(
                table,
                before=RowCount(**before[table.name]) if table.name in before else None,
                after=RowCount(now.ours, now.others) if now else None,
            )
        )
    return counted


def _rows_before(events: RunEvents) -> dict[str, dict[str, int]]:
    """Return the rows of each table as they were counted before the run wrote anything."""
    told = events.told_of_tables().items()
    taken_back = {name: one[ROWS_BEFORE] for name, one in told if ROWS_BEFORE in one}
    return taken_back or events.told(dg.AssetKey("nexus_state")).get(ROWS_IN_NEXUS, {})


def _links(events: RunEvents, census: Mapping[str, RowCounts]) -> list[LinkFacts]:
    broken = run_events.broken_links(events)
    return [
        LinkFacts(
            table.name,
            link.column,
            census[table.name].linked[link.column] if table.name in census else None,
            *broken[table.name, link.column],
        )
        for table in BY_NAME.values()
        for link in table.links
        if (table.name, link.column) in broken
    ]


def previous_report(store: ReportStore, facts: ReportFacts) -> ReportFacts | None:
    """Return the last stored report of a reimport that went well and began before this run."""
    records = [name for name in store.names() if name.endswith(f".{JSON}")]
    for name in records[:_LOOKED_THROUGH]:
        found = read_report(store, name.removesuffix(f".{JSON}"))
        if found and found.kind == "reimport" and found.success and found.started < facts.started:
            return found
    return None


def read_report(store: ReportStore, run_id: str) -> ReportFacts | None:
    """Return the facts of a stored report; None where there is none that can be read."""
    content = store.read(f"{run_id}.{JSON}")
    try:
        return from_json(content) if content else None
    except ReportUnreadable:
        return None
