"""HEIC pictures, read without copying their pixels: a phone's 48 megapixels fit the memory for decoding."""

import io
from collections.abc import Callable
from typing import Any, cast

from PIL import Image, ImageFile
from pillow_heif import HeifImageFile, open_heif, set_orientation

Box = tuple[int, int, int, int]

# Measured. Of 8 bits and with every second colour in each direction: as phones write them. Else the most.
USUAL_BYTES_PER_PIXEL = 5
MOST_BYTES_PER_PIXEL = 10
LARGEST_EMBEDDED_SIDE = 2048


_opened = cast("Callable[[io.BytesIO], ImageFile.ImageFile]", HeifImageFile)


class HeicPicture:
    """The first picture of a HEIC file. It is decoded by `load`; `crop` then gives rows of it.

    `size` is upright: the decoder turns the picture, so `info` has no orientation left.
    """

    def __init__(self, stream: io.BytesIO) -> None:
        file = open_heif(stream, convert_hdr_to_8bit=True, hdr_to_16bit=True, remove_stride=False)
        self._frame = file[file.primary_index]
        self.info: dict[Any, Any] = self._frame.info
        set_orientation(self.info)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._frame.size

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return self.size[0]

    @property
    def height(self) -> int:
        """Rows."""
        return self.size[1]

    @property
    def mode(self) -> str:
        """Pillow's name for its kind of pixels."""
        return str(self._frame.mode)

    @property
    def bytes_per_pixel(self) -> int:
        """How many bytes of memory a pixel costs in decoding."""
        is_usual = (self.info["bit_depth"], self.info.get("chroma")) == (8, 420) and self.mode == "RGB"
        return USUAL_BYTES_PER_PIXEL if is_usual else MOST_BYTES_PER_PIXEL

    def load(self) -> None:
        """Decode it."""
        self._frame.load()

    def crop(self, box: Box) -> Image.Image:
        """Return the whole rows from the box's top to its bottom."""
        _, top, _, bottom = box
        rows = memoryview(self._frame.data)[top * self._frame.stride : bottom * self._frame.stride]
        size = (self.width, bottom - top)
        return Image.frombytes(self.mode, size, rows, "raw", self.mode, self._frame.stride)

    def has_embedded_copies(self) -> bool:
        """Say whether there are thumbnails in it that cost little to decode."""
        sides = self.info.get("thumbnails", [])
        return bool(sides) and max(sides) <= LARGEST_EMBEDDED_SIDE


def embedded_copy(content: bytes, least: tuple[int, int]) -> Image.Image | None:
    """Return a HEIC picture's own thumbnail, upright, where it shows the same and is at least that large."""
    if not HeicPicture(io.BytesIO(content)).has_embedded_copies():
        return None
    image = _opened(io.BytesIO(content))
    if image.draft(None, least) is None:
        return None
    image.load()
    return image
