"""The S3 server: one process for the whole file, killed and started again in the middle of it."""

import contextlib
import hashlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import obstore
import pytest
from botocore.exceptions import ClientError
from obstore.store import S3Store

from nexus_reimport.sandbox.object_journal import Composed, ObjectJournal, StoredObject
from nexus_reimport.sandbox.processes import accepts_connections, free_port

pytestmark = pytest.mark.xdist_group("one object store")

UPLOADED = datetime(2025, 6, 30, 3, 0, tzinfo=UTC)
BUCKET = "clinic-files"
COUNT = 2_500
COMPOSED = Composed(b"a picture of nothing " * 100, "nothing", 10, 3, b"<mark>")


class Server:
    """The object store on one journal, at one port."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.port = free_port()
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "nexus_reimport.sandbox.object_store",
            "--journal",
            str(self.journal),
        ]
        options = ["--port", str(self.port), "--bucket", BUCKET, "--region", "ap-southeast-2"]
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, *options], stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 30
        while not accepts_connections(self.port):
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self, number: signal.Signals) -> bytes:
        """Send a signal; return what the server wrote in its life."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=10)[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def store(self) -> S3Store:
        return S3Store(
            BUCKET,
            endpoint=self.url,
            access_key_id="anybody",
            secret_access_key="anything",  # noqa: S106 - the server takes any
            region="ap-southeast-2",
            client_options={"allow_http": True},
            virtual_hosted_style_request=False,
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("objects") / "objects.sqlite"
    journal = ObjectJournal(path)
    journal.fill(StoredObject(f"dump/{number}.jpg", b"picture", UPLOADED) for number in range(COUNT))
    journal.fill([StoredObject("patients/", b"", UPLOADED), StoredObject("a é&.pdf", b"%PDF", UPLOADED)])
    journal.fill(StoredObject(f"composed/{number}.jpg", COMPOSED, UPLOADED) for number in (1, 2))
    journal.close()
    server = Server(path)
    yield server
    server.end(signal.SIGKILL)


def listed(store: S3Store, prefix: str = "") -> dict[str, tuple[int, str | None, datetime]]:
    return {
        item["path"]: (item["size"], item["e_tag"], item["last_modified"])
        for page in obstore.list(store, prefix)
        for item in page
    }


def test_every_object_is_listed_with_size_etag_and_time(server: Server) -> None:
    found = listed(server.store())
    etag = hashlib.md5(b"picture", usedforsecurity=False).hexdigest()
    assert len(found) == COUNT + 4
    assert found["dump/7.jpg"] == (7, f'"{etag}"', UPLOADED)
    assert "a é&.pdf" in found


def test_a_page_has_a_thousand_keys_at_most(server: Server) -> None:
    answer = httpx.get(f"{server.url}/{BUCKET}", params={"list-type": "2", "max-keys": "5000"})
    assert answer.text.count("<Contents>") == 1000
    assert "<MaxKeys>1000</MaxKeys>" in answer.text
    assert "<IsTruncated>true</IsTruncated>" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"continuation-token": ""}, {"max-keys": "-1"}, {"max-keys": "many"}, {"continuation-token": "%"}],
)
def test_a_wrong_argument_is_refused(server: Server, wrong: dict[str, str]) -> None:
    answer = httpx.get(f"{server.url}/{BUCKET}", params={"list-type": "2", **wrong})
    assert answer.status_code == 400
    assert "InvalidArgument" in answer.text


def test_another_bucket_is_not_there(server: Server) -> None:
    assert httpx.get(f"{server.url}/another", params={"list-type": "2"}).status_code == 404


def test_versioning_was_never_switched_on(server: Server) -> None:
    answer = httpx.get(f"{server.url}/{BUCKET}?versioning")
    assert answer.status_code == 200
    assert "<Status>" not in answer.text


def test_an_object_is_read_as_it_was_put_and_listed_at_once(server: Server) -> None:
    store = server.store()
    obstore.put(store, "put/one.jpg", b"bytes", attributes={"Content-Type": "image/jpeg"})
    answer = obstore.get(store, "put/one.jpg")
    assert answer.attributes["Content-Type"] == "image/jpeg"
    assert bytes(answer.bytes()) == b"bytes"
    assert listed(store, "put").keys() == {"put/one.jpg"}
    obstore.delete(store, "put/one.jpg")
    assert listed(store, "put") == {}


def test_a_composed_object_is_served_like_any_other(server: Server) -> None:
    store, body = server.store(), COMPOSED.body()
    assert bytes(obstore.get(store, "composed/1.jpg").bytes()) == body
    assert bytes(obstore.get_range(store, "composed/1.jpg", start=5, end=20)) == body[5:20]
    head = obstore.head(store, "composed/1.jpg")
    assert (head["size"], head["last_modified"]) == (len(body), UPLOADED)
    assert head["e_tag"] == f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    assert listed(store, "composed")["composed/1.jpg"] == (head["size"], head["e_tag"], UPLOADED)
    obstore.copy(store, "composed/1.jpg", "put/copy.jpg")
    assert bytes(obstore.get(store, "put/copy.jpg").bytes()) == body
    obstore.delete(store, "put/copy.jpg")


def test_what_is_put_over_a_composed_object_stays(server: Server) -> None:
    obstore.put(server.store(), "composed/2.jpg", b"plain")
    server.end(signal.SIGKILL)
    server.start()
    assert bytes(obstore.get(server.store(), "composed/2.jpg").bytes()) == b"plain"
    assert bytes(obstore.get(server.store(), "composed/1.jpg").bytes()) == COMPOSED.body()


def test_a_client_that_is_no_plain_one_gets_the_same_object(server: Server) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=server.url,
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",  # noqa: S106 - the server takes any
        region_name="ap-southeast-2",
    )
    given = {"ContentType": "image/png", "Metadata": {"a-b": "1"}}
    made = client.put_object(Bucket=BUCKET, Key="put/boto.png", Body=b"bytes", **given)
    read = client.get_object(Bucket=BUCKET, Key="put/boto.png")
    head = client.head_object(Bucket=BUCKET, Key="put/boto.png")
    assert read["Body"].read() == b"bytes"
    for answer in (read, head):
        assert (answer["ContentType"], answer["Metadata"]) == (given["ContentType"], given["Metadata"])
        assert (answer["ETag"], answer["ContentLength"]) == (made["ETag"], 5)
    client.delete_object(Bucket=BUCKET, Key="put/boto.png")


def test_metadata_of_a_plain_put_is_kept(server: Server) -> None:
    store = server.store()
    obstore.put(store, "put/meta", b"x", attributes={"Content-Type": "a/b", "made-by": "us"})
    server.end(signal.SIGKILL)
    server.start()
    found = obstore.get(server.store(), "put/meta").attributes
    assert (found["Content-Type"], found["made-by"]) == ("a/b", "us")
    obstore.delete(server.store(), "put/meta")


def test_a_body_cut_short_is_refused_and_nothing_is_stored(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = [f"PUT /{BUCKET}/put/short HTTP/1.1", "Host: s3", "Authorization: any", "Content-Length: 10"]
        connection.sendall("\r\n".join([*head, "", "five!"]).encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(20).startswith(b"HTTP/1.1 400")
    assert listed(server.store(), "put/short") == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_changes_outlive_the_server_however_it_ends(server: Server, number: signal.Signals) -> None:
    store = server.store()
    obstore.put(store, f"kept/{number}.jpg", b"kept", attributes={"Content-Type": "image/jpeg"})
    obstore.put(store, "dump/1.jpg", b"changed")
    obstore.delete(store, [f"dump/{number + 100}.jpg", f"dump/{number + 200}.jpg"])
    large = b"large" * 3_000_000
    obstore.put(store, "kept/large", large, use_multipart=True)
    before = listed(store)
    server.end(number)
    server.start()
    after = listed(server.store())
    assert {key: row[:2] for key, row in after.items()} == {key: row[:2] for key, row in before.items()}
    assert all(abs((after[key][2] - row[2]).total_seconds()) < 1 for key, row in before.items())
    assert obstore.head(server.store(), f"kept/{number}.jpg")["size"] == 4
    assert f"dump/{number + 100}.jpg" not in after
    kept = obstore.get(server.store(), f"kept/{number}.jpg")
    assert kept.attributes["Content-Type"] == "image/jpeg"
    assert bytes(obstore.get(server.store(), "kept/large").bytes()) == large


def test_a_copy_has_bytes_type_metadata_and_the_encryption_asked_for(server: Server) -> None:
    s3 = client(server)
    s3.put_object(
        Bucket=BUCKET, Key="copy/ä +%25.txt", Body=b"text", ContentType="text/x", Metadata={"by": "us"}
    )
    given = {"Bucket": BUCKET, "CopySource": {"Bucket": BUCKET, "Key": "copy/ä +%25.txt"}}
    answer = s3.copy_object(**given, Key="copied/ä +%25.txt", ServerSideEncryption="AES256")
    found = s3.head_object(Bucket=BUCKET, Key="copied/ä +%25.txt")
    assert found["ETag"] == answer["CopyObjectResult"]["ETag"]
    assert (found["ContentType"], found["Metadata"]) == ("text/x", {"by": "us"})
    assert client(server).get_object(Bucket=BUCKET, Key="copied/ä +%25.txt")["Body"].read() == b"text"


def test_a_copied_composed_object_is_composed_still_and_outlives_the_server(server: Server) -> None:
    s3 = client(server)
    s3.copy_object(
        Bucket=BUCKET,
        Key="copied/1.jpg",
        CopySource={"Bucket": BUCKET, "Key": "composed/1.jpg"},
        ServerSideEncryption="AES256",
    )
    assert s3.head_object(Bucket=BUCKET, Key="copied/1.jpg")["ServerSideEncryption"] == "AES256"
    server.end(signal.SIGKILL)
    server.start()
    assert bytes(obstore.get(server.store(), "copied/1.jpg").bytes()) == COMPOSED.body()
    with contextlib.closing(sqlite3.connect(server.journal)) as journal:
        assert journal.execute("SELECT at FROM composed WHERE key = 'copied/1.jpg'").fetchone() == (10,)


@pytest.mark.parametrize(
    ("source", "conditions", "code"),
    [
        ("composed/1.jpg", {"CopySourceIfMatch": '"other"'}, "PreconditionFailed"),
        ("composed/1.jpg", {"IfNoneMatch": "*"}, "PreconditionFailed"),
        ("composed/none.jpg", {}, "NoSuchKey"),
    ],
)
def test_a_copy_whose_condition_fails_is_refused(
    server: Server, source: str, conditions: dict[str, str], code: str
) -> None:
    given = {"Bucket": BUCKET, "Key": "composed/2.jpg", "CopySource": {"Bucket": BUCKET, "Key": source}}
    with pytest.raises(ClientError) as refused:
        client(server).copy_object(**given, **conditions)
    assert refused.value.response["Error"]["Code"] == code


def client(server: Server) -> Any:
    return boto3.client(
        "s3",
        region_name="ap-southeast-2",
        endpoint_url=server.url,
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",  # noqa: S106 - the server takes any
    )


def test_many_at_once_lose_nothing(server: Server) -> None:
    store = server.store()

    def put_then_list(number: int) -> bool:
        obstore.put(store, f"busy/{number}", b"x")
        return f"busy/{number}" in listed(store, "busy")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(put_then_list, range(40)))
    assert len(listed(store, "busy")) == 40


def test_the_log_names_no_key(server: Server) -> None:
    obstore.put(server.store(), "patients/somebody", b"x")
    with pytest.raises(FileNotFoundError):
        obstore.head(server.store(), "patients/nobody")
    written = server.end(signal.SIGTERM).decode()
    server.start()
    assert "somebody" not in written
    assert "nobody" not in written
