"""Which requests are copies with no finer points, and what they ask for."""

import pytest
from werkzeug.test import create_environ

from nexus_reimport.sandbox.copy_requests import CopyRequest, copy_request

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 any", "x-amz-date": "20260101T000000Z"}


def parsed(
    source: str | None = "files/a/1.jpg", path: str = "/files/b/1.jpg", method: str = "PUT", **headers: str
) -> CopyRequest | None:
    given = {**SIGNED, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if source is not None:
        given["x-amz-copy-source"] = source
    return copy_request(create_environ(path, method=method, headers=given), "files")


def test_a_copy_inside_the_bucket_says_from_where_to_where() -> None:
    assert parsed() == CopyRequest("a/1.jpg", "b/1.jpg")
    assert parsed("/files/a/1.jpg") == CopyRequest("a/1.jpg", "b/1.jpg")


def test_conditions_and_encryption_are_taken_over() -> None:
    headers = {
        "x-amz-copy-source-if-match": '"0af1"',
        "if-none-match": "*",
        "x-amz-server-side-encryption": "AES256",
    }
    assert parsed(**headers) == CopyRequest("a/1.jpg", "b/1.jpg", "0af1", True, "AES256")


def test_odd_characters_arrive_as_they_are() -> None:
    request = parsed("files/a/%C3%BC%20%2B%2525.jpg", "/files/b/%C3%BC%20%2B%2525.jpg")
    assert request == CopyRequest("a/ü +%25.jpg", "b/ü +%25.jpg")


@pytest.mark.parametrize(
    "name",
    [
        "x-amz-metadata-directive",
        "x-amz-copy-source-range",
        "x-amz-tagging",
        "x-amz-copy-source-if-none-match",
    ],
)
def test_finer_points_are_left_to_moto(name: str) -> None:
    assert parsed(**{name: "anything"}) is None


def test_other_requests_are_no_copies() -> None:
    assert parsed(None) is None
    assert parsed(method="GET") is None
    assert parsed(path="/files/b?partNumber=1") is None
    assert parsed("elsewhere/a/1.jpg") is None
    assert parsed(path="/elsewhere/b/1.jpg") is None
    assert parsed("files/a/1.jpg?versionId=7") is None
