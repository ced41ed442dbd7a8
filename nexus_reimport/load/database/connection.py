"""How a connection to the Nexus database is opened: TLS, the encoding, and how values read as text."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict

from nexus_reimport.load.database.unreachable import why_unreachable
from nexus_reimport.load.exceptions import ConnectionNotSafe, DatabaseUnreachable, EncodingUnfit
from nexus_reimport.model.loopback import is_loopback
from nexus_reimport.model.setting_values import POSTGRES_FORM, SSL_MODES, refused

Connection = psycopg.Connection[tuple[Any, ...]]

# COPY is written in it.
ENCODING = "UTF8"
# Digests are taken of values as text, so their text must not depend on who connects. Set once connected: what
# libpq makes of PGTZ and PGDATESTYLE wins over `options`.
TEXTS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
}
# Reads wait for locks too, for one of ACCESS EXCLUSIVE that somebody forgot about without end.
LOCK_SECONDS = 30
# A decision is in temporary tables, read several times over by statements that are each executed once.
SPEED = "-c temp_buffers=512MB -c jit=off"
# Told within 15 s: a run's start takes about 5, and its report asks once more.
CONNECT_SECONDS = 5
VERIFYING = ("verify-ca", "verify-full")


@contextmanager
def connect(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection whose `application_name` says who holds a lock; closed at the end.

    `url` is a libpq URL; what it does not say comes from its service, or the environment, as libpq has it.
    To another machine TLS is verified: against the system's authorities where none are named. Text goes over
    the line as UTF-8. Raises ConnectionNotSafe where the URL asks for less, DatabaseUnreachable where nobody
    answers, EncodingUnfit for a database that does not know what its text is. Nothing is committed by itself.
    """
    with _open(url, f"nexus-reimport {purpose}"[:63]) as connection:
        _settle(connection)
        yield connection


def _open(url: str, name: str) -> Connection:
    secured = verification(url)
    options = " ".join(filter(None, [str(_parts(url).get("options") or ""), SPEED]))
    try:
        return psycopg.connect(
            url,
            application_name=name,
            options=options,
            client_encoding=ENCODING,
            connect_timeout=CONNECT_SECONDS,
            **secured,
        )
    except psycopg.OperationalError as error:
        # "from None": its words may quote the URL.
        raise DatabaseUnreachable(why_unreachable(error, "Nexus's database", _setting_of(url))) from None


def _setting_of(url: str) -> str:
    """Return the name of the setting that a URL came from: two lead to Nexus."""
    other = "NEXUS_READONLY_DATABASE_URL"
    return other if url == os.environ.get(other) else "NEXUS_DATABASE_URL"


def _settle(connection: Connection) -> None:
    """Have values read the same whoever connects, for as long as the connection lasts."""
    _refuse_encodings(connection)
    settings = sql.SQL(", ").join(
        sql.SQL("set_config({}, {}, false)").format(sql.Literal(name), sql.Literal(value))
        for name, value in {**TEXTS, "lock_timeout": f"{LOCK_SECONDS}s"}.items()
    )
    connection.autocommit = True
    connection.execute(sql.SQL("SELECT {}").format(settings))
    connection.autocommit = False


def _refuse_encodings(connection: Connection) -> None:
    """Refuse a line that is not UTF-8, and a database whose text is bytes of no known meaning."""
    if server_encoding(connection) == "SQL_ASCII":
        raise EncodingUnfit(
            "Nexus's database has the encoding SQL_ASCII, under which PostgreSQL takes any bytes for text "
            "and nobody knows what they mean: restore a dump of it into a database made with ENCODING 'UTF8' "
            "and give that one in NEXUS_DATABASE_URL."
        )
    spoken = connection.info.parameter_status("client_encoding")
    if spoken != ENCODING:
        raise EncodingUnfit(
            f"The connection to Nexus's database speaks {spoken} though {ENCODING} was asked for. Is there a "
            "pooler between that keeps client_encoding to itself? Connect past it."
        )


def server_encoding(connection: Connection) -> str:
    """Return the encoding of the database, by PostgreSQL's name for it."""
    return connection.info.parameter_status("server_encoding") or ""


@contextmanager
def read_only_snapshot(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection that sees one instant of Nexus and that PostgreSQL keeps from writing."""
    with connect(url, purpose) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def verification(url: str) -> dict[str, Any]:
    """Return what has to be added to a URL so that TLS is verified; ConnectionNotSafe if it forbids that.

    Where the connection leads may be said elsewhere: in a service, or by PGHOST and PGHOSTADDR. What these
    say of TLS counts only where it verifies. Raises SettingsRefused for a URL that can't be taken apart.
    """
    given = _parts(url)
    used = _used(url, given)
    hosts = str(used.get("hostaddr") or used.get("host") or "").split(",")
    if all(map(_is_this_machine, hosts)):
        return {}
    mode = given.get("sslmode")
    if mode is not None and mode not in VERIFYING:
        # Of a mangled URL it may be a piece of a password.
        asked = mode if mode in SSL_MODES else "…"
        raise ConnectionNotSafe(
            f"NEXUS_DATABASE_URL asks for sslmode={asked}, which does not verify the server. Leave sslmode "
            "out, or give sslmode=verify-full and, for a private authority, sslrootcert=FILE."
        )
    if used.get("sslmode") in VERIFYING:
        return {}
    return {"sslmode": "verify-full", **({} if used.get("sslrootcert") else {"sslrootcert": "system"})}


def _parts(url: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # "from None": libpq's words quote the URL, password and all.
        problem = "PostgreSQL's client can't take it apart"
        raise refused("The URL of Nexus's database", problem, POSTGRES_FORM) from None


def _used(url: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return every parameter that libpq would use: the URL's, else the service's, else the environment's."""
    if given.get("service") or os.environ.get("PGSERVICE"):
        # A service's file is read as a connection begins; nothing is sent before it is asked to go on.
        begun = pq.PGconn.connect_start(url.encode())
        options = begun.info
        begun.finish()
    else:
        options = pq.Conninfo.get_defaults()
    return {**{one.keyword.decode(): one.val.decode() for one in options if one.val}, **given}


def _is_this_machine(host: str) -> bool:
    return not host or host.startswith(("/", "@")) or is_loopback(host)
