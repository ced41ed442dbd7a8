"""What staging is told of documents, batches and images: each generation's rows by what they are known by."""

from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES
from nexus_reimport.transform.text import natural_key
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

ANN, RANDOM = uid("patient Ann"), uid("random")
DUMP = "filemaker-import/images-bulk-dump"
FETCHED = f"{older.FETCHED}/{ANN}/10/18/2016"


def known(url: str, table: str) -> dict[str, list[tuple[str, str]]]:
    """By kind, what is known of a table's rows: key and id."""
    state = read_state(url)
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, key, row_id in zip(state["kind"], state["key"], state["id"], strict=True):
        if kind.endswith(f":{table}"):
            found.setdefault(kind.partition(":")[0], []).append((key, row_id))
    return found


def test_a_document_is_claimed_by_its_column_else_by_the_id_in_its_key(nexus_database: str) -> None:
    doc, other = uid("doc"), uid("other doc")
    folder = f"{older.FILED}/{ANN}/erf/{doc.upper()}.pdf"
    older.load(
        nexus_database,
        older.document("in a folder", f"{folder}/{RANDOM}.pdf"),
        older.document("plain", folder),
        older.document("by column", f"{older.FILED}/unlinked/erf/{other}.pdf/{doc}.pdf", filemaker_id=doc),
        older.document("people's", f"documents/{ANN}/{doc}.pdf"),
        older.document("of no id", f"{older.FILED}/{ANN}/erf/scan.pdf/{RANDOM}.pdf"),
    )
    found = known(nexus_database, "documents")
    assert found["claim"] == [(doc, uid("document by column"))]
    in_keys = [uid(f"document {name}") for name in ("in a folder", "plain")]
    assert sorted(found["key_id"]) == sorted((doc, one) for one in in_keys)
    assert (natural_key(folder), in_keys[1]) in found["file"]
    assert len(found["file"]) == 4


def test_an_image_is_known_by_id_key_stem_and_the_id_in_its_key(nexus_database: str) -> None:
    older.load(
        nexus_database,
        older.batch("any", ANN),
        older.image(
            "fetched", "any", f"{FETCHED}/{uid('1').upper()}.jpg/{RANDOM}.jpg", filemaker_id=uid("1")
        ),
        older.image("without an id", "any", f"{FETCHED}/{uid('2').upper()}.jpg/{RANDOM}.jpg"),
        older.image("linked", "any", f"{DUMP}/995.JPG"),
        older.image("thumbnail", "any", f"{DUMP}/996_thumb.jpg"),
        older.image("fetched thumbnail", "any", f"{FETCHED}/{uid('1')}_thumb.jpg/{RANDOM}.jpg_thumb"),
        older.image("people's", "any", f"images/{ANN}/{uid('b')}/{RANDOM}.jpg"),
    )
    found = known(nexus_database, "images")
    inside, places = found.pop("batch_of"), found.pop("foreign_place")
    assert {image for image, _ in places} >= {image for image, _ in inside} | {uid("image people's")}
    assert found == {
        "claim": [(uid("1"), uid("image fetched"))],
        "key_id": [(uid("2"), uid("image without an id"))],
        "s3_key": [(f"{DUMP}/995.JPG", uid("image linked"))],
        "stem": [("995", uid("image linked"))],
    }
    assert uid("image people's") not in dict(inside)
    assert set(dict(inside).values()) == {uid("batch any")}


def test_a_batch_is_known_by_patient_and_day_in_every_form_but_not_one_that_is_a_persons(
    nexus_database: str,
) -> None:
    end = " (FileMaker Import)"
    names = {
        "I1": f"10/18/2016{end}",
        "I2": f"18 Oct 2016{end}",
        "ISO": f"2016-10-18{end}",
        "unknown": f"Unknown Date{end}",
        "none": f"Left foot{end}",
        "renamed": "18 Oct 2016",
    }
    older.load(nexus_database, *(older.batch(name, ANN, name=said) for name, said in names.items()))
    found = known(nexus_database, "image_batches")
    assert sorted(found["day"]) == sorted(
        [(f"{ANN}/2016-10-18", uid(f"batch {one}")) for one in ("I1", "I2", "ISO")]
        + [(f"{ANN}/unknown", uid("batch unknown"))]
    )


def test_what_has_an_identity_is_known_by_it_alone(nexus_database: str) -> None:
    patients = query(nexus_database, "SELECT id FROM django_content_type WHERE model = 'patient'")[0][0]
    older.load(nexus_database, older.patient("Ann"))
    batch = {"name": "one", "object_id": ANN, "content_type_id": patients}
    picture = {"name": "one", "batch_id": uid("image_batches one"), "s3_key": f"{DUMP}/1.jpg"}
    tables = {"image_batches": staged_table(IMAGE_BATCHES, batch), "images": staged_table(IMAGES, picture)}
    publish(nexus_database, "run", AS_OF, tables)
    older.load(
        nexus_database,
        older.batch("older", ANN),
        older.image("older", "older", f"{DUMP}/1.jpg"),
    )
    query(nexus_database, "UPDATE images_batch SET name = '18 Oct 2016 (FileMaker Import)'")
    assert known(nexus_database, "image_batches")["day"] == [(f"{ANN}/2016-10-18", uid("batch older"))]
    found = known(nexus_database, "images")
    assert found["s3_key"] == [(f"{DUMP}/1.jpg", uid("image older"))]
    assert found["batch_of"] == [(uid("image older"), uid("batch older"))]
