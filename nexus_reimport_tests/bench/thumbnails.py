"""Thumbnails side by side on the same photographs: ours, the old way, libvips, and the floor under them."""

import io
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack

from PIL import Image

from nexus_reimport.pictures.imaging.thumbnail import LONGEST_SIDE, make_thumbnail
from nexus_reimport_tests.pictures.imaging.photographs import (
    TWELVE_MEGAPIXELS,
    photograph,
    stripes,
    zone_plate,
)
from nexus_reimport_tests.pictures.imaging.similarity import likeness

QUALITY = 85
GRAINS = (2.5, 4.0, 6.0)
CORES = 2
# Short rounds, many of them: on a machine that others use, some fall into a quiet moment.
SCALING_ROUNDS = 15

Maker = Callable[[bytes], object]
# One worker each for libvips, so that it is compared per core. It reads this when it is first imported.
LIBVIPS_SETTINGS = {"VIPS_CONCURRENCY": "1"}


def bench_thumbnails(repeats: int = 5, photographs: int = 6) -> dict[str, object]:
    """Return speeds on twelve-megapixel JPEGs, as ratios of one interleaved run, and the lowest SSIM.

    vs_old_way and vs_libvips say how many times faster we are; vs_floor is our time over the floor's, which
    is libjpeg-turbo decoding at the scale we decode at (a quarter) and nothing else; vs_lowest_floor the same
    with an eighth: the least that 300 pixels can be had from, but too little for fine stripes (see ssim_min).
    Time is that of the processor, all threads together, so that each figure is per core. Every contender has
    a process of its own: in a shared one, each lives off memory that the others freed.
    """
    contents = [photograph(seed, grain=GRAINS[seed % len(GRAINS)]) for seed in range(photographs)]
    best = best_seconds(contents, repeats)
    ours = best["ours"]
    return {
        "photographs": photographs,
        "megabytes": round(sum(map(len, contents)) / len(contents) / 1e6, 2),
        "milliseconds": {name: round(seconds * 1000, 2) for name, seconds in best.items()},
        "images_per_second": round(1 / ours, 1),
        "vs_old_way": round(best["old_way"] / ours, 2),
        "vs_libvips": round(best["libvips"] / ours, 2),
        "vs_floor": round(ours / best["floor"], 2),
        "vs_lowest_floor": round(ours / best["lowest_floor"], 2),
        **scaling(contents),
        "ssim_min": round(least_likeness(contents), 4),
    }


def best_seconds(contents: Sequence[bytes], repeats: int) -> dict[str, float]:
    """Return, for each contender, the mean over the photographs of the shortest time each took.

    They take turns at every photograph; the shortest time is the one that others here disturbed least.
    """
    os.environ.update(LIBVIPS_SETTINGS)
    times: dict[tuple[str, int], list[float]] = {}
    with ExitStack() as stack:
        own = {name: stack.enter_context(_process()) for name in CONTENDERS}
        for number, content in [*enumerate(contents)] * (repeats + 1):
            for name, process in own.items():
                times.setdefault((name, number), []).append(process.submit(seconds, name, content).result())
    # The first turn warms up.
    return {
        name: sum(min(times[name, number][1:]) for number in range(len(contents))) / len(contents)
        for name in CONTENDERS
    }


def seconds(name: str, content: bytes) -> float:
    """Return the processor seconds that a contender takes for one photograph, all its threads together."""
    make = CONTENDERS[name]
    started = time.process_time()
    make(content)
    return time.process_time() - started


def scaling(contents: Sequence[bytes]) -> dict[str, float]:
    """Return two threads' speed over twice that of one thread, and over that of two processes: 1 is linear.

    The first can be no better than what this machine has to give at the time; the second, which is taken in
    turns with it, tells what threads alone cost.
    """
    times: dict[str, list[float]] = {}
    work = list(contents)
    with _process() as one, _process() as other:
        for _ in range(SCALING_ROUNDS):
            for threads in (1, CORES):
                taken = one.submit(seconds_of_threads, threads, work).result()
                times.setdefault(f"{threads} threads", []).append(taken)
            started = time.perf_counter()
            halves = [
                one.submit(seconds_of_threads, 1, work[::2]),
                other.submit(seconds_of_threads, 1, work[1::2]),
            ]
            for half in halves:
                half.result()
            times.setdefault("processes", []).append(time.perf_counter() - started)
    best = {name: min(taken) for name, taken in times.items()}
    return {
        "scaling_two_cores": round(best["1 threads"] / best["2 threads"] / CORES, 3),
        "scaling_vs_two_processes": round(best["processes"] / best["2 threads"], 3),
    }


def seconds_of_threads(threads: int, contents: list[bytes]) -> float:
    """Return the wall seconds in which so many threads make thumbnails of all the photographs."""
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        list(pool.map(make_thumbnail, contents))
        return time.perf_counter() - started


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def least_likeness(contents: Sequence[bytes]) -> float:
    """Return the lowest SSIM against a full-size Lanczos shrink, test charts for moiré included."""
    charts = [zone_plate(), *(stripes(period) for period in (9, 12, 20.3))]
    return min(likeness(make_thumbnail(content).content, content) for content in [*contents, *charts])


def old_way(content: bytes) -> bytes:
    """Decode everything, copy it, shrink the copy."""
    with Image.open(io.BytesIO(content)) as image:
        copy = image.copy()
    copy.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    copy.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def libvips(content: bytes) -> bytes:
    """Do it as libvips advises: its thumbnail operation, which has JPEGs decoded at reduced scale too."""
    import pyvips

    small = pyvips.Image.thumbnail_buffer(content, LONGEST_SIDE, height=LONGEST_SIDE)
    return bytes(small.jpegsave_buffer(Q=QUALITY, strip=True))


def floor(content: bytes) -> object:
    """Decode at the scale we use, and do nothing with it."""
    return _decoded(content, 4)


def lowest_floor(content: bytes) -> object:
    """Decode at the smallest scale that is not below 300 pixels, and do nothing with it."""
    return _decoded(content, 8)


def _decoded(content: bytes, scale: int) -> object:
    import simplejpeg

    width, height = (side // scale for side in TWELVE_MEGAPIXELS)
    return simplejpeg.decode_jpeg(
        content, "RGB", fastdct=True, fastupsample=True, min_height=height, min_width=width
    )


CONTENDERS: dict[str, Maker] = {
    "ours": make_thumbnail,
    "old_way": old_way,
    "libvips": libvips,
    "floor": floor,
    "lowest_floor": lowest_floor,
}
