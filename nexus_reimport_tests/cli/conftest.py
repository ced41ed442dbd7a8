"""Fixtures of commands that come after a publication."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import pytest

from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport_tests.cli.published_line import Contents, PublishedLine
from nexus_reimport_tests.line import Line, contents
from nexus_reimport_tests.line_fixtures import MakeLine


@pytest.fixture(scope="session")
def run_once(make_line: MakeLine) -> tuple[Line, Contents, Contents]:
    """A line that has been run, for a few patients, and what its Nexus held before and after."""
    line = make_line()
    before = contents(line.url)
    assert line.run(limit=10).right
    return line, before, contents(line.url)


@pytest.fixture
def published(
    run_once: tuple[Line, Contents, Contents],
    postgres: Cluster,
    environment: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[PublishedLine]:
    """The environment leads to a copy of that line: a Nexus, a storage and a Dagster of the test's own."""
    line, before, after = run_once
    storage = str(tmp_path / "storage")
    shutil.copytree(line.storage, storage)
    with (
        ephemeral_database(postgres, template=line.url.rpartition("/")[2]) as url,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        own = {
            "NEXUS_DATABASE_URL": url,
            "NEXUS_REIMPORT_STORAGE": storage,
            "PG_DUMP": str(program("pg_dump")),
        }
        for name, value in {**environment, **own}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(dg.DagsterInstance, "get", lambda: _Lasting(instance))
        yield PublishedLine(url, storage, instance, before, after)


class _Lasting:
    """An instance that several commands use, one after the other: the first does not close it."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def __enter__(self) -> dg.DagsterInstance:
        return self._instance

    def __exit__(self, *_: object) -> None:
        """Leave it open."""
