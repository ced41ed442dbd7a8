"""The backup of the rows that are about to be touched, and the proof that it can be restored."""

from datetime import UTC, datetime
from typing import cast

import dagster as dg
import pandas as pd
from obstore.store import ObjectStore

from nexus_reimport.load import backup as backups
from nexus_reimport.load.backup.before_publication import ProvedBackup, back_up_ahead
from nexus_reimport.load.diff.diff import written_tables
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.orchestration.asset_keys import BACKUP, PLAN
from nexus_reimport.orchestration.assets.coverage import covered_tables
from nexus_reimport.orchestration.assets.failures import publication_refusal
from nexus_reimport.orchestration.assets.metadata import OWNERS, Metadata
from nexus_reimport.orchestration.assets.publishing import BACKUP_NAME, plan_of_run
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import without_values
from nexus_reimport.orchestration.resources import NexusResource, RunOptions
from nexus_reimport.storage.frame_store import open_store


@dg.asset(key=BACKUP, group_name="safety", kinds={"postgres"}, owners=OWNERS, deps=[PLAN])
def backup(
    context: dg.AssetExecutionContext,
    frames: dg.ResourceParam[FrameIOManager],
    nexus: NexusResource,
    options: RunOptions,
) -> dg.MaterializeResult[None]:
    """Keep the rows that the plan touches, and who each row is; restored once, and equal, before writing."""
    covered = written_tables(covered_tables(context, frames, options))
    store = open_store(frames.location)
    plan = plan_of_run(context, frames)
    now = datetime.now(UTC)
    name = backups.new_name(store, context.run.run_id, now)
    header = backups.Header(name, context.run.run_id, plan["id"] if plan else None, now)
    with publication_refusal(), without_values():
        told: Metadata = {}
        if options.full_dump:
            told = _dumped(nexus.database_url, store, header)
        rows = cast("pd.DataFrame", frames.read(PLAN))
        tables = [table for table in TABLES if table.name in covered]
        made = back_up_ahead(nexus.database_url, store, header, rows, tables)
        forgotten = backups.forget_old(store, backups.keep_setting(), now)
    return dg.MaterializeResult(metadata={**_told(made), **told, "forgotten": len(forgotten)})


def _told(made: ProvedBackup | None) -> Metadata:
    if made is None:
        return {"says": "Nothing to back up: no row is to be touched.", "rows": 0}
    return {
        BACKUP_NAME: made.backup.header.name,
        "rows": made.backup.rows,
        "bytes": made.backup.bytes,
        "proved": True,
        "rows_restored_and_equal": made.proof.rows,
        "made_at": made.backup.header.made_at.isoformat(),
    }


def _dumped(url: str, store: ObjectStore, header: backups.Header) -> Metadata:
    """Dump all of Nexus, and return what came of it and of the proof."""
    dumped = backups.dump(url, store, header)
    proof = backups.prove_dump(url, store, dumped.header.name)
    return {
        "full_dump": dumped.header.name,
        "full_dump_bytes": dumped.file.bytes,
        "full_dump_proved": proof.is_proved,
    }
