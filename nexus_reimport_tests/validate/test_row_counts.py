"""How many rows Nexus has: ours, others, and how many have each link."""

from nexus_reimport.load.database.connection import connect
from nexus_reimport.load.our_tables.migrations import upgrade
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.validate.row_counts import count_rows
from nexus_reimport_tests.line import load_state, query


def test_before_the_first_publication_no_row_is_known_to_be_ours(
    nexus_database: str, clinic: SyntheticClinic
) -> None:
    load_state(nexus_database, "damaged-a", clinic)
    found = count_rows(nexus_database)
    assert set(found) == {table.name for table in TABLES}
    assert {one.ours for one in found.values()} == {0}
    for table in TABLES:
        [(rows,)] = query(nexus_database, f"SELECT count(*) FROM {table.relation}")  # noqa: S608 - ours
        assert found[table.name].others == rows
    assert found["images"].others > 0


def test_rows_with_an_identity_are_ours_and_links_that_are_null_do_not_count(
    nexus_database: str, clinic: SyntheticClinic
) -> None:
    load_state(nexus_database, "damaged-a", clinic)
    with connect(nexus_database, "upgrade") as connection:
        upgrade(connection)
    query(
        nexus_database,
        "INSERT INTO nexus_reimport.identities (table_name, source_key, id) SELECT 'images', id::text, id"
        " FROM images_image m ORDER BY m.id LIMIT 5",
    )
    images = count_rows(nexus_database)["images"]
    [(total,)] = query(nexus_database, "SELECT count(*) FROM images_image")
    assert (images.ours, images.others) == (5, total - 5)
    assert images.linked == {"batch_id": total}
    documents = count_rows(nexus_database)["documents"]
    [(linked,)] = query(nexus_database, "SELECT count(object_id) FROM documents_document")
    assert documents.linked == {"object_id": linked}
