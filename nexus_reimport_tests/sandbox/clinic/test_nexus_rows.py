"""Rows of an older import and of people: every column, links that hold, a real database that takes them."""

import re
from collections import Counter
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.sandbox.clinic import (
    OlderImport,
    SyntheticClinic,
    older_import,
    older_import_known,
    peoples_rows,
)
from nexus_reimport.sandbox.clinic.docs import DOCUMENTS_FOLDER
from nexus_reimport.sandbox.clinic.nexus_rows import note_row, patient_row

Row = dict[str, object]
Relations = dict[str, list[Row]]

SYDNEY = ZoneInfo("Australia/Sydney")
SCHEMA = (files("nexus_reimport.sandbox") / "nexus_schema.sql").read_text(encoding="utf-8")


def columns_of(relation: str) -> set[str]:
    found = re.search(rf"CREATE TABLE {relation} \((.*?)\n\);", SCHEMA, re.DOTALL)
    assert found, relation
    return {line.split()[0].strip('"') for line in found[1].strip().splitlines()}


def everything(clinic: SyntheticClinic) -> list[Relations]:
    older = older_import(clinic)
    return [clinic.nexus, older, peoples_rows(clinic, imported=older["patients"])]


def test_every_row_gives_every_column_of_its_table(small: SyntheticClinic) -> None:
    for relations in everything(small):
        for relation, rows in relations.items():
            assert all(row.keys() == columns_of(relation) for row in rows), relation


def test_a_row_without_a_needed_column_or_with_a_strange_one_is_refused() -> None:
    with pytest.raises(KeyError, match="last_name"):
        patient_row(id="1", first_name="Velmora")
    with pytest.raises(KeyError, match="colour"):
        note_row(id="1", content="", created_at=None, updated_at=None, patient_id="1", colour="red")


def test_rows_of_one_table_share_no_default_object() -> None:
    stamps = {"created_at": None, "updated_at": None}
    first, second = (patient_row(id=key, first_name="a", last_name="b", **stamps) for key in "12")
    assert first["emergency_json"] is not second["emergency_json"]


def test_postgresql_takes_an_older_import_and_peoples_rows_together(
    small: SyntheticClinic, nexus_database: str
) -> None:
    inserted: Counter[str] = Counter()
    with psycopg.connect(nexus_database) as connection:
        for relations in everything(small):
            for relation, rows in relations.items():
                insert(connection, relation, rows)
                inserted[relation] += len(rows)
    with psycopg.connect(nexus_database) as connection:
        for relation, count in inserted.items():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(relation))
            assert connection.execute(query).fetchone() == (count,), relation
        linked = connection.execute(
            "SELECT count(*) FROM documents_document d JOIN django_content_type c ON c.id = d.content_type_id"
            " WHERE c.app_label = 'patients' AND c.model = 'patient'"
        ).fetchone()
    assert linked == (inserted["documents_document"],)


def insert(connection: psycopg.Connection[tuple[object, ...]], relation: str, rows: list[Row]) -> None:
    names = list(rows[0])
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(relation),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(query, [[plain(name, row[name]) for name in names] for row in rows])


def plain(name: str, value: object) -> object:
    return Jsonb(value) if name.endswith(("_json", "_metadata", "tags")) and value is not None else value


def test_an_older_import_covers_about_four_fifths_of_the_clinic(
    whole: SyntheticClinic, older: OlderImport
) -> None:
    tables = {
        "patients": "patients",
        "appointments": "appointments",
        "notes": "notes",
        "sms_messages": "sms_messages",
        "documents": "documents_document",
    }
    for table, relation in tables.items():
        assert 0.72 < len(older.rows[relation]) / whole.expected[table]["published"] < 0.9, table


def claims(rows: list[Row]) -> list[str]:
    found = [row["filemaker_metadata"] for row in rows]
    ids = [one.get("filemaker_id") for one in found if isinstance(one, dict)]
    return [str(one).lower() for one in ids if one]


def test_most_older_patients_claim_a_filemaker_id_some_none_and_a_few_one_twice(
    whole: SyntheticClinic, older: OlderImport
) -> None:
    rows = older.rows["patients"]
    counted = Counter(claims(rows))
    assert 0.9 < sum(counted.values()) / len(rows) < 0.97
    assert {key for key, count in counted.items() if count == 2} == set(older.claimed_twice)
    assert len(older.claimed_twice) == 6
    assert max(counted.values()) == 2
    assert counted.keys() <= {str(row["id"]).lower() for row in whole.entities["API_Contacts"]}
    assert counted.keys() == older.adopted["patients"].keys()


def test_of_two_rows_that_claim_one_filemaker_id_the_older_is_to_be_adopted(older: OlderImport) -> None:
    for key in older.claimed_twice:
        rivals = [row for row in older.rows["patients"] if key in claims([row])]
        eldest = min(rivals, key=lambda row: str(row["created_at"]))
        assert len(rivals) == 2
        assert older.adopted["patients"][key] == eldest["id"]


def test_older_rows_keep_random_uuids_of_their_own(older: OlderImport) -> None:
    ids = [row["id"] for rows in older.rows.values() for row in rows]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & set(claims(older.rows["patients"]))


def test_an_older_appointment_without_its_id_is_known_by_patient_start_and_notes(
    whole: SyntheticClinic, older: OlderImport
) -> None:
    events = {str(row["id"]).lower(): row for row in whole.entities["API_event"]}
    source = {row_id: key for key, row_id in older.adopted["appointments"].items()}
    lost = [row for row in older.rows["appointments"] if row["filemaker_event_id"] is None]
    assert 400 < len(lost) < 0.15 * len(older.rows["appointments"])
    natural = Counter(
        (row["patient_id"], row["start_time"], row["notes"]) for row in older.rows["appointments"]
    )
    for row in lost:
        event = events[source[str(row["id"])]]
        assert older.adopted["patients"][str(event["id_Contact"]).lower()] == row["patient_id"]
        assert row["notes"] == event["note"]
        assert not event["Consult Notes"]
        start = row["start_time"]
        assert isinstance(start, datetime)
        assert start == datetime.fromisoformat(f"{event['startDate']}T{event['startTime']}").replace(
            tzinfo=SYDNEY
        )
        assert natural[row["patient_id"], row["start_time"], row["notes"]] == 1


def test_an_older_note_is_known_by_patient_and_content(whole: SyntheticClinic, older: OlderImport) -> None:
    notes = {str(row["id"]).lower(): row for row in whole.entities["API_Notes"]}
    rows = {row["id"]: row for row in older.rows["notes"]}
    natural = Counter((row["patient_id"], row["content"]) for row in rows.values())
    assert len(older.adopted["notes"]) > 7000
    for key, row_id in older.adopted["notes"].items():
        row = rows[row_id]
        assert row["content"] == notes[key]["Note"]
        assert row["patient_id"] == older.adopted["patients"][str(notes[key]["id_Key"]).lower()]
        assert natural[row["patient_id"], row["content"]] == 1


def test_an_older_message_is_known_by_its_gateway_id_or_by_patient_text_and_time(
    whole: SyntheticClinic, older: OlderImport
) -> None:
    messages = {str(row["_kp_MessageID"]).lower(): row for row in whole.entities["API_Messages"]}
    rows = {row["id"]: row for row in older.rows["sms_messages"]}
    without = 0
    for key, row_id in older.adopted["sms_messages"].items():
        row, message = rows[row_id], messages[key]
        if row["external_message_id"]:
            assert row["external_message_id"] == message["_kf_GatewayMessageID"]
        else:
            without += 1
            assert row["patient_id"] == older.adopted["patients"][str(message["_kf_ContactID"]).lower()]
            assert row["message"] == message["MessageBody"]
            assert row["sent_at"] == datetime.fromisoformat(str(message["SentTimestamp"]))
    assert without > 100


def test_stale_documents_point_at_patients_who_are_nowhere(older: OlderImport) -> None:
    living = {row["id"] for row in older.rows["patients"]}
    rows = older.rows["documents_document"]
    assert {row["id"] for row in rows if row["object_id"] not in living} == set(older.stale_documents)
    assert 0.1 < len(older.stale_documents) / len(rows) < 0.4


def test_an_older_document_is_known_by_its_id_or_by_its_files_name(older: OlderImport) -> None:
    source = {row_id: key for key, row_id in older.adopted["documents"].items()}
    rows = older.rows["documents_document"]
    assert sum(row["filemaker_id"] is None for row in rows) > 300
    for row in rows:
        assert row["filemaker_id"] in (None, source[str(row["id"])])
        assert str(row["s3_key"]).lower().endswith(f"/{source[str(row['id'])]}.pdf")


def test_peoples_rows_claim_nothing_of_filemakers(whole: SyntheticClinic) -> None:
    rows = peoples_rows(whole)
    assert not claims(rows["patients"])
    assert {row["filemaker_event_id"] for row in rows["appointments"]} == {None}
    assert {row["filemaker_id"] for row in rows["documents_document"]} == {None}
    sent = {row["_kf_GatewayMessageID"] for row in whole.entities["API_Messages"]}
    assert not {row["external_message_id"] for row in rows["sms_messages"]} & sent


def test_people_have_written_in_every_published_table_and_in_its_neighbours(whole: SyntheticClinic) -> None:
    assert peoples_rows(whole).keys() == {
        "patients",
        "appointments",
        "notes",
        "sms_messages",
        "documents_document",
        "images_batch",
        "images_image",
        "encounters",
        "reminders",
        "letters_patientletter",
        "contact_relationships",
        "sent_emails",
        "xero_sync_logs",
        "django_admin_log",
    }


def test_peoples_files_are_in_the_bucket_outside_the_import(whole: SyntheticClinic) -> None:
    sizes = {entry.key: len(entry.body) for entry in whole.objects}
    rows = peoples_rows(whole)
    for row in (*rows["documents_document"], *rows["images_image"]):
        assert sizes[str(row["s3_key"])] == row["file_size"]
        assert not str(row["s3_key"]).startswith(DOCUMENTS_FOLDER)


def test_people_write_about_imported_patients_where_there_are_any(small: SyntheticClinic) -> None:
    older = older_import_known(small).rows["patients"]
    rows = peoples_rows(small, imported=older)
    about = {row["patient_id"] for row in rows["encounters"]}
    assert {row["id"] for row in older[:10]} <= about
    assert len(rows["patients"]) == 24
