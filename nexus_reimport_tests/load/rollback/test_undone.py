"""What a publication that was undone still says of who took a row out, or into the archive: nothing."""

import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.diff.deletions import ARCHIVED_BY
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.load.rollback import rollback
from nexus_reimport.model.options import Options
from nexus_reimport_tests.load.rollback.histories import ask, publish_backed_up, staged
from nexus_reimport_tests.load.staged_frames import uid


@pytest.fixture
def store() -> MemoryStore:
    """Where the backups go."""
    return MemoryStore()


def let_ann_go(url: str, store: MemoryStore, number: int, how: str) -> None:
    """Publish without Ann, whom FileMaker no longer has."""
    choices = Options(on_missing={"patients": how}, missing_percent=100)
    publish_backed_up(url, store, staged(url, {"ben": {}}), number, choices)


def deleted_by_people(url: str) -> list[str]:
    state = read_state(url)
    return [str(key) for key in state.loc[state["kind"] == "gone:patients", "key"]]


@pytest.fixture
def url(nexus_database: str, store: MemoryStore) -> str:
    """A Nexus with Ann and Ben as published."""
    publish_backed_up(nexus_database, store, staged(nexus_database, {"ann": {}, "ben": {}}), 1)
    return nexus_database


def test_a_row_that_a_person_deletes_after_our_own_removal_was_undone_is_deleted_by_a_person(
    url: str, store: MemoryStore
) -> None:
    let_ann_go(url, store, 2, "remove")
    assert deleted_by_people(url) == []
    rollback(url, store, "back")
    ask(url, "DELETE FROM patients WHERE id = %s", uid("patients ann"))
    assert deleted_by_people(url) == [uid("key ann")]


def test_a_patient_whose_archiving_was_undone_was_not_taken_back_by_a_person(
    url: str, store: MemoryStore
) -> None:
    let_ann_go(url, store, 2, "archive")
    rollback(url, store, "back")
    assert ask(url, "SELECT count(*) FROM patients WHERE archived") == [(0,)]
    let_ann_go(url, store, 3, "archive")
    found = ask(url, "SELECT id::text, archived_by FROM patients WHERE archived")
    assert found == [(uid("patients ann"), ARCHIVED_BY)]
