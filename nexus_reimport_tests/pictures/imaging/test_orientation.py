"""The orientation tag is found where it is, and whatever else an EXIF block holds does no harm."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.pictures.imaging.orientation import orientation
from nexus_reimport.pictures.imaging.thumbnail import make_thumbnail
from nexus_reimport_tests.pictures.imaging.pictures import exif, quarters, written


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\x00\x00"])
@pytest.mark.parametrize("way", range(1, 9))
def test_the_tag_is_read_in_both_byte_orders(order: str, prefix: bytes, way: int) -> None:
    assert orientation(prefix + block(order, [(0x010F, 2, 1, 0), (0x0112, 3, 1, way)])) == way


@pytest.mark.parametrize(
    "entry", [(0x0112, 3, 1, 0), (0x0112, 3, 1, 9), (0x0112, 3, 1, 65535), (0x0112, 2, 1, 6)]
)
def test_a_senseless_value_means_upright(entry: tuple[int, int, int, int]) -> None:
    assert orientation(block("<", [entry])) == 1


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"Exif\x00\x00",
        b"Exif\x00\x00II*\x00",
        b"II*\x00\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00\xff\xff",
        b"XX*\x00\x08\x00\x00\x00",
    ],
)
def test_a_broken_block_means_upright(broken: bytes) -> None:
    assert orientation(broken) == 1


@given(st.binary(max_size=200), st.sampled_from([b"", b"II*\x00", b"Exif\x00\x00MM\x00*\x00\x00\x00\x08"]))
def test_no_bytes_break_it(junk: bytes, start: bytes) -> None:
    assert orientation(start + junk) in range(1, 9)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_absurd_entries_do_not_lose_the_photograph() -> None:
    sound = exif(6).tobytes()
    absurd = block(
        "<", [(0x0112, 3, 1, 6), (0x8769, 4, 1, 2**31), (0x011A, 5, 2**30, 2**31 - 1), (1, 99, 9, 9)]
    )
    for content in (sound, b"Exif\x00\x00" + absurd):
        made = make_thumbnail(written(quarters(), "JPEG", exif=content))
        assert (made.width, made.height) == (480, 640)


def block(order: str, entries: list[tuple[int, int, int, int]]) -> bytes:
    """Return an EXIF block with these entries: tag, kind, count, value."""
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8)
    body = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        body += struct.pack(order + "HHI", tag, kind, count)
        body += struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
    return head + body + struct.pack(order + "I", 0)
