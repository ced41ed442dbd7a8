"""Processes: told apart from strangers, started detached, stopped for sure."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from nexus_reimport.sandbox.exceptions import ServiceFailedError
from nexus_reimport.sandbox.processes import (
    ServiceProcess,
    accepts_connections,
    free_port,
    listens,
    on_free_port,
    read_process,
    spawn,
    stop_process,
    wait_until_ready,
)

QUICKLY = ((signal.SIGTERM, 1.0), (signal.SIGKILL, 5.0))
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
SLEEPER = "import time; print('up', flush=True)\n"
LISTENER = "import socket, time; s = socket.create_server(('127.0.0.1', int(__import__('sys').argv[2])))\n"
WAITING = "time.sleep(60)\n"
WAITING_ONLY = "import time; " + WAITING


class Starter:
    """Starts small Python programs as services."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "service.log"
        self.started: list[ServiceProcess] = []

    def __call__(self, program: str, *arguments: str) -> ServiceProcess:
        command = [sys.executable, "-c", program, str(self.folder), *arguments]
        record = spawn("little one", command, marker=str(self.folder), log=self.log, environment={})
        self.started.append(record)
        return record

    def up(self, program: str) -> ServiceProcess:
        record = self(program + WAITING)
        wait_until_ready(record, self.log, lambda: "up" in self.log.read_text(), 10)
        return record


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(tmp_path)
    yield starter
    for record in starter.started:
        stop_process(record, QUICKLY)


def test_a_process_runs_in_its_own_session_with_a_private_log(start: Starter) -> None:
    record = start.up(SLEEPER)
    assert os.getsid(record.pid) == record.pid
    assert stat.S_IMODE(start.log.stat().st_mode) == 0o600


def test_a_process_is_recognised_from_its_first_moment(start: Starter) -> None:
    records = [start(WAITING_ONLY) for _ in range(15)]
    assert all(record.process() for record in records)


def test_a_record_is_read_back_and_means_the_same_process(start: Starter, tmp_path: Path) -> None:
    record = start.up(SLEEPER)
    record.save(tmp_path / "record.json")
    assert read_process(tmp_path / "record.json") == record
    assert stat.S_IMODE((tmp_path / "record.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", '{"name": "cut sh', '{"pid": 1}', "[]", "null"])
def test_a_damaged_record_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text)
    assert read_process(tmp_path / "record.json") is None


@pytest.mark.parametrize("change", [{"created": 1.0}, {"marker": "somebody else's"}])
def test_a_stranger_with_the_same_pid_is_never_signalled(start: Starter, change: dict[str, object]) -> None:
    record = start.up(SLEEPER)
    stranger = replace(record, **change)  # type: ignore[arg-type]  # by name
    assert stranger.process() is None
    assert not stop_process(stranger, QUICKLY)
    assert psutil.pid_exists(record.pid)
    assert record.process() is not None


def test_a_stubborn_process_is_killed(start: Starter) -> None:
    record = start.up(STUBBORN)
    assert stop_process(record, ((signal.SIGTERM, 0.1), (signal.SIGKILL, 5.0)))
    assert record.process() is None


# Starts a child that it never waits for, prints its pid, and stays.
NEGLECTFUL_PARENT = (
    "import subprocess, sys, time; _, folder, program = sys.argv;"
    " print(subprocess.Popen([sys.executable, '-c', program, folder]).pid, flush=True); "
)


def test_another_ones_child_that_has_ended_and_is_not_waited_for_is_stopped(start: Starter) -> None:
    record = start(NEGLECTFUL_PARENT + WAITING, WAITING_ONLY)
    wait_until_ready(record, start.log, lambda: start.log.read_text().endswith("\n"), 10)
    pid = int(start.log.read_text())
    child = ServiceProcess("child", pid, psutil.Process(pid).create_time(), str(start.folder))
    assert stop_process(child, ((signal.SIGKILL, 1.0),))
    assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert child.process() is None


def test_a_process_that_does_not_end_is_named(start: Starter) -> None:
    record = start.up(STUBBORN)
    with pytest.raises(ServiceFailedError, match=f"process {record.pid} did not end"):
        stop_process(record, ((signal.SIGTERM, 0.05),))


def test_stopping_what_is_gone_does_nothing(start: Starter) -> None:
    record = start.up(SLEEPER)
    assert stop_process(record, QUICKLY)
    assert not stop_process(record, QUICKLY)
    assert not stop_process(None, QUICKLY)


def test_a_process_that_dies_at_its_start_shows_the_end_of_its_log(start: Starter) -> None:
    record = start("raise SystemExit('the reason why')")
    with pytest.raises(ServiceFailedError, match=r"(?s)little one did not start.*the reason why"):
        wait_until_ready(record, start.log, lambda: False, 10)


def test_a_process_that_is_late_is_given_up(start: Starter) -> None:
    record = start.up(SLEEPER)
    with pytest.raises(ServiceFailedError, match="did not start"):
        wait_until_ready(record, start.log, lambda: False, 0.05)


def test_only_the_process_itself_counts_as_listening(start: Starter) -> None:
    port = free_port()
    assert not accepts_connections(port)
    listener = start(LISTENER + WAITING, str(port))
    wait_until_ready(listener, start.log, lambda: listens(listener, port), 10)
    assert accepts_connections(port)
    assert not listens(listener, port + 1)
    assert not listens(start.up(SLEEPER), port)
    assert free_port(port) != port
    stop_process(listener, QUICKLY)
    assert not listens(listener, port)
    assert free_port(port) == port


def test_a_port_somebody_took_in_the_meantime_is_changed_for_another(start: Starter) -> None:
    taken = free_port()
    listener = start(LISTENER + WAITING, str(taken))
    wait_until_ready(listener, start.log, lambda: listens(listener, taken), 10)
    tried: list[int] = []

    def launch(port: int) -> None:
        tried.append(port)
        if len(tried) == 1:
            stolen = start(LISTENER + WAITING, str(port))
            wait_until_ready(stolen, start.log, lambda: listens(stolen, port), 10)
            raise ServiceFailedError("address already in use")

    assert on_free_port(launch, taken) == tried[1]
    assert tried[0] != taken


def test_a_failure_that_is_not_about_the_port_is_not_tried_again() -> None:
    tried: list[int] = []

    def launch(port: int) -> None:
        tried.append(port)
        raise ServiceFailedError("something else")

    with pytest.raises(ServiceFailedError, match="something else"):
        on_free_port(launch, None)
    assert len(tried) == 1


def test_signals_a_background_shell_ignores_work_again(tmp_path: Path) -> None:
    program = (
        "import json, signal\n"
        "from nexus_reimport.sandbox.processes import restore_default_signals\n"
        "before = signal.getsignal(signal.SIGINT) == signal.SIG_IGN\n"
        "restore_default_signals()\n"
        "after = signal.getsignal(signal.SIGINT) == signal.default_int_handler\n"
        "print(json.dumps([before, after, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL]))\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    done = subprocess.run(  # noqa: S602 - a shell is what is tested
        f"trap '' INT TERM; {sys.executable} {script}", shell=True, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [True, True, True]
