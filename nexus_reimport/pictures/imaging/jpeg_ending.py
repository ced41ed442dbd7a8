"""Whether a JPEG's picture is there to its last block: judged by what the decoder misses, never by colour.

A decoder paints what it has no bytes for grey and carries on, and a photograph's lower half may well be grey
by itself. So it is asked what it lacked, and where that does not tell, the file is decoded once more with
noise put behind its last byte: only where bytes were missing does the picture change.
"""

import io
import random
import re
from dataclasses import dataclass, field

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import JpegImagePlugin

from nexus_reimport.model.reasons.image_files import TRUNCATED
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage

END = b"\xff\xd9"
# A file without its end mark is taken for whole only if nothing is lacking. One that has the mark may be
# damaged in the middle, which leaves its last few blocks without bytes; every viewer shows it.
MOST_LACKING = 0.01
# No picture's own bytes: a program that fetches a file in pieces reserves its length with them.
_FILLER = bytes(64)
# libjpeg's words for bits that were needed and not there; the second, where a restart was due.
SAYS_ENDED = ("premature end", "found marker 0xd9 instead")
COLOURS = {1: "GRAY", 3: "RGB", 4: "CMYK"}

_SEGMENT = re.compile(rb"\xff+([\xc0-\xcf\xd9-\xfe])")
# What may follow the bytes of a scan. All else in there is part of them, or damage.
_AFTER_SCAN = re.compile(rb"\xff[\xc4\xd9-\xdd\xe0-\xef\xfe]")
_HUFFMAN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PROGRESSIVE, _TABLES, _END, _SCAN = 0xC2, 0xC4, 0xD9, 0xDA
_RESTARTS = range(0xD0, 0xD8)


@dataclass
class _Course:
    """What a walk along a JPEG's segments finds. `end`: where its last bytes of picture end."""

    frame: int = 0
    end: int = 0
    is_ended: bool = False
    last_scan: int = 0
    zeros_are_natural: bool = False
    wanted: set[tuple[int, int]] = field(default_factory=set)
    seen: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def components(self) -> int:
        """How many colours it has."""
        return len({component for component, _ in self.wanted})

    @property
    def has_all_scans(self) -> bool:
        """Say whether every coefficient of every colour has come, to its last bit."""
        return all(self.seen.get(one) == 0 for one in self.wanted)


def whole_jpeg(content: bytes) -> tuple[bytes, bool]:
    """Return a JPEG that its decoder takes for ended, and whether the end mark had to be put there.

    Raises UnreadableImage `truncated` where part of the picture is missing, whatever the file ends with. A
    file whose order cannot be followed is returned as it is.
    """
    course = _course(content)
    if not course.end or course.frame not in _HUFFMAN_FRAMES:
        return content, False
    picture = _without_filler(content[: course.end], course)
    if not course.is_ended and not course.has_all_scans:
        raise UnreadableImage(TRUNCATED)
    said = _said_of(picture + END, course.components)
    if said is not None and _lacks_its_end(picture, course, said):
        raise UnreadableImage(TRUNCATED)
    return (content, False) if course.is_ended else (picture + END, True)


def _lacks_its_end(picture: bytes, course: _Course, said: str) -> bool:
    if course.frame == _PROGRESSIVE:
        # Where earlier scans are amiss too, bytes were changed, not lost.
        before = picture[: course.last_scan] + END
        return "premature end" in said and _said_of(before, course.components) is None
    if course.is_ended:
        return _lacking(picture) > MOST_LACKING
    return any(words in said for words in SAYS_ENDED) or _lacking(picture) > 0


def _said_of(content: bytes, components: int) -> str | None:
    """Return the first thing that the decoder finds amiss; None where there is nothing."""
    try:
        simplejpeg.decode_jpeg(content, COLOURS.get(components, "RGB"), min_height=1, min_width=1)
    except ValueError as error:
        return str(error).lower()
    return None


def _lacking(picture: bytes) -> float:
    """Return the share of a picture, counted from its end, that there are no bytes for."""
    grey, noisy = (_pixels(picture + more) for more in (END, _noise() + END))
    changed = (grey != noisy).any(axis=2)
    rows = np.flatnonzero(changed.any(axis=1))
    if not len(rows):
        return 0.0
    height, width = changed.shape
    first, block = int(rows[0]), 2
    left = int(np.flatnonzero(changed[first : first + block].any(axis=0))[0])
    lacking = (height - first) * width - left * min(block, height - first)
    return float(lacking / (height * width))


def _pixels(content: bytes) -> NDArray[np.int16]:
    """Return a pixel for each block of a JPEG, whatever its decoder may say."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(content))
    image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
    image.load()
    return np.asarray(image, np.int16).reshape(image.height, image.width, -1)


def _noise() -> bytes:
    """Return bytes that read on as picture, whichever restart mark is due next; always the same."""
    dice = random.Random(8)  # noqa: S311 - noise, not a secret
    pieces = [bytes(dice.choices(range(1, 255), k=512)) for _ in range(17)]
    marks = [b"", *(bytes([0xFF, _RESTARTS[at % 8]]) for at in range(16))]
    return b"".join(mark + piece for mark, piece in zip(marks, pieces, strict=True))


def _without_filler(picture: bytes, course: _Course) -> bytes:
    """Return the picture's bytes without zeros that a broken transfer left in place of the rest."""
    picture = picture.rstrip(b"\xff")
    whole_progressive = course.frame == _PROGRESSIVE and course.is_ended and course.has_all_scans
    if course.zeros_are_natural or whole_progressive or not picture.endswith(_FILLER):
        return picture
    # The last byte of a picture may be a zero itself; a byte too many does no harm.
    return picture.rstrip(b"\x00") + bytes(2)


def _course(content: bytes) -> _Course:
    """Walk along a JPEG from its first segment to its end mark, its last byte, or what is no segment."""
    course, at = _Course(), 2
    while found := _SEGMENT.match(content, at):
        marker, at = found.group(1)[0], found.end()
        if marker == _END:
            course.is_ended = True
            break
        length = int.from_bytes(content[at : at + 2], "big")
        body = content[at + 2 : at + length]
        if len(body) != length - 2:
            break
        at += length
        _take_in(course, marker, body)
        if marker == _SCAN:
            course.last_scan = found.start()
            after = _AFTER_SCAN.search(content, at)
            course.end = at = after.start() if after else len(content)
    return course


def _take_in(course: _Course, marker: int, body: bytes) -> None:
    if marker in _FRAMES and len(body) >= 6:
        course.frame = marker
        components = body[6 : 6 + 3 * body[5] : 3]
        course.wanted = {(one, place) for one in components for place in range(64)}
    elif marker == _TABLES:
        _look_at_tables(course, body)
    elif marker == _SCAN and body:
        count = body[0]
        if len(body) < 1 + 2 * count + 3:
            return
        first, last, bits = body[1 + 2 * count : 4 + 2 * count]
        for one in body[1 : 1 + 2 * count : 2]:
            course.seen.update({(one, place): bits & 15 for place in range(first, min(last, 63) + 1)})


def _look_at_tables(course: _Course, body: bytes) -> None:
    """Note whether zeros are what a flat picture is written with: the shortest code ends a block."""
    at = 0
    while at + 17 < len(body):
        kind, count = body[at], sum(body[at + 1 : at + 17])
        if kind == 0x10:
            course.zeros_are_natural = body[at + 17] == 0
        at += 17 + count
