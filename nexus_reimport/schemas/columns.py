"""What a column and a table of Nexus are; the tables themselves are in `nexus.py`."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import pyarrow as pa

Kind = Literal["uuid", "text", "varchar", "date", "timestamptz", "integer", "numeric", "boolean", "jsonb"]
Role = Literal["key", "source", "initial", "stamp"]
EntriesOf = Literal["contact", "address"]

ARROW_TYPES: dict[Kind, pa.DataType] = {
    "uuid": pa.string(),
    "text": pa.string(),
    "varchar": pa.string(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
    "numeric": pa.decimal128(6, 4),
    "boolean": pa.bool_(),
    "jsonb": pa.string(),
}


@dataclass(frozen=True)
class Column:
    """One column of a target table.

    `role` says who decides its value. "key": the row's UUID. "source": FileMaker; compared and merged
    field by field at every publication. "initial": given once, when the row is inserted, and Nexus's own
    from then on. "stamp": the run's instant, whenever the row is written.
    `volatile_keys` are keys of a jsonb object that alone never make a row different. `entries`: of what kind
    the entries are that the value is made of; a person's edit is merged with FileMaker's entry by entry.
    """

    name: str
    kind: Kind
    null: bool = False
    length: int | None = None
    choices: tuple[str, ...] = ()
    role: Role = "source"
    volatile_keys: tuple[str, ...] = ()
    entries: EntriesOf | None = None

    @property
    def dtype(self) -> pd.ArrowDtype:
        """The column's type in a staged frame. jsonb is canonical JSON text (sorted keys) there."""
        return pd.ArrowDtype(ARROW_TYPES[self.kind])


@dataclass(frozen=True)
class Link:
    """A column that points at a row of another relation, whether or not PostgreSQL knows it."""

    column: str
    relation: str


@dataclass(frozen=True)
class Table:
    """One published table: `name` is the asset's and the reports' name, `relation` the database's.

    `unique`: columns in which no two rows of the database have the same, beside the key. `accepted`: names of
    constraints, indexes, triggers and rules of Nexus's that somebody has looked at: what is written
    satisfies them.
    """

    name: str
    relation: str
    columns: tuple[Column, ...]
    links: tuple[Link, ...] = ()
    source: str = ""
    unique: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def named(self, *roles: Role) -> tuple[Column, ...]:
        """Return the columns that have one of the roles, in the table's order."""
        return tuple(column for column in self.columns if column.role in roles)

    @property
    def made_of_entries(self) -> tuple[Column, ...]:
        """The columns whose value is made of entries."""
        return tuple(column for column in self.columns if column.entries)
