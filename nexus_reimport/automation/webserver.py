"""How Dagster's web UI and daemon are served to a person at this machine."""

import os
import signal
import socket
import sys
from collections.abc import Callable

LOOPBACK = "127.0.0.1"
# Dagster would rather be started by its `dg`, which is a package more; a person here can't act on that.
QUIET = ("-W", "ignore:Function `dev_command` is superseded:Warning")


def serve_ui(port: int, announce: Callable[[str], None]) -> None:
    """Become `dagster dev` on a loopback address, at `port` or the next free one; never returns."""
    chosen = free_port_from(port)
    announce(f"http://{LOOPBACK}:{chosen}")
    # Run from its home, Dagster does not warn of the project's own dagster.yaml beside it.
    os.chdir(os.environ["DAGSTER_HOME"])
    # A shell starts what it puts in the background deaf to Ctrl-C, and Dagster stops by nothing else.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    command = ["dagster", "dev", "-h", LOOPBACK, "-p", str(chosen), "-m", "nexus_reimport.definitions"]
    os.execv(sys.executable, [sys.executable, *QUIET, "-m", *command])  # noqa: S606 - fixed words and a number


def free_port_from(port: int) -> int:
    """Return the first port, from the given one on, that nothing on this machine listens at."""
    for candidate in range(port, port + 100):
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, candidate)) != 0:
                return candidate
    message = f"No free port from {port} on; name another with --port."
    raise OSError(message)
