"""One look at Nexus's database before any work: what would keep a run from publishing is named, at once."""

from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from nexus_reimport.load.database.readiness import prove_readable, prove_writable
from nexus_reimport.load.exceptions import RightMissing, TargetNotAsExpected
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport_tests.line import query

ROLE = "newcomer"


@pytest.fixture
def newcomer(postgres: Cluster, nexus_database: str) -> Iterator[str]:
    """The URL of a role that may connect, and nothing more than everybody."""
    database = str(conninfo_to_dict(nexus_database)["dbname"])
    with postgres.superuser() as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{postgres.password}'".encode())
    yield postgres.url(database, ROLE)
    with postgres.superuser(database) as connection:
        connection.execute(f"DROP OWNED BY {ROLE}".encode())
        connection.execute(f"DROP ROLE {ROLE}".encode())


def test_a_role_that_may_do_all_passes_and_nothing_is_made(nexus_database: str) -> None:
    prove_writable(nexus_database)
    prove_readable(nexus_database)
    assert query(nexus_database, "SELECT to_regnamespace('nexus_reimport')") == [(None,)]


def test_every_right_that_is_missing_is_named_at_once(nexus_database: str, newcomer: str) -> None:
    query(nexus_database, f"GRANT SELECT ON clinics, patients TO {ROLE}")
    with pytest.raises(RightMissing) as caught:
        prove_writable(newcomer)
    said = str(caught.value)
    assert "CREATE on the database" in said
    for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        assert f"{right} on " in said
    selected = said.partition("SELECT on ")[2].partition(";")[0]
    assert "public.notes" in selected
    assert "public.patients" not in selected


def test_a_role_that_only_reads_passes_for_plans_and_not_for_publications(
    nexus_database: str, newcomer: str
) -> None:
    query(nexus_database, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    prove_readable(newcomer)
    with pytest.raises(RightMissing, match="INSERT on appointments"):
        prove_writable(newcomer)


def test_a_schema_of_ours_that_another_role_made_is_told(nexus_database: str, newcomer: str) -> None:
    query(nexus_database, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
    query(nexus_database, "CREATE SCHEMA nexus_reimport")
    with pytest.raises(RightMissing, match=r"USAGE on the schema.*; CREATE on the schema"):
        prove_writable(newcomer)


def test_transactions_that_are_read_only_are_told_before_anything_is_read(
    postgres: Cluster, nexus_database: str
) -> None:
    with postgres.superuser() as connection:
        connection.execute("ALTER ROLE nexus SET default_transaction_read_only = on")
        try:
            with pytest.raises(RightMissing, match="read-only"):
                prove_writable(nexus_database)
            prove_readable(nexus_database)
        finally:
            connection.execute("ALTER ROLE nexus RESET default_transaction_read_only")


@pytest.mark.parametrize("prove", [prove_writable, prove_readable])
def test_another_database_is_called_another_database(postgres: Cluster, prove: object) -> None:
    assert callable(prove)
    with pytest.raises(TargetNotAsExpected, match="leads to another one"):
        prove(postgres.url("dagster"))
