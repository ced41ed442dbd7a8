"""How Dagster keeps an asset's frames: a set of Parquet files for each run that made it, in the FrameStore.

Frames are their run's own. Which of them another run reads is said by its `RunView`, so neither a plan
beside it nor a run after it changes what it reads.
"""

from collections.abc import Mapping
from typing import TypeAlias

import dagster as dg
import pandas as pd
from pydantic import Field, PrivateAttr

from nexus_reimport.exceptions import FrameMissing, StorageFailed
from nexus_reimport.model.setting_values import require_storage
from nexus_reimport.orchestration.frame_retention import forget_unread
from nexus_reimport.orchestration.run_view import MaterializationLog, RunView
from nexus_reimport.storage.frame_store import FRAMES, open_store
from nexus_reimport.storage.frame_versions import FrameVersions
from nexus_reimport.storage.storage_errors import prove_storage
from nexus_reimport.transform.staged import Staged

PROGRESS = "progress"

Value: TypeAlias = pd.DataFrame | Staged


class FrameIOManager(dg.ConfigurableIOManager):
    """Stores data frames, and the rows, rejects and warnings of what is staged.

    In a run it reads what counts for that run. Outside of any it reads what was stored last, whoever stored
    it, but for what `seen_in` returns.
    """

    location: str = Field(description="A folder, or s3://bucket/prefix")
    _instance: dg.DagsterInstance | None = PrivateAttr(default=None)
    _run_id: str | None = PrivateAttr(default=None)
    # What others had made when the run began does not change any more.
    _others: RunView | None = PrivateAttr(default=None)
    _has_forgotten: bool = PrivateAttr(default=False)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse a location that is none, or can't be written, before anything is read."""
        require_storage(self.location)
        prove_storage(open_store(self.location))
        if context.instance and context.run:
            self._instance, self._run_id = context.instance, context.run.run_id
            self._others = self.view(context.instance)

    def seen_in(self, instance: dg.DagsterInstance) -> "FrameIOManager":
        """Return the frames as a person outside of any run sees them: of runs that have ended."""
        seen = self.model_copy()
        seen._instance, seen._others = instance, self.view(instance)
        return seen

    def view(self, instance: dg.DagsterInstance) -> RunView:
        """Return in whose view the frames are read, with Dagster's log as it is now."""
        log = MaterializationLog(instance)
        return (RunView.of_run(log, self._run_id) if self._run_id else None) or RunView(log)

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        """Keep an asset's frames as this run's own, whole or not at all."""
        store = self._store()
        store.save(_name(context.asset_key), context.run_id, _parts(obj))
        if not self._has_forgotten and self._instance:
            self._has_forgotten = True
            try:
                forget_unread(store, self._instance)
            except (StorageFailed, OSError) as error:
                # What was to be stored is stored, and that is what the step is for.
                context.log.warning(
                    f"Frames that nobody reads stay until the next run ({type(error).__name__})."
                )

    def load_input(self, context: dg.InputContext) -> Value:
        """Return the frames that count for the run: a DataFrame, or a Staged where there are rejects."""
        return self.read(context.asset_key)

    def read(self, key: dg.AssetKey) -> Value:
        """Return the frames of an asset that count here. Raises FrameMissing or FrameDamaged."""
        version = self.version(key)
        if version is None and self._others and self._others.made(key):
            raise FrameMissing(
                f"{key.to_user_string()}: what is stored is not what was last materialized. Materialize what "
                "is named, with its checks, then publish."
            )
        return self._load(key, version)

    def read_if_there(self, key: dg.AssetKey) -> Value | None:
        """Return the frames of an asset that count here; None where there are none. Raises FrameDamaged."""
        version = self.version(key)
        return self._load(key, version) if version else None

    def read_last(self, key: dg.AssetKey) -> Value | None:
        """Return the frames of an asset that were stored last, by whomever; None where there are none."""
        version = next(iter(self._store().versions(_name(key))), None)
        return self._load(key, version) if version else None

    def read_of(self, key: dg.AssetKey, run_id: str) -> Value:
        """Return the frames of an asset that a run made. Raises FrameMissing or FrameDamaged."""
        return self._load(key, run_id)

    def has(self, key: dg.AssetKey, run_id: str) -> bool:
        """Say whether the frames of an asset that a run made are stored."""
        return self._store().has(_name(key), run_id)

    def version(self, key: dg.AssetKey) -> str | None:
        """Return the id of the run that made the frames that count here; None where none are stored."""
        store, name = self._store(), _name(key)
        if self._run_id and store.has(name, self._run_id):
            return self._run_id
        made = self._others.made(key) if self._others else None
        if made:
            return made.run_id if store.has(name, made.run_id) else None
        return next((one for one in store.versions(name) if self._is_nobodys(one)), None)

    def save_progress(self, key: dg.AssetKey, run_id: str, frame: pd.DataFrame) -> None:
        """Keep what a step of a run found out beside the asset's frames, which stay as they are.

        That is how far thumbnails are, every few seconds, and what a plan saw of the rows to be adopted.
        """
        self._store().save(_progress_name(key), run_id, {"rows": frame})

    def read_progress(self, key: dg.AssetKey) -> pd.DataFrame | None:
        """Return what was kept so: by this run or one that it goes on from, else by whichever was last."""
        version = self.progress_version(key)
        return self._store().load(_progress_name(key), version)["rows"] if version else None

    def progress_version(self, key: dg.AssetKey) -> str | None:
        """Return the id of the run that kept what `read_progress` returns; None where none did."""
        store, name = self._store(), _progress_name(key)
        own = self._others.runs if self._others else ()
        return next((one for one in own if store.has(name, one)), None) or next(
            iter(store.versions(name)), None
        )

    def _is_nobodys(self, version: str) -> bool:
        """Say whether frames are of a run that Dagster knows nothing of; all are, where it can't be asked."""
        return self._others is None or self._others.log.run(version) is None

    def _load(self, key: dg.AssetKey, version: str | None) -> Value:
        return _value(self._store().load(_name(key), version))

    def _store(self) -> FrameVersions:
        return FrameVersions(open_store(self.location))


def _name(key: dg.AssetKey) -> str:
    return "/".join((FRAMES, *key.path))


def _progress_name(key: dg.AssetKey) -> str:
    return "/".join((FRAMES, PROGRESS, *key.path))


def _parts(value: Value) -> dict[str, pd.DataFrame]:
    if isinstance(value, Staged):
        return {"rows": value.rows, "rejects": value.rejects, "warnings": value.warnings}
    return {"rows": value}


def _value(parts: Mapping[str, pd.DataFrame]) -> Value:
    if "rejects" in parts:
        return Staged(rows=parts["rows"], rejects=parts["rejects"], warnings=parts["warnings"])
    return parts["rows"]
