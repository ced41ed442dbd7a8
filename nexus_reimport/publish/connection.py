"""How a connection to the Nexus database is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

# Digests are taken of values as text, so their text must not depend on who connects.
SESSION = "-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=iso_8601 -c extra_float_digits=1"


@contextmanager
def connect(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection whose `application_name` says who holds a lock; closed at the end.

    `url` is a libpq URL; psycopg verifies TLS as its `sslmode` says. Nothing is committed by itself.
    """
    connection = psycopg.connect(
        url, application_name=f"nexus-reimport {purpose}"[:63], options=SESSION, connect_timeout=15
    )
    with connection:
        yield connection


@contextmanager
def read_only_snapshot(url: str, purpose: str) -> Iterator[Connection]:
    """Yield a connection that sees one instant of Nexus and that PostgreSQL keeps from writing."""
    with connect(url, purpose) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection
