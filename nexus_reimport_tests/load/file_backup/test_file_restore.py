"""Files put back out of a backup: what is missing, what differs where asked to, each proved; none deleted."""

import pytest

from nexus_reimport.exceptions import CopyNotProved, FileBackupDamaged, NotFound
from nexus_reimport.load.file_backup.file_backup import back_up_files
from nexus_reimport.load.file_backup.file_restore import FileRestore, restore_files
from nexus_reimport_tests.file_buckets import (
    DOCUMENT,
    FILES,
    PICTURE,
    UPLOAD,
    Files,
    Racing,
    client_at,
    hours,
)

FIRST = "reimport_20260301T090000Z"
CHANGED = {PICTURE: b"another picture", UPLOAD: b"another upload"}


@pytest.fixture
def second(files: Files) -> str:
    """The second of two backups: most of its copies lie in the first one's folder."""
    clock = hours()
    back_up_files(files.bucket(), clock=clock)
    files.put_all(CHANGED)
    clock()
    name = back_up_files(files.bucket(), clock=clock).name
    files.relay.requests.clear()
    return name


def test_nothing_is_done_where_nothing_is_missing(files: Files, second: str) -> None:
    assert restore_files(files.bucket(), second) == FileRestore(second, False, len(FILES), same=len(FILES))
    assert files.copies() == 0


def test_everything_that_was_deleted_comes_back_through_the_chain(files: Files, second: str) -> None:
    files.delete(*FILES)
    files.put("images/7b1f/8c2d/newer.jpg", b"newer")
    told: list[tuple[int, int | None]] = []
    done = restore_files(files.bucket(), second, on_progress=lambda *far: told.append(far))
    assert files.everything() == {**FILES, **CHANGED, "images/7b1f/8c2d/newer.jpg": b"newer"}
    assert done == FileRestore(
        second,
        False,
        len(FILES),
        restored=len(FILES),
        size=sum(map(len, {**FILES, **CHANGED}.values())),
    )
    assert told[-1] == (len(FILES), len(FILES))
    assert back_up_files(files.bucket(), clock=hours()).copied == 1


def test_what_was_put_back_counts_as_unchanged_though_its_etag_is_another(files: Files) -> None:
    given = {"Bucket": files.name, "Key": UPLOAD}
    given["UploadId"] = files.client.create_multipart_upload(**given, ContentType="image/png")["UploadId"]
    part = files.client.upload_part(**given, PartNumber=1, Body=b"in parts")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    before = files.client.complete_multipart_upload(**given, MultipartUpload={"Parts": parts})["ETag"]
    name = back_up_files(files.bucket(), clock=hours()).name
    files.delete(UPLOAD)
    assert restore_files(files.bucket(), name).restored == 1
    found = files.client.head_object(Bucket=files.name, Key=UPLOAD)
    assert (found["ETag"] != before, found["ContentType"]) == (True, "image/png")
    assert "ServerSideEncryption" not in found
    assert restore_files(files.bucket(), name).same == len(FILES)
    assert back_up_files(files.bucket(), clock=hours()).copied == 0


def test_what_differs_is_left_unless_asked_for(files: Files, second: str) -> None:
    files.put(UPLOAD, b"newer")
    left = restore_files(files.bucket(), second)
    assert (left.differing, left.overwritten, left.restored) == (1, 0, 0)
    assert files.content(UPLOAD) == b"newer"
    done = restore_files(files.bucket(), second, overwrite=True)
    assert (done.differing, done.overwritten, done.size) == (0, 1, len(CHANGED[UPLOAD]))
    assert files.content(UPLOAD) == CHANGED[UPLOAD]
    assert files.copies() == 1


def test_an_older_backup_has_the_older_file(files: Files, second: str) -> None:
    done = restore_files(files.bucket(), FIRST, overwrite=True)
    assert done.overwritten == len(CHANGED)
    assert files.everything() == FILES


def test_a_prefix_bounds_what_is_put_back(files: Files, second: str) -> None:
    files.delete(UPLOAD, DOCUMENT)
    done = restore_files(files.bucket(), second, "images/7b1f/8c2d/")
    assert (done.files, done.restored) == (1, 1)
    assert set(files.everything()) == set(FILES) - {DOCUMENT}


def test_a_prefix_that_no_file_has_is_refused(files: Files, second: str) -> None:
    with pytest.raises(NotFound, match="No file of reimport_"):
        restore_files(files.bucket(), second, "nothing/")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(files: Files, second: str) -> None:
    files.delete(DOCUMENT)
    files.put(UPLOAD, b"newer")
    before = files.everything()
    would = restore_files(files.bucket(), second, dry_run=True, overwrite=True)
    assert (would.dry_run, would.restored, would.overwritten, would.same) == (True, 1, 1, len(FILES) - 2)
    assert {method for method, _ in files.relay.requests} == {"GET"}
    assert files.everything() == before
    done = restore_files(files.bucket(), second, overwrite=True)
    assert (done.restored, done.overwritten, done.size) == (would.restored, would.overwritten, would.size)


@pytest.mark.parametrize("damage", ["gone", "another"])
def test_a_file_whose_copy_is_lost_is_named_and_the_others_come_back(
    files: Files, second: str, damage: str
) -> None:
    copy = f"backup/{FIRST}/{DOCUMENT}"
    files.delete(copy) if damage == "gone" else files.put(copy, b"%PDF-1.8")
    files.delete(*FILES)
    done = restore_files(files.bucket(), second)
    assert (done.lost, done.restored) == ((DOCUMENT,), len(FILES) - 1)
    assert set(files.everything()) == set(FILES) - {DOCUMENT}
    assert restore_files(files.bucket(), second, dry_run=True).lost == (DOCUMENT,)


def test_a_file_that_somebody_makes_meanwhile_is_left(files: Files, second: str) -> None:
    files.delete(UPLOAD, DOCUMENT)
    bucket = Racing(client_at(files.relay.url), files.name)
    bucket.meanwhile = lambda: files.put(UPLOAD, b"made meanwhile")
    done = restore_files(bucket, second)
    assert (done.taken, done.restored, done.size) == (1, 1, len(FILES[DOCUMENT]))
    assert files.content(UPLOAD) == b"made meanwhile"


def test_a_copy_that_is_changed_meanwhile_is_noticed(files: Files, second: str) -> None:
    files.delete(UPLOAD)
    bucket = Racing(client_at(files.relay.url), files.name)
    bucket.after = f"backup/{second}/"
    bucket.meanwhile = lambda: files.put(f"backup/{second}/{UPLOAD}", b"other")
    with pytest.raises(CopyNotProved, match="was changed meanwhile"):
        restore_files(bucket, second)
    assert UPLOAD not in files.everything()


def test_what_was_put_back_is_looked_at_again(files: Files, second: str) -> None:
    files.delete(UPLOAD)
    with pytest.raises(CopyNotProved, match="1 of 1 files are not what was put back"):
        restore_files(files.bucket(), second, on_progress=lambda *_: files.put(UPLOAD, b"other"))


def test_an_interrupted_restore_goes_on(files: Files, second: str) -> None:
    files.delete(*FILES)

    def stop(done: int, _: int | None) -> None:
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        restore_files(files.bucket(), second, on_progress=stop, workers=1)
    there = len(files.everything())
    assert there >= 3
    assert restore_files(files.bucket(), second).restored == len(FILES) - there
    assert files.everything() == {**FILES, **CHANGED}


def test_a_damaged_manifest_puts_nothing_back(files: Files, second: str) -> None:
    key = f"backup/{second}/manifest.json"
    files.put(key, files.content(key).replace(b'"size":8', b'"size":9', 1))
    files.delete(UPLOAD)
    with pytest.raises(FileBackupDamaged):
        restore_files(files.bucket(), second)
    assert UPLOAD not in files.everything()
