"""Rows gone from FileMaker, where a run says what becomes of them: what goes, and above all what stays."""

from collections.abc import Mapping

import psycopg
import pytest

from nexus_reimport.load.diff.deletions import ARCHIVED_BY
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.exceptions import TooManyMissing
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES, NOTES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport_tests.line import contents, query
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.load.worlds import put

ANN = {"name": "ann", "first_name": "Ann", "created_at": AS_OF}
BEN = {"name": "ben", "first_name": "Ben", "created_at": AS_OF}
NOTE = {"name": "note", "patient_id": uid("patients ann")}
Staged = Mapping[str, StagedTable]


def run(url: str, staged: Staged, **on_missing: str) -> Publication:
    """Publish with generous limits; what is planned is what is done."""
    choices = Options(on_missing=on_missing, missing_percent=100)
    planned = make_plan(url, staged, choices, [])
    done = publish(url, "run", AS_OF, staged, terms=PublicationTerms(choices, "p", planned.writes))
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    return done


def of(table: Table, *rows: Mapping[str, object], rejected: list[str] | None = None) -> StagedTable:
    return staged_table(table, *rows, rejected=rejected)


def patients(url: str) -> dict[str, tuple[bool, str | None]]:
    """Who is archived, and by whom."""
    rows = query(url, "SELECT first_name, archived, archived_by FROM patients")
    return {name: (archived, by) for name, archived, by in rows}


def make(url: str, table: str, row: Mapping[str, object]) -> None:
    """Have a person make a row."""
    with psycopg.connect(url, autocommit=True) as connection:
        put(connection, table, row)


def ids(url: str, relation: str) -> set[str]:
    return {row_id for (row_id,) in query(url, f"SELECT id::text FROM {relation}")}  # noqa: S608 - ours


@pytest.fixture
def url(nexus_database: str) -> str:
    """Ann and Ben are published, Ann with a note, and nobody has touched anything since."""
    publish(nexus_database, "first", AS_OF, {"patients": of(PATIENTS, ANN, BEN), "notes": of(NOTES, NOTE)})
    return nexus_database


GONE: Staged = {"patients": of(PATIENTS, BEN)}
ALL_GONE: Staged = {"patients": of(PATIENTS, BEN), "notes": of(NOTES)}
BACK: Staged = {"patients": of(PATIENTS, ANN, BEN), "notes": of(NOTES, NOTE)}


def test_a_patient_gone_from_filemaker_is_archived_and_comes_back_out_with_filemaker(url: str) -> None:
    done = run(url, GONE, patients="archive")
    assert (done.tables["patients"].archived, done.tables["patients"].missing) == (1, 1)
    assert patients(url) == {"Ann": (True, ARCHIVED_BY), "Ben": (False, None)}
    assert query(url, "SELECT archived_at, updated_at FROM patients WHERE archived") == [(AS_OF, AS_OF)]
    assert run(url, GONE, patients="archive").number is None
    done = run(url, BACK)
    assert (done.tables["patients"].updated, done.tables["patients"].unchanged) == (1, 1)
    assert patients(url) == {"Ann": (False, None), "Ben": (False, None)}
    assert query(url, "SELECT archived_at FROM patients") == [(None,), (None,)]
    assert run(url, GONE, patients="archive").tables["patients"].archived == 1


def test_a_person_s_own_archiving_is_left_alone_in_both_directions(url: str) -> None:
    query(url, "UPDATE patients SET archived = true, archived_by = 'Reception'")
    before = contents(url)
    assert run(url, GONE, patients="archive").number is None
    assert run(url, BACK, patients="archive").number is None
    assert contents(url) == before


def test_a_patient_whom_a_person_took_out_of_the_archive_is_not_archived_again(url: str) -> None:
    run(url, GONE, patients="archive")
    query(url, "UPDATE patients SET archived = false, archived_at = NULL, archived_by = NULL")
    done = run(url, GONE, patients="archive")
    assert (done.number, done.tables["patients"].archived, done.tables["patients"].missing) == (None, 0, 1)


def test_rows_are_removed_with_what_was_theirs_and_come_back_under_their_uuids(url: str) -> None:
    before = contents(url)
    done = run(url, ALL_GONE, patients="remove", notes="remove")
    assert {name: (one.removed, one.missing) for name, one in done.tables.items()} == {
        "patients": (1, 1),
        "notes": (1, 1),
    }
    assert ids(url, "patients") == {uid("patients ben")}
    kept = query(url, "SELECT table_name, id::text, row->>'id' FROM nexus_reimport.removed ORDER BY 1")
    assert kept == [
        ("notes", uid("notes note"), uid("notes note")),
        ("patients", uid("patients ann"), uid("patients ann")),
    ]
    assert run(url, BACK).tables["patients"].restored == 1
    assert contents(url) == before


def test_what_a_publication_removed_was_not_deleted_by_a_person(url: str) -> None:
    run(url, ALL_GONE, patients="remove", notes="remove")
    query(url, "DELETE FROM patients WHERE first_name = 'Ben'")
    state = read_state(url)
    gone = state.loc[state["kind"].str.startswith("gone:"), ["kind", "key"]]
    assert gone.astype(str).to_numpy().tolist() == [["gone:patients", uid("key ben")]]
    run(url, BACK)
    query(url, "DELETE FROM notes")
    state = read_state(url)
    assert state.loc[state["kind"] == "gone:notes", "key"].to_list() == [uid("key note")]


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE notes SET content = 'mine'",
        "UPDATE notes SET created_at = created_at + interval '1 s'",
        "UPDATE notes SET updated_at = now()",
    ],
)
def test_a_row_that_a_person_edited_in_any_column_is_not_removed(url: str, edit: str) -> None:
    query(url, edit)
    done = run(url, ALL_GONE, notes="remove")
    assert (done.tables["notes"].removed, done.tables["notes"].missing) == (0, 1)


def test_an_edit_that_a_later_publication_wrote_around_still_keeps_the_row(url: str) -> None:
    query(url, "UPDATE patients SET mrn = '7' WHERE first_name = 'Ann'")
    run(
        url, {"patients": of(PATIENTS, {**ANN, "last_name": "Dell"}, BEN), "notes": of(NOTES)}, notes="remove"
    )
    assert run(url, GONE, patients="remove").tables["patients"].removed == 0


def test_a_row_that_only_publications_changed_is_removed(url: str) -> None:
    run(
        url, {"patients": of(PATIENTS, {**ANN, "last_name": "Dell"}, BEN), "notes": of(NOTES)}, notes="remove"
    )
    assert run(url, GONE, patients="remove").tables["patients"].removed == 1


def test_a_row_that_was_adopted_may_be_a_person_s_own_and_is_not_removed(nexus_database: str) -> None:
    make(nexus_database, "patients", ANN)
    run(nexus_database, BACK)
    done = run(nexus_database, ALL_GONE, patients="remove", notes="remove")
    assert (done.tables["patients"].removed, done.tables["notes"].removed) == (0, 1)


@pytest.mark.parametrize("table", ["appointments", "notes", "documents", "image_batches"])
def test_a_patient_with_anything_of_people_s_is_not_removed(url: str, table: str) -> None:
    [(kind,)] = query(url, "SELECT id FROM django_content_type WHERE model = 'patient'")
    generic = {"object_id": uid("patients ann"), "content_type_id": kind}
    link = {"patient_id": uid("patients ann")} if table in ("appointments", "notes") else generic
    make(url, table, {"name": "a person's", **link})
    done = run(url, ALL_GONE, patients="remove", notes="remove")
    assert (done.tables["patients"].removed, done.tables["notes"].removed) == (0, 1)


def test_whatever_else_points_at_a_patient_keeps_them(url: str) -> None:
    """Tables that no reimport knows of, in whichever schema, by PostgreSQL's own word."""
    query(url, "CREATE SCHEMA billing")
    query(url, "CREATE TABLE billing.plans (id int PRIMARY KEY, whose uuid REFERENCES public.patients (id))")
    query(url, "INSERT INTO billing.plans SELECT 1, id FROM patients WHERE first_name = 'Ann'")
    assert run(url, ALL_GONE, patients="remove", notes="remove").tables["patients"].removed == 0
    query(url, "DELETE FROM billing.plans")
    assert run(url, ALL_GONE, patients="remove").tables["patients"].removed == 1


def test_what_leaves_a_row_in_the_same_run_does_not_keep_it_until_the_next(url: str) -> None:
    moved = {"patients": of(PATIENTS, BEN), "notes": of(NOTES, {**NOTE, "patient_id": uid("patients ben")})}
    assert run(url, moved, patients="remove").tables["patients"].removed == 1
    again = make_plan(url, moved, Options(on_missing={"patients": "remove"}, missing_percent=100), [])
    assert again.touched.empty


def test_what_a_person_keeps_at_a_row_keeps_that_row(url: str) -> None:
    run(
        url,
        {"patients": of(PATIENTS, ANN, BEN), "notes": of(NOTES, {**NOTE, "patient_id": uid("patients ben")})},
    )
    query(url, f"UPDATE notes SET patient_id = '{uid('patients ann')}' RETURNING id")  # noqa: S608 - ours
    gone = {"patients": of(PATIENTS, BEN), "notes": of(NOTES, {**NOTE, "patient_id": uid("patients ben")})}
    assert run(url, gone, patients="remove").tables["patients"].removed == 0
    assert query(url, "SELECT patient_id::text FROM notes") == [(uid("patients ann"),)]


def test_a_patient_whom_a_staged_row_points_at_is_not_removed(url: str) -> None:
    staged = {"patients": of(PATIENTS, BEN), "notes": of(NOTES, NOTE)}
    assert run(url, staged, patients="remove", notes="remove").tables["patients"].removed == 0


def test_a_missing_image_goes_with_its_batch_unless_its_metadata_is_there(url: str) -> None:
    [(kind,)] = query(url, "SELECT id FROM django_content_type WHERE model = 'patient'")
    batch = {"name": "b", "object_id": uid("patients ann"), "content_type_id": kind}
    image = {"batch_id": uid("image_batches b")}
    photographs = [{**image, "name": str(number), "s3_key": f"dump/{number}.jpg"} for number in (1, 2)]
    run(url, {"image_batches": of(IMAGE_BATCHES, batch), "images": of(IMAGES, *photographs)})
    none = of(IMAGES).rows
    rejected = StagedTable(none, ["1"], named=("1",))
    done = run(
        url, {"image_batches": of(IMAGE_BATCHES), "images": rejected}, images="remove", image_batches="remove"
    )
    assert (done.tables["images"].missing, done.tables["images"].removed) == (1, 1)
    assert (done.tables["image_batches"].missing, done.tables["image_batches"].removed) == (1, 0)
    assert query(url, "SELECT s3_key FROM images_image") == [("dump/1.jpg",)]
    assert query(url, "SELECT image_count FROM images_batch") == [(1,)]
    no_object = StagedTable(none, [], named=("1",))
    done = run(url, {"image_batches": of(IMAGE_BATCHES), "images": no_object}, images="remove")
    assert (done.tables["images"].missing, done.tables["images"].removed) == (1, 0)
    gone = {"image_batches": of(IMAGE_BATCHES), "images": of(IMAGES)}
    done = run(url, gone, images="remove", image_batches="remove")
    assert (done.tables["images"].removed, done.tables["image_batches"].removed) == (1, 1)


def test_an_imported_batch_that_is_empty_and_missing_is_removed_once(url: str) -> None:
    [(kind,)] = query(url, "SELECT id FROM django_content_type WHERE model = 'patient'")
    batch = {
        "name": "1 (FileMaker Import)",
        "description": "Imported from FileMaker",
        "object_id": uid("patients ann"),
        "content_type_id": kind,
    }
    run(url, {"image_batches": of(IMAGE_BATCHES, batch), "images": of(IMAGES)})
    gone = {"image_batches": of(IMAGE_BATCHES), "images": of(IMAGES)}
    assert run(url, gone, image_batches="remove").tables["image_batches"].removed == 1


@pytest.mark.parametrize("what", ["archive", "remove"])
@pytest.mark.parametrize(("percent", "rows"), [(1.0, 50), (100.0, 0), (49.0, 50)])
def test_more_than_the_run_allows_is_refused_by_plan_and_publication_alike(
    url: str, what: str, percent: float, rows: int
) -> None:
    choices = Options(on_missing={"patients": what}, missing_percent=percent, missing_rows=rows)
    query(url, "DELETE FROM notes")
    before = contents(url)
    for act in (
        lambda: make_plan(url, GONE, choices, []),
        lambda: publish(url, "r", AS_OF, GONE, terms=PublicationTerms(choices)),
    ):
        with pytest.raises(TooManyMissing, match=f"patients: 1 rows are gone .* would be {what}d") as refusal:
            act()
        assert "raise missing_percent and missing_rows" in str(refusal.value)
    assert contents(url) == before
    allowed = Options(on_missing={"patients": what}, missing_percent=50, missing_rows=1)
    assert publish(url, "r", AS_OF, GONE, terms=PublicationTerms(allowed)).number == 2


def test_what_is_read_but_rejected_is_neither_missing_nor_removed(url: str) -> None:
    staged = {"patients": of(PATIENTS, BEN, rejected=[uid("key ann")])}
    done = run(url, staged, patients="remove")
    assert (done.tables["patients"].missing, done.tables["patients"].rejected) == (0, 1)


def test_batches_of_patients_whom_a_limit_leaves_out_are_not_missing(url: str) -> None:
    [(kind,)] = query(url, "SELECT id FROM django_content_type WHERE model = 'patient'")
    frame = of(IMAGE_BATCHES, {"name": "b", "object_id": uid("patients ann"), "content_type_id": kind}).rows
    frame["source_key"] = uid("key ann") + "/2016-10-18"
    run(url, {"image_batches": StagedTable(frame, [])})
    limited = {
        "patients": StagedTable(of(PATIENTS, BEN).rows, [uid("key ann")], cut=1),
        "image_batches": of(IMAGE_BATCHES),
    }
    assert run(url, limited).tables["image_batches"].missing == 0
    assert run(url, {**GONE, "image_batches": of(IMAGE_BATCHES)}).tables["image_batches"].missing == 1


def test_images_of_a_patient_who_is_nowhere_leave_and_come_back_with_the_patient(url: str) -> None:
    [(kind,)] = query(url, "SELECT id FROM django_content_type WHERE model = 'patient'")
    batch = {
        "name": "1 (FileMaker Import)",
        "description": "Imported from FileMaker",
        "object_id": uid("patients ann"),
        "content_type_id": kind,
    }
    image = {"name": "1", "batch_id": uid("image_batches 1 (FileMaker Import)")}
    image["s3_key"] = "filemaker-import/images-bulk-dump/1.jpg"
    whole = {**BACK, "image_batches": of(IMAGE_BATCHES, batch), "images": of(IMAGES, image)}
    run(url, whole)
    before = contents(url)
    query(url, "DELETE FROM notes")
    query(url, "DELETE FROM patients WHERE first_name = 'Ann'")
    lost = StagedTable(of(IMAGES).rows, ["1"], named=("1",), astray=("1",))
    done = run(url, {**ALL_GONE, "image_batches": of(IMAGE_BATCHES), "images": lost})
    assert (done.tables["images"].removed, done.tables["image_batches"].removed) == (1, 1)
    assert not any(one.ours for one in done.links)
    assert run(url, whole).tables["images"].restored == 1
    assert contents(url) == before
