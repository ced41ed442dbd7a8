"""Two runs at two terminals: the second is refused or waits, and a killed first one is in nobody's way."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

PROGRAM = Path(sys.executable).with_name("nexus-reimport")
CLINICS = ("run", "--yes", "--select", 'key:"filemaker/clinics"')
SECONDS = 60


@contextmanager
def terminal(environment: Mapping[str, str], folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process of its own; it is killed at last, whatever happened."""
    environ = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603 - our own program
        [PROGRAM, *words],
        env=environ,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=SECONDS)
    return process.returncode, said


@contextmanager
def stuck(environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that is going: its FileMaker answers one question and then no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"http://127.0.0.1:{server.getsockname()[1]}"
        with terminal({**environment, "FILEMAKER_HOST": host}, folder, *CLINICS) as process:
            assert select.select([server], [], [], SECONDS)[0], process.poll()
            with server.accept()[0] as first:
                first.recv(4096)
                first.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n9")
            ready, _, _ = select.select([server], [], [], SECONDS)
            assert ready, process.poll()
            yield process


def test_a_second_run_is_refused_by_name_or_waits_and_a_killed_first_is_in_nobodys_way(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with stuck(environment, tmp_path) as first:
        with terminal(environment, tmp_path, *CLINICS) as second:
            code, said = ended(second)
        assert code == 1
        named = re.search(
            rf"Nothing was started: run (\S+), started at .* is going \(terminal, process {first.pid} on ",
            said,
        )
        assert named, said
        with terminal(environment, tmp_path, "resume", "--yes") as too_early:
            code, said = ended(too_early)
        assert (code, f"There is nothing to resume yet: run {named[1]}" in said) == (1, True)
        with terminal(environment, tmp_path, *CLINICS, "--wait") as waiting:
            line = read_line(waiting)
            assert line.startswith(f"Waiting: run {named[1]}, started at ")
            time.sleep(1.5)
            assert waiting.poll() is None
            first.send_signal(signal.SIGKILL)
            first.wait()
            code, said = ended(waiting)
        assert code == 0, said
        assert "filemaker/clinics: done" in said


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], SECONDS)
    assert ready
    return process.stdout.readline()


def test_a_run_at_a_terminal_ends_when_it_is_cancelled_in_the_browser(
    environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_PG_URL", environment["DAGSTER_PG_URL"])
    with (
        stuck(environment, tmp_path) as process,
        dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance,
    ):
        (run,) = instance.get_runs(limit=1)
        instance.report_run_canceling(run)
        code, said = ended(process)
        assert code == 1, said
        found = instance.get_run_by_id(run.run_id)
        assert found is not None
        assert found.status == dg.DagsterRunStatus.CANCELED


def test_of_two_started_at_the_same_instant_one_wins_and_the_other_is_told_its_name(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    for _ in range(3):
        with (
            terminal(environment, tmp_path, *CLINICS) as one,
            terminal(environment, tmp_path, *CLINICS) as other,
        ):
            ends = {process.pid: ended(process) for process in (one, other)}
        assert sorted(code for code, _ in ends.values()) == [0, 1], ends
        ((winner, _),) = [(pid, said) for pid, (code, said) in ends.items() if code == 0]
        ((_, said),) = [(pid, said) for pid, (code, said) in ends.items() if code == 1]
        assert re.search(rf"Nothing was started: run \S+, started at .* process {winner} on ", said), said
