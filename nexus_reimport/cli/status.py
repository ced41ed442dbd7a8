"""`nexus-reimport status`: where things stand."""

import os
from pathlib import Path

import click

from nexus_reimport.cli.session import TableName, in_json, open_console, require_environment, write_json


@click.command()
@click.option(
    "--rejects",
    "table",
    type=TableName(),
    help="List the rejected rows of a table: key, field, reason.",
)
@in_json
def status(table: str | None, json_file: Path | None) -> None:
    """Show the last publications, failed checks and what is stale; or a table's rejected rows."""
    require_environment()
    import dagster as dg

    from nexus_reimport import terminal
    from nexus_reimport.automation import overview
    from nexus_reimport.definitions import GATE, storage_frames

    if table:
        rejects = overview.read_rejects(storage_frames(), table)
        terminal.show_rejects(open_console(), rejects)
        return write_json(json_file, rejects)
    with dg.DagsterInstance.get() as instance:
        found = overview.read_overview(instance, GATE, storage_frames(), os.environ["NEXUS_DATABASE_URL"])
    terminal.show_overview(open_console(), found)
    return write_json(json_file, found)
