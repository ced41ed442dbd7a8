"""One bit changed anywhere in a backup is noticed, every time."""

from collections.abc import Callable

import obstore
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.backup import Backup, load, prove, verify
from nexus_reimport.load.backup.exceptions import BackupDamaged, BackupError, BackupMissing
from nexus_reimport.load.backup.sealed_folders import list_files
from nexus_reimport.load.database.connection import connect
from nexus_reimport_tests.load.backup.backed_up import ANN, take_backup


@pytest.fixture
def backup(nexus: str, store: MemoryStore) -> Backup:
    return take_backup(nexus, store, {"patients": [ANN]})


def content(store: MemoryStore, path: str) -> bytes:
    return bytes(obstore.get(store, path).bytes())


def test_every_bit_of_every_file_counts(store: MemoryStore, backup: Backup) -> None:
    name, flipped = backup.header.name, 0
    files = list_files(store, backup.folder)
    assert len(files) == 7
    for file in files:
        path = f"{backup.folder}/{file}"
        whole = content(store, path)
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            obstore.put(store, path, bytes(damaged))
            with pytest.raises(BackupDamaged):
                verify(store, name)
            flipped += 1
        obstore.put(store, path, whole)
    assert flipped > 8 * 2000
    assert verify(store, name) == backup


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-1], lambda whole: whole + b"\0", lambda _: b"", lambda whole: whole * 2]
)
def test_a_file_cut_short_or_longer_is_noticed(
    store: MemoryStore, backup: Backup, damage: Callable[[bytes], bytes]
) -> None:
    for file in list_files(store, backup.folder):
        path = f"{backup.folder}/{file}"
        whole = content(store, path)
        obstore.put(store, path, damage(whole))
        with pytest.raises(BackupDamaged):
            verify(store, backup.header.name)
        obstore.put(store, path, whole)


def test_a_file_that_is_gone_or_too_many_is_noticed(store: MemoryStore, backup: Backup) -> None:
    for file in list_files(store, backup.folder):
        path = f"{backup.folder}/{file}"
        whole = content(store, path)
        obstore.delete(store, path)
        with pytest.raises(BackupError):
            verify(store, backup.header.name)
        obstore.put(store, path, whole)
    obstore.put(store, f"{backup.folder}/stray", b"")
    with pytest.raises(BackupDamaged, match="stray does not belong there"):
        verify(store, backup.header.name)


def test_a_backup_under_another_name_is_not_that_backup(store: MemoryStore, backup: Backup) -> None:
    for file in list_files(store, backup.folder):
        obstore.copy(store, f"{backup.folder}/{file}", f"backups/other/{file}")
    with pytest.raises(BackupDamaged, match="not the backup"):
        verify(store, "other")


def test_a_damaged_backup_is_neither_proved_nor_loaded(
    nexus: str, store: MemoryStore, backup: Backup
) -> None:
    path = f"{backup.folder}/written_patients.copy.gz"
    whole = content(store, path)
    obstore.put(store, path, whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
    with connect(nexus, "test") as connection:
        for use in (prove, load):
            with pytest.raises(BackupDamaged, match=r"written_patients\.copy\.gz is not what was written"):
                use(connection, store, backup.header.name)


def test_a_backup_that_never_was_is_missing(store: MemoryStore) -> None:
    with pytest.raises(BackupMissing, match="backups/none is not there"):
        verify(store, "none")
