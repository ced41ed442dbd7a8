"""The thumbnail of one image file: the rule that Nexus's pages rely on."""

from dataclasses import dataclass

from PIL import Image

from nexus_reimport.model.reasons.image_files import DAMAGED, NO_END_MARKER, TOO_LARGE, TRUNCATED, UNSUPPORTED
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.pictures.imaging.colour import in_srgb
from nexus_reimport.pictures.imaging.decoding import decode, fitting
from nexus_reimport.pictures.imaging.encoding import encoded
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.formats import THUMBNAIL_TYPES, ImageFormat, ends_early, recognise
from nexus_reimport.pictures.imaging.lanczos import shrunk
from nexus_reimport.pictures.imaging.orientation import SIDEWAYS, turned

LONGEST_SIDE = 300


@dataclass(frozen=True)
class Thumbnail:
    """A thumbnail's bytes and media type; the original's type, and its size as viewers show it.

    warning: the code of what is amiss with the original, though its picture is whole.
    """

    content: bytes
    mime_type: str
    source_mime_type: str
    width: int
    height: int
    warning: str | None = None


def make_thumbnail(content: bytes) -> Thumbnail:
    """Return the thumbnail of an image file.

    It fits 300 by 300 pixels, keeps the aspect and is never larger than the original; upright, in sRGB, and
    with nothing in it but pixels. JPEG, PNG, GIF and WebP stay what they are, the rest becomes JPEG.
    Safe to call from many threads, which run side by side.

    Raises UnreadableImage, with its reason, for whatever cannot be read. It raises nothing else.
    """
    kind = recognise(content)
    try:
        return _shrunk(content, kind)
    except UnreadableImage:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise UnreadableImage(TOO_LARGE) from None
    except Exception as error:  # noqa: BLE001 - given broken bytes, a decoder may raise anything
        raise UnreadableImage(_fault(error, content, kind)) from None


def _shrunk(content: bytes, kind: ImageFormat) -> Thumbnail:
    decoded = decode(content, kind, LONGEST_SIDE)
    small = shrunk(decoded.pixels, fitting(decoded.size, LONGEST_SIDE), decoded.reach)
    upright = turned(in_srgb(small, decoded.profile), decoded.way)
    mime_type = THUMBNAIL_TYPES[kind.mime_type]
    width, height = decoded.size[::-1] if decoded.way in SIDEWAYS else decoded.size
    warning = None if decoded.is_ended else NO_END_MARKER
    return Thumbnail(encoded(upright, mime_type), mime_type, kind.mime_type, width, height, warning)


def _fault(error: Exception, content: bytes, kind: ImageFormat) -> Reason:
    told = str(error).lower()
    if "truncated" in told or "end of file" in told or ends_early(content, kind):
        return TRUNCATED
    if "security limit" in told:
        return TOO_LARGE
    if isinstance(error, NotImplementedError) or "unsupported" in told or "cannot handle" in told:
        return UNSUPPORTED
    return DAMAGED
