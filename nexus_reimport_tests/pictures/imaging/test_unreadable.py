"""Whatever the bytes are: a thumbnail or a reason, soon, in little memory, and never anything else."""

import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nexus_reimport.model.reasons.image_files import EMPTY, UNREADABLE_PICTURES
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.pictures.imaging import decoding
from nexus_reimport.pictures.imaging.exceptions import UnreadableImage
from nexus_reimport.pictures.imaging.thumbnail import Thumbnail, make_thumbnail
from nexus_reimport_tests.pictures.imaging.photographs import photograph
from nexus_reimport_tests.pictures.imaging.pictures import quarters, samples, written

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

LONGEST_SECONDS = 5.0
SAMPLES = samples()


def reason(content: bytes) -> Reason:
    with pytest.raises(UnreadableImage) as caught:
        make_thumbnail(content)
    return caught.value.reason


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (bytes(5000), "not_an_image"),
        (b"see the letter of March", "not_an_image"),
        (b"BMI is 24, weight stable", "not_an_image"),
        (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "not_an_image"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "not_an_image"),
        (b"%PDF-1.7\n", "not_an_image"),
        (b"PK\x03\x04" + bytes(40), "not_an_image"),
        (b"\xff\xd8", "not_an_image"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"GIF89a", "truncated"),
        (b"II*\x00\x08\x00\x00\x00", "truncated"),
        (b"RIFF\x00\x01\x00\x00WEBPVP8 ", "truncated"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "damaged"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1miaf", "unsupported"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", "not_an_image"),
        (b"8BPS\x00\x01" + bytes(40), "unsupported"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40), "unsupported"),
    ],
)
def test_what_is_no_picture_is_named_for_what_it_is(content: bytes, expected: str) -> None:
    assert reason(content) == expected


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_cut_short_is_called_truncated(form: str, share: float) -> None:
    whole = written(Image.open(io.BytesIO(photograph(1, (400, 300)))), form)
    assert reason(whole[: int(len(whole) * share)]) == "truncated"


def test_a_whole_file_with_broken_insides_is_called_damaged() -> None:
    whole = bytearray(written(quarters(), "PNG"))
    at = whole.index(b"IDAT") + 30
    whole[at : at + 8] = bytes(8)
    assert reason(bytes(whole)) == "damaged"


def png_of(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and has one row of it."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(9))),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [*chunks, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + body


def claiming(form: str, width: int, height: int) -> bytes:
    """Return a small file that says it is large."""
    if form == "PNG":
        return png_of(width, height)
    content = bytearray(written(Image.new("RGB", (16, 16)), form, **_options(form)))
    if form == "JPEG":
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", height, width)
    elif form == "GIF":
        content[6:10] = struct.pack("<HH", width, height)
    elif form == "BMP":
        content[18:26] = struct.pack("<ii", width, height)
    else:
        for tag, value in ((256, width), (257, height)):
            at = content.index(struct.pack("<H", tag), 8)
            content[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    return bytes(content)


def _options(form: str) -> dict[str, str]:
    return {"compression": "tiff_lzw"} if form == "TIFF" else {}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_a_bomb_is_refused_by_what_it_claims(form: str) -> None:
    started = time.monotonic()
    assert reason(claiming(form, 60_000, 60_000)) == "too_large"
    assert time.monotonic() - started < 1


def test_memory_decides_what_is_too_large_where_all_pixels_must_be_held() -> None:
    assert reason(png_of(12_000, 9_000)) == "too_large"
    flat = written(Image.new("L", (12_000, 9_000)), "JPEG")
    assert make_thumbnail(flat).width == 12_000


def test_a_progressive_jpeg_of_endless_scans_is_refused() -> None:
    content = written(Image.new("L", (8_000, 8_000)), "JPEG", progressive=True)
    start = content.rindex(b"\xff\xda")
    assert reason(content[:start] + content[start:-2] * 200 + b"\xff\xd9") == "too_large"


def test_pictures_that_need_too_much_together_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    content = written(quarters((500, 500)), "PNG")
    monkeypatch.setattr(decoding, "_room", decoding.Room(500 * 500 * 4 * 5 // 2))
    at_work, most = threading.Semaphore(0), []
    reduce = decoding._reduced

    def watched(
        image: Image.Image, size: decoding.Reach, aim: decoding.Size
    ) -> tuple[Image.Image, tuple[float, float]]:
        at_work.release()
        time.sleep(0.05)
        most.append(at_work._value)
        at_work.acquire()
        return reduce(image, size, aim)

    monkeypatch.setattr(decoding, "_reduced", watched)
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(make_thumbnail, [content] * 6))
    assert {one.width for one in made} == {500}
    assert max(most) == 2


def test_room_is_given_back_after_a_failure() -> None:
    room = decoding.Room(10)
    for _ in range(3):
        with pytest.raises(OSError, match="broken"), room.of(10):
            raise OSError("broken")
    with pytest.raises(UnreadableImage), room.of(11):
        pass


def test_every_reason_says_what_to_do() -> None:
    assert all(one.advice for one in UNREADABLE_PICTURES)
    assert str(UnreadableImage(EMPTY)).startswith("empty: ")


def attempt(content: bytes) -> Thumbnail | Reason:
    """Return what becomes of a file; fail on anything but a thumbnail or a reason, and on waiting for it."""
    started = time.monotonic()
    try:
        made: Thumbnail | Reason = make_thumbnail(content)
    except UnreadableImage as unreadable:
        made = unreadable.reason
    assert time.monotonic() - started < LONGEST_SECONDS
    return made


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_a_file_with_changed_bytes_does_no_harm(name: str, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[name])
    places = st.integers(0, len(content) - 1) | st.integers(0, min(200, len(content) - 1))
    for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=12)):
        content[at] = value
    made = attempt(bytes(content))
    if isinstance(made, Thumbnail):
        with Image.open(io.BytesIO(made.content)) as small:
            assert max(small.size) <= 300


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_file_with_a_piece_lost_or_doubled_does_no_harm(name: str, data: st.DataObject) -> None:
    content = SAMPLES[name]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    attempt(content[:start] + content[end:])
    attempt(content[:end] + content[start:])
    attempt(content[:end])


@given(st.sampled_from([content[:16] for content in SAMPLES.values()]), st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_a_good_beginning_with_anything_after_it_does_no_harm(start: bytes, junk: bytes) -> None:
    attempt(start + junk)
