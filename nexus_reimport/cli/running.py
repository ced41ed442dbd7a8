"""`nexus-reimport run`: a reimport from a terminal."""

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.concurrency import make_way
from nexus_reimport.cli.session import (
    FAILED,
    TableName,
    finish,
    in_json,
    open_console,
    refuse,
    require_environment,
)


@click.command()
@click.option("--full", is_flag=True, help="Everything; the same as naming nothing.")
@click.option(
    "--phase", "phases", multiple=True, metavar="NAME", help="A phase of the old scripts; may be repeated."
)
@click.option("--select", "selection", metavar="SELECTION", help="Assets, in Dagster's selection syntax.")
@click.option("--dry-run", is_flag=True, help="Read, stage and check; write nothing to Nexus.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many patients, and what is theirs.")
@click.option(
    "--allow-shrunk",
    multiple=True,
    type=TableName(),
    help="A table that may have lost over a tenth.",
)
@click.option("--wait", is_flag=True, help="Wait for another run that is going, instead of refusing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_json
def run(
    full: bool,
    phases: Sequence[str],
    selection: str | None,
    dry_run: bool,
    limit: int | None,
    allow_shrunk: Sequence[str],
    wait: bool,
    yes: bool,
    json_file: Path | None,
) -> None:
    """Reimport from where the environment points."""
    if sum(map(bool, (full, phases, selection))) > 1:
        refuse("--full, --phase and --select exclude each other.")
    require_environment()
    if not (yes or dry_run) and os.isatty(0) and not click.confirm("This writes to Nexus. Go on?"):
        raise SystemExit(FAILED)
    options = {"limit": limit, "allow_shrunk": list(allow_shrunk)}
    finish(run_here(phases, selection, dry_run, {k: v for k, v in options.items() if v}, wait), json_file)


def run_here(
    phases: Sequence[str],
    selection: str | None,
    dry_run: bool,
    options: dict[str, Any],
    wait: bool = False,
) -> Any:
    """Launch a run and show it. What a run needs is imported here: other commands start without it."""
    # Two thousand modules leave nothing to collect; looking for it costs a fifth of the start.
    gc.disable()
    import dagster as dg

    from nexus_reimport.automation.exceptions import NothingSelected
    from nexus_reimport.automation.launch import launch
    from nexus_reimport.definitions import build_definitions
    from nexus_reimport.terminal import run_display, show_outcome

    gc.enable()
    request = run_request(phases, selection, dry_run, options)
    console = open_console()
    with dg.DagsterInstance.get() as instance, run_display(console) as listener:
        make_way(instance, request, wait=wait)
        try:
            outcome = launch(build_definitions(), instance, request, listener)
        except NothingSelected as error:
            refuse(str(error))
    show_outcome(console, outcome)
    return outcome


def run_request(phases: Sequence[str], selection: str | None, dry_run: bool, options: dict[str, Any]) -> Any:
    """Return what is to be launched; refuse a phase or a selection that there is not."""
    from nexus_reimport.automation import phases as known
    from nexus_reimport.automation.launch import RunRequest

    if unknown := sorted(set(phases) - set(known.phase_names())):
        refuse(f"No such phase: {', '.join(unknown)}. Phases: {', '.join(known.phase_names())}.")
    if set(phases) == {known.VALIDATION_POST}:
        return RunRequest(job="validation_post", options=options)
    chosen = known.phases_selection(list(phases)) if phases else None
    if selection:
        chosen = _selection(selection)
    return RunRequest(chosen, dry_run=dry_run, options=options)


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
