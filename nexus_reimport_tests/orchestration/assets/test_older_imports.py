"""A Nexus that older imports have filled twice over, in whole lines: what is said of it, what mends it."""

from typing import Any

import pytest

from nexus_reimport.launching.op_jobs import launch_rollback
from nexus_reimport.load.plan.stored_plans import load_plan
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.records import overview
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.writes import last_writes

DOUBLED = ("patients", "appointments", "notes", "image_batches", "images")
REMOVE: dict[str, Any] = {
    "older_imports": dict.fromkeys(DOUBLED, "remove"),
    "missing_percent": 80.0,
    "missing_rows": 1000,
}

Doubled = tuple[Line, RunOutcome]


def doubled_checks(outcome: RunOutcome) -> dict[str, dict[str, Any]]:
    """The check of doubled rows by table, where it does not pass."""
    return {
        one["asset"].partition("/")[2]: one
        for one in outcome.checks
        if one["check"] == "no_doubled_rows" and not one["passed"]
    }


def rows(line: Line, table: str) -> int:
    relation = BY_NAME[table].relation
    return int(query(line.url, f"SELECT count(*) FROM {relation}")[0][0])  # noqa: S608 - ours


def ours(line: Line, table: str) -> int:
    statement = "SELECT count(*) FROM nexus_reimport.identities WHERE table_name = %s"
    return int(query(line.url, statement, table)[0][0])


@pytest.fixture(scope="module")
def doubled(make_line: MakeLine) -> Doubled:
    """A line over a doubled Nexus, run once."""
    line = make_line("older:P2*2+A2*2+N3*2+D1+I1+I2")
    return line, line.run()


def test_a_doubled_nexus_is_published_and_its_checks_are_red(
    doubled: Doubled, clinic: SyntheticClinic
) -> None:
    line, outcome = doubled
    assert outcome.failures == []
    assert not outcome.right
    assert doubled_checks(outcome).keys() == set(DOUBLED)
    for name, check in doubled_checks(outcome).items():
        assert check["severity"] == ("WARN" if name == "patients" else "ERROR")
        assert "nexus-reimport status --left-over" in check["says"]
        assert f"{name}=stay" in check["says"]
    for name, counts in outcome.tables.items():
        written = counts["inserted"] + counts["updated"] + counts["unchanged"]
        assert counts["read"] == written + sum(counts["rejected"].values())
        assert counts["adopted"] <= counts["updated"] + counts["unchanged"]
        assert ours(line, name) == clinic.expected[name]["published"]
    assert all(outcome.tables[name]["left_over"] for name in DOUBLED)
    assert outcome.tables["documents"]["adopted"] > 0


def test_plan_status_and_report_list_what_is_left_by_id(doubled: Doubled) -> None:
    line, outcome = doubled
    assert outcome.plan
    plan = load_plan(open_store(str(line.storage)), outcome.plan)
    listed = {(one["table"], one["key"]) for one in overview.read_all_left_over(line.url)}
    assert {(name, row_id) for name, ids in plan["left_over"].items() for row_id in ids} == listed
    assert {name: len(ids) for name, ids in plan["left_over"].items()} == {
        name: counts["left_over"] for name, counts in outcome.tables.items() if counts["left_over"]
    }


def test_what_is_said_to_stay_is_no_more_than_a_remark(doubled: Doubled) -> None:
    line, _ = doubled
    outcome = line.run(older_imports=dict.fromkeys(DOUBLED, "stay"))
    assert outcome.right
    assert {one["severity"] for one in doubled_checks(outcome).values()} == {"WARN"}
    assert outcome.plan
    assert load_plan(open_store(str(line.storage)), outcome.plan)["left_over"] == {}


def test_more_than_a_run_allows_is_refused_with_the_flags_that_allow_it(
    doubled: Doubled,
) -> None:
    line, _ = doubled
    before = last_writes(line.url)
    outcome = line.run(older_imports={"notes": "remove"})
    assert not outcome.right
    assert "--missing-percent" in outcome.failures[0]
    assert last_writes(line.url) == before


def test_remove_leaves_one_row_of_each_and_what_people_made_and_can_be_rolled_back(doubled: Doubled) -> None:
    line, first = doubled
    doubled_contents = contents(line.url)
    before = {name: rows(line, name) for name in BY_NAME}
    outcome = line.run(**REMOVE)
    assert outcome.failures == []
    assert doubled_checks(outcome).keys() <= {"patients"}
    for name in ("appointments", "notes", "images", "image_batches"):
        left = first.tables[name]["left_over"] - outcome.tables[name]["removed"]
        assert outcome.tables[name]["left_over"] == left
        assert rows(line, name) == before[name] - outcome.tables[name]["removed"]
    assert outcome.tables["images"]["left_over"] == outcome.tables["image_batches"]["left_over"] == 0
    written = last_writes(line.url)
    assert line.run(**REMOVE).failures == []
    assert last_writes(line.url) == written
    launch_rollback(line.definitions(), line.instance, {})
    assert contents(line.url) == doubled_contents
