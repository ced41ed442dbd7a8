"""What a column, a frame and a published table are. Those that there are stand in the files beside it.

Pandera's schemas, Arrow's types, what the browser shows of columns and the documents are made from these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import pyarrow as pa

ColumnType = Literal[
    "uuid", "text", "varchar", "date", "timestamptz", "integer", "bigint", "numeric", "boolean", "jsonb"
]
LARGEST_INTEGER = 2**31 - 1
Role = Literal["key", "source", "initial", "stamp"]
EntriesOf = Literal["contact", "address"]
# What a value has to be beside its kind; `shapes` says how each is proved.
Rule = Literal[
    "batch_key",
    "json_object",
    "mime_type",
    "not_negative",
    "not_nul",
    "not_repeated",
    "positive",
    "reason_code",
    "recid",
    "state_kind",
]

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "uuid": pa.string(),
    "text": pa.string(),
    "varchar": pa.string(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "numeric": pa.decimal128(6, 4),
    "boolean": pa.bool_(),
    "jsonb": pa.string(),
}


@dataclass(frozen=True)
class Column:
    """One column of a frame or of a published table. `description` says in a sentence what it holds.

    `role`, of a published table, says who decides its value. "key": the row's UUID. "source": FileMaker;
    compared and merged field by field at every publication. "initial": given once, when the row is inserted,
    and Nexus's own from then on. "stamp": the run's instant, whenever the row is written.
    `volatile_keys` are keys of a jsonb object that alone never make a row different. `entries`: of what kind
    the entries are that the value is made of; a person's edit is merged with FileMaker's entry by entry.
    `is_list`: the JSON is a list, no object. `distinct`: no two rows of a frame have the same.
    `of_the_picture`: only the picture itself tells it, so nobody knows it before its thumbnail is made.
    `rules`: what its values are beside their kind. `optional`: frames of earlier releases lack it.
    """

    name: str
    kind: ColumnType
    description: str = ""
    null: bool = False
    length: int | None = None
    choices: tuple[str, ...] = ()
    role: Role = "source"
    volatile_keys: tuple[str, ...] = ()
    entries: EntriesOf | None = None
    is_list: bool = False
    distinct: bool = False
    of_the_picture: bool = False
    rules: tuple[Rule, ...] = ()
    optional: bool = False

    @property
    def dtype(self) -> pd.ArrowDtype:
        """The column's type in a frame. jsonb is canonical JSON text (sorted keys) there."""
        return pd.ArrowDtype(ARROW_TYPES[self.kind])

    @property
    def type_name(self) -> str:
        """The column's type as PostgreSQL writes it."""
        return f"{self.kind}({self.length})" if self.length else self.kind


@dataclass(frozen=True)
class Frame:
    """What an asset hands on: `name` is the asset's, `columns` in their order where that is held.

    `all_or`: in each row either all of those columns say something, or the last one does.
    """

    name: str
    columns: tuple[Column, ...]
    is_ordered: bool = True
    all_or: tuple[tuple[str, ...], str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def arrow(self) -> pa.Schema:
        """The columns and their types, as Arrow has them."""
        return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in self.columns])

    def of(self, rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
        """Return rows, each a value for each column, as a frame of these columns."""
        columns = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self.arrow, strict=True)]
        return pa.table(arrays, schema=self.arrow).to_pandas(types_mapper=pd.ArrowDtype)


@dataclass(frozen=True)
class Link:
    """A column that points at a row of another relation, whether or not PostgreSQL knows it.

    `type_column` says, in Nexus's numbers, of which kind the row is; empty where it is of one kind only.
    """

    column: str
    relation: str
    type_column: str = ""


@dataclass(frozen=True)
class Table:
    """One published table: `name` is the asset's and the reports' name, `relation` the database's.

    `unique`: columns in which no two rows of the database have the same, beside the key. `accepted`: names of
    constraints, indexes, triggers and rules of Nexus's that somebody has looked at: what is written
    satisfies them. `paged_by`: the column by which Nexus's pages list it. `keyed_by`: what its source's key
    is, FileMaker's id or another. `is_of_files`: a row is a file in S3, so what the export names, though it
    was not staged, is nobody's left-over; a publication is told of these.
    """

    name: str
    relation: str
    columns: tuple[Column, ...]
    links: tuple[Link, ...] = ()
    source: str = ""
    unique: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    paged_by: str = ""
    keyed_by: Literal["filemaker_id", "batch_key"] = "filemaker_id"
    is_of_files: bool = False

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

    @property
    def staged(self) -> Frame:
        """The table's frame before it is published: the key of each row's source, then the columns.

        A batch has no FileMaker id of its own: its key is its patient's and the day, or `unknown`.
        """
        source_key = (
            Column("source_key", "uuid", "FileMaker id of the source row, lower case.", distinct=True)
            if self.keyed_by == "filemaker_id"
            else Column(
                "source_key",
                "text",
                "Patient's FileMaker id and the day.",
                distinct=True,
                rules=("batch_key",),
            )
        )
        return Frame(f"staged/{self.name}", (source_key, *map(_without_nul, self.columns)))


def _without_nul(column: Column) -> Column:
    """Return a column that text without NUL is written to: PostgreSQL has none."""
    is_text = column.kind in ("text", "varchar")
    return replace(column, rules=(*column.rules, "not_nul")) if is_text else column


_DECIDED_BY: dict[Role, str] = {
    "key": "the row's own id, the same at every import",
    "source": "from FileMaker",
    "initial": "given once, Nexus's own from then on",
    "stamp": "the run's instant, whenever the row is written",
}


def decided_by(column: Column) -> str:
    """Return who decides a published column's value, in words."""
    return _DECIDED_BY[column.role]


def describe(column: Column) -> str:
    """Return what a published column is, in one line: type, choices, and who decides its value."""
    allowed = f", one of {', '.join(column.choices)}" if column.choices else ""
    return f"{column.type_name}{allowed}{', may be null' if column.null else ''}; {decided_by(column)}."
