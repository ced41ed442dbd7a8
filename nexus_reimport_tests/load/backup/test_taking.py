"""A backup holds what is about to be touched, as it is; it is proved by restoring it."""

import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import obstore
import psycopg
import pytest
from obstore.store import LocalStore, MemoryStore

from nexus_reimport.load.backup import Header, covers, load, new_name, prove, take, verify
from nexus_reimport.load.backup.exceptions import BackupError, BackupMissing, BackupNotProved, BackupOutdated
from nexus_reimport.load.backup.sealed_folders import FileWriter
from nexus_reimport.load.database.connection import connect
from nexus_reimport.load.our_tables.migrations import upgrade
from nexus_reimport.model.nexus import BY_NAME, NOTES, PATIENTS, TABLES
from nexus_reimport_tests.load.backup.backed_up import (
    ANN,
    BEN,
    MADE_AT,
    NEW,
    RUN,
    about_to_touch,
    small_nexus,
    take_backup,
    touch,
)
from nexus_reimport_tests.load.staged_frames import uid

NOTE = uid("notes one")
BOTH = {"patients": [ANN, NEW], "notes": [NOTE]}


def tell(url: str, statement: str, *given: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode(), given or None)
        return cursor.fetchall() if cursor.description else []


def test_a_backup_holds_the_touched_rows_as_they_are_and_says_how_many_are_new(
    nexus: str, store: MemoryStore
) -> None:
    backup = take_backup(nexus, store, BOTH)
    assert backup.header.name == "20260701T030405Z-01234567"
    rows = {name: one.rows for name, one in backup.stored.items()}
    published = {"patients": 1, "notes": 1, "written_patients": 1, "written_notes": 1}
    assert rows == {**published, "identities": 3, "former_identities": 0, "removed": 0}
    assert backup.absent == {"patients": 1, "notes": 0}
    assert verify(store, backup.header.name) == backup
    [(version,)] = tell(nexus, "SHOW server_version")
    assert backup.server_version.split(" ")[0] == version.split(" ")[0]


def test_the_content_hash_is_that_of_the_rows(nexus: str, store: MemoryStore) -> None:
    stored = take_backup(nexus, store, {"patients": [ANN, BEN]}).stored["patients"]
    digests = tell(nexus, "SELECT md5(t::text) FROM patients t ORDER BY id")
    assert stored.content == hashlib.sha256("".join(one for (one,) in digests).encode()).hexdigest()
    assert stored.columns == tuple(column.name for column in PATIENTS.columns)


def test_a_file_can_be_restored_by_hand(nexus: str, store: MemoryStore) -> None:
    backup = take_backup(nexus, store, {"notes": [NOTE]})
    before = tell(nexus, "SELECT t::text FROM notes t")
    tell(nexus, "DELETE FROM notes")
    packed = bytes(obstore.get(store, f"{backup.folder}/notes.copy.gz").bytes())
    with psycopg.connect(nexus) as connection, connection.cursor().copy("COPY notes FROM STDIN") as copy:
        copy.write(gzip.decompress(packed))
    assert tell(nexus, "SELECT t::text FROM notes t") == before


def test_the_manifest_is_sealed_last_and_as_sha256sum_reads_it(
    nexus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[str] = []
    real = obstore.put

    def note(store: LocalStore, path: str, content: bytes) -> None:
        put.append(path)
        real(store, path, content)

    monkeypatch.setattr(obstore, "put", note)
    backup = take_backup(nexus, LocalStore(tmp_path), BOTH)
    folder = tmp_path / backup.folder
    assert [path.rpartition("/")[2] for path in put] == ["manifest.json", "manifest.json.sha256"]
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert (folder / "manifest.json.sha256").read_text() == f"{digest}  manifest.json\n"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["format"] == 1
    assert manifest["header"]["plan_id"] == "f" * 16
    assert manifest["header"]["made_at"] == "2026-07-01T03:04:05+00:00"


def test_no_value_of_a_patient_is_in_the_manifest(nexus: str, store: MemoryStore) -> None:
    backup = take_backup(nexus, store, BOTH)
    content = bytes(obstore.get(store, f"{backup.folder}/manifest.json").bytes())
    assert b"Bo" not in content
    assert ANN.encode() not in content


def test_where_nothing_is_touched_there_is_nothing_to_back_up(nexus: str, store: MemoryStore) -> None:
    with about_to_touch(nexus, {"patients": [], "notes": []}) as connection:
        assert take(connection, store, Header("a", RUN, None, MADE_AT), [PATIENTS, NOTES]) is None
    assert list(obstore.list(store)) == []


def test_a_nexus_that_was_never_published_to_has_no_records_of_ours_yet(
    nexus_database: str, store: MemoryStore
) -> None:
    touched = {table.name: [uid(table.name)] for table in TABLES}
    backup = take_backup(nexus_database, store, touched)
    assert backup.absent == dict.fromkeys(touched, 1)
    ours = {name for name, one in backup.stored.items() if one.is_absent}
    assert ours == {"identities", "former_identities", "removed", *(f"written_{name}" for name in touched)}
    with connect(nexus_database, "test") as connection:
        assert prove(connection, store, backup.header.name).relations == len(TABLES)


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_backup_is_proved_on_a_connection_of_its_own(
    nexus: str, store: MemoryStore, autocommit: bool
) -> None:
    backup = take_backup(nexus, store, BOTH)
    with connect(nexus, "test") as connection:
        connection.autocommit = autocommit
        proof = prove(connection, store, backup.header.name)
        assert (proof.relations, proof.rows) == (7, 7)
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_backup_is_proved_inside_another_transaction_and_nothing_stays(
    nexus: str, store: MemoryStore
) -> None:
    with about_to_touch(nexus, BOTH, read_only=False) as connection:
        header = Header("20260701T030405Z-a", RUN, None, MADE_AT)
        take(connection, store, header, [PATIENTS, NOTES])
        connection.execute("UPDATE patients SET title = 'Dr'")
        prove(connection, store, header.name)
        found = connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'proof%'").fetchone()
        assert found == (0,)
        connection.commit()
    assert tell(nexus, "SELECT DISTINCT title FROM patients") == [("Dr",)]


def test_the_proof_needs_no_more_than_reading_and_temporary_tables(nexus: str, store: MemoryStore) -> None:
    backup = take_backup(nexus, store, BOTH)
    with psycopg.connect(nexus) as connection:
        counted = connection.execute(
            "SELECT count(*) FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
            " AND schemaname NOT LIKE 'pg_temp%'"
        )
        prove(connection, store, backup.header.name)
        assert counted.fetchone() == (0,)


def forge(nexus: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes) -> str:
    """Take a backup whose rows are not those of Nexus, and whose digests are right all the same."""
    write = FileWriter.write

    def change(self: FileWriter, content: bytes) -> None:
        write(self, gzip.compress(gzip.decompress(content).replace(old, new)))

    monkeypatch.setattr(FileWriter, "write", change)
    return take_backup(nexus, store, {"patients": [ANN, BEN]}).header.name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"\\N", b"Ba", "patients: PostgreSQL would not take it back"),
        (b"Bo", b"Ba", "patients: the rows that came back are not those"),
    ],
)
def test_a_backup_that_comes_back_otherwise_is_not_proved(
    nexus: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes, said: str
) -> None:
    name = forge(nexus, store, monkeypatch, old, new)
    with connect(nexus, "test") as connection:
        with pytest.raises(BackupNotProved, match=said) as caught:
            prove(connection, store, name)
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert "Ba" not in str(caught.value)


def test_a_row_that_does_not_come_back_is_noticed(
    nexus: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = FileWriter.write

    def lose(self: FileWriter, content: bytes) -> None:
        lines = io.BytesIO(gzip.decompress(content)).readlines()
        write(self, gzip.compress(b"".join(lines[:-1])))

    monkeypatch.setattr(FileWriter, "write", lose)
    name = take_backup(nexus, store, {"patients": [ANN, BEN]}).header.name
    with (
        connect(nexus, "test") as connection,
        pytest.raises(BackupNotProved, match="patients: 1 rows came back of 2"),
    ):
        prove(connection, store, name)


def test_a_backup_is_loaded_beside_what_is_there_now(nexus: str, store: MemoryStore) -> None:
    backup = take_backup(nexus, store, BOTH)
    before = tell(nexus, "SELECT t::text FROM patients t WHERE id = %s", ANN)
    tell(nexus, "UPDATE patients SET first_name = 'other'")
    tell(nexus, "DELETE FROM nexus_reimport.identities")
    with connect(nexus, "test") as connection:
        load(connection, store, backup.header.name)
        assert connection.execute("SELECT t::text FROM before_patients t").fetchall() == before
        counts = {
            name: connection.execute(f"SELECT count(*) FROM before_{name}".encode()).fetchone()  # noqa: S608 - ours
            for name in ("notes", "identities", "removed", "written_patients", "written_notes")
        }
    expected = {"notes": 1, "identities": 3, "removed": 0, "written_patients": 1, "written_notes": 1}
    assert counts == {name: (count,) for name, count in expected.items()}


def test_records_that_were_not_there_are_loaded_as_none(nexus_database: str, store: MemoryStore) -> None:
    touched = {"patients": [ANN]}
    name = take_backup(nexus_database, store, touched).header.name
    small_nexus(nexus_database)
    with connect(nexus_database, "test") as connection:
        load(connection, store, name)
        for one in ("patients", "identities", "removed", "written_patients"):
            found = connection.execute(f"SELECT count(*) FROM before_{one}".encode()).fetchone()  # noqa: S608 - ours
            assert found == (0,)


def test_a_table_that_has_got_another_column_is_not_set_back_from_an_old_backup(
    nexus: str, store: MemoryStore
) -> None:
    name = take_backup(nexus, store, BOTH).header.name
    tell(nexus, "ALTER TABLE nexus_reimport.written_notes ADD COLUMN later uuid")
    with connect(nexus, "test") as connection:
        load(connection, store, name)
        connection.rollback()
        tell(nexus, "ALTER TABLE notes ADD COLUMN later text")
        with pytest.raises(BackupOutdated, match="notes has other columns"):
            load(connection, store, name)


@pytest.mark.parametrize(
    ("meanwhile", "covered"),
    [
        ("SELECT 1", True),
        ("UPDATE patients SET title = 'Dr' WHERE id <> %(ann)s", True),
        ("UPDATE patients SET title = 'Dr' WHERE id = %(ann)s", False),
        ("DELETE FROM notes", False),
        ("DELETE FROM nexus_reimport.identities WHERE table_name = 'notes'", False),
        ("UPDATE nexus_reimport.written_patients SET whole = NULL", False),
        ("INSERT INTO patients SELECT (r).* FROM (SELECT jsonb_populate_record(p, %(new)s) r"
         " FROM patients p WHERE id <> %(ann)s) q", False),
        ("ALTER TABLE patients ADD COLUMN later text", False),
        ("ALTER TABLE patients RENAME COLUMN notes TO remarks", False),
    ],
)  # fmt: skip
def test_a_backup_covers_what_is_touched_as_long_as_nothing_of_it_moves(
    nexus: str, store: MemoryStore, meanwhile: str, covered: bool
) -> None:
    name = take_backup(nexus, store, BOTH).header.name
    with psycopg.connect(nexus) as connection:
        connection.execute(meanwhile.encode(), {"ann": ANN, "new": json.dumps({"id": NEW})})
    with about_to_touch(nexus, BOTH) as now:
        assert covers(now, store, name, [PATIENTS, NOTES]) is covered


def test_a_backup_of_fewer_tables_or_rows_covers_no_more_than_those(nexus: str, store: MemoryStore) -> None:
    name = take_backup(nexus, store, {"patients": [ANN]}).header.name
    with about_to_touch(nexus, {"patients": [ANN, BEN]}) as connection:
        assert not covers(connection, store, name, [PATIENTS])
    with about_to_touch(nexus, {"patients": [ANN], "notes": [NOTE]}) as connection:
        assert not covers(connection, store, name, [PATIENTS, NOTES])
    with about_to_touch(nexus, {"patients": [ANN], "notes": [uid("a new one")]}) as connection:
        assert covers(connection, store, name, [PATIENTS, NOTES])


def test_the_first_backup_covers_the_records_made_for_the_first_publication(
    nexus_database: str, store: MemoryStore
) -> None:
    name = take_backup(nexus_database, store, {"patients": [ANN]}).header.name
    with about_to_touch(nexus_database, {"patients": [ANN]}, read_only=False) as connection:
        upgrade(connection)
        assert covers(connection, store, name, [PATIENTS])


def test_a_name_is_given_once(nexus: str, store: MemoryStore) -> None:
    first, second = (take_backup(nexus, store, BOTH).header.name for _ in range(2))
    assert (first, second) == ("20260701T030405Z-01234567", "20260701T030406Z-01234567")
    header = Header(first, RUN, None, MADE_AT)
    with about_to_touch(nexus, BOTH) as connection, pytest.raises(BackupError, match="never written over"):
        take(connection, store, header, [BY_NAME[name] for name in BOTH])


def test_what_a_killed_backup_left_is_not_a_backup_and_is_cleared_by_the_next(
    nexus: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_name(store, RUN, MADE_AT)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("nexus_reimport.load.backup.taking.manifest.seal", die)
        with pytest.raises(KeyboardInterrupt):
            take_backup(nexus, store, BOTH)
    with pytest.raises(BackupMissing, match="never finished"):
        verify(store, name)
    obstore.put(store, f"backups/{name}/stray", b"")
    assert take_backup(nexus, store, {"patients": [ANN]}).header.name == name
    verify(store, name)


def test_a_backup_is_one_instant_of_nexus(nexus: str, store: MemoryStore) -> None:
    with about_to_touch(nexus, {"patients": [ANN, BEN]}) as connection:
        tell(nexus, "UPDATE patients SET first_name = 'later'")
        backup = take(connection, store, Header("20260701T030405Z-a", RUN, None, MADE_AT), [PATIENTS])
    assert backup is not None
    packed = bytes(obstore.get(store, f"{backup.folder}/patients.copy.gz").bytes())
    assert b"later" not in gzip.decompress(packed)
    with connect(nexus, "test") as connection:
        prove(connection, store, backup.header.name)
        touch(connection, {"patients": [ANN, BEN]})
        assert not covers(connection, store, backup.header.name, [PATIENTS])
