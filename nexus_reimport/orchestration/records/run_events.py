"""What Dagster's own records say of a run: materializations, checks, steps, failures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from nexus_reimport.model.counts import COUNTED, TAKEN_BACK
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.orchestration.asset_keys import BACKUP, PLAN, REPORT
from nexus_reimport.orchestration.records.chains import chain_of
from nexus_reimport.orchestration.records.run_outcome import checks_of, failures_of, tables_of, thumbnails_of
from nexus_reimport.present.report.facts import BackupFacts, CheckFacts, StepFacts, TableFacts, ThumbnailFacts

Told = dict[str, Any]

BROKEN_OURS = ("links_proved_before_commit", "links_to_live_rows")
BROKEN_OTHERS = "links_of_peoples_own_rows"
_NAME_TIME = "%Y%m%dT%H%M%SZ"
_HEARD = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
}


@dataclass(frozen=True)
class RunEvents:
    """A run's events; `all` has those of the runs that it goes on from before them.

    `runs`: the run, then the one that it goes on from, and so on.
    """

    runs: list[dg.DagsterRun]
    own: list[dg.EventLogEntry]
    all: list[dg.EventLogEntry]

    def told(self, key: dg.AssetKey) -> Told:
        """Return what the latest materialization of an asset told; empty where there was none."""
        found: Told = {}
        for entry in self.all:
            if entry.asset_materialization and entry.asset_materialization.asset_key == key:
                metadata = entry.asset_materialization.metadata
                found = {name: value.value for name, value in metadata.items()}
        return found

    def told_of_tables(self) -> dict[str, Told]:
        """Return what the materialization of each table in Nexus told; tables without one are left out."""
        found = {table.name: self.told(dg.AssetKey(["nexus", table.name])) for table in TABLES}
        return {name: told for name, told in found.items() if told}


def read_events(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunEvents:
    """Return the events of a run, and of those that it was started to go on from."""
    runs = chain_of(instance, run)
    own, *earlier = [_logged(instance, one.run_id) for one in runs]
    return RunEvents(runs, own, [entry for events in (*reversed(earlier), own) for entry in events])


def _logged(instance: dg.DagsterInstance, run_id: str) -> list[dg.EventLogEntry]:
    return [entry for entry in instance.all_logs(run_id, of_type=_HEARD) if entry.dagster_event]


def table_facts(events: RunEvents, *, ahead: bool) -> list[TableFacts]:
    """Return what a reimport did to each table: without plan, without the counts before and after.

    `ahead`: whether the run only looked ahead, so that a table that was not staged is as planned.
    """
    facts, published = [], events.told_of_tables()
    for name, counts in tables_of(events.all, ahead=ahead).items():
        staged = events.told(dg.AssetKey(["staged", name]))
        done = {name: int(counts[name]) for name in COUNTED if name in counts}
        facts.append(
            TableFacts(
                name,
                read=counts["read"],
                done=done if name in published else None,
                rejected=dict(counts["rejected"]),
                warnings=dict(staged.get("warnings_by_reason", {})),
            )
        )
    return facts


def taken_back_facts(events: RunEvents) -> list[TableFacts]:
    """Return what a rollback did to each table, as its materializations tell it."""
    return [
        TableFacts(name, done={one.name: int(told[one.name]) for one in TAKEN_BACK if one.name in told})
        for name, told in events.told_of_tables().items()
    ]


def published_as(events: RunEvents) -> int | None:
    """Return the number of the publication that the tables' materializations tell; None where none does."""
    numbers = {told.get("publication") for told in events.told_of_tables().values()}
    return max((number for number in numbers if isinstance(number, int)), default=None)


def broken_links(events: RunEvents) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    """Return by table and column how many rows from FileMaker, and how many others, point at nothing."""
    ours: dict[tuple[str, str], int] = {}
    others: dict[tuple[str, str], int] = {}
    for entry in events.all:
        event = entry.dagster_event
        if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        found = event.asset_check_evaluation_data
        known = {*BROKEN_OURS, BROKEN_OTHERS}
        if found.check_name in known and "broken" in found.metadata:
            into = others if found.check_name == BROKEN_OTHERS else ours
            counts: Any = found.metadata["broken"].value
            into |= {(found.asset_key.path[-1], column): int(count) for column, count in counts.items()}
    return {key: (ours.get(key), others.get(key)) for key in {**ours, **others}}


def check_facts(events: RunEvents) -> list[CheckFacts]:
    """Return each check as last evaluated."""
    return list({(one["asset"], one["check"]): CheckFacts(**one) for one in checks_of(events.all)}.values())


def thumbnail_facts(events: RunEvents) -> ThumbnailFacts | None:
    """Return what became of the thumbnails; None where the run did not look at them."""
    told = thumbnails_of(events.all)
    return ThumbnailFacts(told["made"], told["reused"], dict(told["failed"])) if told else None


def step_facts(events: RunEvents) -> list[StepFacts]:
    """Return each step of the run itself that has ended, but for the report's, in order of its start."""
    begun: dict[str, float] = {}
    ended: dict[str, StepFacts] = {}
    for entry in events.own:
        event = entry.dagster_event
        step = event.step_key if event else None
        if event is None or step is None or step == REPORT.path[0]:
            continue
        if event.event_type == dg.DagsterEventType.STEP_START:
            begun[step] = entry.timestamp
        elif event.is_step_failure or event.is_step_success:
            seconds = round(entry.timestamp - begun.get(step, entry.timestamp), 3)
            ended[step] = StepFacts(step, max(0.0, seconds), failed=event.is_step_failure)
    return [ended[step] for step in begun if step in ended]


def failure_lines(events: RunEvents) -> list[str]:
    """Return why the run failed, a line a failed step; where none failed, what Dagster says of the run."""
    steps = failures_of(events.own)
    if steps:
        return steps
    ends = {dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED}
    return [
        event.message
        for entry in events.own
        if (event := entry.dagster_event) and event.event_type in ends and event.message
    ]


def backup_facts(events: RunEvents) -> BackupFacts | None:
    """Return what the asset `backup` tells of itself: `backup` (its name), `proved`, `rows`."""
    told = events.told(BACKUP)
    if not told.get("backup"):
        return None
    name = str(told["backup"])
    return BackupFacts(name, bool(told.get("proved")), _optional_int(told.get("rows")), _made_at(name))


def _made_at(name: str) -> datetime | None:
    try:
        return datetime.strptime(name.partition("-")[0], _NAME_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _optional_int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def plan_id_of(events: RunEvents, tags: Mapping[str, str]) -> str | None:
    """Return the id of the plan that a run made or applied, from its tag or what the asset `plan` tells."""
    found = tags.get("nexus_reimport/plan") or events.told(PLAN).get("plan_id")
    return str(found) if found else None
