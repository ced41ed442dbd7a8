"""SSIM, the measure of how alike two pictures look (Wang and others, 2004), with its usual constants."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float64]

REACH = 5
SIGMA = 1.5
STABILISERS = ((0.01 * 255) ** 2, (0.03 * 255) ** 2)


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Return the mean SSIM of the lightness of two pictures of the same size: 1 where they are the same."""
    first, second = (np.asarray(image.convert("L"), np.float64) for image in (one, other))
    mean_one, mean_other = _blurred(first), _blurred(second)
    variance_one = _blurred(first * first) - mean_one**2
    variance_other = _blurred(second * second) - mean_other**2
    covariance = _blurred(first * second) - mean_one * mean_other
    light, contrast = STABILISERS
    above = (2 * mean_one * mean_other + light) * (2 * covariance + contrast)
    below = (mean_one**2 + mean_other**2 + light) * (variance_one + variance_other + contrast)
    return float((above / below).mean())


def likeness(thumbnail: bytes, original: bytes) -> float:
    """Return the SSIM of a JPEG thumbnail and a full-size Lanczos shrink of its original, written alike."""
    with Image.open(io.BytesIO(thumbnail)) as small, Image.open(io.BytesIO(original)) as full:
        best = full.resize(small.size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        best.save(out, "JPEG", quality=85)
        return ssim(small, Image.open(out))


def _blurred(plane: Plane) -> Plane:
    weights = np.exp(-(np.arange(-REACH, REACH + 1) ** 2) / (2 * SIGMA**2))
    weights /= weights.sum()
    length = plane.shape[0] - 2 * REACH
    rows = sum(weight * plane[at : at + length] for at, weight in enumerate(weights))
    width = plane.shape[1] - 2 * REACH
    return np.asarray(sum(weight * rows[:, at : at + width] for at, weight in enumerate(weights)))
