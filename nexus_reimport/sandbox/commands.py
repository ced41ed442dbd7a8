"""`nexus-reimport sandbox …`: the sandbox's life from a terminal."""

import importlib
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from nexus_reimport.sandbox.exceptions import SandboxError

if TYPE_CHECKING:
    from nexus_reimport.sandbox.lifecycle import SandboxState

DEFAULT_DIRECTORY = ".sandbox"

in_directory = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DIRECTORY,
    show_default=True,
    help="Where the sandbox keeps everything.",
)


class SandboxCommand(click.Command):
    """A command whose refusals are one line and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        """Run it; a SandboxError becomes a message."""
        try:
            return super().invoke(context)
        except SandboxError as error:
            raise click.ClickException(str(error)) from error


@click.group()
def sandbox() -> None:
    """Run a whole synthetic clinic on this machine: PostgreSQL, S3 and FileMaker, all on 127.0.0.1."""


@sandbox.command(cls=SandboxCommand)
@in_directory
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=0.1, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="A fault that FileMaker has, or S3: s3:NAME[:KEY]; may repeat.",
)
@click.option(
    "--nexus",
    default="empty",
    show_default=True,
    metavar="NAME",
    help="empty, people, older-import, damaged-a, damaged-b, odd-images, older:A2+N3 and the like",
)
def start(directory: Path, scale: float, seed: int, faults: tuple[str, ...], nexus: str) -> None:
    """Start the sandbox, making its clinic the first time."""
    console = Console()
    began = time.monotonic()
    with console.status("starting the sandbox") as spinner:
        say: Callable[[str], None] = spinner.update
        state = _lifecycle().start_sandbox(directory, scale, seed, faults, nexus, progress=say)
    console.print(_described(state))
    console.print(f"Ready in {time.monotonic() - began:.1f} s.")


@sandbox.command(cls=SandboxCommand)
@in_directory
def stop(directory: Path) -> None:
    """Stop every service; the data stay."""
    was_running = _lifecycle().stop_sandbox(directory)
    Console().print("Stopped." if was_running else "Nothing was running.")


@sandbox.command(cls=SandboxCommand)
@in_directory
def status(directory: Path) -> None:
    """Say what runs where; exit code 1 where something does not run."""
    state = _lifecycle().sandbox_status(directory)
    Console().print(_described(state))
    if not state.is_running:
        raise click.exceptions.Exit(1)


@sandbox.command(cls=SandboxCommand)
@in_directory
def env(directory: Path) -> None:
    """Print the environment as shell lines, passwords included, for `eval`."""
    for name, value in _lifecycle().environment(directory).items():
        click.echo(f"export {name}='{_quoted(value)}'")


@sandbox.command(cls=SandboxCommand)
@in_directory
def contact_sheet(directory: Path) -> None:
    """Draw thumbnails of the sandbox side by side, into contact-sheet.jpg in its directory."""
    environment = _lifecycle().environment(directory)
    drawing = importlib.import_module("nexus_reimport.sandbox.contact_sheet")
    file = directory / "contact-sheet.jpg"
    file.write_bytes(drawing.draw_contact_sheet(environment))
    click.echo(str(file))


@sandbox.command(cls=SandboxCommand)
@in_directory
def clean(directory: Path) -> None:
    """Stop the sandbox and remove all it made."""
    was_there = _lifecycle().clean_up(directory)
    Console().print("Removed." if was_there else "There was no sandbox.")


def _lifecycle() -> ModuleType:
    """Import the sandbox when it is wanted: an installation without the extra still has a command line."""
    try:
        return importlib.import_module("nexus_reimport.sandbox.lifecycle")
    except ModuleNotFoundError as error:
        message = f"the sandbox needs {error.name}; install the package with its [sandbox] extra"
        raise SandboxError(message) from error


def _quoted(value: str) -> str:
    return value.replace("'", "'\\''")


def _described(state: "SandboxState") -> Table:
    table = Table(title=f"Sandbox {state.directory}", title_justify="left", caption=_caption(state))
    for heading in ("service", "state", "address", "pid"):
        table.add_column(heading)
    for service in state.services:
        address = f"127.0.0.1:{service.port}" if service.port else ""
        word = "running" if service.pid else "stopped"
        table.add_row(service.name, word, address, str(service.pid or ""))
    return table


def _caption(state: "SandboxState") -> str:
    if state.scale is None:
        return "never started"
    faults = ", ".join(state.faults) or "none"
    return f"scale {state.scale:g}, seed {state.seed}, Nexus {state.nexus}, faults {faults}"
