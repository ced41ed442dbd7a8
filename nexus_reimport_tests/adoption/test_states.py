"""Over what each of the clinic's own scripts left: every row goes to its own record, and people's stay."""

from typing import Any

import pytest

from nexus_reimport_tests.adoption.trial import Trial, tried

SCALE = 0.01
RECORDS = ("patients", "appointments", "notes")
FILES = ("patients", "documents", "image_batches", "images")
MIXTURE = "older:P1+P3+A1+A2+N1+N2+D1+I1+I2"
REMOVE: dict[str, Any] = {
    "older_imports": dict.fromkeys(("appointments", "notes", "documents", "images"), "remove"),
    "missing_percent": 100.0,
    "missing_rows": 10_000,
}
STATES = [
    pytest.param(("older:P2+A2+N2+D2+I2", (), {}), id="the last from the API"),
    pytest.param(("older:P1+A1+N1+D1+I1", (), {}), id="the first"),
    pytest.param((MIXTURE, (), REMOVE), id="a mixture, and no left-overs"),
    pytest.param(("older:P3+A3+N3", RECORDS, {}), id="the last from sheets"),
    pytest.param(("older:P2*2+A2*2+N2+N3*2", RECORDS, {}), id="records twice"),
    pytest.param(("older:P1-notes+A1+N1+P3+A3", RECORDS, {}), id="never migrated, then a sheet"),
    pytest.param(("older:P2+A2+delete+P3+A3+A1+N3+N1", RECORDS, {}), id="deleted and imported again"),
    pytest.param(("older:P1+D1+I1+delete+P2+D3+I1+I2", FILES, {}), id="files of patients who are gone"),
]


@pytest.fixture(scope="module", params=STATES)
def trial(request: pytest.FixtureRequest) -> Trial:
    """A state, tried; its services are gone again."""
    state, tables, options = request.param
    return tried(state, SCALE, tables, **options)


def test_each_row_is_its_own_records_and_no_other(trial: Trial) -> None:
    assert {name: verdict.faults for name, verdict in trial.verdicts.items() if verdict.faults} == {}
    for name, counts in trial.outcome.tables.items():
        assert counts["adopted"] == len(trial.verdicts[name].right)


def test_what_the_state_imported_is_found_again(trial: Trial) -> None:
    imported = {name for name, verdict in trial.verdicts.items() if verdict.imported}
    assert {
        name for name in imported & trial.outcome.tables.keys() if not trial.verdicts[name].right
    } == set()
    assert imported & trial.outcome.tables.keys()


def test_no_record_with_a_row_of_its_own_gets_another_unless_that_is_reported(trial: Trial) -> None:
    for name in trial.outcome.tables:
        assert trial.verdicts[name].missed <= trial.undecided[name], name


def test_as_many_are_published_as_into_an_empty_nexus(trial: Trial) -> None:
    for name, counts in trial.outcome.tables.items():
        expected = trial.clinic.expected[name]
        assert trial.verdicts[name].published == expected["published"]
        assert counts["inserted"] == expected["published"] - counts["adopted"]
        assert counts["rejected"] == expected["rejected"]


def test_what_people_made_is_as_it_was_in_all_of_nexus(trial: Trial) -> None:
    assert trial.before.book.people.keys() >= {"patients", "encounters", "reminders", "letters_patientletter"}
    assert trial.touched == {}


def test_nothing_that_a_script_wrote_is_taken_for_a_persons(trial: Trial) -> None:
    # People have renamed batches.
    for name in {"patients", "documents", "images"} & trial.outcome.tables.keys():
        assert trial.outcome.tables[name]["edits_kept"] == 0, name


def lasting_all_day(trial: Trial) -> set[str]:
    """Rows of events that last all day though they have a time, which no published row says."""
    sources = trial.before.book.sources.get("appointments", {})
    events = {str(event["id"]).lower() for event in trial.clinic.entities["API_event"] if event["allDay"]}
    return {row_id for row_id, key in sources.items() if key in events}


def test_the_check_finds_what_the_judge_finds(trial: Trial) -> None:
    for name in trial.outcome.tables:
        verdict, checked = trial.verdicts[name], trial.checked[name]
        assert checked <= verdict.doubled, name
        assert verdict.doubled - checked <= verdict.gone_on_with | lasting_all_day(trial), name
    red = {
        one["asset"].partition("/")[2]
        for one in trial.outcome.checks
        if one["check"] == "no_doubled_rows" and not one["passed"]
    }
    assert red == {name for name, checked in trial.checked.items() if checked}
    others = [one for one in trial.outcome.checks if one["check"] != "no_doubled_rows"]
    assert [one for one in others if not one["passed"] and one["severity"] == "ERROR"] == []


def test_where_left_overs_are_taken_out_none_stays_but_what_people_went_on_with(trial: Trial) -> None:
    removed = {name for name, counts in trial.outcome.tables.items() if counts["removed"]}
    if "older_imports" in trial.options:
        assert removed >= {"appointments", "notes", "images"}
        for name in removed:
            assert trial.verdicts[name].doubled <= trial.verdicts[name].gone_on_with
            assert trial.checked[name] == set()


def test_a_second_run_writes_nothing(trial: Trial) -> None:
    assert trial.again.failures == []
    assert trial.written_again == []


def test_a_rollback_gives_back_every_row_as_it_was(trial: Trial) -> None:
    assert trial.left == {}
