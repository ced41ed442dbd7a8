"""Which kinds of image are read, how the first bytes tell them apart, and what kind their thumbnail is."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from nexus_reimport.model.reasons.image_files import EMPTY, NOT_AN_IMAGE, UNSUPPORTED
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.heic import USUAL_BYTES_PER_PIXEL, HeicPicture

JPEG = "image/jpeg"
PNG = "image/png"
GIF = "image/gif"
WEBP = "image/webp"
TIFF = "image/tiff"
BMP = "image/bmp"
HEIC = "image/heic"

# What a browser shows stays what it is.
THUMBNAIL_TYPES = {JPEG: JPEG, PNG: PNG, GIF: GIF, WEBP: WEBP, TIFF: JPEG, BMP: JPEG, HEIC: JPEG}

# Programs write whole histories into a PNG, and Pillow refuses a text of over 1 MB; of all it holds 64 MB.
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024 * 1024

HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})


class Picture(Protocol):
    """An opened picture: nothing is decoded before `load`. Pillow's own images are such ones."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""

    @property
    def width(self) -> int:
        """Pixels in a row."""

    @property
    def height(self) -> int:
        """Rows."""

    @property
    def mode(self) -> str:
        """Pillow's name for its kind of pixels."""

    @property
    def info(self) -> Mapping[Any, Any]:
        """What else the file says."""

    def load(self) -> object:
        """Decode it."""

    def crop(self, box: tuple[int, int, int, int]) -> Image.Image:
        """Return a part of it."""


@dataclass(frozen=True)
class ImageFormat:
    """A kind of image: its media type, what opens it, bytes of memory a pixel usually costs in decoding."""

    mime_type: str
    reader: Callable[[io.BytesIO], Picture]
    bytes_per_pixel: int


# The readers are named one by one: asking Pillow to guess would open the file to some forty decoders,
# and would read the second picture of a phone's multi-picture JPEG too.
_KINDS = {
    kind.mime_type: kind
    for kind in (
        ImageFormat(JPEG, JpegImagePlugin.JpegImageFile, 4),
        ImageFormat(PNG, PngImagePlugin.PngImageFile, 4),
        ImageFormat(GIF, GifImagePlugin.GifImageFile, 4),
        ImageFormat(WEBP, WebPImagePlugin.WebPImageFile, 16),
        ImageFormat(TIFF, TiffImagePlugin.TiffImageFile, 8),
        ImageFormat(BMP, BmpImagePlugin.BmpImageFile, 4),
        ImageFormat(HEIC, HeicPicture, USUAL_BYTES_PER_PIXEL),
    )
}

SIGNATURES = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
)
# Images all the same, so that nobody is told that they are none.
UNSUPPORTED_SIGNATURES = (
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cJXL ",
    b"\xff\x0a",
    b"8BPS",
    b"\x00\x00\x01\x00",
    b"\xd7\xcd\xc6\x9a",
)
BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def recognise(content: bytes) -> ImageFormat:
    """Return the kind of image by its first bytes, never by its name.

    Raises UnreadableImage: `empty`, `not_an_image`, or `unsupported` for kinds known but not read.
    """
    if not content:
        raise UnreadableImage(EMPTY)
    mime_type = _by_signature(content) or _by_container(content)
    if mime_type:
        return _KINDS[mime_type]
    known = content.startswith(UNSUPPORTED_SIGNATURES) or _brands(content) & AVIF_BRANDS
    raise UnreadableImage(UNSUPPORTED if known else NOT_AN_IMAGE)


def ends_early(content: bytes, kind: ImageFormat) -> bool:
    """Say whether a file that could not be decoded lacks what its kind ends with."""
    if kind.mime_type == JPEG:
        return b"\xff\xd9" not in content[-64:]
    if kind.mime_type == PNG:
        return b"IEND" not in content[-64:]
    if kind.mime_type == GIF:
        return b"\x3b" not in content[-4:]
    if kind.mime_type == WEBP:
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    if kind.mime_type == BMP:
        return int.from_bytes(content[2:6], "little") > len(content)
    if kind.mime_type == TIFF:
        return int.from_bytes(content[4:8], "little" if content[:1] == b"I" else "big") >= len(content)
    return False


def has_end(content: bytes, kind: ImageFormat) -> bool:
    """Say whether a file whose picture is whole has the mark that its kind ends with, whatever follows it."""
    if kind.mime_type == PNG:
        return b"\x00\x00\x00\x00IEND" in content
    if kind.mime_type == GIF:
        # Its last block ends in a zero, and so does padding after the mark.
        return not content.endswith(b"\x00") or content.rstrip(b"\x00").endswith(b"\x3b")
    return True


def _by_signature(content: bytes) -> str | None:
    return next((mime_type for start, mime_type in SIGNATURES if content.startswith(start)), None)


def _by_container(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    # "BM" alone begins many a text.
    if content[:2] == b"BM" and int.from_bytes(content[14:18], "little") in BMP_HEADER_SIZES:
        return BMP
    brands = _brands(content)
    return HEIC if brands & HEIC_BRANDS and not brands & AVIF_BRANDS else None


def _brands(content: bytes) -> frozenset[bytes]:
    """Return the major and compatible brands of an ISO media file; none where it is no such file."""
    if content[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(content[:4], "big"), 256)
    return frozenset(content[at : at + 4] for at in range(8, end, 4) if at != 12)
