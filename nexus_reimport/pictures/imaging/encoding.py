"""How a thumbnail is written: pixels only. No EXIF, comment, profile or second frame goes along."""

import io

from PIL import Image

from nexus_reimport.pictures.imaging.colour import ALPHA, on_white
from nexus_reimport.pictures.imaging.formats import GIF, JPEG, PNG

_QUALITY = 85
GIF_COLOURS = 255
OPAQUE_FROM = 128


def encoded(image: Image.Image, mime_type: str) -> bytes:
    """Return an image of mode L, LA, RGB or RGBA as a file of the type given."""
    # Writers copy what `info` holds: comments, profiles, EXIF with a place in it.
    image.info = {}
    out = io.BytesIO()
    if mime_type == JPEG:
        on_white(image).save(out, "JPEG", quality=_QUALITY)
    elif mime_type == PNG:
        image.save(out, "PNG")
    elif mime_type == GIF:
        _of_few_colours(image).save(out, "GIF")
    else:
        image.convert("RGBA" if image.mode in ALPHA else "RGB").save(out, "WEBP", quality=_QUALITY)
    return out.getvalue()


def _of_few_colours(image: Image.Image) -> Image.Image:
    """Return the image with a palette; a pixel is wholly transparent or not at all."""
    if image.mode == "L":
        return image
    few = image.convert("RGB").quantize(GIF_COLOURS, Image.Quantize.MEDIANCUT)
    if image.mode in ALPHA:
        clear = image.getchannel("A").point(lambda alpha: 255 if alpha < OPAQUE_FROM else 0)
        few.paste(GIF_COLOURS, mask=clear)
        few.info["transparency"] = GIF_COLOURS
    return few
