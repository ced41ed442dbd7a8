"""The targets: the published tables, one multi-asset and one transaction."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import dagster as dg

from nexus_reimport.load import backup as backups
from nexus_reimport.load.backup.before_publication import back_up_now
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.diff import Diff
from nexus_reimport.load.exceptions import BrokenLinks, PublicationError
from nexus_reimport.load.plan.stored_plans import PlanRecord
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.columns import Table
from nexus_reimport.model.counts import COUNTED
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.outcome import REJECTED_BY_REASON, as_metadata
from nexus_reimport.orchestration.asset_keys import BACKUP
from nexus_reimport.orchestration.assets.failures import refused
from nexus_reimport.orchestration.assets.metadata import OWNERS, by_reason, table_columns
from nexus_reimport.orchestration.assets.publishing import (
    backup_of_run,
    made_of,
    plan_of_run,
    seen_by,
    staged_tables,
    unseen_pictures,
)
from nexus_reimport.orchestration.checks.gate import Gate, Given
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import without_values
from nexus_reimport.orchestration.resources import NexusResource, RunOptions
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate.verification import count_stale_links

PROVED = "links_proved_before_commit"


def _spec(table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=["nexus", table.name],
        deps=[dg.AssetKey(["staged", table.name]), BACKUP],
        group_name="nexus",
        kinds={"postgres", "django"},
        owners=OWNERS,
        skippable=True,
        description=f"Nexus's table {table.relation}, published with all that is selected or not at all.",
        metadata={"dagster/column_schema": table_columns(table), "dagster/table_name": table.relation},
    )


def _proof(table: Table) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        PROVED,
        asset=dg.AssetKey(["nexus", table.name]),
        description="Inside the transaction: no row points at a row that isn't there.",
    )


def publication_asset(gate: Gate) -> dg.AssetsDefinition:
    """Return the publication; `gate` is asked before anything is written and again before COMMIT."""

    @dg.multi_asset(
        name="nexus_publication",
        specs=[_spec(table) for table in TABLES],
        check_specs=[_proof(table) for table in TABLES],
        can_subset=True,
    )
    def nexus_publication(
        context: dg.AssetExecutionContext,
        frames: dg.ResourceParam[FrameIOManager],
        nexus: NexusResource,
        options: RunOptions,
    ) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
        names = _selected(context)
        if not names:
            yield from _proved_anew(context, nexus.database_url)
            return
        inputs = [dg.AssetKey(["staged", name]) for name in names]
        staged = {name: cast("Staged", frames.read(key)) for name, key in zip(names, inputs, strict=True)}
        gate.refuse_unproved(context.instance, frames, inputs)
        _refuse_unseen(staged)
        plan, given = plan_of_run(context, frames), gate.given(frames.view(context.instance), inputs)
        try:
            with without_values():
                published = publish(
                    nexus.database_url,
                    context.run.run_id,
                    options.instant(context),
                    staged_tables(staged),
                    before_commit=lambda _: gate.refuse_unproved(context.instance, frames, inputs),
                    progress=context.log.info,
                    terms=_terms(context, frames, options, plan, given),
                )
        except BrokenLinks as refusal:
            yield from _disproved(names, refusal)
            raise refused(refusal) from None
        except PublicationError as refusal:
            raise refused(refusal) from None
        for name in names:
            yield _result(name, published, staged[name], plan)

    return nexus_publication


def _terms(
    context: dg.AssetExecutionContext,
    frames: FrameIOManager,
    options: RunOptions,
    plan: PlanRecord | None,
    given: Given,
) -> PublicationTerms:
    """Return on what terms to publish: a plan that was approved binds it, and no row is touched unsaved."""
    ahead = backup_of_run(context, frames)
    store, plan_id = open_store(frames.location), plan["id"] if plan else None

    def back_up(connection: Connection, decision: Diff) -> str | None:
        now = datetime.now(UTC)
        name = backups.new_name(store, context.run.run_id, now)
        header = backups.Header(name, context.run.run_id, plan_id, now)
        return back_up_now(connection, store, header, decision.tables, ahead)

    seen = seen_by(context, frames) if plan else None
    return PublicationTerms(
        options.proved(),
        plan_id,
        planned=plan["writes"] if plan else None,
        # What was seen of rows to be adopted is lost: nothing else would tell an edit made since.
        approved=bool(options.plan) or seen is None,
        seen=seen,
        back_up=back_up,
        made_of=made_of(frames, given),
    )


def _selected(context: dg.AssetExecutionContext) -> list[str]:
    return [
        table.name for table in TABLES if dg.AssetKey(["nexus", table.name]) in context.selected_asset_keys
    ]


def _proved_anew(context: dg.AssetExecutionContext, url: str) -> Iterator[dg.AssetCheckResult]:
    """Answer checks that are executed without publishing: of Nexus as it is now, where nothing is written."""
    for table in TABLES:
        key = dg.AssetKey(["nexus", table.name])
        if dg.AssetCheckKey(key, PROVED) in context.selected_asset_check_keys:
            with without_values():
                broken = {count.column: count.ours for count in count_stale_links(url, table)}
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=PROVED,
                passed=not any(broken.values()),
                description="Executed without a publication: of Nexus as it is now.",
                metadata={"broken": dg.MetadataValue.json(broken)},
            )


def _refuse_unseen(staged: Mapping[str, Staged]) -> None:
    if unseen := unseen_pictures(staged):
        raise dg.Failure(
            f"images: {len(unseen)} pictures have not been looked at since they came to the bucket. Nothing "
            "was written. Materialize thumbnails and what comes after it, then publish.",
            allow_retries=False,
        )


def _disproved(names: list[str], refusal: BrokenLinks) -> Iterator[dg.AssetCheckResult]:
    for name in names:
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey(["nexus", name]), check_name=PROVED, passed=False, description=str(refusal)
        )


def _result(
    name: str, published: Publication, staged: Staged, plan: PlanRecord | None
) -> dg.MaterializeResult[object]:
    key = dg.AssetKey(["nexus", name])
    links = {count.column: count.ours for count in published.links if count.table == name}
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            "dagster/row_count": published.tables[name].rows,
            **as_metadata(published.tables[name]),
            REJECTED_BY_REASON: dg.MetadataValue.json(by_reason(staged.rejects)),
            **_since_the_plan(plan, name, published),
            "publication": published.number if published.number is not None else "nothing to write",
            "backup": published.backup or "nothing to back up",
            "relation": BY_NAME[name].relation,
        },
        check_results=[
            dg.AssetCheckResult(
                asset_key=key,
                check_name=PROVED,
                passed=True,
                metadata={"broken": dg.MetadataValue.json(links)},
            )
        ],
    )


def _since_the_plan(plan: PlanRecord | None, name: str, published: Publication) -> dict[str, Any]:
    """Return whether a table was done as planned; where Nexus had moved, each count that came out another."""
    if plan is None:
        return {}
    if name not in published.moved:
        return {"since_the_plan": "as planned"}
    planned, done = plan["tables"].get(name, {}), published.tables[name]
    others = {
        count: f"{planned[count]} planned, {getattr(done, count)} done"
        for count in COUNTED
        if count in planned and planned[count] != getattr(done, count)
    }
    return {
        "since_the_plan": "Nexus had moved: decided again",
        "differs_from_plan": dg.MetadataValue.json(others),
    }
