"""What a transform hands over: one table's rows, rejects and warnings, and the ledger they are built with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.frames import REJECTS
from nexus_reimport.model.reasons.every_table import UNREADABLE_VALUE
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.transform.exceptions import MissingColumnError

SOURCE_KEY = "source_key"


@dataclass(frozen=True)
class Staged:
    """One table, staged.

    `rows`: `source_key` (the FileMaker id, lower case), then every column of the table in its order, as
    Nexus will hold it, in order of `source_key`. `rejects`: one line per source row that is not published:
    table, key, field (FileMaker's name), reason. `warnings`: table, key, field (the target column; of a value
    that could not be read FileMaker's name), reason; their rows are published. Source rows read = rows +
    rejects, always.
    """

    rows: pd.DataFrame
    rejects: pd.DataFrame
    warnings: pd.DataFrame

    @property
    def read(self) -> int:
        """How many source rows are accounted for."""
        return len(self.rows) + len(self.rejects)


class Accounting:
    """Collects what is rejected and what is worth a warning while one table is staged."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._rejects: list[tuple[str, str, str]] = []
        self._warnings: list[tuple[str, str, str]] = []
        self._unreadable: set[tuple[str, str]] = set()

    def doubt(self, key: str, field: str, reason: Reason) -> None:
        """Warn of a FileMaker field whose value could not be read as it is there.

        A row that is rejected for want of that value is rejected since it could not be read.
        """
        self.warn(key, field, reason)
        if reason == UNREADABLE_VALUE:
            self._unreadable.add((key, field))

    def reject(self, key: str, field: str, reason: Reason) -> None:
        """Account for one source row that is not published, and the FileMaker field to blame."""
        unreadable = (key, field) in self._unreadable
        self._rejects.append((key, field, UNREADABLE_VALUE if unreadable else reason))

    def warn(self, key: str, column: str, reason: Reason) -> None:
        """Note that the value of one column of a published row is not what FileMaker has."""
        self._warnings.append((key, column, reason))

    def rejects(self) -> pd.DataFrame:
        """Return what is rejected so far."""
        return self._report(self._rejects)

    def warnings(self) -> pd.DataFrame:
        """Return what is warned of so far."""
        return self._report(self._warnings)

    def staged(
        self, keys: list[str], columns: Mapping[str, Sequence[object]], constants: Mapping[str, object]
    ) -> Staged:
        """Return the staged table. A column that is not given is null, or MissingColumnError is raised."""
        frame = rows_frame(self.table, keys, columns, constants)
        gone = {key for key, _, _ in self._rejects}.difference(keys)
        warnings = [entry for entry in self._warnings if entry[0] not in gone]
        return Staged(frame, self._report(self._rejects), self._report(warnings))

    def _report(self, entries: list[tuple[str, str, str]]) -> pd.DataFrame:
        ordered = [(self.table.name, *entry) for entry in sorted(entries)]
        return REJECTS.of(ordered)


def rows_frame(
    table: Table, keys: list[str], columns: Mapping[str, Sequence[object]], constants: Mapping[str, object]
) -> pd.DataFrame:
    """Return a frame with `source_key` and the table's columns, in their order and Arrow types."""
    arrays = [pa.array(keys, pa.string())]
    for column in table.columns:
        if column.name in columns:
            arrays.append(_array(column, columns[column.name]))
        else:
            arrays.append(_constant(table, column, constants.get(column.name), len(keys)))
    return _frame(pa.table(arrays, names=[SOURCE_KEY, *(column.name for column in table.columns)]))


def column_texts(frame: pd.DataFrame, column: str) -> list[str | None]:
    """Return a text column of a staged frame as a list, None for null."""
    values: list[str | None] = pa.array(frame[column], pa.string()).to_pylist()
    return values


def _array(column: Column, values: Sequence[object]) -> pa.Array:
    wanted = column.dtype.pyarrow_dtype
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(wanted)
    if column.kind == "timestamptz":
        return pa.array(values, pa.int64()).cast(wanted)
    return pa.array(values, wanted)


def _constant(table: Table, column: Column, value: object, size: int) -> pa.Array:
    wanted = column.dtype.pyarrow_dtype
    if value is None:
        if not column.null:
            raise MissingColumnError(table.name, column.name)
        return pa.nulls(size, wanted)
    first = pa.scalar(value, pa.int64() if column.kind == "timestamptz" else wanted)
    return pa.repeat(first.cast(wanted), size)


def _frame(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=pd.ArrowDtype)
