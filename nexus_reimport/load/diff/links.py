"""Proof by SQL that rows point at rows that are there, those links included that PostgreSQL doesn't know."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.exceptions import BrokenLinks
from nexus_reimport.model.columns import Link, Table
from nexus_reimport.model.nexus import TABLES


@dataclass(frozen=True)
class LinkCount:
    """How many rows point, by one column, at a row that isn't there.

    `ours` came from FileMaker, `others` did not. `left`: asked of a publication, those of ours that it
    neither stages nor touches: FileMaker has them no more, and what they point at was deleted in Nexus.
    """

    table: str
    column: str
    ours: int
    others: int
    left: int = 0


def count_broken(connection: Connection, table: Table) -> list[LinkCount]:
    """Count the broken links of all rows of a table, one entry a link; reads only, every row."""
    return [_count(connection, table, link, sql.SQL("true")) for link in table.links]


def count_published_broken(connection: Connection, table: Table) -> list[LinkCount]:
    """Count the same inside a publication, its own rows told apart from those that it leaves as they are."""
    own = sql.SQL(
        "(EXISTS (SELECT FROM {} s WHERE s.id = c.id) OR EXISTS (SELECT FROM {} x WHERE x.id = c.id))"
    ).format(sql.Identifier(f"staged_{table.name}"), sql.Identifier(f"touched_{table.name}"))
    return [_count(connection, table, link, own) for link in table.links]


def _count(connection: Connection, table: Table, link: Link, own: sql.Composable) -> LinkCount:
    statement = sql.SQL(
        """
        SELECT count(*) FILTER (WHERE i.id IS NOT NULL AND {own}), count(*) FILTER (WHERE i.id IS NULL),
            count(*) FILTER (WHERE i.id IS NOT NULL AND NOT {own})
        FROM {child} c LEFT JOIN identities i ON i.table_name = {name} AND i.id = c.id
        WHERE c.{column} IS NOT NULL AND {generic}
            AND NOT EXISTS (SELECT FROM {parent} p WHERE p.id = c.{column})
        """
    ).format(
        child=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        column=sql.Identifier(link.column),
        parent=sql.Identifier(link.relation),
        generic=points_at_patients(table),
        own=own,
    )
    row = connection.execute(statement).fetchone() or (0, 0, 0)
    return LinkCount(table.name, link.column, ours=row[0], others=row[1], left=row[2])


def refuse_broken_to_come(connection: Connection, tables: Iterable[Table]) -> None:
    """Raise BrokenLinks where a decided row would point at a row that is not there after the publication.

    Asked of what is decided, so that a plan refuses what a run would, in the same words: a plan of the
    images alone promised 8,150 inserts that no run could make, since their patients were not published.
    """
    broken: dict[str, int] = {}
    parents: set[str] = set()
    for table in tables:
        for link in table.links:
            row = connection.execute(_broken_to_come(table, link)).fetchone()
            if row and row[0]:
                broken[f"{table.name}.{link.column}"] = row[0]
                parents.add(_name(link))
    if broken:
        counts = ", ".join(f"{link}: {rows}" for link, rows in broken.items())
        raise BrokenLinks(
            f"Rows from FileMaker would point at rows that aren't there ({counts}). Nothing was written. "
            f"Publish {' and '.join(sorted(parents))} too, or first; or, if they have left Nexus since, "
            "materialize nexus_state and what is staged again."
        )


def _broken_to_come(table: Table, link: Link) -> sql.Composed:
    """Return SQL that counts the staged rows whose link, once merged, leads nowhere."""
    ours = next((one for one in TABLES if one.relation == link.relation), None)
    stays: sql.Composable = sql.SQL("true")
    comes: sql.Composable = sql.SQL("false")
    if ours:
        stays = sql.SQL("NOT EXISTS (SELECT FROM {} x WHERE x.id = p.id)").format(
            sql.Identifier(f"removed_{ours.name}")
        )
        comes = sql.SQL("EXISTS (SELECT FROM {} p WHERE p.absent AND p.id = c.{})").format(
            sql.Identifier(f"decided_{ours.name}"), sql.Identifier(link.column)
        )
    return sql.SQL(
        """
        SELECT count(*) FROM (
            -- A row that is not decided on is as it is staged.
            SELECT {merged} FROM {staged} s LEFT JOIN {decided} d ON d.id = s.id
            WHERE NOT EXISTS (SELECT FROM {removed} x WHERE x.id = s.id)) c
        WHERE c.{column} IS NOT NULL AND {generic} AND NOT {comes}
            AND NOT EXISTS (SELECT FROM {parent} p WHERE p.id = c.{column} AND {stays})
        """
    ).format(
        merged=sql.SQL(", ").join(
            sql.SQL("CASE WHEN d.id IS NULL THEN s.{0} ELSE d.{0} END AS {0}").format(sql.Identifier(name))
            for name in _link_columns(link)
        ),
        staged=sql.Identifier(f"staged_{table.name}"),
        decided=sql.Identifier(f"decided_{table.name}"),
        removed=sql.Identifier(f"removed_{table.name}"),
        column=sql.Identifier(link.column),
        generic=points_at_patients(table),
        comes=comes,
        parent=sql.Identifier(link.relation),
        stays=stays,
    )


def _link_columns(link: Link) -> list[str]:
    return [link.column, *filter(None, [link.type_column])]


def _name(link: Link) -> str:
    """Return what a link leads to by the name that runs and reports have for it."""
    return next((one.name for one in TABLES if one.relation == link.relation), link.relation)


def points_at_patients(table: Table) -> sql.Composable:
    """Say of the row `c` that its link is to a patient, where it could be to a row of another kind."""
    if not any(link.type_column for link in table.links):
        return sql.SQL("true")
    return sql.SQL(
        "c.content_type_id = (SELECT id FROM django_content_type"
        " WHERE app_label = 'patients' AND model = 'patient')"
    )
