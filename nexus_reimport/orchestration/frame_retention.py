"""Which runs' frames are forgotten: those that nobody reads any more.

What is stored is patients' data, so of each asset only so much stays as somebody may read: the frames that
count for a person, for each run that is going on, and for the one that would be gone on with; and whichever
was stored last. A run that was killed leaves its frames only until another is newer.
"""

from collections.abc import Iterator

import dagster as dg

from nexus_reimport.orchestration.records.run_kinds import is_published, makes_assets, planned_keys
from nexus_reimport.orchestration.run_view import MaterializationLog, RunView
from nexus_reimport.orchestration.sensors.abandoned import unfinished_runs
from nexus_reimport.storage.frame_versions import FrameVersions, StoredSet

# How many runs are looked through for the one that would be gone on with.
LOOKED_THROUGH = 50


def forget_unread(frames: FrameVersions, instance: dg.DagsterInstance) -> list[StoredSet]:
    """Delete the sets that nobody reads, and return them."""
    # In this order: whoever begins after the sets were listed reads none that is older than the newest.
    stored, unfinished = frames.stored(), frames.unfinished()
    readers = _readers(instance)
    of_readers = {run_id for reader in readers for run_id in reader.runs}
    forgotten = [one for one in unfinished if one.version not in of_readers]
    for name in {one.name for one in stored}:
        sets = sorted((one for one in stored if one.name == name), key=lambda one: one.stored_at)
        key = dg.AssetKey(name.split("/")[1:])
        counting = {made.run_id for reader in readers if (made := reader.made(key))}
        forgotten += [one for one in sets[:-1] if one.version not in of_readers | counting]
    for one in forgotten:
        frames.forget(one)
    return forgotten


def _readers(instance: dg.DagsterInstance) -> list[RunView]:
    log = MaterializationLog(instance)
    going = [RunView.of_run(log, record.dagster_run.run_id) for record in unfinished_runs(instance)]
    resumable = [RunView.before_going_on(log, run) for run in _interrupted(instance)]
    return [RunView(log), *(one for one in going if one), *resumable]


def _interrupted(instance: dg.DagsterInstance) -> Iterator[dg.DagsterRun]:
    """Yield the newest run that failed since the last publication, and the newest that was to publish."""
    is_first = True
    for record in instance.get_run_records(limit=LOOKED_THROUGH):
        run = record.dagster_run
        if not makes_assets(instance, run):
            continue
        publishes = any(is_published(key) for key in planned_keys(instance, run))
        if run.is_success and publishes:
            return
        if run.is_failure_or_canceled and (is_first or publishes):
            yield run
            is_first = False
            if publishes:
                return
