"""How a connection to the Nexus database is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from nexus_reimport.clients.addresses import POSTGRES_FORM, refused
from nexus_reimport.clients.loopback import is_loopback
from nexus_reimport.publish.exceptions import ConnectionNotSafe, DatabaseUnreachable

Connection = psycopg.Connection[tuple[Any, ...]]

# Digests are taken of values as text, so their text must not depend on who connects.
TEXTS = "-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=iso_8601 -c extra_float_digits=1"
# A decision is in temporary tables, read several times over by statements that are each executed once.
SPEED = "-c temp_buffers=512MB -c jit=off"
SESSION = f"{TEXTS} {SPEED}"
CONNECT_SECONDS = 15
VERIFYING = ("verify-ca", "verify-full")


@contextmanager
def connect(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection whose `application_name` says who holds a lock; closed at the end.

    `url` is a libpq URL. To another machine TLS is verified: against the system's authorities where the
    URL names none. Raises ConnectionNotSafe where it asks for less, DatabaseUnreachable where nobody
    answers. Nothing is committed by itself.
    """
    with _open(url, f"nexus-reimport {purpose}"[:63]) as connection:
        yield connection


def _open(url: str, name: str) -> Connection:
    secured = verification(url)
    try:
        return psycopg.connect(
            url, application_name=name, options=SESSION, connect_timeout=CONNECT_SECONDS, **secured
        )
    except psycopg.OperationalError as error:
        # Its words may quote the URL.
        raise DatabaseUnreachable(
            f"Nexus's database could not be reached ({error.sqlstate or 'no answer'}). Check "
            "NEXUS_DATABASE_URL, the role's password, TLS, and that the server is up."
        ) from None


@contextmanager
def read_only_snapshot(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection that sees one instant of Nexus and that PostgreSQL keeps from writing."""
    with connect(url, purpose) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def verification(url: str) -> dict[str, Any]:
    """Return what has to be added to a URL so that TLS is verified; ConnectionNotSafe if it forbids that.

    Raises SettingsRefused for a URL that can't be taken apart.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # "from None": libpq's words quote the URL, password and all.
        problem = "PostgreSQL's client can't take it apart"
        raise refused("The URL of Nexus's database", problem, POSTGRES_FORM) from None
    hosts = str(given.get("hostaddr") or given.get("host") or "").split(",")
    if all(map(_is_this_machine, hosts)):
        return {}
    mode = given.get("sslmode")
    if mode is None:
        return {"sslmode": "verify-full", **({} if given.get("sslrootcert") else {"sslrootcert": "system"})}
    if mode in VERIFYING:
        return {}
    raise ConnectionNotSafe(
        f"NEXUS_DATABASE_URL asks for sslmode={mode}, which does not verify the server. Leave sslmode out, "
        "or give sslmode=verify-full and, for a private authority, sslrootcert=FILE."
    )


def _is_this_machine(host: str) -> bool:
    return not host or host.startswith(("/", "@")) or is_loopback(host)
