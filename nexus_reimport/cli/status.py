"""`nexus-reimport status`: where things stand."""

import os
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.session import (
    TableName,
    in_json,
    open_console,
    refuse,
    require_environment,
    write_json,
)

EXPORT = "image_csv"


@click.command()
@click.option(
    "--rejects",
    type=TableName(EXPORT),
    help="List the rejected rows of a table, and what publications took out of it.",
)
@click.option("--warnings", type=TableName(), help="List the warnings of a table: key, field, reason.")
@click.option("--unlinked", is_flag=True, help="List the rows people made in Nexus that point at nobody.")
@click.option(
    "--left-over",
    is_flag=True,
    help="List the rows of older imports that no row of FileMaker's stands behind.",
)
@in_json
def status_command(
    rejects: str | None, warnings: str | None, unlinked: bool, left_over: bool, json_file: Path | None
) -> None:
    """Show the last publications, failed checks and what is stale; or list rows by key, field and reason."""
    asked = [rejects, warnings, unlinked, left_over]
    if sum(map(bool, asked)) > 1:
        refuse("--rejects, --warnings, --unlinked and --left-over exclude each other.")
    require_environment()
    if any(asked):
        found: Any = _listed(rejects, warnings, left_over=left_over)
    else:
        found = _shown_overview()
    write_json(json_file, found)


def _listed(rejects: str | None, warnings: str | None, *, left_over: bool) -> list[dict[str, str]]:
    """Print the rows that are asked for and return them."""
    from nexus_reimport.definitions import storage_frames
    from nexus_reimport.launching.instance import open_instance
    from nexus_reimport.orchestration.records import overview
    from nexus_reimport.present.overview import show_reports

    url = os.environ["NEXUS_DATABASE_URL"]
    if rejects or warnings:
        with open_instance() as instance:
            # As they were when the last run ended, whatever goes on now.
            frames = storage_frames().seen_in(instance)
            if rejects:
                found, what = overview.read_rejects(frames, url, rejects), "rejected rows"
            else:
                found, what = overview.read_warnings(frames, str(warnings)), "warnings"
    elif left_over:
        found, what = overview.read_all_left_over(url), "rows of older imports without a partner in FileMaker"
    else:
        found, what = overview.read_all_unlinked(url), "rows of people's own point at nobody"
    show_reports(open_console(), found, what)
    return found


def _shown_overview() -> Any:
    """Print where things stand and return it."""
    from nexus_reimport.definitions import GATE, storage_frames
    from nexus_reimport.launching.instance import open_instance
    from nexus_reimport.orchestration.records import overview
    from nexus_reimport.present.overview import show_overview

    with open_instance() as instance:
        found = overview.read_overview(instance, GATE, storage_frames(), os.environ["NEXUS_DATABASE_URL"])
    show_overview(open_console(), found)
    return found
