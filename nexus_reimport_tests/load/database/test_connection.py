"""Connections to Nexus: TLS verified to any other machine, nobody's words in an error."""

import traceback
from pathlib import Path

import pytest

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.load.backup.exceptions import DumpFailed
from nexus_reimport.load.backup.postgres_programs import run_on
from nexus_reimport.load.database.connection import connect, verification
from nexus_reimport.load.exceptions import ConnectionNotSafe, DatabaseUnreachable
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport_tests.mangled import MANGLED, SECRET


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://a:b@127.0.0.1:5432/nexus",
        "postgresql://a:b@localhost/nexus",
        "postgresql://a:b@[::1]/nexus",
        "postgresql:///nexus?host=/var/run/postgresql",
        "postgresql:///nexus",
    ],
)
def test_this_machine_needs_no_tls(url: str) -> None:
    assert verification(url) == {}


def test_another_machine_is_verified_against_the_system_s_authorities() -> None:
    added = verification("postgresql://a:b@db.example.org/nexus")
    assert added == {"sslmode": "verify-full", "sslrootcert": "system"}


def test_a_private_authority_is_kept() -> None:
    added = verification("postgresql://a:b@db.example.org/nexus?sslrootcert=/etc/clinic-ca.pem")
    assert added == {"sslmode": "verify-full"}


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_a_verifying_url_is_left_as_it_is(mode: str) -> None:
    assert verification(f"postgresql://a:b@db.example.org/nexus?sslmode={mode}") == {}


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_a_url_that_does_not_verify_is_refused(mode: str) -> None:
    with pytest.raises(ConnectionNotSafe, match=f"sslmode={mode}"):
        verification(f"postgresql://a:b@db.example.org/nexus?sslmode={mode}")


def test_one_host_of_several_elsewhere_is_enough() -> None:
    with pytest.raises(ConnectionNotSafe):
        verification("postgresql://a:b@127.0.0.1,db.example.org/nexus?sslmode=require")


def test_no_answer_is_one_line_without_the_password() -> None:
    with (
        pytest.raises(DatabaseUnreachable) as caught,
        connect("postgresql://a:secretword@127.0.0.1:1/x", "t"),
    ):
        pass
    assert "secretword" not in str(caught.value)
    assert caught.value.__cause__ is None


ELSEWHERE = (
    "[elsewhere]\nhost=db.example.org\n[here]\nhost=127.0.0.1\n[weak]\nhost=db.example.org\nsslmode=require\n"
)
VERIFIED = {"sslmode": "verify-full", "sslrootcert": "system"}


@pytest.fixture
def service_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "services"
    path.write_text(f"{ELSEWHERE}[private]\nhost=db.example.org\nsslrootcert={tmp_path}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(path))


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("postgresql:///nexus", {"PGHOST": "db.example.org"}),
        ("postgresql:///nexus", {"PGHOSTADDR": "192.0.2.7"}),
        ("postgresql://a:b@localhost/nexus", {"PGHOSTADDR": "192.0.2.7"}),
        ("postgresql:///nexus", {"PGHOST": "db.example.org", "PGSSLMODE": "disable"}),
        ("postgresql:///nexus", {"PGHOST": "127.0.0.1,db.example.org"}),
        ("postgresql:///nexus", {"PGSERVICE": "elsewhere"}),
        ("postgresql:///nexus", {"PGSERVICE": "weak"}),
        ("postgresql:///nexus?service=elsewhere", {}),
        ("postgresql:///nexus?service=weak", {}),
        ("postgresql:///nexus?service=here", {"PGHOSTADDR": "192.0.2.7"}),
    ],
)
@pytest.mark.usefixtures("service_file")
def test_another_machine_that_is_named_elsewhere_is_verified_too(
    url: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert verification(url) == VERIFIED


@pytest.mark.parametrize(
    ("url", "environment", "added"),
    [
        ("postgresql:///nexus?service=here", {}, {}),
        ("postgresql:///nexus?host=127.0.0.1", {"PGHOST": "db.example.org"}, {}),
        ("postgresql:///nexus?service=private", {}, {"sslmode": "verify-full"}),
        (
            "postgresql:///nexus?service=elsewhere",
            {"PGSSLROOTCERT": "/etc/ca.pem"},
            {"sslmode": "verify-full"},
        ),
        ("postgresql:///nexus", {"PGHOST": "db.example.org", "PGSSLMODE": "verify-ca"}, {}),
    ],
)
@pytest.mark.usefixtures("service_file")
def test_what_the_surroundings_say_counts_where_it_verifies(
    url: str, environment: dict[str, str], added: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert verification(url) == added


@pytest.mark.usefixtures("service_file")
def test_a_service_that_is_not_there_leads_nowhere() -> None:
    with pytest.raises(DatabaseUnreachable), connect("postgresql:///nexus?service=nowhere", "t"):
        pass


def test_a_server_that_is_led_to_by_the_environment_gets_no_password_in_clear(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_reimport.load.database.connection.is_loopback", lambda _: False)
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(postgres.port))
    with (
        pytest.raises(DatabaseUnreachable),
        connect(f"postgresql://nexus:{postgres.password}@/nexus", "t"),
    ):
        pass


def test_what_a_url_sets_for_its_sessions_is_kept(nexus_database: str) -> None:
    with connect(f"{nexus_database}?options=-c%20statement_timeout%3D12345", "t") as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("12345ms",)
        assert connection.execute("SHOW jit").fetchone() == ("off",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def traceback_of(url: str) -> str:
    """Return all that would be printed where a URL is opened; nothing, where it can be taken apart."""
    try:
        verification(url)
    except (SettingsRefused, ConnectionNotSafe) as error:
        return "".join(traceback.format_exception(error))
    return ""


@pytest.mark.parametrize("url", MANGLED)
def test_a_mangled_url_is_never_quoted_by_who_opens_it(url: str, tmp_path: Path) -> None:
    with pytest.raises((SettingsRefused, ConnectionNotSafe, DumpFailed)) as refused:
        run_on(tmp_path / "pg_dump", url, [])
    assert SECRET not in str(refused.value)
    assert SECRET not in traceback_of(url)
