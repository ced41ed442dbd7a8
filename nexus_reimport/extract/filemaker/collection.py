"""The rows of one reading: gathered page by page as Arrow columns, each key once."""

from collections import Counter
from dataclasses import dataclass, field

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.extract.filemaker.json_text import Record
from nexus_reimport.extract.filemaker.text import text_column
from nexus_reimport.model.filemaker import UNREADABLE_COLUMN, EntitySet
from nexus_reimport.model.reasons.every_table import UNREADABLE_VALUE

_MANY = 10


@dataclass
class Collection:
    """Everything that came in one reading.

    `positions` has the row at which each key (lower case) first came, `repeats` every later row with the
    position of its first; `keyless` counts rows without a key, `readable` by field the values that came,
    `unreadable` those that could not be read.
    """

    entity_set: EntitySet
    tables: list[pa.Table] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    repeats: list[tuple[int, int]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    readable: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    received: int = 0
    keyless: int = 0
    last_key: str | None = None

    @property
    def distinct(self) -> int:
        """How many different keys have come; case does not make a difference."""
        return len(self.positions)

    def add(self, records: list[Record]) -> int:
        """Take in a page and return how many keys in it are new."""
        before = self.distinct
        doubts: dict[int, dict[str, str]] = {}
        columns = {name: self.column(name, records, doubts) for name in self.entity_set.names}
        for key in columns[self.entity_set.key].to_pylist():
            self.register(key)
        told = [
            orjson.dumps(doubts[place]).decode() if place in doubts else None for place in range(len(records))
        ]
        columns[UNREADABLE_COLUMN] = pa.array(told, pa.string())
        self.tables.append(pa.table(columns))
        return self.distinct - before

    def column(self, name: str, records: list[Record], doubts: dict[int, dict[str, str]]) -> pa.Array:
        """Return one property of all records as text, null where a record does not have it.

        What is not as FileMaker has it goes into `doubts`: by the record's place, the field and the reason.
        """
        array, reasons = text_column([record.get(name) for record in records])
        if array.null_count < len(records) or any(name in record for record in records):
            self.seen.add(name)
        for place, reason in reasons.items():
            doubts.setdefault(place, {})[name] = reason
        self.readable[name] += len(records) - array.null_count
        self.unreadable[name] += sum(reason == UNREADABLE_VALUE for reason in reasons.values())
        return array

    def register(self, key: str | None) -> None:
        """Note the key of the next row."""
        if key is None or not key.strip():
            self.keyless += 1
        else:
            self.last_key = key
            first = self.positions.setdefault(key.lower(), self.received)
            if first != self.received:
                self.repeats.append((self.received, first))
        self.received += 1

    @property
    def missing_fields(self) -> list[str]:
        """Required fields that no record had, though there were records."""
        return sorted(self.entity_set.required - self.seen) if self.received else []

    @property
    def doubtful(self) -> int:
        """How many rows have a value that is not what FileMaker has."""
        return sum(len(table) - table[UNREADABLE_COLUMN].null_count for table in self.tables)

    @property
    def lost_fields(self) -> list[str]:
        """Fields of which so many values could not be read, and none could, that no row is to blame."""
        return [name for name, lost in self.unreadable.items() if lost >= _MANY and not self.readable[name]]

    def table(self) -> pa.Table:
        """Return every row received, repeats included."""
        return pa.concat_tables(self.tables)

    def changed_keys(self) -> list[str]:
        """Return the keys that came more than once with different contents."""
        if not self.repeats:
            return []
        table, key = self.table(), self.entity_set.key
        later, first = (table.take(pa.array(rows, pa.int64())) for rows in zip(*self.repeats, strict=True))
        differs = pa.array([False] * len(self.repeats))
        for name in self.entity_set.names:
            if name != key:
                differs = pc.or_(differs, unlike(later[name], first[name]))
        return sorted(set(pc.utf8_lower(later[key].filter(differs)).to_pylist()))

    def frame(self) -> pd.DataFrame:
        """Return one row per key, in the order of arrival, every column as Arrow text."""
        table = self.table()
        if self.repeats:
            table = table.take(pa.array(list(self.positions.values()), pa.int64()))
        return table.combine_chunks().to_pandas(types_mapper=pd.ArrowDtype)


def unlike(left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.Array:
    """Return where two columns differ; null is like null only."""
    unequal = pc.fill_null(pc.not_equal(left, right), False)
    one_null = pc.xor(pc.is_null(left), pc.is_null(right))
    return pc.or_(unequal, one_null)
