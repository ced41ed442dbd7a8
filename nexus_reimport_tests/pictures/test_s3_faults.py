"""What concerns one object stops no other; what concerns the bucket stops the run, in one true line."""

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore, S3Store

from nexus_reimport.exceptions import (
    AccessDenied,
    CertificateRefused,
    ClientError,
    NotFound,
    RequestRefused,
    WebPageAnswered,
)
from nexus_reimport.extract.bucket import list_import_objects
from nexus_reimport.extract.image_exports import ImageExports
from nexus_reimport.pictures.thumbnail_record import expected_facts, facts_frame, facts_of, still_true
from nexus_reimport.pictures.thumbnailing import (
    ImageObject,
    ThumbnailFact,
    is_usable,
    list_thumbnails,
    make_thumbnails,
)
from nexus_reimport.sandbox.clinic.photographs import base_picture
from nexus_reimport.sandbox.object_faults import BUCKET_FAULTS, OBJECT_FAULTS, with_faults
from nexus_reimport.storage.file_objects import FileBucket
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport_tests.extract.filemaker.test_client_tls import self_signed
from nexus_reimport_tests.file_buckets import client_at
from nexus_reimport_tests.served_bucket import BUCKET, served_bucket, store_at

FAULTS = {
    "archived": "archived",
    "encryption-denied": "encryption_denied",
    "encryption-disabled": "encryption_denied",
    "forbidden": "forbidden",
    "gone": "gone",
    "replaced": "changed_meanwhile",
    "odd-key": "unusable_key",
    "refused": "refused",
    "web-page": "refused",
}
ODD = ("a//7.jpg", "./8.jpg", "../9.jpg", "a/\n10.jpg", "11\x01.jpg", "12\x7f.jpg", "x" * 1000 + ".jpg")
GOOD = [f"{IMAGES_PREFIX}{name}.jpg" for name in ("1", "2", "a b+c%20é", "a..b", "~")]
EVERY_BUCKET_FAULT = {
    "no-bucket": (NotFound, "There is no bucket «clinic-files». Correct AWS_S3_BUCKET_NAME"),
    "listing-denied": (
        AccessDenied,
        "may not be listed (AccessDenied). Give the AWS key the right s3:ListBucket",
    ),
    "expired": (AccessDenied, "The AWS session has expired. Sign in again"),
    "clock": (RequestRefused, "Set the clock, then run again"),
    "unknown-key": (AccessDenied, "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    "redirect": (RequestRefused, "is in another region or at another address. Correct AWS_REGION"),
    "other-region": (RequestRefused, "is in another region or at another address. Correct AWS_REGION"),
    "web-page": (WebPageAnswered, "No S3 server answered, but something with a page for people"),
}


def key_of(fault: str) -> str:
    return f"{IMAGES_PREFIX}bad-{fault}.jpg"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Store]:
    """A bucket with a good picture between any two that S3 will not give out."""
    picture = base_picture("small-0")
    objects = dict.fromkeys((*GOOD, *map(key_of, FAULTS)), picture)
    faults = [f"{name}:bad-{name}.jpg" for name in FAULTS]
    with served_bucket(tmp_path_factory.mktemp("bucket"), objects, faults) as port:
        yield store_at(f"http://127.0.0.1:{port}")


def images_of(store: S3Store) -> list[ImageObject]:
    listing = list_import_objects(client_at(str(store.config["endpoint"])), BUCKET)
    columns = (listing[name].to_list() for name in ("key", "size", "etag"))
    return [ImageObject(*values) for values in zip(*columns, strict=True)]


def test_every_fault_of_one_object_has_its_own_reason_and_stops_no_other(store: S3Store) -> None:
    assert set(FAULTS) == set(OBJECT_FAULTS)
    images = [*images_of(store), *(ImageObject(IMAGES_PREFIX + name, 9, "e") for name in ODD)]
    facts: list[ThumbnailFact] = []
    make_thumbnails(store, images, facts.append)
    found = {fact.key: fact.fault for fact in facts}
    assert found == {
        **dict.fromkeys(GOOD),
        **{key_of(name): reason for name, reason in FAULTS.items()},
        **dict.fromkeys((IMAGES_PREFIX + name for name in ODD), "unusable_key"),
    }
    uploaded = list_thumbnails(store, IMAGES_PREFIX)
    assert set(uploaded) == {fact.thumbnail_key for fact in facts if not fact.fault}
    # Whatever was refused may be had the next time.
    assert set(still_true(images, facts, uploaded)) == set(GOOD)
    assert facts_of(facts_frame(facts)) == sorted(facts, key=lambda fact: fact.key)


def test_a_plan_says_of_keys_that_cannot_be_used_what_a_run_says() -> None:
    images = [ImageObject(IMAGES_PREFIX + name, 9, "e") for name in (*ODD, "1.jpg")]
    expected = {fact.key: fact.fault for fact in expected_facts(images, [])}
    assert expected == {
        **dict.fromkeys((IMAGES_PREFIX + name for name in ODD), "unusable_key"),
        f"{IMAGES_PREFIX}1.jpg": None,
    }


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(ODD))
def test_what_is_taken_for_usable_is_what_the_library_takes(name: str) -> None:
    key = f"dump/{name}"
    try:
        obstore.get(MemoryStore(), key)
    except FileNotFoundError:
        taken = True
    except ValueError:
        taken = False
    assert not (is_usable(key) and not taken)
    if len(name) < 900 and not name.endswith("/"):
        assert is_usable(key) == taken


def test_keys_that_the_library_would_not_list_hide_no_thumbnail(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {f"{IMAGES_PREFIX}{name}": b"x" for name in ("a//7_thumb.jpg", "1_thumb.jpg")}
    with served_bucket(tmp_path, objects) as port:
        assert set(list_thumbnails(store_at(f"http://127.0.0.1:{port}"), IMAGES_PREFIX)) == set(objects)


@pytest.mark.parametrize("fault", sorted(EVERY_BUCKET_FAULT))
def test_what_every_request_would_meet_stops_the_run_with_what_to_do(fault: str, tmp_path: Path) -> None:
    assert set(EVERY_BUCKET_FAULT) == set(BUCKET_FAULTS)
    kind, says = EVERY_BUCKET_FAULT[fault]
    with served_bucket(tmp_path, {}, [fault]) as port:
        url = f"http://127.0.0.1:{port}"
        asked: list[Callable[[], object]] = [
            lambda: list_import_objects(client_at(url), BUCKET),
            lambda: list_thumbnails(store_at(url), IMAGES_PREFIX),
            lambda: ImageExports(tmp_path, store_at(url), "exports/").newest(),
            lambda: make_thumbnails(store_at(url), [ImageObject("a/1.jpg", 5, "e")], lambda _: None),
        ]
        for ask in asked[: 3 if fault in ("listing-denied", "unknown-key", "web-page") else 4]:
            with pytest.raises(ClientError) as refused:
                ask()
            assert isinstance(refused.value, kind)
            assert says in str(refused.value)
            assert "\n" not in str(refused.value)


def test_a_right_to_read_that_is_missing_for_all_is_told_once(tmp_path: Path) -> None:
    with served_bucket(tmp_path, {}, ["forbidden:.jpg"]) as port:
        store = store_at(f"http://127.0.0.1:{port}")
        images = [ImageObject(f"a/{place:03}.jpg", 5, "e") for place in range(60)]
        facts: list[ThumbnailFact] = []
        with pytest.raises(AccessDenied, match="Give the AWS key the right s3:GetObject"):
            make_thumbnails(store, images, facts.append)
        assert len(facts) == 20
        facts.clear()
        make_thumbnails(store, images, facts.append, taken={"a/others"})
        assert {fact.fault for fact in facts} == {"forbidden"}


def test_an_export_that_may_not_be_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    objects: dict[str, bytes] = {"exports/Image_dataV9.csv": b"x"}
    with served_bucket(tmp_path, objects, ["archived:V9.csv"]) as port:
        exports = ImageExports(tmp_path, store_at(f"http://127.0.0.1:{port}"), "exports/")
        found = exports.newest()
        assert found
        with pytest.raises(RequestRefused, match=r"Image_dataV9\.csv .* lies in an archive class"):
            exports.read(found)


def nothing(environ: object, start_response: object) -> list[bytes]:
    return []


def test_a_fault_that_there_is_not_is_refused() -> None:
    for name in ("no-such", "archived", "no-bucket:995.jpg"):
        with pytest.raises(ValueError, match="There is no fault"):
            with_faults(nothing, [name])


def test_an_export_dated_in_the_future_is_not_being_written(tmp_path: Path) -> None:
    path = tmp_path / "Image_dataV9.csv"
    path.write_bytes(b"x")
    ahead = time.time() + timedelta(days=400).total_seconds()
    os.utime(path, (ahead, ahead))
    assert ImageExports(tmp_path).read_newest(sleep=lambda _: pytest.fail("waited")) == (path.name, b"x")


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody here trusts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path, "127.0.0.1"))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    # A client that hangs up in the middle of a handshake is what is wanted.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # of this one
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_certificate_that_nobody_trusts_is_told_as_such(untrusted: str) -> None:
    for ask in (
        lambda: list_import_objects(client_at(untrusted), BUCKET),
        lambda: list_thumbnails(store_at(untrusted), IMAGES_PREFIX),
        lambda: make_thumbnails(store_at(untrusted), [ImageObject("a/1.jpg", 5, "e")], lambda _: None),
        lambda: list(FileBucket(client_at(untrusted), BUCKET).files("images/")),
    ):
        with pytest.raises(CertificateRefused, match="signed by nobody this machine trusts"):
            ask()
