"""What a publication, and the plan of one, are given of the staged frames; and the plan that binds it."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.our_tables.figures import MadeOf
from nexus_reimport.load.plan.stored_plans import PlanRecord, load_plan
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.reasons.every_table import LIMIT
from nexus_reimport.model.reasons.images import NO_BATCH, THUMBNAIL_TO_MAKE
from nexus_reimport.model.reasons.several_tables import NO_METADATA, PATIENT_NOT_FOUND
from nexus_reimport.orchestration.asset_keys import BACKUP, PLAN
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.run_view import Materialization
from nexus_reimport.release import code_fingerprint
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.transform.imported_keys import stem_of
from nexus_reimport.transform.source_figures import figures_of_source
from nexus_reimport.transform.staged import Staged

PLAN_ID = "plan_id"
BACKUP_NAME = "backup"
# The groups of what is read from outside.
SOURCES = ("filemaker", "files")
DATA_VERSION = "dagster/data_version"
WITHOUT_PATIENT = (PATIENT_NOT_FOUND, NO_BATCH)


def staged_tables(staged: Mapping[str, Staged]) -> dict[str, StagedTable]:
    """Return what a publication needs of each staged table."""
    return {name: staged_table(BY_NAME[name], one) for name, one in staged.items()}


def staged_table(table: Table, staged: Staged) -> StagedTable:
    """Return what a publication needs of one staged table."""
    cut = int((staged.rejects["reason"] == LIMIT).sum())
    named, astray = _named(staged) if table.is_of_files else ((), ())
    return StagedTable(staged.rows, staged.rejects["key"].to_list(), cut, named, astray)


def _named(staged: Staged) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stems (lower case) of images that the export names, though they could not be staged.

    Beside them those whose patient is nowhere, or whose batch stays deleted.
    """
    reported = pd.concat([staged.rejects, staged.warnings])
    known = reported.loc[~reported["reason"].isin([NO_METADATA, THUMBNAIL_TO_MAKE]), "key"]
    lost = staged.rejects.loc[staged.rejects["reason"].isin(WITHOUT_PATIENT), "key"]
    return tuple(stem_of(key).lower() for key in known), tuple(stem_of(key).lower() for key in lost)


def source_versions(given: Mapping[dg.AssetKey, Materialization]) -> dict[str, str]:
    """Return the data version of every source among what a publication is given, by asset."""
    return {key.to_user_string(): made.tags.get(DATA_VERSION, "") for key, made in _sources(given)}


def made_of(frames: FrameIOManager, given: Mapping[dg.AssetKey, Materialization]) -> MadeOf:
    """Return what a publication of what is given is made of: the code, and what its sources say."""
    figures = {
        key.to_user_string(): figures_of_source(frames.read_of(key, made.run_id))
        for key, made in _sources(given)
    }
    return MadeOf(code_fingerprint(), source_versions(given), figures)


def _sources(
    given: Mapping[dg.AssetKey, Materialization],
) -> list[tuple[dg.AssetKey, Materialization]]:
    return [(key, given[key]) for key in sorted(given) if key.path[0] in SOURCES]


def unseen_pictures(staged: Mapping[str, Staged]) -> list[str]:
    """Return the S3 keys of staged images whose picture nobody has looked at yet."""
    if "images" not in staged:
        return []
    images = staged["images"]
    waiting = images.warnings.loc[images.warnings["reason"] == THUMBNAIL_TO_MAKE, "key"]
    return [str(key) for key in images.rows.loc[images.rows["source_key"].isin(waiting), "s3_key"]]


def plan_of_run(context: dg.AssetExecutionContext, frames: FrameIOManager) -> PlanRecord | None:
    """Return the plan that this run, or the one that it goes on with, has made; None where it made none."""
    plan_id = _told_in_run(context, frames, PLAN, PLAN_ID)
    return load_plan(open_store(frames.location), plan_id) if plan_id else None


def seen_by(context: dg.AssetExecutionContext, frames: FrameIOManager) -> pd.DataFrame | None:
    """Return what the plan of this run, or of the one it goes on with, saw of rows to be adopted.

    None where it made none.
    """
    runs = frames.view(context.instance).runs
    return frames.read_progress(PLAN) if frames.progress_version(PLAN) in runs else None


def backup_of_run(context: dg.AssetExecutionContext, frames: FrameIOManager) -> str | None:
    """Return the backup that this run, or the one it goes on with, has taken; None where it took none."""
    return _told_in_run(context, frames, BACKUP, BACKUP_NAME)


def _told_in_run(
    context: dg.AssetExecutionContext, frames: FrameIOManager, key: dg.AssetKey, entry: str
) -> str | None:
    seen = frames.view(context.instance)
    made = seen.made(key)
    told = made.told.get(entry) if made and made.run_id in seen.runs else None
    return str(told.value) if told else None
