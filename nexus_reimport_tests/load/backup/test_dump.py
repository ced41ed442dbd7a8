"""A whole dump: what is in it, what proves it, and how Nexus is made again from it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import obstore
import psycopg
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.backup import Header, dump, fetch_dump, prove_dump, verify_dump
from nexus_reimport.load.backup.dump import FILE, SCRATCH
from nexus_reimport.load.backup.exceptions import (
    BackupDamaged,
    BackupError,
    BackupMissing,
    BackupNotProved,
    DumpFailed,
)
from nexus_reimport.load.backup.postgres_programs import find_pg_dump
from nexus_reimport.load.exceptions import ConnectionNotSafe
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport_tests.load.backup.backed_up import MADE_AT, RUN

HEADER = Header("20260701T030405Z-01234567", RUN, None, MADE_AT)
NAME = HEADER.name


@pytest.fixture(autouse=True)
def pg_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_DUMP", str(program("pg_dump")))


def as_superuser(cluster: Cluster, url: str) -> str:
    return cluster.url(url.rpartition("/")[2], "postgres")


def scratch_databases(cluster: Cluster) -> list[str]:
    with cluster.superuser() as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [SCRATCH]
        )
        return [name for (name,) in found]


def recording(tmp_path: Path, then: str) -> Path:
    """A pg_dump that writes down how it was called, and then does as it is told."""
    path = tmp_path / "pg_dump"
    path.write_text(
        f"#!{sys.executable}\nimport json, os, sys, subprocess\n"
        f"open({str(tmp_path / 'called')!r}, 'w').write(json.dumps([sys.argv, dict(os.environ)]))\n{then}\n"
    )
    path.chmod(0o700)
    return path


def test_a_dump_is_proved_by_restoring_all_of_it_elsewhere(
    nexus: str, store: MemoryStore, postgres: Cluster
) -> None:
    made = dump(nexus, store, HEADER)
    assert made.tables["public.patients"].rows == 2
    assert made.tables["nexus_reimport.identities"].rows == 3
    assert verify_dump(store, NAME) == made.tables
    proof = prove_dump(as_superuser(postgres, nexus), store, NAME)
    assert (proof.is_proved, proof.tables) == (True, len(made.tables))
    assert proof.rows == sum(one.rows for one in made.tables.values())
    assert scratch_databases(postgres) == []


def test_a_role_that_may_not_make_databases_is_told_so(nexus: str, store: MemoryStore) -> None:
    dump(nexus, store, HEADER)
    proof = prove_dump(nexus, store, NAME)
    assert not proof.is_proved
    assert "may not CREATE DATABASE" in proof.reason


def test_what_changes_while_it_is_dumped_is_not_in_it(
    nexus: str, store: MemoryStore, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = forgetting_notes(nexus)
    monkeypatch.setenv("PG_DUMP", str(recording(tmp_path, f"{change}\n{real_pg_dump()}")))
    made = dump(nexus, store, HEADER)
    assert made.tables["public.notes"].rows == 1
    monkeypatch.setenv("PG_DUMP", str(program("pg_dump")))
    assert prove_dump(as_superuser(postgres, nexus), store, NAME).is_proved


def forgetting_notes(url: str) -> str:
    statement = "DELETE FROM notes"
    return f"import psycopg; c = psycopg.connect({url!r}); c.execute({statement!r}); c.commit()"


def real_pg_dump() -> str:
    return f"sys.exit(subprocess.run([{str(program('pg_dump'))!r}, *sys.argv[1:]]).returncode)"


def test_the_password_is_on_no_command_line(
    nexus: str, store: MemoryStore, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(recording(tmp_path, real_pg_dump())))
    dump(nexus, store, HEADER)
    called, environment = json.loads((tmp_path / "called").read_text())
    assert postgres.password not in " ".join(called)
    assert environment["PGPASSWORD"] == postgres.password


def test_the_file_is_its_owners_alone_while_it_grows(
    nexus: str, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.umask(0o022)
    note = f"open({str(tmp_path / 'mode')!r}, 'w').write(oct(os.fstat(1).st_mode))"
    monkeypatch.setenv("PG_DUMP", str(recording(tmp_path, f"{note}\n{real_pg_dump()}")))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dump(nexus, store, HEADER)
    assert stat.S_IMODE(int((tmp_path / "mode").read_text(), 8)) == 0o600
    assert not list(tmp_path.glob("nexus-reimport-*"))


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("pg_dump: error: aborting because of server version mismatch", "it is older than the server"),
        ("COPY patients, line 1: a secret", r"code 3\."),
    ],
)
def test_a_dump_that_fails_is_none_and_no_row_is_quoted(
    nexus: str,
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    meaning: str,
) -> None:
    monkeypatch.setenv("PG_DUMP", str(recording(tmp_path, f"print({said!r}, file=sys.stderr); sys.exit(3)")))
    with pytest.raises(DumpFailed, match=meaning) as caught:
        dump(nexus, store, HEADER)
    assert "secret" not in str(caught.value)
    with pytest.raises(BackupMissing):
        verify_dump(store, NAME)


def test_a_missing_pg_dump_is_named(nexus: str, store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(DumpFailed, match=r"pg_dump is not there.*PG_DUMP"):
        find_pg_dump({"PATH": str(tmp_path)})
    with pytest.raises(DumpFailed, match="pg_dump is not there"):
        find_pg_dump({"PATH": os.environ["PATH"], "PG_DUMP": str(tmp_path / "nowhere")})


def test_no_dump_is_made_over_an_unverified_connection(store: MemoryStore) -> None:
    with pytest.raises(ConnectionNotSafe):
        dump("postgresql://nexus@example.org/nexus?sslmode=require", store, HEADER)


def test_a_dump_is_never_written_over(nexus: str, store: MemoryStore) -> None:
    dump(nexus, store, HEADER)
    with pytest.raises(BackupError, match="never written over"):
        dump(nexus, store, HEADER)


def test_a_changed_byte_is_noticed(nexus: str, store: MemoryStore) -> None:
    dump(nexus, store, HEADER)
    whole = bytes(obstore.get(store, f"dumps/{NAME}/{FILE}").bytes())
    for position in range(0, len(whole), len(whole) // 200):
        changed = whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
        obstore.put(store, f"dumps/{NAME}/{FILE}", changed)
        with pytest.raises(BackupDamaged):
            verify_dump(store, NAME)
    with pytest.raises(BackupDamaged):
        prove_dump(nexus, store, NAME)


def test_a_dump_of_something_else_is_not_proved_and_leaves_no_database(
    nexus: str, store: MemoryStore, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A pg_dump that does not look at the snapshot it is given, but at what is there now.
    change = forgetting_notes(nexus)
    forget = "sys.argv = [one for one in sys.argv if not one.startswith('--snapshot')]"
    monkeypatch.setenv("PG_DUMP", str(recording(tmp_path, f"{change}\n{forget}\n{real_pg_dump()}")))
    dump(nexus, store, HEADER)
    monkeypatch.setenv("PG_DUMP", str(program("pg_dump")))
    with pytest.raises(BackupNotProved, match=r"public\.notes did not come back"):
        prove_dump(as_superuser(postgres, nexus), store, NAME)
    assert scratch_databases(postgres) == []


def test_what_a_killed_proof_left_is_dropped_by_the_next(
    nexus: str, store: MemoryStore, postgres: Cluster
) -> None:
    dump(nexus, store, HEADER)
    with postgres.superuser() as connection:
        connection.execute(f"CREATE DATABASE {SCRATCH}left".encode())
    assert prove_dump(as_superuser(postgres, nexus), store, NAME).is_proved
    assert scratch_databases(postgres) == []


def test_nexus_is_made_again_from_a_dump_as_the_manual_says(
    nexus: str, store: MemoryStore, tmp_path: Path
) -> None:
    rows = (
        "SELECT (SELECT string_agg(t::text, ',' ORDER BY id) FROM patients t), (SELECT count(*) FROM notes)"
    )
    with psycopg.connect(nexus) as connection:
        before = connection.execute(rows.encode()).fetchall()
    dump(nexus, store, HEADER)
    with psycopg.connect(nexus) as connection:
        connection.execute("TRUNCATE patients CASCADE")
        connection.execute("DROP TABLE notes")
        connection.execute("DROP SCHEMA nexus_reimport CASCADE")
    with (tmp_path / FILE).open("wb") as file:
        fetch_dump(store, NAME, file)
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={nexus}")
    subprocess.run([program("pg_restore"), *options, tmp_path / FILE], check=True)  # noqa: S603 - PostgreSQL's own
    with psycopg.connect(nexus) as connection:
        assert connection.execute(rows.encode()).fetchall() == before
        found = connection.execute("SELECT count(*) FROM nexus_reimport.identities").fetchone()
    assert found == (3,)
