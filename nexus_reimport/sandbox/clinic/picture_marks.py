"""Marks that make two copies of one picture different files: a comment in it, and not a pixel changed.

Only a bitmap has no place for a comment; there the mark is written over the last few pixels.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

MARK_WIDTH: Final = 16
PLACE_FOR_MARK: Final = "#" * MARK_WIDTH
"""Text that a picture holds where its format lets no comment be put in afterwards."""

_PNG_AFTER_HEADER: Final = 33
_GIF_HEADER: Final = 13
_GIF_HAS_COLOURS: Final = 0x80
_GIF_COLOUR_BITS: Final = 0x07
_JPEG_START: Final = 2
_JPEG_COMMENT: Final = b"\xff\xfe"
_JPEG_APPLICATION: Final = range(0xE0, 0xF0)


@dataclass(frozen=True)
class Splice:
    """A change of a file: at byte `at`, `skip` bytes give way to `inserted`."""

    at: int
    skip: int
    inserted: bytes

    def into(self, base: bytes) -> bytes:
        """Return the changed file."""
        return b"".join((base[: self.at], self.inserted, base[self.at + self.skip :]))


def mark(picture: bytes, label: str) -> Splice:
    """Return the change that puts a label (16 characters at most, ASCII) into a picture file.

    ValueError where the format is not known and the picture has no place for a mark.
    """
    text = label.encode("ascii")[:MARK_WIDTH].ljust(MARK_WIDTH)
    if picture.startswith(b"\xff\xd8"):
        return Splice(_after_jpeg_application_data(picture), 0, _JPEG_COMMENT + _sized(text))
    if picture.startswith(b"\x89PNG"):
        return Splice(_PNG_AFTER_HEADER, 0, png_chunk(b"tEXt", b"Comment\x00" + text))
    if picture.startswith(b"GIF8"):
        return Splice(_after_gif_colours(picture), 0, b"\x21\xfe" + bytes([len(text)]) + text + b"\x00")
    if picture.startswith(b"BM"):
        return Splice(len(picture) - MARK_WIDTH, MARK_WIDTH, text)
    return Splice(picture.index(PLACE_FOR_MARK.encode()), MARK_WIDTH, text)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG file with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _sized(data: bytes) -> bytes:
    return struct.pack(">H", len(data) + 2) + data


def _after_jpeg_application_data(picture: bytes) -> int:
    """Return the place after the leading APPn segments, EXIF among them, which must come first."""
    place = _JPEG_START
    while picture[place + 1] in _JPEG_APPLICATION:
        place += 2 + int(struct.unpack_from(">H", picture, place + 2)[0])
    return place


def _after_gif_colours(picture: bytes) -> int:
    flags = picture[10]
    colours = 3 << ((flags & _GIF_COLOUR_BITS) + 1) if flags & _GIF_HAS_COLOURS else 0
    return _GIF_HEADER + colours
