"""A JPEG is cut short where part of its picture is missing, and not where only its end mark is."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.thumbnail import make_thumbnail
from nexus_reimport_tests.pictures.imaging.photographs import photograph
from nexus_reimport_tests.pictures.imaging.pictures import opened, with_second_frame, written

END = b"\xff\xd9"
LARGE, SMALL = (1000, 800), (200, 150)
WAYS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart_rows": {"restart_marker_rows": 1},
    "restart_blocks": {"restart_marker_blocks": 7},
    "optimized": {"optimize": True},
    "full_colour": {"subsampling": "4:4:4"},
}
PHOTOGRAPHS = {size: Image.open(io.BytesIO(photograph(5, size))) for size in (LARGE, SMALL)}


def jpeg(way: str = "baseline", size: tuple[int, int] = LARGE, mode: str = "RGB") -> bytes:
    return written(PHOTOGRAPHS[size].convert(mode), "JPEG", quality=85, **WAYS[way])


def what_becomes_of(content: bytes) -> str | None:
    """The reason why it is not read, else the warning, else None."""
    try:
        return make_thumbnail(content).warning
    except UnreadableImage as error:
        return str(error.reason)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [LARGE, SMALL])
@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_lacks_only_its_end_mark_is_whole(way: str, size: tuple[int, int], mode: str) -> None:
    whole = jpeg(way, size, mode)
    expected = np.asarray(opened(make_thumbnail(whole).content), np.int16)
    for content in (whole[:-2], whole[:-1], whole[:-2] + bytes(512), whole[:-2] + b"\xff" * 512):
        made = make_thumbnail(content)
        assert made.warning == "no_end_marker"
        assert np.abs(np.asarray(opened(made.content), np.int16) - expected).max() <= 12


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [LARGE, SMALL])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_a_picture_whose_lower_part_is_missing_is_cut_short_whatever_it_ends_with(
    way: str, size: tuple[int, int], mode: str, share: float
) -> None:
    whole = jpeg(way, size, mode)
    part = whole[: int(len(whole) * share)]
    rest = len(whole) - len(part)
    for after in (b"", END, END + b"more", bytes(rest), bytes(rest) + END, b"\xff" * rest, END + bytes(rest)):
        assert what_becomes_of(part + after) == "truncated"


@pytest.mark.parametrize("way", ["restart_rows", "restart_blocks"])
def test_a_cut_just_before_or_after_a_restart_mark_is_one(way: str) -> None:
    whole = jpeg(way)
    at = whole.rindex(b"\xff\xd3", 0, len(whole) // 2)
    for end in (at, at + 1, at + 2, at + 3):
        assert what_becomes_of(whole[:end]) == "truncated"
        assert what_becomes_of(whole[:end] + END) == "truncated"


def test_rows_lost_in_the_middle_leave_the_lower_part_missing() -> None:
    whole = jpeg("restart_rows")
    marks = [at for at in range(len(whole) - 1) if whole[at] == 0xFF and 0xD0 <= whole[at + 1] <= 0xD7]
    assert what_becomes_of(whole[: marks[8]] + whole[marks[32] :]) == "truncated"


def test_a_progressive_picture_that_lacks_a_whole_scan_is_cut_short() -> None:
    whole = jpeg("progressive")
    assert what_becomes_of(whole[: whole.rindex(b"\xff\xda")]) == "truncated"


@pytest.mark.parametrize("grey", [128, 127, 90])
@pytest.mark.parametrize("way", WAYS)
def test_a_lower_half_that_is_grey_by_itself_is_no_fault(way: str, grey: int) -> None:
    wall = PHOTOGRAPHS[LARGE].convert("RGB")
    wall.paste((grey, grey, grey), (0, 400, 1000, 800))
    content = written(wall, "JPEG", **WAYS[way])
    assert what_becomes_of(content) is None
    assert what_becomes_of(content[:-2]) == "no_end_marker"


@pytest.mark.parametrize("colour", ["white", "black", (128, 128, 128)])
@pytest.mark.parametrize("way", WAYS)
def test_a_flat_picture_is_whole(way: str, colour: str) -> None:
    content = written(Image.new("RGB", LARGE, colour), "JPEG", **WAYS[way])
    assert what_becomes_of(content) is None
    assert what_becomes_of(content[:-2]) == "no_end_marker"


def test_what_comes_after_the_end_mark_is_no_matter() -> None:
    whole = jpeg()
    for after in (b"\x00" * 3000, b"<html>", jpeg(size=SMALL)[:-2], b"\xff" * 9, whole[: len(whole) // 2]):
        assert what_becomes_of(whole + after) is None
    assert what_becomes_of(with_second_frame(PHOTOGRAPHS[LARGE].convert("RGB"), "MPO")) is None


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(WAYS)), st.integers(4, 100_000))
def test_wherever_it_is_cut_it_is_whole_to_the_pixel_or_cut_short(way: str, lost: int) -> None:
    whole = jpeg(way)
    content = whole[: -min(lost, len(whole) - 1000)]
    if what_becomes_of(content) != "truncated":
        assert (np.asarray(opened(content + END)) == np.asarray(opened(whole))).all()


@pytest.mark.parametrize(("form", "lost"), [("PNG", 12), ("PNG", 1), ("GIF", 1)])
def test_other_kinds_without_their_end_mark_are_whole_too(form: str, lost: int) -> None:
    whole = written(PHOTOGRAPHS[SMALL].convert("RGB"), form)
    assert what_becomes_of(whole) is None
    assert what_becomes_of(whole + b"more") is None
    expected = None if lost == 1 and form == "PNG" else "no_end_marker"
    assert what_becomes_of(whole[:-lost]) == expected
    ending = whole[-lost:]
    half = whole[: len(whole) // 2]
    assert what_becomes_of(half + ending) == "truncated"
