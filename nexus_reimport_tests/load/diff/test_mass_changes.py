"""So many rows losing or changing a value at once stop a publication, and only these: in PostgreSQL."""

from dataclasses import asdict, replace
from datetime import date

import psycopg
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.diff.mass_changes import Excess
from nexus_reimport.load.exceptions import MassChange
from nexus_reimport.load.our_tables.figures import MadeOf
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.load.rollback import rollback
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport.transform.source_figures import SourceFigures
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back
from nexus_reimport_tests.load.rollback.histories import publish_backed_up
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table

ROWS = 100
BORN, TITLE = date(1990, 1, 1), "Dr"
CONTACT = '{{"emails":[],"phones":[{{"label":"Home","number":"{0}"}},{{"label":"Work","number":"9{0}"}}]}}'
ONE_PHONE = '{"emails":[],"phones":[{"label":"Home","number":"5"}]}'
NO_PHONE = '{"emails":[],"phones":[]}'
SOURCES = {"contacts": "1", "notes": "1"}
OURS = MadeOf("code", SOURCES, {name: SourceFigures(ROWS, {}) for name in SOURCES})


def patients(few: int = 0, **given: object) -> StagedTable:
    """A hundred patients, ten of whom have a health number; the first `few` have what is given."""
    rows = [
        {
            "name": str(number),
            "first_name": f"Ann {number}",
            "dob": BORN,
            "health_number": str(number) if number < 10 else None,
            "contact_json": CONTACT.format(number),
            "filemaker_metadata": '{"exported":"2026-06-01","area":"1"}',
            **(given if number < few else {}),
        }
        for number in range(ROWS)
    ]
    return staged_table(PATIENTS, *rows)


def run(url: str, staged: StagedTable, *allow: str, made_of: MadeOf = OURS) -> Publication:
    terms = PublicationTerms(Options(allow_change=list(allow)), made_of=made_of)
    return publish(url, "run", AS_OF, {"patients": staged}, terms=terms)


def excesses(
    url: str, staged: StagedTable, made_of: MadeOf = OURS, choices: Options | None = None
) -> list[Excess]:
    return list(make_plan(url, {"patients": staged}, choices or Options(), [], made_of=made_of).excesses)


@pytest.fixture
def published(nexus_database: str) -> str:
    run(nexus_database, patients())
    return nexus_database


def change(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def test_what_many_rows_would_lose_stops_plan_and_publication_until_it_is_allowed_by_name(
    published: str,
) -> None:
    blank = patients(ROWS, dob=None)
    [found] = excesses(published, blank)
    assert (found.column, found.kind, found.rows, found.of) == ("patients.dob", "lose", 100, 100)
    assert found.stops
    with pytest.raises(MassChange) as refusal:
        run(published, blank)
    said = str(refusal.value)
    assert "patients.dob: 100 of the 100 rows that have a value would lose one (100%), and 5% may." in said
    assert "Nothing was written" in said
    assert said.endswith("--allow-change patients.dob")
    with pytest.raises(MassChange):
        run(published, blank, "patients.first_name")
    assert run(published, blank, "patients.dob").tables["patients"].updated == ROWS


@pytest.mark.parametrize(
    ("few", "given", "kind"),
    [
        (20, {"dob": None}, None),
        (21, {"dob": None}, "lose"),
        (20, {"first_name": "Eve"}, None),
        (21, {"first_name": "Eve"}, "change"),
        (100, {"first_name": " ? "}, "lose"),
        (21, {"contact_json": ONE_PHONE}, "lose"),
        (21, {"contact_json": NO_PHONE}, "lose"),
        (21, {"contact_json": CONTACT.format("new")}, "change"),
        (100, {"filemaker_metadata": '{"exported":"2026-07-01","area":"1"}'}, None),
        (21, {"filemaker_metadata": '{"exported":"2026-06-01"}'}, "lose"),
        (30, {"title": TITLE}, "get"),
        (20, {"title": TITLE}, None),
        (10, {"health_number": None}, None),
    ],
)
def test_the_bar_is_over_twenty_rows_and_the_share_of_those_that_have_a_value(
    published: str, few: int, given: dict[str, object], kind: str | None
) -> None:
    found = excesses(published, patients(few, **given))
    assert [one.kind for one in found] == ([kind] if kind else [])


def test_neither_a_first_run_nor_rows_that_were_adopted_or_restored_are_a_change(nexus_database: str) -> None:
    assert excesses(nexus_database, patients()) == []
    run(nexus_database, patients())
    change(nexus_database, "DELETE FROM patients")
    assert excesses(nexus_database, patients(ROWS, dob=None)) == []
    run(nexus_database, patients())
    change(nexus_database, "UPDATE patients SET dob = '1950-01-01'")
    # As an older import left them: no record of ours
    change(nexus_database, "DELETE FROM nexus_reimport.identities")
    change(nexus_database, "DELETE FROM nexus_reimport.written_patients")
    found = make_plan(nexus_database, {"patients": patients(ROWS, dob=None)}, Options(), [], made_of=OURS)
    assert found.tables["patients"].counts.adopted == ROWS
    assert found.excesses == []


def test_edits_of_people_that_filemaker_goes_over_by_the_runs_word_are_no_change_of_the_source(
    published: str,
) -> None:
    change(published, "UPDATE patients SET dob = '1950-01-01'")
    assert excesses(published, patients(ROWS, dob=None)) == []
    wins = Options(conflicts={"patients": "filemaker"})
    assert excesses(published, patients(), choices=wins) == []
    [found] = excesses(published, patients(ROWS, first_name="Eve"), choices=wins)
    assert found.column == "patients.first_name"


def test_another_code_over_the_same_sources_is_told_and_stops_nothing(published: str) -> None:
    later = replace(OURS, code="later")
    [found] = excesses(published, patients(ROWS, dob=None), later)
    assert not found.stops
    assert "another release than at the last publication" in found.says
    assert "the sources are the very same" in found.says
    # A run of fewer tables is made of fewer sources.
    [few] = excesses(published, patients(ROWS, dob=None), MadeOf("later", {"contacts": "1"}))
    assert few.sources_same
    assert run(published, patients(ROWS, dob=None), made_of=later).number == 2


def test_where_code_and_sources_both_moved_what_is_lost_stops_and_what_is_changed_is_told(
    published: str,
) -> None:
    later = replace(OURS, code="later", versions={**SOURCES, "contacts": "2"})
    [changed] = excesses(published, patients(ROWS, first_name="Eve"), later)
    assert not changed.stops
    [lost] = excesses(published, patients(ROWS, dob=None), later)
    assert lost.stops
    assert "either may be why" in lost.says


def test_of_an_older_releases_publication_the_code_is_not_known(published: str) -> None:
    set_back(published, 4)
    [changed] = excesses(published, patients(ROWS, first_name="Eve"))
    assert (changed.rules, changed.sources_same, changed.stops) == (True, False, False)
    [lost] = excesses(published, patients(ROWS, dob=None))
    assert lost.stops


def test_the_same_code_is_compared_with_the_tables_own_last_publication(published: str) -> None:
    change(
        published,
        "INSERT INTO nexus_reimport.publications (run_id, as_of, tables, code, sources)"
        " VALUES ('notes', now(), '{\"notes\": {}}', 'older', '{\"contacts\": {\"version\": \"2\"}}')",
    )
    [found] = excesses(published, patients(ROWS, dob=None))
    assert not found.rules
    change(published, "UPDATE nexus_reimport.publications SET undone_by = 9 WHERE run_id = 'run'")
    [found] = excesses(published, patients(ROWS, dob=None))
    assert (found.rules, found.sources_same) == (True, False)


def test_a_column_that_changed_so_in_most_of_the_last_runs_may_change_twice_as_much(published: str) -> None:
    for number in range(3):
        assert [one.share for one in excesses(published, patients(30, first_name=f"Eve {number}"))] == [0.2]
        run(published, patients(30, first_name=f"Eve {number}"), "patients.first_name")
    assert excesses(published, patients(60, first_name="Ada")) == []
    [changed, lost] = excesses(published, patients(61, first_name="Ada", dob=None))
    assert (lost.column, lost.share) == ("patients.dob", 0.05)
    assert (changed.column, changed.share) == ("patients.first_name", 0.6)


def test_one_run_in_which_it_was_allowed_makes_nothing_ordinary(published: str) -> None:
    run(published, patients(ROWS, dob=None), "patients.dob")
    for number in range(3):
        run(published, patients(3, first_name=f"Eve {number}"), "patients.dob")
    [found] = [one for one in excesses(published, patients(ROWS, dob=None)) if one.kind == "lose"]
    assert found.share == 0.05


def test_a_rollback_is_stopped_by_none_of_it_and_counts_no_more(nexus_database: str) -> None:
    store = MemoryStore()
    publish_backed_up(nexus_database, store, {"patients": patients()}, 1)
    allowed = Options(allow_change=["patients.dob"])
    publish_backed_up(nexus_database, store, {"patients": patients(ROWS, dob=None)}, 2, allowed)
    rollback(nexus_database, store, "undo")
    [found] = excesses(nexus_database, patients(ROWS, dob=None), MadeOf())
    assert found.stops


def test_what_a_publication_changed_is_kept_in_counts(published: str) -> None:
    number = run(published, patients(2, first_name="Eve")).number
    with psycopg.connect(published) as connection:
        row = connection.execute(
            "SELECT code, changes FROM nexus_reimport.publications WHERE id = %s", [number]
        ).fetchone()
    assert row == (
        "code",
        {
            "patients": {
                "published": ROWS,
                "rules": False,
                "columns": {"first_name": {"losing": 0, "changing": 2, "filling": 0, "filled": ROWS}},
            }
        },
    )


def test_an_excess_is_kept_in_a_plan_with_its_sentence() -> None:
    one = Excess("notes.content", "change", 60, 100, 0.2, allowed=True)
    assert one.as_json() == {
        **{
            name: value
            for name, value in asdict(one).items()
            if name in ("column", "kind", "rows", "of", "share")
        },
        "stops": False,
        "says": "notes.content: 60 of the 100 rows that have a value would get another (60%), and 20% may. "
        "Allowed by the run.",
    }
