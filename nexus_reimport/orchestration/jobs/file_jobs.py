"""The jobs that back the clinic's files up and put them back. No run of the reimport copies files."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg
from dagster_aws.s3 import S3Resource
from pydantic import Field

from nexus_reimport.load.file_backup.file_backup import AT_ONCE, FILE_PREFIXES, FileBackup, back_up_files
from nexus_reimport.load.file_backup.file_restore import FileRestore, restore_files
from nexus_reimport.orchestration.assets.failures import refusal_first
from nexus_reimport.orchestration.assets.metadata import OWNERS, Metadata
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.progress import StepProgress
from nexus_reimport.orchestration.resources import BucketResource
from nexus_reimport.orchestration.sensors.abandoned import fail_abandoned_runs
from nexus_reimport.storage.file_objects import FileBucket, open_file_bucket, shown

BACKUP_FILES = dg.AssetKey(["backup_files"])
BACK_UP, RESTORE = "back_up_files", "restore_files"
_KEYS_SHOWN = 50
_NOT_HEEDED = (
    "The bucket heeds no conditions, so a file that somebody uploads meanwhile could be overwritten. "
    "At a terminal you are asked; else set without_conditions, at an hour when nobody uploads."
)
_ADVICE = "Restore archived ones in S3, give the AWS key the rights it lacks, then run again."

backup_files = dg.AssetSpec(
    BACKUP_FILES,
    group_name="safety",
    kinds={"s3"},
    owners=OWNERS,
    description=(
        "The clinic's images and documents as last backed up, under `backup/reimport_…/` in the bucket. "
        f"Made by the job `{BACK_UP}`, put back by the job `{RESTORE}`; a reimport does neither."
    ),
)


class BackUpFilesConfig(dg.Config):
    """What the person who starts a backup may say."""

    prefixes: list[str] = Field(
        default=list(FILE_PREFIXES),
        description="Folders of the bucket that hold files. Those of the last backup stay.",
    )
    full: bool = Field(default=False, description="Copy everything, so that no earlier backup is needed")


class RestoreFilesConfig(dg.Config):
    """What the person who starts a restore has to say."""

    name: str = Field(description="The backup's name, such as reimport_20260301T090000Z")
    prefix: str | None = Field(default=None, description="Only files whose key begins so")
    overwrite: bool = Field(default=False, description="Also put back files that differ now")
    dry_run: bool = Field(default=False, description="Say what would be done, and do nothing")
    without_conditions: bool = Field(
        default=False,
        description="Go on though the bucket heeds no conditions: it is then looked before each write, which "
        "a file uploaded in the same moment does not survive.",
    )


@dg.op(description="Copies what is new or changed, then proves it and writes the backup's manifest.")
@keeps_values_out_of_errors
def copy_new_files(
    context: dg.OpExecutionContext, config: BackUpFilesConfig, bucket: BucketResource, s3: S3Resource
) -> None:
    """Back the files up, and say so as a materialization of `backup_files`."""
    _require_alone(context)
    with refusal_first():
        found = back_up_files(_files_in(bucket, s3), config.prefixes, StepProgress(context), full=config.full)
    if found.too_long:
        context.log.warning(f"{found.too_long} files have keys too long to be copied, and are in no backup.")
    context.log_event(dg.AssetMaterialization(BACKUP_FILES, metadata=_told_of_backup(found)))
    if found.refused:
        raise dg.Failure(
            f"S3 would not copy {len(found.refused)} files, {_by_reason(found.refused)}; all others are "
            f"backed up. The run's materialization of {BACKUP_FILES.to_user_string()} names the first. "
            f"{_ADVICE}",
            allow_retries=False,
        )


@dg.op(
    description="Puts back files that are missing and, where asked to, those that differ. Deletes nothing."
)
@keeps_values_out_of_errors
def put_files_back(
    context: dg.OpExecutionContext, config: RestoreFilesConfig, bucket: BucketResource, s3: S3Resource
) -> None:
    """Restore from a backup, and say so as an observation of `backup_files`."""
    _require_alone(context)
    with refusal_first():
        files = _files_in(bucket, s3)
        if not (config.dry_run or config.without_conditions or files.conditions.only_new):
            raise dg.Failure(_NOT_HEEDED, allow_retries=False)
        done = restore_files(
            files,
            config.name,
            config.prefix,
            overwrite=config.overwrite,
            dry_run=config.dry_run,
            on_progress=StepProgress(context),
        )
    context.log_event(dg.AssetObservation(BACKUP_FILES, metadata=_told_of_restore(done)))
    if done.refused:
        raise dg.Failure(
            f"S3 would not copy {len(done.refused)} files, {_by_reason(done.refused)}, so they were not put "
            f"back; all others that were to be are in place, but {len(done.lost)} that have no right copy. "
            f"{_ADVICE}",
            allow_retries=False,
        )
    if done.lost:
        raise dg.Failure(
            f"{len(done.lost)} files have no right copy any more, so they were not put back; all others that "
            f"were to be are in place. The run's observation of {BACKUP_FILES.to_user_string()} names "
            "the first."
        )


def _require_alone(context: dg.OpExecutionContext) -> None:
    """Refuse while another run copies files."""
    fail_abandoned_runs(context.instance)
    active = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]
    for job in (BACK_UP, RESTORE):
        for run in context.instance.get_runs(dg.RunsFilter(job_name=job, statuses=active)):
            if run.run_id != context.run_id:
                raise dg.Failure(f"Run {run.run_id} copies files at the moment. Wait for it, then run again.")


def _files_in(bucket: BucketResource, s3: S3Resource) -> FileBucket:
    return open_file_bucket(
        bucket.name,
        AT_ONCE,
        endpoint_url=s3.endpoint_url,
        region_name=s3.region_name,
        aws_access_key_id=s3.aws_access_key_id,
        aws_secret_access_key=s3.aws_secret_access_key,
        aws_session_token=s3.aws_session_token,
    )


def _by_reason(refused: Sequence[tuple[str, str]]) -> str:
    counts = Counter(reason for _, reason in refused)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))


def _first(refused: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{shown(key)}: {reason}" for key, reason in refused[:_KEYS_SHOWN]]


def _told_of_backup(found: FileBackup) -> Metadata:
    left_out: Metadata = {} if found.left_out is None else {"left_out": list(found.left_out)}
    return {
        "backup": found.name,
        "written": found.written,
        "files": found.files,
        "bytes": found.size,
        "copied": found.copied,
        "copied_bytes": found.copied_size,
        "reused": found.reused,
        "resumed": found.resumed,
        "replaced": found.replaced,
        "gone": found.gone,
        "too_long": found.too_long,
        "refused": len(found.refused),
        "first_refused": _first(found.refused),
        **left_out,
    }


def _told_of_restore(done: FileRestore) -> Metadata:
    return {
        "backup": done.name,
        "dry_run": done.dry_run,
        "files": done.files,
        "restored": done.restored,
        "overwritten": done.overwritten,
        "differing": done.differing,
        "same": done.same,
        "taken": done.taken,
        "restored_bytes": done.size,
        "lost": len(done.lost),
        "first_lost": [shown(key) for key in done.lost[:_KEYS_SHOWN]],
        "refused": len(done.refused),
        "first_refused": _first(done.refused),
        "looked_first": done.looked_first,
    }


@dg.job(
    name=BACK_UP, description="Back up the clinic's images and documents: what is new since the last time."
)
def back_up_job() -> None:
    """One step."""
    copy_new_files()


@dg.job(name=RESTORE, description="Put images and documents back out of a backup, by its name.")
def restore_job() -> None:
    """One step."""
    put_files_back()


file_jobs = [back_up_job, restore_job]
