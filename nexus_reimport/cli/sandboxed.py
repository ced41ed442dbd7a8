"""`nexus-reimport demo` and `ui`: the same things on the embedded sandbox."""

import os
from pathlib import Path

import click
from rich.console import Console

from nexus_reimport.cli.running import run_here, run_request
from nexus_reimport.cli.session import finish, in_json, open_console, refuse
from nexus_reimport.sandbox.exceptions import SandboxError

WELCOME = (
    "Dagster will answer in about half a minute at {}\n"
    "Ctrl-C ends it. The sandbox stays up; stop it: nexus-reimport sandbox stop --dir {}"
)


@click.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(".sandbox")
)
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=0.1, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@in_json
def demo(directory: Path, scale: float, seed: int, json_file: Path | None) -> None:
    """Start the sandbox and reimport its whole clinic; non-zero if any check fails."""
    console = open_console()
    enter_sandbox(console, directory, scale, seed)
    outcome = run_here(run_request([], None, False, {}))
    # Not broken into lines: it is to be copied, and a folder's name may be long.
    console.print(
        f"The sandbox stays up. Stop it: nexus-reimport sandbox stop --dir {directory}",
        highlight=False,
        soft_wrap=True,
    )
    finish(outcome, json_file)


@click.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(".sandbox")
)
@click.option("--port", type=int, default=3000, show_default=True, help="The next free one, if taken.")
def ui(directory: Path, port: int) -> None:
    """Open Dagster on the sandbox, at an address of this machine only; Ctrl-C ends it."""
    from nexus_reimport.launching.webserver import serve_ui

    console = open_console()
    enter_sandbox(console, directory)
    serve_ui(
        port,
        lambda address: console.print(WELCOME.format(address, directory), highlight=False, soft_wrap=True),
    )


def enter_sandbox(
    console: Console, directory: Path, scale: float | None = None, seed: int | None = None
) -> None:
    """Start the sandbox and point the environment at it.

    One made at another scale or seed than asked for is synthetic too: it is made anew.
    """
    from nexus_reimport.sandbox import lifecycle

    def say(what: str) -> None:
        console.print(what, highlight=False)

    try:
        found = lifecycle.sandbox_status(directory)
        if scale is not None and found.scale is not None and (found.scale, found.seed) != (scale, seed):
            say(f"Making the sandbox anew: it had scale {found.scale:g} and seed {found.seed}.")
            lifecycle.clean_up(directory)
            found = lifecycle.sandbox_status(directory)
        lifecycle.start_sandbox(
            directory,
            scale=found.scale or scale or 0.1,
            seed=found.seed or seed or 7,
            faults=found.faults,
            nexus=found.nexus or "empty",
            progress=say,
        )
    except SandboxError as error:
        refuse(str(error))
    os.environ.update(lifecycle.environment(directory))
