"""How many rows of a table a run may take out or archive at most, and the refusal where it would be more."""

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.exceptions import TooManyLeftOver, TooManyMissing
from nexus_reimport.model.columns import Table
from nexus_reimport.model.options import Options


def refuse_too_many_missing(connection: Connection, table: Table, many: int, options: Options) -> None:
    """Raise TooManyMissing where more rows gone from FileMaker would go than the run allows."""
    if says := _excess(connection, table, many, options):
        what = options.on_missing[table.name]
        raise TooManyMissing(
            f"{table.name}: {many} rows are gone from FileMaker and would be {what}d, {says} "
            f"If FileMaker is right, {_how_to_allow(connection, table, many)}"
        )


def refuse_too_many_left_over(connection: Connection, table: Table, many: int, options: Options) -> None:
    """Raise TooManyLeftOver where more rows of older imports would go than the run allows."""
    if says := _excess(connection, table, many, options):
        raise TooManyLeftOver(
            f"{table.name}: {many} rows of older imports have no partner in FileMaker and would be removed, "
            f"{says} Look at them in a plan that leaves them; if they are to go, "
            f"{_how_to_allow(connection, table, many)}"
        )


def _excess(connection: Connection, table: Table, many: int, options: Options) -> str | None:
    rows = _rows(connection, table)
    allowed = min(options.missing_rows, int(rows * options.missing_percent / 100))
    if many <= allowed:
        return None
    return (
        f"but no more than {allowed} may be ({options.missing_percent:g} % of {rows}, at most "
        f"{options.missing_rows}). Nothing was written."
    )


def _how_to_allow(connection: Connection, table: Table, many: int) -> str:
    percent = -(-100 * many // _rows(connection, table))
    return (
        "raise missing_percent and missing_rows for this run: "
        f"--missing-percent {percent} --missing-rows {many}"
    )


def _rows(connection: Connection, table: Table) -> int:
    statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.relation))
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
