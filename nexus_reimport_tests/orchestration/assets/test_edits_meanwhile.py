"""Whole runs while people work in Nexus: each run publishes, each edit survives, in any of its moments."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import ALL_MAY_CHANGE, Line, query
from nexus_reimport_tests.line_fixtures import ServeFileMaker
from nexus_reimport_tests.orchestration.assets.test_edits_survive import moved

# What people save: table and column, both from FileMaker.
SAVED = (("patients", "last_name"), ("notes", "content"), ("appointments", "reason"))


@contextmanager
def somebody_working(url: str, edits_a_second: int) -> Iterator[dict[tuple[str, str], str]]:
    """Have a session edit row after row; yield what each field that was edited has to have."""
    ids = {
        table: [row_id for (row_id,) in query(url, f"SELECT id::text FROM {table} ORDER BY id")]  # noqa: S608 - ours
        for table, _ in SAVED
    }
    stop, edits, chance = threading.Event(), dict[tuple[str, str], str](), random.Random(7)  # noqa: S311 - for tests

    def work() -> None:
        with psycopg.connect(url, autocommit=True, application_name="front desk") as session:
            while not stop.wait(1 / edits_a_second):
                table, column = chance.choice(SAVED)
                row_id, value = chance.choice(ids[table]), f"typed {len(edits)}"
                save = f"UPDATE {table} SET {column} = %s WHERE id = %s"  # noqa: S608 - names of ours
                session.execute(save.encode(), [value, row_id])
                edits[table, row_id] = value

    person = threading.Thread(target=work)
    person.start()
    try:
        yield edits
    finally:
        stop.set()
        person.join()


@pytest.mark.parametrize("edits_a_second", [5, 50])
def test_each_run_publishes_and_each_edit_survives(
    line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker, edits_a_second: int
) -> None:
    assert line.run().right
    later = replace(line, filemaker=filemaker_with(**moved(clinic)))
    with somebody_working(line.url, edits_a_second) as edits:
        for turn in (later, line):
            outcome = turn.run(allow_change=ALL_MAY_CHANGE)
            assert outcome.success, outcome.failures
            assert outcome.tables["notes"]["updated"] > 0
    assert edits
    found = {
        (table, row_id): value
        for table, column in SAVED
        for row_id, value in query(line.url, f"SELECT id::text, {column} FROM {table}")  # noqa: S608 - ours
        if (table, row_id) in edits
    }
    assert found == edits
