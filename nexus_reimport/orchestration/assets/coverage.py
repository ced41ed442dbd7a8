"""Which tables a run is about: what it publishes, else what it stages, else what a person names."""

import dagster as dg

from nexus_reimport.model.nexus import TABLES
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.resources import RunOptions


def covered_tables(
    context: dg.AssetExecutionContext, frames: FrameIOManager, options: RunOptions
) -> list[str]:
    """Return the names of the tables that a plan or a backup of this run covers, in their order.

    The run's option `tables` goes first, then the selected nexus/*, then the selected staged/*; where a
    run has none of these, every table that is staged.
    """
    names = [table.name for table in TABLES]
    if options.tables:
        return [name for name in names if name in options.tables]
    selected = context.run.asset_selection
    if selected is None:
        return names
    for group in ("nexus", "staged"):
        if found := [name for name in names if dg.AssetKey([group, name]) in selected]:
            return found
    return [name for name in names if frames.version(dg.AssetKey(["staged", name]))]
