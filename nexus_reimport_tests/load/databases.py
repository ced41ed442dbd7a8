"""Nexus databases in encodings other than UTF-8."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from nexus_reimport.sandbox.postgres import Cluster, load_nexus_schema


@contextmanager
def nexus_in(cluster: Cluster, encoding: str) -> Iterator[str]:
    """Give the URL of a fresh Nexus in a database of that encoding, by PostgreSQL's name for it."""
    name = f"test_{secrets.token_hex(8)}"
    with cluster.superuser() as connection:
        connection.execute(
            f"CREATE DATABASE {name} OWNER nexus TEMPLATE template0 ENCODING '{encoding}'"
            " LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'".encode()
        )
    try:
        load_nexus_schema(cluster.url(name))
        yield cluster.url(name)
    finally:
        with cluster.superuser() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
