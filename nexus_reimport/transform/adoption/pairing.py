"""One to one: which record of FileMaker each living row is, by degrees of likeness, the closest first.

Each degree puts records and rows of one handle into a group. Within it what is closer alike is paired first,
then in order. Where there are more records than rows, or more rows than records, and those to choose from are
not the same, nothing tells which: they are left alone, and the records are reported.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_R = TypeVar("_R")
L = TypeVar("L")


def _all_the_same(_: object) -> Hashable:
    return True


@dataclass(frozen=True)
class Likeness(Generic[_R, L]):
    """What a record and a row are alike by: equal handles. None is like nothing."""

    of_record: Callable[[_R], Hashable | None]
    of_row: Callable[[L], Hashable | None]


@dataclass(frozen=True)
class Degree(Generic[_R, L]):
    """One degree of likeness: a group, and the likenesses by which it is paired, the closest first.

    `record_is`, `row_is`: those of which these are equal may stand for one another.
    """

    group: Likeness[_R, L]
    closer: tuple[Likeness[_R, L], ...]
    record_is: Callable[[_R], Hashable] = _all_the_same
    row_is: Callable[[L], Hashable] = _all_the_same


@dataclass
class Pairing(Generic[_R, L]):
    """Records and rows, both in their order, and what has been found of them so far, by place.

    `found`: place of the record to place of the row. `undecided`: records that may be a row that is left
    alone. `preferred`: of rows that may stand for one another, those of which it is true are taken first.
    """

    records: Sequence[_R]
    rows: Sequence[L]
    preferred: Callable[[L], bool] = lambda _: False
    found: dict[int, int] = field(default_factory=dict)
    undecided: set[int] = field(default_factory=set)
    _free: list[int] = field(default_factory=list)

    def pair(self, degrees: Sequence[Degree[_R, L]]) -> None:
        """Pair what is alike, degree by degree."""
        self._free = list(range(len(self.rows)))
        for degree in degrees:
            if not self._free:
                break
            blocked = self._pair_degree(degree)
            gone = blocked.union(self.found.values())
            self._free = [place for place in self._free if place not in gone]
        self.undecided.difference_update(self.found)

    def _pair_degree(self, degree: Degree[_R, L]) -> set[int]:
        """Pair all groups of a degree; return the rows that may be several records."""
        blocked: set[int] = set()
        left = [place for place in range(len(self.records)) if place not in self.found]
        for records, rows in self._groups(degree.group, left, self._free):
            undecided = self._pair_group(degree, records, rows)
            self.undecided.update(undecided[0])
            blocked.update(undecided[1])
        return blocked

    def _pair_group(
        self, degree: Degree[_R, L], records: list[int], rows: list[int]
    ) -> tuple[set[int], set[int]]:
        """Pair one group; return the records and the rows of which nothing tells which is which."""
        undecided: tuple[set[int], set[int]] = (set(), set())
        for likeness in degree.closer:
            for some_records, some_rows in self._groups(likeness, records, rows):
                if self._is_decided(degree, some_records, some_rows):
                    self._pair_in_order(some_records, some_rows)
                else:
                    undecided[0].update(some_records)
                    undecided[1].update(some_rows)
            taken = {self.found[place] for place in records if place in self.found}
            records = [place for place in records if place not in self.found]
            rows = [place for place in rows if place not in taken]
        return undecided[0].intersection(records), undecided[1].intersection(rows)

    def _groups(
        self, likeness: Likeness[_R, L], records: Sequence[int], rows: Sequence[int]
    ) -> list[tuple[list[int], list[int]]]:
        by_handle: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place in rows:
            if (handle := likeness.of_row(self.rows[place])) is not None:
                by_handle[handle].append(place)
        alike: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place in records if by_handle else ():
            handle = likeness.of_record(self.records[place])
            if handle is not None and handle in by_handle:
                alike[handle].append(place)
        return [(places, by_handle[handle]) for handle, places in alike.items()]

    def _is_decided(self, degree: Degree[_R, L], records: list[int], rows: list[int]) -> bool:
        spare = len(rows) - len(records)
        if spare < 0:
            return len({degree.record_is(self.records[place]) for place in records}) == 1
        return spare == 0 or len({degree.row_is(self.rows[place]) for place in rows}) == 1

    def _pair_in_order(self, records: list[int], rows: list[int]) -> None:
        if len(rows) > len(records):
            rows = sorted(rows, key=lambda place: (not self.preferred(self.rows[place]), place))
            rows = sorted(rows[: len(records)])
        self.found.update(zip(records, rows, strict=False))
