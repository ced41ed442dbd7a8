"""What a run has before it of all that was made: its own, then what others had made by the time it began.

Dagster keeps the latest materialization of an asset, whoever made it. Beside a run that goes on, a plan makes
the same assets; so each run has its own view, in which there is neither what was made since nor what a plan
made for itself.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import AssetKey, DagsterInstance, DagsterRun

from nexus_reimport.model.options import Options
from nexus_reimport.orchestration.records.run_kinds import KIND_TAG, LOOKS_AHEAD
from nexus_reimport.orchestration.resources import DRY_RUN

POINTER = "dagster/input_event_pointer/"
# Of most assets the newest is the one; the others come in larger pages.
_FIRST_PAGE, NEXT_PAGES = 4, 50
# What a run that only looks ahead leaves out: whatever is written outside of our storage.
WRITING = ("nexus", "thumbnails", "backup")


@dataclass(frozen=True)
class Materialization:
    """One materialization of an asset: its place in Dagster's log, its run, its tags and what it told."""

    storage_id: int
    run_id: str
    tags: Mapping[str, str] = field(compare=False)
    told: Mapping[str, Any] = field(compare=False)


class MaterializationLog:
    """Dagster's log of materializations as it is now; no page of it and no run is asked for twice."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self._runs: dict[str, dg.RunRecord | None] = {}
        self._found: dict[AssetKey, list[Materialization]] = {}
        self._cursors: dict[AssetKey, str | None] = {}

    def run(self, run_id: str) -> dg.RunRecord | None:
        """Return a run; None where Dagster knows none by that id, as for what no run has made."""
        if run_id not in self._runs:
            self._runs[run_id] = self.instance.get_run_record_by_id(run_id) if run_id else None
        return self._runs[run_id]

    def chain(self, run: DagsterRun) -> list[DagsterRun]:
        """Return a run, then the one that it was executed again from, and so on back to the first."""
        chain = [run]
        while before := self.run(chain[-1].parent_run_id or ""):
            if before.dagster_run in chain:
                break
            chain.append(before.dagster_run)
        return chain

    def newest_first(self, key: AssetKey) -> Iterator[Materialization]:
        """Yield the materializations of an asset by any run, the newest first."""
        found, place = self._found.setdefault(key, []), 0
        while place < len(found) or self._read_on(key):
            yield found[place]
            place += 1

    def _read_on(self, key: AssetKey) -> bool:
        """Read the next page of an asset's materializations; return whether there was anything in it."""
        if key in self._cursors and self._cursors[key] is None:
            return False
        limit = NEXT_PAGES if key in self._cursors else _FIRST_PAGE
        page = self.instance.fetch_materializations(key, limit, self._cursors.get(key))
        self._cursors[key] = page.cursor if page.has_more else None
        for record in page.records:
            if told := record.asset_materialization:
                one = Materialization(record.storage_id, record.run_id, told.tags or {}, told.metadata)
                self._found[key].append(one)
        return bool(page.records)


def looks_ahead(run: DagsterRun) -> bool:
    """Say whether a run is a dry run: what it makes is for its plan, and nobody else's.

    Not what a person has selected in the browser, the plan with it, to publish it afterwards.
    """
    return run.job_name == DRY_RUN or run.tags.get(KIND_TAG) == LOOKS_AHEAD


def terms_of(run: DagsterRun) -> dict[str, Any]:
    """Return every option of a run that a plan depends on, given or not."""
    resources: Any = run.run_config.get("resources", {})
    given = resources.get("options", {}).get("config", {})
    return Options.model_construct(**given).planned()


@dataclass(frozen=True)
class RunView:
    """What somebody sees of all that was made: a run, or a person outside of any.

    `runs`: the ids of the run and of those that it goes on from; a person has none. `began`: when the run
    began, in seconds; what others made counts if they had ended by then. `terms`: the run's options.
    """

    log: MaterializationLog
    runs: tuple[str, ...] = ()
    began: float = math.inf
    terms: Mapping[str, Any] | None = None

    @classmethod
    def of_run(cls, log: MaterializationLog, run_id: str) -> "RunView | None":
        """Return what a run sees; None where Dagster knows no such run."""
        record = log.run(run_id)
        if record is None:
            return None
        chain = log.chain(record.dagster_run)
        began = math.inf if record.start_time is None else record.start_time
        return cls(log, tuple(one.run_id for one in chain), began, terms_of(record.dagster_run))

    @classmethod
    def before_going_on(cls, log: MaterializationLog, run: DagsterRun) -> "RunView":
        """Return what the run will see that goes on from this one now."""
        return cls(log, tuple(one.run_id for one in log.chain(run)), terms=terms_of(run))

    def made(self, key: AssetKey) -> Materialization | None:
        """Return the materialization of an asset that counts in this view; None where there is none.

        That is the newest of the run, of those that it goes on from, and of those that had ended when it
        began. What a plan made for itself counts only where nothing else is there, and on the same terms.
        """
        of_plan = None
        for one in self.log.newest_first(key):
            if one.run_id in self.runs:
                return one
            record = self.log.run(one.run_id)
            if record and not self._had_ended(record):
                continue
            if record is None or not looks_ahead(record.dagster_run):
                return one
            if of_plan is None and self.terms in (None, terms_of(record.dagster_run)):
                of_plan = one
        return of_plan

    def made_from(self, made: Materialization, parent: AssetKey) -> Materialization | None:
        """Return what something was made from: what its own run had before it.

        Dagster's own pointer names the latest of that time, by whomever.
        """
        maker = RunView.of_run(self.log, made.run_id)
        if maker:
            return maker.made(parent)
        pointer = made.tags.get(POINTER + parent.to_user_string())
        return next((one for one in self.log.newest_first(parent) if str(one.storage_id) == pointer), None)

    def _had_ended(self, record: dg.RunRecord) -> bool:
        return record.dagster_run.is_finished and (record.end_time or 0.0) <= self.began
