"""SQL about entries, for `merge`: rows are `s` staged, `v` last written, `e` of `entries_<table>`.

`e` has, by column: the digests of FileMaker's entries, the merged value where a person's edit was merged, and
whether both sides changed an entry. It is filled in `diff`.
"""

from collections.abc import Callable

from psycopg import sql

from nexus_reimport.load.our_tables.ledger import entries_column
from nexus_reimport.model.columns import Column, Table


def entries_relation(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with what is known of the entries of staged rows."""
    return sql.Identifier(f"entries_{table.name}")


def create_entries_relation(table: Table) -> sql.Composed:
    """Return DDL for it."""
    columns = [
        sql.SQL("{} uuid[], {} jsonb, {} boolean").format(
            *(sql.Identifier(*name[1:]) for name in _names(column))
        )
        for column in table.made_of_entries
    ]
    listed = sql.SQL(", ").join([sql.SQL("id uuid PRIMARY KEY"), *columns])
    return sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(entries_relation(table), listed)


def joined_entries(table: Table) -> sql.Composable:
    """Return the join that gives `e`; empty for a table without entries."""
    if not table.made_of_entries:
        return sql.SQL("")
    return sql.SQL("LEFT JOIN {} e ON e.id = s.id").format(entries_relation(table))


def _names(column: Column) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    return ("e", entries_column(column)), ("e", f"merged_{column.name}"), ("e", f"clash_{column.name}")


def digests(column: Column) -> sql.Identifier:
    """Return the digests of FileMaker's entries, as they are to be written down."""
    return sql.Identifier(*_names(column)[0])


def merged(column: Column) -> sql.Identifier:
    """Return the merged value; null where no person's edit was merged."""
    return sql.Identifier(*_names(column)[1])


def is_clash(column: Column) -> sql.Identifier:
    """Say that a person and FileMaker changed one entry."""
    return sql.Identifier(*_names(column)[2])


def differs_from_source(column: Column) -> sql.Composed:
    """Say that the merged value is not simply what FileMaker has."""
    return sql.SQL("{} IS DISTINCT FROM {}").format(merged(column), sql.Identifier("s", column.name))


def or_merged(
    column: Column, of_merged: Callable[[Column], sql.Composable], otherwise: sql.Composable
) -> sql.Composable:
    """Return what holds where a person's edit was merged, and what holds otherwise."""
    if not column.entries:
        return otherwise
    return sql.SQL("CASE WHEN {} IS NOT NULL THEN {} ELSE {} END").format(
        merged(column), of_merged(column), otherwise
    )


def new_digests(table: Table) -> sql.Composed:
    """Return the digests of entries that belong to the digest of the whole value, each under its name."""
    case = sql.SQL("CASE WHEN {} = {} THEN {} ELSE {} END AS {}")
    return sql.SQL(", ").join(
        case.format(
            sql.Identifier("g", f"digest_{column.name}"),
            sql.Identifier("h", f"source_{column.name}"),
            digests(column),
            sql.Identifier("v", entries_column(column)),
            sql.Identifier(entries_column(column)),
        )
        for column in table.made_of_entries
    )


def are_stale(table: Table) -> sql.Composed:
    """Say, after another condition, that the new digests are not those that were written."""
    return _any_differs("n", table)


def are_unknown(table: Table) -> sql.Composed:
    """Say, after another condition, that those that were written are not those of FileMaker's entries now."""
    return _any_differs("e", table)


def _any_differs(alias: str, table: Table) -> sql.Composed:
    names = [entries_column(column) for column in table.made_of_entries]
    return sql.SQL(" ").join(
        sql.SQL("OR {} IS DISTINCT FROM {}").format(sql.Identifier(alias, name), sql.Identifier("v", name))
        for name in names
    )
