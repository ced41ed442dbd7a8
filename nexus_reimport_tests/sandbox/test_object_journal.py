"""The journal of objects: what is written is there, whole, for the next process."""

import hashlib
import stat
from datetime import UTC, datetime
from pathlib import Path

from nexus_reimport.sandbox.object_journal import Composed, ObjectJournal, StoredObject

MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)


def reopened(path: Path) -> list[StoredObject]:
    journal = ObjectJournal(path)
    found = list(journal.objects())
    journal.close()
    return found


def test_an_object_comes_back_as_it_was_written(tmp_path: Path) -> None:
    item = StoredObject("a/é.pdf", b"\x00body", MOMENT, "application/pdf", {"x-amz-meta-a": "1"}, "etag-2")
    journal = ObjectJournal(tmp_path / "journal")
    journal.write(item)
    journal.close()
    assert reopened(tmp_path / "journal") == [item]


def test_an_object_without_an_etag_gets_the_md5_of_its_body(tmp_path: Path) -> None:
    journal = ObjectJournal(tmp_path / "journal")
    journal.fill([StoredObject("a", b"body", MOMENT)])
    journal.close()
    expected = hashlib.md5(b"body", usedforsecurity=False).hexdigest()
    assert [item.etag for item in reopened(tmp_path / "journal")] == [expected]


def test_a_composed_object_comes_back_as_it_was_made_and_its_picture_is_kept_once(tmp_path: Path) -> None:
    journal = ObjectJournal(tmp_path / "journal")
    made = [Composed(b"picture" * 1000, "one", 7, 2, mark) for mark in (b"first", b"", b"third")]
    journal.fill(StoredObject(str(place), item, MOMENT) for place, item in enumerate(made))
    journal.close()
    found = reopened(tmp_path / "journal")
    assert [item.body for item in found] == made
    for item, composed in zip(found, made, strict=True):
        body = composed.body()
        assert body == b"picture" + composed.inserted + b"cture" + b"picture" * 998
        assert composed.size == len(body)
        assert item.etag == hashlib.md5(body, usedforsecurity=False).hexdigest()
    assert (tmp_path / "journal").stat().st_size < 40_000


def test_bytes_written_over_a_composed_object_are_what_is_kept(tmp_path: Path) -> None:
    journal = ObjectJournal(tmp_path / "journal")
    journal.fill([StoredObject(key, Composed(b"abc", "p", 1, 1, b"X"), MOMENT) for key in "ab"])
    journal.write(StoredObject("a", b"plain", MOMENT))
    journal.remove("b")
    journal.close()
    assert [(item.key, item.body) for item in reopened(tmp_path / "journal")] == [("a", b"plain")]


def test_a_key_is_kept_once_and_can_be_removed(tmp_path: Path) -> None:
    journal = ObjectJournal(tmp_path / "journal")
    journal.fill([StoredObject("a", b"1", MOMENT), StoredObject("b", b"2", MOMENT)])
    journal.write(StoredObject("a", b"3", MOMENT))
    journal.remove("b")
    journal.remove("never there")
    journal.close()
    assert [(item.key, item.body) for item in reopened(tmp_path / "journal")] == [("a", b"3")]


def test_what_was_written_is_there_without_closing(tmp_path: Path) -> None:
    journal = ObjectJournal(tmp_path / "journal")
    journal.write(StoredObject("a", b"1", MOMENT))
    assert len(reopened(tmp_path / "journal")) == 1
    journal.close()


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    ObjectJournal(tmp_path / "journal").close()
    assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o600
