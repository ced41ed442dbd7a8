"""Our schema of an older version as readers see it, who leave it as it is."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.exceptions import RightMissing
from nexus_reimport.load.our_tables.figures import read_last_figures
from nexus_reimport.load.our_tables.migrations import readers, reading, upgrade
from nexus_reimport.load.our_tables.migrations.versions import lock
from nexus_reimport.load.plan.making import make_plan, read_standing
from nexus_reimport.load.publication import PublicationTerms, publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.load.rollback.exceptions import CannotUndo
from nexus_reimport.load.rollback.preview import done_by, preview
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport.validate.row_counts import count_rows
from nexus_reimport.validate.verification import read_publications, run_that_applied
from nexus_reimport_tests.load.our_tables.migrations.catalog import shape
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import (
    BACKED_UP,
    WRITTEN,
    load_written,
    staged_then,
)
from nexus_reimport_tests.load.rollback.histories import ask, content
from nexus_reimport_tests.load.staged_frames import AS_OF

ROLE = "planner_of_older"
TEMPORARY = "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"


@pytest.fixture
def planner(postgres: Cluster, nexus_database: str) -> Iterator[str]:
    """The URL of a role that may read all that is there, and is to be given it once more after an upgrade."""
    database = str(conninfo_to_dict(nexus_database)["dbname"])
    with postgres.superuser(database) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{postgres.password}'".encode())
    yield postgres.url(database, ROLE)
    with postgres.superuser(database) as connection:
        connection.execute(f"DROP OWNED BY {ROLE}".encode())
        connection.execute(f"DROP ROLE {ROLE}".encode())


def let_read(url: str) -> None:
    for schema in ("public", "nexus_reimport"):
        ask(url, f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
        ask(url, f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {ROLE}")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_plan_over_each_earlier_version_is_what_the_run_then_does(
    nexus_database: str, planner: str, name: str
) -> None:
    version = WRITTEN[name]
    load_written(nexus_database, name)
    let_read(nexus_database)
    before = content(nexus_database), shape(nexus_database)
    staged = staged_then(2, version, first_name="Bernard")
    planned = make_plan(planner, staged, Options(), [])
    assert (content(nexus_database), shape(nexus_database)) == before
    done = publish(
        nexus_database, "next", AS_OF, staged, terms=PublicationTerms(plan_id="p", planned=planned.writes)
    )
    assert done.tables == {table: one.counts for table, one in planned.tables.items()}
    assert done.tables["patients"].updated == 1
    let_read(nexus_database)
    assert read_standing(planner).applied == {"p": 3}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_read_of_each_earlier_version_is_what_is_read_after_the_upgrade(
    nexus_database: str, name: str
) -> None:
    load_written(nexus_database, name)
    before = content(nexus_database), shape(nexus_database)
    read = (read_publications, count_rows, read_last_figures, read_standing)
    seen = [function(nexus_database) for function in read]
    state = sorted(map(repr, read_state(nexus_database).itertuples(index=False)))
    assert run_that_applied(nexus_database, "p") is None
    assert done_by(nexus_database, ["run 2"]) is None
    assert (content(nexus_database), shape(nexus_database)) == before
    with connect(nexus_database, "upgrade") as connection:
        upgrade(connection)
    assert [function(nexus_database) for function in read] == seen
    assert sorted(map(repr, read_state(nexus_database).itertuples(index=False))) == state


def test_publications_of_each_release_are_told_with_what_it_kept_of_them(nexus_database: str) -> None:
    load_written(nexus_database, "1_records")
    newest, oldest = read_publications(nexus_database)
    assert (newest["number"], newest["run_id"], oldest["number"]) == (2, "run 2", 1)
    assert (newest["kind"], newest["undoes"], newest["undone_by"], newest["backup"]) == (
        *("publication", [], None),
        None,
    )
    assert newest["tables"]["patients"]["updated"] == 1
    with pytest.raises(CannotUndo, match="without a backup"):
        preview(nexus_database)


@pytest.mark.parametrize("name", BACKED_UP)
def test_a_rollback_of_what_was_published_before_the_upgrade_is_foretold(
    nexus_database: str, name: str
) -> None:
    load_written(nexus_database, name)
    assert preview(nexus_database).numbers == [2]
    assert preview(nexus_database).tables["patients"] == {"deleted": 1, "inserted": 0, "updated": 1}


def test_who_reads_is_kept_from_writing_whatever_the_version(nexus_database: str) -> None:
    for name in (None, "1_records"):
        if name:
            load_written(nexus_database, name)
        with reading(nexus_database, "trying") as connection:
            assert connection.execute("SELECT count(*) FROM changes").fetchone() == (0,)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute("DELETE FROM clinics")


def test_copies_of_an_older_version_are_gone_with_the_transaction(nexus_database: str) -> None:
    load_written(nexus_database, "2_photographs")
    with connect(nexus_database, "trying") as connection:
        readers.see_newest(connection)
        connection.rollback()
        assert connection.execute(TEMPORARY).fetchone() == (0,)


def test_a_schema_brought_to_the_newest_between_two_looks_is_seen_as_a_whole(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_written(nexus_database, "2_photographs")

    def upgraded_first(connection: Connection, names: set[str], mode: sql.SQL) -> None:
        monkeypatch.undo()
        publish(nexus_database, "meanwhile", AS_OF, staged_then(2, 2, last_name="Cole"))
        lock(connection, names, mode)

    monkeypatch.setattr(readers, "lock", upgraded_first)
    with reading(nexus_database, "trying") as connection:
        assert connection.execute("SELECT max(id) FROM publications").fetchone() == (3,)
        assert connection.execute(TEMPORARY).fetchone() == (0,), "copies of what is the newest by now"


def test_an_older_version_can_be_read_by_who_may_make_temporary_relations_only(
    nexus_database: str, planner: str
) -> None:
    load_written(nexus_database, "5_made_of")
    let_read(nexus_database)
    database = conninfo_to_dict(nexus_database)["dbname"]
    assert len(read_publications(planner)) == 2
    ask(nexus_database, f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    with pytest.raises(RightMissing, match="temporary tables"):
        read_publications(planner)
    publish(nexus_database, "next", AS_OF, staged_then(2, 2))
    let_read(nexus_database)
    assert len(read_publications(planner)) == 3
