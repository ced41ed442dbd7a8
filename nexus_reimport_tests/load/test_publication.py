"""A publication: whole or not at all, ids for ever, people's edits kept, nothing written without need."""

from typing import Any

import psycopg
import pytest

from nexus_reimport.load.database import locking
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.exceptions import (
    BrokenLinks,
    PublicationError,
    PublicationInProgress,
    StagedFramesOutdated,
    TargetNotAsExpected,
)
from nexus_reimport.load.publication import Publication, publish
from nexus_reimport.model.nexus import APPOINTMENTS, DOCUMENTS, NOTES, PATIENTS
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN = {"name": "ann", "first_name": "Ann", "last_name": "Bark", "filemaker_metadata": '{"filemaker_id": "a"}'}
BEN = {"name": "ben", "first_name": "Ben", "last_name": "Cork"}


def publish_tables(url: str, **tables: StagedTable) -> Publication:
    return publish(url, "run", AS_OF, tables)


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def change(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def test_staged_rows_are_inserted_with_every_column(nexus_database: str) -> None:
    outcome = publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN, BEN))
    assert outcome.number == 1
    assert (outcome.tables["patients"].inserted, outcome.tables["patients"].read) == (2, 2)
    found = rows(nexus_database, "SELECT first_name, updated_at, archived FROM patients ORDER BY first_name")
    assert found == [("Ann", AS_OF, False), ("Ben", AS_OF, False)]


def test_a_second_run_writes_nothing_at_all(nexus_database: str) -> None:
    tables = {
        "patients": staged_table(PATIENTS, ANN, BEN),
        "notes": staged_table(NOTES, {"patient_id": uid("patients ann")}),
    }
    publish_tables(nexus_database, **tables)
    before = last_writes(nexus_database)
    outcome = publish_tables(nexus_database, **tables)
    assert outcome.number is None
    assert [(c.unchanged, c.written) for c in outcome.tables.values()] == [(2, 0), (1, 0)]
    assert last_writes(nexus_database) == before


def test_a_publication_of_nothing_leaves_not_even_our_schema(nexus_database: str) -> None:
    assert publish_tables(nexus_database, patients=staged_table(PATIENTS)).number is None
    assert rows(nexus_database, "SELECT to_regnamespace('nexus_reimport')") == [(None,)]


def test_only_the_row_that_changed_is_written(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN, BEN))
    before = rows(nexus_database, "SELECT id, xmin FROM patients WHERE first_name = 'Ann'")
    outcome = publish_tables(
        nexus_database, patients=staged_table(PATIENTS, ANN, {**BEN, "last_name": "Dell"})
    )
    assert (outcome.tables["patients"].updated, outcome.tables["patients"].unchanged) == (1, 1)
    assert rows(nexus_database, "SELECT id, xmin FROM patients WHERE first_name = 'Ann'") == before


def test_the_time_of_import_alone_changes_no_row(nexus_database: str) -> None:
    first = staged_table(PATIENTS, {**ANN, "filemaker_metadata": '{"filemaker_id": "a", "imported_at": "1"}'})
    later = staged_table(PATIENTS, {**ANN, "filemaker_metadata": '{"filemaker_id": "a", "imported_at": "2"}'})
    publish_tables(nexus_database, patients=first)
    assert publish_tables(nexus_database, patients=later).number is None
    assert rows(nexus_database, "SELECT filemaker_metadata->>'imported_at' FROM patients") == [("1",)]


def test_a_persons_edit_stays_field_by_field(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    change(nexus_database, "UPDATE patients SET first_name = 'Anna'")
    outcome = publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "last_name": "Dell"}))
    assert rows(nexus_database, "SELECT first_name, last_name FROM patients") == [("Anna", "Dell")]
    counts = outcome.tables["patients"]
    assert (counts.updated, counts.edits_kept, counts.conflicts) == (1, 1, 0)


def test_where_both_sides_changed_a_field_the_persons_stays_and_is_reported_again(
    nexus_database: str,
) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    change(nexus_database, "UPDATE patients SET first_name = 'Anna'")
    changed = staged_table(PATIENTS, {**ANN, "first_name": "Annette"})
    for _ in range(2):
        counts = publish_tables(nexus_database, patients=changed).tables["patients"]
        assert (counts.conflicts, counts.updated, counts.unchanged) == (1, 0, 1)
    assert rows(nexus_database, "SELECT first_name FROM patients") == [("Anna",)]


@pytest.mark.parametrize(("written", "typed"), [(None, ""), ("", None)])
def test_a_person_who_empties_a_field_and_one_who_unsets_it_have_changed_it(
    nexus_database: str, written: str | None, typed: str | None
) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "middle_names": written}))
    with psycopg.connect(nexus_database) as connection:
        connection.execute("UPDATE patients SET middle_names = %s", [typed])
    changed = staged_table(PATIENTS, {**ANN, "middle_names": "Mae"})
    counts = publish_tables(nexus_database, patients=changed).tables["patients"]
    assert (counts.conflicts, counts.updated) == (1, 0)
    assert rows(nexus_database, "SELECT middle_names FROM patients") == [(typed,)]


def test_an_edit_that_filemaker_made_too_is_no_edit_any_more(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    change(nexus_database, "UPDATE patients SET first_name = 'Anna'")
    publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "first_name": "Anna"}))
    publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "first_name": "Annette"}))
    assert rows(nexus_database, "SELECT first_name FROM patients") == [("Annette",)]


def test_columns_that_are_nexus_own_are_never_touched_again(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    change(nexus_database, "UPDATE patients SET archived = true, mrn = '7'")
    publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "last_name": "Dell"}))
    assert rows(nexus_database, "SELECT archived, mrn, last_name FROM patients") == [(True, "7", "Dell")]


def test_an_adopted_row_takes_what_filemaker_has(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "first_name": "Old"}))
    change(nexus_database, "DROP SCHEMA nexus_reimport CASCADE")
    counts = publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN)).tables["patients"]
    assert (counts.updated, counts.inserted) == (1, 0)
    assert rows(nexus_database, "SELECT id::text, first_name FROM patients") == [(uid("patients ann"), "Ann")]


def test_a_patient_deleted_and_imported_again_keeps_its_uuid(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    change(nexus_database, "DELETE FROM patients")
    counts = publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN)).tables["patients"]
    assert (counts.inserted, counts.restored) == (1, 1)
    assert rows(nexus_database, "SELECT id::text FROM patients") == [(uid("patients ann"),)]


def test_an_id_that_contradicts_the_one_kept_is_refused(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    with pytest.raises(StagedFramesOutdated, match="patients: 1 staged ids"):
        publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "id": uid("another")}))
    with pytest.raises(StagedFramesOutdated, match="patients: 1 staged ids"):
        publish_tables(nexus_database, patients=staged_table(PATIENTS, {**BEN, "id": uid("patients ann")}))


def test_rows_gone_from_the_source_stay_and_are_counted(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN, BEN))
    counts = publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN)).tables["patients"]
    assert counts.missing == 1
    rejecting = staged_table(PATIENTS, ANN, rejected=[uid("key ben")])
    assert publish_tables(nexus_database, patients=rejecting).tables["patients"].missing == 0
    assert len(rows(nexus_database, "SELECT FROM patients")) == 2


def test_people_s_own_rows_are_untouched(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, BEN))
    change(nexus_database, "DROP SCHEMA nexus_reimport CASCADE")
    before = rows(nexus_database, "SELECT *, xmin FROM patients")
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    assert rows(nexus_database, "SELECT *, xmin FROM patients WHERE first_name = 'Ben'") == before


def test_a_link_to_a_row_that_is_not_there_stops_everything(nexus_database: str) -> None:
    notes = staged_table(NOTES, {"patient_id": uid("nobody")})
    with pytest.raises(BrokenLinks, match="notes"):
        publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN), notes=notes)
    assert rows(nexus_database, "SELECT to_regclass('nexus_reimport.identities')") == [(None,)]
    assert rows(nexus_database, "SELECT FROM patients") == []


def test_a_document_that_points_at_nobody_stops_everything_though_postgres_would_not(
    nexus_database: str,
) -> None:
    number = rows(nexus_database, "SELECT id FROM django_content_type WHERE model = 'patient'")[0][0]
    lost = staged_table(DOCUMENTS, {"object_id": uid("nobody"), "content_type_id": number})
    with pytest.raises(BrokenLinks, match=r"documents\.object_id: 1"):
        publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN), documents=lost)
    assert rows(nexus_database, "SELECT FROM patients") == []


def test_what_is_raised_before_commit_undoes_everything(nexus_database: str) -> None:
    def refuse(_: Publication) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        publish(nexus_database, "run", AS_OF, {"patients": staged_table(PATIENTS, ANN)}, before_commit=refuse)
    assert rows(nexus_database, "SELECT FROM patients") == []


def test_a_second_publication_is_refused_with_the_name_of_the_first(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.1)

    def meanwhile(_: Publication) -> None:
        with pytest.raises(PublicationInProgress, match="nexus-reimport run first"):
            publish(nexus_database, "second", AS_OF, {"patients": staged_table(PATIENTS, ANN)})

    publish(
        nexus_database, "first", AS_OF, {"patients": staged_table(PATIENTS, ANN)}, before_commit=meanwhile
    )


def test_a_table_held_by_somebody_else_is_a_clear_refusal(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.1)
    with psycopg.connect(nexus_database) as connection:
        connection.execute("LOCK TABLE patients IN ROW EXCLUSIVE MODE")
        with pytest.raises(PublicationInProgress, match="in use"):
            publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))


def test_patients_are_locked_too_where_only_what_points_at_them_is_published(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN, BEN))

    def meanwhile(_: Publication) -> None:
        impatient = psycopg.connect(nexus_database, options="-c lock_timeout=50ms")
        # Nobody points at Ben: no link of PostgreSQL's would keep him.
        with impatient as connection, pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("DELETE FROM patients WHERE first_name = 'Ben'")

    note = {"patient_id": uid("patients ann")}
    publish(nexus_database, "run", AS_OF, {"notes": staged_table(NOTES, note)}, before_commit=meanwhile)
    assert rows(nexus_database, "SELECT count(*) FROM patients") == [(2,)]


def test_no_value_of_a_row_is_in_an_error(nexus_database: str) -> None:
    twice = {"filemaker_event_id": uid("event"), "reason": "Secretreason"}
    change(nexus_database, "ALTER TABLE appointments ADD CHECK (reason <> 'Secretreason')")
    with pytest.raises(PublicationError) as caught:
        publish_tables(nexus_database, appointments=staged_table(APPOINTMENTS, twice))
    assert "Secretreason" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_filemaker_id_that_another_row_took_since_is_a_clear_refusal(nexus_database: str) -> None:
    one = {"name": "one", "filemaker_event_id": uid("event")}
    publish_tables(nexus_database, appointments=staged_table(APPOINTMENTS, one))
    change(nexus_database, "DROP SCHEMA nexus_reimport CASCADE")
    with pytest.raises(StagedFramesOutdated, match="appointments"):
        publish_tables(nexus_database, appointments=staged_table(APPOINTMENTS, {**one, "name": "two"}))


def test_a_nexus_without_an_expected_column_is_named(nexus_database: str) -> None:
    change(nexus_database, "ALTER TABLE patients DROP COLUMN ndis_plan_end_date")
    with pytest.raises(TargetNotAsExpected, match="ndis_plan_end_date"):
        publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))


def test_a_json_text_where_an_object_should_be_is_repaired(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    change(nexus_database, "UPDATE patients SET filemaker_metadata = to_jsonb('{}'::text)")
    change(nexus_database, "DROP SCHEMA nexus_reimport CASCADE")
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    assert rows(nexus_database, "SELECT filemaker_metadata FROM patients") == [({"filemaker_id": "a"},)]


def test_a_column_that_a_later_release_reads_is_taken_from_filemaker(nexus_database: str) -> None:
    publish_tables(nexus_database, patients=staged_table(PATIENTS, ANN))
    set_back(nexus_database, 3)
    publish_tables(nexus_database, patients=staged_table(PATIENTS, {**ANN, "funding_source": "NDIS"}))
    assert rows(nexus_database, "SELECT funding_source FROM patients") == [("NDIS",)]


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    url = "postgresql://someone:secretword@127.0.0.1:1/nexus"
    with pytest.raises(PublicationError) as caught:
        publish(url, "run", AS_OF, {"patients": staged_table(PATIENTS, ANN)})
    assert "secretword" not in str(caught.value)


def test_a_row_that_filemaker_has_no_more_and_whose_patient_was_deleted_holds_nobody_up(
    nexus_database: str,
) -> None:
    number = rows(nexus_database, "SELECT id FROM django_content_type WHERE model = 'patient'")[0][0]
    letter = {"object_id": uid("patients ann"), "content_type_id": number}
    publish_tables(
        nexus_database,
        patients=staged_table(PATIENTS, ANN, BEN),
        documents=staged_table(DOCUMENTS, {**letter, "name": "letter"}),
    )
    change(nexus_database, "DELETE FROM patients WHERE first_name = 'Ann'")
    later = {
        "patients": staged_table(PATIENTS, {**BEN, "last_name": "Dell"}),
        "documents": staged_table(DOCUMENTS),
    }
    outcome = publish_tables(nexus_database, **later)
    assert outcome.tables["patients"].updated == 1
    assert [(one.ours, one.left) for one in outcome.links if one.table == "documents"] == [(0, 1)]
    again = staged_table(DOCUMENTS, {**letter, "name": "letter"})
    with pytest.raises(BrokenLinks, match=r"documents\.object_id: 1"):
        publish_tables(nexus_database, documents=again)
