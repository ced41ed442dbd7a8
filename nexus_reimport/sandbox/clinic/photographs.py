"""The pool of base pictures: made of gradients, shapes and grain, of no person and no place.

Each shows a red field in its upper left corner, a blue one in its upper right and a green one in its lower
left, as a viewer sees it: a picture turned, mirrored or with its colours wrong is known at a glance.
"""

import io
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from nexus_reimport.sandbox.clinic.picture_formats import FORMATS, Encoder, jpeg

CAMERA_SIZES: Final = {
    "12mp": (4032, 3024),
    "large": (1600, 1200),
    "medium": (1024, 768),
    "small": (640, 480),
}
"""Width and height of ordinary photographs, the phone held level."""
POOL: Final = {"12mp": 3, "large": 5, "medium": 8, "small": 10}
"""How many different photographs of each size there are."""
ODD_SIZE: Final = (480, 360)

RED, GREEN, BLUE = (220, 30, 30), (30, 180, 60), (30, 60, 220)
_GRAIN_TILE: Final = 126
_QUALITY: Final = {"12mp": 94, "large": 90, "medium": 90, "small": 90}
_LEVEL, _HELD_UPRIGHT = 1, 6
_EVERY_THIRD: Final = 3


def camera_picture(size: str, place: int) -> str:
    """Return the name of an ordinary photograph of that size: one of the pool's, by turns."""
    return f"{size}-{place % POOL[size]}"


@cache
def base_picture(name: str) -> bytes:
    """Return a picture's file by its name: a format of FORMATS, or a camera size and a number ("12mp-3").

    It is made when first asked for, and the same in every process with the same libraries.
    """
    if name in FORMATS:
        encoder, (width, height), number = FORMATS[name].encode, ODD_SIZE, sorted(FORMATS).index(name)
    else:
        size, _, digits = name.partition("-")
        (width, height), number = CAMERA_SIZES[size], int(digits)
        is_upright = number % _EVERY_THIRD == _EVERY_THIRD - 1
        encoder = jpeg(_HELD_UPRIGHT if is_upright else _LEVEL, quality=_QUALITY[size])
        width, height = (height, width) if is_upright else (width, height)
    return _encoded(encoder, drawn(width, height, seed=1000 * width + number))


def drawn(width: int, height: int, seed: int) -> Image.Image:
    """Return an RGB picture of that size as a viewer shows it; the seed decides what is in it."""
    chance = np.random.Generator(np.random.PCG64(seed))
    picture = _gradients(width, height, chance)
    pen = ImageDraw.Draw(picture)
    for _ in range(24):
        _draw_shape(pen, width, height, chance)
    _draw_corners(pen, width, height)
    return _grained(picture, chance)


def _gradients(width: int, height: int, chance: np.random.Generator) -> Image.Image:
    coarse = chance.integers(40, 216, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def _draw_shape(pen: ImageDraw.ImageDraw, width: int, height: int, chance: np.random.Generator) -> None:
    left, top = (float(chance.uniform(0.0, 0.9)) * side for side in (width, height))
    across, down = (float(chance.uniform(0.02, 0.2)) * side for side in (width, height))
    box = (left, top, left + across, top + down)
    red, green, blue = (int(level) for level in chance.integers(0, 256, 3))
    draw: Callable[..., Any] = (pen.ellipse, pen.rectangle, pen.line)[int(chance.integers(0, 3))]
    draw(box, fill=(red, green, blue))


def _draw_corners(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
    across, down = width // 6, height // 6
    pen.rectangle((0, 0, across, down), fill=RED)
    pen.rectangle((width - across, 0, width, down), fill=BLUE)
    pen.rectangle((0, height - down, across, height), fill=GREEN)


def _grained(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Return the picture with a sensor's noise, in strips so that little memory is needed."""
    pixels = np.array(picture)
    grain = chance.normal(0.0, 3.0, (_GRAIN_TILE, _GRAIN_TILE, 1)).astype(np.int16)
    across = -(-picture.width // _GRAIN_TILE)
    row = np.tile(grain, (1, across, 1))[:, : picture.width]
    for top in range(0, picture.height, _GRAIN_TILE):
        strip = pixels[top : top + _GRAIN_TILE]
        strip[:] = np.clip(strip + row[: len(strip)], 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _encoded(encoder: Encoder, picture: Image.Image) -> bytes:
    file = io.BytesIO()
    encoder(picture, file)
    return file.getvalue()
