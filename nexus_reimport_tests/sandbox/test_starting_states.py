"""Loading rows: every starting state goes into the real tables, links and all."""

from datetime import UTC, datetime

import psycopg
import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic, synthetic_clinic
from nexus_reimport.sandbox.exceptions import SandboxError, UnknownStartingStateError
from nexus_reimport.sandbox.starting_states import STATES, fill_tables, starting_rows

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def clinic() -> SyntheticClinic:
    return synthetic_clinic(0.02)


def company(name: str, **more: object) -> dict[str, object]:
    return {"id": f"0b0e7c1e-0000-4000-8000-{len(name):012d}", "name": name, "created_at": NOW, **more}


OLDER = ("older:P1+A1+N1+D1+I1", "older:P2*2+A2*2+N2+D2+I2", "older:P3+A3+N3+D3+I2", "older:P1-notes+A1")


@pytest.mark.parametrize("state", [*STATES, *OLDER])
def test_every_row_of_a_state_is_in_its_table(
    nexus_database: str, clinic: SyntheticClinic, state: str
) -> None:
    wanted: dict[str, int] = {}
    for rows in starting_rows(state, clinic):
        fill_tables(nexus_database, rows)
        for relation, given in rows.items():
            wanted[relation] = wanted.get(relation, 0) + len(given)
    with psycopg.connect(nexus_database) as connection:
        for relation, count in wanted.items():
            found = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()  # noqa: S608 - ours
            assert (relation, found) == (relation, (count,))
    assert wanted["clinics"] == 11


def test_people_have_rows_in_every_table_and_an_empty_nexus_has_none(clinic: SyntheticClinic) -> None:
    _, people = starting_rows("people", clinic)
    _, nothing = starting_rows("empty", clinic)
    assert {"patients", "appointments", "notes", "sms_messages", "documents_document"} <= people.keys()
    assert {"reminders", "encounters", "images_batch", "images_image"} <= people.keys()
    assert nothing == {}


def test_json_columns_hold_objects_and_lists_not_text(nexus_database: str, clinic: SyntheticClinic) -> None:
    for rows in starting_rows("people", clinic):
        fill_tables(nexus_database, rows)
    with psycopg.connect(nexus_database) as connection:
        kinds = connection.execute(
            "SELECT DISTINCT jsonb_typeof(contact_json) FROM patients"
            " UNION SELECT DISTINCT jsonb_typeof(tags) FROM documents_document"
        ).fetchall()
    assert sorted(kinds) == [("array",), ("object",)]


def test_content_types_given_replace_those_of_the_schema_and_numbering_goes_on_after_them(
    nexus_database: str,
) -> None:
    fill_tables(nexus_database, {"django_content_type": [{"id": 70, "app_label": "a", "model": "b"}]})
    with psycopg.connect(nexus_database) as connection:
        assert connection.execute("SELECT id FROM django_content_type").fetchall() == [(70,)]
        added = "INSERT INTO django_content_type (app_label, model) VALUES ('c', 'd') RETURNING id"
        assert connection.execute(added).fetchone() == (71,)


def test_rows_that_do_not_name_the_same_columns_are_refused_and_nothing_is_written(
    nexus_database: str,
) -> None:
    rows = [company("one", updated_at=NOW), company("three")]
    with pytest.raises(SandboxError, match="rows for companies do not all have the same columns"):
        fill_tables(nexus_database, {"companies": rows})
    with psycopg.connect(nexus_database) as connection:
        assert connection.execute("SELECT count(*) FROM companies").fetchone() == (0,)


def test_an_unknown_state_is_refused_with_those_there_are(clinic: SyntheticClinic) -> None:
    with pytest.raises(UnknownStartingStateError, match="empty, people, older-import"):
        starting_rows("full", clinic)
