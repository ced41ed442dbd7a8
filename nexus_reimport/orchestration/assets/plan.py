"""The plan: what a publication of what is staged would do to Nexus as it is now. It only reads."""

from datetime import UTC, datetime
from typing import cast

import dagster as dg
import pandas as pd

from nexus_reimport.load.our_tables.figures import MadeOf
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.plan.staleness import refuse_if_different, refuse_if_moved
from nexus_reimport.load.plan.stored_plans import Inputs, load_plan, plan_record, save_plan
from nexus_reimport.model.frames import TOUCHED_ROWS
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.orchestration.asset_keys import PLAN
from nexus_reimport.orchestration.assets.coverage import covered_tables
from nexus_reimport.orchestration.assets.failures import publication_refusal
from nexus_reimport.orchestration.assets.metadata import OWNERS, column_schema
from nexus_reimport.orchestration.assets.plan_metadata import plan_metadata
from nexus_reimport.orchestration.assets.publishing import source_versions, staged_tables, unseen_pictures
from nexus_reimport.orchestration.assets.thumbnails import known_thumbnails
from nexus_reimport.orchestration.checks.gate import Gate
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import without_values
from nexus_reimport.orchestration.resources import MappingsFile, NexusResource, RunOptions
from nexus_reimport.release import code_fingerprint
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.transform.staged import Staged

# What people say of names is a source of every table.
MAPPINGS = "mappings.toml"


def plan_asset(gate: Gate) -> dg.AssetsDefinition:
    """Return the plan; `gate` knows what each staged table is made from."""

    @dg.asset(
        key=PLAN,
        group_name="safety",
        kinds={"postgres", "json"},
        owners=OWNERS,
        deps=[dg.AssetKey(["staged", table.name]) for table in TABLES],
        metadata={"dagster/column_schema": column_schema(TOUCHED_ROWS)},
    )
    def plan(
        context: dg.AssetExecutionContext,
        frames: dg.ResourceParam[FrameIOManager],
        nexus: NexusResource,
        options: RunOptions,
        mappings: MappingsFile,
    ) -> dg.Output[pd.DataFrame]:
        """Say what a run would insert, update, leave, reject and find in conflict. Only reads.

        The frame lists each row that would be touched; the plan itself, with its id, is kept as JSON.
        """
        names = covered_tables(context, frames, options)
        staged = {name: cast("Staged", frames.read(_staged(name))) for name in names}
        unseen, to_make = unseen_pictures(staged), _thumbnails_to_make(frames, names)
        with publication_refusal(), without_values():
            seen = frames.view(context.instance)
            versions = source_versions(gate.given(seen, [_staged(name) for name in names]))
            made_of = MadeOf(code_fingerprint(), versions)
            planned = make_plan(
                nexus.planning_url,
                staged_tables(staged),
                options.proved(),
                unseen,
                context.log.info,
                made_of,
            )
            sources = {MAPPINGS: mappings.read().fingerprint(), **versions}
            inputs = Inputs(sources, made_of.code, {**options.planned(), "tables": names})
            record = plan_record(planned, inputs, _rejects(staged), _made(context, options), to_make)
            store = open_store(frames.location)
            if options.plan:
                old = load_plan(store, options.plan)
                refuse_if_moved(old, record, planned.standing.applied)
                refuse_if_different(old, record)
            save_plan(store, record)
            frames.save_progress(PLAN, context.run.run_id, planned.seen)
        return dg.Output(planned.touched, metadata=plan_metadata(record))

    return plan


def _staged(table: str) -> dg.AssetKey:
    return dg.AssetKey(["staged", table])


def _thumbnails_to_make(frames: FrameIOManager, names: list[str]) -> int:
    """Count the images in the bucket that nobody has looked at since they last changed."""
    listing = frames.read_if_there(dg.AssetKey(["files", "s3_listing"])) if "images" in names else None
    return 0 if listing is None else len(known_thumbnails(frames, cast("pd.DataFrame", listing)).unseen)


def _rejects(staged: dict[str, Staged]) -> dict[str, list[dict[str, str]]]:
    return {
        name: cast("list[dict[str, str]]", one.rejects.astype(object).to_dict(orient="records"))
        for name, one in staged.items()
    }


def _made(context: dg.AssetExecutionContext, options: RunOptions) -> dict[str, str]:
    return {
        "run_id": context.run.run_id,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": options.instant(context).isoformat(),
    }
