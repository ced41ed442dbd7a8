"""The command line: the same things as in the UI, for a terminal. Exit 0 done, 1 failed, 2 wrong use."""

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson
from rich.console import Console

from nexus_reimport.clients.exceptions import ClientError
from nexus_reimport.publish.exceptions import PublicationError
from nexus_reimport.sandbox.commands import sandbox
from nexus_reimport.sandbox.exceptions import SandboxError
from nexus_reimport.settings import SettingsMissing, load_dotenv_file, require_settings

FAILED, WRONG_USE = 1, 2
WELCOME = (
    "Dagster will answer in about half a minute at {}\n"
    "Ctrl-C ends it. The sandbox stays up; stop it: nexus-reimport sandbox stop --dir {}"
)
# By name: what they are defined in takes seconds to import, and most commands do not need it.
DAGSTER_STORAGE_ERRORS = ("OperationalError", "DagsterPostgresException")
PIPE_WIDTH = 120


class OneLineErrors(click.Group):
    """A group whose commands end in one line and exit 1 where a service fails them, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (ClientError, PublicationError, SandboxError) as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            if type(error).__name__ not in DAGSTER_STORAGE_ERRORS:
                raise
            message = "Dagster's database could not be reached. Check DAGSTER_PG_URL and that it is up."
            raise click.ClickException(message) from None


class TableName(click.ParamType[str]):
    """The name of a published table."""

    name = "table"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail naming those there are."""
        from nexus_reimport.schemas.nexus import BY_NAME

        if value not in BY_NAME:
            self.fail(f"{value!r} is none of {', '.join(BY_NAME)}.", param, ctx)
        return value


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nexus-reimport")
def main() -> None:
    """Reimport a clinic's FileMaker records into Nexus, whole or not at all."""


main.add_command(sandbox)


@main.command()
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
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the outcome here."
)
def run(
    full: bool,
    phases: Sequence[str],
    selection: str | None,
    dry_run: bool,
    limit: int | None,
    allow_shrunk: Sequence[str],
    yes: bool,
    json_file: Path | None,
) -> None:
    """Reimport from where the environment points."""
    if sum(map(bool, (full, phases, selection))) > 1:
        _refuse("--full, --phase and --select exclude each other.")
    _require_environment()
    if not (yes or dry_run) and os.isatty(0) and not click.confirm("This writes to Nexus. Go on?"):
        raise SystemExit(FAILED)
    options = {"limit": limit, "allow_shrunk": list(allow_shrunk)}
    _finish(_run(phases, selection, dry_run, {k: v for k, v in options.items() if v}), json_file)


@main.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(".sandbox")
)
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=0.1, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the outcome here."
)
def demo(directory: Path, scale: float, seed: int, json_file: Path | None) -> None:
    """Start the sandbox and reimport its whole clinic; non-zero if any check fails."""
    console = open_console()
    _enter_sandbox(console, directory, scale, seed)
    outcome = _run([], None, False, {})
    console.print(
        f"The sandbox stays up. Stop it: nexus-reimport sandbox stop --dir {directory}", highlight=False
    )
    _finish(outcome, json_file)


@main.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(".sandbox")
)
@click.option("--port", type=int, default=3000, show_default=True, help="The next free one, if taken.")
def ui(directory: Path, port: int) -> None:
    """Open Dagster on the sandbox, at an address of this machine only; Ctrl-C ends it."""
    from nexus_reimport.automation.webserver import serve_ui

    console = open_console()
    _enter_sandbox(console, directory)
    serve_ui(port, lambda address: console.print(WELCOME.format(address, directory), highlight=False))


def _enter_sandbox(
    console: Console, directory: Path, scale: float | None = None, seed: int | None = None
) -> None:
    """Start the sandbox and point the environment at it.

    One made at another scale or seed than asked for is synthetic too: it is made anew.
    """
    from nexus_reimport.sandbox import lifecycle

    def say(what: str) -> None:
        console.print(what, highlight=False)

    try:
        found = lifecycle.status(directory)
        if scale is not None and found.scale is not None and (found.scale, found.seed) != (scale, seed):
            say(f"Making the sandbox anew: it had scale {found.scale:g} and seed {found.seed}.")
            lifecycle.clean(directory)
            found = lifecycle.status(directory)
        lifecycle.start(
            directory,
            scale=found.scale or scale or 0.1,
            seed=found.seed or seed or 7,
            faults=found.faults,
            nexus=found.nexus or "empty",
            progress=say,
        )
    except SandboxError as error:
        _refuse(str(error))
    os.environ.update(lifecycle.environment(directory))


@main.command()
@click.option(
    "--rejects",
    "table",
    type=TableName(),
    help="List the rejected rows of a table: key, field, reason.",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write it here too."
)
def status(table: str | None, json_file: Path | None) -> None:
    """Show the last publications, failed checks and what is stale; or a table's rejected rows."""
    _require_environment()
    import dagster as dg

    from nexus_reimport import terminal
    from nexus_reimport.automation import overview
    from nexus_reimport.definitions import GATE, storage_frames

    if table:
        rejects = overview.read_rejects(storage_frames(), table)
        terminal.show_rejects(open_console(), rejects)
        return _write_json(json_file, rejects)
    with dg.DagsterInstance.get() as instance:
        found = overview.read_overview(instance, GATE, storage_frames(), os.environ["NEXUS_DATABASE_URL"])
    terminal.show_overview(open_console(), found)
    return _write_json(json_file, found)


@main.group()
def identity() -> None:
    """Who a row is."""


@identity.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def import_former(file: Path) -> None:
    """Keep the former UUIDs of patients from an old backup FILE (patients.json)."""
    from nexus_reimport.publish.former import keep_former, parse_backup

    _require_environment()
    kept = keep_former(os.environ["NEXUS_DATABASE_URL"], parse_backup(file.read_bytes(), file.name))
    click.echo(
        f"{kept.added:,} former identities kept, {kept.known:,} were known, {kept.unusable:,} patients in "
        "the file have no FileMaker id. The next reimport links what points at them."
    )


@main.command()
@click.argument("action", type=click.Choice(["install", "remove", "status"]))
def guard(action: str) -> None:
    """Have PostgreSQL refuse a batch or document that points at nobody; off unless installed."""
    from nexus_reimport.publish import guard as triggers

    _require_environment()
    url = os.environ["NEXUS_DATABASE_URL"]
    if action == "install":
        triggers.install(url)
    elif action == "remove":
        triggers.remove(url)
    click.echo(f"The guard is {'in' if triggers.is_installed(url) else 'not in'} Nexus.")


def _run(phases: Sequence[str], selection: str | None, dry_run: bool, options: dict[str, Any]) -> Any:
    """Launch a run and show it. What a run needs is imported here: other commands start without it."""
    # Two thousand modules leave nothing to collect; looking for it costs a fifth of the start.
    gc.disable()
    import dagster as dg

    from nexus_reimport.automation.exceptions import NothingSelected
    from nexus_reimport.automation.launch import launch
    from nexus_reimport.definitions import build_definitions
    from nexus_reimport.terminal import run_display, show_outcome

    gc.enable()
    request = _request(phases, selection, dry_run, options)
    console = open_console()
    with dg.DagsterInstance.get() as instance, run_display(console) as listener:
        try:
            outcome = launch(build_definitions(), instance, request, listener)
        except NothingSelected as error:
            _refuse(str(error))
    show_outcome(console, outcome)
    return outcome


def _request(phases: Sequence[str], selection: str | None, dry_run: bool, options: dict[str, Any]) -> Any:
    from nexus_reimport.automation import phases as known
    from nexus_reimport.automation.launch import RunRequest

    if unknown := sorted(set(phases) - set(known.phase_names())):
        _refuse(f"No such phase: {', '.join(unknown)}. Phases: {', '.join(known.phase_names())}.")
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
        _refuse(f"--select: this is no selection ({type(error).__name__}). Try 'key:\"staged/notes\"'.")
    if not found:
        _refuse("--select: no asset is selected. Try 'key:\"staged/notes\"'.")
    return chosen


def _finish(outcome: Any, json_file: Path | None) -> None:
    _write_json(json_file, outcome)
    raise SystemExit(0 if outcome.right else FAILED)


def _write_json(json_file: Path | None, content: Any) -> None:
    if json_file:
        json_file.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def open_console() -> Console:
    """Return the console of this process: as wide as its terminal, or wide enough for a table in a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def _require_environment() -> None:
    load_dotenv_file()
    try:
        require_settings()
    except SettingsMissing as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(WRONG_USE)
