"""The damage of earlier imports: each rule of its repair, on a few rows, inside a publication."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.exceptions import BrokenLinks
from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, keep_former
from nexus_reimport.load.publication import Publication, publish
from nexus_reimport.model.nexus import DOCUMENTS, IMAGE_BATCHES, IMAGES, PATIENTS
from nexus_reimport.sandbox.clinic.nexus_rows import document_row, image_batch_row, image_row
from nexus_reimport.sandbox.starting_states import fill_tables
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

ANN, NOBODY, FORMER = uid("patients ann"), uid("nobody"), uid("ann, formerly")
DUMP = "filemaker-import/images-bulk-dump/"
IMPORTED = {"name": "18 Oct 2016 (FileMaker Import)", "description": "Imported from FileMaker"}
UPLOADED = datetime(2025, 3, 3, tzinfo=UTC)


def nexus(url: str, *rows: tuple[str, Mapping[str, object]]) -> None:
    """Put rows of these relations into Nexus; links are ids, what isn't given is as the app has it."""
    patients = content_type(url)
    makers: Mapping[str, Any] = {
        "images_batch": lambda given: image_batch_row(
            **{"uploaded_at": UPLOADED, "content_type_id": patients, "name": "Camera", **given}
        ),
        "images_image": lambda given: image_row(
            **{"uploaded_at": UPLOADED, "original_name": "a.jpg", "file_size": 5, **given}
        ),
        "documents_document": lambda given: document_row(
            **{
                **dict.fromkeys(("file_name", "original_name", "s3_bucket", "s3_key"), "letter.pdf"),
                "file_size": 5,
                "uploaded_at": UPLOADED,
                "updated_at": UPLOADED,
                "content_type_id": patients,
                **given,
            }
        ),
    }
    for relation, given in rows:
        fill_tables(url, {relation: [makers[relation](given)]})


def content_type(url: str, model: str = "patient") -> int:
    [(number,)] = ask(url, f"SELECT id FROM django_content_type WHERE model = '{model}'")  # noqa: S608 - ours
    return int(number)


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def batch(name: str, patient: str = NOBODY, /, **given: object) -> tuple[str, dict[str, object]]:
    return "images_batch", {"id": uid(f"batch {name}"), "object_id": patient, **given}


def imported_batch(name: str, patient: str = NOBODY, /, **given: object) -> tuple[str, dict[str, object]]:
    return batch(name, patient, **{**IMPORTED, **given})


def image(name: str, of: str, key: str, /, **given: object) -> tuple[str, dict[str, object]]:
    return "images_image", {
        "id": uid(f"image {name}"),
        "batch_id": uid(f"batch {of}"),
        "s3_key": key,
        **given,
    }


def document(name: str, patient: str, /, **given: object) -> tuple[str, dict[str, object]]:
    return "documents_document", {"id": uid(f"document {name}"), "object_id": patient, **given}


def mend(
    url: str,
    batches: tuple[Mapping[str, object], ...] = (),
    images: tuple[Mapping[str, object], ...] = (),
    named: tuple[str, ...] = (),
    tables: tuple[str, ...] = ("patients", "documents", "image_batches", "images"),
) -> Publication:
    """Publish Ann and Ben, these batches and these images, with a repair at the end."""
    patients = content_type(url)
    whole = {
        "patients": staged_table(
            PATIENTS, {"name": "ann", "first_name": "Ann"}, {"name": "ben", "first_name": "Ben"}
        ),
        "documents": staged_table(DOCUMENTS),
        "image_batches": staged_table(
            IMAGE_BATCHES, *({"object_id": ANN, "content_type_id": patients, **one} for one in batches)
        ),
        "images": StagedTable(staged_table(IMAGES, *images).rows, [], named=named),
    }
    return publish(url, "the run", AS_OF, {name: whole[name] for name in tables})


def know_former(url: str, former: str = FORMER, patient: str = "ann") -> None:
    keep_former(url, FormerIdentities({former: uid(f"key {patient}")}, 0))


def ids(url: str, relation: str) -> set[str]:
    return {row_id for (row_id,) in ask(url, f"SELECT id::text FROM {relation}")}  # noqa: S608 - ours


def removed(url: str) -> dict[str, dict[str, Any]]:
    rows = ask(url, "SELECT table_name || ' ' || id::text, row FROM nexus_reimport.removed")
    return dict(rows)


def counts(outcome: Publication) -> dict[str, tuple[int, int]]:
    """Rows linked again and rows removed, of the tables where there were any."""
    found = {name: (one.relinked, one.removed) for name, one in outcome.tables.items()}
    return {name: one for name, one in found.items() if any(one)}


def test_an_upload_of_a_former_uuid_is_linked_to_its_patient(nexus_database: str) -> None:
    own = batch("own", FORMER), image("own", "own", "images/1/2/3.jpg")
    nexus(nexus_database, *own, document("own", FORMER))
    before = ask(nexus_database, "SELECT *, xmin FROM images_image")
    know_former(nexus_database)
    assert counts(mend(nexus_database)) == {"documents": (1, 0), "image_batches": (1, 0)}
    for relation in ("images_batch", "documents_document"):
        assert ask(nexus_database, f"SELECT object_id::text FROM {relation}") == [(ANN,)]  # noqa: S608 - ours
    assert ask(nexus_database, "SELECT *, xmin FROM images_image") == before


def test_nothing_but_the_link_of_an_upload_is_changed(nexus_database: str) -> None:
    nexus(nexus_database, batch("own", FORMER, name="Left foot", image_count=3))
    rest = "SELECT id, name, description, uploaded_at, image_count, content_type_id FROM images_batch"
    before = ask(nexus_database, rest)
    know_former(nexus_database)
    mend(nexus_database)
    assert ask(nexus_database, rest) == before


def test_an_upload_of_nobody_known_is_left_alone_and_counted(nexus_database: str) -> None:
    nexus(nexus_database, batch("own"), image("own", "own", "images/1/2/3.jpg"), document("own", NOBODY))
    know_former(nexus_database)
    before = ask(nexus_database, "SELECT *, xmin FROM images_batch")
    outcome = mend(nexus_database)
    assert counts(outcome) == {}
    assert ask(nexus_database, "SELECT *, xmin FROM images_batch") == before
    broken = {(one.table, one.column): (one.ours, one.others) for one in outcome.links if one.others}
    assert broken == {("documents", "object_id"): (0, 1), ("image_batches", "object_id"): (0, 1)}


def test_uploads_of_living_patients_are_untouched(nexus_database: str) -> None:
    mend(nexus_database)
    know_former(nexus_database, former=ANN, patient="ben")
    nexus(nexus_database, batch("own", ANN), image("own", "own", f"{DUMP}copied by hand.jpg"))
    before = [ask(nexus_database, f"SELECT *, xmin FROM images_{name}") for name in ("batch", "image")]  # noqa: S608 - ours
    assert mend(nexus_database).number is None
    after = [ask(nexus_database, f"SELECT *, xmin FROM images_{name}") for name in ("batch", "image")]  # noqa: S608 - ours
    assert after == before


def test_a_former_uuid_of_a_patient_who_is_not_published_links_nothing(nexus_database: str) -> None:
    nexus(nexus_database, batch("own", FORMER))
    know_former(nexus_database, patient="somebody who never came")
    assert counts(mend(nexus_database)) == {}
    assert ask(nexus_database, "SELECT object_id::text FROM images_batch") == [(FORMER,)]


def test_what_is_attached_to_another_kind_of_row_is_not_a_patients(nexus_database: str) -> None:
    other = content_type(nexus_database, "clinic")
    nexus(
        nexus_database,
        batch("clinic", FORMER, content_type_id=other),
        image("clinic", "clinic", f"{DUMP}1.jpg"),
    )
    know_former(nexus_database)
    assert counts(mend(nexus_database)) == {}
    assert ask(nexus_database, "SELECT object_id::text FROM images_batch") == [(FORMER,)]
    assert ids(nexus_database, "images_image") == {uid("image clinic")}


def test_an_imported_row_of_nobody_without_metadata_leaves_with_its_batch(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg", caption="kept"))
    assert counts(mend(nexus_database)) == {"image_batches": (0, 1), "images": (0, 1)}
    assert ids(nexus_database, "images_batch") == ids(nexus_database, "images_image") == set()


def test_what_leaves_is_kept_whole(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg", caption="kept"))
    rows = "SELECT to_jsonb(t) FROM images_image t UNION ALL SELECT to_jsonb(t) FROM images_batch t"
    whole = [row for (row,) in ask(nexus_database, rows)]
    mend(nexus_database)
    kept = removed(nexus_database)
    assert kept == {
        f"images {uid('image old')}": whole[0],
        f"image_batches {uid('batch old')}": whole[1],
    }
    assert ask(nexus_database, "SELECT DISTINCT run_id FROM nexus_reimport.removed") == [("the run",)]


@pytest.mark.parametrize("key", [f"{DUMP}995.jpg", f"{DUMP}995.JPEG", f"{DUMP}995", f"{DUMP}9.9.5.jpg"])
def test_a_row_that_metadata_names_stays_though_its_file_cannot_be_read(
    nexus_database: str, key: str
) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", key))
    stem = key.removeprefix(DUMP).removesuffix(".jpg").removesuffix(".JPEG")
    assert counts(mend(nexus_database, named=("1", stem))) == {}
    assert ids(nexus_database, "images_image") == {uid("image old")}
    assert ids(nexus_database, "images_batch") == {uid("batch old")}


def test_a_name_is_compared_without_case_and_whole(nexus_database: str) -> None:
    nexus(
        nexus_database,
        imported_batch("old"),
        image("capital", "old", f"{DUMP}IMG_7.jpg"),
        image("longer", "old", f"{DUMP}img_70.jpg"),
    )
    assert counts(mend(nexus_database, named=("img_7",))) == {"images": (0, 1)}
    assert ids(nexus_database, "images_image") == {uid("image capital")}


@pytest.mark.parametrize(
    "key", ["images/1/2/995.jpg", "patients/filemaker-import/images/1/2/995.jpg", f"copy of {DUMP}995.jpg"]
)
def test_files_from_elsewhere_never_leave(nexus_database: str, key: str) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", key))
    assert counts(mend(nexus_database)) == {}


def test_an_imported_row_of_a_living_patient_stays(nexus_database: str) -> None:
    mend(nexus_database)
    nexus(nexus_database, imported_batch("old", ANN), image("old", "old", f"{DUMP}995.jpg"))
    assert counts(mend(nexus_database)) == {}


def test_an_imported_row_whose_patient_is_known_formerly_is_linked_and_stays(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old", FORMER), image("old", "old", f"{DUMP}995.jpg"))
    know_former(nexus_database)
    assert counts(mend(nexus_database)) == {"image_batches": (1, 0)}
    assert ask(nexus_database, "SELECT object_id::text FROM images_batch") == [(ANN,)]
    assert ids(nexus_database, "images_image") == {uid("image old")}


def test_a_surviving_image_keeps_its_id_and_moves_to_the_right_batch(nexus_database: str) -> None:
    nexus(
        nexus_database,
        imported_batch("old"),
        image("old", "old", f"{DUMP}995.jpg"),
        image("other", "old", f"{DUMP}996.jpg"),
    )
    new: dict[str, object] = {"name": "day", "id": uid("batch day"), "image_count": 1}
    kept = {"name": "995", "id": uid("image old"), "batch_id": uid("batch day"), "s3_key": f"{DUMP}995.jpg"}
    outcome = mend(nexus_database, batches=(new,), images=(kept,))
    assert outcome.tables["images"].updated == 1
    assert counts(outcome) == {"image_batches": (0, 1), "images": (0, 1)}
    found = ask(nexus_database, "SELECT id::text, batch_id::text FROM images_image")
    assert found == [(uid("image old"), uid("batch day"))]
    assert ids(nexus_database, "images_batch") == {uid("batch day")}


def test_a_stale_batch_that_is_adopted_points_at_its_patient_and_is_no_relink(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old", FORMER), image("old", "old", f"{DUMP}995.jpg"))
    know_former(nexus_database)
    adopted: dict[str, object] = {**IMPORTED, "id": uid("batch old"), "image_count": 1}
    kept = {"name": "995", "id": uid("image old"), "batch_id": uid("batch old"), "s3_key": f"{DUMP}995.jpg"}
    outcome = mend(nexus_database, batches=(adopted,), images=(kept,))
    assert counts(outcome) == {}
    assert ask(nexus_database, "SELECT id::text, object_id::text FROM images_batch") == [
        (uid("batch old"), ANN)
    ]


def test_a_photograph_that_a_person_moved_stays_where_it_was_put(nexus_database: str) -> None:
    day: dict[str, object] = {**IMPORTED, "id": uid("batch day"), "image_count": 1}
    ours = {"name": "1", "batch_id": uid("batch day"), "s3_key": f"{DUMP}1.jpg"}
    mend(nexus_database, batches=(day,), images=(ours,))
    nexus(nexus_database, batch("own"))
    ask(nexus_database, f"UPDATE images_image SET batch_id = '{uid('batch own')}'")  # noqa: S608 - ours
    assert counts(mend(nexus_database, batches=(day,), images=(ours,))) == {}
    found = ask(nexus_database, "SELECT id::text, batch_id::text FROM images_image")
    assert found == [(uid("images 1"), uid("batch own"))]
    assert ids(nexus_database, "images_batch") == {uid("batch day"), uid("batch own")}


def test_imported_batches_that_are_empty_leave_whoevers_they_are(nexus_database: str) -> None:
    mend(nexus_database)
    nexus(
        nexus_database,
        imported_batch("gone"),
        imported_batch("living", ANN),
        imported_batch("unknown date", ANN, name="Unknown Date (FileMaker Import)"),
    )
    assert counts(mend(nexus_database)) == {"image_batches": (0, 3)}
    assert ids(nexus_database, "images_batch") == set()


@pytest.mark.parametrize(
    "given",
    [{"name": "Left foot"}, {"description": "Typed by hand"}, {"name": "Left (FileMaker Import) foot"}],
)
def test_empty_batches_of_people_stay(nexus_database: str, given: dict[str, object]) -> None:
    nexus(nexus_database, imported_batch("own", **given))
    assert counts(mend(nexus_database)) == {}
    assert ids(nexus_database, "images_batch") == {uid("batch own")}


def test_a_batch_linked_again_and_then_found_empty_is_counted_once(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old", FORMER))
    know_former(nexus_database)
    assert counts(mend(nexus_database)) == {"image_batches": (0, 1)}


def test_our_batches_count_what_is_in_them_whoever_put_it_there(nexus_database: str) -> None:
    day: dict[str, object] = {"name": "day", "id": uid("batch day"), "image_count": 1}
    ours = {"name": "1", "batch_id": uid("batch day"), "s3_key": f"{DUMP}1.jpg"}
    mend(nexus_database, batches=(day,), images=(ours,))
    nexus(nexus_database, image("own", "day", "images/1/2/3.jpg"), batch("own", ANN, image_count=9))
    outcome = mend(nexus_database, batches=(day,), images=(ours,))
    assert (outcome.tables["image_batches"].updated, outcome.tables["image_batches"].unchanged) == (1, 0)
    found = dict(ask(nexus_database, "SELECT name, image_count FROM images_batch"))
    assert sorted(found.values()) == [2, 9]
    assert mend(nexus_database, batches=(day,), images=(ours,)).number is None


def test_nothing_is_taken_out_by_a_run_of_batches_or_images_alone(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"), imported_batch("empty"), image("old", "old", f"{DUMP}1.jpg"))
    for tables in (("patients", "image_batches"), ("patients", "images"), ("patients",)):
        assert counts(mend(nexus_database, tables=tables)) == {}
    assert len(ids(nexus_database, "images_batch")) == 2
    assert len(ids(nexus_database, "images_image")) == 1


def test_a_second_run_writes_nothing(nexus_database: str) -> None:
    nexus(
        nexus_database,
        *(imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"), image("x", "old", f"{DUMP}7.jpg")),
        *(batch("own", FORMER), batch("unknown"), document("own", FORMER), imported_batch("empty")),
    )
    know_former(nexus_database)
    assert counts(mend(nexus_database, named=("7",))) == {
        "documents": (1, 0),
        "image_batches": (1, 1),
        "images": (0, 1),
    }
    again = mend(nexus_database, named=("7",))
    assert again.number is None
    assert counts(again) == {}
    assert len(removed(nexus_database)) == 2


def test_a_publication_that_is_refused_has_repaired_nothing(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"), batch("own", FORMER))
    know_former(nexus_database)
    before = [ask(nexus_database, f"SELECT *, xmin FROM images_{name}") for name in ("batch", "image")]  # noqa: S608 - ours
    with pytest.raises(BrokenLinks):
        mend(nexus_database, batches=({"name": "day", "object_id": NOBODY},))
    after = [ask(nexus_database, f"SELECT *, xmin FROM images_{name}") for name in ("batch", "image")]  # noqa: S608 - ours
    assert after == before
    assert removed(nexus_database) == {}


def test_the_database_says_when_a_row_left(nexus_database: str) -> None:
    nexus(nexus_database, imported_batch("old"))
    mend(nexus_database)
    [(moment,)] = ask(nexus_database, "SELECT removed_at FROM nexus_reimport.removed")
    assert datetime.now(UTC) - moment < timedelta(minutes=5)


@pytest.mark.parametrize(("model", "kept"), [("imagebatch", "batch"), ("image", "image")])
def test_what_something_of_peoples_points_at_is_not_taken_out(
    nexus_database: str, model: str, kept: str
) -> None:
    nexus(nexus_database, imported_batch("lost"), image("lost", "lost", f"{DUMP}1.jpg"))
    if kept == "batch":
        ask(nexus_database, "DELETE FROM images_image")
    numbers = [content_type(nexus_database, name) for name in ("patient", model)]
    pointing = f"{numbers[0]}, '{ANN}', {numbers[1]}, '{uid(f'{kept} lost')}'"
    ask(
        nexus_database,
        f"INSERT INTO contact_relationships VALUES (gen_random_uuid(), {pointing}, 'of', NULL, true,"  # noqa: S608 - ours
        " now(), now())",
    )
    mend(nexus_database)
    assert ids(nexus_database, "images_batch") == {uid("batch lost")}
    assert ids(nexus_database, "images_image") == ({uid("image lost")} if kept == "image" else set())
    ask(nexus_database, "DELETE FROM contact_relationships")
    mend(nexus_database)
    assert ids(nexus_database, "images_batch") == set()
