"""The job that dumps the whole of Nexus's database and proves the dump; by hand, or every week."""

from datetime import UTC, datetime

import dagster as dg

from nexus_reimport.load import backup as backups
from nexus_reimport.load.backup.dump import DUMPS
from nexus_reimport.orchestration.assets.failures import publication_refusal
from nexus_reimport.orchestration.assets.metadata import OWNERS, Metadata
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.resources import NexusResource
from nexus_reimport.storage.frame_store import open_store

NEXUS_DUMP = dg.AssetKey(["nexus_dump"])
DUMP = "dump_nexus"

nexus_dump = dg.AssetSpec(
    NEXUS_DUMP,
    group_name="safety",
    kinds={"postgres"},
    owners=OWNERS,
    description=(
        "The whole of Nexus's database as last dumped, under `dumps/` in the storage. Made by the job "
        f"`{DUMP}`, by hand or by the schedule `weekly_dump`; a reimport makes one only where asked to."
    ),
)


@dg.op(
    description="Dumps everything by pg_dump, then restores the dump into a scratch database and compares."
)
@keeps_values_out_of_errors
def dump_database(
    context: dg.OpExecutionContext, frames: dg.ResourceParam[FrameIOManager], nexus: NexusResource
) -> None:
    """Dump Nexus, prove the dump, forget old ones, and say so as a materialization of `nexus_dump`."""
    store, now = open_store(frames.location), datetime.now(UTC)
    name = backups.new_name(store, context.run_id, now)
    with publication_refusal():
        made = backups.dump(nexus.database_url, store, backups.Header(name, context.run_id, None, now))
        context.log.info(f"Dumped as {name}. Restoring it elsewhere, to compare.")
        proof = backups.prove_dump(nexus.database_url, store, name)
        forgotten = backups.forget_old(store, backups.keep_setting(), now, protected=[name], folder=DUMPS)
    if not proof.is_proved:
        context.log.warning(f"The dump is whole, but no proof was tried: {proof.reason}.")
    context.log_event(dg.AssetMaterialization(NEXUS_DUMP, metadata=_told(made, proof, len(forgotten))))


def _told(made: backups.Dump, proof: backups.DumpProof, forgotten: int) -> Metadata:
    why: Metadata = {} if proof.is_proved else {"why_not_proved": proof.reason}
    return {
        "dump": made.header.name,
        "tables": len(made.tables),
        "rows": sum(one.rows for one in made.tables.values()),
        "bytes": made.file.bytes,
        "proved": proof.is_proved,
        **why,
        "server_version": made.server_version,
        "forgotten": forgotten,
    }


@dg.job(
    name=DUMP,
    description="Dump the whole of Nexus's database, so that it can be made again on an empty server.",
)
def dump_job() -> None:
    """One step."""
    dump_database()


weekly_dump = dg.ScheduleDefinition(
    name="weekly_dump",
    job=dump_job,
    cron_schedule="0 2 * * 0",
    execution_timezone="Australia/Sydney",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="A dump of all of Nexus in the night to Sunday. Off, unless somebody turns it on.",
)
