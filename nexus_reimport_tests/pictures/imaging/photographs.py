"""Photographs of nothing: slow light, texture of every size, edges, and the grain of a sensor."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

TWELVE_MEGAPIXELS = (4032, 3024)
# Details across the picture, and how strong they are.
TEXTURES = ((4, 90), (16, 40), (64, 20), (256, 10), (1024, 6))
SHAPES = 60


def photograph(seed: int, size: tuple[int, int] = TWELVE_MEGAPIXELS, grain: float = 4.0) -> bytes:
    """Return a JPEG as phones write it: quality 90, 4:2:0; with 12 megapixels and grain 2 to 6, 2 to 4 MB."""
    random = np.random.default_rng(seed)
    scene = Image.fromarray(_texture(random, size))
    _draw_shapes(ImageDraw.Draw(scene), random, size)
    noise = random.normal(0, grain, (size[1], size[0], 1)).astype(np.float32)
    grainy = np.clip(np.asarray(scene, np.float32) + noise, 0, 255).astype(np.uint8)
    return _as_jpeg(grainy)


def zone_plate(size: tuple[int, int] = TWELVE_MEGAPIXELS) -> bytes:
    """Return a JPEG of rings that get finer from the middle out, down to two pixels: every moiré shows."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    away = (x - size[0] / 2) ** 2 + (y - size[1] / 2) ** 2
    return _as_jpeg((127.5 + 127 * np.cos(np.pi * away / (2 * size[0]))).astype(np.uint8))


def stripes(period: float, size: tuple[int, int] = TWELVE_MEGAPIXELS) -> bytes:
    """Return a JPEG of slanted stripes, as of a shirt, so many pixels from one to the next."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    wave = np.sign(np.sin(2 * np.pi * (x * np.cos(0.3) + y * np.sin(0.3)) / period))
    return _as_jpeg((127 + 100 * wave).astype(np.uint8))


def _texture(random: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    total = np.full((size[1], size[0], 3), 127, np.float32)
    for details, strength in TEXTURES:
        cells = (max(2, details * size[1] // size[0]), details, 3)
        coarse = Image.fromarray((random.random(cells) * 255).astype(np.uint8))
        fine = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.float32)
        total += (fine - 127) * (strength / 127)
    return np.clip(total, 0, 255).astype(np.uint8)


def _draw_shapes(draw: ImageDraw.ImageDraw, random: np.random.Generator, size: tuple[int, int]) -> None:
    for at in range(SHAPES):
        x, y = int(random.integers(0, size[0])), int(random.integers(0, size[1]))
        length = int(random.integers(size[0] // 200, size[0] // 4))
        colour = (int(random.integers(256)), int(random.integers(256)), int(random.integers(256)))
        if at % 3 == 0:
            draw.ellipse((x, y, x + length, y + length // 2), fill=colour)
        elif at % 3 == 1:
            draw.rectangle((x, y, x + length // 2, y + length), outline=colour, width=1 + length // 40)
        else:
            draw.line((x, y, x + length, y + length // 3), fill=colour, width=1 + length // 90)


def _as_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, subsampling="4:2:0")
    return out.getvalue()
