"""The shortest way for what nearly every file is: a JPEG in colour, larger than it is needed.

libjpeg-turbo decodes straight into memory that is kept, where Pillow would copy twice.
"""

import simplejpeg
from PIL import Image

from nexus_reimport.pictures.imaging.lanczos import shrunk_pixels
from nexus_reimport.pictures.imaging.scratch import scratch

CHANNELS = 3


def shrunk_jpeg(
    content: bytes, size: tuple[int, int], scale: int, aim: tuple[int, int]
) -> Image.Image | None:
    """Return a colour JPEG of that size, decoded at 1/scale, at the size aimed at.

    None where anything in it is amiss, be it harmless: Pillow is then to judge.
    """
    width, height = (-(-side // scale) for side in size)
    room = scratch.octets("decoded", width * height * CHANNELS)
    try:
        pixels = simplejpeg.decode_jpeg(content, "RGB", min_height=height, min_width=width, buffer=room)
    except ValueError:
        return None
    if pixels.shape != (height, width, CHANNELS):
        return None
    return Image.fromarray(shrunk_pixels(pixels, aim, (size[0] / scale, size[1] / scale)))
