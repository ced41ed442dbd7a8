"""The last step down to a thumbnail's size: Lanczos, as products of matrices.

A resampled row is a weighted sum of source rows, so resampling is a product with a band matrix. Written as
products of the blocks along that band it takes a third of the time of Pillow's loops, and holds no lock.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nexus_reimport.pictures.imaging.scratch import scratch

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
_Reach = tuple[float, float]

LOBES = 3
# Results and columns computed in one product. Few, so that little of a block is zero, and that a product
# stays below the 2**18 multiplications from which OpenBLAS wakes threads of its own, which fight with ours.
_AT_ONCE = 4
_COLUMNS = 1536
# Blocks whose source rows are made floats together.
GROUP = 8
WITHOUT_ALPHA = frozenset({"L", "RGB", "CMYK"})


def shrunk(image: Image.Image, size: tuple[int, int], reach: _Reach) -> Image.Image:
    """Return the top left part of an image, `reach` pixels wide and high, at another size.

    Images with alpha are left to Pillow, which weighs each colour by its alpha first.
    """
    if image.mode not in WITHOUT_ALPHA or image.size == size:
        return image.resize(size, Image.Resampling.LANCZOS, box=(0, 0, *reach))
    source = np.asarray(image).reshape(image.height, image.width, -1)
    result = shrunk_pixels(source, size, reach)
    return Image.fromarray(result.squeeze(2) if image.mode == "L" else result, image.mode)


def shrunk_pixels(source: Pixels, size: tuple[int, int], reach: _Reach) -> Pixels:
    """Do the same for an array of rows, columns and channels."""
    height, width, channels = source.shape
    low = _fewer_rows(source.reshape(height, -1), size[1], reach[1]).reshape(size[1], width, channels)
    result = np.empty((size[1], size[0], channels), np.uint8)
    plane = scratch.floats("plane", size[1], width)
    for channel in range(channels):
        np.copyto(plane, low[:, :, channel])
        result[:, :, channel] = _fewer_columns(plane, size[0], reach[0])
    return result


def _fewer_rows(source: Pixels, count: int, reach: float) -> Floats:
    height, across = source.shape
    blocks = _blocks(height, count, reach)
    result = scratch.floats("rows", count, across)
    for at in range(0, len(blocks), GROUP):
        group = blocks[at : at + GROUP]
        top, bottom = group[0][1], group[-1][1] + group[-1][2].shape[1]
        part = scratch.floats("part", bottom - top, across)
        np.copyto(part, source[top:bottom])
        for first, start, block in group:
            rows = part[start - top : start - top + block.shape[1]]
            for left in range(0, across, _COLUMNS):
                columns = slice(left, left + _COLUMNS)
                np.matmul(block, rows[:, columns], out=result[first : first + block.shape[0], columns])
    return result


def _fewer_columns(source: Floats, count: int, reach: float) -> Floats:
    result = scratch.floats("columns", source.shape[0], count)
    for first, start, block in _blocks(source.shape[1], count, reach):
        part = source[:, start : start + block.shape[1]]
        np.matmul(part, block.T, out=result[:, first : first + block.shape[0]])
    result += np.float32(0.5)
    return result.clip(0, 255, out=result)


@lru_cache(maxsize=64)
def _blocks(length: int, count: int, reach: float) -> tuple[tuple[int, int, Floats], ...]:
    """Return the blocks of the band matrix: the first result of each, its first source, and the weights.

    length: sources there are; reach: how many of them count, which may end within one.
    """
    step = reach / count
    stretch = max(step, 1.0)
    blocks = []
    for first in range(0, count, _AT_ONCE):
        centres = (np.arange(first, min(first + _AT_ONCE, count)) + 0.5) * step
        start = max(0, int(centres[0] - LOBES * stretch))
        end = min(length, int(centres[-1] + LOBES * stretch) + 1)
        away = (np.arange(start, end) + 0.5 - centres[:, None]) / stretch
        weights = np.where(np.abs(away) < LOBES, np.sinc(away) * np.sinc(away / LOBES), 0.0)
        blocks.append((first, start, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)))
    return tuple(blocks)
