"""Where the thumbnail of an original lies."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nexus_reimport.pictures.thumbnail_keys import thumbnail_key


@pytest.mark.parametrize(
    ("key", "mime_type", "expected"),
    [
        ("a/995.jpg", "image/jpeg", "a/995_thumb.jpg"),
        ("a/995.JPG", "image/jpeg", "a/995_thumb.JPG"),
        ("a/995.jpeg", "image/jpeg", "a/995_thumb.jpeg"),
        ("a/995.png", "image/png", "a/995_thumb.png"),
        ("a/995.heic", "image/jpeg", "a/995_thumb.jpg"),
        ("a/995.tif", "image/jpeg", "a/995_thumb.jpg"),
        ("a.b/995", "image/jpeg", "a.b/995_thumb.jpg"),
        ("a.b/995", "image/gif", "a.b/995_thumb"),
        ("a/left.foot.png", "image/png", "a/left.foot_thumb.png"),
        ("995.webp", "image/webp", "995_thumb.webp"),
        ("a/.png", "image/png", "a/.png_thumb"),
    ],
)
def test_a_thumbnail_lies_beside_its_original(key: str, mime_type: str, expected: str) -> None:
    assert thumbnail_key(key, mime_type) == expected


@given(st.text(), st.sampled_from(["image/jpeg", "image/png"]))
@example("a//b/995.jpg", "image/jpeg")
def test_a_thumbnail_never_takes_its_originals_place(key: str, mime_type: str) -> None:
    made = thumbnail_key(key, mime_type)
    assert made != key
    assert made.rpartition("/")[0] == key.rpartition("/")[0]
