"""Every way an image file says its colours, brought to grey or sRGB of eight bits, with or without alpha."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

PLAIN = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
CONVERSIONS = {
    "1": "L",
    "La": "LA",
    "PA": "RGBA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "YCbCr": "RGB",
    "HSV": "RGB",
}
PROFILE_MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}
ALPHA = frozenset({"LA", "RGBA"})
# A profile of more than this is no camera's and would cost more than the photograph.
MOST_PROFILE_BYTES = 4 * 1024 * 1024

Extremes = tuple[float, float]


def extremes(image: Image.Image) -> Extremes:
    """Return the least and the greatest value of an image of 32 bits a pixel; (0, 0) for all others."""
    if image.mode not in {"I", "F"}:
        return 0.0, 0.0
    values = np.asarray(image)
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def plain(image: Image.Image, reach: Extremes) -> Image.Image:
    """Return the image as L, LA, RGB, RGBA, CMYK or LAB, eight bits each.

    Palettes are looked up, a transparent colour becomes alpha, of sixteen bits the upper eight are kept,
    and thirty-two are spread over `reach`, the extremes of the whole image.
    """
    if "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        return image.convert("RGBA")
    if image.mode in PLAIN or image.mode == "LAB":
        return image
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in {"I", "F"}:
        return _spread(image, reach)
    return image.convert(CONVERSIONS.get(image.mode, "RGB"))


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a plain image as L, LA, RGB or RGBA in sRGB, by its ICC profile where that fits its mode."""
    alpha = image.getchannel("A") if image.mode in ALPHA else None
    body = image.convert(image.mode[:-1]) if alpha else image
    body = _by_profile(body, profile)
    if alpha:
        body.putalpha(alpha)
    return body


def on_white(image: Image.Image) -> Image.Image:
    """Return the image without alpha, over white."""
    if image.mode not in ALPHA:
        return image
    below = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(below, image.convert("RGBA")).convert(image.mode[:-1])


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    transform = _transform(profile, image.mode) if profile and len(profile) <= MOST_PROFILE_BYTES else None
    if transform:
        return transform.apply(image)
    if image.mode == "LAB":
        return _from_lab().apply(image)
    return image.convert("RGB") if image.mode == "CMYK" else image


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to sRGB; None where it is broken or made for other colours."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if PROFILE_MODES.get(source.profile.xcolor_space) != mode:
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=1)
def _from_lab() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )


def _spread(image: Image.Image, reach: Extremes) -> Image.Image:
    least, greatest = reach
    values = np.nan_to_num(np.asarray(image).astype(np.float64), nan=least, posinf=greatest, neginf=least)
    scale = 255 / (greatest - least) if greatest > least else 0.0
    return Image.fromarray(np.clip((values - least) * scale + 0.5, 0, 255).astype(np.uint8))
