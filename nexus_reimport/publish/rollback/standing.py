"""Which publications stand after any history of publications and rollbacks. Pure.

A rollback brings Nexus to what it was before some publication; what came from then on is undone by it, and
what came before stands, or not, as it did then. A rollback of a rollback makes its publications stand again.
"""

from collections.abc import Iterable, Sequence


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
