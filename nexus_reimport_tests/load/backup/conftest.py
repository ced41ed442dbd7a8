"""A Nexus to back up, and where to."""

from collections.abc import Iterator

import pytest
from obstore.store import MemoryStore

from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.backup.backed_up import small_nexus


@pytest.fixture(scope="package")
def small(postgres: Cluster) -> Iterator[str]:
    """A small Nexus to copy; its URL."""
    with ephemeral_database(postgres) as url:
        small_nexus(url)
        yield url


@pytest.fixture
def nexus(postgres: Cluster, small: str) -> Iterator[str]:
    """A small Nexus of the test's own."""
    with ephemeral_database(postgres, template=small.rpartition("/")[2]) as url:
        yield url


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()
