"""`nexus-reimport plan`: what a run would do, found out without writing anything."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from nexus_reimport.cli.options import option_flags, run_options
from nexus_reimport.cli.running import run_here, run_request
from nexus_reimport.cli.session import finish, in_json, open_console, require_environment, write_json


@click.command()
@click.option("--phase", "phases", multiple=True, metavar="NAME", help="Only this phase; may be repeated.")
@click.option("--select", "selection", metavar="SELECTION", help="Assets, in Dagster's selection syntax.")
@option_flags("plan")
@click.option("--show", "plan_id", metavar="ID", help="Show a plan made earlier; nothing is read anew.")
@click.option("--list", "listed", is_flag=True, help="List the plans made earlier.")
@in_json
def plan(
    phases: Sequence[str],
    selection: str | None,
    plan_id: str | None,
    listed: bool,
    json_file: Path | None,
    **chosen: object,
) -> None:
    """Say exactly what a run would insert, update, leave and reject; write nothing."""
    require_environment()
    if plan_id:
        _show(plan_id, json_file)
    elif listed:
        _list(json_file)
    else:
        finish(run_here(run_request(phases, selection, True, run_options(chosen))), json_file)


def _show(plan_id: str, json_file: Path | None) -> None:
    from nexus_reimport.load.plan.stored_plans import load_plan
    from nexus_reimport.present.plan_display import show_plan
    from nexus_reimport.storage.frame_store import open_store

    found = load_plan(open_store(os.environ["NEXUS_REIMPORT_STORAGE"]), plan_id)
    show_plan(open_console(), found)
    write_json(json_file, found)


def _list(json_file: Path | None) -> None:
    from nexus_reimport.load.plan.stored_plans import list_plans
    from nexus_reimport.present.plan_display import plans_table
    from nexus_reimport.storage.frame_store import open_store

    found = list_plans(open_store(os.environ["NEXUS_REIMPORT_STORAGE"]))
    open_console().print(plans_table(found))
    write_json(json_file, found)
