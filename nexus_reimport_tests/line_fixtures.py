"""Fixtures of everything that runs the line: one sandbox a worker, a line of its own for each test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest

from nexus_reimport.sandbox import lifecycle
from nexus_reimport.sandbox.clinic import SyntheticClinic, synthetic_clinic
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database, folder_in_memory
from nexus_reimport_tests.line import SCALE, Entities, Line, load_state, served_filemaker

MakeLine = Callable[..., Line]
ServeFileMaker = Callable[..., str]


@pytest.fixture(scope="session")
def clinic() -> SyntheticClinic:
    """The synthetic clinic that every line reimports."""
    return synthetic_clinic(SCALE)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Path]:
    """One sandbox; pytest's own folders are closed to the user that PostgreSQL runs as."""
    parent = Path(tempfile.mkdtemp(prefix="nexus-reimport-line-", dir=folder_in_memory()))
    try:
        lifecycle.start_sandbox(parent / "sandbox", SCALE)
        yield parent / "sandbox"
    finally:
        lifecycle.stop_sandbox(parent / "sandbox")
        shutil.rmtree(parent)


@pytest.fixture(scope="session")
def environment(running_sandbox: Path) -> Mapping[str, str]:
    """The variables that lead to the sandbox."""
    return lifecycle.environment(running_sandbox)


@pytest.fixture(scope="session")
def healthy_filemaker(clinic: SyntheticClinic) -> Iterator[str]:
    """A FileMaker without faults that serves the clinic."""
    with served_filemaker(clinic.entities) as address:
        yield address


@pytest.fixture
def filemaker_with(clinic: SyntheticClinic) -> Iterator[ServeFileMaker]:
    """Start a FileMaker with faults, or with other rows in some entity sets."""
    with ExitStack() as stack:

        def serve(*faults: Fault, **entities: Sequence[dict[str, object]]) -> str:
            rows: Entities = {**clinic.entities, **entities}
            return stack.enter_context(served_filemaker(rows, faults))

        yield serve


@pytest.fixture(scope="session")
def make_line(
    postgres: Cluster,
    clinic: SyntheticClinic,
    environment: Mapping[str, str],
    healthy_filemaker: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MakeLine]:
    """Make lines: each has a fresh Nexus in a starting state and a Dagster of its own."""
    with ExitStack() as stack:

        def make(state: str = "empty") -> Line:
            url = stack.enter_context(ephemeral_database(postgres))
            load_state(url, state, clinic)
            instance = stack.enter_context(dg.DagsterInstance.ephemeral())
            storage = tmp_path_factory.mktemp("storage")
            return Line(url, storage, healthy_filemaker, environment, instance)

        yield make


@pytest.fixture
def line(make_line: MakeLine) -> Line:
    """A line whose Nexus holds its configuration and nothing else."""
    return make_line()


@pytest.fixture(scope="session")
def reimported(make_line: MakeLine) -> Line:
    """A line that has been run whole, once; tests leave its Nexus and its frames as they are."""
    line = make_line()
    assert line.run().right
    return line
