"""What is left of a run that failed, was killed or was cancelled, and how it is gone on with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

import dagster as dg

from nexus_reimport.launching.active_runs import active_runs, describe_run, local_time
from nexus_reimport.launching.exceptions import AnotherRunActive, NothingToResume
from nexus_reimport.launching.execution import Selected
from nexus_reimport.launching.launch import RunRequest
from nexus_reimport.orchestration.asset_keys import BACKUP, NEXUS_STATE, PLAN
from nexus_reimport.orchestration.assets.failures import found_nexus_moved
from nexus_reimport.orchestration.checks.gate import Gate, Given, evaluations_of
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.records.chains import PARENT, RESUMES, ROOT, chain_of
from nexus_reimport.orchestration.records.run_kinds import (
    PlannedKeys,
    is_published,
    makes_assets,
    planned_keys,
    takes_back,
)
from nexus_reimport.orchestration.run_view import MaterializationLog, RunView

# What a publication is to have been preceded by at once: Nexus may have moved since.
ALWAYS_BEFORE = (PLAN, BACKUP)
RECENT = 50

AppliedBy = Callable[[str], str | None]


@dataclass(frozen=True)
class Resumption:
    """What going on with an interrupted run means.

    `run_id`, `began`: the run, and when the first of its chain was created. `kept`: how many of its assets
    need not be made again. `assets`, `checks`: what is left. `request`: what to launch.
    """

    run_id: str
    began: datetime
    kept: int
    assets: frozenset[dg.AssetKey]
    checks: frozenset[dg.AssetCheckKey]
    request: RunRequest

    @property
    def publishes(self) -> bool:
        """Whether going on writes to Nexus."""
        return any(is_published(key) for key in self.assets)


def resumption(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    gate: Gate,
    frames: FrameIOManager,
    applied_by: AppliedBy = lambda _: None,
) -> Resumption:
    """Return how to go on with the newest run. Reads only, but for runs whose process has died: they failed.

    `applied_by` gives the id of the run whose publication of a plan stands, None where there is none.
    Raises AnotherRunActive where one is going on, NothingToResume where none was interrupted.
    """
    if going := active_runs(instance):
        raise AnotherRunActive(f"There is nothing to resume yet: {describe_run(instance, going[0])}.")
    newest = _newest(instance)
    chain = chain_of(instance, newest)
    graph = definitions.resolve_asset_graph()
    remains = _Remains(instance, gate, frames, graph, chain)
    if not (remains.assets or remains.checks):
        raise NothingToResume(f"Everything that run {newest.run_id} was to do is done.")
    return Resumption(
        newest.run_id,
        _record(instance, chain[-1]).create_timestamp,
        len(remains.planned_assets - remains.assets),
        remains.assets,
        remains.checks,
        _request(instance, chain, Selected(remains.assets, remains.checks), applied_by),
    )


def _newest(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """Return the newest run that was interrupted and that none has made good since.

    A publication that succeeded makes all before it good; a run without one only what it covers. Once Nexus
    was taken back, nothing that came before is gone on with.
    """
    covered: list[PlannedKeys] = []
    for record in instance.get_run_records(limit=RECENT):
        run = record.dagster_run
        if takes_back(run) and run.status == dg.DagsterRunStatus.SUCCESS:
            at = local_time(record.create_timestamp)
            raise NothingToResume(
                f"There is nothing to resume: run {run.run_id} of {at} took Nexus back. To reimport anew: "
                "nexus-reimport run"
            )
        planned = planned_keys(instance, run)
        if not makes_assets(instance, run) or run.status == dg.DagsterRunStatus.NOT_STARTED:
            continue
        if run.status == dg.DagsterRunStatus.QUEUED:
            raise AnotherRunActive(f"Run {run.run_id} waits in the queue: it will start by itself.")
        if run.status != dg.DagsterRunStatus.SUCCESS:
            if any(planned <= one for one in covered):
                continue
            return run
        if any(is_published(key) for key in planned):
            at = local_time(record.create_timestamp)
            raise NothingToResume(f"There is nothing to resume: run {run.run_id} of {at} succeeded.")
        covered.append(planned_keys(instance, chain_of(instance, run)[-1]))
    raise NothingToResume("There is nothing to resume: no run was interrupted.")


def _request(
    instance: dg.DagsterInstance,
    chain: list[dg.DagsterRun],
    rest: Selected,
    applied_by: AppliedBy,
) -> RunRequest:
    newest, first = chain[0], chain[-1]
    config = cast("Mapping[str, Any]", newest.run_config)
    resources = dict(config.get("resources", {}))
    options = dict(resources.pop("options", {}).get("config", {}))
    plan = options.get("plan")
    if plan and applied_by(plan) in {run.run_id for run in chain}:
        # Killed after COMMIT: the plan is applied, and would be refused a second time.
        del options["plan"]
    return RunRequest(
        dry_run=not any(is_published(key) for key in planned_keys(instance, first)),
        options={**options, "as_of": options.get("as_of") or _instant(instance, first)},
        rest=rest,
        tags={
            RESUMES: newest.run_id,
            PARENT: newest.run_id,
            ROOT: newest.tags.get(ROOT, newest.run_id),
        },
        resources=resources,
    )


def _instant(instance: dg.DagsterInstance, first: dg.DagsterRun) -> str:
    """Return what the first run of a chain took for its instant, as the options write it."""
    root = instance.get_run_by_id(first.root_run_id) if first.root_run_id else None
    return _record(instance, root or first).create_timestamp.isoformat()


def _record(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.RunRecord:
    (record,) = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    return record


@dataclass(frozen=True)
class _Remains:
    """What of a chain's assets and checks must be done again, or for the first time."""

    instance: dg.DagsterInstance
    gate: Gate
    frames: FrameIOManager
    graph: Any
    chain: list[dg.DagsterRun]

    @cached_property
    def planned(self) -> PlannedKeys:
        """What the first run was to do, of what there is today."""
        there: frozenset[Any] = self.graph.materializable_asset_keys | self.graph.asset_check_keys
        return planned_keys(self.instance, self.chain[-1]) & there

    @cached_property
    def planned_assets(self) -> frozenset[dg.AssetKey]:
        return frozenset(key for key in self.planned if isinstance(key, dg.AssetKey))

    @cached_property
    def planned_checks(self) -> frozenset[dg.AssetCheckKey]:
        return frozenset(key for key in self.planned if isinstance(key, dg.AssetCheckKey))

    @cached_property
    def seen(self) -> RunView:
        """From where the run will look that goes on."""
        return RunView.before_going_on(MaterializationLog(self.instance), self.chain[0])

    @cached_property
    def latest(self) -> Given:
        around = {parent for key in self.planned_assets for parent in self.graph.get(key).parent_keys}
        found = {key: self.seen.made(key) for key in around | self.planned_assets}
        return {key: made for key, made in found.items() if made}

    @cached_property
    def evaluations(self) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
        """The evaluation of each check on its asset as it is now, where there is one."""
        found = evaluations_of(self.seen, sorted(self.planned_checks), self.latest)
        return {key: one.evaluation for key, one in found.items() if one.is_current}

    @cached_property
    def assets(self) -> frozenset[dg.AssetKey]:
        """What is not done, with all that is made of it, and with what belongs to the same step."""
        left = {key for key in self.planned_assets if not self._is_done(key)}
        left |= {
            key.asset_key
            for key, one in self.evaluations.items()
            if not one.passed and self.graph.get(key).blocking
        }
        if self._has_nexus_moved():
            left.add(NEXUS_STATE)
        left = self._with_what_follows(left & self.planned_assets)
        if any(is_published(key) for key in left):
            left = self._with_what_follows(left | (self.planned_assets & set(ALWAYS_BEFORE)))
        return frozenset(left)

    @cached_property
    def checks(self) -> frozenset[dg.AssetCheckKey]:
        """The checks of what is left, and those that were not evaluated on what is done."""
        return frozenset(
            key for key in self.planned_checks if key.asset_key in self.assets or key not in self.evaluations
        )

    def _has_nexus_moved(self) -> bool:
        """Say whether the chain was refused for what it had read of Nexus, and has not read it anew since."""
        made = self.latest.get(NEXUS_STATE)
        for run in self.chain:
            if found_nexus_moved(self.instance, run.run_id):
                return True
            if made and made.run_id == run.run_id:
                return False
        return False

    def _is_done(self, key: dg.AssetKey) -> bool:
        """Say whether an asset is as a run of this chain made it, out of what its parents are now."""
        made = self.latest.get(key)
        if made is None or made.run_id not in {run.run_id for run in self.chain}:
            return False
        if key in self.gate.parents and not self.frames.has(key, made.run_id):
            return False
        return all(
            self.seen.made_from(made, parent) == self.latest[parent]
            for parent in self.graph.get(key).parent_keys
            if parent in self.latest
        )

    def _with_what_follows(self, keys: Iterable[dg.AssetKey]) -> set[dg.AssetKey]:
        """Return assets with all planned ones that are made of them; a publication is one, or none."""
        found: set[dg.AssetKey] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key in found:
                continue
            found.add(key)
            node = self.graph.get(key)
            waiting += (node.child_keys | node.assets_def.keys) & self.planned_assets
        return found
