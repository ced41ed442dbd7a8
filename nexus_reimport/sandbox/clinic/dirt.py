"""How dirt gets into clean rows: each kind in its own rows, its places written down by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.figures import share

Places = dict[str, tuple[str, ...]]
"""Kind of dirt -> the lower-case FileMaker ids of the rows that have it."""


@dataclass(frozen=True)
class Dirt:
    """One kind of dirt: its name, how many rows have it at scale 1, and what it does to a row in place."""

    name: str
    count: int
    spoil: Callable[[Row, Chance], None]


@dataclass
class DirtLedger:
    """What the generator remembers about its rows: fates and dirt, by lower-case FileMaker id."""

    rejected: dict[str, dict[str, str]] = field(default_factory=dict)
    places: Places = field(default_factory=dict)

    def reject(self, table: str, key: object, reason: str) -> None:
        """Remember that a correct import rejects this row for this reason."""
        self.rejected.setdefault(table, {})[str(key).lower()] = reason

    def note(self, name: str, keys: Sequence[object]) -> None:
        """Remember more rows that have a kind of dirt."""
        self.places[name] = (*self.places.get(name, ()), *(str(key).lower() for key in keys))


def spread(
    rows: Sequence[Row],
    kinds: Sequence[Dirt],
    chance: Chance,
    scale: float,
    ledger: DirtLedger,
    key: str = "id",
) -> None:
    """Spoil rows in place, no row by two kinds; a kind gets no row only where all rows are spoilt already."""
    order = list(range(len(rows)))
    chance.shuffle(order)
    for kind in kinds:
        chosen = [rows[order.pop()] for _ in range(min(share(kind.count, scale), len(order)))]
        for row in chosen:
            kind.spoil(row, chance)
        ledger.note(kind.name, [row[key] for row in chosen])


def mixed_case(identifier: str) -> str:
    """Return an id with every second character in lower case."""
    return "".join(letter.lower() if place % 2 else letter for place, letter in enumerate(identifier))


def setting(name: str, *values: object) -> Callable[[Row, Chance], None]:
    """Return a spoiler that puts one of the values into a field."""

    def spoil(row: Row, chance: Chance) -> None:
        row[name] = values[chance.below(len(values))]

    return spoil


def changing(name: str, change: Callable[[str], str]) -> Callable[[Row, Chance], None]:
    """Return a spoiler that changes the text a field already has."""

    def spoil(row: Row, _chance: Chance) -> None:
        row[name] = change(str(row[name] or ""))

    return spoil
