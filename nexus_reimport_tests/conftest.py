"""Fixtures every part shares: a real PostgreSQL, and fresh Nexus databases in it."""

from collections.abc import Iterator

import pytest

from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database, ephemeral_postgres

pytest_plugins = [
    "nexus_reimport_tests.watched",
    "nexus_reimport_tests.bucket_fixtures",
    "nexus_reimport_tests.line_fixtures",
]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One throwaway PostgreSQL for the whole session."""
    with ephemeral_postgres() as cluster:
        yield cluster


@pytest.fixture
def nexus_database(postgres: Cluster) -> Iterator[str]:
    """The URL of a fresh database with Nexus's tables and content types, and no row besides."""
    with ephemeral_database(postgres) as url:
        yield url
