"""`nexus-reimport report`: where the report of a run is; made where there is none, as of a failed run."""

import os
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.session import in_json, open_console, refuse, require_environment


@click.command()
@click.argument("run_id", required=False)
@click.option("--again", is_flag=True, help="Make it anew, even if there is one.")
@click.option("--open-path", is_flag=True, help="Print nothing but where the page is.")
@in_json
def report_command(run_id: str | None, again: bool, open_path: bool, json_file: Path | None) -> None:
    """Say where the report of a run is (the last one, if none is named), and how the run went."""
    require_environment()

    from nexus_reimport.launching.instance import open_instance
    from nexus_reimport.present.report.exceptions import NoSuchRun
    from nexus_reimport.present.report.record import to_json
    from nexus_reimport.present.report.verdict import verdict_of

    with open_instance() as instance:
        try:
            kept = report_of(instance, run_id or _last_run(instance), again=again)
        except NoSuchRun as error:
            refuse(str(error))
    if json_file:
        json_file.write_bytes(to_json(kept.facts))
    if open_path:
        click.echo(kept.place)
        return
    console = open_console()
    console.print(verdict_of(kept.facts).sentence, highlight=False, markup=False)
    console.print(f"Report: {kept.url or kept.place}", highlight=False, markup=False, soft_wrap=True)


def report_of(instance: Any, run_id: str, *, again: bool = False) -> Any:
    """Return the stored report of a run; make it where there is none, or where that is asked for."""
    from nexus_reimport.orchestration.records.run_report import make_report, stored_report

    location = os.environ["NEXUS_REIMPORT_STORAGE"]
    kept = None if again else stored_report(run_id, location)
    return kept or make_report(instance, run_id, os.environ["NEXUS_DATABASE_URL"], location)


def _last_run(instance: Any) -> str:
    """Return the last run that has a report or could have one: one that was to do more than check."""
    from nexus_reimport.orchestration.records.run_report import last_run

    return str(last_run(instance))
