"""The gate before a publication: what it is given must have passed its checks, as it is now.

A selection that leaves out the sources, or what is staged, runs no check of theirs. So the publication
asks again itself, for the latest evaluation of every blocking check on the whole way from the sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import dagster as dg
from dagster import AssetCheckKey, AssetKey, DagsterInstance

from nexus_reimport.orchestration.dagster_internals import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)
from nexus_reimport.orchestration.io_manager import FrameIOManager

POINTER = "dagster/input_event_pointer/"
EVALUATED = (AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED)


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
        lineage = sorted(self.lineage(inputs))
        latest = latest_materializations(instance, lineage)
        doubts: list[str] = []
        for key in lineage:
            if key not in latest:
                doubts.append(f"{key.to_user_string()}: never materialized")
            elif frames.version(key) != latest[key].run_id:
                doubts.append(f"{key.to_user_string()}: what is stored is not what was last materialized")
            else:
                doubts += self._older_parents(key, latest)
        return doubts + self._check_doubts(instance, lineage, latest)

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

    def _older_parents(self, key: AssetKey, latest: "Latest") -> list[str]:
        """Name what an asset was made from that has been materialized again since."""
        made_from = latest[key].made_from
        return [
            f"{key.to_user_string()}: made from an older {parent.to_user_string()}"
            for parent in sorted(self.parents.get(key, frozenset()))
            if parent in latest and made_from(parent) != str(latest[parent].storage_id)
        ]

    def _check_doubts(
        self, instance: DagsterInstance, lineage: list[AssetKey], latest: "Latest"
    ) -> list[str]:
        keys = [
            AssetCheckKey(key, name)
            for key in lineage
            if key in latest
            for name in sorted(self.blocking.get(key, frozenset()))
        ]
        evaluations = latest_evaluations(instance, keys)
        return [doubt for key in keys if (doubt := _doubt(key, evaluations.get(key), latest))]


@dataclass(frozen=True)
class Materialization:
    """The latest materialization of an asset: its place in Dagster's log, its run, and its tags."""

    storage_id: int
    run_id: str
    tags: Mapping[str, str]

    def made_from(self, parent: AssetKey) -> str | None:
        """Return which materialization of a parent it was made from."""
        return self.tags.get(POINTER + parent.to_user_string())


Latest: TypeAlias = dict[AssetKey, Materialization]


def latest_materializations(instance: DagsterInstance, keys: list[AssetKey]) -> Latest:
    """Return the latest materialization of each asset that has one."""
    found: Latest = {}
    for record in instance.get_asset_records(keys):
        last = record.asset_entry.last_materialization_record
        if last and last.asset_materialization:
            tags = last.asset_materialization.tags or {}
            found[record.asset_entry.asset_key] = Materialization(last.storage_id, last.run_id, tags)
    return found


def latest_evaluations(
    instance: DagsterInstance, keys: list[AssetCheckKey]
) -> dict[AssetCheckKey, dg.AssetCheckEvaluation]:
    """Return the latest evaluation of each check that has one.

    Asked of all at once; only a check that is planned again and not evaluated yet is asked of alone.
    """
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    found = {}
    for key, record in records.items():
        evaluated = record if record.status in EVALUATED else _last_evaluated(instance, key)
        if evaluated and evaluated.evaluation:
            found[key] = evaluated.evaluation
    return found


def _last_evaluated(instance: DagsterInstance, key: AssetCheckKey) -> AssetCheckExecutionRecord | None:
    """Return a check's latest execution that came to a result; a run that failed before it gave none."""
    history = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=1, status=set(EVALUATED)
    )
    return history[0] if history else None


def _doubt(key: AssetCheckKey, evaluation: dg.AssetCheckEvaluation | None, latest: Latest) -> str | None:
    name = f"{key.asset_key.to_user_string()}: check {key.name}"
    if evaluation is None:
        return f"{name} has not been evaluated"
    if not evaluation.passed:
        return f"{name} failed: {evaluation.description}" if evaluation.description else f"{name} failed"
    target = evaluation.target_materialization_data
    if target is None or target.storage_id != latest[key.asset_key].storage_id:
        return f"{name} was evaluated on an older version"
    return None
