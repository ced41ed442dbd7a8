"""Which publications stand after any history of publications and rollbacks. Pure.

A rollback brings Nexus to what it was before some publication; what came from then on is undone by it, and
what came before stands, or not, as it did then. A rollback of a rollback makes its publications stand again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """What a rollback changes: publications that stood and do no more, and those that stand again."""

    fallen: tuple[int, ...]
    risen: tuple[int, ...]


def undone_by(entries: Iterable[tuple[int, Sequence[int]]]) -> dict[int, int | None]:
    """Return by which rollback each entry is undone, None where it stands.

    `entries`: number and the numbers it undoes (none: a publication), oldest first.
    """
    now: dict[int, int | None] = {}
    before: dict[int, dict[int, int | None]] = {}
    for number, undoes in entries:
        before[number] = now
        if undoes:
            now = {**dict.fromkeys(now, number), **before[min(undoes)]}
        now = {**now, number: None}
    return now


def effect(entries: Sequence[tuple[int, Sequence[int]]]) -> Effect:
    """Return what the last entry, a rollback, makes of the publications before it; as for `undone_by`."""
    before, after = undone_by(entries[:-1]), undone_by(entries)
    published = [number for number, undoes in entries if not undoes]
    return Effect(
        tuple(one for one in published if before[one] is None and after[one] is not None),
        tuple(one for one in published if before[one] is not None and after[one] is None),
    )
