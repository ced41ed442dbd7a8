"""Cleans up after a test process however that ends: what it started is stopped, what it made is removed.

A child in a session of its own, so that no signal meant for the tests reaches it. It waits until its parent
is gone, or says by SIGTERM that it is through. Run by its path, with a folder that is named by chance alone:
what has the folder in its command line, its working directory or its environment is the parent's, and nobody
else's.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import psutil

POLL_SECONDS = 0.1
# PostgreSQL takes a SIGQUIT for an immediate shutdown, and only then gives its shared memory back.
SIGNALS = ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the living processes that have anything to do with a folder, but for this one."""
    return [one for one in psutil.process_iter() if one.pid != os.getpid() and _has_to_do_with(one, folder)]


def _has_to_do_with(process: psutil.Process, folder: Path) -> bool:
    for ask in (process.cmdline, process.cwd, process.environ):
        try:
            if str(folder) in str(ask()):
                return process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
    return False


def clean_up(folder: Path) -> None:
    """Stop every process of the folder, and remove it."""
    for number, seconds in SIGNALS:
        # Again, since one that is being stopped may have started another.
        for process in (found := processes_of(folder)):
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=seconds)
    shutil.rmtree(folder, ignore_errors=True)


def main(folder: Path, parent: int) -> None:
    """Wait for the end of the parent, then clean up."""
    is_through: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: is_through.append(number))
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    while not is_through and os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    clean_up(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
