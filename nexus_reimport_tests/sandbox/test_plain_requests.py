"""Which requests are plain: everything that asks for more than the object itself is somebody else's."""

import pytest
from werkzeug.test import create_environ

from nexus_reimport.sandbox.plain_requests import PlainRequest, plain_request

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 any", "x-amz-date": "20260101T000000Z"}


def parsed(
    method: str = "GET",
    path: str = "/files/a/1.jpg",
    headers: dict[str, str] | None = None,
    data: bytes = b"",
) -> PlainRequest | None:
    environ = create_environ(path, method=method, data=data, headers={**SIGNED, **(headers or {})})
    return plain_request(environ, "files")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_an_object_is_plain(method: str) -> None:
    request = parsed(method)
    assert request is not None
    assert (request.method, request.key) == (method, "a/1.jpg")


def test_putting_an_object_is_plain_with_its_type_and_metadata() -> None:
    headers = {"Content-Type": "image/png", "x-amz-meta-made-by": "us", "x-amz-content-sha256": "00"}
    request = parsed("PUT", headers=headers, data=b"12345")
    assert request == PlainRequest("PUT", "a/1.jpg", "image/png", 5, {"x-amz-meta-made-by": "us"})


@pytest.mark.parametrize("method", ["DELETE", "POST", "OPTIONS"])
def test_another_method_is_not_plain(method: str) -> None:
    assert parsed(method) is None


@pytest.mark.parametrize(
    "path",
    [
        "/files",
        "/files/",
        "/other/a/1.jpg",
        "/files/a/",
        "/files//a",
        "/files/a é",
        "/files/a%20b",
        "/files/a?acl",
    ],
)
def test_another_address_is_not_plain(path: str) -> None:
    assert parsed(path=path) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Range", "bytes=0-1"),
        ("If-Match", '"a"'),
        ("If-None-Match", "*"),
        ("Content-MD5", "AAAA"),
        ("Cache-Control", "no-store"),
        ("Content-Encoding", "aws-chunked"),
        ("Transfer-Encoding", "chunked"),
        ("x-amz-copy-source", "/files/b"),
        ("x-amz-checksum-crc32", "AAAA"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_request_with_small_print_is_not_plain(method: str, name: str, value: str) -> None:
    assert parsed(method, headers={name: value}, data=b"x" if method == "PUT" else b"") is None


def test_who_does_not_sign_is_not_answered_plainly() -> None:
    assert plain_request(create_environ("/files/a/1.jpg"), "files") is None


def test_a_put_that_does_not_say_how_long_it_is_is_not_plain() -> None:
    environ = create_environ("/files/a/1.jpg", method="PUT", headers=SIGNED)
    environ.pop("CONTENT_LENGTH", None)
    assert plain_request(environ, "files") is None
