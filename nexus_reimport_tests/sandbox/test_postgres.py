"""The embedded PostgreSQL: passwords, roles, loopback, and nothing left behind."""

import contextlib
import os
import secrets
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

from nexus_reimport.sandbox.exceptions import ServiceFailedError
from nexus_reimport.sandbox.postgres import (
    Cluster,
    ephemeral_database,
    ephemeral_postgres,
    folder_in_memory,
    start_cluster,
    stop_cluster,
)
from nexus_reimport.sandbox.postgres_programs import _open_installation
from nexus_reimport.sandbox.processes import read_process


def test_a_database_answers_at_a_plain_url(nexus_database: str) -> None:
    assert nexus_database.startswith("postgresql://nexus:")
    assert "@127.0.0.1:" in nexus_database
    with psycopg.connect(nexus_database) as connection:
        assert connection.info.server_version >= 180000


def test_the_same_url_serves_sqlalchemy_and_psycopg2(nexus_database: str) -> None:
    engine = create_engine(nexus_database)
    assert engine.driver == "psycopg2"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == "nexus"
    engine.dispose()


def test_a_wrong_password_is_refused(postgres: Cluster) -> None:
    wrong = postgres.url("nexus").replace(postgres.password, "guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_no_way_in_goes_without_a_password(postgres: Cluster) -> None:
    with postgres.superuser() as connection:
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert methods == [("scram-sha-256",)]


@pytest.mark.parametrize("database", ["nexus", "dagster"])
def test_the_owner_of_a_database_has_no_further_rights(postgres: Cluster, database: str) -> None:
    with psycopg.connect(postgres.url(database)) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False)
        connection.execute("CREATE SCHEMA nexus_reimport")


def test_it_listens_on_loopback_only(postgres: Cluster) -> None:
    record = postgres.process()
    assert record is not None
    process = record.process()
    assert process is not None
    assert [
        (one.laddr.ip, one.laddr.port) for one in process.net_connections() if one.status == "LISTEN"
    ] == [("127.0.0.1", postgres.port)]


def test_text_sorts_and_folds_as_unicode_without_the_systems_locales(nexus_database: str) -> None:
    with psycopg.connect(nexus_database) as connection:
        assert connection.execute("SELECT lower('ÉÄØ')").fetchone() == ("éäø",)


def test_a_databases_copy_is_gone_after_use_even_while_somebody_uses_it(postgres: Cluster) -> None:
    with ephemeral_database(postgres) as url:
        connection = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_an_ephemeral_server_leaves_nothing_behind_even_after_an_error() -> None:
    class InTheMiddleError(Exception):
        pass

    with contextlib.suppress(InTheMiddleError), ephemeral_postgres() as cluster:
        record = cluster.process()
        raise InTheMiddleError
    assert record is not None
    assert record.process() is None
    assert not cluster.directory.exists()


PASSWORD = secrets.token_urlsafe()


@contextlib.contextmanager
def started_anew() -> Iterator[Cluster]:
    """A server of the test's own, stopped at the end even if the test started it again."""
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        directory = Path(folder) / "postgres"
        try:
            yield start_cluster(directory, password=PASSWORD)
        finally:
            stop_cluster(directory)


def started_again(cluster: Cluster) -> Cluster:
    return start_cluster(cluster.directory, password=cluster.password, port=cluster.port)


def killed(cluster: Cluster) -> None:
    record = cluster.process()
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(record.pid)], timeout=5)


def test_data_and_password_outlive_a_stop_and_a_kill() -> None:
    with started_anew() as first:
        with psycopg.connect(first.url("nexus")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        assert stop_cluster(first.directory)
        assert not stop_cluster(first.directory)
        second = started_again(first)
        assert second == first
        killed(second)
        third = started_again(second)
        with psycopg.connect(third.url("nexus")) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_lock_file_that_names_another_servers_pid_is_stale(postgres: Cluster) -> None:
    other = postgres.process()
    assert other is not None
    with started_anew() as cluster:
        killed(cluster)
        lock = cluster.data / "postmaster.pid"
        lines = lock.read_text().splitlines(keepends=True)
        lock.write_text("".join([f"{other.pid}\n", *lines[1:]]))
        assert started_again(cluster).process() is not None
    assert other.process() is not None


def test_a_server_that_was_never_recorded_is_stopped_first() -> None:
    with started_anew() as cluster:
        forgotten = cluster.process()
        assert forgotten is not None
        cluster.process_file.unlink()
        assert started_again(cluster).process() is not None
        assert forgotten.process() is None


def test_starting_what_runs_already_changes_nothing(postgres: Cluster) -> None:
    before = read_process(postgres.process_file)
    assert start_cluster(postgres.directory, password=postgres.password, port=postgres.port) == postgres
    assert read_process(postgres.process_file) == before


def test_the_data_folder_is_closed_to_others(postgres: Cluster) -> None:
    for path in (postgres.directory, postgres.data, postgres.log, postgres.process_file):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_a_failure_shows_the_end_of_the_log() -> None:
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        directory = Path(folder) / "postgres"
        (directory / "data").mkdir(parents=True)
        (directory / "data" / "PG_VERSION").write_text("9.6\n")
        with pytest.raises(ServiceFailedError, match=r"(?s)PostgreSQL did not start.*FATAL|could not"):
            start_cluster(directory, password=PASSWORD)


def test_the_log_quotes_no_row(postgres: Cluster, nexus_database: str) -> None:
    with psycopg.connect(nexus_database, autocommit=True) as connection:
        insert = "INSERT INTO companies VALUES ('0b0e7c1e-0000-4000-8000-000000000001', %s, now(), now())"
        connection.execute(insert, ["Umbrella Makers"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO companies SELECT * FROM companies WHERE name = 'Umbrella Makers'")
    assert "duplicate key" in postgres.log.read_text()
    assert "Umbrella" not in postgres.log.read_text()
    assert "0b0e7c1e" not in postgres.log.read_text()


def test_an_installation_closed_by_a_strict_umask_is_opened_but_not_for_writing(tmp_path: Path) -> None:
    package, libraries = tmp_path / "database", tmp_path / "database.libs"
    for folder in (package, package / "bin", libraries):
        folder.mkdir(mode=0o700)
    (package / "bin" / "postgres").touch(mode=0o700)
    (libraries / "libpq.so").touch(mode=0o600)
    (tmp_path / "another").touch(mode=0o600)
    _open_installation(package)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {
        "database": 0o705,
        "bin": 0o705,
        "postgres": 0o705,
        "database.libs": 0o705,
        "libpq.so": 0o604,
        "another": 0o600,
    }
