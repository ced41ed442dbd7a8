"""The readable odd kinds of picture file: every format, colour mode, extension and rotation a clinic has."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import IO, Any, Final

import numpy as np
from PIL import Image, ImageCms

from nexus_reimport.sandbox.clinic.picture_marks import PLACE_FOR_MARK, png_chunk

Encoder = Callable[[Image.Image, IO[bytes]], None]

_QUALITY: Final = 90
ORIENTATIONS: Final = range(1, 9)
_DESCRIPTION, _MAKE, _MODEL, _ORIENTATION, _GPS = 0x010E, 0x010F, 0x0110, 0x0112, 0x8825
NOWHERE: Final = {1: "S", 2: (12.0, 34.0, 56.0), 3: "E", 4: (98.0, 7.0, 6.0)}
"""A made-up place in the open sea, as EXIF writes one."""

# What a camera stores for each orientation, so that the viewer's turn brings the picture upright again.
_AS_STORED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class PictureFormat:
    """One odd kind: how a picture becomes its file, the name's extension, and what the bytes are."""

    encode: Encoder
    extension: str
    mime_type: str


def exif(orientation: int) -> Image.Exif:
    """Return what a camera writes down: its name, a place, how it was held, and room for a mark."""
    tags = Image.Exif()
    tags[_DESCRIPTION] = PLACE_FOR_MARK
    tags[_MAKE], tags[_MODEL] = "Example", "Pocket Camera 1"
    tags[_ORIENTATION] = orientation
    tags.get_ifd(_GPS).update(NOWHERE)
    return tags


def jpeg(orientation: int = 1, mode: str = "RGB", **options: Any) -> Encoder:
    """Return an encoder of JPEG files with EXIF; `options` are Pillow's."""

    def encode(picture: Image.Image, file: IO[bytes]) -> None:
        stored = picture.transpose(_AS_STORED[orientation]) if orientation in _AS_STORED else picture
        stored.convert(mode).save(file, "JPEG", **{"quality": _QUALITY, "exif": exif(orientation), **options})

    return encode


def _saved(image_format: str, mode: str = "RGB", **options: Any) -> Encoder:
    def encode(picture: Image.Image, file: IO[bytes]) -> None:
        picture.convert(mode).save(file, image_format, **options)

    return encode


def _with_alpha(picture: Image.Image) -> Image.Image:
    """Return the picture with a hole in its middle, half seen through at the rim."""
    pixels = np.array(picture.convert("RGBA"))
    height, width = pixels.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    distance = ((rows - height / 2) / height) ** 2 + ((columns - width / 2) / width) ** 2
    pixels[..., 3] = np.where(distance < 0.02, 0, np.where(distance < 0.04, 128, 255))
    return Image.fromarray(pixels, "RGBA")


def _alpha(image_format: str, picture: Image.Image, file: IO[bytes], **options: Any) -> None:
    _with_alpha(picture).save(file, image_format, **options)


def _palette(picture: Image.Image, file: IO[bytes], *, transparent: bool = False) -> None:
    options = {"transparency": 0} if transparent else {}
    picture.quantize(64, Image.Quantize.FASTOCTREE).save(file, "PNG", **options)


def _deep_png(colours: int, picture: Image.Image, file: IO[bytes]) -> None:
    """Write a PNG of 16 bits a channel: Pillow writes grey ones only."""
    grey_or_rgb = np.asarray(picture.convert("L" if colours == 1 else "RGB")).astype(">u2") * 257
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 16, 0 if colours == 1 else 2, 0, 0, 0)
    lines = b"".join(b"\x00" + line.tobytes() for line in grey_or_rgb)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 1)), (b"IEND", b""))
    file.write(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in chunks))


def _gif(picture: Image.Image, file: IO[bytes], *, frames: int = 1) -> None:
    small = picture.resize((picture.width // 2, picture.height // 2)).quantize(64, Image.Quantize.FASTOCTREE)
    more = [small.transpose(Image.Transpose.ROTATE_180)] * (frames - 1)
    small.save(file, "GIF", comment=b"made", save_all=frames > 1, append_images=more, duration=200)


def _tiff(picture: Image.Image, file: IO[bytes], mode: str = "RGB", **options: Any) -> None:
    picture.convert(mode).save(file, "TIFF", description=PLACE_FOR_MARK, **options)


def _deep_tiff(picture: Image.Image, file: IO[bytes]) -> None:
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(file, "TIFF", description=PLACE_FOR_MARK)


def _heic(picture: Image.Image, file: IO[bytes]) -> None:
    from pillow_heif import from_pillow

    from_pillow(picture).save(file, quality=80, exif=exif(1).tobytes())


def _webp(picture: Image.Image, file: IO[bytes], **options: Any) -> None:
    picture.save(file, "WEBP", exif=exif(1), **options)


@cache
def swapped_profile() -> bytes:
    """Return a colour profile in which red and green have changed places.

    A viewer that heeds it shows other colours than one that does not: nobody can take one for the other.
    """
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", profile, 128)[0]
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def _icc(picture: Image.Image, file: IO[bytes]) -> None:
    red, green, blue = picture.split()
    swapped = Image.merge("RGB", (green, red, blue))
    jpeg(icc_profile=swapped_profile())(swapped, file)


_JPEG, _PNG, _TIFF, _WEBP = "image/jpeg", "image/png", "image/tiff", "image/webp"

FORMATS: Final[dict[str, PictureFormat]] = {
    **{f"jpeg_turned_{turn}": PictureFormat(jpeg(turn), "jpg", _JPEG) for turn in ORIENTATIONS},
    "jpeg_cmyk": PictureFormat(jpeg(mode="CMYK"), "jpg", _JPEG),
    "jpeg_grey": PictureFormat(jpeg(mode="L"), "jpg", _JPEG),
    "jpeg_progressive": PictureFormat(jpeg(progressive=True), "jpg", _JPEG),
    "jpeg_other_profile": PictureFormat(_icc, "jpg", _JPEG),
    "jpeg_long_extension": PictureFormat(jpeg(), "jpeg", _JPEG),
    "jpeg_capital_extension": PictureFormat(jpeg(), "JPG", _JPEG),
    "png": PictureFormat(_saved("PNG", compress_level=3), "png", _PNG),
    "png_alpha": PictureFormat(partial(_alpha, "PNG"), "png", _PNG),
    "png_palette": PictureFormat(_palette, "png", _PNG),
    "png_palette_transparent": PictureFormat(partial(_palette, transparent=True), "PNG", _PNG),
    "png_16_bit_grey": PictureFormat(partial(_deep_png, 1), "png", _PNG),
    "png_16_bit_colour": PictureFormat(partial(_deep_png, 3), "png", _PNG),
    "png_one_bit": PictureFormat(_saved("PNG", "1"), "png", _PNG),
    "png_named_jpg": PictureFormat(_saved("PNG", compress_level=3), "jpg", _PNG),
    "gif": PictureFormat(_gif, "gif", "image/gif"),
    "gif_moving": PictureFormat(partial(_gif, frames=3), "gif", "image/gif"),
    "webp": PictureFormat(partial(_webp, quality=80), "webp", _WEBP),
    "webp_alpha": PictureFormat(partial(_alpha, "WEBP", exif=exif(1)), "webp", _WEBP),
    "tiff": PictureFormat(_tiff, "tif", _TIFF),
    "tiff_packed": PictureFormat(partial(_tiff, compression="tiff_lzw"), "tiff", _TIFF),
    "tiff_cmyk": PictureFormat(partial(_tiff, mode="CMYK"), "tif", _TIFF),
    "tiff_16_bit_grey": PictureFormat(_deep_tiff, "tif", _TIFF),
    "bmp": PictureFormat(_saved("BMP"), "bmp", "image/bmp"),
    "heic": PictureFormat(_heic, "heic", "image/heic"),
}
"""By name; each kind is a few of the clinic's pictures, and readable."""
