"""The gate before a publication: what it is given must have passed its checks, as it is now.

A selection that leaves out the sources, or what is staged, runs no check of theirs. So the publication
asks again itself, for the latest evaluation of every blocking check on the whole way from the sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from dagster import AssetKey, DagsterInstance

from nexus_reimport.io_manager import FrameIOManager

POINTER = "dagster/input_event_pointer/"


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
        return [
            reason for key in sorted(self.lineage(inputs)) for reason in self._doubts(instance, frames, key)
        ]

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

    def _doubts(self, instance: DagsterInstance, frames: FrameIOManager, key: AssetKey) -> list[str]:
        name = key.to_user_string()
        latest = _latest(instance, key)
        if latest is None:
            return [f"{name}: never materialized"]
        if frames.version(key) != latest.run_id:
            return [f"{name}: what is stored is not what was last materialized"]
        older = [
            f"{name}: made from an older {parent.to_user_string()}"
            for parent in sorted(self.parents.get(key, frozenset()))
            if not latest.made_from_latest(instance, parent)
        ]
        checks = sorted(self.blocking.get(key, frozenset()))
        return older + [doubt for check in checks if (doubt := _check_doubt(instance, key, check, latest))]


@dataclass(frozen=True)
class _Materialization:
    storage_id: int
    run_id: str
    tags: Mapping[str, str]

    def made_from_latest(self, instance: DagsterInstance, parent: AssetKey) -> bool:
        pointer = self.tags.get(POINTER + parent.to_user_string())
        latest = _latest(instance, parent)
        return latest is not None and pointer == str(latest.storage_id)


def _latest(instance: DagsterInstance, key: AssetKey) -> _Materialization | None:
    records = instance.fetch_materializations(key, limit=1).records
    if not records:
        return None
    event = records[0].asset_materialization
    return _Materialization(records[0].storage_id, records[0].run_id, (event.tags if event else None) or {})


def _check_doubt(
    instance: DagsterInstance, key: AssetKey, check: str, latest: _Materialization
) -> str | None:
    name = f"{key.to_user_string()}: check {check}"
    record = instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(key, check))
    evaluation = record.evaluation if record else None
    if evaluation is None:
        return f"{name} has not been evaluated"
    if not evaluation.passed:
        return f"{name} failed"
    target = evaluation.target_materialization_data
    if target is None or target.storage_id != latest.storage_id:
        return f"{name} was evaluated on an older version"
    return None
