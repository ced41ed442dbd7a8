"""Image files that are none, or that no program should open: for the starting state `odd-images`.

They come on top of the clinic's own pictures, with metadata rows of their own, and so do rows that contradict
each other. What `expected` says of the clinic does not count them; `dirt` names each by its recid.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from PIL import Image

from nexus_reimport.sandbox.clinic.chance import Chance
from nexus_reimport.sandbox.clinic.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.image_csv import drawn_image_csv
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER, ImageRow
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.pdf import tiny_pdf
from nexus_reimport.sandbox.clinic.photographs import base_picture
from nexus_reimport.sandbox.clinic.picture_marks import png_chunk

_GREY, _ONE_BIT = 8, 1
_LARGEST_JPEG: Final = 65_500
_JPEG_FRAME: Final = b"\xff\xc0"
_FIRST_ODD_RECID: Final = 900_001


def _half(name: str) -> bytes:
    whole = base_picture(name)
    return whole[: len(whole) // 2]


def _grey_png(width: int, height: int, bits: int) -> bytes:
    """Return an all black PNG; its file is small however large the picture is."""
    line = bytes(1 + (width * bits + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(line * min(500, height - top)) for top in range(0, height, 500))
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed + packer.flush()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in chunks)


def _jpeg_that_says_it_is_huge() -> bytes:
    whole = bytearray(base_picture("jpeg_turned_1"))
    struct.pack_into(">HH", whole, whole.index(_JPEG_FRAME) + 5, _LARGEST_JPEG, _LARGEST_JPEG)
    return bytes(whole)


def _jpeg_with_garbage_inside() -> bytes:
    whole = base_picture("jpeg_turned_1")
    third = len(whole) // 3
    return whole[:third] + b"\x00\xff\xd8\x13" * 200 + whole[third + 800 :]


def _gif_without_pixels() -> bytes:
    file = io.BytesIO()
    Image.new("P", (2, 2)).save(file, "GIF")
    return file.getvalue()[:15]


ODD_FILES: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "zero_bytes": ("jpg", lambda: b""),
    "one_byte": ("jpg", lambda: b"\xff"),
    "text_named_jpg": ("jpg", lambda: b"This is a letter and not a picture.\r\n" * 20),
    "error_page_named_png": ("png", lambda: b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "pdf_named_jpg": ("jpg", lambda: tiny_pdf("not a picture", 300)),
    "drawing": ("svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "film": ("mov", lambda: b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  " + bytes(4000)),
    "only_a_jpeg_header": ("jpg", lambda: base_picture("jpeg_turned_1")[:20]),
    "truncated_jpeg": ("jpg", lambda: _half("jpeg_turned_1")),
    "truncated_progressive_jpeg": ("jpg", lambda: _half("jpeg_progressive")),
    "truncated_png": ("png", lambda: _half("png")),
    "truncated_gif": ("gif", lambda: _half("gif")),
    "truncated_webp": ("webp", lambda: _half("webp")),
    "truncated_tiff": ("tif", lambda: _half("tiff_packed")),
    "truncated_bmp": ("bmp", lambda: _half("bmp")),
    "truncated_heic": ("heic", lambda: _half("heic")),
    "gif_without_pixels": ("gif", _gif_without_pixels),
    "garbage_inside_jpeg": ("jpg", _jpeg_with_garbage_inside),
    "bomb_png": ("png", lambda: _grey_png(30_000, 30_000, _ONE_BIT)),
    "bomb_jpeg_header": ("jpg", _jpeg_that_says_it_is_huge),
    "strip": ("png", lambda: _grey_png(1, 30_000, _GREY)),
    "one_pixel": ("png", lambda: _grey_png(1, 1, _GREY)),
}
"""By name: the extension of the file and a maker of its bytes."""


def with_odd_images(clinic: SyntheticClinic) -> SyntheticClinic:
    """Return the clinic with a file of every odd kind, and with rows that contradict each other."""
    chance = Chance(f"{clinic.seed}/odd images")
    contacts = [row.contact for row in clinic.image_csv_rows if row.key]
    rows, objects, dirt = list(clinic.image_csv_rows), list(clinic.objects), dict(clinic.dirt)
    for place, (name, (extension, make)) in enumerate(ODD_FILES.items()):
        row = _row(_FIRST_ODD_RECID + place, contacts[place % len(contacts)], extension, chance)
        rows.append(row)
        objects.append(ClinicObject(str(row.key), make(), "image/jpeg"))
        dirt[f"odd_image_{name}"] = (str(row.recid),)
    _add_contradictions(clinic, rows, objects, dirt, chance)
    objects.sort(key=lambda entry: entry.key)
    return replace(clinic, image_csv=drawn_image_csv(rows), image_csv_rows=rows, objects=objects, dirt=dirt)


def _row(recid: int, contact: str, extension: str, chance: Chance) -> ImageRow:
    day = date(2024, 3, 1 + recid % 28)
    key = f"{IMAGES_FOLDER}{recid}.{extension}"
    return ImageRow(recid, chance.identifier(), contact, day, "Odd", "odd.jpg", date(2025, 6, 20), key)


def _add_contradictions(
    clinic: SyntheticClinic,
    rows: list[ImageRow],
    objects: list[ClinicObject],
    dirt: dict[str, tuple[str, ...]],
    chance: Chance,
) -> None:
    """Add rows that repeat a recid, rows of no known patient, and a second file of one recid."""
    first = _FIRST_ODD_RECID + 100
    contact = next(row.contact for row in clinic.image_csv_rows if row.key)
    same, other, stranger, nobody, twice = (_row(first + place, contact, "png", chance) for place in range(5))
    added = {
        "odd_row_twice_the_same": [same, same],
        "odd_row_twice_and_different": [other, replace(other, type="Otherwise")],
        "odd_row_of_unknown_patient": [replace(stranger, contact=chance.identifier())],
        "odd_row_of_nobody": [replace(nobody, contact="")],
        "odd_recid_with_two_files": [twice],
    }
    picture = base_picture("png")
    for name, given in added.items():
        rows += given
        dirt[name] = (str(given[0].recid),)
        objects.append(ClinicObject(str(given[0].key), picture, "image/png"))
    objects.append(ClinicObject(f"{IMAGES_FOLDER}{twice.recid}.gif", base_picture("gif"), "image/gif"))


def odd_recids(clinic: SyntheticClinic) -> Iterable[str]:
    """Give the recids of all odd files and rows in a clinic, none where it is plain."""
    return (key for name, keys in clinic.dirt.items() if name.startswith("odd_") for key in keys)
