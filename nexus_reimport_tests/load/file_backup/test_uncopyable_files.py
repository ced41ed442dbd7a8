"""One file that S3 will not copy stops no other; where no conditions are heeded a restore looks first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nexus_reimport.exceptions import AccessDenied
from nexus_reimport.load.file_backup.file_backup import back_up_files
from nexus_reimport.load.file_backup.file_restore import restore_files
from nexus_reimport.storage.copy_conditions import PROBES, Conditions, find_conditions
from nexus_reimport.storage.file_objects import FileBucket
from nexus_reimport_tests.file_buckets import DOCUMENT, FILES, PICTURE, UPLOAD, Files, client_at, hours
from nexus_reimport_tests.served_bucket import BUCKET, Relay, served_bucket

REASONS = {
    "archived": "archived",
    "encryption-denied": "encryption_denied",
    "encryption-disabled": "encryption_denied",
    "forbidden": "forbidden",
    "refused": "refused",
    "odd-key": "unusable_key",
}


@contextmanager
def faulty(folder: Path, *faults: str, files: bool = True) -> Iterator[Files]:
    """A bucket with a few files, and faults by name."""
    folder.mkdir(exist_ok=True)
    with served_bucket(folder, FILES if files else {}, faults) as port:
        yield Files(Relay(port), client_at(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("fault", sorted(REASONS))
def test_a_file_that_cannot_be_copied_is_named_and_all_others_are_backed_up(
    fault: str, tmp_path: Path
) -> None:
    with faulty(tmp_path, f"{fault}:{UPLOAD}", f"{fault}:995.jpg") as files:
        made = back_up_files(files.bucket(), clock=hours())
        assert set(made.refused) == {(UPLOAD, REASONS[fault]), (PICTURE, REASONS[fault])}
        assert (made.written, made.files, made.copied, made.gone) == (True, len(FILES) - 2, len(FILES) - 2, 0)
        kept = set(files.keys(f"backup/{made.name}/"))
        assert {f"backup/{made.name}/{key}" for key in FILES.keys() - {UPLOAD, PICTURE}} < kept
    with faulty(tmp_path, files=False) as files:
        again = back_up_files(files.bucket(), clock=hours())
        assert (again.refused, again.copied, again.files) == ((), 2, len(FILES))


def test_a_key_of_aws_that_may_copy_nothing_is_told_once(tmp_path: Path) -> None:
    with faulty(tmp_path, "forbidden:jpg", "forbidden:pdf") as files:
        with pytest.raises(AccessDenied, match="None of the files may be copied"):
            back_up_files(files.bucket(), clock=hours())
        assert not [key for key in files.keys("backup/") if key.endswith("manifest.json")]


def test_a_copy_that_cannot_be_had_is_named_and_all_others_are_put_back(tmp_path: Path) -> None:
    with faulty(tmp_path) as files:
        name = back_up_files(files.bucket(), clock=hours()).name
        files.delete(*FILES)
    with faulty(tmp_path, f"archived:{name}/{UPLOAD}", files=False) as files:
        done = restore_files(files.bucket(), name)
        assert (done.restored, done.refused, done.lost) == (len(FILES) - 1, ((UPLOAD, "archived"),), ())
        assert files.everything() == {key: body for key, body in FILES.items() if key != UPLOAD}


def test_whether_conditions_hold_is_found_out_once_and_leaves_nothing(files: Files) -> None:
    bucket = files.bucket()
    assert bucket.conditions == Conditions(only_new=True, source=True)
    asked = len(files.relay.requests)
    assert bucket.conditions.only_new
    assert len(files.relay.requests) == asked
    assert files.keys(PROBES) == []


def test_a_server_that_heeds_none_is_found_out(tmp_path: Path) -> None:
    with faulty(tmp_path, "ignores-conditions") as files:
        assert files.bucket().conditions == Conditions(only_new=False, source=False)
        assert files.everything() == FILES
        assert files.keys(PROBES) == []


def test_what_cannot_be_tried_counts_as_not_heeded() -> None:
    nowhere = Conditions(only_new=False, source=False)
    assert find_conditions(client_at("http://127.0.0.1:1"), BUCKET) == nowhere


class Uploading(FileBucket):
    """A bucket in which somebody uploads a file between a restore's look at the bucket and its first copy."""

    upload: Callable[[], None] = staticmethod(lambda: None)

    def copy(self, *given: object, **more: object) -> str:
        self.upload()
        return super().copy(*given, **more)  # type: ignore[arg-type]  # as it was given


def test_a_restore_on_such_a_server_overwrites_nothing_that_came_meanwhile(tmp_path: Path) -> None:
    with faulty(tmp_path, "ignores-conditions") as files:
        name = back_up_files(files.bucket(), clock=hours()).name
        files.delete(UPLOAD, DOCUMENT)
        bucket = Uploading(client_at(files.relay.url), BUCKET)
        bucket.upload = lambda: files.put(UPLOAD, b"somebody's")
        done = restore_files(bucket, name, workers=1)
        assert (done.restored, done.taken, done.looked_first) == (1, 1, True)
        assert files.content(UPLOAD) == b"somebody's"
        assert files.content(DOCUMENT) == FILES[DOCUMENT]
        assert files.keys(PROBES) == []
