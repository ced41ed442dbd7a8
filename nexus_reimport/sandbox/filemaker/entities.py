"""The records of one entity set, kept as JSON bytes ready to send, with their orders and filters."""

from collections.abc import Callable, Mapping, Sequence

import orjson

from nexus_reimport.sandbox.filemaker.filters import parse_filter, text_key
from nexus_reimport.sandbox.filemaker.query import Query

SYSTEM_PROPERTIES = ("ROWID", "ROWMODID")


class StoredEntity:
    """One entity set. Records keep the order in which they were given, which is that of their making."""

    def __init__(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        self.name = name
        self.rows = [{**row, "ROWID": number, "ROWMODID": number % 7} for number, row in enumerate(rows, 1)]
        self.bodies = [orjson.dumps(row) for row in rows]
        self.properties = tuple(dict.fromkeys(name for row in rows for name in row))
        self.orders: dict[tuple[tuple[str, bool], ...], list[int]] = {(): list(range(len(rows)))}

    @property
    def known(self) -> tuple[str, ...]:
        """Every property a query may name; none where there is no record to tell."""
        return (*self.properties, *SYSTEM_PROPERTIES) if self.properties else ()

    def matching(self, query: Query, visible: Callable[[int], bool]) -> list[int]:
        """Return the positions of the records that a query asks for and that are visible, in its order."""
        positions = [position for position in self.ordered(query.order) if visible(position)]
        if query.filter is None:
            return positions
        predicate = parse_filter(query.filter, self.known)
        return [position for position in positions if predicate(self.rows[position])]

    def ordered(self, order: tuple[tuple[str, bool], ...]) -> list[int]:
        """Return all positions in an order, which is remembered; null comes first."""
        if order not in self.orders:
            positions = list(range(len(self.rows)))
            for name, downwards in reversed(order):
                positions.sort(key=lambda position: self.sort_key(position, name), reverse=downwards)
            self.orders[order] = positions
        return self.orders[order]

    def sort_key(self, position: int, name: str) -> tuple[int, float, str]:
        """Return what a record is ordered by: nulls, then numbers, then texts without regard to case."""
        value = self.rows[position].get(name)
        if value is None:
            return 0, 0.0, ""
        if isinstance(value, int | float):
            return 1, float(value), ""
        return 2, 0.0, text_key(value)

    def body(self, position: int, select: tuple[str, ...]) -> bytes:
        """Return a record as JSON: all its properties, or those selected."""
        if not select:
            return self.bodies[position]
        return orjson.dumps({name: self.rows[position].get(name) for name in select})
