"""The damage that earlier imports left in Nexus, mended inside the publication's own transaction.

Uploads of people that point at a former UUID of a patient are linked to the patient again, where the former
UUID is known. Imported rows that point at nobody and that no metadata names leave their table, as do
imported batches that have become empty; each is kept, whole, in `nexus_reimport.removed`.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from nexus_reimport.publish import merge
from nexus_reimport.publish.connection import Connection
from nexus_reimport.schemas.columns import Table
from nexus_reimport.schemas.nexus import DOCUMENTS, IMAGE_BATCHES, IMAGES
from nexus_reimport.transform.image_objects import IMAGES_PREFIX

BATCH_NAME_END = " (FileMaker Import)"
BATCH_DESCRIPTION = "Imported from FileMaker"

_RELINK = """
    UPDATE {relation} t SET object_id = p.id
    FROM nexus_reimport.former_identities f
    JOIN nexus_reimport.identities i ON i.table_name = 'patients' AND i.source_key = f.source_key
    JOIN patients p ON p.id = i.id
    WHERE f.id = t.object_id AND t.content_type_id = (
            SELECT id FROM django_content_type WHERE app_label = 'patients' AND model = 'patient')
        AND NOT EXISTS (SELECT FROM patients q WHERE q.id = t.object_id)
        AND NOT EXISTS (SELECT FROM {staged} s WHERE s.id = t.id)
    RETURNING t.id
"""

_REMOVE_IMAGES = """
    WITH gone AS (
        DELETE FROM images_image t USING images_batch b
        WHERE b.id = t.batch_id AND starts_with(t.s3_key, %(dump)s)
            AND b.content_type_id = (
                SELECT id FROM django_content_type WHERE app_label = 'patients' AND model = 'patient')
            AND NOT EXISTS (SELECT FROM patients p WHERE p.id = b.object_id)
            AND NOT EXISTS (SELECT FROM {staged} s WHERE s.id = t.id)
            AND lower(substring(t.s3_key FROM '([^/]+?)(?:[.][^/.]*)?$')) <> ALL (%(named)s::text[])
        RETURNING t.*)
    INSERT INTO nexus_reimport.removed (run_id, table_name, id, row)
    SELECT %(run)s, 'images', id, to_jsonb(gone) FROM gone
    RETURNING id
"""

_REMOVE_BATCHES = """
    WITH gone AS (
        DELETE FROM images_batch t
        WHERE right(t.name, length(%(name_end)s)) = %(name_end)s AND t.description = %(description)s
            AND NOT EXISTS (SELECT FROM {staged} s WHERE s.id = t.id)
            AND NOT EXISTS (SELECT FROM images_image i WHERE i.batch_id = t.id)
        RETURNING t.*)
    INSERT INTO nexus_reimport.removed (run_id, table_name, id, row)
    SELECT %(run)s, 'image_batches', id, to_jsonb(gone) FROM gone
    RETURNING id
"""


# The API never recounts. An image gone from the source stays in its batch, and people add their own.
_RECOUNT = """
    UPDATE images_batch t SET image_count = n.images
    FROM (SELECT b.id, count(i.id) AS images FROM images_batch b
            LEFT JOIN images_image i ON i.batch_id = b.id
            WHERE EXISTS (SELECT FROM nexus_reimport.identities k
                WHERE k.table_name = 'image_batches' AND k.id = b.id)
            GROUP BY b.id) n
    WHERE n.id = t.id AND t.image_count <> n.images
    RETURNING t.id
"""


@dataclass(frozen=True)
class Repair:
    """How many rows of a table were linked again and how many left it; whose count of images was mended."""

    relinked: int = 0
    removed: int = 0
    recounted: frozenset[UUID] = frozenset()


def repair(connection: Connection, run_id: str, tables: list[Table], named: list[str]) -> dict[str, Repair]:
    """Mend the selected tables and return what was done to each, by table name.

    `named` are the stems (lower case) of image files that some metadata names, whether or not they are
    staged: their rows have a place to go and stay. Images are only taken out together with their batches.
    """
    relinked = {
        table: _execute(connection, _RELINK, table) for table in tables if table in (DOCUMENTS, IMAGE_BATCHES)
    }
    removed: dict[Table, int] = {}
    if IMAGES in tables and IMAGE_BATCHES in tables:
        given: dict[str, object] = {"dump": IMAGES_PREFIX, "named": named, "run": run_id}
        removed[IMAGES] = len(_execute(connection, _REMOVE_IMAGES, IMAGES, given))
        given = {"name_end": BATCH_NAME_END, "description": BATCH_DESCRIPTION, "run": run_id}
        gone = _execute(connection, _REMOVE_BATCHES, IMAGE_BATCHES, given)
        removed[IMAGE_BATCHES] = len(gone)
        relinked[IMAGE_BATCHES] -= gone
    recounted = {
        table: frozenset(_execute(connection, _RECOUNT, table)) for table in tables if table is IMAGE_BATCHES
    }
    return {
        table.name: Repair(
            len(relinked.get(table, set())), removed.get(table, 0), recounted.get(table, frozenset())
        )
        for table in tables
    }


def _execute(
    connection: Connection, statement: str, table: Table, given: dict[str, object] | None = None
) -> set[UUID]:
    """Execute a statement that changes rows of a table and return their ids."""
    composed = sql.SQL(statement).format(relation=sql.Identifier(table.relation), staged=merge.staged(table))
    return {row_id for (row_id,) in connection.execute(composed, given)}
