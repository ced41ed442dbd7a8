"""Backups of files: whole, only what is new, gone on with after an interruption, and proved."""

import subprocess
import sys
import time
from typing import Any

import orjson
import pytest
from botocore.stub import Stubber

from nexus_reimport.exceptions import (
    AccessDenied,
    ConnectionFailed,
    CopyNotProved,
    FileBackupDamaged,
    NotFound,
    SettingsRefused,
)
from nexus_reimport.load.file_backup.file_backup import FileBackup, back_up_files
from nexus_reimport.load.file_backup.file_shelf import list_file_backups, read_file_manifest
from nexus_reimport.storage.file_objects import FileBucket, StoredFile, shown
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

FIRST, SECOND = "reimport_20260301T090000Z", "reimport_20260301T100000Z"
MANY = 1_001


def copied_to(files: Files, name: str) -> dict[str, bytes]:
    """What lies in a backup's folder, by the original's key."""
    folder = f"backup/{name}/"
    found = {key.removeprefix(folder): files.content(key) for key in files.keys(folder)}
    return {key: content for key, content in found.items() if key not in ("manifest.json", "started.json")}


def test_the_first_backup_has_every_file_and_the_second_copies_nothing(files: Files) -> None:
    clock = hours()
    first = back_up_files(files.bucket(), clock=clock)
    assert copied_to(files, FIRST) == FILES
    assert first == FileBackup(
        FIRST, True, len(FILES), sum(map(len, FILES.values())), len(FILES), first.size, left_out=()
    )
    second = back_up_files(files.bucket(), clock=clock)
    assert second == FileBackup(FIRST, False, len(FILES), first.size, reused=len(FILES), left_out=())
    assert files.copies() == len(FILES)
    assert set(files.everything()) == set(FILES)


def test_only_what_is_new_or_changed_is_copied_and_the_manifest_says_where_each_copy_lies(
    files: Files,
) -> None:
    clock = hours()
    back_up_files(files.bucket(), clock=clock)
    files.put(PICTURE, b"another")
    files.put("images/7b1f/8c2d/new.jpg", b"new")
    files.delete(DOCUMENT)
    clock()
    second = back_up_files(files.bucket(), clock=lambda: clock())
    name = second.name
    assert (second.copied, second.reused, second.files) == (2, len(FILES) - 2, len(FILES))
    assert copied_to(files, name) == {PICTURE: b"another", "images/7b1f/8c2d/new.jpg": b"new"}
    manifest = read_file_manifest(files.bucket(), name)
    assert manifest.previous == FIRST
    assert manifest.needs == {FIRST: len(FILES) - 2, name: 2}
    assert manifest.files[PICTURE].backup == name
    assert manifest.files[UPLOAD].backup == FIRST
    assert DOCUMENT not in manifest.files
    assert DOCUMENT in read_file_manifest(files.bucket(), FIRST).files


def test_a_file_that_is_only_new_is_copied(files: Files) -> None:
    back_up_files(files.bucket(), clock=hours())
    files.put("images/7b1f/8c2d/new.jpg", b"new")
    second = back_up_files(files.bucket(), clock=hours())
    assert (second.written, second.copied, second.files) == (True, 1, len(FILES) + 1)


def test_a_file_that_is_only_gone_makes_a_backup_that_copies_nothing(files: Files) -> None:
    clock = hours()
    back_up_files(files.bucket(), clock=clock)
    files.delete(DOCUMENT)
    second = back_up_files(files.bucket(), clock=clock)
    assert (second.written, second.copied, second.files) == (True, 0, len(FILES) - 1)


def test_a_full_backup_needs_no_earlier_one(files: Files) -> None:
    back_up_files(files.bucket(), clock=hours())
    full = back_up_files(files.bucket(), clock=hours(), full=True)
    assert (full.written, full.copied, full.reused) == (True, len(FILES), 0)
    assert read_file_manifest(files.bucket(), full.name).needs == {full.name: len(FILES)}
    files.delete(*files.keys(f"backup/{FIRST}/"))
    assert [(one.name, one.missing) for one in list_file_backups(files.bucket())] == [(full.name, 0)]
    assert back_up_files(files.bucket()).name == full.name


def test_copies_keep_their_headers_and_are_encrypted(files: Files) -> None:
    files.put(UPLOAD, b"upload", ContentType="image/jpeg", Metadata={"by": "people"})
    back_up_files(files.bucket(), clock=hours())
    found = files.client.head_object(Bucket=files.name, Key=f"backup/{FIRST}/{UPLOAD}")
    assert found["ServerSideEncryption"] == "AES256"
    assert (found["ContentType"], found["Metadata"]) == ("image/jpeg", {"by": "people"})


def test_backups_folder_markers_and_other_folders_are_not_copied(files: Files) -> None:
    files.put_all({"patients/": b"", "images/7b1f/": b"", "backup/database/a.gz": b"a", "static/a.css": b"a"})
    files.put("backup/reimport_20260101T000000/patients.json", b"[]")
    files.put("patients/marked/", b"a file all the same")
    found = back_up_files(files.bucket(), clock=hours())
    assert set(copied_to(files, FIRST)) == {*FILES, "patients/marked/"}
    assert found.left_out == (shown("static/"),)
    with_more = back_up_files(files.bucket(), ["static/"], clock=hours())
    assert (with_more.copied, with_more.left_out) == (1, ())
    assert back_up_files(files.bucket(), clock=hours()).files == with_more.files


@pytest.mark.parametrize("prefix", ["", "/", "images"])
def test_a_prefix_that_is_no_folder_is_refused(files: Files, prefix: str) -> None:
    with pytest.raises(SettingsRefused, match="must end in «/»"):
        back_up_files(files.bucket(), [prefix])


def test_more_files_than_a_page_of_a_listing_are_all_copied_with_progress(files: Files) -> None:
    files.put_all({f"images/many/{number:05d}.jpg": b"%d" % number for number in range(MANY)})
    told: list[tuple[int, int | None]] = []
    found = back_up_files(files.bucket(), on_progress=lambda *far: told.append(far), clock=hours())
    total = MANY + len(FILES)
    assert found.copied == found.files == total
    assert told == [(done, total) for done in range(1, total + 1)]
    assert not back_up_files(files.bucket()).written


def test_a_killed_backup_is_gone_on_with_and_nothing_is_copied_twice(files: Files) -> None:
    files.put_all({f"images/many/{number:05d}.jpg": b"%d" % number for number in range(300)})
    command = [sys.executable, "-m", "nexus_reimport_tests.file_buckets", files.relay.url, files.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        assert any(line.startswith("100 ") for line in process.stdout)
        process.kill()
    [unfinished] = list_file_backups(files.bucket())
    assert unfinished.state == "unfinished"
    files.put("images/many/00000.jpg", b"changed since")
    files.relay.requests.clear()
    found = back_up_files(files.bucket())
    assert found.name == unfinished.name
    assert found.files == found.resumed + found.copied == 300 + len(FILES)
    assert found.copied == files.copies()
    assert 99 <= found.resumed < found.files
    assert copied_to(files, found.name) == files.everything()


@pytest.mark.parametrize("changed_after", [False, True])
def test_an_unfinished_copy_whose_etag_can_not_tell_counts_if_it_is_younger(
    files: Files, changed_after: bool
) -> None:
    put_in_parts(files, UPLOAD, b"before")
    parts = (UPLOAD, f"backup/{FIRST}/{UPLOAD}")
    time.sleep(1.1 - time.time() % 1)
    with pytest.raises(InterruptedError):
        back_up_files(files.bucket(), on_progress=interrupt_at_the_end, clock=hours())
    if changed_after:
        time.sleep(1.1 - time.time() % 1)
        put_in_parts(files, UPLOAD, b"aafter")
    etags = [files.client.head_object(Bucket=files.name, Key=key)["ETag"] for key in parts]
    assert [etag.endswith('-1"') for etag in etags] == [True, False]
    found = back_up_files(files.bucket(), clock=hours())
    assert found.copied == int(changed_after)
    assert copied_to(files, FIRST) == files.everything()


def interrupt_at_the_end(done: int, total: int | None) -> None:
    if done == total:
        raise InterruptedError


def put_in_parts(files: Files, key: str, content: bytes) -> None:
    """Put an object so that its ETag is no MD5 of it."""
    given = {"Bucket": files.name, "Key": key}
    given["UploadId"] = files.client.create_multipart_upload(**given)["UploadId"]
    part = files.client.upload_part(**given, PartNumber=1, Body=content)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    files.client.complete_multipart_upload(**given, MultipartUpload={"Parts": parts})


def test_a_file_replaced_while_it_is_copied_is_noticed_and_copied_as_it_is_now(files: Files) -> None:
    bucket = Racing(client_at(files.relay.url), files.name)
    bucket.meanwhile = lambda: files.put(PICTURE, b"replaced")
    found = back_up_files(bucket, clock=hours())
    assert (found.replaced, found.copied, found.gone) == (1, len(FILES), 0)
    assert copied_to(files, FIRST) == {**FILES, PICTURE: b"replaced"}
    assert not back_up_files(files.bucket(), clock=hours()).written


def test_a_file_deleted_while_it_is_copied_is_left_out(files: Files) -> None:
    bucket = Racing(client_at(files.relay.url), files.name)
    bucket.meanwhile = lambda: files.delete(PICTURE)
    found = back_up_files(bucket, clock=hours())
    assert (found.gone, found.files, found.copied) == (1, len(FILES) - 1, len(FILES) - 1)
    assert PICTURE not in read_file_manifest(files.bucket(), FIRST).files


@pytest.mark.parametrize("damage", ["gone", "another"])
def test_a_copy_that_is_wrong_before_the_end_means_no_backup(files: Files, damage: str) -> None:
    copy = f"backup/{FIRST}/{UPLOAD}"
    bucket = FileBucket(client_at(files.relay.url), files.name)

    def harm(done: int, total: int | None) -> None:
        if done == total:
            files.delete(copy) if damage == "gone" else files.put(copy, b"uplaod")

    with pytest.raises(CopyNotProved, match=f"1 of {len(FILES)} copies are missing or differ"):
        back_up_files(bucket, on_progress=harm, clock=hours())
    assert [one.state for one in list_file_backups(bucket)] == ["unfinished"]
    assert back_up_files(bucket, clock=hours()).copied == 1


def test_a_copy_that_is_gone_since_is_made_again(files: Files) -> None:
    clock = hours()
    back_up_files(files.bucket(), clock=clock)
    files.delete(f"backup/{FIRST}/{UPLOAD}")
    [facts] = list_file_backups(files.bucket())
    assert (facts.state, facts.missing) == ("finished", 1)
    again = back_up_files(files.bucket(), clock=clock)
    assert (again.name != FIRST, again.copied, again.reused) == (True, 1, len(FILES) - 1)


def test_what_is_too_large_for_one_request_is_copied_in_parts(files: Files) -> None:
    large = bytes(range(256)) * 25_000
    files.put(UPLOAD, large, ContentType="image/tiff", Metadata={"by": "people"})
    bucket = files.bucket(largest_copy=5_300_000, part_size=5_300_000)
    found = back_up_files(bucket, clock=hours())
    assert found.copied == len(FILES)
    copy = files.client.head_object(Bucket=files.name, Key=f"backup/{FIRST}/{UPLOAD}")
    assert copy["ETag"].endswith('-2"')
    assert (copy["ContentType"], copy["Metadata"]) == ("image/tiff", {"by": "people"})
    assert files.content(f"backup/{FIRST}/{UPLOAD}") == large
    assert not back_up_files(bucket, clock=hours()).written


def test_a_key_with_no_room_for_the_backups_own_prefix_is_counted(files: Files) -> None:
    files.put("images/" + "k" * 1_000, b"long")
    found = back_up_files(files.bucket(), clock=hours())
    assert (found.too_long, found.files) == (1, len(FILES))


def test_a_backup_is_later_than_any_there_is_even_by_a_clock_that_went_back(files: Files) -> None:
    back_up_files(files.bucket(), clock=hours())
    files.put(UPLOAD, b"changed")
    assert back_up_files(files.bucket(), clock=hours()).name == "reimport_20260301T090001Z"


def test_a_flipped_byte_anywhere_in_the_manifest_is_noticed(files: Files) -> None:
    back_up_files(files.bucket(), clock=hours())
    key = f"backup/{FIRST}/manifest.json"
    right = files.content(key)
    for place in range(0, len(right), 37):
        wrong = bytearray(right)
        wrong[place] ^= 1 << place % 8
        files.put(key, bytes(wrong))
        with pytest.raises(FileBackupDamaged, match=f"{FIRST}/manifest.json is not what was written"):
            read_file_manifest(files.bucket(), FIRST)
    with pytest.raises(FileBackupDamaged):
        back_up_files(files.bucket())
    assert [one.state for one in list_file_backups(files.bucket())] == ["damaged"]


def test_a_damaged_manifest_taken_away_is_made_again_from_the_copies(files: Files) -> None:
    back_up_files(files.bucket(), clock=hours())
    files.delete(f"backup/{FIRST}/manifest.json")
    found = back_up_files(files.bucket(), clock=hours())
    assert (found.name, found.copied, found.resumed) == (FIRST, 0, len(FILES))


def test_the_list_of_backups_says_what_needs_what(files: Files) -> None:
    clock = hours()
    back_up_files(files.bucket(), clock=clock)
    clock()
    files.put(UPLOAD, b"changed")
    second = back_up_files(files.bucket(), clock=clock).name
    one, two = list_file_backups(files.bucket())
    assert (one.name, one.copies, one.needs, one.needed_by) == (FIRST, len(FILES), (), (second,))
    assert (two.name, two.copies, two.needs, two.needed_by) == (second, 1, (FIRST,), ())
    assert (two.files, two.missing) == (len(FILES), 0)


@pytest.mark.parametrize("name", ["reimport_20300101T000000Z", "../database", "reimport_20260101T000000"])
def test_a_backup_that_is_not_there_is_named(files: Files, name: str) -> None:
    with pytest.raises(NotFound, match="no finished backup"):
        read_file_manifest(files.bucket(), name)


def test_the_manifest_can_be_read_by_a_person(files: Files) -> None:
    back_up_files(files.bucket(), clock=hours())
    told: dict[str, Any] = orjson.loads(files.content(f"backup/{FIRST}/manifest.json"))
    assert told["backup"]["files"][UPLOAD] == {
        "size": 6,
        "etag": "76ee3de97a1b8b903319b7c013d8c877",
        "backup": FIRST,
        "copy_etag": "76ee3de97a1b8b903319b7c013d8c877",
    }


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        ("AccessDenied", AccessDenied, "Correct the AWS key and its rights"),
        ("NoSuchBucket", NotFound, "Correct AWS_S3_BUCKET_NAME"),
        ("SlowDown", ConnectionFailed, "Run again when S3 answers"),
    ],
)
def test_a_refusal_says_what_to_do_and_not_what_the_server_said(
    code: str, error: type[Exception], says: str
) -> None:
    client = client_at("http://127.0.0.1:1")
    with Stubber(client) as stub:
        stub.add_client_error("list_objects_v2", code, "words of the server")
        with pytest.raises(error, match=says) as refused:
            back_up_files(FileBucket(client, "files"))
    assert "words" not in str(refused.value)


SOURCE = StoredFile(UPLOAD, 6, "0" * 32, 0)


@pytest.mark.parametrize(
    ("encryptions", "right"),
    [(("AES256", "AES256"), False), (("aws:kms", "AES256"), True), ((None, "aws:kms"), True)],
)
def test_a_copy_with_another_etag_is_right_only_where_an_etag_is_no_md5(
    encryptions: tuple[str | None, str | None], right: bool
) -> None:
    client = client_at("http://127.0.0.1:1")
    with Stubber(client) as stub:
        stub.add_response("copy_object", {"CopyObjectResult": {"ETag": f'"{"1" * 32}"'}})
        for encryption in encryptions:
            stub.add_response("head_object", {"ServerSideEncryption": encryption} if encryption else {})
        bucket = FileBucket(client, "files")
        if right:
            assert bucket.copy(SOURCE, "backup/x") == "1" * 32
        else:
            with pytest.raises(CopyNotProved, match="differs from it"):
                bucket.copy(SOURCE, "backup/x")


def test_keys_that_may_be_named_after_people_are_not_told() -> None:
    assert shown(PICTURE) == PICTURE
    assert shown(DOCUMENT) == DOCUMENT
    assert shown(f"backup/{FIRST}/{UPLOAD}") == f"backup/{FIRST}/{UPLOAD}"
    assert "jane" not in shown("images/7b1f/jane doe.jpg")
    assert shown("images/7b1f/jane doe.jpg").startswith("images/… (")
