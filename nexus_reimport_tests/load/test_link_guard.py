"""The guard: PostgreSQL itself refuses, at COMMIT, what would leave a batch or document without patient."""

import threading
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg.errors import ForeignKeyViolation

from nexus_reimport.load import link_guard as guard
from nexus_reimport.load.exceptions import BrokenLinks
from nexus_reimport.load.publication import publish
from nexus_reimport.model.nexus import DOCUMENTS, IMAGE_BATCHES, PATIENTS
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

ANN, BEN, NOBODY = uid("patients ann"), uid("patients ben"), uid("nobody")
BATCH = """
    INSERT INTO images_batch (id, object_id, name, description, uploaded_at, image_count, content_type_id)
    SELECT gen_random_uuid(), '{patient}', 'Camera', '', now(), 0, id FROM django_content_type
    WHERE app_label = '{app}' AND model = '{model}'
"""
DOCUMENT = """
    INSERT INTO documents_document (id, object_id, file_name, original_name, file_size, mime_type, s3_bucket,
        s3_key, s3_url, category, description, tags, uploaded_by, uploaded_at, updated_at, is_active,
        content_type_id)
    SELECT gen_random_uuid(), '{patient}', 'a', 'a', 1, 'a', 'a', 'a', '', '', '', '[]', '', now(), now(),
        true, id FROM django_content_type WHERE app_label = '{app}' AND model = '{model}'
"""
RELATIONS = {"images_batch": BATCH, "documents_document": DOCUMENT}
ATTACHMENTS = pytest.mark.parametrize("relation", RELATIONS)


@pytest.fixture
def nexus(nexus_database: str) -> str:
    """A Nexus with two patients."""
    publish(nexus_database, "run", AS_OF, {"patients": patients()})
    return nexus_database


@pytest.fixture
def guarded(nexus: str) -> str:
    guard.install(nexus)
    return nexus


def patients() -> Any:
    return staged_table(PATIENTS, {"name": "ann", "first_name": "Ann"}, {"name": "ben", "first_name": "Ben"})


def attach(relation: str, patient: str, app: str = "patients", model: str = "patient") -> str:
    return RELATIONS[relation].format(patient=patient, app=app, model=model)


def leave(patient: str) -> str:
    return f"DELETE FROM patients WHERE id = '{patient}'"  # noqa: S608 - ours


def detach(relation: str) -> str:
    return f"DELETE FROM {relation}"  # noqa: S608 - ours


def commit(url: str, *statements: str) -> None:
    """Execute statements in one transaction."""
    with closing(psycopg.connect(url)) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        connection.commit()


def count(url: str, relation: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {relation}".encode()).fetchone()  # noqa: S608 - ours
    assert row is not None
    return int(row[0])


@ATTACHMENTS
def test_without_it_nexus_takes_a_link_to_nobody(nexus: str, relation: str) -> None:
    commit(nexus, attach(relation, NOBODY))
    assert count(nexus, relation) == 1


@ATTACHMENTS
def test_a_link_to_nobody_is_refused(guarded: str, relation: str) -> None:
    with pytest.raises(ForeignKeyViolation, match=f"{relation} .* would point at a patient who is not there"):
        commit(guarded, attach(relation, NOBODY))
    assert count(guarded, relation) == 0


def test_it_is_refused_at_commit_and_not_before(guarded: str) -> None:
    with psycopg.connect(guarded) as connection:
        connection.execute(attach("images_batch", NOBODY).encode())
        with pytest.raises(ForeignKeyViolation):
            connection.commit()


@ATTACHMENTS
def test_a_link_that_is_changed_to_nobody_is_refused(guarded: str, relation: str) -> None:
    commit(guarded, attach(relation, ANN))
    with pytest.raises(ForeignKeyViolation):
        commit(guarded, f"UPDATE {relation} SET object_id = '{NOBODY}'")  # noqa: S608 - ours
    other = "(SELECT id FROM django_content_type WHERE app_label = 'clinicians' AND model = 'clinic')"
    commit(guarded, f"UPDATE {relation} SET object_id = '{NOBODY}', content_type_id = {other}")  # noqa: S608 - ours
    patient = other.replace("clinicians", "patients").replace("clinic", "patient")
    with pytest.raises(ForeignKeyViolation):
        commit(guarded, f"UPDATE {relation} SET content_type_id = {patient}")  # noqa: S608 - ours


@ATTACHMENTS
def test_links_to_somebody_and_to_other_kinds_of_rows_are_none_of_its_business(
    guarded: str, relation: str
) -> None:
    commit(guarded, attach(relation, ANN), attach(relation, NOBODY, "clinicians", "clinic"))
    assert count(guarded, relation) == 2


def test_a_document_without_a_link_is_fine(guarded: str) -> None:
    unlinked = DOCUMENT.format(patient="NULL", app="patients", model="patient").replace(
        "'NULL'", "NULL::uuid"
    )
    commit(guarded, unlinked, unlinked.replace("id FROM django", "NULL::int FROM django"))
    assert count(guarded, "documents_document") == 2


@ATTACHMENTS
def test_a_patient_with_links_cannot_be_deleted_alone(guarded: str, relation: str) -> None:
    commit(guarded, attach(relation, ANN))
    with pytest.raises(ForeignKeyViolation, match=f"patient {ANN} still has photographs or documents"):
        commit(guarded, leave(ANN))
    assert count(guarded, "patients") == 2
    commit(guarded, attach(relation, BEN, "clinicians", "clinic"), leave(BEN))


@ATTACHMENTS
@pytest.mark.parametrize("patient_first", [True, False])
def test_both_can_be_deleted_together_in_any_order(guarded: str, relation: str, patient_first: bool) -> None:
    commit(guarded, attach(relation, ANN))
    statements = [leave(ANN), detach(relation)]
    commit(guarded, *(statements if patient_first else reversed(statements)))
    assert (count(guarded, relation), count(guarded, "patients")) == (0, 1)


@ATTACHMENTS
def test_inside_a_transaction_any_order_will_do(guarded: str, relation: str) -> None:
    commit(guarded, attach(relation, ANN))
    again = f"INSERT INTO patients SELECT * FROM kept WHERE id = '{ANN}'"  # noqa: S608 - ours
    keep = "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM patients"
    commit(guarded, keep, leave(ANN), again)
    new = f"UPDATE kept SET id = '{NOBODY}' WHERE id = '{BEN}'"  # noqa: S608 - ours
    commit(
        guarded,
        keep,
        attach(relation, NOBODY),
        new,
        again.replace(ANN, NOBODY),
        attach(relation, uid("never")),
        f"DELETE FROM {relation} WHERE object_id = '{uid('never')}'",  # noqa: S608 - ours
    )
    assert (count(guarded, relation), count(guarded, "patients")) == (2, 3)


def test_a_patient_whose_id_is_changed_leaves_links_too(guarded: str) -> None:
    commit(guarded, attach("images_batch", ANN))
    with pytest.raises(ForeignKeyViolation):
        commit(guarded, f"UPDATE patients SET id = '{NOBODY}' WHERE id = '{ANN}'")  # noqa: S608 - ours


@pytest.mark.parametrize("deleted_first", [True, False])
def test_of_two_transactions_at_once_the_later_is_refused(guarded: str, deleted_first: bool) -> None:
    """Neither sees what the other does; without a lock both would commit and a link to nobody stay."""
    first, second = leave(ANN), attach("images_batch", ANN)
    if not deleted_first:
        first, second = second, first
    errors: list[Exception] = []

    def later() -> None:
        try:
            commit(guarded, second)
        except ForeignKeyViolation as error:
            errors.append(error)

    with psycopg.connect(guarded) as connection:
        connection.execute(first.encode())
        # What a COMMIT proves is proved now, so that the other transaction comes in between.
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        thread = threading.Thread(target=later)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        connection.commit()
        thread.join(10)
    assert len(errors) == 1
    orphans = "SELECT FROM images_batch b WHERE NOT EXISTS (SELECT FROM patients p WHERE p.id = b.object_id)"
    with psycopg.connect(guarded) as connection:
        assert connection.execute(orphans.encode()).fetchall() == []


def test_a_publication_runs_under_it(guarded: str) -> None:
    with psycopg.connect(guarded) as connection:
        row = connection.execute(
            "SELECT id FROM django_content_type WHERE app_label = 'patients' AND model = 'patient'"
        ).fetchone()
    assert row is not None
    to_cid: Mapping[str, object] = {"object_id": uid("patients cid"), "content_type_id": row[0]}
    tables = {
        "patients": staged_table(PATIENTS, {"name": "cid", "first_name": "Cid"}),
        "documents": staged_table(DOCUMENTS, {**to_cid, "name": "letter"}),
        "image_batches": staged_table(IMAGE_BATCHES, {**to_cid, "name": "day"}),
    }
    outcome = publish(guarded, "run", AS_OF, tables)
    assert all(one.inserted == 1 for one in outcome.tables.values())
    assert publish(guarded, "run", AS_OF, tables).number is None
    lost = staged_table(IMAGE_BATCHES, {**to_cid, "name": "day", "object_id": NOBODY})
    # Before PostgreSQL is asked to write what its trigger would refuse.
    with pytest.raises(BrokenLinks, match=r"image_batches\.object_id: 1"):
        publish(guarded, "run", AS_OF, {**tables, "image_batches": lost})


RELATIONSHIP = """
    INSERT INTO contact_relationships
    SELECT gen_random_uuid(), id, '{}', id, '{}', 'parent', NULL, true, now(), now() FROM django_content_type
    WHERE app_label = 'patients' AND model = 'patient'
"""


@pytest.mark.parametrize("sides", [(ANN, NOBODY), (NOBODY, ANN)])
def test_either_side_of_a_relationship_is_a_patient_who_is_there(
    guarded: str, sides: tuple[str, str]
) -> None:
    with pytest.raises(ForeignKeyViolation, match=r"contact_relationships .* patient who is not there"):
        commit(guarded, RELATIONSHIP.format(*sides))
    commit(guarded, RELATIONSHIP.format(ANN, BEN))
    column = "from_object_id" if sides[0] == NOBODY else "to_object_id"
    with pytest.raises(ForeignKeyViolation):
        commit(guarded, f"UPDATE contact_relationships SET {column} = '{NOBODY}'")  # noqa: S608 - ours
    for patient in (ANN, BEN):
        with pytest.raises(ForeignKeyViolation, match=f"patient {patient} still .* relationship"):
            commit(guarded, leave(patient))
    commit(guarded, leave(ANN), detach("contact_relationships"))


LOG = """
    INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag, change_message,
        content_type_id)
    SELECT now(), '{}', '', 3, '', id FROM django_content_type
    WHERE app_label = 'patients' AND model = 'patient'
"""


def test_logs_may_name_whoever_is_gone(guarded: str) -> None:
    log = LOG.format(ANN)
    commit(guarded, log, leave(ANN))


CONSENT = "INSERT INTO consents SELECT gen_random_uuid(), id, gen_random_uuid() FROM django_content_type"


def test_a_table_of_links_that_has_come_since_is_told_and_guarded_once_it_is_put_in_again(
    guarded: str,
) -> None:
    commit(guarded, "CREATE TABLE consents (id uuid PRIMARY KEY, content_type_id integer, object_id uuid)")
    assert not guard.is_installed(guarded)
    guard.install(guarded)
    assert guard.is_installed(guarded)
    with pytest.raises(ForeignKeyViolation):
        commit(guarded, CONSENT)


def test_it_can_be_taken_out_and_leaves_nothing(guarded: str) -> None:
    assert guard.is_installed(guarded)
    guard.remove(guarded)
    assert not guard.is_installed(guarded)
    commit(guarded, attach("images_batch", NOBODY))
    with psycopg.connect(guarded) as connection:
        left = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'nexus_reimport'::regnamespace"
            " UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'nexus_reimport%'"
        ).fetchall()
    assert left == []
    guard.remove(guarded)


def test_it_can_be_put_in_before_the_first_reimport_and_taken_out_of_a_nexus_without_it(
    nexus_database: str,
) -> None:
    guard.remove(nexus_database)
    assert not guard.is_installed(nexus_database)
    guard.install(nexus_database)
    assert guard.is_installed(nexus_database)
    assert publish(nexus_database, "run", AS_OF, {"patients": patients()}).tables["patients"].inserted == 2


def test_putting_it_in_twice_is_fine(guarded: str) -> None:
    guard.install(guarded)
    assert guard.is_installed(guarded)
    with pytest.raises(ForeignKeyViolation):
        commit(guarded, attach("images_batch", NOBODY))


@ATTACHMENTS
def test_rows_that_point_at_nobody_already_stand_in_nobodys_way(nexus: str, relation: str) -> None:
    commit(nexus, attach(relation, NOBODY))
    guard.install(nexus)
    changed = "name = 'Left'" if relation == "images_batch" else "file_name = 'left'"
    commit(nexus, f"UPDATE {relation} SET {changed}")  # noqa: S608 - ours
    commit(nexus, f"UPDATE {relation} SET object_id = '{ANN}'")  # noqa: S608 - ours
    commit(nexus, detach(relation))


def test_half_of_it_is_not_installed(guarded: str) -> None:
    commit(guarded, f"DROP TRIGGER {guard.LINK_TRIGGER} ON images_batch")
    assert not guard.is_installed(guarded)
    guard.install(guarded)
    assert guard.is_installed(guarded)
