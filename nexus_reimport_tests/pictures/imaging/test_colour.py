"""Colours come out as a colour-managed viewer shows them, whatever the file calls them."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from nexus_reimport.pictures.imaging.thumbnail import make_thumbnail
from nexus_reimport_tests.pictures.imaging.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    close,
    corners,
    opened,
    quarters,
    swapped_profile,
    written,
)

UPRIGHT = [RED, GREEN, BLUE, WHITE]


def thumbnail(content: bytes) -> Image.Image:
    return opened(make_thumbnail(content).content)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_four_inks_become_three_colours(form: str) -> None:
    # Pillow writes CMYK JPEGs as Adobe does, inverted and saying so.
    small = thumbnail(written(quarters().convert("CMYK"), form))
    assert small.mode == "RGB"
    assert close(corners(small), UPRIGHT)


def test_four_inks_are_inverted_without_adobes_mark_too_as_browsers_do() -> None:
    marked = written(quarters().convert("CMYK"), "JPEG")
    start = marked.index(b"\xff\xee")
    length = int.from_bytes(marked[start + 2 : start + 4], "big")
    unmarked = marked[:start] + marked[start + 2 + length :]
    assert close(corners(thumbnail(unmarked)), UPRIGHT)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_profile_is_followed(form: str) -> None:
    small = thumbnail(written(quarters(), form, icc_profile=swapped_profile()))
    red, green, blue, _ = corners(small)
    assert red[1] > red[0]
    assert green[0] > green[1]
    assert close([blue], [BLUE], by=30)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_broken_profile_or_one_for_other_colours_is_passed_over(form: str) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"nonsense", swapped_profile()[:200], lab):
        assert close(corners(thumbnail(written(quarters(), form, icc_profile=profile))), UPRIGHT)


def test_lab_is_shown_in_srgb() -> None:
    lab = ImageCms.profileToProfile(
        quarters(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    assert close(corners(thumbnail(written(lab, "TIFF"))), UPRIGHT, by=14)


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF"])
def test_a_palette_is_looked_up_before_shrinking(form: str) -> None:
    fine = Image.fromarray((np.indices((600, 600)).sum(0) % 2).astype(np.uint8), "P")
    fine.putpalette([*RED, *GREEN])
    small = thumbnail(written(fine, form)).convert("RGB")
    between = tuple((one + other) // 2 for one, other in zip(RED, GREEN, strict=True))
    assert close(corners(small), [between] * 4, by=12)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_of_sixteen_bits_the_upper_eight_are_shown(form: str, order: str) -> None:
    deep = np.full((400, 400), 0x1200, order)
    deep[:, 200:] = 0xC8FF
    small = thumbnail(written(Image.fromarray(deep), form))
    assert close(corners(small), [(0x12,) * 3, (0xC8,) * 3] * 2, by=3)


def test_thirty_two_bits_are_spread_over_what_can_be_shown() -> None:
    wide = np.full((400, 400), -5.0, np.float32)
    wide[:, 200:] = 7.5
    wide[0, 0] = np.nan
    small = thumbnail(written(Image.fromarray(wide), "TIFF"))
    assert close(corners(small), [(0,) * 3, (255,) * 3] * 2, by=3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "GIF"])
def test_grey_stays_grey(form: str) -> None:
    small = thumbnail(written(quarters().convert("L"), form))
    assert small.mode in {"L", "P"}
    assert close(corners(small), corners(quarters().convert("L")))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
@pytest.mark.parametrize("size", [(200, 100), (900, 450), (3000, 1500)])
def test_alpha_is_kept_and_colours_do_not_bleed_out_of_it(form: str, size: tuple[int, int]) -> None:
    image = half_clear(size)
    small = thumbnail(written(image, form, exact=True)).convert("RGBA")
    assert small.getchannel("A").getextrema() == (0, 255)
    edge = small.resize((64, 32), Image.Resampling.NEAREST)
    seen = [edge.getpixel((x, 16)) for x in range(64)]
    assert all(
        close([pixel[:3]], [RED], by=30) for pixel in seen if isinstance(pixel, tuple) and pixel[3] > 100
    )


def test_alpha_of_a_gif_is_all_or_nothing() -> None:
    small = thumbnail(written(half_clear((900, 450)), "GIF")).convert("RGBA")
    assert small.getpixel((10, 70)) == (*small.convert("RGB").getpixel((10, 70)), 0)  # type: ignore[misc]  # an RGB pixel is a tuple
    assert close([small.getpixel((290, 70))], [(*RED, 255)])


def test_a_transparent_colour_is_transparent() -> None:
    image = quarters().quantize(4)
    at = image.getpixel((10, 10))
    small = thumbnail(written(image, "PNG", transparency=at)).convert("RGBA")
    assert [small.getpixel(place)[3] for place in ((10, 10), (290, 10))] == [0, 255]  # type: ignore[index]  # an RGBA pixel is a tuple


@pytest.mark.parametrize("form", ["TIFF", "HEIF"])
def test_what_becomes_jpeg_lies_on_white(form: str) -> None:
    small = thumbnail(written(half_clear((900, 450)), form))
    assert small.mode == "RGB"
    assert close([small.getpixel((10, 70)), small.getpixel((290, 70))], [(255, 255, 255), RED])


def half_clear(size: tuple[int, int]) -> Image.Image:
    """Return an image that is red on the right and, on the left, a green that is not to be seen."""
    image = Image.new("RGBA", size, (*GREEN, 0))
    image.paste((*RED, 255), (size[0] // 2, 0, size[0], size[1]))
    return image
