"""The sandbox's Nexus tables are those of the real one, to the last nullability."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.clinic.nexus_rows import PATIENT_CONTENT_TYPE
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database

NEIGHBOURS = (
    "encounters",
    "reminders",
    "letters_patientletter",
    "patient_referrers",
    "patient_coordinators",
    "sms_inbound",
    "xero_contact_links",
    "xero_invoice_links",
    "xero_quote_links",
)
COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
    ORDER BY c.relname, a.attnum
"""
CONSTRAINTS = """
    SELECT c.conrelid::regclass::text, c.contype::text, c.confrelid::regclass::text,
        array(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
              JOIN pg_attribute ON attrelid = c.conrelid AND attnum = number ORDER BY place),
        c.condeferrable, c.condeferred, c.confdeltype::text
    FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace
"""
INDEXES = """
    SELECT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisunique
"""
TYPE_NAMES = {"character varying": "varchar", "timestamp with time zone": "timestamptz", " ": ""}


@pytest.fixture(scope="module")
def nexus(postgres: Cluster) -> Iterator[psycopg.Connection]:
    """One database for the tests that only look."""
    with ephemeral_database(postgres) as url, psycopg.connect(url) as connection:
        yield connection


def plain(type_name: str) -> str:
    for long, short in TYPE_NAMES.items():
        type_name = type_name.replace(long, short)
    return type_name


def written_type(column: Column) -> str:
    return {"varchar": f"varchar({column.length})", "numeric": "numeric(6,4)"}.get(column.kind, column.kind)


def facts_of_the_real_tables() -> dict[str, list[str]]:
    """What a live Nexus says about its tables, by relation."""
    facts: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("nexus_tables.txt").read_text().splitlines():
        if line.startswith("table "):
            relation = line.removeprefix("table ")
            facts[relation] = []
        else:
            facts[relation].append(line.strip())
    return facts


def facts_of(nexus: psycopg.Connection, relation: str) -> list[str]:
    """The same facts, read off a database."""
    facts = [
        f"column {name} {plain(kind)} {'not null' if needed else 'null'}"
        for table, name, kind, needed in nexus.execute(COLUMNS)
        if table == relation
    ]
    for table, kind, target, columns, *_ in nexus.execute(CONSTRAINTS):
        names = ", ".join(columns)
        words = {"p": f"primary key {names}", "u": f"unique {names}", "f": f"link {names} {target}"}
        if table == relation and kind in words:
            facts.append(words[kind])
    for table, definition in nexus.execute(INDEXES):
        if table == relation:
            facts.append("index " + definition.partition("(")[2].rstrip(")").replace('"', ""))
    return facts


@pytest.mark.parametrize("relation", facts_of_the_real_tables())
def test_a_table_has_just_the_columns_keys_links_and_indexes_of_the_real_one(
    nexus: psycopg.Connection, relation: str
) -> None:
    wanted, found = facts_of_the_real_tables()[relation], facts_of(nexus, relation)
    assert sorted(found) == sorted(wanted)
    assert [fact for fact in found if fact.startswith("column")] == [
        fact for fact in wanted if fact.startswith("column")
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_published_table_is_what_the_code_says_it_is(nexus: psycopg.Connection, table: Table) -> None:
    wanted = [
        f"column {column.name} {written_type(column)} {'null' if column.null else 'not null'}"
        for column in table.columns
    ]
    assert [fact for fact in facts_of(nexus, table.relation) if fact.startswith("column")] == wanted


def test_every_link_waits_for_commit_and_never_cascades(nexus: psycopg.Connection) -> None:
    links = [row for row in nexus.execute(CONSTRAINTS) if row[1] == "f"]
    assert len(links) > 30
    assert {row[4:] for row in links} == {(True, True, "a")}


def test_the_database_fills_in_nothing_and_checks_nothing(nexus: psycopg.Connection) -> None:
    defaults = nexus.execute("SELECT adrelid::regclass FROM pg_attrdef").fetchall()
    triggers = nexus.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").fetchall()
    checks = [row for row in nexus.execute(CONSTRAINTS) if row[1] == "c"]
    assert (defaults, triggers, checks) == ([], [], [])


def test_content_types_are_numbered_by_the_database_when_no_number_is_given(
    nexus: psycopg.Connection,
) -> None:
    kind = nexus.execute(
        "SELECT attidentity FROM pg_attribute"
        " WHERE attrelid = 'django_content_type'::regclass AND attname = 'id'"
    ).fetchone()
    assert kind == ("d",)


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_a_neighbour_refers_to_patients(nexus: psycopg.Connection, neighbour: str) -> None:
    assert "link patient_id patients" in facts_of(nexus, neighbour)


def test_the_number_of_the_patients_content_type_is_not_the_first(nexus: psycopg.Connection) -> None:
    numbers = nexus.execute(
        "SELECT id FROM django_content_type WHERE app_label = 'patients' AND model = 'patient'"
    ).fetchall()
    assert numbers == [(PATIENT_CONTENT_TYPE,)]
    assert numbers != [(1,)]


def test_a_broken_link_shows_only_at_commit(nexus_database: str) -> None:
    note = "INSERT INTO notes VALUES (gen_random_uuid(), 'other', 'x', now(), now(), NULL, gen_random_uuid())"
    connection = psycopg.connect(nexus_database)
    connection.execute(note)
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1,)
    with connection, pytest.raises(errors.ForeignKeyViolation):
        connection.commit()


def test_each_database_is_fresh(postgres: Cluster, nexus_database: str) -> None:
    with psycopg.connect(nexus_database) as first:
        first.execute("DELETE FROM django_content_type")
    with ephemeral_database(postgres) as url, psycopg.connect(url) as second:
        assert second.execute("SELECT count(*) > 10 FROM django_content_type").fetchone() == (True,)
