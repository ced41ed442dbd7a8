"""Connections to Nexus: TLS verified to any other machine, nobody's words in an error."""

import pytest

from nexus_reimport.publish.connection import connect, verification
from nexus_reimport.publish.exceptions import ConnectionNotSafe, DatabaseUnreachable


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
