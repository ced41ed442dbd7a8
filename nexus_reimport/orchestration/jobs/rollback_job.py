"""The job that takes publications back: Nexus as it was before them, said of every table concerned."""

from collections.abc import Callable, Sequence
from enum import Enum

import dagster as dg
from obstore.store import ObjectStore
from pydantic import Field

from nexus_reimport.load.backup.manifest import read as read_backup
from nexus_reimport.load.rollback import Conflict, Rollback, done_by, effect_of, rollback
from nexus_reimport.load.rollback.exceptions import RollbackRefused
from nexus_reimport.load.rollback.rows_kept import RowsOfRollback, path_of, save_rows
from nexus_reimport.load.rollback.standing_publications import Effect
from nexus_reimport.model.counts import TAKEN_BACK
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.orchestration.asset_keys import BACKUP, REPORT
from nexus_reimport.orchestration.assets.failures import publication_refusal
from nexus_reimport.orchestration.assets.metadata import ROWS_SHOWN, Metadata
from nexus_reimport.orchestration.assets.publishing import BACKUP_NAME
from nexus_reimport.orchestration.assets.report import report_metadata
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.records.run_kinds import KIND_TAG, ROLLBACK
from nexus_reimport.orchestration.records.run_report import ROWS_BEFORE, make_report
from nexus_reimport.orchestration.resources import NexusResource
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.validate.row_counts import RowCounts, count_rows

CHOOSE = (
    "In the browser: edits: keep, or edits: discard, in the launchpad. At a terminal: nexus-reimport "
    "rollback --keep-edits, or --discard-edits."
)


class EditsChoice(Enum):
    """What becomes of rows that somebody changed since."""

    refuse = "refuse"
    keep = "keep"
    discard = "discard"


class RollbackConfig(dg.Config):
    """What the person who starts a rollback may say."""

    to: int | None = Field(
        default=None,
        description="Back to before this publication; all since is undone too. Where empty: the newest.",
    )
    edits: EditsChoice = Field(
        default=EditsChoice.refuse,
        description=(
            "What becomes of rows that somebody changed in Nexus since. refuse: undo nothing and list them. "
            "keep: leave what they changed as it is. discard: set them back too."
        ),
    )
    expected: list[int] = Field(
        default=[], description="Refuse unless just these are undone, by number. Where empty: whatever it is."
    )


@dg.op(
    name="take_back",
    description="Sets every row back to what it was, in one transaction, and compares before it commits.",
    out=dg.Out(dg.Nothing),
)
@keeps_values_out_of_errors
def take_back(
    context: dg.OpExecutionContext,
    config: RollbackConfig,
    frames: dg.ResourceParam[FrameIOManager],
    nexus: NexusResource,
) -> None:
    """Roll back, and say so as a materialization of every table concerned."""
    store = open_store(frames.location)
    with publication_refusal():
        before = count_rows(nexus.database_url)
        done = done_by(nexus.database_url, _runs_of(context))
        if done:
            context.log.info(f"An attempt before this one has taken Nexus back (rollback {done.number}).")
        else:
            done = _rolled_back(context, config, frames.location, store, nexus.database_url)
        effect = effect_of(nexus.database_url, done.number)
        after = count_rows(nexus.database_url)
    says = says_of(done, effect)
    context.log.info(says)
    backup = read_backup(store, done.backup)
    facts: Metadata = {BACKUP_NAME: done.backup, "rows": backup.rows, "bytes": backup.bytes, "proved": True}
    context.log_event(dg.AssetMaterialization(BACKUP, metadata=facts))
    for name in done.tables:
        key = dg.AssetKey(["nexus", name])
        told = {**_told(done, effect, name), **_rows(before[name], after[name])}
        context.log_event(dg.AssetMaterialization(key, description=says, metadata=told))


@dg.op(
    name="report_rollback",
    description="Leaves one page that says what was taken back.",
    ins={"taken_back": dg.In(dg.Nothing)},
)
@keeps_values_out_of_errors
def report_rollback(
    context: dg.OpExecutionContext, frames: dg.ResourceParam[FrameIOManager], nexus: NexusResource
) -> None:
    """Make the report of the rollback, and say where it is as a materialization of `report`."""
    kept = make_report(context.instance, context.run_id, nexus.database_url, frames.location)
    context.log_event(dg.AssetMaterialization(REPORT, metadata=report_metadata(kept)))


@dg.job(
    name=ROLLBACK,
    tags={KIND_TAG: ROLLBACK},
    # What the launchpad shows of it at first: the two choices there are.
    config={"ops": {ROLLBACK: {"config": {"to": None, "edits": EditsChoice.refuse.value}}}},
    description=(
        "Take the newest publication back, or all since one that is named: Nexus is then as it was before, "
        "whole or not at all. Where people changed rows since, it lists them and does nothing, unless told "
        "to keep or to discard those changes. A rollback can be taken back by another. In the launchpad: "
        "`to` is the publication to come to before (null: the newest), `edits` is refuse, keep or discard."
    ),
)
def rollback_job() -> None:
    """Take back, then report."""
    report_rollback(take_back.alias(ROLLBACK)())


def _runs_of(context: dg.OpExecutionContext) -> set[str]:
    """Return the run and all that it is a new attempt of: what one of them has committed stays done."""
    found, run = {context.run_id}, context.instance.get_run_by_id(context.run_id)
    while run and run.parent_run_id and run.parent_run_id not in found:
        found.add(run.parent_run_id)
        run = context.instance.get_run_by_id(run.parent_run_id)
    return found


def _rolled_back(
    context: dg.OpExecutionContext, config: RollbackConfig, location: str, store: ObjectStore, url: str
) -> Rollback:
    try:
        done = rollback(
            url,
            store,
            context.run_id,
            config.to,
            config.edits.value,
            progress=context.log.info,
            before_commit=_refuse_unexpected(config.expected),
        )
    except RollbackRefused as refusal:
        save_rows(store, RowsOfRollback(context.run_id, refused=refusal.obstacles))
        raise dg.Failure(
            f"{refusal}\n{CHOOSE}",
            metadata={
                "rows": len(refusal.obstacles),
                "first_rows": rows_table(refusal.obstacles),
                "all_rows": dg.MetadataValue.path(f"{location}/{path_of(context.run_id)}"),
            },
            allow_retries=False,
        ) from None
    if done.kept or done.discarded:
        save_rows(store, RowsOfRollback(context.run_id, left=done.kept, discarded=done.discarded))
    return done


def _refuse_unexpected(expected: Sequence[int]) -> Callable[[Rollback], None]:
    """Return what refuses, before COMMIT, where something else would be undone than was said."""

    def refuse(done: Rollback) -> None:
        if expected and set(done.undone) != set(expected):
            more = ", ".join(str(one) for one in sorted(set(done.undone) ^ set(expected)))
            raise dg.Failure(
                f"What would be undone is not what was said ({more} is the difference): somebody published "
                "or rolled back since. Nothing was taken back. Look again.",
                allow_retries=False,
            )

    return refuse


def says_of(done: Rollback, effect: Effect) -> str:
    """Return what a rollback did, as a sentence."""
    left = sum(counts.get("kept", 0) for counts in done.tables.values())
    return in_words(min(done.undone), effect, left)


def in_words(to: int, effect: Effect, left: int = 0) -> str:
    """Return what was rolled back to before a publication, and which stand again for it, as a sentence."""
    but = f", but for {left:,} row{'s' * (left > 1)} left alone" if left else ""
    if effect.fallen:
        again = f" {_named(effect.risen)} again." if effect.risen else ""
        return f"Rolled back: {_numbers(effect.fallen)}. Nexus is as it was before{but}.{again}"
    if effect.risen:
        return f"Rolled back: the rollback of {_numbers(effect.risen)}. {_named(effect.risen)} again{but}."
    return f"Rolled back to before publication {to}, since when nothing stood{but}."


def _numbers(publications: Sequence[int]) -> str:
    *first, last = map(str, publications)
    return f"publications {', '.join(first)} and {last}" if first else f"publication {last}"


def _named(publications: Sequence[int]) -> str:
    said = _numbers(publications)
    return f"{said[0].upper()}{said[1:]} {'stand' if len(publications) > 1 else 'stands'}"


def _told(done: Rollback, effect: Effect, name: str) -> Metadata:
    counts = {one.name: done.tables[name].get(one.of, 0) for one in TAKEN_BACK}
    left = [one for one in done.kept if one.table == name]
    discarded = [one for one in done.discarded if one.table == name]
    told: Metadata = {
        "says": says_of(done, effect),
        **counts,
        "publication": done.number,
        "undone": dg.MetadataValue.json(list(done.undone)),
        "stand_again": dg.MetadataValue.json(list(effect.risen)),
        "backup": done.backup,
        "relation": BY_NAME[name].relation,
    }
    if left:
        told["rows_left"] = rows_table(left)
    if discarded:
        told["rows_set_back_though_changed"] = rows_table(discarded)
    return told


def _rows(before: RowCounts, after: RowCounts) -> Metadata:
    """Return how many rows of a table came from FileMaker, and how many there were of each kind before."""
    return {
        "dagster/row_count": after.ours,
        "rows": after.ours,
        ROWS_BEFORE: dg.MetadataValue.json({"ours": before.ours, "others": before.others}),
    }


def rows_table(rows: Sequence[Conflict]) -> dg.TableMetadataValue:
    """Return the first rows as a table: table, id, and what is with them."""
    records = [dg.TableRecord({"table": r.table, "id": r.id, "what": r.what}) for r in rows[:ROWS_SHOWN]]
    columns = [dg.TableColumn(name, "string") for name in ("table", "id", "what")]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))
