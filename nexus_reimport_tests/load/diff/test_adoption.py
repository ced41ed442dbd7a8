"""Adoption in a publication: what an older import's row takes from FileMaker, and what stays a person's."""

from typing import Any

import pytest

from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN, BEN = uid("patient Ann"), uid("patient Ben")
NAME, WORDS = "18 Oct 2016 (FileMaker Import)", "Imported from FileMaker"
KEY = "filemaker-import/images-bulk-dump/995.jpg"


def photographs(
    url: str, batch: str = "one", owner: str = ANN, choices: Options | None = None
) -> Publication:
    """Publish an image in its batch, both under the UUIDs that older rows have."""
    patients = query(url, "SELECT id FROM django_content_type WHERE model = 'patient'")[0][0]
    ids = {"id": uid(f"batch {batch}"), "object_id": owner, "content_type_id": patients}
    picture = {"id": uid("image one"), "batch_id": ids["id"], "s3_key": KEY}
    tables = {
        "patients": staged_table(PATIENTS, {"name": "Ann", "id": ANN}, {"name": "Ben", "id": BEN}),
        "image_batches": staged_table(IMAGE_BATCHES, {**ids, "name": NAME, "description": WORDS}),
        "images": staged_table(IMAGES, picture),
    }
    # In a staged frame the name of a row decides its key; that of a batch is a column.
    return publish(url, "run", AS_OF, tables, terms=PublicationTerms(choices or Options()))


def batches(url: str) -> list[tuple[object, ...]]:
    return query(url, "SELECT id::text, object_id::text, name, description FROM images_batch ORDER BY name")


def batch_of_image(url: str) -> str:
    return str(query(url, "SELECT batch_id::text FROM images_image")[0][0])


@pytest.mark.parametrize(
    ("name", "description", "kept"),
    [
        (NAME, WORDS, (NAME, WORDS)),
        ("10/18/2016 (FileMaker Import)", f"{WORDS} on 2025-11-10", (NAME, WORDS)),
        ("Ulcer, left foot", WORDS, ("Ulcer, left foot", WORDS)),
        (NAME, "After the operation", (NAME, "After the operation")),
        ("Ulcer, left foot", "", ("Ulcer, left foot", "")),
    ],
)
def test_an_adopted_batch_takes_filemakers_name_but_for_one_that_a_person_gave(
    nexus_database: str, name: str, description: str, kept: tuple[str, str]
) -> None:
    older.load(
        nexus_database,
        older.batch("one", uid("nobody"), name=name, description=description, image_count=1),
        older.image("one", "one", KEY),
    )
    counts = photographs(nexus_database).tables["image_batches"]
    assert batches(nexus_database) == [(uid("batch one"), ANN, *kept)]
    assert counts.edits_kept == (1 if kept != (NAME, WORDS) else 0)
    assert (counts.inserted, counts.conflicts) == (0, 0)
    before = last_writes(nexus_database)
    again = photographs(nexus_database).tables["image_batches"]
    assert (again.unchanged, again.edits_kept) == (1, counts.edits_kept)
    assert last_writes(nexus_database) == before


def test_filemakers_side_goes_over_a_batch_that_a_person_renamed(nexus_database: str) -> None:
    older.load(nexus_database, older.batch("one", ANN, name="Ulcer"), older.image("one", "one", KEY))
    wins = Options(conflicts={"image_batches": "filemaker"})
    assert photographs(nexus_database, choices=wins).tables["image_batches"].conflicts == 1
    assert [row[2] for row in batches(nexus_database)] == [NAME]


@pytest.mark.parametrize(
    ("name", "owner", "stays"),
    [
        ("Ulcer", ANN, True),
        (NAME, ANN, False),
        ("Ulcer", uid("nobody"), False),
        ("Ulcer", BEN, False),
    ],
)
def test_an_image_stays_in_a_batch_of_the_same_patient_that_a_person_made_of_it(
    nexus_database: str, name: str, owner: str, stays: bool
) -> None:
    older.load(
        nexus_database,
        older.batch("one", ANN),
        older.batch("people's", owner, name=name),
        older.image("one", "people's", KEY),
    )
    counts = photographs(nexus_database).tables["images"]
    assert batch_of_image(nexus_database) == uid("batch people's" if stays else "batch one")
    assert counts.edits_kept == stays
    before = last_writes(nexus_database)
    photographs(nexus_database)
    assert last_writes(nexus_database) == before


def test_an_image_stays_beside_a_persons_own_pictures(nexus_database: str) -> None:
    older.load(
        nexus_database,
        older.batch("one", ANN),
        older.batch("added to", ANN),
        older.image("one", "added to", KEY),
        older.image("own", "added to", f"images/{ANN}/{uid('b')}/own.jpg"),
    )
    photographs(nexus_database)
    found = query(nexus_database, "SELECT DISTINCT batch_id::text FROM images_image")
    assert found == [(uid("batch added to"),)]


def funding(url: str, source: str | None, **choices: Any) -> tuple[Publication, object]:
    """Publish the patient with that funding source; return what was done and what Nexus has then."""
    # Of a name that FileMaker lacks, a person's would stay: an edit more to count.
    names = {"first_name": "Ann", "last_name": "Fernwick"}
    row = {"name": "Ann", "id": ANN, "funding_source": source, **names}
    done = publish(
        url,
        "run",
        AS_OF,
        {"patients": staged_table(PATIENTS, row)},
        terms=PublicationTerms(Options(**choices)),
    )
    return done, query(url, "SELECT funding_source FROM patients")[0][0]


@pytest.mark.parametrize(
    ("persons", "source", "kept"),
    [
        ("Family trust", "NDIS", "Family trust"),
        ("Family trust", None, "Family trust"),
        ("NDIS", "NDIS", "NDIS"),
        (None, "NDIS", "NDIS"),
        ("", "NDIS", "NDIS"),
    ],
)
def test_an_adopted_patient_keeps_the_funding_source_that_a_person_gave(
    nexus_database: str, persons: str | None, source: str | None, kept: str
) -> None:
    older.load(nexus_database, older.patient("Ann", {"filemaker_id": "A"}, funding_source=persons))
    done, found = funding(nexus_database, source)
    assert found == kept
    edited = persons not in (None, "", source)
    assert (done.tables["patients"].edits_kept, done.tables["patients"].conflicts) == (int(edited), 0)
    again, found = funding(nexus_database, source)
    assert (found, again.number) == (kept, None)


def test_a_column_that_an_older_release_did_not_write_is_taken_but_for_what_a_person_gave_it(
    nexus_database: str,
) -> None:
    funding(nexus_database, None)
    for persons, kept in (("Family trust", "Family trust"), (None, "NDIS")):
        query(nexus_database, "UPDATE patients SET funding_source = %s", persons)
        query(
            nexus_database, "UPDATE nexus_reimport.written_patients SET funding_source = NULL, whole = NULL"
        )
        done, found = funding(nexus_database, "NDIS")
        assert (found, done.tables["patients"].edits_kept) == (kept, int(persons is not None))
        assert funding(nexus_database, "NDIS")[0].number is None
    query(nexus_database, "UPDATE patients SET funding_source = 'Family trust'")
    assert funding(nexus_database, "DVA", conflicts={"patients": "filemaker"})[1] == "DVA"
