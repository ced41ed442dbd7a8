"""Starting, recognising and stopping the sandbox's own processes.

A process is recorded by pid, creation time and a marker in its command line, so that a pid the system
gave to somebody else since (after a reboot, say) is never signalled.
"""

import contextlib
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from nexus_reimport.sandbox.exceptions import ServiceFailedError

LOCALHOST = "127.0.0.1"
CLOCK_TOLERANCE_SECONDS = 2.0
LOG_TAIL_LINES = 12
_POLL_SECONDS = 0.02
PORT_ATTEMPTS = 3
COMMAND_LINE_SECONDS = 2.0


@dataclass(frozen=True)
class ServiceProcess:
    """One process of the sandbox: what it is called, its pid, when it began (epoch seconds), its marker."""

    name: str
    pid: int
    created: float
    marker: str

    def process(self) -> psutil.Process | None:
        """Return the live process this record means, or None where it is gone or the pid is another's."""
        try:
            process = psutil.Process(self.pid)
            # A dead process that nobody has waited for has no command line any more.
            is_ours = (
                abs(process.create_time() - self.created) <= CLOCK_TOLERANCE_SECONDS
                and self.marker in process.cmdline()
            )
        except psutil.Error:
            return None
        return process if is_ours else None

    def save(self, path: Path) -> None:
        """Write the record as JSON, readable by its owner only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))


def read_process(path: Path) -> ServiceProcess | None:
    """Return the record kept in a file, or None where there is none or it was cut short."""
    try:
        return ServiceProcess(**json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def spawn(
    name: str,
    command: Sequence[str],
    *,
    marker: str,
    log: Path,
    environment: Mapping[str, str],
    **options: Any,
) -> ServiceProcess:
    """Start a detached process in its own session with default signals; its output goes to `log`.

    `marker` must be one of the command's arguments. `options` are subprocess.Popen's (user, group).
    """
    log.touch(mode=0o600)
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
            **options,
        )
    try:
        created = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        created = time.time()
    # The child outlives this handle on purpose; telling Popen so keeps it from warning.
    child.returncode = 0
    record = ServiceProcess(name, child.pid, created, marker)
    _await_command_line(record)
    return record


def _await_command_line(record: ServiceProcess) -> None:
    """Wait out the instant in which a new process has no command line yet and would look like a stranger."""
    deadline = time.monotonic() + COMMAND_LINE_SECONDS
    with contextlib.suppress(psutil.Error):
        while not psutil.Process(record.pid).cmdline() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS / 10)


def restore_default_signals() -> None:
    """Give SIGINT and SIGTERM their meaning back: a background shell hands them down ignored."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def stop_process(record: ServiceProcess | None, signals: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn, waiting its seconds for the process to end. Return whether it ran at all."""
    process = record.process() if record else None
    if process is None:
        return False
    for number, seconds in signals:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if _has_ended(process, seconds):
            return True
    message = f"process {process.pid} did not end; end it by hand and try again"
    raise ServiceFailedError(message)


def _has_ended(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        # Reaps the process where it is our own child, so that it does not stay behind as a zombie.
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(_POLL_SECONDS)
            return True
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def free_port(preferred: int | None = None) -> int:
    """Return a loopback port nobody listens on: the preferred one where it is still free."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOCALHOST, port))
            return int(probe.getsockname()[1])
    message = "no free port on 127.0.0.1"
    raise ServiceFailedError(message)


def accepts_connections(port: int) -> bool:
    """Return whether something on loopback takes a connection at the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOCALHOST, port)) == 0


def listens(record: ServiceProcess, port: int) -> bool:
    """Return whether this very process listens at the port."""
    process = record.process()
    if process is None:
        return False
    try:
        connections = process.net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def on_free_port(launch: Callable[[int], None], preferred: int | None) -> int:
    """Launch on a free port; try another where somebody else took the port in the meantime."""
    for attempt in range(PORT_ATTEMPTS):
        port = free_port(preferred)
        try:
            launch(port)
        except ServiceFailedError:
            if attempt == PORT_ATTEMPTS - 1 or not accepts_connections(port):
                raise
            continue
        return port
    raise AssertionError("the last attempt returns or raises")


def wait_until_ready(record: ServiceProcess, log: Path, is_ready: Callable[[], bool], seconds: float) -> None:
    """Wait for a service to answer; if it dies or is late, raise with the end of its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_ready():
            return
        if record.process() is None:
            break
        time.sleep(_POLL_SECONDS)
    message = f"the sandbox's {record.name} did not start; the end of {log}:\n{log_tail(log)}"
    raise ServiceFailedError(message)


def log_tail(log: Path) -> str:
    """Return the last lines of a log, or a word saying that it is empty."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-LOG_TAIL_LINES:]) or "(empty)"
