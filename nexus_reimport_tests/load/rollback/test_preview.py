"""What a rollback would undo, said before it is done, and what one has done already."""

from collections.abc import Iterator

import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.publication import publish
from nexus_reimport.load.rollback import done_by, effect_of, preview, rollback
from nexus_reimport.load.rollback.exceptions import CannotUndo, NothingToUndo
from nexus_reimport.load.rollback.standing_publications import Effect
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back
from nexus_reimport_tests.load.rollback.histories import publish_backed_up, staged
from nexus_reimport_tests.load.staged_frames import AS_OF

History = tuple[str, MemoryStore]


@pytest.fixture
def history(postgres: Cluster) -> Iterator[History]:
    """Two publications: the second changes Ben, brings a new patient and a note."""
    store = MemoryStore()
    with ephemeral_database(postgres) as url:
        publish_backed_up(url, store, staged(url, {"ben": {"first_name": "a"}}), 1)
        again = staged(url, {"ben": {"first_name": "b"}, "new": {}}, {"x": {"content": "c"}})
        publish_backed_up(url, store, again, 2)
        yield url, store


def counts(deleted: int = 0, inserted: int = 0, updated: int = 0) -> dict[str, int]:
    return {"deleted": deleted, "inserted": inserted, "updated": updated}


@pytest.mark.parametrize("to", [None, 2, 1])
def test_what_is_foreseen_is_what_is_done(history: History, to: int | None) -> None:
    url, store = history
    seen = preview(url, to)
    done = rollback(url, store, "back", to)
    assert tuple(seen.numbers) == done.undone
    kept = {name: {**found, "kept": 0} for name, found in seen.tables.items()}
    assert kept == done.tables
    assert effect_of(url, done.number) == seen.effect


def test_the_newest_is_foreseen_with_its_rows_run_and_time(history: History) -> None:
    url, _ = history
    seen = preview(url)
    [one] = seen.undone
    assert (one.number, one.kind, one.run_id) == (2, "publication", "run 2")
    assert one.at.tzinfo is not None
    assert seen.effect == Effect(fallen=(2,), risen=())
    assert seen.tables == {"patients": counts(deleted=1, updated=1), "notes": counts(deleted=1)}


def test_undoing_a_rollback_is_foreseen_as_its_publication_standing_again(history: History) -> None:
    url, store = history
    rollback(url, store, "back")
    seen = preview(url)
    assert [(one.number, one.kind) for one in seen.undone] == [(3, "rollback")]
    assert seen.effect == Effect(fallen=(), risen=(2,))
    assert seen.tables == {"patients": counts(inserted=1, updated=1), "notes": counts(inserted=1)}
    assert preview(url, 2).tables == {"patients": counts(), "notes": counts()}
    assert preview(url, 2).effect == Effect(fallen=(), risen=())


def test_where_there_is_nothing_to_undo_that_is_said(nexus_database: str, history: History) -> None:
    with pytest.raises(NothingToUndo, match="Nothing was published yet"):
        preview(nexus_database)
    with pytest.raises(NothingToUndo, match="no such publication"):
        preview(history[0], 9)


def test_a_publication_of_an_older_release_cannot_be_undone(nexus_database: str) -> None:
    publish(nexus_database, "old", AS_OF, staged(nexus_database, {"ben": {}}))
    set_back(nexus_database, 2)
    with pytest.raises(CannotUndo, match="without a backup"):
        preview(nexus_database)
    assert done_by(nexus_database, ["old"]) is None


def test_what_a_run_has_taken_back_is_found_by_its_id(history: History) -> None:
    url, store = history
    assert done_by(url, ["back"]) is None
    done = rollback(url, store, "back")
    found = done_by(url, ["another", "back"])
    assert found is not None
    assert (found.number, found.undone, found.tables) == (done.number, done.undone, done.tables)
    assert found.backup == done.backup
    assert done_by(url, ["run 2"]) is None
