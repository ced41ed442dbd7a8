"""Fixtures of the sandbox's tests: real sandboxes, small ones, in short-lived folders."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus_reimport.sandbox import lifecycle
from nexus_reimport.sandbox.postgres import folder_in_memory

SCALE = 0.02


@contextlib.contextmanager
def folder_for_sandbox() -> Iterator[Path]:
    """A folder that is not there yet; pytest's own folders are closed to the user PostgreSQL runs as."""
    parent = Path(tempfile.mkdtemp(prefix="nexus-reimport-sandbox-", dir=folder_in_memory()))
    try:
        yield parent / "sandbox"
    finally:
        lifecycle.stop_sandbox(parent / "sandbox")
        shutil.rmtree(parent)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where a test may start a sandbox of its own; it is stopped and removed afterwards."""
    with folder_for_sandbox() as folder:
        yield folder


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Path]:
    """The directory of one running sandbox, for tests that leave it as they found it."""
    with folder_for_sandbox() as folder:
        lifecycle.start_sandbox(folder, SCALE)
        yield folder


@pytest.fixture
def names_of_processes() -> Callable[[Path], list[str]]:
    """Look up which processes have anything to do with a directory."""
    import psutil

    def look_up(folder: Path) -> list[str]:
        found = []
        for process in psutil.process_iter(["name", "cmdline", "cwd"]):
            words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
            if any(str(folder) in word for word in words):
                found.append(process.info["name"])
        return found

    return look_up
