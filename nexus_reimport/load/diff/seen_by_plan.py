"""What a plan saw of rows that the publication is about to adopt, so that an edit in between is noticed.

A row of ours has the digests of what was last written: they tell an edit of a person's, whenever it was made.
A row of an older import has none until it is adopted. So the plan keeps the digests of its fields as they
were; a field that is another under the publication's locks was edited meanwhile, and stays a person's.
"""

import pandas as pd
import pyarrow as pa
from psycopg import sql

from nexus_reimport.load.database import copying
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.model.columns import Column, Table

_COLUMNS = ("table", "id", "fields")


def seen_relation(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation that holds what was seen of a table's rows."""
    return sql.Identifier(f"seen_{table.name}")


def create_seen_relation(table: Table) -> sql.Composed:
    """Return DDL for it. `fields`: digests of the fields from FileMaker, in the table's order."""
    return sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY, fields uuid[] NOT NULL)").format(
        seen_relation(table)
    )


def load(connection: Connection, seen: pd.DataFrame, table: Table) -> None:
    """Put what a plan saw of a table's rows into its relation; `seen` has COLUMNS, all text."""
    rows = seen.loc[seen["table"] == table.name, ["id", "fields"]]
    copying.copy_frame(connection, rows, f"seen_{table.name}")


def as_frame(rows: list[tuple[str, ...]]) -> pd.DataFrame:
    """Return rows of COLUMNS as a frame."""
    columns = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    text = pd.ArrowDtype(pa.string())
    return pd.DataFrame(
        {name: pd.array(values, dtype=text) for name, values in zip(_COLUMNS, columns, strict=True)}
    )


def is_edited(table: Table, column: Column, target: sql.Composable) -> sql.Composed:
    """Say that a field is not as the plan saw it. `target`: its digest now. `relation` has the alias p."""
    place = [one.name for one in table.named("source")].index(column.name) + 1
    return sql.SQL("p.fields[{}] <> {}").format(sql.Literal(place), target)
