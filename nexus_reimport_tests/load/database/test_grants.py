"""Exactly the documented grants, to roles that own nothing, on every PostgreSQL that there is."""

import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from obstore.store import MemoryStore, ObjectStore

import nexus_reimport
from nexus_reimport.load.backup import Header, dump, prove_dump
from nexus_reimport.load.backup.exceptions import DumpFailed
from nexus_reimport.load.database.grants import statements
from nexus_reimport.load.database.grants.statements import PLANNER, REIMPORT
from nexus_reimport.load.database.readiness import prove_writable
from nexus_reimport.load.exceptions import RightMissing
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.load.rollback.rollback import rollback
from nexus_reimport.model.nexus import NOTES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database, ephemeral_postgres
from nexus_reimport_tests.line import contents, query
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import WRITTEN, load_written, staged_then
from nexus_reimport_tests.load.rollback.histories import publish_backed_up
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.servers import installations, releases
from nexus_reimport_tests.writes import last_writes

DOCUMENT = Path(nexus_reimport.__file__).parents[1] / "docs" / "operations.md"
HEADER = Header("20260701T030405Z-01234567", "run", None, AS_OF)
STAGED = {
    "patients": staged_table(PATIENTS, {"name": "ann"}, {"name": "ben"}),
    "notes": staged_table(NOTES, {"name": "note", "patient_id": uid("patients ann")}),
}
# What does not depend on the release is tried on one.
on_one_release = pytest.mark.parametrize("server", [max(installations())], indirect=True)
LATER = {**STAGED, "patients": staged_table(PATIENTS, {"name": "ann", "last_name": "Dell"}, {"name": "ben"})}


@dataclass(frozen=True)
class Clinic:
    """One Nexus, and the URLs by which its owner, the role that reimports and the planner reach it."""

    cluster: Cluster
    database: str
    role: str
    planner: str
    store: ObjectStore = field(default_factory=MemoryStore)

    @property
    def owner_url(self) -> str:
        return self.cluster.url(self.database)

    @property
    def url(self) -> str:
        return self.cluster.url(self.database, quote(self.role))

    @property
    def planner_url(self) -> str:
        return self.cluster.url(self.database, quote(self.planner))

    def as_superuser(self, statement: str) -> None:
        with self.cluster.superuser(self.database) as connection:
            connection.execute(statement.encode())

    def apply(self, script: str) -> None:
        """Have psql run a file of grants as it stands."""
        names = {"role": self.role, "owner": "nexus", "planner": self.planner}
        variables = [f"--set={name}={value}" for name, value in names.items()]
        path = Path(statements.__file__).with_name(script)
        superuser = self.cluster.url(self.database, "postgres")
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *variables, f"--file={path}", superuser]
        command = [str(self.cluster.programs / "psql"), *options]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - PostgreSQL's own

    def dumped_by(self, url: str) -> subprocess.CompletedProcess[bytes]:
        """Dump by the server's own pg_dump, as somebody does who knows nothing of us."""
        command = [
            str(self.cluster.programs / "pg_dump"),
            "--no-password",
            "--format=custom",
            f"--dbname={url}",
        ]
        return subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - PostgreSQL's own

    def publish(self) -> Publication:
        return publish(self.url, "run", AS_OF, STAGED)


@pytest.fixture(scope="module", params=releases())
def server(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A server of each release."""
    with ephemeral_postgres(installations()[request.param]) as cluster:
        yield cluster


@pytest.fixture
def clinic(server: Cluster) -> Iterator[Clinic]:
    """A Nexus whose roles have been granted what the files say, and nothing else."""
    with ephemeral_database(server) as url:
        mark = secrets.token_hex(4)
        # Names that have to be quoted.
        clinic = Clinic(server, url.rpartition("/")[2], f"Re-import {mark}", f"Planner's {mark}")
        for name in (clinic.role, clinic.planner):
            clinic.as_superuser(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{server.password}'")
        for script in (REIMPORT, PLANNER):
            clinic.apply(script)
        yield clinic
        for name in (clinic.planner, clinic.role):
            clinic.as_superuser(f'DROP OWNED BY "{name}" CASCADE')
            clinic.as_superuser(f'DROP ROLE "{name}"')


def test_the_whole_line_works_with_exactly_these_rights(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(clinic.cluster.programs / "pg_dump"))
    before = contents(clinic.owner_url)
    planned = make_plan(clinic.planner_url, STAGED, Options(), [])
    assert dump(clinic.url, clinic.store, HEADER).tables["public.auth_user"].rows == 0
    done = publish_backed_up(clinic.url, clinic.store, STAGED, number=1)
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    clinic.as_superuser(f'REVOKE CREATE ON DATABASE {clinic.database} FROM "{clinic.role}"')

    written = last_writes(clinic.owner_url)
    assert publish(clinic.url, "again", AS_OF, STAGED).number is None
    assert last_writes(clinic.owner_url) == written
    assert len(read_state(clinic.planner_url)) > 0

    planned = make_plan(clinic.planner_url, LATER, Options(), [])
    done = publish_backed_up(clinic.url, clinic.store, LATER, number=2)
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    made = dump(clinic.url, clinic.store, Header("20260702T030405Z-01234567", "run", None, AS_OF))
    assert made.tables["nexus_reimport.publications"].rows == 2
    rollback(clinic.url, clinic.store, "back", to=1)
    assert contents(clinic.owner_url) == before


@on_one_release
def test_nothing_of_nexus_is_the_roles_and_the_planner_can_write_nothing(clinic: Clinic) -> None:
    clinic.publish()
    owned = (
        "SELECT count(*) FROM pg_class WHERE relowner = %s::regrole AND relnamespace = 'public'::regnamespace"
    )
    for name in (clinic.role, clinic.planner):
        assert query(clinic.owner_url, owned, f'"{name}"') == [(0,)]
    for relation in ("patients", "nexus_reimport.identities"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(clinic.planner_url, f"DELETE FROM {relation}")  # noqa: S608 - ours
    for statement in ("INSERT INTO clinics DEFAULT VALUES", "CREATE TABLE mine ()", "DROP TABLE notes"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(clinic.url, statement)


def test_nexus_s_owner_can_dump_before_and_after_the_first_publication(clinic: Clinic) -> None:
    assert clinic.dumped_by(clinic.owner_url).returncode == 0
    clinic.publish()
    done = clinic.dumped_by(clinic.owner_url)
    assert (done.returncode, done.stderr) == (0, b"")
    listed = subprocess.run(  # noqa: S603 - PostgreSQL's own
        [clinic.cluster.programs / "pg_restore", "--list"], input=done.stdout, check=True, capture_output=True
    ).stdout.decode()
    assert "TABLE DATA nexus_reimport identities" in listed
    assert "TABLE DATA public patients" in listed


def test_what_comes_later_can_be_dumped_too_by_either(clinic: Clinic) -> None:
    """A later release of ours makes a relation, a migration of Nexus another."""
    clinic.publish()
    query(clinic.url, "CREATE TABLE nexus_reimport.later (id int GENERATED ALWAYS AS IDENTITY, n text)")
    query(clinic.owner_url, "CREATE TABLE later (id int GENERATED ALWAYS AS IDENTITY, n text)")
    for url in (clinic.owner_url, clinic.url):
        assert (clinic.dumped_by(url).returncode, clinic.dumped_by(url).stderr) == (0, b"")
    query(clinic.planner_url, "SELECT * FROM nexus_reimport.later, public.later")


@on_one_release
def test_a_schema_that_an_older_release_made_is_opened_though_nothing_is_to_be_written(
    clinic: Clinic,
) -> None:
    clinic.publish()
    for statement in (
        "REVOKE USAGE ON SCHEMA nexus_reimport FROM nexus",
        "REVOKE SELECT ON ALL TABLES IN SCHEMA nexus_reimport FROM nexus",
        "REVOKE SELECT ON ALL SEQUENCES IN SCHEMA nexus_reimport FROM nexus",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA nexus_reimport REVOKE SELECT ON TABLES FROM nexus",
    ):
        query(clinic.url, statement)
    assert b"permission denied" in clinic.dumped_by(clinic.owner_url).stderr
    assert clinic.publish().number is None
    assert clinic.dumped_by(clinic.owner_url).returncode == 0


@pytest.mark.parametrize("name", WRITTEN)
@on_one_release
def test_a_schema_of_an_earlier_version_is_planned_over_upgraded_and_dumped_with_the_same_rights(
    clinic: Clinic, name: str
) -> None:
    load_written(clinic.url, name)
    clinic.apply(PLANNER)
    clinic.as_superuser(f'REVOKE CREATE ON DATABASE {clinic.database} FROM "{clinic.role}"')
    prove_writable(clinic.url)
    staged = staged_then(2, WRITTEN[name], last_name="Cole")
    planned = make_plan(clinic.planner_url, staged, Options(), [])
    done = publish(clinic.url, "run", AS_OF, staged)
    assert done.tables == {table: one.counts for table, one in planned.tables.items()}
    for url in (clinic.owner_url, clinic.url):
        dumped = clinic.dumped_by(url)
        assert (dumped.returncode, dumped.stderr) == (0, b"")
    assert make_plan(clinic.planner_url, staged, Options(), []).standing.rows["patients"] == 3


@on_one_release
def test_a_schema_that_is_not_the_roles_own_is_told_before_any_work_where_it_has_to_be_upgraded(
    clinic: Clinic,
) -> None:
    load_written(clinic.cluster.url(clinic.database, "postgres"), "5_made_of")
    clinic.as_superuser(f'GRANT ALL ON SCHEMA nexus_reimport TO "{clinic.role}"')
    clinic.as_superuser(f'GRANT ALL ON ALL TABLES IN SCHEMA nexus_reimport TO "{clinic.role}"')
    with pytest.raises(RightMissing, match=r"ownership of nexus_reimport\.changes, .*nexus-reimport grants"):
        prove_writable(clinic.url)
    clinic.apply(REIMPORT)
    prove_writable(clinic.url)
    assert publish(clinic.url, "run", AS_OF, staged_then()).tables["notes"].unchanged == 1


@pytest.mark.parametrize(
    ("taken", "named"),
    [
        ("SELECT ON SEQUENCE django_content_type_id_seq", "sequence .?django_content_type_id_seq"),
        ("SELECT ON letters_patientletter", "table letters_patientletter"),
        ("USAGE ON SCHEMA public", "schema public"),
    ],
)
def test_what_a_dump_lacks_is_said_in_postgresqls_own_words(
    clinic: Clinic, taken: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(clinic.cluster.programs / "pg_dump"))
    clinic.as_superuser(f'REVOKE {taken} FROM PUBLIC, "{clinic.role}"')
    with pytest.raises(DumpFailed, match=f"{named}.*nexus-reimport grants") as refusal:
        dump(clinic.url, clinic.store, HEADER)
    assert clinic.cluster.password not in str(refusal.value)
    clinic.apply(REIMPORT)
    assert dump(clinic.url, clinic.store, HEADER).tables


@on_one_release
def test_a_nexus_that_was_restored_from_a_dump_goes_on_after_the_grants(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner restores it, as the manual says, so our schema is theirs at first."""
    clinic.publish()
    made = clinic.dumped_by(clinic.url)
    database = f"restored_{secrets.token_hex(4)}"
    with clinic.cluster.superuser() as connection:
        connection.execute(f"CREATE DATABASE {database} OWNER nexus TEMPLATE template0".encode())
    restored = Clinic(clinic.cluster, database, clinic.role, clinic.planner)
    options = ["--no-owner", "--no-privileges", "--single-transaction", f"--dbname={restored.owner_url}"]
    subprocess.run([clinic.cluster.programs / "pg_restore", *options], input=made.stdout, check=True)  # noqa: S603
    for script in (REIMPORT, PLANNER):
        restored.apply(script)
    assert publish(restored.url, "run", AS_OF, STAGED).number is None
    assert publish(restored.url, "run", AS_OF, LATER).number == 2
    assert make_plan(restored.planner_url, STAGED, Options(), []).tables["patients"].counts.updated == 1
    assert restored.dumped_by(restored.owner_url).returncode == 0
    with clinic.cluster.superuser() as connection:
        connection.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())


@on_one_release
def test_a_dump_restored_over_what_is_there_leaves_everything_whose_it_was(clinic: Clinic) -> None:
    clinic.publish()
    made, before = clinic.dumped_by(clinic.url).stdout, contents(clinic.owner_url)
    publish(clinic.url, "run", AS_OF, LATER)
    query(clinic.owner_url, "DELETE FROM notes")
    superuser = clinic.cluster.url(clinic.database, "postgres")
    options = ["--clean", "--if-exists", "--single-transaction", f"--dbname={superuser}"]
    subprocess.run([str(clinic.cluster.programs / "pg_restore"), *options], input=made, check=True)  # noqa: S603
    for script in (REIMPORT, PLANNER):
        clinic.apply(script)
    assert contents(clinic.owner_url) == before
    assert clinic.publish().number is None
    assert query(clinic.owner_url, "ALTER TABLE notes ADD COLUMN more text") == []
    assert clinic.dumped_by(clinic.owner_url).returncode == 0


@on_one_release
def test_a_role_that_may_make_databases_proves_its_dumps(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(clinic.cluster.programs / "pg_dump"))
    clinic.publish()
    dump(clinic.url, clinic.store, HEADER)
    assert "may not CREATE DATABASE" in prove_dump(clinic.url, clinic.store, HEADER.name).reason
    clinic.as_superuser(f'ALTER ROLE "{clinic.role}" CREATEDB')
    proof = prove_dump(clinic.url, clinic.store, HEADER.name)
    assert (proof.is_proved, proof.reason) == (True, "")


def test_what_was_written_is_analyzed_where_that_can_be_granted(clinic: Clinic) -> None:
    told: list[str] = []
    publish(clinic.url, "run", AS_OF, STAGED, progress=told.append)
    denied = [line for line in told if "analyze" in line]
    with psycopg.connect(clinic.owner_url) as connection:
        assert bool(denied) == (connection.info.server_version < 170000)


@on_one_release
def test_the_printed_grants_are_the_files_with_the_names_in(clinic: Clinic) -> None:
    rights = """
        SELECT 'database', x::text FROM pg_database, aclexplode(datacl) x WHERE datname = current_database()
        UNION ALL SELECT relname, x::text FROM pg_class, aclexplode(relacl) x
            WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT defaclobjtype::text, x::text FROM pg_default_acl, aclexplode(defaclacl) x
        ORDER BY 1, 2
    """
    by_psql = query(clinic.owner_url, rights)
    printed = statements.grants(clinic.database, "nexus", clinic.role, clinic.planner)
    assert ":'" not in printed
    assert ':"' not in printed
    for name in (clinic.role, clinic.planner):
        clinic.as_superuser(f'DROP OWNED BY "{name}"')
    assert query(clinic.owner_url, rights) != by_psql
    clinic.as_superuser(printed)
    assert query(clinic.owner_url, rights) == by_psql


@pytest.mark.parametrize("script", [REIMPORT, PLANNER])
def test_the_document_shows_the_file(script: str) -> None:
    assert f"```sql\n{statements.read_script(script)}```\n" in DOCUMENT.read_text()
