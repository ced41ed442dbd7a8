"""Our Lanczos is Pillow's, but for rounding: it rounds once, Pillow twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nexus_reimport.pictures.imaging.lanczos import shrunk

ROUNDING = 2


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    bands = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    pixels = np.random.default_rng(7).integers(60, 196, (size[1], size[0], bands), np.uint8)
    return Image.fromarray(pixels.squeeze(2) if bands == 1 else pixels, mode)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    across=st.integers(1, 300),
    down=st.integers(1, 300),
    part=st.sampled_from([0.0, 0.25, 0.5]),
)
@settings(max_examples=25, deadline=None)
def test_it_gives_what_pillow_gives(
    mode: str, width: int, height: int, across: int, down: int, part: float
) -> None:
    image = noise(mode, (width, height))
    size = (min(across, width), min(down, height))
    reach = (width - part, height - part)
    expected = image.resize(size, Image.Resampling.LANCZOS, box=(0, 0, *reach))
    result = shrunk(image, size, reach)
    assert (result.mode, result.size) == (mode, size)
    assert np.abs(np.asarray(result, int) - np.asarray(expected, int)).max() <= ROUNDING


def test_the_brightest_and_darkest_do_not_wrap_around() -> None:
    edge = Image.new("L", (1000, 900), 0)
    edge.paste(255, (500, 0, 1000, 900))
    result = np.asarray(shrunk(edge, (300, 270), (1000.0, 900.0)))
    assert result[:, :140].max() < 30
    assert result[:, 160:].min() > 225
