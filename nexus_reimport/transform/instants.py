"""Instants made different within their second: by each row's own key, so that no row moves another."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

SECOND = 1_000_000
ATTEMPTS_IN_A_SECOND = 64

_DAY = 24 * 3600 * SECOND
_FAR = 30 * 365 * _DAY
_DISTANCES = (-_FAR, -_DAY, _DAY, _FAR)
_PLACES = (0, 100_000, 900_000, 999_000)  # over four microseconds for each second of the days around
_FIRST_WIDTH, _WIDENING = 256, 4
_WIDENINGS = 6  # as many as take the first width to a whole second


def distinct_instants(
    bases: Sequence[int] | np.ndarray, keys: Sequence[str], ties: Sequence[int] | np.ndarray | None = None
) -> list[int]:
    """Return an instant for each row in the second of its base, no two the same (microseconds).

    Which one depends on the row's key alone, by digest, unless another row has that one: then the row of
    the higher digest takes its next. So a row that comes or goes moves only rows that it had met: among n
    rows of one second another one with a probability of about n / 2,000,000. Rows whose ties differ from
    their bases are placed in order of them, to the minute where they are within a day. A second has room
    for a million rows; few of those beyond that get one of the seconds that follow. Keys are unique and in
    a fixed order.
    """
    digests = _digests(keys)
    order = np.argsort(digests, kind="stable")
    wanted = np.asarray(bases, dtype=np.int64)[order]
    distances = np.zeros_like(wanted) if ties is None else np.asarray(ties, dtype=np.int64)[order] - wanted
    result = np.empty_like(wanted)
    result[order] = _settled(wanted // SECOND * SECOND, digests[order], distances)
    instants: list[int] = result.tolist()
    return instants


def _digests(keys: Sequence[str]) -> np.ndarray:
    return np.fromiter((crc32(key.encode()) for key in keys), dtype=np.uint64, count=len(keys))


def _settled(seconds: np.ndarray, digests: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return the instant that each row keeps: of those that want the same, the first; the others try on."""
    attempts = np.zeros_like(seconds)
    instants = _instants(seconds, digests, distances, attempts)
    while len(losers := _losers(instants)):
        attempts[losers] += 1
        chosen = (values[losers] for values in (seconds, digests, distances, attempts))
        instants[losers] = _instants(*chosen)
    return instants


def _losers(instants: np.ndarray) -> np.ndarray:
    """Return the places of the rows whose instant one before them has."""
    order = np.argsort(instants, kind="stable")
    ranked = instants[order]
    places: np.ndarray = order[1:][ranked[1:] == ranked[:-1]]
    return places


def _instants(
    seconds: np.ndarray, digests: np.ndarray, distances: np.ndarray, attempts: np.ndarray
) -> np.ndarray:
    """Return where each row goes at its attempt: each is wider, the last are in seconds that follow."""
    places = np.interp(distances, _DISTANCES, _PLACES).astype(np.int64)
    widths = _FIRST_WIDTH * _WIDENING ** np.minimum(attempts, _WIDENINGS)
    anywhere = (distances == 0) | (widths >= SECOND)
    chances = _scrambled(digests, attempts)
    jitter = (chances % np.where(anywhere, SECOND, widths).astype(np.uint64)).astype(np.int64)
    later = attempts // ATTEMPTS_IN_A_SECOND * SECOND
    moved: np.ndarray = seconds + later + np.where(anywhere, jitter, (places + jitter) % SECOND)
    return moved


def _scrambled(digests: np.ndarray, attempts: np.ndarray) -> np.ndarray:
    """Return a number of 64 bits for each digest and attempt, by the finalizer of SplitMix64."""
    mixed = (digests << np.uint64(32)) + attempts.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
