"""From bytes to a small image of plain colours: at reduced scale, within bounds of memory and time."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from nexus_reimport.model.reasons.image_files import TOO_LARGE
from nexus_reimport.pictures.imaging.colour import extremes, plain
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.formats import ImageFormat, Picture, has_end
from nexus_reimport.pictures.imaging.heic import HeicPicture, embedded_copy
from nexus_reimport.pictures.imaging.jpeg_ending import whole_jpeg
from nexus_reimport.pictures.imaging.orientation import orientation
from nexus_reimport.pictures.imaging.phone_jpeg import shrunk_jpeg

Size = tuple[int, int]
Reach = tuple[float, float]

# Lanczos needs twice the pixels of its result, or fine stripes come out as coarse ones.
MARGIN = 2
JPEG_SCALES = (8, 4, 2)
MOST_PIXELS = 250_000_000
# Of all pictures that are being decoded at a time, whichever threads they are in.
MOST_MEMORY = 256 * 1024 * 1024
# Each scan of a progressive JPEG passes over the whole picture, however few bytes it has.
MOST_SCANNED_PIXELS = 5_000_000_000
MOST_TILES = 70_000
BAND_PIXELS = 2_000_000


class Room:
    """So much memory for decoding and no more: who finds too little left waits for the others to finish."""

    def __init__(self, total: int) -> None:
        self._left = self._total = total
        self._changed = threading.Condition()

    @contextmanager
    def of(self, memory: int) -> Iterator[None]:
        """Hold that many bytes for a while. Raises `too_large` where there never are so many."""
        if memory > self._total:
            raise UnreadableImage(TOO_LARGE)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= memory)
            self._left -= memory
        try:
            yield
        finally:
            with self._changed:
                self._left += memory
                self._changed.notify_all()


_room = Room(MOST_MEMORY)


@dataclass(frozen=True)
class Decoded:
    """A picture shrunk most of the way, or all of it: plain pixels, how many of them count, and facts.

    size: width and height of the original as stored; way: its orientation; profile: its ICC profile.
    is_ended: whether the file has what its kind ends with.
    """

    pixels: Image.Image
    reach: Reach
    size: Size
    way: int
    profile: bytes | None
    is_ended: bool = True


def decode(content: bytes, kind: ImageFormat, longest_side: int) -> Decoded:
    """Decode the first picture of a file, at no more than the scale that a thumbnail needs.

    Raises UnreadableImage `too_large` before anything is decoded, `truncated` where a JPEG lacks part of its
    picture; whatever else the decoders raise.
    """
    image = kind.reader(io.BytesIO(content))
    size = image.size
    aim = fitting(size, longest_side)
    if size[0] * size[1] > MOST_PIXELS or len(getattr(image, "tile", ())) > MOST_TILES:
        raise UnreadableImage(TOO_LARGE)
    scale = _reduce_in_decoder(image, aim, content)
    # The readers of TIFF and HEIC turn the picture by themselves, and leave no orientation behind.
    way = orientation(image.info.get("exif") or b"")
    memory = _memory(image, size, kind)
    if isinstance(image, HeicPicture) and memory > MOST_MEMORY and (copy := embedded_copy(content, aim)):
        return Decoded(plain(copy, (0, 0)), copy.size, size, way, image.info.get("icc_profile"))
    with _room.of(memory):
        small = shrunk_jpeg(content, size, scale, aim) if scale > 1 and image.mode == "RGB" else None
        if small:
            return Decoded(small, small.size, size, way, image.info.get("icc_profile"))
        image, is_ended = _whole(image, content, kind, aim)
        image.load()
        # A reader may learn the size, or turn the picture, only now.
        size = image.size if scale == 1 else size
        pixels, reach = _reduced(image, (size[0] / scale, size[1] / scale), fitting(size, longest_side))
    return Decoded(pixels, reach, size, way, image.info.get("icc_profile"), is_ended)


def fitting(size: Size, longest_side: int) -> Size:
    """Return the size that keeps the aspect, fits a square of that side, and never enlarges."""
    share = min(1.0, longest_side / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _reduce_in_decoder(image: Picture, aim: Size, content: bytes) -> int:
    """Have a JPEG decoded at 1/8, 1/4 or 1/2 of its size where that suffices; return the divisor."""
    if not isinstance(image, JpegImageFile):
        return 1
    width, height = image.size
    if image.info.get("progressive") and content.count(b"\xff\xda") * width * height > MOST_SCANNED_PIXELS:
        raise UnreadableImage(TOO_LARGE)
    for scale in JPEG_SCALES:
        wanted = (width // scale, height // scale)
        if wanted[0] >= MARGIN * aim[0] and wanted[1] >= MARGIN * aim[1]:
            image.draft(None, wanted)
            return scale
    return 1


def _whole(image: Picture, content: bytes, kind: ImageFormat, aim: Size) -> tuple[Picture, bool]:
    """Return a picture none of which is missing, and whether the file has what its kind ends with."""
    if not isinstance(image, JpegImageFile):
        return image, has_end(content, kind)
    ended, is_mended = whole_jpeg(content)
    if not is_mended:
        return image, True
    image = JpegImageFile(io.BytesIO(ended))
    _reduce_in_decoder(image, aim, ended)
    return image, False


def _memory(image: Picture, size: Size, kind: ImageFormat) -> int:
    """Return about how many bytes decoding takes. A progressive JPEG keeps every coefficient till its end."""
    bands = len(Image.new(image.mode, (1, 1)).getbands()) if image.info.get("progressive") else 0
    a_pixel = image.bytes_per_pixel if isinstance(image, HeicPicture) else kind.bytes_per_pixel
    return image.width * image.height * a_pixel + size[0] * size[1] * 2 * bands


def _reduced(image: Picture, size: Reach, aim: Size) -> tuple[Image.Image, Reach]:
    """Return plain pixels averaged down to a few times the size aimed at, and how many of them count.

    Works in bands of rows, so that a change of mode never holds the whole picture twice.
    """
    factors = (_factor(size[0], aim[0]), _factor(size[1], aim[1]))
    span = extremes(image) if isinstance(image, Image.Image) else (0.0, 0.0)
    reach = (size[0] / factors[0], size[1] / factors[1])
    if factors == (1, 1):
        whole = image if isinstance(image, Image.Image) else image.crop((0, 0, image.width, image.height))
        return plain(whole, span), reach
    rows = max(1, BAND_PIXELS // image.width // factors[1]) * factors[1]
    parts = []
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(image.height, top + rows)))
        parts.append(plain(band, span).reduce(factors))
    return _stacked(parts), reach


def _stacked(parts: list[Image.Image]) -> Image.Image:
    whole = Image.new(parts[0].mode, (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole


def _factor(length: float, aim: int) -> int:
    return max(1, int(length / aim / (MARGIN + 1)))
