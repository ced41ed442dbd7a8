"""Questions to Nexus after a publication, each answered by SQL over every row. Reads only."""

from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from nexus_reimport.load.diff.links import LinkCount, count_broken
from nexus_reimport.load.diff.older_imports import named_by_import
from nexus_reimport.load.diff.references import count_dangling
from nexus_reimport.load.our_tables.ledger import has_published
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.model.columns import Table

# The column that Nexus orders its pages by.


def count_stale_links(url: str, table: Table) -> list[LinkCount]:
    """Count the links of a table, a column each, that are to rows that aren't there."""
    with reading(url, "verifying") as connection:
        return count_broken(connection, table) if has_published(connection) else []


def count_neighbours_dangling(url: str, table: Table) -> dict[str, int]:
    """Count the links of tables that we never write to rows of this one that aren't there, by column."""
    with reading(url, "verifying") as connection:
        return count_dangling(connection, table) if has_published(connection) else {}


def count_published(url: str, table: Table, ids: list[str]) -> int:
    """Count which of the ids are in the table."""
    statement = sql.SQL("SELECT count(*) FROM {} WHERE id = ANY (%s::uuid[])")
    with reading(url, "verifying") as connection:
        row = connection.execute(statement.format(sql.Identifier(table.relation)), [ids]).fetchone()
    return int(row[0]) if row else 0


def count_shared_instants(url: str, table: Table) -> int:
    """Count our rows that share with another of ours the instant that Nexus pages by."""
    statement = sql.SQL(
        """
        SELECT count(*) - count(DISTINCT t.{column}) FROM {relation} t
        JOIN identities i ON i.table_name = {name} AND i.id = t.id
        """
    ).format(
        column=sql.Identifier(table.paged_by),
        relation=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
    )
    with reading(url, "verifying") as connection:
        row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def count_wrong_image_counts(url: str) -> int:
    """Count imported batches, ours or not, whose `image_count` is not the number of images in them."""
    statement = sql.SQL(
        """
        SELECT count(*) FROM images_batch b
        WHERE ({named} OR EXISTS (SELECT FROM identities i
                WHERE i.table_name = 'image_batches' AND i.id = b.id))
            AND b.image_count <> (SELECT count(*) FROM images_image m WHERE m.batch_id = b.id)
        """
    ).format(named=named_by_import("b"))
    with reading(url, "verifying") as connection:
        row = connection.execute(statement).fetchone() if has_published(connection) else None
    return int(row[0]) if row else 0


def count_doubled_places(url: str) -> int:
    """Count our images that share their place in a batch with another of ours, missing ones too."""
    statement = """
        SELECT count(*) FROM (
            SELECT count(*) OVER (PARTITION BY m.batch_id, m."order") AS together FROM images_image m
            JOIN identities i ON i.table_name = 'images' AND i.id = m.id) n
        WHERE together > 1
    """
    with reading(url, "verifying") as connection:
        row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def run_that_applied(url: str, plan_id: str) -> str | None:
    """Return the id of the run whose publication applied a plan and stands; None where there is none."""
    statement = """
        SELECT run_id FROM publications p
        WHERE p.plan_id = %s AND p.undone_by IS NULL
        ORDER BY id DESC LIMIT 1
    """
    with reading(url, "status") as connection:
        row = connection.execute(statement, [plan_id]).fetchone()
    return str(row[0]) if row else None


def read_publications(url: str, newest: int = 10) -> list[dict[str, Any]]:
    """Return the newest publications and rollbacks: `number`, `run_id`, `as_of`, `published_at`, `tables`.

    Instants are in UTC. `kind`: publication or rollback. `undoes`: what a rollback undid. `undone_by`: the
    rollback that undid it, None where it stands. `backup`: the name of its backup, None where it has none.
    """
    statement = """
        SELECT p.id AS number, p.run_id, p.as_of, p.published_at, p.tables,
            p.kind, p.undoes, p.undone_by, p.backup
        FROM publications p ORDER BY p.id DESC LIMIT %s
    """
    with reading(url, "status") as connection:
        return connection.cursor(row_factory=dict_row).execute(statement, [newest]).fetchall()
