"""How Dagster keeps an asset's frames: one set of Parquet files each, in the FrameStore."""

from collections.abc import Mapping
from typing import TypeAlias

import dagster as dg
import pandas as pd
from pydantic import Field

from nexus_reimport.model.setting_values import require_storage
from nexus_reimport.storage.frame_store import FRAMES, FrameStore, open_store
from nexus_reimport.storage.storage_faults import prove_storage
from nexus_reimport.transform.staged import Staged

PROGRESS = "progress"

Value: TypeAlias = pd.DataFrame | Staged


class FrameIOManager(dg.ConfigurableIOManager):
    """Stores data frames, and the rows, rejects and warnings of what is staged."""

    location: str = Field(description="A folder, or s3://bucket/prefix")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's
        """Refuse a location that is none, or can't be written, before anything is read."""
        require_storage(self.location)
        prove_storage(open_store(self.location))

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        """Replace the asset's frames by the given ones, whole or not at all."""
        self._store().save(_name(context.asset_key), context.run_id, _parts(obj))

    def load_input(self, context: dg.InputContext) -> Value:
        """Return the frames as last stored: a DataFrame, or a Staged where there are rejects."""
        return self.read(context.asset_key)

    def read(self, key: dg.AssetKey) -> Value:
        """Return an asset's frames as last stored. Raises FrameMissing or FrameDamaged."""
        return _value(self._store().load(_name(key)))

    def read_if_there(self, key: dg.AssetKey) -> Value | None:
        """Return an asset's frames as last stored; None where there are none. Raises FrameDamaged."""
        return self.read(key) if self.version(key) else None

    def save_progress(self, key: dg.AssetKey, run_id: str, frame: pd.DataFrame) -> None:
        """Write down how far a long step has come; the asset's own frames stay as they are."""
        self._store().save(_progress_name(key), run_id, {"rows": frame})

    def read_progress(self, key: dg.AssetKey) -> pd.DataFrame | None:
        """Return what a long step wrote down last, in this run or an earlier one."""
        name = _progress_name(key)
        return self._store().load(name)["rows"] if self._store().version(name) else None

    def progress_version(self, key: dg.AssetKey) -> str | None:
        """Return the id of the run that wrote that down last; None where none did."""
        return self._store().version(_progress_name(key))

    def version(self, key: dg.AssetKey) -> str | None:
        """Return the id of the run that stored the asset's frames; None where there are none."""
        return self._store().version(_name(key))

    def _store(self) -> FrameStore:
        return FrameStore(open_store(self.location))


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
