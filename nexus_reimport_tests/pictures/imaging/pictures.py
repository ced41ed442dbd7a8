"""Small image files of every kind that is read, and ways to write and read them."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from pillow_heif import from_pillow

RED, GREEN, BLUE, WHITE = (200, 30, 40), (20, 160, 60), (30, 50, 190), (245, 245, 240)
ORIENTATION = 0x0112
GPS = 0x8825


def quarters(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Return a picture that is red at the top left, green at the top right, blue and white below."""
    image = Image.new("RGB", size, RED)
    half = (size[0] // 2, size[1] // 2)
    image.paste(GREEN, (half[0], 0, size[0], half[1]))
    image.paste(BLUE, (0, half[1], half[0], size[1]))
    image.paste(WHITE, (half[0], half[1], size[0], size[1]))
    return image


def written(image: Image.Image, form: str, **options: Any) -> bytes:
    """Return an image as a file of Pillow's format `form`, or HEIF."""
    out = io.BytesIO()
    if form == "HEIF":
        from_pillow(image).save(out, quality=90, **options)
    else:
        image.save(out, form, **options)
    return out.getvalue()


def with_second_frame(image: Image.Image, form: str) -> bytes:
    """Return a file of two pictures, the second one upside down."""
    # Copies, since Pillow leaves traces of one format on an image that trip the next.
    return written(image.copy(), form, save_all=True, append_images=[image.rotate(180)])


def opened(content: bytes) -> Image.Image:
    """Return the image of a file, loaded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Return four colours, each from the middle of a quarter: top left, top right, bottom left and right."""
    rgb = image.convert("RGB")
    xs, ys = (rgb.width // 4, rgb.width * 3 // 4), (rgb.height // 4, rgb.height * 3 // 4)
    picked = [rgb.getpixel((x, y)) for y in ys for x in xs]
    return [tuple(colour) for colour in picked if isinstance(colour, tuple)]


def close(one: Sequence[object], other: Sequence[object], by: int = 8) -> bool:
    """Say whether two lists of colours are the same to the eye."""
    return bool(np.abs(np.array(one, int) - np.array(other, int)).max() <= by)


def exif(orientation: int, *, place: bool = False) -> Image.Exif:
    """Return an EXIF block with an orientation and, if asked for, where the picture was taken."""
    block = Image.Exif()
    block[ORIENTATION] = orientation
    if place:
        block.get_ifd(GPS)[1] = "S"
    return block


def swapped_profile() -> bytes:
    """Return an ICC profile in which red and green have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ") + 4, profile.index(b"gXYZ") + 4
    profile[red : red + 4], profile[green : green + 4] = profile[green : green + 4], profile[red : red + 4]
    return bytes(profile)


def samples() -> dict[str, bytes]:
    """Return one small file of every kind, by a name that says what is odd about it."""
    image = quarters((96, 64))
    clear = image.copy()
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    deep = Image.fromarray((np.arange(96 * 64, dtype=np.uint16) * 10).reshape(64, 96))
    return {
        "jpeg": written(image, "JPEG", exif=exif(6, place=True)),
        "jpeg_progressive": written(image, "JPEG", progressive=True),
        "jpeg_large": written(quarters((720, 640)), "JPEG"),
        "jpeg_large_progressive": written(quarters((720, 640)), "JPEG", progressive=True),
        "jpeg_cmyk": written(image.convert("CMYK"), "JPEG"),
        "jpeg_grey": written(image.convert("L"), "JPEG"),
        "mpo": with_second_frame(image, "MPO"),
        "png": written(clear, "PNG", exif=exif(3)),
        "png_palette": written(image.quantize(16), "PNG", transparency=3),
        "png_16_bit": written(deep, "PNG"),
        "png_1_bit": written(image.convert("1"), "PNG"),
        "png_animated": with_second_frame(image, "PNG"),
        "gif": written(image, "GIF"),
        "gif_animated": with_second_frame(image, "GIF"),
        "webp": written(clear, "WEBP", exif=exif(8)),
        "webp_animated": with_second_frame(image, "WEBP"),
        "tiff": written(image, "TIFF"),
        "tiff_lzw": written(clear, "TIFF", compression="tiff_lzw"),
        "tiff_16_bit": written(deep, "TIFF", compression="tiff_deflate"),
        "tiff_pages": with_second_frame(image, "TIFF"),
        "tiff_jpeg": written(image, "TIFF", compression="jpeg"),
        "tiff_float": written(deep.convert("I").convert("F"), "TIFF"),
        "tiff_cmyk": written(image.convert("CMYK"), "TIFF"),
        "tiff_lab": written(Image.new("LAB", (96, 64), (160, 128, 128)), "TIFF"),
        "bmp": written(image, "BMP"),
        "bmp_palette": written(image.quantize(16), "BMP"),
        "heic": written(image, "HEIF"),
        "heic_alpha": written(clear, "HEIF"),
    }
