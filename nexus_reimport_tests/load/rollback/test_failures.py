"""The database's connection lost at every stage of a publication, and after it: nothing stays half done."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.load.rollback import rollback
from nexus_reimport.load.rollback.exceptions import NothingToUndo
from nexus_reimport_tests.load.rollback.histories import (
    BEN,
    DUMP,
    NOBODY,
    Content,
    ask,
    content,
    publish_backed_up,
    staged,
)
from nexus_reimport_tests.load.staged_frames import uid

FAILURES = 50


@dataclass
class Losing:
    """Has PostgreSQL end the publication's own session just before its statement number `at`."""

    url: str
    at: int = 0
    executed: int = 0
    real: Any = field(default=psycopg.Cursor.execute)

    def execute(self, cursor: Any, *given: Any, **how: Any) -> Any:
        """Execute a statement; of a publication, count it, and lose the connection when it is its turn."""
        if "run" in (cursor.connection.info.parameter_status("application_name") or ""):
            self.executed += 1
            if self.executed == self.at:
                with psycopg.connect(self.url) as other:
                    pid = cursor.connection.info.backend_pid
                    self.real(other.cursor(), "SELECT pg_terminate_backend(%s, 5000)", [pid])
        return self.real(cursor, *given, **how)


@pytest.fixture
def losing(nexus_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Losing]:
    """A publication that loses its connection at a statement still to be said."""
    found = Losing(nexus_database)
    monkeypatch.setattr(psycopg.Cursor, "execute", lambda *given, **how: found.execute(*given, **how))
    yield found
    monkeypatch.undo()


def damage(url: str) -> None:
    """Leave what an earlier import left: a batch and an image that point at nobody."""
    ask(
        url,
        "INSERT INTO images_batch SELECT %s, %s, '1 Jan 2020 (FileMaker Import)', 'Imported from FileMaker',"
        " now(), 1, id, NULL FROM django_content_type WHERE model = 'patient'",
        uid("lost batch"),
        NOBODY,
    )
    ask(
        url,
        "INSERT INTO images_image (id, s3_key, s3_thumbnail_key, original_name, file_size, mime_type,"
        ' category, caption, uploaded_at, "order", batch_id)'
        " VALUES (%s, %s, '', '9.jpg', 1, 'image/jpeg', '', '', now(), 0, %s)",
        uid("lost image"),
        f"{DUMP}9.jpg",
        uid("lost batch"),
    )


def attempt(url: str, store: MemoryStore) -> int | None:
    """Publish rows that are new, changed, unchanged and gone; return the publication's number."""
    tables = staged(
        url,
        {"ann": {"first_name": "Anna"}, "ben": {}, "cleo": {"first_name": "Cleo"}},
        {"a note": {"content": "changed"}, "another": {}},
        {"letter": {"s3_key": "a"}},
        {"a batch": {"image_count": 1}},
        {"picture": {"batch_id": uid("image_batches a batch"), "s3_key": f"{DUMP}1.jpg"}},
    )
    return publish_backed_up(url, store, tables, 2).number


def test_wherever_the_connection_is_lost_nexus_is_as_before_or_can_be_taken_back(
    nexus_database: str, losing: Losing
) -> None:
    store = MemoryStore()
    publish_backed_up(
        nexus_database,
        store,
        staged(nexus_database, {"ann": {}, "ben": {}}, {"a note": {"content": "first"}}),
    )
    damage(nexus_database)
    before = content(nexus_database)
    losing.executed = 0
    assert attempt(nexus_database, store) == 2
    statements = losing.executed
    assert statements > FAILURES
    rollback(nexus_database, store, "measured", 2)
    assert content(nexus_database) == before
    for number in range(FAILURES):
        losing.at, losing.executed = 1 + number * statements // FAILURES, 0
        with pytest.raises(PublicationError, match=r"Nothing was written|could not be reached"):
            attempt(nexus_database, store)
        assert content(nexus_database) == before, f"lost before statement {losing.at} of {statements}"
    losing.at = 0
    _after_commit(nexus_database, store, before)


def _after_commit(url: str, store: MemoryStore, before: Content) -> None:
    """Whatever fails after COMMIT finds all of it done; it is taken back whole, and can be done again."""
    for _ in range(2):
        number = attempt(url, store)
        assert number is not None
        assert content(url) != before
        assert attempt(url, store) is None
        rollback(url, store, "after", number)
        assert content(url) == before
    first = rollback(url, store, "all of it", 1)
    assert first.undone[-1] == 1
    with pytest.raises(NothingToUndo):
        rollback(url, store, "no more", 99)
    assert ask(url, "SELECT first_name FROM patients WHERE id = %s", BEN) == []
