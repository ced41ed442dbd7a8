"""The journal of objects: what is written is there, whole, for the next process."""

import hashlib
import stat
from datetime import UTC, datetime
from pathlib import Path

from nexus_reimport.sandbox.object_journal import ObjectJournal, StoredObject

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
