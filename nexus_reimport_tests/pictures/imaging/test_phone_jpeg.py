"""The shortest way gives what the long one gives, and steps back where anything is amiss."""

import io

import numpy as np
import pytest
from PIL import Image

from nexus_reimport.pictures.imaging import decoding
from nexus_reimport.pictures.imaging.phone_jpeg import shrunk_jpeg
from nexus_reimport.pictures.imaging.thumbnail import make_thumbnail
from nexus_reimport_tests.pictures.imaging.photographs import photograph
from nexus_reimport_tests.pictures.imaging.pictures import opened, written

SIZE = (1351, 1011)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": "4:4:4"}, {"keep_rgb": True}])
def test_both_ways_lead_to_one_picture(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    content = written(opened(photograph(5, SIZE)).copy(), "JPEG", quality=90, **options)
    short = opened(make_thumbnail(content).content)
    assert shrunk_jpeg(content, SIZE, 2, (300, 225)) is not None
    monkeypatch.setattr(decoding, "shrunk_jpeg", lambda *_: None)
    long = opened(make_thumbnail(content).content)
    assert short.size == long.size
    assert np.abs(np.asarray(short, int) - np.asarray(long, int)).mean() < 1


def test_what_libjpeg_frowns_at_is_left_to_pillow() -> None:
    content = photograph(5, SIZE)
    end = content.rindex(b"\xff\xd9")
    frowned_at = content[:end] + bytes(40) + content[end:]
    assert shrunk_jpeg(frowned_at, SIZE, 2, (300, 225)) is None
    with Image.open(io.BytesIO(make_thumbnail(frowned_at).content)) as small:
        assert small.size == (300, 225)


def test_a_picture_of_another_size_than_was_said_is_refused() -> None:
    assert shrunk_jpeg(photograph(5, SIZE), (SIZE[0] * 3, SIZE[1] * 3), 2, (300, 225)) is None
