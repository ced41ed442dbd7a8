"""What is in the bucket: every imported original, page after page, and nothing that isn't one."""

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from nexus_reimport.exceptions import AccessDenied, ConnectionFailed, NotFound, WebPageAnswered
from nexus_reimport.extract.bucket import list_import_objects, with_first_dates
from nexus_reimport.sandbox.object_journal import ObjectJournal, StoredObject
from nexus_reimport.sandbox.processes import accepts_connections, free_port

BUCKET = "clinic-files"
UPLOADED = datetime(2025, 6, 30, 3, 0, tzinfo=UTC)
IMAGES = "filemaker-import/images-bulk-dump/"
DOCUMENTS = "patients/filemaker-import/documents/"
ORIGINALS = {
    f"{DOCUMENTS}P-1/erf/0D7C4E5A.pdf": b"%PDF-1.7",
    f"{IMAGES}995.jpg": b"picture",
    f"{IMAGES}996.JPG": b"picture of another size",
    f"{IMAGES}a_thumbnail of something.heic": b"",
    "patients/filemaker-import/images/P-1/2016-10-18/0D7C.jpg": b"p",
}
OTHERS = (
    "patients/",
    "patients/filemaker-import/",
    IMAGES,
    f"{DOCUMENTS}P-1/",
    f"{IMAGES}995_thumb.jpg",
    f"{IMAGES}996_thumb.JPG",
    "patients/filemaker-import/images/P-1/2016-10-18/0D7C_thumb.jpg",
    "patients/P-1/photo.jpg",
    "images/7/8/9.jpg",
    "documents/1/2.pdf",
    "backup/reimport_20260101T000000/patients.json",
    "backup/database/nexus.sql.gz",
    "filemaker-import/Image_dataV9.csv",
)
MANY = 2_300


def client_of(port: int) -> Any:
    return boto3.client(
        "s3",
        region_name="ap-southeast-2",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",  # noqa: S106 - the server takes any
        config=Config(retries={"max_attempts": 1}, connect_timeout=2),
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a bucket with more documents than three pages hold, among other things."""
    path = tmp_path_factory.mktemp("objects") / "objects.sqlite"
    journal = ObjectJournal(path)
    journal.fill(StoredObject(key, body, UPLOADED) for key, body in ORIGINALS.items())
    journal.fill(StoredObject(key, b"", UPLOADED) for key in OTHERS)
    journal.fill(StoredObject(f"{DOCUMENTS}P-2/quote/{n:05d}.pdf", b"%PDF", UPLOADED) for n in range(MANY))
    journal.close()
    port = free_port()
    command = [sys.executable, "-m", "nexus_reimport.sandbox.object_store", "--journal", str(path)]
    options = ["--port", str(port), "--bucket", BUCKET, "--region", "ap-southeast-2"]
    with subprocess.Popen([*command, *options]) as process:  # noqa: S603 - our own program
        deadline = time.monotonic() + 30
        while not accepts_connections(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield client_of(port)
        process.terminate()


def test_every_original_is_listed_once_beyond_the_first_page(client: Any) -> None:
    told: list[tuple[int, int | None]] = []
    listing = list_import_objects(client, BUCKET, lambda *far: told.append(far))
    keys = listing["key"].to_list()
    assert len(keys) == len(set(keys)) == MANY + len(ORIGINALS)
    assert keys == sorted(keys)
    assert set(ORIGINALS) <= set(keys)
    assert told[-1] == (len(keys), None)
    assert len(told) >= 4


def test_markers_thumbnails_backups_and_peoples_uploads_are_left_out(client: Any) -> None:
    listed = set(list_import_objects(client, BUCKET)["key"])
    assert listed & set(OTHERS) == set()


def test_sizes_etags_and_times_are_exact(client: Any) -> None:
    listing = list_import_objects(client, BUCKET).set_index("key")
    for key, body in ORIGINALS.items():
        assert listing.loc[key, "size"] == len(body)
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        assert listing.loc[key, "etag"] == digest
    assert set(listing["modified"]) == {UPLOADED}
    types = {name: kind.pyarrow_dtype for name, kind in listing.dtypes.items()}
    assert types == {"size": pa.int64(), "etag": pa.string(), "modified": pa.timestamp("us", tz="UTC")}


def test_a_bucket_without_files_is_an_empty_listing_of_the_same_types(client: Any) -> None:
    client.create_bucket(Bucket="empty", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"})
    listing = list_import_objects(client, "empty")
    assert len(listing) == 0
    assert listing.dtypes.to_list() == list_import_objects(client, BUCKET).dtypes.to_list()


def test_a_bucket_that_is_not_there_is_named(client: Any) -> None:
    with pytest.raises(NotFound, match=r"no bucket «elsewhere»\. Correct AWS_S3_BUCKET_NAME"):
        list_import_objects(client, "elsewhere")


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403"])
def test_a_refusal_is_told_apart_from_a_failure(code: str) -> None:
    client = client_of(1)
    with Stubber(client) as stub:
        stub.add_client_error("list_objects_v2", code, "words of the server")
        with pytest.raises(AccessDenied, match=f"may not be listed \\({code}\\)") as refused:
            list_import_objects(client, BUCKET)
    assert "words of the server" not in str(refused.value)


def test_a_failure_of_the_server_may_pass() -> None:
    client = client_of(1)
    with Stubber(client) as stub:
        stub.add_client_error("list_objects_v2", "InternalError", "words", http_status_code=500)
        with pytest.raises(ConnectionFailed, match="Run again when S3 answers"):
            list_import_objects(client, BUCKET)


def test_a_server_that_does_not_answer_may_come_back() -> None:
    with pytest.raises(ConnectionFailed, match="nothing is to be reached"):
        list_import_objects(client_of(free_port()), BUCKET)


NO_LISTINGS = (
    b"<!DOCTYPE html><title>Maintenance</title><p>We will be back soon.</p>",
    b"<html><head><title>Sign in</title></head><body><p>Please.</p></body></html>",
    b"",
    b"<ListBucketResult/>",
)
EMPTY = (
    b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>0</KeyCount>'
    b"<IsTruncated>false</IsTruncated></ListBucketResult>"
)


@contextmanager
def answering(body: bytes) -> Iterator[Any]:
    """A client of something that answers every request 200 with a body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield client_of(server.server_port)
        server.shutdown()


@pytest.mark.parametrize("body", NO_LISTINGS)
def test_a_web_page_or_nothing_is_refused_with_its_likely_cause_and_is_no_empty_bucket(body: bytes) -> None:
    with answering(body) as client, pytest.raises(WebPageAnswered) as refusal:
        list_import_objects(client, BUCKET)
    assert "AWS_ENDPOINT_URL_S3" in str(refusal.value)
    assert "back soon" not in str(refusal.value)


def test_a_list_of_nothing_is_an_empty_bucket() -> None:
    with answering(EMPTY) as client:
        assert list_import_objects(client, BUCKET).empty


def test_the_same_bytes_uploaded_again_keep_their_date_and_others_do_not(client: Any) -> None:
    former = list_import_objects(client, BUCKET)
    changed, same = sorted(ORIGINALS)[:2]
    client.put_object(Bucket=BUCKET, Key=same, Body=ORIGINALS[same])
    client.put_object(Bucket=BUCKET, Key=changed, Body=b"others")
    now = list_import_objects(client, BUCKET)
    dated = with_first_dates(now, former)
    dates = dict(zip(dated["key"], dated["modified"], strict=True))
    assert dates[same] == UPLOADED
    assert dates[changed] > UPLOADED
    assert dated.dtypes.to_list() == now.dtypes.to_list()
    assert with_first_dates(now, None) is now
