"""How many images a batch says that it holds: right on every imported batch, whoever emptied or filled it."""

import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.clinic.nexus_rows import PATIENT_CONTENT_TYPE
from nexus_reimport.validate.verification import count_wrong_image_counts
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

ANN = uid("patients ann")
DUMP = "filemaker-import/images-bulk-dump"
DAY = {"name": "day", "object_id": ANN, "content_type_id": PATIENT_CONTENT_TYPE}
WRONG = """
    SELECT b.name FROM images_batch b
    WHERE image_count <> (SELECT count(*) FROM images_image m WHERE m.batch_id = b.id)
"""


def staged(*names: str, named: tuple[str, ...] = ()) -> dict[str, StagedTable]:
    """Ann, her batch `day`, and images in it under the ids that they may have in Nexus already."""
    batch = uid("image_batches day")
    rows = [
        {"name": name, "id": uid(f"image {name}"), "batch_id": batch, "s3_key": f"{DUMP}/{name}.jpg"}
        for name in names
    ]
    return {
        "patients": staged_table(PATIENTS, {"name": "ann"}),
        "image_batches": staged_table(IMAGE_BATCHES, {**DAY, "image_count": len(names)}),
        "images": StagedTable(staged_table(IMAGES, *rows).rows, [], named=named),
    }


def run(url: str, tables: dict[str, StagedTable]) -> Publication:
    """Publish; what is planned is what is done."""
    planned = make_plan(url, tables, Options(), [])
    return publish(url, "run", AS_OF, tables, terms=PublicationTerms(Options(), "p", planned.writes))


def image_counts(url: str) -> dict[str, int]:
    return dict(query(url, "SELECT name, image_count FROM images_batch"))


def test_an_older_batch_that_the_repair_empties_partly_counts_what_stays(nexus_database: str) -> None:
    older.load(
        nexus_database,
        older.batch("old", uid("nobody"), image_count=3, name="old (FileMaker Import)"),
        *(older.image(name, "old", f"{DUMP}/{name}.jpg") for name in ("1", "2")),
        older.image("own", "old", "images/1/2/own.jpg"),
    )
    run(nexus_database, staged("1", named=("2",)))
    assert image_counts(nexus_database)["old (FileMaker Import)"] == 2
    assert run(nexus_database, staged("1", named=("2",))).number is None
    assert run(nexus_database, staged("1")).tables["images"].removed == 1
    assert image_counts(nexus_database)["old (FileMaker Import)"] == 1
    assert query(nexus_database, WRONG) == []


@pytest.mark.parametrize("said", [0, 1, 7])
def test_an_older_batch_that_nobody_adopts_is_counted_too(nexus_database: str, said: int) -> None:
    older.load(
        nexus_database,
        older.batch("old", uid("nobody"), image_count=said, name="old (FileMaker Import)"),
        *(older.image(name, "old", f"images/1/2/{name}.jpg") for name in ("1", "2")),
    )
    run(nexus_database, staged())
    assert count_wrong_image_counts(nexus_database) == 0
    assert image_counts(nexus_database)["old (FileMaker Import)"] == 2


def test_a_person_s_batch_that_an_image_leaves_is_counted_and_no_other_of_theirs(nexus_database: str) -> None:
    older.load(
        nexus_database,
        older.batch("own", uid("nobody"), name="Left foot", image_count=2),
        *(older.image(name, "own", f"{DUMP}/{name}.jpg") for name in ("1", "2")),
        older.batch("other", uid("nobody"), name="Right foot", image_count=9),
    )
    run(nexus_database, staged("1", named=("2",)))
    assert image_counts(nexus_database) == {"day": 1, "Left foot": 1, "Right foot": 9}


def test_images_alone_leave_no_batch_with_another_count(nexus_database: str) -> None:
    run(nexus_database, staged("1"))
    older.load(
        nexus_database,
        older.batch("old", uid("nobody"), image_count=1, name="old (FileMaker Import)"),
        older.image("2", "old", f"{DUMP}/2.jpg"),
    )
    alone = {"images": staged("1", "2", "3")["images"]}
    assert set(run(nexus_database, alone).tables) == {"images"}
    assert image_counts(nexus_database) == {"day": 3, "old (FileMaker Import)": 0}
    touched = "SELECT count(*) FROM nexus_reimport.changes WHERE publication = 2 AND table_name = %s"
    assert query(nexus_database, touched, "image_batches") == [(2,)]
    assert run(nexus_database, alone).number is None


def test_an_image_that_is_removed_is_counted_no_more(nexus_database: str) -> None:
    run(nexus_database, staged("1", "2"))
    choices = Options(on_missing={"images": "remove"}, missing_percent=100)
    publish(nexus_database, "run", AS_OF, {"images": staged("1")["images"]}, terms=PublicationTerms(choices))
    assert image_counts(nexus_database) == {"day": 1}


def test_a_wrong_count_of_an_imported_batch_is_found(nexus_database: str) -> None:
    run(nexus_database, staged("1"))
    older.load(nexus_database, older.batch("old", uid("nobody"), image_count=4))
    assert count_wrong_image_counts(nexus_database) == 1
    query(nexus_database, "UPDATE images_batch SET image_count = 2 WHERE name = 'day'")
    assert count_wrong_image_counts(nexus_database) == 2
    query(nexus_database, "UPDATE images_batch SET name = 'a person''s' WHERE image_count = 4")
    assert count_wrong_image_counts(nexus_database) == 1
