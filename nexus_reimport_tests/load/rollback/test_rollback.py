"""What a rollback writes down, how far it goes, and what it can't undo."""

from collections.abc import Iterator

import obstore
import psycopg
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.backup import verify
from nexus_reimport.load.backup.exceptions import BackupDamaged, BackupMissing, BackupOutdated
from nexus_reimport.load.backup.sealed_folders import list_files
from nexus_reimport.load.database import locking
from nexus_reimport.load.exceptions import PublicationInProgress
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.load.rollback import rollback
from nexus_reimport.load.rollback.exceptions import CannotUndo, NothingToUndo
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.rollback.histories import Content, ask, content, publish_backed_up, staged
from nexus_reimport_tests.load.staged_frames import AS_OF, uid

NAMES = ("", "a", "b", "c")


@pytest.fixture(scope="module")
def history(postgres: Cluster) -> Iterator[tuple[str, MemoryStore, list[Content]]]:
    """Three publications, the store of their backups, and the content before each and at the end."""
    store = MemoryStore()
    with ephemeral_database(postgres) as url:
        contents = [content(url)]
        for number in (1, 2, 3):
            people = {"ben": {"first_name": NAMES[number]}, f"new {number}": {}}
            publish_backed_up(url, store, staged(url, people, {"x": {"content": NAMES[number]}}), number)
            contents.append(content(url))
        yield url, store, contents


@pytest.fixture
def url(postgres: Cluster, history: tuple[str, MemoryStore, list[Content]]) -> Iterator[str]:
    with ephemeral_database(postgres, template=history[0].rpartition("/")[2]) as copy:
        yield copy


@pytest.fixture
def store(history: tuple[str, MemoryStore, list[Content]]) -> MemoryStore:
    """A copy of the backups: the test may damage them."""
    copy = MemoryStore()
    for page in obstore.list(history[1]):
        for found in page:
            obstore.put(copy, found["path"], obstore.get(history[1], found["path"]).bytes())
    return copy


@pytest.fixture
def contents(history: tuple[str, MemoryStore, list[Content]]) -> list[Content]:
    return history[2]


def standing(url: str) -> dict[int, int | None]:
    return dict(ask(url, "SELECT id, undone_by FROM nexus_reimport.publications"))


def test_the_newest_is_undone_where_nothing_else_is_said(
    url: str, store: MemoryStore, contents: list[Content]
) -> None:
    outcome = rollback(url, store, "back")
    assert (outcome.number, outcome.undone) == (4, (3,))
    assert content(url) == contents[2]
    assert outcome.tables["patients"] == {"deleted": 1, "inserted": 0, "updated": 1, "kept": 0}
    assert standing(url) == {1: None, 2: None, 3: 4, 4: None}


@pytest.mark.parametrize("to", [1, 2, 3])
def test_all_since_a_publication_is_undone_at_once_and_comes_back_at_once(
    url: str, store: MemoryStore, contents: list[Content], to: int
) -> None:
    outcome = rollback(url, store, "back", to=to)
    assert outcome.undone == tuple(range(3, to - 1, -1))
    assert content(url) == contents[to - 1]
    rollback(url, store, "forth")
    assert content(url) == contents[3]
    assert standing(url) == {1: None, 2: None, 3: None, 4: 5, 5: None}


def test_a_rollback_goes_back_through_rollbacks(
    url: str, store: MemoryStore, contents: list[Content]
) -> None:
    rollback(url, store, "one", to=2)
    publish_backed_up(url, store, staged(url, {"ben": {"first_name": "other"}}), 9)
    rollback(url, store, "two", to=3)
    assert content(url) == contents[2]
    assert standing(url) == {1: None, 2: None, 3: 6, 4: 6, 5: 6, 6: None}
    rollback(url, store, "three", to=1)
    assert content(url) == contents[0]


def test_what_it_did_is_written_down_with_every_row_and_a_backup_of_its_own(
    url: str, store: MemoryStore
) -> None:
    heard: list[str] = []
    outcome = rollback(url, store, "12345678-run", to=2, progress=heard.append)
    [row] = ask(
        url, "SELECT run_id, kind, undoes, backup, plan_id FROM nexus_reimport.publications WHERE id = 4"
    )
    assert row == ("12345678-run", "rollback", [3, 2], outcome.backup, None)
    assert verify(store, outcome.backup).header.run_id == "12345678-run"
    changes = ask(
        url,
        "SELECT table_name, action, count(*), count(before), count(after) FROM nexus_reimport.changes"
        " WHERE publication = 4 GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert changes == [
        ("notes", "update", 1, 1, 1),
        ("patients", "delete", 2, 2, 0),
        ("patients", "update", 1, 1, 1),
    ]
    assert heard


def test_an_undone_publication_no_longer_says_how_many_rows_there_should_be(
    url: str, store: MemoryStore
) -> None:
    def published(url: str) -> set[tuple[str, str]]:
        state = read_state(url)
        lines = state[state["kind"] == "published:patients"]
        return set(zip(lines["key"], lines["id"], strict=True))

    before = published(url)
    rollback(url, store, "back", to=1)
    assert published(url) == set()
    rollback(url, store, "forth")
    assert published(url) == before


def test_the_next_publication_does_it_all_again(
    url: str, store: MemoryStore, contents: list[Content]
) -> None:
    rollback(url, store, "back")
    people = {"ben": {"first_name": NAMES[3]}, "new 3": {}}
    publish_backed_up(url, store, staged(url, people, {"x": {"content": NAMES[3]}}), 3)
    assert content(url) == contents[3]


def test_what_is_not_there_cannot_be_undone(url: str, store: MemoryStore, nexus_database: str) -> None:
    with pytest.raises(NothingToUndo, match="no such publication"):
        rollback(url, store, "back", to=7)
    with pytest.raises(NothingToUndo, match="Nothing was published"):
        rollback(nexus_database, store, "back")
    assert ask(nexus_database, "SELECT to_regnamespace('nexus_reimport')") == [(None,)]


def test_what_was_published_without_a_backup_cannot_be_undone(
    url: str, store: MemoryStore, contents: list[Content]
) -> None:
    publish(url, "run", AS_OF, staged(url, {"ben": {"first_name": "other"}}))
    publish_backed_up(url, store, staged(url, {"ben": {"first_name": "again"}}), 9)
    now = content(url)
    with pytest.raises(CannotUndo, match="Publication 4 was made without a backup"):
        rollback(url, store, "back", to=2)
    assert content(url) == now
    rollback(url, store, "back")


@pytest.mark.parametrize("to", [1, 3])
def test_one_flipped_bit_in_a_backup_refuses_all(
    url: str, store: MemoryStore, contents: list[Content], to: int
) -> None:
    [(name,)] = ask(url, "SELECT backup FROM nexus_reimport.publications WHERE id = %s", to)
    for file in list_files(store, f"backups/{name}"):
        path = f"backups/{name}/{file}"
        whole = bytes(obstore.get(store, path).bytes())
        place = len(whole) // 2
        obstore.put(store, path, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BackupDamaged):
            rollback(url, store, "back", to=to)
        obstore.put(store, path, whole)
    assert content(url) == contents[3]
    assert list(standing(url)) == [1, 2, 3]
    rollback(url, store, "back", to=to)


def test_a_backup_that_was_forgotten_is_named(url: str, store: MemoryStore) -> None:
    [(name,)] = ask(url, "SELECT backup FROM nexus_reimport.publications WHERE id = 3")
    obstore.delete(store, f"backups/{name}/manifest.json.sha256")
    with pytest.raises(BackupMissing, match=name):
        rollback(url, store, "back")


def test_rows_of_a_table_that_has_changed_its_columns_are_not_set_back(url: str, store: MemoryStore) -> None:
    ask(url, "ALTER TABLE patients ADD COLUMN colour text")
    with pytest.raises(BackupOutdated, match="patients has other columns"):
        rollback(url, store, "back")


def test_nothing_happens_beside_a_publication(
    url: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.05)
    with psycopg.connect(url, application_name="nexus-reimport run other") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [locking.ADVISORY_LOCK])
        with pytest.raises(PublicationInProgress, match="nexus-reimport run other"):
            rollback(url, store, "back")


def test_what_is_raised_before_commit_leaves_all_as_it_is(
    url: str, store: MemoryStore, contents: list[Content]
) -> None:
    def refuse(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rollback(url, store, "back", before_commit=refuse)
    assert content(url) == contents[3]
    assert list(standing(url)) == [1, 2, 3]


def test_an_identity_goes_with_the_publication_that_gave_it(url: str, store: MemoryStore) -> None:
    rollback(url, store, "back")
    left = ask(url, "SELECT id::text FROM nexus_reimport.identities WHERE table_name = 'patients'")
    assert {one for (one,) in left} == {uid(f"patients {name}") for name in ("ben", "new 1", "new 2")}
