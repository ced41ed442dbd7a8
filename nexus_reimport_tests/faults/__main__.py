"""Meets every fault, or those whose name has a word, and says of each whether it was told rightly.

    python -m nexus_reimport_tests.faults [WORD …]

Told rightly: the exit code, one line of the cause (and two of the run, where there was one), within 15 s, no
secret, no traceback, and Nexus as it was.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from nexus_reimport.sandbox import lifecycle
from nexus_reimport_tests.faults.known import FAULTS, Fault
from nexus_reimport_tests.faults.world import World, wrong_servers
from nexus_reimport_tests.line import contents

PROGRAM = Path(sys.executable).with_name("nexus-reimport")
SCALE, SECONDS = 0.02, 15
# The cause, how long the run took, and where its report is.
LINES = 3


def main(words: list[str]) -> int:
    """Meet the faults; return how many were not told rightly."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    wrong = 0
    with _world() as world:
        before = contents(world.environment["NEXUS_DATABASE_URL"])
        for fault in chosen:
            problems, seconds, said = meet(fault, world)
            wrong += bool(problems)
            click.echo(f"{'; '.join(problems) or 'right'} | {fault.name} | {seconds:.1f} s | {said}")
        lost = contents(world.environment["NEXUS_DATABASE_URL"]) != before
    click.echo(f"{len(chosen)} faults, {wrong} not told rightly; Nexus is {'NOT ' if lost else ''}as it was")
    return wrong + lost


def meet(fault: Fault, world: World) -> tuple[list[str], float, str]:
    """Run with the fault; return what was not right, the seconds until it was told, and the line."""
    world.as_superuser(*fault.before)
    environ = {**os.environ, **world.environment, **fault.change(world), "NO_COLOR": "1"}
    began = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - the program under test
            [str(PROGRAM), "run", "--yes"],
            capture_output=True,
            text=True,
            env=environ,
            cwd=world.folder,
            check=False,
        )
    finally:
        seconds = time.monotonic() - began
        world.as_superuser(*fault.after)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return list(_problems(fault, world, done.returncode, seconds, said)), seconds, " ".join(said[:1])[:160]


def _problems(fault: Fault, world: World, code: int, seconds: float, said: list[str]) -> Iterator[str]:
    text = " ".join(said)
    if code != fault.exit_code:
        yield f"EXIT {code}"
    if not re.search(fault.says, text):
        yield "CAUSE NOT TOLD"
    if len(said) > LINES:
        yield f"{len(said)} LINES"
    if seconds > SECONDS:
        yield "LATE"
    if "Traceback" in text:
        yield "TRACEBACK"
    if any(secret in text for secret in world.secrets):
        yield "SECRET"


@contextmanager
def _world() -> Iterator[World]:
    """Yield a sandbox that a run has published, and take it away again."""
    with tempfile.TemporaryDirectory() as parent, wrong_servers() as (silent, hanging_up, page):
        # PostgreSQL runs as another user, who has to get in.
        Path(parent).chmod(0o755)
        directory, folder = Path(parent, "sandbox"), Path(parent, "folder")
        folder.mkdir()
        lifecycle.start_sandbox(directory, SCALE)
        try:
            environment = lifecycle.environment(directory)
            whole = {**os.environ, **environment}
            subprocess.run([str(PROGRAM), "run", "--yes"], check=True, capture_output=True, env=whole)  # noqa: S603
            yield World(environment, silent, hanging_up, page, folder)
        finally:
            lifecycle.stop_sandbox(directory)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
