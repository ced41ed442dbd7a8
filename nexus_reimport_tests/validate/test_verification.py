"""Questions to Nexus after a publication, answered over every row."""

import pytest

from nexus_reimport.load.publication import publish
from nexus_reimport.model.nexus import APPOINTMENTS, DOCUMENTS, NOTES, PATIENTS, TABLES
from nexus_reimport.validate.verification import (
    count_published,
    count_shared_instants,
    count_stale_links,
    read_publications,
    run_that_applied,
)
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid


@pytest.fixture
def published(nexus_database: str) -> str:
    """A Nexus with two patients and three documents of one of them, published."""
    [(number,)] = query(nexus_database, "SELECT id FROM django_content_type WHERE model = 'patient'")
    link = {"object_id": uid("patients ann"), "content_type_id": number}
    tables = {
        "patients": staged_table(PATIENTS, {"name": "ann"}, {"name": "ben"}),
        "documents": staged_table(DOCUMENTS, *({"name": name, **link} for name in "abc")),
    }
    publish(nexus_database, "run-1", AS_OF, tables)
    return nexus_database


def test_links_to_patients_who_are_there_are_not_stale(published: str) -> None:
    for table in TABLES:
        assert all(count.ours == count.others == 0 for count in count_stale_links(published, table))


def test_our_rows_are_told_from_peoples_when_a_patient_is_gone(published: str) -> None:
    people_s = (
        "INSERT INTO documents_document SELECT (jsonb_populate_record(d, jsonb_build_object("
        "'id', gen_random_uuid(), 'filemaker_id', NULL))).* FROM documents_document d LIMIT 1"
    )
    query(published, people_s)
    query(published, "DELETE FROM patients WHERE id = %s", uid("patients ann"))
    [count] = count_stale_links(published, DOCUMENTS)
    assert (count.table, count.column, count.ours, count.others) == ("documents", "object_id", 3, 1)


def test_a_document_that_points_at_something_else_than_a_patient_is_not_ours_to_judge(published: str) -> None:
    query(
        published,
        "UPDATE documents_document SET object_id = gen_random_uuid(),"
        " content_type_id = (SELECT id FROM django_content_type WHERE model <> 'patient' LIMIT 1)",
    )
    [count] = count_stale_links(published, DOCUMENTS)
    assert (count.ours, count.others) == (0, 0)


def test_before_a_first_publication_there_is_nothing_of_ours(nexus_database: str) -> None:
    assert count_stale_links(nexus_database, NOTES) == []
    assert count_shared_instants(nexus_database, NOTES) == 0
    assert read_publications(nexus_database) == []
    assert run_that_applied(nexus_database, "0123456789abcdef") is None


def test_published_rows_are_counted_by_id(published: str) -> None:
    ids = [uid("patients ann"), uid("patients ben"), uid("patients nobody")]
    assert count_published(published, PATIENTS, ids) == 2
    assert count_published(published, PATIENTS, []) == 0


def test_rows_that_share_the_time_they_are_paged_by_are_counted(published: str) -> None:
    assert count_shared_instants(published, DOCUMENTS) == 0
    query(published, "UPDATE documents_document SET uploaded_at = '2020-01-01'")
    assert count_shared_instants(published, DOCUMENTS) == 2
    query(published, "UPDATE patients SET created_at = '2020-01-01'")
    assert count_shared_instants(published, PATIENTS) == 1
    assert count_shared_instants(published, APPOINTMENTS) == 0


def test_publications_are_told_newest_first(published: str) -> None:
    for number in range(2, 5):
        patients = staged_table(PATIENTS, {"name": "ann", "first_name": str(number)}, {"name": "ben"})
        publish(published, f"run-{number}", AS_OF, {"patients": patients})
    told = read_publications(published, newest=3)
    assert [one["run_id"] for one in told] == ["run-4", "run-3", "run-2"]
    assert told[0]["number"] > told[1]["number"]
    assert told[0]["as_of"] == AS_OF
    assert told[0]["tables"]["patients"]["updated"] == 1
    assert set(told[0]) == {
        *("number", "run_id", "as_of", "published_at", "tables"),
        *("kind", "undoes", "undone_by", "backup"),
    }
    assert (told[0]["kind"], told[0]["undoes"], told[0]["undone_by"]) == ("publication", [], None)


def test_publications_of_an_older_release_are_told_too(published: str) -> None:
    set_back(published, 2)
    [told] = read_publications(published)
    assert (told["kind"], told["undoes"], told["undone_by"]) == ("publication", [], None)


def test_the_run_that_applied_a_plan_is_known_until_its_publication_is_undone(published: str) -> None:
    assert run_that_applied(published, "0123456789abcdef") is None
    query(published, "UPDATE nexus_reimport.publications SET plan_id = '0123456789abcdef'")
    assert run_that_applied(published, "0123456789abcdef") == "run-1"
    query(published, "UPDATE nexus_reimport.publications SET undone_by = id")
    assert run_that_applied(published, "0123456789abcdef") is None
