"""HEIC pictures: Pillow's own pixels in less memory; a large one's own thumbnail stands in for it."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pillow_heif import HeifImageFile, from_bytes, from_pillow, open_heif

from nexus_reimport.pictures.imaging import decoding
from nexus_reimport.pictures.imaging import heic as heic_module
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.heic import HeicPicture
from nexus_reimport.pictures.imaging.thumbnail import make_thumbnail
from nexus_reimport_tests.pictures.imaging.photographs import photograph
from nexus_reimport_tests.pictures.imaging.similarity import likeness

SIZE = (900, 600)


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A photograph that is small for a phone's."""
    return Image.open(io.BytesIO(photograph(3))).convert("RGB").resize(SIZE)


def heic(image: Image.Image, thumbnails: tuple[int, ...] = (), **options: Any) -> bytes:
    made = from_pillow(image)
    made.info["thumbnails"] = list(thumbnails)
    file = io.BytesIO()
    made.save(file, quality=90, enc_params={"preset": "ultrafast"}, **options)
    return file.getvalue()


def deep(size: tuple[int, int]) -> bytes:
    """A picture of ten bits a colour."""
    file = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 65535, (size[1], size[0], 3), dtype=np.uint16)
    from_bytes("RGB;16", size, pixels.tobytes()).save(file)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_rows_are_those_that_pillow_decodes(picture: Image.Image, mode: str) -> None:
    content = heic(picture.convert(mode).crop((0, 0, 331, 203)))
    opened: Any = HeifImageFile
    wanted = opened(io.BytesIO(content))
    wanted.load()
    found = HeicPicture(io.BytesIO(content))
    assert (found.size, found.mode) == (wanted.size, wanted.mode)
    found.load()
    for top, bottom in ((0, 203), (0, 50), (50, 203)):
        rows = found.crop((0, top, found.width, bottom))
        assert rows.tobytes() == wanted.crop((0, top, found.width, bottom)).tobytes()


def test_what_a_pixel_costs_depends_on_how_it_is_stored(picture: Image.Image) -> None:
    small = picture.resize((64, 48))
    costs = [
        HeicPicture(io.BytesIO(content)).bytes_per_pixel
        for content in (heic(small), heic(small, chroma=444), heic(small.convert("RGBA")), deep((64, 48)))
    ]
    assert costs == [5, 10, 10, 10]


def with_room(monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    monkeypatch.setattr(decoding, "MOST_MEMORY", memory)
    monkeypatch.setattr(decoding, "_room", decoding.Room(memory))


def test_a_picture_as_phones_write_it_needs_five_bytes_a_pixel(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, pixels = heic(picture), SIZE[0] * SIZE[1]
    with_room(monkeypatch, 5 * pixels)
    assert make_thumbnail(content).width == SIZE[0]
    with_room(monkeypatch, 5 * pixels - 1)
    with pytest.raises(UnreadableImage, match="too_large"):
        make_thumbnail(content)


def test_forty_eight_megapixels_fit_the_memory_there_is() -> None:
    assert decoding.MOST_MEMORY >= 5 * 8064 * 6048


def test_a_larger_one_is_shown_by_its_own_thumbnail(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = heic(picture, thumbnails=(512,))
    whole = make_thumbnail(content)
    with_room(monkeypatch, 1000)
    found = make_thumbnail(content)
    assert (found.width, found.height, found.mime_type) == (whole.width, whole.height, "image/jpeg")
    assert Image.open(io.BytesIO(found.content)).size == (300, 200)
    original = io.BytesIO()
    picture.save(original, "PNG")
    assert likeness(found.content, original.getvalue()) > 0.9


@pytest.mark.parametrize("sides", [(), (200,), (512,)])
def test_a_thumbnail_too_small_or_too_costly_does_not_stand_in(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch, sides: tuple[int, ...]
) -> None:
    monkeypatch.setattr(heic_module, "LARGEST_EMBEDDED_SIDE", 400)
    content = heic(picture, thumbnails=sides)
    assert len(open_heif(content).info["thumbnails"]) == len(sides)
    with_room(monkeypatch, 1000)
    with pytest.raises(UnreadableImage, match="too_large"):
        make_thumbnail(content)
