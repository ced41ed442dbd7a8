"""A test run that is killed leaves no server running and no folder behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import nexus_reimport_tests
from nexus_reimport_tests.watchdog import processes_of
from nexus_reimport_tests.watched import FOLDER

# A server, a program that knows the folder by its environment alone, and one that has none; then it hangs.
HANGING = f"""
import os, pathlib, signal, subprocess, sys, time
from nexus_reimport.sandbox.postgres import ephemeral_postgres

def test_hangs():
    # Dagster gives SIGTERM what SIGINT has: of tests run in the background "ignored", and that is inherited.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with ephemeral_postgres() as cluster:
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        subprocess.Popen(sleep, start_new_session=True)
        subprocess.Popen(sleep, start_new_session=True, env={{}}, cwd=cluster.directory)
        said = pathlib.Path(os.environ["SAYS"])
        said.with_suffix(".part").write_text(os.environ[{FOLDER!r}])
        said.with_suffix(".part").rename(said)
        time.sleep(600)
"""
PATIENCE_SECONDS = 120.0


class KilledRun:
    """A run of pytest in a folder of its own, until its test hangs; and the folder that it has in memory."""

    def __init__(self, place: Path, *options: str) -> None:
        (place / "test_hanging.py").write_text(HANGING)
        says, house = place / "says", Path(nexus_reimport_tests.__file__).parents[1]
        plugins = ["-p", "nexus_reimport_tests.watched", "-p", "no:cacheprovider"]
        self.process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-m", "pytest", "-q", *plugins, *options, "test_hanging.py"],
            cwd=place,
            env={**os.environ, "SAYS": str(says), "PYTHONPATH": str(house)},
            stdout=subprocess.DEVNULL,
        )
        self._says = says

    def up(self) -> "KilledRun":
        """Wait until the test hangs."""
        wait_until(self._says.exists)
        self.folder = Path(self._says.read_text())
        return self

    def workers(self) -> list[psutil.Process]:
        """The processes of pytest-xdist."""
        children = psutil.Process(self.process.pid).children()
        return [one for one in children if "-c" in one.cmdline()]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


Start = Callable[..., KilledRun]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start runs; what a failing test leaves of them is killed."""
    runs: list[KilledRun] = []

    def started(*options: str) -> KilledRun:
        runs.append(KilledRun(tmp_path, *options))
        return runs[-1].up()

    yield started
    for run in runs:
        run.process.kill()
        run.process.wait()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_killed_run_leaves_nothing_and_what_is_anybody_elses_alone(
    start: Start, how: signal.Signals
) -> None:
    run, ours = start(), Path(os.environ[FOLDER])
    assert len(processes_of(run.folder)) > 5
    assert len([one for one in processes_of(run.folder) if one.name() == "postgres"]) > 1
    assert run.process.pid in {one.pid for one in processes_of(ours)}
    run.process.send_signal(how)
    run.process.wait()
    wait_until(lambda: not processes_of(run.folder) and not run.folder.exists())
    assert ours.is_dir()


@pytest.mark.parametrize("who", ["all", "pytest alone"])
def test_a_killed_run_on_several_processes_leaves_nothing(start: Start, who: str) -> None:
    run = start("-n", "1")
    workers = run.workers()
    folders = [run.folder, *(Path(worker.environ()[FOLDER]) for worker in workers)]
    assert len(set(folders)) == 2
    run.process.kill()
    for worker in workers if who == "all" else []:
        worker.kill()
    run.process.wait()
    wait_until(lambda: not any(folder.exists() or processes_of(folder) for folder in folders))
    assert not any(worker.is_running() for worker in workers)
