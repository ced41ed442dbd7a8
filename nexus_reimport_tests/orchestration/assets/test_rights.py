"""The whole line by roles with what the files grant and no more, over a Nexus that older imports broke."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nexus_reimport.load.database.grants import statements
from nexus_reimport.load.rollback.rollback import rollback
from nexus_reimport.orchestration.resources import NexusResource
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.writes import last_writes

ROLE, PLANNER = "line_reimport", "line_planner"


@pytest.fixture
def granted(make_line: MakeLine, postgres: Cluster) -> Iterator[tuple[Line, Line]]:
    """A line by the role that reimports and the planner; and the same as Nexus's owner."""
    owner = make_line("damaged-a")
    database = owner.url.rpartition("/")[2]
    with postgres.superuser(database) as connection:
        for name in (ROLE, PLANNER):
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{postgres.password}'".encode())
        connection.execute(statements.grants(database, "nexus", ROLE, PLANNER).encode())
    urls = {"database_url": postgres.url(database, ROLE), "readonly_url": postgres.url(database, PLANNER)}
    yield replace(owner, url=urls["database_url"], replaced={"nexus": NexusResource(**urls)}), owner
    with postgres.superuser(database) as connection:
        for name in (PLANNER, ROLE):
            connection.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}".encode())


def test_roles_that_own_nothing_reimport_a_broken_nexus_and_take_it_back(
    granted: tuple[Line, Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(program("pg_dump")))
    line, owner = granted
    before = contents(owner.url)
    outcome = line.run(full_dump=True)
    assert outcome.right
    assert line.failed_checks(outcome) == set()
    written = last_writes(owner.url)
    assert line.run().right
    assert last_writes(owner.url) == written
    dumped = [str(program("pg_dump")), "--no-password", "--format=custom", f"--dbname={owner.url}"]
    assert subprocess.run(dumped, check=True, capture_output=True).stderr == b""  # noqa: S603 - PostgreSQL's own
    rollback(line.url, open_store(str(line.storage)), "back")
    assert contents(owner.url) == before


def test_a_right_that_is_missing_is_told_before_a_source_is_read(line: Line) -> None:
    query(line.url, "REVOKE INSERT ON notes FROM CURRENT_USER")
    outcome = line.run(limit=20)
    assert not outcome.success
    (said,) = outcome.failures
    assert "The role that reimports lacks INSERT on notes" in said
    assert outcome.tables == {}
