"""What a person decides about a run, in a whole line: whose value counts, and what stays deleted."""

from collections.abc import Mapping
from typing import Any

import pytest

from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine

# One row of each table, and what PostgreSQL makes a person delete first.
CHILDREN = {
    "patients": ("sms_messages.patient_id", "notes.patient_id", "appointments.patient_id"),
    "appointments": ("sms_messages.appointment_id",),
    "image_batches": ("images_image.batch_id",),
}
STAY = {table.name: "stay" for table in TABLES}


@pytest.fixture(scope="module")
def line(make_line: MakeLine) -> Line:
    """A line that has been published."""
    line = make_line()
    assert line.run().right
    return line


def rows(line: Line, table: str) -> list[str]:
    relation = BY_NAME[table].relation
    return [row_id for (row_id,) in query(line.url, f"SELECT id::text FROM {relation} ORDER BY id")]  # noqa: S608 - ours


def delete(line: Line, table: str, row_id: str) -> None:
    """Delete a row in Nexus as a person does: what must go with it goes too, what need not is left."""
    for child in CHILDREN.get(table, ()):
        relation, column = child.split(".")
        if table == "patients" and relation == "appointments":
            query(
                line.url,
                "DELETE FROM sms_messages s USING appointments a"
                " WHERE a.id = s.appointment_id AND a.patient_id = %s",
                row_id,
            )
        query(line.url, f"DELETE FROM {relation} WHERE {column} = %s", row_id)  # noqa: S608 - ours
    query(line.url, f"DELETE FROM {BY_NAME[table].relation} WHERE id = %s", row_id)  # noqa: S608 - ours


def a_busy_row(line: Line, table: str) -> str:
    """A row of the table that others point at, where any do."""
    found = {
        "patients": "SELECT b.object_id FROM images_batch b JOIN notes n ON n.patient_id = b.object_id"
        " JOIN documents_document d ON d.object_id = b.object_id",
        "appointments": "SELECT appointment_id FROM sms_messages WHERE appointment_id IS NOT NULL",
        "image_batches": "SELECT batch_id FROM images_image",
    }
    statement = found.get(table, f"SELECT id FROM {BY_NAME[table].relation}")  # noqa: S608 - ours
    return str(query(line.url, f"SELECT x::text FROM ({statement}) f (x) ORDER BY 1 LIMIT 1")[0][0])  # noqa: S608 - ours


def assert_sound(line: Line, outcome: RunOutcome) -> None:
    """The run was right: each row read is accounted for, and every link leads somewhere."""
    assert outcome.right, (outcome.failures, line.failed_checks(outcome))
    proved = {"every_source_row_accounted_for", "links_proved_before_commit", "links_to_live_rows"}
    assert proved <= {check["check"] for check in outcome.checks if check["passed"]}


def test_what_people_delete_stays_gone_with_what_was_its_own_and_comes_back_when_it_may(line: Line) -> None:
    before = {table.name: rows(line, table.name) for table in TABLES}
    deleted = {table.name: a_busy_row(line, table.name) for table in reversed(TABLES)}
    for name, row_id in deleted.items():
        delete(line, name, row_id)
    left = {table.name: set(rows(line, table.name)) for table in TABLES}

    outcome = line.run(deleted=STAY)
    assert_sound(line, outcome)
    for name, row_id in deleted.items():
        reasons = outcome.tables[name]["rejected"]
        if name != "image_batches":
            assert reasons["deleted_in_nexus"] >= 1, name
        assert row_id not in rows(line, name)
        assert set(rows(line, name)) <= left[name], name
        assert (outcome.tables[name]["inserted"], outcome.tables[name]["restored"]) == (0, 0)
    assert outcome.tables["notes"]["rejected"]["patient_not_found"] >= 1
    assert outcome.tables["images"]["rejected"]["patient_not_found"] >= 1
    assert outcome.tables["images"]["rejected"]["no_batch"] >= 1
    gone = deleted["patients"]
    for relation, column in (("documents_document", "object_id"), ("images_batch", "object_id")):
        assert query(line.url, f"SELECT count(*) FROM {relation} WHERE {column} = %s", gone) == [(0,)]  # noqa: S608 - ours

    again = line.run(deleted=STAY)
    assert_sound(line, again)
    assert sum(one["inserted"] + one["updated"] + one["removed"] for one in again.tables.values()) == 0

    back = line.run()
    assert_sound(line, back)
    assert {table.name: rows(line, table.name) for table in TABLES} == before
    assert sum(one["restored"] for one in back.tables.values()) == sum(
        one["inserted"] for one in back.tables.values()
    )


def test_one_row_of_one_table_stays_gone_and_others_come_back(line: Line) -> None:
    for name in ("notes", "appointments", "sms_messages"):
        delete(line, name, a_busy_row(line, name))
    outcome = line.run(deleted={"appointments": "stay"})
    assert_sound(line, outcome)
    assert outcome.tables["appointments"]["rejected"]["deleted_in_nexus"] == 1
    assert outcome.tables["notes"]["restored"] == 1
    assert outcome.tables["sms_messages"]["restored"] >= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"conflicts": {"patients": "maybe"}},
        {"conflicts": {"people": "filemaker"}},
        {"deleted": {"patients": "keep"}},
        {"on_missing": {"notes": "archive"}},
        {"older_imports": {"notes": "keep"}},
    ],
)
def test_words_that_are_none_are_refused_in_one_line(line: Line, wrong: Mapping[str, Any]) -> None:
    before = contents(line.url)
    outcome = line.run("plan", "backup", "nexus/patients", **wrong)
    assert not outcome.success
    [(option, given)] = wrong.items()
    [(table, word)] = given.items()
    assert f"{option}: {table}: {word} is not one of" in outcome.failures[0]
    assert "\n" not in outcome.failures[0].strip()
    assert contents(line.url) == before
