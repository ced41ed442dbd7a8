"""Thumbnails in a bucket: made and proved, a reason where there is none, whatever the server does."""

import hashlib
import io
import subprocess
import sys
import threading
from pathlib import Path

import obstore
import pytest
from PIL import Image

from nexus_reimport.exceptions import AccessDenied, ConnectionFailed, UploadNotProved
from nexus_reimport.model.reasons.image_files import EMPTY, NOT_AN_IMAGE, TRUNCATED
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.pictures.thumbnailing import (
    LARGEST_FILE,
    ImageObject,
    ThumbnailFact,
    list_thumbnails,
    make_thumbnails,
)
from nexus_reimport.sandbox.clinic.objects import Photograph
from nexus_reimport.sandbox.clinic.odd_images import ODD_FILES
from nexus_reimport.sandbox.clinic.photographs import base_picture
from nexus_reimport.sandbox.object_journal import Composed
from nexus_reimport_tests.served_bucket import Relay, served_bucket, store_at

SMALL = "small-0"
MANY, MEGABYTES = 300, 500


def facts_of(bucket: Relay, *images: ImageObject) -> list[ThumbnailFact]:
    facts: list[ThumbnailFact] = []
    make_thumbnails(bucket.store(), images, facts.append)
    return facts


@pytest.mark.parametrize(
    ("name", "picture", "mime_type", "thumbnail", "thumbnail_type"),
    [
        ("1.jpg", "small-0", "image/jpeg", "1_thumb.jpg", "image/jpeg"),
        ("2.JPG", "jpeg_turned_6", "image/jpeg", "2_thumb.JPG", "image/jpeg"),
        ("3.png", "png_alpha", "image/png", "3_thumb.png", "image/png"),
        ("4.heic", "heic", "image/heic", "4_thumb.jpg", "image/jpeg"),
        ("5.tif", "tiff", "image/tiff", "5_thumb.jpg", "image/jpeg"),
        ("6.jpg", "png_alpha", "image/png", "6_thumb.jpg", "image/png"),
        ("7", "small-0", "image/jpeg", "7_thumb.jpg", "image/jpeg"),
    ],
)
def test_a_thumbnail_lies_beside_its_original_and_is_what_the_fact_says(
    bucket: Relay, name: str, picture: str, mime_type: str, thumbnail: str, thumbnail_type: str
) -> None:
    image = bucket.put(f"made/{name}", base_picture(picture))
    [fact] = facts_of(bucket, image)
    assert (fact.key, fact.etag, fact.fault) == (image.key, image.etag, None)
    assert (fact.mime_type, fact.thumbnail_key) == (mime_type, f"made/{thumbnail}")
    assert (fact.width, fact.height) == ((640, 480) if picture == "small-0" else (480, 360))
    answer = obstore.get(bucket.store(), str(fact.thumbnail_key))
    content = bytes(answer.bytes())
    assert len(content) == fact.thumbnail_size
    assert answer.attributes["Content-Type"] == thumbnail_type
    with Image.open(io.BytesIO(content)) as small:
        assert small.size == (300, 225)
        assert Image.MIME[str(small.format)] == thumbnail_type
        assert not small.getexif()
    assert bytes(obstore.get(bucket.store(), image.key).bytes()) == base_picture(picture)


def test_one_picture_costs_one_get_and_one_put(bucket: Relay) -> None:
    image = bucket.put("cost/1.jpg", base_picture(SMALL))
    bucket.requests.clear()
    facts_of(bucket, image)
    assert bucket.requests == [("GET", "cost/1.jpg"), ("PUT", "cost/1_thumb.jpg")]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ("zero_bytes", EMPTY),
        ("text_named_jpg", NOT_AN_IMAGE),
        ("pdf_named_jpg", NOT_AN_IMAGE),
        ("error_page_named_png", NOT_AN_IMAGE),
        ("only_a_jpeg_header", TRUNCATED),
        ("truncated_jpeg", TRUNCATED),
    ],
)
def test_a_file_that_is_no_picture_has_its_reason_and_no_thumbnail(
    bucket: Relay, odd: str, reason: Reason
) -> None:
    extension, make = ODD_FILES[odd]
    image = bucket.put(f"odd/{odd}.{extension}", make())
    assert facts_of(bucket, image) == [ThumbnailFact(image.key, image.etag, fault=str(reason))]
    assert list_thumbnails(bucket.store(), f"odd/{odd}") == {}


def test_files_empty_or_far_too_large_are_not_even_fetched(bucket: Relay) -> None:
    images = [ImageObject("sizes/0.jpg", 0, "a"), ImageObject("sizes/1.jpg", LARGEST_FILE + 1, "b")]
    assert [fact.fault for fact in facts_of(bucket, *images)] == ["empty", "too_large"]
    assert bucket.requests == []


def test_one_that_cannot_be_read_stops_none_of_the_others(bucket: Relay) -> None:
    bodies = [base_picture(SMALL), b"", b"text", base_picture(SMALL)[:900], base_picture(SMALL)]
    images = [bucket.put(f"mixed/{place}.jpg", body) for place, body in enumerate(bodies)]
    images.append(ImageObject("mixed/gone.jpg", 5, "gone"))
    facts = facts_of(bucket, *images)
    assert [fact.key for fact in facts] == [image.key for image in images]
    assert [fact.fault for fact in facts] == [None, "empty", "not_an_image", "truncated", None, "gone"]
    assert sorted(list_thumbnails(bucket.store(), "mixed/")) == ["mixed/0_thumb.jpg", "mixed/4_thumb.jpg"]


def test_one_that_was_replaced_after_it_was_listed_has_no_thumbnail(bucket: Relay) -> None:
    listed = bucket.put("replaced/1.jpg", base_picture(SMALL))
    now = bucket.put("replaced/1.jpg", base_picture("png_alpha"))
    assert facts_of(bucket, listed) == [ThumbnailFact(listed.key, listed.etag, fault="changed_meanwhile")]
    assert list_thumbnails(bucket.store(), "replaced/") == {}
    [fact] = facts_of(bucket, now)
    assert (fact.etag, fact.mime_type, fact.fault) == (now.etag, "image/png", None)


def test_each_fact_is_told_in_the_callers_thread(bucket: Relay) -> None:
    images = [bucket.put(f"threads/{place}.jpg", base_picture(SMALL)) for place in range(6)]
    threads: list[threading.Thread] = []
    make_thumbnails(bucket.store(), images, lambda _: threads.append(threading.current_thread()), workers=4)
    assert threads == [threading.current_thread()] * 6


def test_a_fact_is_told_only_when_its_thumbnail_is_there(bucket: Relay) -> None:
    images = [bucket.put(f"told/{place}.jpg", base_picture(SMALL)) for place in range(8)]

    def look(fact: ThumbnailFact) -> None:
        assert obstore.head(bucket.store(), str(fact.thumbnail_key))["size"] == fact.thumbnail_size

    make_thumbnails(bucket.store(), images, look)


def test_an_upload_that_is_not_what_was_sent_is_refused(bucket: Relay) -> None:
    image = bucket.put("proof/1.jpg", base_picture(SMALL))
    bucket.etags = {"PUT": '"something else"'}
    facts: list[ThumbnailFact] = []
    with pytest.raises(UploadNotProved, match=r"proof/1_thumb\.jpg in S3 is not what was uploaded"):
        make_thumbnails(bucket.store(), [image], facts.append)
    assert facts == []


def test_an_etag_that_is_no_md5_is_proved_by_asking_again(bucket: Relay) -> None:
    image = bucket.put("proof/2.jpg", base_picture(SMALL))
    bucket.etags = {"PUT": '"of an encrypted bucket"', "HEAD": '"of an encrypted bucket"'}
    [fact] = facts_of(bucket, image)
    assert fact.thumbnail_key == "proof/2_thumb.jpg"
    assert bucket.requests[-1] == ("HEAD", "proof/2_thumb.jpg")


@pytest.mark.parametrize("denied", [("GET", "rights/1.jpg"), ("PUT", "rights/1_thumb.jpg")])
def test_a_right_that_is_missing_is_named_with_the_key(bucket: Relay, denied: tuple[str, str]) -> None:
    image = bucket.put("rights/1.jpg", base_picture(SMALL))
    bucket.statuses = {denied: 403}
    with pytest.raises(AccessDenied, match=f"{denied[1]} may not be read or written"):
        facts_of(bucket, image)


def test_a_server_that_fails_stops_the_rest_and_what_was_told_stays_true(bucket: Relay) -> None:
    images = [bucket.put(f"failing/{place:02}.jpg", base_picture(SMALL)) for place in range(40)]
    bucket.statuses = {("GET", "failing/20.jpg"): 500}
    facts: list[ThumbnailFact] = []
    with pytest.raises(ConnectionFailed, match=r"failing/20\.jpg could not be moved"):
        make_thumbnails(bucket.store(), images, facts.append, workers=2)
    assert [fact.key for fact in facts] == [image.key for image in images[:20]]
    there = list_thumbnails(bucket.store(), "failing/")
    assert all(there[str(fact.thumbnail_key)].is_of(fact) for fact in facts)
    assert len(there) < 40


def test_no_answer_at_all_is_a_failed_connection() -> None:
    store = store_at("http://127.0.0.1:1")
    with pytest.raises(ConnectionFailed):
        make_thumbnails(store, [ImageObject("a/1.jpg", 1, "a")], lambda _: None)
    with pytest.raises(ConnectionFailed):
        list_thumbnails(store, "a/")


def test_only_thumbnails_are_listed_with_their_sizes(bucket: Relay) -> None:
    for name in ("1.jpg", "1_thumb.jpg", "2_thumb", "a_thumbnail.jpg", "deep/3_thumb.png"):
        bucket.put(f"listed/{name}", name.encode())
    expected = {f"listed/{name}": len(name) for name in ("1_thumb.jpg", "2_thumb", "deep/3_thumb.png")}
    found = list_thumbnails(bucket.store(), "listed/")
    assert {key: one.size for key, one in found.items()} == expected
    assert found["listed/2_thumb"].etag == hashlib.md5(b"2_thumb", usedforsecurity=False).hexdigest()


def test_the_same_original_gives_the_same_bytes_again(bucket: Relay) -> None:
    image = bucket.put("again/1.jpg", base_picture(SMALL))
    digests = set()
    for _ in range(2):
        facts_of(bucket, image)
        content = bytes(obstore.get(bucket.store(), "again/1_thumb.jpg").bytes())
        digests.add(hashlib.sha256(content).hexdigest())
    assert len(digests) == 1


TWELVE_MEGAPIXELS = 5  # one in so many
MEASURED = r"""
import json, obstore, pathlib, re, sys
from nexus_reimport.pictures.thumbnailing import (ImageObject, make_thumbnails)
from nexus_reimport_tests.served_bucket import store_at
url = sys.argv[1]
store = store_at(url)
listed = [item for page in obstore.list(store, prefix="many/") for item in page]
images = [ImageObject(item["path"], item["size"], item["e_tag"].strip('"')) for item in listed]
widths = []
make_thumbnails(store, images, lambda fact: widths.append(fact.width))
# Not ru_maxrss: a process starts with its parent's.
most = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())
print(json.dumps([widths.count(4032), int(most[1]) // 1024]))
"""


def test_hundreds_of_large_pictures_fit_in_little_memory(tmp_path: Path) -> None:
    objects = {}
    for place in range(MANY):
        base = "12mp-0" if place % TWELVE_MEGAPIXELS == 0 else "large-0"
        splice = Photograph(base, f"many {place}").splice
        body = Composed(base_picture(base), base, splice.at, splice.skip, splice.inserted)
        objects[f"many/{place}.jpg"] = body
    with served_bucket(tmp_path, objects) as port:
        command = [sys.executable, "-c", MEASURED, f"http://127.0.0.1:{port}"]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout  # noqa: S603 - ours
    made, megabytes = (int(number) for number in printed.strip("[]\n").split(","))
    assert made == MANY / TWELVE_MEGAPIXELS
    assert megabytes < MEGABYTES
