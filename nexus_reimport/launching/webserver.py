"""How Dagster's web UI and daemon, and the reports beside it, are served to a person at this machine."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

from nexus_reimport.launching.report_server import LOOPBACK, listen_from, start_beside
from nexus_reimport.settings import REPORTS_URL

# Dagster would rather be started by its `dg`, which is a package more; a person here can't act on that.
QUIET = ("-W", "ignore:Function `dev_command` is superseded:Warning")
# Beside the UI's port, and nearly always the same: links in the records of older runs stay good.
REPORTS_PORT_AWAY = 70
GUARDED = "nexus_reimport.launching.guarded_webserver"


def serve_ui(port: int, announce: Callable[[str], None]) -> None:
    """Become `dagster dev`, guarded, on a loopback address, at `port` or the next free one; never returns.

    The reports are served beside it, by a child that ends with it.
    """
    chosen = free_port_from(port)
    announce(f"http://{LOOPBACK}:{chosen}")
    os.environ[REPORTS_URL], _beside = serve_reports(port + REPORTS_PORT_AWAY)
    # Run from its home, Dagster does not warn of the project's own dagster.yaml beside it.
    os.chdir(os.environ["DAGSTER_HOME"])
    # A shell starts what it puts in the background deaf to Ctrl-C, and Dagster stops by nothing else.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    command = [GUARDED, "dev", "-h", LOOPBACK, "-p", str(chosen), "-m", "nexus_reimport.definitions"]
    os.execv(sys.executable, [sys.executable, *QUIET, "-m", *command])  # noqa: S606 - fixed words and a number


def serve_reports(port: int) -> tuple[str, subprocess.Popen[bytes]]:
    """Serve the reports at `port` or the next free one; return the address and the process that does."""
    with listen_from(port) as listening:
        return f"http://{LOOPBACK}:{listening.getsockname()[1]}", start_beside(listening)


def free_port_from(port: int) -> int:
    """Return the first port, from the given one on, that nothing on this machine listens at."""
    for candidate in range(port, port + 100):
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, candidate)) != 0:
                return candidate
    message = f"No free port from {port} on; name another with --port."
    raise OSError(message)
