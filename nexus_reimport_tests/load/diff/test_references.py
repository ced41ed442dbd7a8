"""Whatever points at a row keeps it: foreign keys, generic links, and columns that only say so."""

import psycopg
import pytest
from psycopg import sql

from nexus_reimport.load.diff import diff
from nexus_reimport.load.diff.references import Reference, count_dangling, nothing_points_at, references_to
from nexus_reimport.load.our_tables.migrations import upgrade
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import APPOINTMENTS, BY_NAME, IMAGE_BATCHES, IMAGES, PATIENTS
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import uid

ANN = uid("patient Ann")
BOOKED = uid("appointment one")
# Neighbours of Nexus as its migrations make them, without their other columns.
NEIGHBOURS = """
    DROP TABLE IF EXISTS reminders, xero_invoice_links, xero_quote_links, contact_relationships, sent_emails,
        xero_sync_logs, django_admin_log;
    CREATE TABLE reminders (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patients (id),
        appointment_id uuid);
    CREATE TABLE xero_invoice_links (id uuid PRIMARY KEY, patient_id uuid REFERENCES patients (id),
        appointment_id uuid REFERENCES appointments (id));
    CREATE TABLE xero_quote_links (id uuid PRIMARY KEY, patient_id uuid REFERENCES patients (id),
        appointment_id uuid REFERENCES appointments (id));
    CREATE TABLE contact_relationships (id uuid PRIMARY KEY, from_content_type_id integer NOT NULL,
        from_object_id uuid NOT NULL, to_content_type_id integer NOT NULL, to_object_id uuid NOT NULL);
    CREATE TABLE sent_emails (id uuid PRIMARY KEY, related_patient_id varchar(100) NOT NULL DEFAULT '',
        related_appointment_id varchar(100) NOT NULL DEFAULT '');
    CREATE TABLE xero_sync_logs (id uuid PRIMARY KEY, local_entity_type varchar(50) NOT NULL DEFAULT '',
        local_entity_id uuid);
    CREATE TABLE pages (pages jsonb);
    CREATE TABLE django_admin_log (id integer PRIMARY KEY, object_id text, content_type_id integer)
"""
POINTING = [
    (
        "patients",
        "INSERT INTO contact_relationships VALUES (gen_random_uuid(), 10, %s, 10, gen_random_uuid())",
    ),
    ("patients", "INSERT INTO contact_relationships VALUES (gen_random_uuid(), 1, gen_random_uuid(), 1, %s)"),
    ("patients", "INSERT INTO sent_emails (id, related_patient_id) VALUES (gen_random_uuid(), upper(%s))"),
    ("patients", "INSERT INTO xero_sync_logs VALUES (gen_random_uuid(), 'patient', %s)"),
    ("patients", "INSERT INTO django_admin_log VALUES (1, %s, 10)"),
    ("patients", "INSERT INTO reminders VALUES (gen_random_uuid(), %s)"),
    ("patients", "UPDATE images_batch SET object_id = %s, content_type_id = 1"),
    ("patients", "INSERT INTO pages VALUES (jsonb_build_object('about', jsonb_build_array(upper(%s))))"),
    ("image_batches", "INSERT INTO pages VALUES (to_jsonb('see /api/images/batches/' || %s || '/'))"),
    ("appointments", "INSERT INTO sent_emails (id, related_appointment_id) VALUES (gen_random_uuid(), %s)"),
    ("appointments", "INSERT INTO xero_sync_logs VALUES (gen_random_uuid(), 'appointment', %s)"),
    ("appointments", f"INSERT INTO reminders VALUES (gen_random_uuid(), '{ANN}', %s)"),  # noqa: S608 - ours
    ("appointments", "UPDATE appointments SET parent_appointment_id = %s WHERE reason = 'next'"),
    ("image_batches", "UPDATE images_image SET batch_id = %s"),
]
IDS = {"patients": ANN, "appointments": BOOKED, "image_batches": uid("batch one")}


@pytest.fixture
def url(nexus_database: str) -> str:
    """A patient, an appointment and a batch to which nothing points."""
    with psycopg.connect(nexus_database, autocommit=True) as connection:
        connection.execute(NEIGHBOURS)
    older.load(
        nexus_database,
        older.patient("Ann"),
        older.patient("Ben"),
        older.appointment("one", uid("patient Ben")),
        older.appointment("next", uid("patient Ben"), reason="next"),
        older.batch("one", uid("nobody")),
        older.batch("other", uid("nobody")),
        older.image("one", "other", "a.jpg"),
    )
    return nexus_database


def unreferenced(url: str, table: Table) -> set[str]:
    """The rows of a table to which nothing points, as a publication asks for them."""
    with psycopg.connect(url) as connection:
        upgrade(connection)
        diff.create_relations(connection)
        statement = sql.SQL("SELECT t.id::text FROM {} t WHERE {}").format(
            sql.Identifier(table.relation), nothing_points_at(connection, table)
        )
        rows = connection.execute(statement).fetchall()
        connection.rollback()
    return {row_id for (row_id,) in rows}


@pytest.mark.parametrize(("table", "statement"), POINTING)
def test_a_row_that_anything_points_at_is_known(url: str, table: str, statement: str) -> None:
    assert IDS[table] in unreferenced(url, BY_NAME[table])
    query(url, statement, IDS[table])
    assert IDS[table] not in unreferenced(url, BY_NAME[table])


@pytest.mark.parametrize("table", ["patients", "appointments"])
def test_every_link_of_the_neighbours_is_asked(url: str, table: str) -> None:
    found = {(one.relation, one.column) for one in references_to_of(url, BY_NAME[table])}
    generic = {
        ("contact_relationships", "from_object_id"),
        ("contact_relationships", "to_object_id"),
        ("django_admin_log", "object_id"),
        ("documents_document", "object_id"),
        ("images_batch", "object_id"),
        ("xero_sync_logs", "local_entity_id"),
    }
    own = {
        "patients": {
            (name, "patient_id")
            for name in (
                "appointments", "encounters", "letters_patientletter", "notes", "patient_coordinators",
                "patient_referrers", "reminders", "sms_inbound", "sms_messages", "xero_contact_links",
                "xero_invoice_links", "xero_quote_links",
            )
        } | {("sent_emails", "related_patient_id")},
        "appointments": {
            (name, "appointment_id")
            for name in ("encounters", "reminders", "sms_messages", "xero_invoice_links", "xero_quote_links")
        } | {("appointments", "parent_appointment_id"), ("sent_emails", "related_appointment_id")},
    }  # fmt: skip
    assert found == generic | own[table]


@pytest.mark.parametrize(
    ("table", "column", "statement"),
    [
        ("patients", "contact_relationships.to_object_id",
         "INSERT INTO contact_relationships VALUES (gen_random_uuid(), 10, '{ben}', 10, %s)"),
        ("patients", "contact_relationships.from_object_id",
         "INSERT INTO contact_relationships VALUES (gen_random_uuid(), 10, %s, 10, '{ben}')"),
        ("patients", "sent_emails.related_patient_id",
         "INSERT INTO sent_emails (id, related_patient_id) VALUES (gen_random_uuid(), upper(%s))"),
        ("appointments", "sent_emails.related_appointment_id",
         "INSERT INTO sent_emails (id, related_appointment_id) VALUES (gen_random_uuid(), %s)"),
        ("appointments", "reminders.appointment_id",
         "INSERT INTO reminders VALUES (gen_random_uuid(), '{ben}', %s)"),
    ],
)  # fmt: skip
def test_what_a_neighbour_points_at_and_is_not_there_is_counted(
    url: str, table: str, column: str, statement: str
) -> None:
    words = statement.replace("{ben}", uid("patient Ben"))
    query(url, words, IDS[table])
    assert set(dangling(url, table).values()) == {0}
    query(url, words, uid("nobody"))
    assert {name: count for name, count in dangling(url, table).items() if count} == {column: 1}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO contact_relationships VALUES (gen_random_uuid(), 1, %s, 1, gen_random_uuid())",
        "INSERT INTO sent_emails (id, related_patient_id) VALUES (gen_random_uuid(), 'P-' || %s)",
        "INSERT INTO sent_emails (id) SELECT gen_random_uuid() WHERE %s <> ''",
        "INSERT INTO xero_sync_logs VALUES (gen_random_uuid(), 'patient', %s)",
        "INSERT INTO django_admin_log VALUES (1, %s, 10)",
    ],
)
def test_links_to_another_kind_no_links_and_logs_are_not_counted(url: str, statement: str) -> None:
    query(url, statement, uid("nobody"))
    assert set(dangling(url, "patients").values()) == {0}


def dangling(url: str, table: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return count_dangling(connection, BY_NAME[table])


def references_to_of(url: str, table: Table) -> list[Reference]:
    with psycopg.connect(url) as connection:
        return references_to(connection, table)


def test_our_own_records_and_temporary_relations_point_at_nothing(url: str) -> None:
    with psycopg.connect(url) as connection:
        upgrade(connection)
        connection.execute("CREATE TEMPORARY TABLE relinks (object_id uuid, content_type_id integer)")
        for table in (PATIENTS, APPOINTMENTS, IMAGE_BATCHES, IMAGES):
            assert {one.schema for one in references_to(connection, table)} <= {"public"}
        connection.rollback()
