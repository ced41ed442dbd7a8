"""Plans by a role that can only read: it suffices, it could not write, and what it lacks is named."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import diff
from nexus_reimport.load.exceptions import PublicationError, RightMissing
from nexus_reimport.load.plan.making import make_plan, read_standing
from nexus_reimport.load.publication import PublicationTerms, publish
from nexus_reimport.model.nexus import NOTES, PATIENTS, TABLES
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ROLE = "planner"
GRANTS = (
    f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {ROLE}",
    f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {ROLE}",
)
STAGED = {
    "patients": staged_table(PATIENTS, {"name": "ann"}, {"name": "ben"}),
    "notes": staged_table(NOTES, {"patient_id": uid("patients ann")}),
}
LATER = {"patients": staged_table(PATIENTS, {"name": "ann", "last_name": "Dell"}), "notes": STAGED["notes"]}
CHOICES = Options(on_missing={"patients": "remove"}, missing_percent=100)


@pytest.fixture
def planner(postgres: Cluster, nexus_database: str) -> Iterator[str]:
    """The URL of a role with the documented grants: what is made later it may read as well."""
    database = str(conninfo_to_dict(nexus_database)["dbname"])
    with postgres.superuser() as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{postgres.password}'".encode())
    for statement in GRANTS:
        query(nexus_database, statement)
    yield postgres.url(database, ROLE)
    with postgres.superuser(database) as connection:
        connection.execute(f"DROP OWNED BY {ROLE}".encode())
        connection.execute(f"DROP ROLE {ROLE}".encode())


def test_a_role_that_can_only_read_plans_before_and_after_the_first_publication(
    nexus_database: str, planner: str
) -> None:
    for staged in (STAGED, LATER):
        before = last_writes(nexus_database)
        planned = make_plan(planner, staged, CHOICES, [])
        assert last_writes(nexus_database) == before
        done = publish(
            nexus_database, "r", AS_OF, staged, terms=PublicationTerms(CHOICES, "p", planned.writes)
        )
        assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    assert done.tables["patients"].removed == 1
    assert read_standing(planner).target == read_standing(nexus_database).target


def test_the_role_that_plans_could_not_write_if_it_tried(nexus_database: str, planner: str) -> None:
    publish(nexus_database, "r", AS_OF, STAGED)
    ledger = [f"nexus_reimport.{name}" for name in ("identities", "changes", "written_notes")]
    for relation in [*(table.relation for table in TABLES), *ledger]:
        for statement in (f"DELETE FROM {relation}", f"INSERT INTO {relation} DEFAULT VALUES"):  # noqa: S608 - ours
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                query(planner, statement)


def test_a_session_that_is_read_only_by_default_plans_too(
    postgres: Cluster, nexus_database: str, planner: str
) -> None:
    with postgres.superuser() as connection:
        connection.execute(f"ALTER ROLE {ROLE} SET default_transaction_read_only = on".encode())
    publish(nexus_database, "r", AS_OF, STAGED)
    assert make_plan(planner, LATER, Options(), []).tables["patients"].counts.updated == 1
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        query(planner, "CREATE TABLE mine ()")


def test_a_plan_that_tried_to_write_is_kept_from_it_whatever_its_role_may(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(connection: Connection, _: object) -> None:
        connection.execute("DELETE FROM clinics")

    monkeypatch.setattr(diff, "load", write)
    with pytest.raises(PublicationError, match="25006 ReadOnlySqlTransaction"):
        make_plan(nexus_database, STAGED, Options(), [])


@pytest.mark.parametrize(
    ("taken", "named"),
    [
        ("REVOKE SELECT ON notes, clinics FROM {role}", "SELECT on public.clinics, public.notes"),
        (
            "REVOKE SELECT ON nexus_reimport.identities FROM {role}",
            "SELECT on nexus_reimport.identities",
        ),
        ("REVOKE USAGE ON SCHEMA nexus_reimport FROM {role}", "USAGE on the schema nexus_reimport"),
        ("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", "TEMPORARY on the database"),
        ("REVOKE SELECT ON xero_contact_links FROM {role}", "denied for table xero_contact_links"),
    ],
)
def test_a_right_that_the_role_lacks_is_named(
    nexus_database: str, planner: str, taken: str, named: str
) -> None:
    publish(nexus_database, "r", AS_OF, STAGED)
    database = conninfo_to_dict(nexus_database)["dbname"]
    query(nexus_database, taken.format(role=ROLE, database=database))
    with pytest.raises(RightMissing, match=named):
        make_plan(planner, LATER, CHOICES, [])


def test_a_plan_over_the_records_of_an_older_release_is_what_the_run_then_does(
    nexus_database: str, planner: str
) -> None:
    publish(nexus_database, "r", AS_OF, STAGED)
    set_back(nexus_database, 2)
    planned = make_plan(planner, LATER, CHOICES, [])
    assert planned.standing.applied == {}
    assert query(nexus_database, "SELECT to_regclass('nexus_reimport.changes')") == [(None,)]
    done = publish(nexus_database, "r", AS_OF, LATER, terms=PublicationTerms(CHOICES, "p", planned.writes))
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    assert (done.tables["patients"].updated, done.tables["patients"].missing) == (1, 1)
    assert done.tables["patients"].removed == 0
    assert read_standing(planner).applied == {"p": 2}
