"""The lock under which a run at a terminal looks for others and is created: two would miss each other."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster_postgres.run_storage import PostgresRunStorage

from nexus_reimport.launching.exceptions import AnotherRunActive

# Any number will do, so long as it never changes: two releases must exclude each other.
_ADVISORY_LOCK = 0x6E657875735F7374
LOCK_FILE = "nexus-reimport-starting.lock"
# To look and to create take a second or two.
WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1


@contextmanager
def starting(instance: dg.DagsterInstance) -> Iterator[None]:
    """Keep other processes from starting a run on the same Dagster instance while inside.

    The lock is in Dagster's PostgreSQL, so that it holds between machines; without one, in a file of its
    folder. It goes with the process that has it. Raises AnotherRunActive where another keeps it for a minute.
    """
    if instance.is_ephemeral:
        # In memory: no other process sees it.
        yield
        return
    storage = instance.run_storage
    locked = _in_database(storage) if isinstance(storage, PostgresRunStorage) else _in_file(instance)
    with locked:
        yield


@contextmanager
def _in_database(storage: PostgresRunStorage) -> Iterator[None]:
    taken = sa.text("SELECT pg_try_advisory_lock(:number)").bindparams(number=_ADVISORY_LOCK)
    given_back = sa.text("SELECT pg_advisory_unlock(:number)").bindparams(number=_ADVISORY_LOCK)
    with storage.connect() as connection:
        _wait_until(lambda: bool(connection.execute(taken).scalar()))
        try:
            yield
        finally:
            connection.execute(given_back)


@contextmanager
def _in_file(instance: dg.DagsterInstance) -> Iterator[None]:
    with (Path(instance.root_directory) / LOCK_FILE).open("w") as file:
        _wait_until(lambda: _is_locked(file.fileno()))
        yield


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(is_taken: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not is_taken():
        if time.monotonic() > until:
            raise AnotherRunActive(
                f"Nothing was started: another process has been starting a run for {WAIT_SECONDS:.0f} s. "
                "Is it stopped? End it, then start again."
            )
        time.sleep(_POLL_SECONDS)
