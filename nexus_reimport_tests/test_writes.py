"""The proof that nothing was written sees each kind of write, however late it is counted."""

import psycopg
import pytest
from psycopg import sql

from nexus_reimport.load.publication import publish
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport_tests import writes
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table
from nexus_reimport_tests.writes import last_writes

ANN = {"name": "ann", "first_name": "Ann"}


@pytest.fixture
def url(nexus_database: str) -> str:
    """A Nexus with a patient of ours."""
    publish(nexus_database, "first", AS_OF, {"patients": staged_table(PATIENTS, ANN)})
    return nexus_database


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE patients SET first_name = first_name", ["public.patients"]),
        ("DELETE FROM nexus_reimport.changes", ["nexus_reimport.changes"]),
        ("UPDATE nexus_reimport.publications SET run_id = run_id", ["nexus_reimport.publications"]),
        ("CREATE TABLE nexus_reimport.more ()", ["nexus_reimport.more", "pg_class"]),
        ("GRANT SELECT ON notes TO PUBLIC", ["pg_class"]),
        ("ALTER TABLE notes ALTER content SET DEFAULT ''", ["pg_attrdef", "pg_attribute"]),
        ("DROP SCHEMA nexus_reimport CASCADE", ["nexus_reimport.changes", "pg_namespace"]),
    ],
)
def test_every_write_is_seen_where_it_was(url: str, statement: str, where: list[str]) -> None:
    before = last_writes(url)
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())
    assert set(where) <= set(last_writes(url).since(before))


def test_a_row_made_and_deleted_again_at_once_and_what_was_rolled_back_are_counted(url: str) -> None:
    before = last_writes(url)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO nexus_reimport.identities SELECT 'x', 'x', gen_random_uuid()")
        connection.execute("DELETE FROM nexus_reimport.identities WHERE table_name = 'x'")
    again = last_writes(url)
    assert again.since(before) == ["counted"]
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM patients")
        connection.rollback()
    assert last_writes(url).since(again) == ["counted"]


def test_reading_locks_analyze_and_temporary_tables_are_no_writes(url: str) -> None:
    before = last_writes(url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TEMPORARY TABLE passing (id integer PRIMARY KEY CHECK (id > 0))")
        connection.execute("INSERT INTO passing SELECT generate_series(1, 50)")
        connection.execute("SELECT FROM patients FOR UPDATE")
        connection.execute("LOCK TABLE notes IN SHARE ROW EXCLUSIVE MODE")
    with psycopg.connect(url) as connection:
        connection.execute("ANALYZE patients")
    assert last_writes(url) == before


def test_a_write_of_a_session_that_is_still_open_is_seen(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as beside:
        before = last_writes(url, beside)
        beside.execute("UPDATE patients SET title = title")
        assert last_writes(url, beside).since(before) == ["public.patients"]


def test_a_session_nobody_has_told_of_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "SESSIONS_SECONDS", 0.05)
    with (
        psycopg.connect(url, application_name="somebody"),
        pytest.raises(AssertionError, match="somebody"),
    ):
        last_writes(url)


def test_what_is_counted_is_counted_however_quickly_it_is_asked(url: str) -> None:
    counted = last_writes(url).counted
    for number in range(25):
        with psycopg.connect(url) as connection:
            name = sql.Identifier("patients")
            connection.execute(sql.SQL("UPDATE {} SET title = {}").format(name, sql.Literal(str(number))))
        counted += 1
        assert last_writes(url).counted == counted
