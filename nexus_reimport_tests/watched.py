"""A pytest plugin: one folder in memory for everything that a test process makes, under a watchdog's eyes.

A run that is killed leaves no server and no folder behind. Of a run on several processes each has its own.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nexus_reimport.sandbox import postgres
from nexus_reimport_tests import watchdog

# Handed down to all that tests start; a process of pytest-xdist has that of the one that started it.
FOLDER = "NEXUS_REIMPORT_TESTS_FOLDER"
END_SECONDS = 30.0
_watchdog = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, and have it watched before anything is in it."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-reimport-tests-", dir=postgres.folder_in_memory()))
    command = [sys.executable, watchdog.__file__, str(folder), str(os.getpid())]
    own = {name: value for name, value in os.environ.items() if name != FOLDER}
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=own, cwd="/", start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline()
    config.stash[_watchdog] = process
    os.environ[FOLDER] = str(folder)
    postgres.MEMORY = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Tell the watchdog that the tests are through, and wait for it."""
    process = config.stash.get(_watchdog, None)
    if process is not None:
        process.terminate()
        process.wait(END_SECONDS)
