"""`nexus-reimport files`: images and documents backed up, put back, and which backups there are."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.session import (
    MEGABYTE,
    ask,
    finish,
    in_json,
    open_console,
    require_answer,
    require_environment,
    write_json,
)

_NOT_HEEDED = (
    "This bucket heeds no conditions: before each file is written it is looked whether one is there, but a "
    "file that somebody uploads in that very moment is overwritten."
)


@click.group()
def files() -> None:
    """Back up the clinic's images and documents inside their bucket, or put them back."""


@files.command("backup")
@click.option("--prefix", "prefixes", multiple=True, help="Also this folder, from now on; may be repeated.")
@click.option("--full", is_flag=True, help="Copy everything, so that earlier backups may be removed.")
@in_json
def back_up_files_command(prefixes: Sequence[str], full: bool, json_file: Path | None) -> None:
    """Copy what is new or changed since the last backup. Goes on where one was interrupted."""
    require_environment()
    from nexus_reimport.load.file_backup.file_backup import FILE_PREFIXES

    outcome = _launch("back_up_files", {"prefixes": [*FILE_PREFIXES, *prefixes], "full": full})
    if outcome.counts:
        made = "" if outcome.counts["written"] else "Nothing has changed since. "
        _say(
            "{backup}: {made}{files:,} files, {size:,.1f} MB; {copied:,} copied, {reused:,} kept by earlier "
            "backups, {resumed:,} copied before an interruption.",
            outcome.counts,
            made=made,
            size=outcome.counts["bytes"] / MEGABYTE,
        )
        if left_out := outcome.counts.get("left_out"):
            _say("Not looked at: {folders}. Name them with --prefix.", {}, folders=", ".join(left_out))
        _say_refused(outcome.counts)
    _end(outcome, json_file)


@files.command()
@click.argument("name")
@click.option("--prefix", help="Only files whose key begins so.")
@click.option("--overwrite", is_flag=True, help="Also put back files that differ now.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_json
def restore(
    name: str, prefix: str | None, overwrite: bool, dry_run: bool, yes: bool, json_file: Path | None
) -> None:
    """Put back files that are missing, out of the backup NAME. Nothing is deleted."""
    require_answer(yes=yes or dry_run)
    require_environment()
    ask(_question(dry_run=dry_run), yes=yes or dry_run)
    config = {"name": name, "prefix": prefix, "overwrite": overwrite, "dry_run": dry_run}
    config["without_conditions"] = True
    outcome = _launch("restore_files", {key: value for key, value in config.items() if value is not None})
    if outcome.counts:
        done = "would be put back" if dry_run else "put back"
        _say(
            "{backup}: {restored:,} missing files {done}, {overwritten:,} that differ {done} over them, "
            "{size:,.1f} MB; {same:,} are as they were, {differing:,} differ and are left, {lost:,} have no "
            "right copy any more.",
            outcome.counts,
            done=done,
            size=outcome.counts["restored_bytes"] / MEGABYTE,
        )
        for key in outcome.counts["first_lost"]:
            _say("  no right copy: {key}", {}, key=key)
        _say_refused(outcome.counts)
        if outcome.counts["looked_first"]:
            _say(_NOT_HEEDED, {})
    _end(outcome, json_file)


@files.command("list")
@in_json
def list_file_backups(json_file: Path | None) -> None:
    """List the backups, each proved against its manifest, and which need the copies of which."""
    require_environment()
    from rich.table import Table

    from nexus_reimport.load.file_backup.file_shelf import list_file_backups

    found = list_file_backups(_bucket_of(os.environ))
    table = Table(title="Backups of files")
    for column in ("backup", "state", "finished at", "files", "MB", "own copies", "lost", "needed by"):
        table.add_column(column)
    for one in found:
        figures = (f"{one.files:,}", f"{one.size / MEGABYTE:,.1f}", f"{one.copies:,}", f"{one.missing:,}")
        table.add_row(one.name, one.state, one.finished_at or "", *figures, "\n".join(one.needed_by))
    open_console().print(table if found else "There is no backup of files yet.")
    write_json(json_file, found)


def _question(*, dry_run: bool) -> str:
    """Return what is asked before a restore: more, where the bucket does not heed conditions."""
    question = "This writes into the bucket. Go on?"
    if dry_run or _bucket_of(os.environ).conditions.only_new:
        return question
    return f"{_NOT_HEEDED}\n{question}"


def _say_refused(counts: Mapping[str, Any]) -> None:
    for one in counts["first_refused"]:
        _say("  not copied: {one}", {}, one=one)


def _launch(job: str, config: Mapping[str, Any]) -> Any:
    """Run a job on the same Dagster instance as the UI, and show it."""
    from nexus_reimport.definitions import environment_resources
    from nexus_reimport.launching.instance import open_instance
    from nexus_reimport.launching.op_jobs import file_definitions, launch_file_job
    from nexus_reimport.launching.run_display import run_display

    definitions = file_definitions(environment_resources())
    with open_instance() as instance, run_display(open_console()) as listener:
        return launch_file_job(definitions, instance, job, config, listener)


def _bucket_of(environ: Mapping[str, str]) -> Any:
    from nexus_reimport.storage.file_objects import open_file_bucket

    return open_file_bucket(
        environ["AWS_S3_BUCKET_NAME"],
        connections=1,
        endpoint_url=environ.get("AWS_ENDPOINT_URL_S3"),
        region_name=environ["AWS_REGION"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )


def _say(text: str, counts: Mapping[str, Any], **more: Any) -> None:
    open_console().print(text.format(**{**counts, **more}), highlight=False, markup=False)


def _end(outcome: Any, json_file: Path | None) -> None:
    """Say why it failed, if it did, and how long it took; end with the exit code."""
    for failure in outcome.failures:
        _say("{failure}", {}, failure=failure)
    end = "Done" if outcome.success else "Not done"
    _say("{end} in {seconds:.1f} s: run {run}.", {}, end=end, seconds=outcome.seconds, run=outcome.run_id)
    finish(outcome, json_file)
