"""Why a database can't be reached: each cause by its own words, met as really as it can be."""

import socket
import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from nexus_reimport.load.database.connection import connect
from nexus_reimport.load.database.unreachable import why_unreachable
from nexus_reimport.load.exceptions import DatabaseUnreachable
from nexus_reimport.sandbox.postgres import Cluster

SECRET = "geheim"  # noqa: S105 - never a password of anything
# The words of libpq and of PostgreSQL for what no server here can be made to say, from their sources.
FOREIGN = {
    'server at "db", port 5432 failed: fe_sendauth: no password supplied': "asks for a password",
    'connection to server at "10.1.2.3", port 5432 failed: No route to host': "no route",
    'connection to server at "::1", port 5432 failed: Network is unreachable': "no route",
    'failed: FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "a", no encryption': "pg_hba",
    "failed: FATAL:  sorry, too many clients already": "too many connections",
    "failed: FATAL:  remaining connection slots are reserved for roles with …": "too many",
    "failed: FATAL:  the database system is starting up": "starting or stopping",
    "failed: FATAL:  the database system is not yet accepting connections": "starting or stopping",
    "failed: SSL error: certificate verify failed": "certificate is not trusted",
    'failed: server certificate for "a" (and 2 other names) does not match host name "b"': "certificate",
    'root certificate file "/x/ca.pem" does not exist': "can't be read",
    'failed: FATAL:  Peer authentication failed for user "a"': "does not take the role",
    "failed: FATAL:  Passwort-Authentifizierung für Benutzer »a« fehlgeschlagen": "Its own log says why",
}


@pytest.mark.parametrize(("words", "told"), FOREIGN.items())
def test_each_cause_is_told_by_its_own_words(words: str, told: str) -> None:
    said = why_unreachable(psycopg.OperationalError(f"connection {words}"), "Nexus's database", "A_URL")
    assert told in said
    assert said.startswith("Nexus's database can't be reached: ")
    assert said.endswith(".")


def refused(url: str) -> str:
    """Return the one line that a connection is refused with."""
    with pytest.raises(DatabaseUnreachable) as caught, connect(url, "t"):
        pass
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert "NEXUS_DATABASE_URL" in said or "run again" in said.lower() or "there broke off" in said
    return said


def test_a_host_that_does_not_exist() -> None:
    assert "no host of the name" in refused(f"postgresql://a:{SECRET}@nexus.invalid/nexus")


def test_a_port_that_nobody_listens_at() -> None:
    assert "refuses the connection" in refused(f"postgresql://a:{SECRET}@127.0.0.1:1/nexus")


def test_a_socket_that_is_not_there() -> None:
    assert "listens at the socket" in refused("postgresql:///nexus?host=/nowhere")


def test_a_wrong_password_and_a_role_that_there_is_not(postgres: Cluster) -> None:
    for role in ("nexus", "nobody"):
        url = f"postgresql://{role}:{SECRET}@127.0.0.1:{postgres.port}/nexus"
        assert "does not take the role and password" in refused(url)


def test_a_database_that_there_is_not(postgres: Cluster) -> None:
    assert "no database of the name" in refused(postgres.url("nexsu"))


def test_tls_that_is_asked_for_and_not_spoken(postgres: Cluster) -> None:
    assert "does not speak TLS" in refused(f"{postgres.url('nexus')}?sslmode=require")


@pytest.mark.parametrize(
    ("change", "told"),
    [("NOLOGIN", "may not log in"), ("LOGIN CONNECTION LIMIT 0", "too many connections")],
)
def test_a_role_that_may_not_come_in(postgres: Cluster, nexus_database: str, change: str, told: str) -> None:
    database = str(conninfo_to_dict(nexus_database)["dbname"])
    with postgres.superuser() as connection:
        connection.execute(f"CREATE ROLE kept_out PASSWORD '{postgres.password}' {change}".encode())
        try:
            assert told in refused(postgres.url(database, "kept_out"))
        finally:
            connection.execute("DROP ROLE kept_out")


def test_a_role_without_the_right_to_connect(postgres: Cluster, nexus_database: str) -> None:
    database = str(conninfo_to_dict(nexus_database)["dbname"])
    with postgres.superuser() as connection:
        name = sql.Identifier(database)
        connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
        connection.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{postgres.password}'".encode())
        try:
            assert "may not connect to the database" in refused(postgres.url(database, "stranger"))
        finally:
            connection.execute("DROP ROLE stranger")
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO PUBLIC").format(name))


@pytest.fixture
def hanging_up() -> Iterator[int]:
    """The port of a server that hangs up on everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            caller, _ = server.accept()
            caller.close()

        threading.Thread(target=hang_up, daemon=True).start()
        yield server.getsockname()[1]


def test_what_hangs_up_is_no_postgresql(hanging_up: int) -> None:
    assert "broke off" in refused(f"postgresql://a:{SECRET}@127.0.0.1:{hanging_up}/nexus")


def test_what_says_nothing_is_told_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus_reimport.load.database.connection.CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "nothing answers" in refused(f"postgresql://a:{SECRET}@127.0.0.1:{port}/nexus")


def test_the_setting_that_is_to_blame_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql://a:{SECRET}@127.0.0.1:1/nexus"
    monkeypatch.setenv("NEXUS_READONLY_DATABASE_URL", url)
    with pytest.raises(DatabaseUnreachable, match="NEXUS_READONLY_DATABASE_URL"), connect(url, "t"):
        pass
