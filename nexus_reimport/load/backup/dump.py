"""A whole dump of Nexus by pg_dump, and its proof: restored into a scratch database and compared.

For the first run, and by schedule. It holds everything, so that Nexus can be made again on an empty server.
"""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psycopg
from obstore.store import ObjectStore
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from nexus_reimport.load.backup import sealed_folders as sealed
from nexus_reimport.load.backup import selection
from nexus_reimport.load.backup.exceptions import BackupDamaged, BackupNotProved, DumpFailed
from nexus_reimport.load.backup.manifest import FORMAT, Header, header_of
from nexus_reimport.load.backup.postgres_programs import find_pg_dump, find_pg_restore, run_on
from nexus_reimport.load.backup.selection import Content
from nexus_reimport.load.database.connection import (
    ENCODING,
    Connection,
    connect,
    read_only_snapshot,
    server_encoding,
)
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.our_tables.migrations import find_version

DUMPS = "dumps"
FILE = "nexus.dump"
SCHEMAS = ("public", "nexus_reimport")
SCRATCH = "nexus_reimport_proof_"
# One proof at a time: what an earlier one was killed over is dropped by the next.
PROOF_LOCK = 0x6E657875735F7072


@dataclass(frozen=True)
class Dump:
    """A whole dump: its file, and of each table of Nexus and of ours how many rows and which content."""

    header: Header
    server_version: str
    file: sealed.File
    tables: dict[str, Content]


@dataclass(frozen=True)
class DumpProof:
    """Whether a dump was proved; where not, `reason` says why it could not be tried."""

    name: str
    is_proved: bool
    reason: str
    tables: int
    rows: int


def dump_folder(name: str) -> str:
    """Return where the dump of that name is under the storage."""
    return f"{DUMPS}/{name}"


def dump(url: str, store: ObjectStore, header: Header) -> Dump:
    """Dump the whole database, in pg_dump's own format, and return what is in it.

    What the tables hold is noted in the very snapshot that pg_dump reads. Raises DumpFailed where pg_dump
    is not there, is older than the server, or fails; there is no dump then.
    """
    sealed.make_room(store, dump_folder(header.name))
    try:
        made = _dumped(url, store, header)
    except psycopg.Error as error:
        raise explained(error) from None
    sealed.seal_files(store, dump_folder(header.name), {"format": FORMAT, **asdict(made)})
    return made


def _dumped(url: str, store: ObjectStore, header: Header) -> Dump:
    with read_only_snapshot(url, "dumping") as connection, _private_file() as file:
        find_version(connection)
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        run_on(find_pg_dump(), url, ["--format=custom", f"--snapshot={snapshot[0]}"], file)
        tables = _contents(connection)
        file.seek(0)
        version = connection.info.parameter_status("server_version") or ""
        return Dump(header, version, _put(store, header.name, file), tables)


def read_dump_manifest(store: ObjectStore, name: str) -> Dump:
    """Return what a whole dump says of itself. Raises BackupMissing or BackupDamaged."""
    manifest = sealed.read_sealed_manifest(store, dump_folder(name))
    if manifest.get("format") != FORMAT or manifest["header"]["name"] != name:
        raise BackupDamaged(f"{dump_folder(name)} is not the dump, or not of the format, that it should be.")
    return Dump(
        header_of(manifest["header"]),
        manifest["server_version"],
        sealed.File(**manifest["file"]),
        {table: Content(**one) for table, one in manifest["tables"].items()},
    )


def verify_dump(store: ObjectStore, name: str) -> dict[str, Content]:
    """Read a whole dump, every byte, and return what its tables hold. Raises BackupMissing, BackupDamaged."""
    found = read_dump_manifest(store, name)
    sealed.verify_sealed(store, dump_folder(name), {FILE: found.file})
    return found.tables


def fetch_dump(store: ObjectStore, name: str, target: IO[bytes]) -> dict[str, Content]:
    """Write a dump's file to `target` and return what its tables hold. Raises as `verify_dump` does."""
    found = read_dump_manifest(store, name)
    for piece in sealed.read_sealed(store, dump_folder(name), FILE, found.file):
        target.write(piece)
    target.flush()
    return found.tables


def prove_dump(url: str, store: ObjectStore, name: str) -> DumpProof:
    """Restore a dump into a database of its own on the same server, compare every table, drop it.

    Where the role may not make databases that is the result, and no exception. Raises BackupMissing,
    BackupDamaged, DumpFailed, or BackupNotProved naming the first table that came back otherwise.
    """
    with _private_file() as file:
        tables = fetch_dump(store, name, file)
        try:
            with _scratch_database(url) as scratch:
                _restore(scratch, Path(file.name))
                _compare(scratch, tables)
        except errors.InsufficientPrivilege:
            reason = "the role may not CREATE DATABASE, so the dump was checked byte by byte only"
            return DumpProof(name, False, reason, 0, 0)
        except psycopg.Error as error:
            raise DumpFailed(f"The dump's proof was refused by PostgreSQL ({error.sqlstate}).") from None
    return DumpProof(name, True, "", len(tables), sum(one.rows for one in tables.values()))


@contextmanager
def _private_file() -> Iterator[IO[bytes]]:
    """Yield a temporary file that its owner alone can read, gone at the end."""
    with tempfile.NamedTemporaryFile(prefix="nexus-reimport-") as file:
        yield file


def _put(store: ObjectStore, name: str, file: IO[bytes]) -> sealed.File:
    writer = sealed.FileWriter(store, f"{dump_folder(name)}/{FILE}")
    while piece := file.read(sealed.PART_BYTES):
        writer.write(piece)
    return writer.close()


def _contents(connection: Connection) -> dict[str, Content]:
    """Return the content of every table of Nexus and of ours, by its name with schema."""
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND table_schema = ANY (%s) ORDER BY 1, 2",
        [list(SCHEMAS)],
    ).fetchall()
    contents = {}
    for schema, table in found:
        name = f"{schema}.{table}"
        names = selection.columns(connection, name)
        contents[name] = selection.read_content(
            connection, selection.whole(selection.identifier(name)), names, by_id=False
        )
    return contents


@contextmanager
def _scratch_database(url: str) -> Iterator[str]:
    """Yield the URL of an empty database of its own; it is dropped at the end, whoever still uses it."""
    name = f"{SCRATCH}{secrets.token_hex(6)}"
    with connect(url, "proving a dump") as connection:
        connection.autocommit = True
        connection.execute("SELECT pg_advisory_lock(%s)", [PROOF_LOCK])
        _drop_left_behind(connection)
        connection.execute(_creation(name, server_encoding(connection)))
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            _drop(connection, name)


def _creation(name: str, encoding: str) -> sql.Composed:
    """Return DDL for a database whose content can be compared: digests are of text, and so of its bytes."""
    created = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {}").format(
        sql.Identifier(name), sql.Literal(encoding)
    )
    # The cluster's own locale may go with no other encoding than UTF-8; C goes with any.
    return created if encoding == ENCODING else created + sql.SQL(" LOCALE_PROVIDER libc LOCALE 'C'")


def _drop_left_behind(connection: Connection) -> None:
    """Drop what a killed proof left: it holds patients' data."""
    found = connection.execute(
        "SELECT datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
        " WHERE starts_with(datname, %s) AND pg_has_role(r.oid, 'USAGE')",
        [SCRATCH],
    ).fetchall()
    for (name,) in found:
        _drop(connection, name)


def _drop(connection: Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _restore(url: str, path: Path) -> None:
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", str(path)]
    run_on(find_pg_restore(), url, arguments)


def _compare(url: str, expected: Mapping[str, Content]) -> None:
    with read_only_snapshot(url, "comparing a dump") as connection:
        found = _contents(connection)
    for table in sorted({*expected, *found}):
        if found.get(table) != expected.get(table):
            raise BackupNotProved(f"{table} did not come back from the dump as it was. Take another dump.")
