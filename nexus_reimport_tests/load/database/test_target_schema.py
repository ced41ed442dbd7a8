"""A Nexus whose migrations have moved on: every difference that matters is named at once, before staging."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from nexus_reimport.load import link_guard as guard
from nexus_reimport.load.database import target_schema
from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.target_schema import refuse_unexpected
from nexus_reimport.load.exceptions import TargetNotAsExpected
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.nexus import NOTES, PATIENTS, TABLES
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

# Executed one after another, they go together.
HARMLESS = [
    "ALTER TABLE patients ADD colour text",
    "ALTER TABLE patients ADD region text NOT NULL DEFAULT ''",
    "ALTER TABLE notes ADD n integer NOT NULL GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE notes ADD words integer NOT NULL GENERATED ALWAYS AS (length(content)) STORED",
    "ALTER TABLE patients ALTER last_name TYPE varchar(200)",
    "ALTER TABLE patients ALTER last_name TYPE text",
    "ALTER TABLE notes ALTER note_type TYPE varchar(14)",
    "ALTER TABLE patients ALTER first_name DROP NOT NULL",
    "ALTER TABLE images_image ALTER file_size TYPE bigint",
    "ALTER TABLE sms_messages ALTER cost TYPE numeric(10,4)",
    "ALTER TABLE sms_messages ALTER cost TYPE numeric",
    "ALTER TABLE notes ALTER created_at TYPE timestamptz(6)",
    "CREATE INDEX words ON notes (content text_pattern_ops)",
    "CREATE UNIQUE INDEX wider ON patients (id, last_name)",
    "CREATE UNIQUE INDEX kept ON appointments (filemaker_event_id) WHERE filemaker_event_id IS NOT NULL",
    "CREATE UNIQUE INDEX covering ON patients (mrn) INCLUDE (last_name)",
    "ALTER TABLE images_batch ADD FOREIGN KEY (object_id) REFERENCES patients",
    "ALTER TABLE appointments ADD FOREIGN KEY (recurrence_group_id) REFERENCES clinics",
    "CREATE TABLE teeth (id integer PRIMARY KEY, whose uuid NOT NULL REFERENCES patients)",
    "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER watch BEFORE UPDATE ON clinics FOR EACH ROW EXECUTE FUNCTION watch()",
    "CREATE TRIGGER off BEFORE UPDATE ON notes EXECUTE FUNCTION watch();"
    "ALTER TABLE notes DISABLE TRIGGER off",
    "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
]
ANN = staged_table(PATIENTS, {"name": "ann"})


def migrations() -> list[tuple[str, str]]:
    """Each migration that makes a difference, and what is said of it."""
    lines = Path(__file__).with_name("migrations.txt").read_text().splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    return list(zip(kept[::2], (line.strip() for line in kept[1::2]), strict=True))


@pytest.fixture(scope="module")
def one_nexus(postgres: Cluster) -> Iterator[str]:
    """A Nexus for all that is taken back."""
    with ephemeral_database(postgres) as url:
        yield url


@pytest.fixture
def nexus(one_nexus: str) -> Iterator[Connection]:
    """A connection to a Nexus as expected; what is done to it is taken back."""
    with connect(one_nexus, "test") as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(("migration", "named"), migrations())
def test_what_a_migration_changed_is_named_with_what_was_expected(
    nexus: Connection, migration: str, named: str
) -> None:
    refuse_unexpected(nexus)
    nexus.execute(migration.encode())
    with pytest.raises(TargetNotAsExpected) as refusal:
        refuse_unexpected(nexus)
    assert named in str(refusal.value)


def test_what_does_no_harm_is_no_difference(nexus: Connection) -> None:
    for migration in HARMLESS:
        nexus.execute(migration.encode())
        refuse_unexpected(nexus)


def test_into_what_does_no_harm_is_published(nexus_database: str) -> None:
    for migration in HARMLESS:
        query(nexus_database, migration)
    read_state(nexus_database)
    note = {"name": "note", "patient_id": uid("patients ann"), "content": "x"}
    tables = {"patients": ANN, "notes": staged_table(NOTES, note)}
    assert publish(nexus_database, "run", AS_OF, tables).number == 1


def test_everything_is_named_in_one_message_before_anything_is_read(nexus_database: str) -> None:
    wanted = (
        "patients.region",
        "patients.middle_names",
        "clinics.filemaker_id",
        "patients.dob",
        "notes.filled",
    )
    for migration, named in migrations():
        if named.partition(":")[0] in wanted:
            query(nexus_database, migration)
    with pytest.raises(TargetNotAsExpected) as refusal:
        read_state(nexus_database)
    said = str(refusal.value)
    assert [said.count(f"{name}: ") for name in wanted] == [1] * 5
    assert said.count("; ") == 4
    assert "Nothing was staged or written" in said


def test_what_somebody_has_looked_at_is_accepted_by_name(
    nexus: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("filled", "same", "away"):
        nexus.execute(next(one for one, named in migrations() if named.startswith(f"notes.{name}:")).encode())
    with pytest.raises(TargetNotAsExpected):
        refuse_unexpected(nexus)
    looked_at = [replace(table, accepted=("filled", "same", "away")) for table in TABLES]
    monkeypatch.setattr(target_schema, "TABLES", looked_at)
    refuse_unexpected(nexus)


def test_our_own_guard_is_expected(nexus_database: str) -> None:
    publish(nexus_database, "run", AS_OF, {"patients": ANN})
    guard.install(nexus_database)
    read_state(nexus_database)


def test_a_change_that_came_after_the_look_is_refused_by_name_too(nexus_database: str) -> None:
    query(nexus_database, "ALTER TABLE patients ADD region text NOT NULL")
    with pytest.raises(TargetNotAsExpected, match=r"patients\.region: Nexus's schema has changed since"):
        publish(nexus_database, "run", AS_OF, {"patients": ANN})
    with psycopg.connect(nexus_database) as connection:
        assert connection.execute("SELECT count(*) FROM patients").fetchone() == (0,)
