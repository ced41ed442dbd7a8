"""The guard before a publication: so many rows losing or changing a value in one column is no ordinary day.

The source is told apart from our own rules: where another code decides than at the last publication, and the
sources are the very same, nothing was lost there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.change_counts import (
    ColumnChanges,
    TableChanges,
    count_changes,
    remembered_changes,
)
from nexus_reimport.load.exceptions import MassChange
from nexus_reimport.load.our_tables.figures import MadeOf, read_last_made_of
from nexus_reimport.model.columns import Table
from nexus_reimport.model.options import Options

_Kind = Literal["lose", "change", "get"]
# The share of the rows that may, before the run stops; and more than so many rows must.
SHARES: dict[_Kind, float] = {"lose": 0.05, "change": 0.2, "get": 0.2}
FEWEST = 20
# A column may do twice what it did in most of its last publications, if there are enough. But lose half at
# most: so much is never ordinary.
ENOUGH, OF_ORDINARY, LOST_AT_MOST = 3, 2, 0.5


@dataclass(frozen=True)
class Excess:
    """One column in which too many rows would lose, change or get a value: `rows` of `of`; `share` may.

    `allowed`: the run names the column. `rules`: another code decides than at the last publication, and
    `sources_same` says that it does from the very same sources.
    """

    column: str
    kind: _Kind
    rows: int
    of: int
    share: float
    allowed: bool = False
    rules: bool = False
    sources_same: bool = False

    @property
    def stops(self) -> bool:
        """Whether nothing may be published.

        Where our rules and the sources moved both, what is lost might be the sources': that stops. What is
        changed is told.
        """
        return not self.allowed and not (self.rules and (self.sources_same or self.kind != "lose"))

    @property
    def says(self) -> str:
        """The excess in a sentence."""
        return f"{self.column}: {self._rows()}, and {self.share:.0%} may.{self._why()}"

    def _rows(self) -> str:
        share = f"({self.rows / self.of:.0%})"
        if self.kind == "get":
            return f"{self.rows} of {self.of} rows would get a value {share}"
        what = "lose one" if self.kind == "lose" else "get another"
        return f"{self.rows} of the {self.of} rows that have a value would {what} {share}"

    def _why(self) -> str:
        if self.allowed:
            return " Allowed by the run."
        if not self.rules:
            return ""
        another = " This program is another release than at the last publication"
        if self.sources_same:
            return f"{another}, and the sources are the very same: it is by its rules."
        return f"{another}, and the sources moved too: either may be why."

    def as_json(self) -> dict[str, Any]:
        """Return the excess as a plan keeps it."""
        return {
            "column": self.column,
            "kind": self.kind,
            "rows": self.rows,
            "of": self.of,
            "share": self.share,
            "stops": self.stops,
            "says": self.says,
        }


@dataclass(frozen=True)
class MassChanges:
    """What changes in each table by column, and where it is too much. `kept`: as a publication keeps it."""

    kept: Mapping[str, Mapping[str, Any]]
    excesses: Sequence[Excess] = ()


def find_mass_changes(
    connection: Connection, tables: Collection[Table], made_of: MadeOf, options: Options
) -> MassChanges:
    """Return what would change too much by what was decided on this connection.

    `made_of`: by what code and of which sources.
    """
    kept: dict[str, Mapping[str, Any]] = {}
    excesses: list[Excess] = []
    for table in tables:
        changes = count_changes(connection, table, filemaker_wins=options.filemaker_wins(table.name))
        if changes.published:
            last = read_last_made_of(connection, table.name)
            rules, same = last.code != made_of.code, last.has_sources_of(made_of)
            kept[table.name] = {**changes.as_json(), "rules": rules}
            past = remembered_changes(connection, table) if changes.columns else []
            for name, kind, rows, of, share in _beyond(changes, past):
                column = f"{table.name}.{name}"
                excesses.append(
                    Excess(
                        column, kind, rows, of, share, column in options.allow_change, rules, rules and same
                    )
                )
    return MassChanges(kept, excesses)


def refuse_mass_changes(excesses: Sequence[Excess]) -> None:
    """Raise MassChange where one of them stops."""
    if says := stopping_words([one.as_json() for one in excesses]):
        raise MassChange(says)


def stopping_words(excesses: Sequence[Mapping[str, Any]]) -> str:
    """Return why nothing may be published, and how to allow it; empty where it may. As a plan keeps them."""
    stopping = [one for one in excesses if one["stops"]]
    if not stopping:
        return ""
    columns = dict.fromkeys(one["column"] for one in stopping)
    return (
        "Too much would change at once: "
        + " ".join(one["says"] for one in stopping)
        + " Nothing was written. A changed privilege set, a field written over or an edit in bulk gives "
        "that. Look at it in FileMaker and in a plan; if it is right, allow it by name for one run: "
        + " ".join(f"--allow-change {column}" for column in columns)
    )


def _beyond(
    changes: TableChanges, past: Sequence[TableChanges]
) -> Iterator[tuple[str, _Kind, int, int, float]]:
    """Yield each column and what too many of its rows do: kind, rows, of how many, the share that may."""
    for name, column in changes.columns.items():
        for kind in SHARES:
            rows, of = _rows(kind, column, changes.published)
            may = _share_that_may(kind, name, past)
            if rows > FEWEST and rows > may * of:
                yield name, kind, rows, of, may


def _rows(kind: _Kind, column: ColumnChanges, published: int) -> tuple[int, int]:
    if kind == "get":
        return column.filling, published
    return column.losing if kind == "lose" else column.changing, column.filled


def _share_that_may(kind: _Kind, name: str, past: Sequence[TableChanges]) -> float:
    """Return the share of rows that may, by what most of the last publications did to the column."""
    if len(past) < ENOUGH:
        return SHARES[kind]
    shares = []
    for one in past:
        rows, of = _rows(kind, one.columns.get(name, ColumnChanges(0, 0, 0, 0)), one.published)
        shares.append(rows / of if of else 0)
    may = max(SHARES[kind], OF_ORDINARY * median(shares))
    return min(may, LOST_AT_MOST if kind == "lose" else 1)
