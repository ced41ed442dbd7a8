"""Which way up a photograph is: the orientation tag of its EXIF block, and the turn that puts it right."""

import struct

from PIL import Image

ORIENTATION = 0x0112
SHORT = 3
UPRIGHT = 1
ENTRY = 12

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = frozenset({5, 6, 7, 8})


def orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) that an EXIF block gives; 1 where it gives none or nonsense.

    Reads the one entry that counts and nothing else: camera makers' notes and broken directories are the
    commonest reason for a sound photograph to be refused.
    """
    block = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return UPRIGHT
    at = int(struct.unpack_from(order + "I", block, 4)[0])
    if at + 2 > len(block):
        return UPRIGHT
    count = struct.unpack_from(order + "H", block, at)[0]
    for entry in range(at + 2, min(at + 2 + count * ENTRY, len(block) - ENTRY + 1), ENTRY):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", block, entry)
        if tag == ORIENTATION:
            return int(value) if kind == SHORT and value in TURNS else UPRIGHT
    return UPRIGHT


def turned(image: Image.Image, way: int) -> Image.Image:
    """Return the image as a viewer shows it, given its orientation."""
    return image.transpose(TURNS[way]) if way in TURNS else image
