"""What staging has to know of the documents, batches and images that are in Nexus already.

Rows without an identity may be an older import's. Its documents and images are known by their FileMaker id,
in a column or in some part of their S3 key, its batches by patient and day, or by what is in them.
"""

from collections.abc import Iterator

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import merge
from nexus_reimport.model.nexus import DOCUMENTS, IMAGE_BATCHES, IMAGES
from nexus_reimport.transform.batch_names import NAME_END, day_key
from nexus_reimport.transform.image_objects import THUMBNAIL_MARK
from nexus_reimport.transform.imported_keys import (
    DOCUMENTS_PREFIX,
    IMAGE_PREFIXES,
    IMAGES_PREFIX,
    filemaker_id_in,
    stem_of,
)
from nexus_reimport.transform.text import natural_key

StateRow = tuple[str | None, ...]

_DOCUMENTS = """
    SELECT id::text, filemaker_id::text, s3_key FROM documents_document
    WHERE filemaker_id IS NOT NULL OR starts_with(s3_key, {prefix}) ORDER BY uploaded_at, id
"""
_BATCHES = """
    SELECT b.id::text, b.object_id::text, b.name FROM images_batch b
    WHERE right(b.name, length({name_end})) = {name_end} AND b.uploaded_by_id IS NULL AND NOT {batch_known}
    ORDER BY b.uploaded_at, b.id
"""
_IMAGES = """
    SELECT m.id::text, m.filemaker_id::text, m.s3_key, {image_known},
        CASE WHEN NOT {batch_known} THEN b.id::text END
    FROM images_image m JOIN images_batch b ON b.id = m.batch_id
    WHERE m.filemaker_id IS NOT NULL OR m.s3_key ^@ ANY ({prefixes}) ORDER BY m.uploaded_at, m.id
"""
_PLACES = """
    SELECT m.id::text, m.batch_id::text, m."order"::text, {by}, {written} FROM images_image m {digests}
"""
_BY = sql.SQL("CASE WHEN w.id IS NULL THEN 'foreign' WHEN {} THEN 'edited' ELSE 'own' END")
# The ledger has digests only: of a place that was edited, which number's it is.
_WRITTEN = sql.SQL(
    'CASE WHEN {edited} THEN (SELECT n::text FROM generate_series(0, 9999) n WHERE {digest} = w."order") END'
)


def read_file_state(connection: Connection) -> list[StateRow]:
    """Return rows of the state (kind, key, id, detail) about documents, batches and images."""
    return [
        *_documents(connection),
        *_batches(connection),
        *_images(connection),
        *_places(connection),
    ]


def _documents(connection: Connection) -> Iterator[StateRow]:
    """Yield what documents are known by: the column, and where that is empty the id in the key.

    The S3 key itself would lead to the same row: it has the id of the file's document.
    """
    statement = sql.SQL(_DOCUMENTS).format(prefix=sql.Literal(DOCUMENTS_PREFIX))
    for row_id, filemaker_id, s3_key in connection.execute(statement):
        yield f"file:{DOCUMENTS.name}", natural_key(s3_key), row_id, None
        if filemaker_id:
            yield f"claim:{DOCUMENTS.name}", filemaker_id, row_id, None
        elif found := filemaker_id_in(s3_key):
            yield f"key_id:{DOCUMENTS.name}", found, row_id, None


def _batches(connection: Connection) -> Iterator[StateRow]:
    statement = sql.SQL(_BATCHES).format(
        name_end=sql.Literal(NAME_END), batch_known=_known(IMAGE_BATCHES.name, "b")
    )
    for row_id, owner, name in connection.execute(statement):
        day = day_key(name.removesuffix(NAME_END))
        if day:
            yield f"day:{IMAGE_BATCHES.name}", f"{owner}/{day}", row_id, None


def _images(connection: Connection) -> Iterator[StateRow]:
    statement = sql.SQL(_IMAGES).format(
        image_known=_known(IMAGES.name, "m"),
        batch_known=_known(IMAGE_BATCHES.name, "b"),
        prefixes=sql.Literal(list(IMAGE_PREFIXES)),
    )
    for row_id, filemaker_id, s3_key, known, batch in connection.execute(statement):
        if filemaker_id:
            yield f"claim:{IMAGES.name}", filemaker_id, row_id, None
        if batch:
            yield f"batch_of:{IMAGES.name}", row_id, batch, None
        if not known:
            yield from _image_handles(row_id, s3_key, claimed=bool(filemaker_id))


def _places(connection: Connection) -> Iterator[StateRow]:
    """Yield where every image is, people's own among them, and whether somebody else than us put it there."""
    for image, batch, place, by, written in connection.execute(_places_query()):
        yield f"{by}_place:{IMAGES.name}", image, batch, place
        if written:
            yield f"written_place:{IMAGES.name}", image, batch, written


def _places_query() -> sql.Composed:
    edited = sql.SQL(" OR ").join(
        merge.differs_from_written("m", "w", IMAGES.column(name)) for name in ("batch_id", "order")
    )
    return sql.SQL(_PLACES).format(
        by=_BY.format(edited),
        written=_WRITTEN.format(edited=edited, digest=merge.digest_of(sql.SQL("n::text"))),
        digests=sql.SQL("LEFT JOIN {} w ON w.id = m.id").format(merge.written(IMAGES)),
    )


def _image_handles(row_id: str, s3_key: str, *, claimed: bool) -> Iterator[StateRow]:
    stem = stem_of(s3_key)
    if s3_key.startswith(IMAGES_PREFIX) and not stem.endswith(THUMBNAIL_MARK):
        yield f"s3_key:{IMAGES.name}", s3_key, row_id, None
        yield f"stem:{IMAGES.name}", stem, row_id, None
    elif not claimed and (found := filemaker_id_in(s3_key)):
        yield f"key_id:{IMAGES.name}", found, row_id, None


def _known(table: str, alias: str) -> sql.Composable:
    return sql.SQL("EXISTS (SELECT FROM identities i WHERE i.table_name = {} AND i.id = {})").format(
        sql.Literal(table), sql.Identifier(alias, "id")
    )
