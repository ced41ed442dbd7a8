"""The gate before a publication: what it is given must have passed its checks, as it is now.

A selection that leaves out the sources, or what is staged, runs no check of theirs. So the publication
asks again itself, for the latest evaluation of every blocking check on the whole way from the sources. It
asks in the view of the run: what a plan beside it makes, and finds, is none of its concern.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TypeAlias

import dagster as dg
from dagster import AssetCheckKey, AssetKey, DagsterInstance

from nexus_reimport.orchestration.dagster_internals import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.run_view import Materialization, RunView

EVALUATED = (AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED)
# How many evaluations of a check are asked for at once.
PAGE = 50

Given: TypeAlias = dict[AssetKey, Materialization]


class InputsNotProved(dg.Failure):
    """A publication was given something whose checks failed, are missing, or are of an older version."""


@dataclass(frozen=True)
class Gate:
    """`parents`: what each asset is made from. `blocking`: the names of each asset's blocking checks."""

    parents: Mapping[AssetKey, frozenset[AssetKey]]
    blocking: Mapping[AssetKey, frozenset[str]]

    def refuse_unproved(
        self, instance: DagsterInstance, frames: FrameIOManager, inputs: list[AssetKey]
    ) -> None:
        """Raise InputsNotProved unless every input, and all it comes from, is proved as it is now."""
        if reasons := self.doubts(instance, frames, inputs):
            raise InputsNotProved(
                "Nothing was written, since not everything given to the publication is proved:\n  "
                + "\n  ".join(reasons)
                + "\nMaterialize what is named, with its checks, then publish."
            )

    def doubts(self, instance: DagsterInstance, frames: FrameIOManager, inputs: list[AssetKey]) -> list[str]:
        """Return why the inputs, or what they come from, are not proved as they are now; a line each."""
        seen = frames.view(instance)
        lineage, given = sorted(self.lineage(inputs)), self.given(seen, inputs)
        doubts: list[str] = []
        for key in lineage:
            if key not in given:
                doubts.append(f"{key.to_user_string()}: never materialized")
            elif not frames.has(key, given[key].run_id):
                doubts.append(f"{key.to_user_string()}: what is stored is not what was last materialized")
            else:
                doubts += self._older_parents(seen, key, given)
        return doubts + self._check_doubts(seen, lineage, given)

    def lineage(self, inputs: list[AssetKey]) -> frozenset[AssetKey]:
        """Return the inputs and everything that they are made from."""
        found: set[AssetKey] = set()
        waiting = list(inputs)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.parents.get(key, frozenset())
        return frozenset(found)

    def given(self, seen: RunView, inputs: list[AssetKey]) -> Given:
        """Return which materialization of each input, and of all it comes from, is published from here.

        Of what an input comes from that is the newest: of those that something was made from, and of the one
        that counts here. What was never materialized is left out.
        """
        lineage, given = self.lineage(inputs), dict[AssetKey, Materialization]()
        order = TopologicalSorter({key: self.parents.get(key, frozenset()) for key in lineage})
        for key in reversed(list(order.static_order())):
            children = [one for one in given if key in self.parents.get(one, frozenset())]
            found = [seen.made(key), *(seen.made_from(given[child], key) for child in children)]
            if there := [one for one in found if one]:
                given[key] = max(there, key=lambda one: one.storage_id)
        return given

    def _older_parents(self, seen: RunView, key: AssetKey, given: Given) -> list[str]:
        """Name what an asset was made from that has been materialized again since."""
        return [
            f"{key.to_user_string()}: made from an older {parent.to_user_string()}"
            for parent in sorted(self.parents.get(key, frozenset()))
            if parent in given and seen.made_from(given[key], parent) != given[parent]
        ]

    def _check_doubts(self, seen: RunView, lineage: list[AssetKey], given: Given) -> list[str]:
        keys = [
            AssetCheckKey(key, name)
            for key in lineage
            if key in given
            for name in sorted(self.blocking.get(key, frozenset()))
        ]
        evaluations = evaluations_of(seen, keys, given)
        return [doubt for key in keys if (doubt := _doubt(key, evaluations.get(key)))]


@dataclass(frozen=True)
class Evaluation:
    """What a check came to, and whether it is about the materialization that is asked of."""

    evaluation: dg.AssetCheckEvaluation
    is_current: bool


def evaluations_of(
    seen: RunView, keys: Iterable[AssetCheckKey], given: Given
) -> dict[AssetCheckKey, Evaluation]:
    """Return the latest evaluation of each check on what is given of its asset.

    Where none is, the latest on anything; a check that was never evaluated is left out.
    """
    wanted, found = list(keys), dict[AssetCheckKey, Evaluation]()
    # Asked of all at once; most are the ones.
    latest = seen.log.instance.event_log_storage.get_latest_asset_check_execution_by_key(wanted)
    for key in wanted:
        for record in _newest_first(seen.log.instance, key, latest.get(key)):
            evaluation = record.evaluation
            if evaluation is None:
                continue
            made = given.get(key.asset_key)
            is_current = made is not None and _is_about(seen, record, evaluation, made)
            if is_current or key not in found:
                found[key] = Evaluation(evaluation, is_current)
            if is_current:
                break
    return found


def _newest_first(
    instance: DagsterInstance, key: AssetCheckKey, latest: AssetCheckExecutionRecord | None
) -> Iterator[AssetCheckExecutionRecord]:
    """Yield the executions of a check that came to a result; a run that failed before it gave none."""
    if latest is None:
        return
    if latest.status in EVALUATED:
        yield latest
    cursor: int | None = latest.id
    while cursor is not None:
        page = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=PAGE, cursor=cursor, status=set(EVALUATED)
        )
        yield from page
        cursor = page[-1].id if page else None


def _is_about(
    seen: RunView,
    record: AssetCheckExecutionRecord,
    evaluation: dg.AssetCheckEvaluation,
    made: Materialization,
) -> bool:
    """Say whether a check was evaluated on a materialization: the one that its own run had before it."""
    evaluator = RunView.of_run(seen.log, record.run_id)
    if evaluator:
        return evaluator.made(evaluation.asset_key) == made
    target = evaluation.target_materialization_data
    return target is not None and target.storage_id == made.storage_id


def _doubt(key: AssetCheckKey, found: Evaluation | None) -> str | None:
    name = f"{key.asset_key.to_user_string()}: check {key.name}"
    if found is None:
        return f"{name} has not been evaluated"
    if not found.evaluation.passed:
        says = found.evaluation.description
        return f"{name} failed: {says}" if says else f"{name} failed"
    return None if found.is_current else f"{name} was evaluated on an older version"
