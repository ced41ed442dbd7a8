"""A publication of a plan that nobody approved, over a Nexus in which people went on working since."""

import threading
import time
from collections.abc import Mapping

import psycopg
import pytest

from nexus_reimport.load.database import locking
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.exceptions import PublicationInProgress
from nexus_reimport.load.plan.making import Planned, make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.nexus import NOTES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN = {"name": "ann", "first_name": "Ann", "last_name": "Arden"}
BEN = {"name": "ben", "first_name": "Ben"}
Staged = Mapping[str, StagedTable]


def plan(url: str, staged: Staged) -> Planned:
    return make_plan(url, staged, Options(), [])


def publish_unapproved(
    url: str, planned: Planned, staged: Staged, said: list[str] | None = None
) -> Publication:
    terms = PublicationTerms(planned=planned.writes, plan_id="p", approved=False, seen=planned.seen)
    return publish(url, "run", AS_OF, staged, terms=terms, progress=(said if said is not None else []).append)


def patients(url: str) -> list[tuple[object, ...]]:
    return query(url, "SELECT first_name, last_name, title FROM patients ORDER BY first_name")


def test_an_edit_since_the_plan_stays_and_all_else_is_published(nexus_database: str) -> None:
    first = {"patients": staged_table(PATIENTS, ANN, BEN)}
    publish_unapproved(nexus_database, plan(nexus_database, first), first)
    later = {"patients": staged_table(PATIENTS, {**ANN, "last_name": "Dell", "title": "Ms"}, BEN)}
    planned = plan(nexus_database, later)
    query(nexus_database, "UPDATE patients SET last_name = 'Typed' WHERE first_name = 'Ann'")
    done = publish_unapproved(nexus_database, planned, later)
    assert patients(nexus_database) == [("Ann", "Typed", "Ms"), ("Ben", "", None)]
    assert done.moved == ("patients",)
    assert (done.tables["patients"].updated, done.tables["patients"].conflicts) == (1, 1)
    written = last_writes(nexus_database)
    assert publish_unapproved(nexus_database, plan(nexus_database, later), later).number is None
    assert last_writes(nexus_database) == written


def test_where_nothing_has_moved_nothing_is_said_to_have(nexus_database: str) -> None:
    staged = {"patients": staged_table(PATIENTS, ANN)}
    assert publish_unapproved(nexus_database, plan(nexus_database, staged), staged).moved == ()


def test_a_row_deleted_since_the_plan_and_one_that_a_person_made_hold_nothing_up(nexus_database: str) -> None:
    note = {"name": "note", "patient_id": uid("patients ann"), "content": "a"}
    first = {"patients": staged_table(PATIENTS, ANN), "notes": staged_table(NOTES, note)}
    publish_unapproved(nexus_database, plan(nexus_database, first), first)
    later = {**first, "notes": staged_table(NOTES, {**note, "content": "b"})}
    planned = plan(nexus_database, later)
    query(nexus_database, "DELETE FROM notes")
    done = publish_unapproved(nexus_database, planned, later)
    assert done.tables["notes"].restored == 1
    assert query(nexus_database, "SELECT id::text, content FROM notes") == [(uid("notes note"), "b")]


def older_row(url: str, **values: object) -> None:
    """Make a patient as an older import left one: under the id that staging adopts, and nothing of ours."""
    staged = staged_table(PATIENTS, {**ANN, **values})
    publish(url, "for its columns", AS_OF, {"patients": staged})
    query(url, "DROP SCHEMA nexus_reimport CASCADE")


def test_an_edit_of_a_row_to_be_adopted_stays_though_nothing_was_ever_written_of_it(
    nexus_database: str,
) -> None:
    older_row(nexus_database, last_name="Old", title="Mr")
    staged = {"patients": staged_table(PATIENTS, {**ANN, "title": "Ms"})}
    planned = plan(nexus_database, staged)
    assert list(planned.seen["id"]) == [uid("patients ann")]
    query(nexus_database, "UPDATE patients SET last_name = 'Typed'")
    done = publish_unapproved(nexus_database, planned, staged)
    assert patients(nexus_database) == [("Ann", "Typed", "Ms")]
    assert (done.tables["patients"].adopted, done.tables["patients"].edits_kept) == (1, 1)
    assert publish_unapproved(nexus_database, plan(nexus_database, staged), staged).number is None
    moved = {"patients": staged_table(PATIENTS, {**ANN, "last_name": "Later", "title": "Dr"})}
    publish_unapproved(nexus_database, plan(nexus_database, moved), moved)
    assert patients(nexus_database) == [("Ann", "Typed", "Dr")]


def test_an_edit_before_the_plan_of_a_row_to_be_adopted_is_followed_by_filemaker(nexus_database: str) -> None:
    older_row(nexus_database, last_name="Old")
    staged = {"patients": staged_table(PATIENTS, ANN)}
    publish_unapproved(nexus_database, plan(nexus_database, staged), staged)
    assert patients(nexus_database) == [("Ann", "Arden", None)]


def test_every_edit_of_a_session_that_never_stops_survives(nexus_database: str) -> None:
    rows = [{"name": f"p{n}", "first_name": f"P{n}"} for n in range(40)]
    publish(nexus_database, "first", AS_OF, {"patients": staged_table(PATIENTS, *rows)})
    stop, edits = threading.Event(), dict[str, str]()

    def work() -> None:
        with psycopg.connect(nexus_database, autocommit=True) as session:
            for turn in range(10_000):
                if stop.is_set():
                    return
                name, value = f"P{turn % 40}", f"Typed {turn}"
                session.execute("UPDATE patients SET last_name = %s WHERE first_name = %s", [value, name])
                edits[name] = value
                time.sleep(0.01)

    person = threading.Thread(target=work)
    person.start()
    try:
        for turn in range(10):
            # Few enough to be an ordinary day's.
            changed = [{**row, "title": f"T{turn}"} for row in rows[:5]]
            staged = {"patients": staged_table(PATIENTS, *changed, *rows[5:])}
            planned = plan(nexus_database, staged)
            time.sleep(0.03)
            assert publish_unapproved(nexus_database, planned, staged).number is not None
    finally:
        stop.set()
        person.join()
    found = dict(query(nexus_database, "SELECT first_name, last_name FROM patients WHERE last_name <> ''"))
    assert found == edits
    assert query(nexus_database, "SELECT title, count(*) FROM patients GROUP BY 1 ORDER BY 1") == [
        ("T9", 5),
        (None, 35),
    ]


def test_a_session_that_holds_a_lock_is_waited_for_by_name(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "SLICE_SECONDS", 0.1)
    staged = {"patients": staged_table(PATIENTS, ANN)}
    said: list[str] = []
    planned = plan(nexus_database, staged)
    with psycopg.connect(nexus_database, application_name="front desk") as session:
        session.execute("LOCK TABLE patients IN ROW EXCLUSIVE MODE")
        threading.Timer(0.5, session.rollback).start()
        assert publish_unapproved(nexus_database, planned, staged, said).number == 1
    (waited,) = [line for line in said if "Waiting for" in line]
    assert "«front desk»" in waited
    assert "on patients since" in waited


def test_one_that_never_lets_go_is_refused_by_name_and_readers_meanwhile_wait_for_nothing(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.3)
    with psycopg.connect(nexus_database, application_name="front desk") as session:
        session.execute("LOCK TABLE patients IN ROW EXCLUSIVE MODE")
        with pytest.raises(PublicationInProgress, match="by «front desk»"):
            publish(nexus_database, "run", AS_OF, {"patients": staged_table(PATIENTS, ANN)})
        assert query(nexus_database, "SELECT count(*) FROM patients") == [(0,)]


def test_a_plan_does_not_wait_for_a_forgotten_lock_without_end(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_reimport.load.database.connection.LOCK_SECONDS", 1)
    with psycopg.connect(nexus_database) as session:
        session.execute("LOCK TABLE patients IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(PublicationInProgress, match="in use"):
            plan(nexus_database, {"patients": staged_table(PATIENTS, ANN)})
