"""The damage that earlier imports left in Nexus: what is to be mended, decided before anything is written.

Uploads of people that point at a former UUID of a patient are linked to the patient again, where the former
UUID is known. Imported rows that point at nobody and that no metadata names leave their table, as do
imported batches that have become empty; each is kept, whole, in `nexus_reimport.removed`.
"""

from collections.abc import Callable
from typing import LiteralString

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge
from nexus_reimport.load.diff.older_imports import imported, named_by_import, untouched
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import DOCUMENTS, IMAGE_BATCHES, IMAGES
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX

_PATIENT_TYPE = sql.SQL(
    "(SELECT id FROM django_content_type WHERE app_label = 'patients' AND model = 'patient')"
)

# The name of an image's file, without folders and extension.
STEM: LiteralString = "lower(substring(t.s3_key FROM '([^/]+?)(?:[.][^/.]*)?$'))"

_RELINK = """
    INSERT INTO {relinked} (id, object_id)
    SELECT t.id, i.id FROM {relation} t
    JOIN former_identities f ON f.id = t.object_id
    JOIN (SELECT source_key, id FROM identities WHERE table_name = 'patients'
            UNION SELECT source_key, id FROM staged_patients) i ON i.source_key = f.source_key
    WHERE t.content_type_id = {patient_type} AND {lives} AND NOT {lived}
        AND NOT EXISTS (SELECT FROM {staged} s WHERE s.id = t.id)
"""

_REMOVE_IMAGES = """
    INSERT INTO removed_images (id)
    SELECT t.id FROM images_image t JOIN images_batch b ON b.id = t.batch_id
    LEFT JOIN decided_image_batches d ON d.id = b.id
    LEFT JOIN relinked_image_batches r ON r.id = b.id
    WHERE starts_with(t.s3_key, %(dump)s) AND b.content_type_id = {patient_type} AND NOT {lives}
        AND NOT EXISTS (SELECT FROM staged_images s WHERE s.id = t.id)
        AND ({stem} <> ALL (%(named)s::text[]) OR {stem} = ANY (%(astray)s::text[])
            AND EXISTS (SELECT FROM identities i WHERE i.table_name = 'images' AND i.id = t.id))
        AND {unreferenced}
"""

# How many images each batch will hold.
_SIZES = """
    INSERT INTO batch_sizes (id, images)
    SELECT batch_id, count(*) FROM (
        SELECT coalesce(d.batch_id, i.batch_id) AS batch_id FROM images_image i
        LEFT JOIN decided_images d ON d.id = i.id
        WHERE NOT EXISTS (SELECT FROM removed_images x WHERE x.id = i.id)
        UNION ALL SELECT batch_id FROM decided_images WHERE absent) n
    GROUP BY batch_id
"""

_REMOVE_BATCHES = """
    INSERT INTO removed_image_batches (id)
    SELECT t.id FROM images_batch t
    WHERE {imported} AND {untouched} AND {unreferenced}
        AND NOT EXISTS (SELECT FROM staged_image_batches s WHERE s.id = t.id)
        AND NOT EXISTS (SELECT FROM batch_sizes n WHERE n.id = t.id)
    ON CONFLICT DO NOTHING
"""

# The API never recounts. An image gone from the source stays in its batch, and people add their own. A batch
# that nobody adopted counts too, and one of a person's that an image goes to or comes from.
_RECOUNT = """
    INSERT INTO recounted (id, image_count)
    SELECT b.id, coalesce(n.images, 0) FROM (
        SELECT t.id, t.image_count FROM images_batch t
        WHERE {named} OR t.id IN (SELECT k.id FROM identities k WHERE k.table_name = 'image_batches')
            OR t.id IN (SELECT unnest(ARRAY[d.batch_id, i.batch_id])
                FROM decided_images d LEFT JOIN images_image i ON i.id = d.id
                WHERE d.batch_id IS DISTINCT FROM i.batch_id)
        UNION SELECT s.id, coalesce(t.image_count, s.image_count) FROM staged_image_batches s
            LEFT JOIN images_batch t ON t.id = s.id) b
    LEFT JOIN batch_sizes n ON n.id = b.id
    WHERE b.image_count <> coalesce(n.images, 0)
        AND NOT EXISTS (SELECT FROM removed_image_batches x WHERE x.id = b.id)
"""


Unreferenced = Callable[[Connection, Table], sql.Composable]


def relinked(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with people's rows that are to be linked again."""
    return sql.Identifier(f"relinked_{table.name}")


def removed(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation with rows that are to leave their table."""
    return sql.Identifier(f"removed_{table.name}")


RELINKED_TABLES = (DOCUMENTS, IMAGE_BATCHES)


def create_repairs() -> list[sql.Composable]:
    """Return DDL for the temporary relations of a repair."""
    columns = sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY, object_id uuid NOT NULL)")
    counts = sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY, {} integer NOT NULL)")
    return [
        *(columns.format(relinked(table)) for table in RELINKED_TABLES),
        counts.format(sql.Identifier("batch_sizes"), sql.Identifier("images")),
        counts.format(sql.Identifier("recounted"), sql.Identifier("image_count")),
    ]


def decide_repair(
    connection: Connection,
    tables: list[Table],
    named: list[str],
    astray: list[str],
    unreferenced: Unreferenced,
) -> None:
    """Decide what is mended of the selected tables; nothing but temporary relations is written.

    `named` are the stems (lower case) of image files that some metadata names, whether or not they are
    staged: their rows have a place to go and stay. `astray` are those of them whose patient is nowhere:
    the rows that we published ourselves go, and come back under their UUIDs with the patient. Images are
    only taken out together with their batches. `unreferenced` says of a table's row `t` that nothing of
    anybody else's points at it: else it stays.
    """
    for table in (one for one in RELINKED_TABLES if one in tables):
        connection.execute(
            sql.SQL(_RELINK).format(
                relinked=relinked(table),
                relation=sql.Identifier(table.relation),
                staged=merge.staged(table),
                patient_type=_PATIENT_TYPE,
                lives=_lives("i.id"),
                lived=_lives("t.object_id"),
            )
        )
    if IMAGES in tables and IMAGE_BATCHES in tables:
        owner = _lives("coalesce(d.object_id, r.object_id, b.object_id)")
        statement = sql.SQL(_REMOVE_IMAGES).format(
            patient_type=_PATIENT_TYPE,
            lives=owner,
            stem=sql.SQL(STEM),
            unreferenced=unreferenced(connection, IMAGES),
        )
        connection.execute(statement, {"dump": IMAGES_PREFIX, "named": named, "astray": astray})


def _lives(patient: LiteralString) -> sql.Composed:
    """Say that a patient lives in Nexus, or is about to."""
    return sql.SQL(
        "(EXISTS (SELECT FROM patients p WHERE p.id = {0})"
        " OR EXISTS (SELECT FROM staged_patients p WHERE p.id = {0}))"
    ).format(sql.SQL(patient))


def decide_batches(connection: Connection, tables: list[Table], unreferenced: Unreferenced) -> None:
    """Decide which batches go and whose count is wrong, when it is known which images stay."""
    if IMAGE_BATCHES not in tables and IMAGES not in tables:
        return
    connection.execute(_SIZES)
    if IMAGE_BATCHES in tables and IMAGES in tables:
        statement = sql.SQL(_REMOVE_BATCHES).format(
            imported=imported(IMAGE_BATCHES),
            untouched=untouched(IMAGE_BATCHES),
            unreferenced=unreferenced(connection, IMAGE_BATCHES),
        )
        connection.execute(statement)
    connection.execute(sql.SQL(_RECOUNT).format(named=named_by_import()))


def leave_out_removed(connection: Connection) -> None:
    """Link nothing again that is to leave its table."""
    for table in RELINKED_TABLES:
        statement = sql.SQL("DELETE FROM {} r USING {} x WHERE x.id = r.id")
        connection.execute(statement.format(relinked(table), removed(table)))


def apply_relinks(connection: Connection, tables: tuple[Table, ...]) -> None:
    """Link people's rows of the selected tables again, as decided."""
    for table in (one for one in RELINKED_TABLES if one in tables):
        statement = sql.SQL("UPDATE {} t SET object_id = r.object_id FROM {} r WHERE r.id = t.id")
        connection.execute(statement.format(sql.Identifier(table.relation), relinked(table)))


def apply_recounts(connection: Connection) -> None:
    """Set the decided counts of images."""
    connection.execute(
        "UPDATE images_batch t SET image_count = r.image_count FROM recounted r WHERE r.id = t.id"
    )


def apply_removals(connection: Connection, run_id: str, table: Table) -> None:
    """Take rows out of their table, as decided, and keep them whole in `nexus_reimport.removed`."""
    connection.execute(
        sql.SQL(
            """
            WITH gone AS (DELETE FROM {relation} t USING {removed} x WHERE x.id = t.id RETURNING t.*)
            INSERT INTO removed (run_id, table_name, id, row)
            SELECT {run}, {name}, id, to_jsonb(gone) FROM gone
            """
        ).format(
            relation=sql.Identifier(table.relation),
            removed=removed(table),
            run=sql.Literal(run_id),
            name=sql.Literal(table.name),
        )
    )
