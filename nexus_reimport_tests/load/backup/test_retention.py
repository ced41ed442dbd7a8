"""Backups go when there are enough newer ones and they are old enough, not before."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import obstore
import pytest
from obstore.store import LocalStore, MemoryStore, ObjectStore

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.load.backup import Keep, forget_old, keep_setting
from nexus_reimport.load.backup.sealed_folders import seal_files
from nexus_reimport_tests.load.backup.backed_up import MADE_AT, days


def stored(store: ObjectStore, age: float, whole: bool = True, run: str = "abc") -> str:
    name = f"{MADE_AT - days(age):%Y%m%dT%H%M%SZ}-{run}"
    obstore.put(store, f"backups/{name}/patients.copy.gz", b"rows")
    if whole:
        seal_files(store, f"backups/{name}", {})
    return name


def names(store: ObjectStore) -> set[str]:
    return {found["path"].split("/")[1] for page in obstore.list(store) for found in page}


@pytest.fixture(params=["memory", "folder"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path)


def test_a_backup_goes_only_when_it_is_both_old_and_beyond_the_number(any_store: ObjectStore) -> None:
    kept = [stored(any_store, age) for age in (0, 1, 100)]
    old = [stored(any_store, age) for age in (101, 120)]
    young = [stored(any_store, 89, run="other")]
    assert forget_old(any_store, Keep(4, 90), MADE_AT) == old
    assert names(any_store) == {*kept, *young}
    assert forget_old(any_store, Keep(0, 0), MADE_AT + days(1)) == [kept[1], young[0], kept[2]]


def test_the_edges_are_kept(any_store: ObjectStore) -> None:
    stored(any_store, 1)
    exactly = stored(any_store, 90)
    assert forget_old(any_store, Keep(1, 90), MADE_AT) == []
    assert forget_old(any_store, Keep(1, 90), MADE_AT + days(0.001)) == [exactly]


def test_the_newest_whole_one_never_goes(any_store: ObjectStore) -> None:
    newest, _, unfinished = stored(any_store, 500), stored(any_store, 600), stored(any_store, 0, whole=False)
    forget_old(any_store, Keep(0, 0), MADE_AT)
    assert names(any_store) == {newest, unfinished}


def test_the_protected_stay(any_store: ObjectStore) -> None:
    protected, newest = stored(any_store, 500), stored(any_store, 1)
    assert forget_old(any_store, Keep(1, 1), MADE_AT, protected={protected}) == []
    assert names(any_store) == {protected, newest}


def test_an_unfinished_one_goes_after_a_day_and_counts_for_nothing(any_store: ObjectStore) -> None:
    whole = stored(any_store, 400)
    under_way, abandoned = stored(any_store, 0.9, whole=False), stored(any_store, 1.1, whole=False)
    assert forget_old(any_store, Keep(1, 90), MADE_AT) == [abandoned]
    assert names(any_store) == {whole, under_way}


def test_what_is_not_a_backup_is_left_alone(any_store: ObjectStore) -> None:
    stored(any_store, 1)
    obstore.put(any_store, "backups/by hand/file", b"")
    obstore.put(any_store, "backups/readme.txt", b"")
    obstore.put(any_store, "frames/20200101T000000Z-abc/file", b"")
    assert forget_old(any_store, Keep(0, 0), MADE_AT) == []


def test_the_seal_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    store, deleted = MemoryStore(), list[str]()
    stored(store, 1)
    stored(store, 100)
    real = obstore.delete

    def note(where: MemoryStore, path: str) -> None:
        deleted.append(path)
        real(where, path)

    monkeypatch.setattr(obstore, "delete", note)
    forget_old(store, Keep(1, 1), MADE_AT)
    assert [path.rpartition("/")[2] for path in deleted] == [
        "manifest.json.sha256",
        "manifest.json",
        "patients.copy.gz",
    ]


def test_no_empty_folder_stays(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    kept = stored(store, 1)
    stored(store, 100)
    forget_old(store, Keep(1, 1), MADE_AT)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [kept]


@pytest.mark.parametrize(
    ("environ", "keep"),
    [
        ({}, Keep(20, 90)),
        ({"NEXUS_REIMPORT_KEEP_BACKUPS": "3", "NEXUS_REIMPORT_KEEP_DAYS": ""}, Keep(3, 90)),
        ({"NEXUS_REIMPORT_KEEP_DAYS": "0"}, Keep(20, 0)),
    ],
)
def test_how_long_is_a_setting(environ: Mapping[str, str], keep: Keep) -> None:
    assert keep_setting(environ) == keep


@pytest.mark.parametrize("given", ["-1", "many", "1.5"])
def test_a_setting_that_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(SettingsRefused, match="NEXUS_REIMPORT_KEEP_DAYS"):
        keep_setting({"NEXUS_REIMPORT_KEEP_DAYS": given})


def test_a_backup_of_no_age_stays(any_store: ObjectStore) -> None:
    assert forget_old(any_store, Keep(), datetime.max.replace(tzinfo=MADE_AT.tzinfo)) == []
