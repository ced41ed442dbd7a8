"""`nexus-reimport run`: a reimport from a terminal."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.options import option_flags, run_options
from nexus_reimport.cli.other_runs import admission, ending_if_refused
from nexus_reimport.cli.report import report_of
from nexus_reimport.cli.session import (
    WRITES_TO_NEXUS,
    ask,
    finish,
    importing,
    in_json,
    open_console,
    refuse,
    require_environment,
)
from nexus_reimport.exceptions import ClientError
from nexus_reimport.model.options import different_options, flag_of, to_apply


@click.command()
@click.option("--full", is_flag=True, help="Everything; the same as naming nothing.")
@click.option(
    "--phase", "phases", multiple=True, metavar="NAME", help="A phase of the old scripts; may be repeated."
)
@click.option("--select", "selection", metavar="SELECTION", help="Assets, in Dagster's selection syntax.")
@click.option("--dry-run", is_flag=True, help="Read, stage and check; write nothing to Nexus.")
@option_flags("run")
@click.option("--wait", is_flag=True, help="Wait for another run that is going, instead of refusing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_json
def run(
    full: bool,
    phases: Sequence[str],
    selection: str | None,
    dry_run: bool,
    plan: str | None,
    full_dump: bool,
    wait: bool,
    yes: bool,
    json_file: Path | None,
    **chosen: object,
) -> None:
    """Reimport from where the environment points."""
    if sum(map(bool, (full, phases, selection, plan))) > 1:
        refuse("--full, --phase, --select and --plan exclude each other.")
    if full_dump and (selection or dry_run):
        refuse("--full-dump goes with whole runs, phases and plans. Alone: nexus-reimport backup dump")
    require_environment()
    options = run_options(chosen)
    request = planned_request(plan, options) if plan else run_request(phases, selection, dry_run, options)
    if full_dump:
        request = replace(request, options={**request.options, "full_dump": True})
    ask(WRITES_TO_NEXUS, yes=yes or not writes(request))
    finish(run_here(request, wait), json_file)


def planned_request(plan_id: str, options: dict[str, Any]) -> Any:
    """Return the run that applies a plan, with the options it was made with; refuse others beside it.

    A plan that can be seen not to hold is refused here, before anything is fetched. Raises PlanStale.
    """
    from nexus_reimport.launching.launch import RunRequest
    from nexus_reimport.load.plan.making import read_standing
    from nexus_reimport.load.plan.staleness import refuse_if_dead
    from nexus_reimport.load.plan.stored_plans import load_plan
    from nexus_reimport.orchestration.jobs.phases import tables_selection
    from nexus_reimport.release import code_fingerprint
    from nexus_reimport.storage.frame_store import open_store

    found = load_plan(open_store(os.environ["NEXUS_REIMPORT_STORAGE"]), plan_id)
    if others := different_options(found, options):
        named = ", ".join(map(flag_of, others))
        refuse(f"Plan {plan_id} was made with another {named}; it is applied as it was made, or not at all.")
    url = os.environ.get("NEXUS_READONLY_DATABASE_URL") or os.environ["NEXUS_DATABASE_URL"]
    refuse_if_dead(found, read_standing(url), code_fingerprint())
    applied = to_apply(found)
    return RunRequest(tables_selection(applied.pop("tables")), options=applied)


def run_here(request: Any, wait: bool = False) -> Any:
    """Launch a run and show it. What a run needs is imported here: other commands start without it."""
    with importing():
        from nexus_reimport.definitions import build_definitions
        from nexus_reimport.launching.exceptions import NothingSelected
        from nexus_reimport.launching.instance import open_instance
        from nexus_reimport.launching.launch import launch
        from nexus_reimport.launching.run_display import run_display
        from nexus_reimport.orchestration.resources import REIMPORT
        from nexus_reimport.present.plan_display import show_plan_of
        from nexus_reimport.present.terminal import show_outcome

    console = open_console()
    with open_instance() as instance, run_display(console) as listener, ending_if_refused():
        admitted = admission(instance, request, wait=wait)
        try:
            outcome = launch(build_definitions(), instance, request, listener, admitted)
        except NothingSelected as error:
            refuse(str(error))
        kept = _report_line(instance, outcome.run_id) if request.job == REIMPORT else None
    if outcome.dry_run:
        show_plan_of(console, outcome)
    show_outcome(console, outcome)
    if kept:
        console.print(kept, highlight=False, markup=False, soft_wrap=True)
    return outcome


def _report_line(instance: Any, run_id: str) -> str:
    """Return where a run's report is. That it can't be kept takes nothing away from how the run went."""
    try:
        kept = report_of(instance, run_id)
    except ClientError as error:
        return f"Report: none was kept. {error}"
    return f"Report: {kept.url or kept.place}"


def run_request(phases: Sequence[str], selection: str | None, dry_run: bool, options: dict[str, Any]) -> Any:
    """Return what is to be launched; refuse a phase or a selection that there is not."""
    with importing():
        from nexus_reimport.launching.launch import RunRequest
        from nexus_reimport.orchestration.jobs import phases as known

    if unknown := sorted(set(phases) - set(known.phase_names())):
        refuse(f"No such phase: {', '.join(unknown)}. Phases: {', '.join(known.phase_names())}.")
    if set(phases) == {known.VALIDATION_POST}:
        return RunRequest(job="validation_post", options=options)
    chosen = known.phases_selection(list(phases)) if phases else None
    if selection:
        chosen = _selection(selection)
    return RunRequest(chosen, dry_run=dry_run, options=options)


def writes(request: Any) -> bool:
    """Say whether a run writes into Nexus or the bucket; one that only reads or checks needs no yes."""
    from nexus_reimport.orchestration.resources import REIMPORT
    from nexus_reimport.orchestration.run_view import WRITING

    if request.dry_run or request.job != REIMPORT:
        return False
    if request.selection is None:
        return True
    from nexus_reimport.definitions import defs

    return any(key.path[0] in WRITING for key in request.selection.resolve(defs.resolve_asset_graph()))


def _selection(text: str) -> Any:
    """Return what is selected, or refuse text that is no selection and one that selects nothing."""
    import dagster as dg

    from nexus_reimport.definitions import defs

    try:
        chosen = dg.AssetSelection.from_string(text)
        found = chosen.resolve(defs.resolve_asset_graph())
    except Exception as error:  # noqa: BLE001 - whatever it is, the text is to blame
        refuse(f"--select: this is no selection ({type(error).__name__}). Try 'key:\"staged/notes\"'.")
    if not found:
        refuse("--select: no asset is selected. Try 'key:\"staged/notes\"'.")
    return chosen
