"""Rows that a person looks up: those that left a table, and people's own that point at nobody."""

import pytest
from psycopg.types.json import Jsonb

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import DOCUMENTS, IMAGE_BATCHES, IMAGES, NOTES, PATIENTS, TABLES
from nexus_reimport.model.reasons.nexus_rows import (
    EMPTY_BATCH,
    GONE_FROM_FILEMAKER,
    POINTS_AT_NOBODY,
    WITHOUT_PARTNER,
)
from nexus_reimport.validate.lookups import RemovedRow, UnlinkedRow, read_removed, read_unlinked
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load.diff.test_repair import (
    ANN,
    DUMP,
    NOBODY,
    batch,
    content_type,
    document,
    image,
    imported_batch,
    mend,
    nexus,
)
from nexus_reimport_tests.load.staged_frames import uid


def test_rows_that_left_are_found_with_what_was_wrong(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"))
    mend(nexus_database)
    gone = RemovedRow(uid("image old"), f"{DUMP}995.jpg", "batch_id", POINTS_AT_NOBODY)
    assert read_removed(nexus_database, IMAGES) == [gone]
    empty = RemovedRow(uid("batch old"), None, "image_count", EMPTY_BATCH)
    assert read_removed(nexus_database, IMAGE_BATCHES) == [empty]
    assert read_removed(nexus_database, NOTES) == []


def test_a_row_that_is_in_its_table_again_has_not_left(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"))
    mend(nexus_database)
    nexus(nexus_database, imported_batch("old", ANN))
    assert read_removed(nexus_database, IMAGE_BATCHES) == []
    assert len(read_removed(nexus_database, IMAGES)) == 1


def test_a_row_that_left_twice_is_listed_once(nexus_database: str) -> None:
    for _ in range(2):
        nexus(nexus_database, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"))
        mend(nexus_database)
    assert [row.id for row in read_removed(nexus_database, IMAGES)] == [uid("image old")]


def test_an_older_imports_image_that_doubled_ours_or_was_a_living_patients_had_no_partner(
    nexus_database: str,
) -> None:
    picture = {"name": "ours", "batch_id": uid("image_batches b"), "s3_key": f"{DUMP}1.jpg"}
    mend(nexus_database, batches=({"name": "b"},), images=(picture,))
    rows = {
        "doubled": {"s3_key": f"{DUMP}1.jpg"},
        "by id": {"s3_key": "x.jpg", "filemaker_id": uid("key ours")},
        "of the living": {"s3_key": f"{DUMP}2.jpg", "batch_id": uid("image_batches b")},
        "nobody's": {"s3_key": f"{DUMP}3.jpg", "batch_id": uid("any")},
    }
    for name, row in rows.items():
        query(
            nexus_database,
            "INSERT INTO nexus_reimport.removed (run_id, table_name, id, row)"
            " VALUES ('run', 'images', %s, %s)",
            uid(name),
            Jsonb(row),
        )
    why = {row.id: row.reason for row in read_removed(nexus_database, IMAGES)}
    expected = dict.fromkeys(map(uid, list(rows)[:3]), "without_partner")
    assert why == {**expected, uid("nobody's"): "points_at_nobody"}


def test_a_row_that_was_published_and_left_was_gone_from_filemaker(nexus_database: str) -> None:
    mend(nexus_database)
    published, kept = (
        uid("published image"),
        "INSERT INTO nexus_reimport.identities VALUES ('images', 'k', %s)",
    )
    query(nexus_database, kept, published)
    for table, row_id in (("patients", NOBODY), ("images", published)):
        query(
            nexus_database,
            "INSERT INTO nexus_reimport.removed (run_id, table_name, id, row) VALUES ('run', %s, %s, '{}')",
            table,
            row_id,
        )
    assert read_removed(nexus_database, PATIENTS) == [RemovedRow(NOBODY, None, "id", WITHOUT_PARTNER)]
    assert read_removed(nexus_database, IMAGES) == [RemovedRow(published, None, "id", GONE_FROM_FILEMAKER)]


def test_people_s_own_rows_that_point_at_nobody_are_found_by_id(nexus_database: str) -> None:
    other = content_type(nexus_database, "clinic")
    mend(nexus_database)
    nexus(
        nexus_database,
        batch("own"),
        batch("linked", ANN),
        batch("clinic", NOBODY, content_type_id=other),
        document("own", NOBODY),
    )
    assert read_unlinked(nexus_database, IMAGE_BATCHES) == [
        UnlinkedRow("image_batches", uid("batch own"), "object_id")
    ]
    assert read_unlinked(nexus_database, DOCUMENTS) == [
        UnlinkedRow("documents", uid("document own"), "object_id")
    ]
    assert read_unlinked(nexus_database, IMAGES) == []


def test_our_own_rows_are_not_people_s(nexus_database: str) -> None:
    patients = content_type(nexus_database)
    mend(nexus_database, batches=({"name": "a", "object_id": ANN, "content_type_id": patients},))
    query(nexus_database, "UPDATE images_batch SET object_id = %s", NOBODY)
    assert read_unlinked(nexus_database, IMAGE_BATCHES) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_before_a_first_publication_there_is_nothing_to_look_up(nexus_database: str, table: Table) -> None:
    assert read_removed(nexus_database, table) == []
    assert read_unlinked(nexus_database, table) == []
