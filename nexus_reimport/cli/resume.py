"""`nexus-reimport resume`: go on from the step that failed."""

import gc
import os
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.other_runs import admission, ending_if_refused
from nexus_reimport.cli.session import (
    DONE,
    WRITES_TO_NEXUS,
    ask,
    finish,
    in_json,
    open_console,
    require_environment,
    write_json,
)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_json
def resume(yes: bool, json_file: Path | None) -> None:
    """Go on with the newest run where it failed, was killed or was cancelled.

    What it has read, staged and checked is not done again, and its options hold. To read FileMaker anew,
    use `run`.
    """
    require_environment()
    gc.disable()

    from nexus_reimport.definitions import GATE, build_definitions, storage_frames
    from nexus_reimport.launching.exceptions import NothingToResume
    from nexus_reimport.launching.instance import open_instance
    from nexus_reimport.launching.resume import resumption

    gc.enable()
    definitions = build_definitions()
    with open_instance() as instance, ending_if_refused():
        try:
            found = resumption(definitions, instance, GATE, storage_frames(), _applied_by)
        except NothingToResume as error:
            click.echo(str(error))
            write_json(json_file, {"run_id": None, "success": True, "says": str(error)})
            raise SystemExit(DONE) from None
        _ask(found, yes)
        outcome = _go_on(definitions, instance, found)
    finish(outcome, json_file)


def _applied_by(plan_id: str) -> str | None:
    """Return the id of the run whose publication of a plan stands."""
    from nexus_reimport.validate.verification import run_that_applied

    return run_that_applied(os.environ["NEXUS_DATABASE_URL"], plan_id)


def _ask(found: Any, yes: bool) -> None:
    """Say what is going to be done; end where a person at a terminal does not want it."""
    from nexus_reimport.launching.active_runs import local_time

    click.echo(
        f"Going on with run {found.run_id}, begun at {local_time(found.began)}: {found.kept} assets are "
        f"kept, {len(found.assets)} assets and {len(found.checks)} checks are left."
    )
    ask(WRITES_TO_NEXUS, yes=yes or not found.publishes)


def _go_on(definitions: Any, instance: Any, found: Any) -> Any:
    """Launch what is left and show it; return its outcome."""
    from nexus_reimport.launching.launch import launch
    from nexus_reimport.launching.run_display import run_display
    from nexus_reimport.present.terminal import show_outcome

    console = open_console()
    with run_display(console) as listener:
        admitted = admission(instance, found.request, wait=False)
        outcome = launch(definitions, instance, found.request, listener, admitted)
    show_outcome(console, outcome)
    return outcome
