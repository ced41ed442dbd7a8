"""The report of a run in a whole line: after the checks, with its numbers, without a patient's value."""

import dagster as dg
import obstore
import pytest

from nexus_reimport.load.plan.stored_plans import load_plan
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.records.run_report import (
    REPORT_TAG,
    gather_facts,
    last_run,
    make_report,
    read_report,
    stored_report,
)
from nexus_reimport.present.report.exceptions import NoSuchRun
from nexus_reimport.present.report.facts import ReportFacts
from nexus_reimport.present.report.verdict import verdict_of
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.storage.report_store import ReportStore
from nexus_reimport_tests.launching.test_resume import failing_at, resume
from nexus_reimport_tests.line import Line, break_notes, query
from nexus_reimport_tests.line_fixtures import MakeLine, ServeFileMaker
from nexus_reimport_tests.orchestration.test_run_privacy import found_in, values_of
from nexus_reimport_tests.present.report.reading import Page

Runs = tuple[Line, RunOutcome, RunOutcome]


@pytest.fixture(scope="module")
def runs(make_line: MakeLine) -> Runs:
    """A line run twice; between, somebody made a note and edited a patient."""
    line = make_line()
    first = line.run()
    query(
        line.url,
        "UPDATE patients SET last_name = 'Typed-In' WHERE id = (SELECT min(id::text)::uuid FROM patients)",
    )
    query(
        line.url,
        "INSERT INTO notes SELECT (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid()))).*"
        " FROM notes n LIMIT 1",
    )
    return line, first, line.run()


def facts_of(line: Line, outcome: RunOutcome) -> ReportFacts:
    found = read_report(ReportStore(str(line.storage)), outcome.run_id)
    assert found is not None
    return found


def test_the_numbers_are_those_of_the_run(runs: Runs, clinic: SyntheticClinic) -> None:
    line, first, _ = runs
    assert first.right
    facts = facts_of(line, first)
    assert (facts.kind, facts.success, facts.publication) == ("reimport", True, 1)
    assert [table.name for table in facts.tables] == [table.name for table in TABLES]
    for table in facts.tables:
        counts, expected = first.tables[table.name], clinic.expected[table.name]
        assert (table.read, table.count("inserted")) == (expected["read"], expected["published"])
        assert table.rejected == counts["rejected"] == expected["rejected"]
        assert table.after is not None
        assert (table.after.ours, table.before and table.before.total) == (expected["published"], 0)
    assert facts.thumbnails is not None
    assert facts.thumbnails.made == first.thumbnails["made"]
    assert facts.as_of is not None
    assert facts.started <= facts.ended
    assert verdict_of(facts).level == "right"


def test_the_checks_of_nexus_come_before_the_report(runs: Runs) -> None:
    line, first, _ = runs
    ends = {}
    for place, entry in enumerate(line.instance.all_logs(first.run_id)):
        event = entry.dagster_event
        if event and event.is_step_success:
            ends[event.step_key] = place
        elif event and event.event_type == dg.DagsterEventType.STEP_START and event.step_key == "report":
            started = place
    assert [step for step, place in ends.items() if place > started] == ["report"]
    facts = facts_of(line, first)
    told = {(one.asset, one.check): one.passed for one in facts.checks}
    assert told == {(one["asset"], one["check"]): one["passed"] for one in first.checks}
    assert {"counts_as_staged", "links_to_live_rows"} <= {
        check for asset, check in told if asset == "nexus/notes"
    }


def test_every_link_is_counted_and_proved(runs: Runs) -> None:
    line, first, _ = runs
    links = {(one.table, one.column): one for one in facts_of(line, first).links}
    assert set(links) == {(table.name, link.column) for table in TABLES for link in table.links}
    assert {(one.broken, one.others) for one in links.values()} == {(0, 0)}
    [(pointing,)] = query(line.url, "SELECT count(patient_id) FROM sms_messages")
    assert links["sms_messages", "patient_id"].rows == pointing


def test_steps_have_their_times(runs: Runs) -> None:
    line, first, _ = runs
    steps = {step.name: step for step in facts_of(line, first).steps}
    assert {"filemaker__contacts", "thumbnails", "nexus_publication", "nexus_checks"} <= set(steps)
    assert "report" not in steps
    assert all(step.seconds >= 0 and not step.failed for step in steps.values())
    assert sum(step.seconds for step in steps.values()) <= facts_of(line, first).seconds + 1


def test_the_next_report_compares_itself_with_the_one_before(runs: Runs) -> None:
    line, first, second = runs
    facts = facts_of(line, second)
    assert facts.previous is not None
    assert (facts.previous.run_id, facts.previous.previous) == (first.run_id, None)
    assert facts_of(line, first).previous is None
    tables = {table.name: table for table in facts.tables}
    assert tables["patients"].count("edits_kept") == 1
    notes = tables["notes"]
    assert notes.before is not None
    assert notes.before.others == 1
    assert notes.after == notes.before


def test_the_page_is_linked_from_the_run_and_from_the_asset(runs: Runs) -> None:
    line, first, _ = runs
    run = line.instance.get_run_by_id(first.run_id)
    assert run is not None
    page = line.storage / "reports" / f"{first.run_id}.html"
    assert run.tags[REPORT_TAG] == str(page)
    event = line.instance.get_latest_materialization_event(dg.AssetKey("report"))
    assert event is not None
    assert event.asset_materialization is not None
    told = event.asset_materialization.metadata
    assert isinstance(told["path"], dg.PathMetadataValue)
    assert isinstance(told["summary"], dg.MarkdownMetadataValue)
    assert str(told["verdict"].value).startswith("Everything is right.")
    assert "Patients" in Page(page.read_text()).tables["From the source to Nexus"][1]


def test_it_is_a_link_where_reports_are_served(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    line, first, _ = runs
    monkeypatch.setenv("NEXUS_REIMPORT_REPORTS_URL", "http://127.0.0.1:3070/")
    kept = stored_report(first.run_id, str(line.storage))
    assert kept is not None
    assert kept.url == f"http://127.0.0.1:3070/{first.run_id}.html"


def test_no_value_of_a_patient_is_in_any_report(runs: Runs, clinic: SyntheticClinic) -> None:
    line, _, _ = runs
    store = obstore.store.LocalStore(line.storage)
    entries = [entry for page in obstore.list(store, prefix="reports/") for entry in page]
    assert len(entries) == 4
    text = "\n".join(bytes(obstore.get(store, entry["path"]).bytes()).decode() for entry in entries)
    for field, values in values_of(clinic).items():
        assert (field, found_in(text, values)) == (field, set())
    assert "Typed-In" not in text


def test_a_failed_run_has_no_report_until_one_is_asked_for(
    line: Line, filemaker_with: ServeFileMaker
) -> None:
    line.filemaker = filemaker_with(Fault.SHORT_EXTRACT)
    outcome = line.run()
    assert not outcome.success
    assert stored_report(outcome.run_id, str(line.storage)) is None
    kept = make_report(line.instance, outcome.run_id, line.url, str(line.storage))
    assert stored_report(outcome.run_id, str(line.storage)) == kept
    assert kept.facts.failures == outcome.failures
    assert (kept.facts.success, kept.facts.publication) == (False, None)
    verdict = verdict_of(kept.facts)
    assert (verdict.level, verdict.sentence[:29]) == ("nothing", "Nothing was written to Nexus.")
    assert "records received" in Page((line.storage / "reports" / f"{outcome.run_id}.html").read_text()).words


def test_a_run_that_was_gone_on_with_tells_of_all_that_was_done(line: Line) -> None:
    before = failing_at(line, "staged/images")
    outcome = resume(line)
    assert outcome.right
    facts = facts_of(line, outcome)
    assert (facts.kind, facts.publication) == ("reimport", 1)
    tables = {table.name: table for table in facts.tables}
    assert tables["patients"].warnings == facts_of_failed(line, before).tables[0].warnings != {}
    assert facts.thumbnails is not None
    assert {"filemaker/contacts", "nexus/notes"} <= {check.asset for check in facts.checks}
    assert "filemaker__contacts" not in {step.name for step in facts.steps}
    assert facts.failures == []


def test_a_run_that_failed_after_its_plan_counts_no_row_as_written(line: Line) -> None:
    break_notes(line.url)
    outcome = line.run(limit=20)
    assert not outcome.success
    assert outcome.plan
    assert not any("inserted" in counts for counts in outcome.tables.values())
    facts = facts_of_failed(line, outcome)
    assert facts.plan_id == outcome.plan
    assert not any(table.count("inserted") for table in facts.tables)
    assert {table.name: table.ready for table in facts.tables} == {
        name: counts["staged"] for name, counts in outcome.tables.items()
    }


def test_a_plan_for_a_table_that_shrank_is_applied_with_what_it_was_allowed(line: Line) -> None:
    assert line.run(limit=20).right
    query(
        line.url, "UPDATE nexus_reimport.publications SET tables = jsonb_set(tables, '{notes,rows}', '99999')"
    )
    ahead = line.run(dry_run=True, limit=20, allow_shrunk=["notes"])
    assert ahead.right, ahead.failures
    plan = load_plan(open_store(str(line.storage)), str(ahead.plan))
    assert plan["options"]["allow_shrunk"] == ["notes"]
    options = {name: value for name, value in plan["options"].items() if value not in (None, [], {})}
    outcome = line.run(**options, plan=plan["id"], as_of=plan["as_of"])
    assert outcome.right, outcome.failures


def facts_of_failed(line: Line, outcome: RunOutcome) -> ReportFacts:
    return gather_facts(line.instance, outcome.run_id, line.url, ReportStore(str(line.storage)))


def test_a_dry_run_leaves_a_report_that_nothing_was_written(line: Line) -> None:
    outcome = line.run(dry_run=True)
    facts = facts_of(line, outcome)
    assert (facts.kind, facts.publication) == ("dry run", None)
    assert {table.done is None for table in facts.tables} == {True}
    assert verdict_of(facts).level == "nothing"


def test_a_database_that_does_not_answer_costs_only_its_counts(runs: Runs) -> None:
    line, first, _ = runs
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    facts = gather_facts(line.instance, first.run_id, nowhere, ReportStore(str(line.storage)))
    assert {table.after for table in facts.tables} == {None}
    assert facts.publication == 1


def test_a_database_that_a_run_could_not_reach_is_not_waited_for_a_second_time(line: Line) -> None:
    there, line.url = line.url, "postgresql://nobody@127.0.0.1:1/none"
    outcome = line.run("nexus_state")
    assert "DatabaseUnreachable" in outcome.failures[0]
    line.url = there
    assert facts_of_failed(line, outcome).counted_at is None


def test_a_run_that_there_is_not_is_named(runs: Runs) -> None:
    line, _, second = runs
    with pytest.raises(NoSuchRun, match="no run 1234"):
        make_report(line.instance, "1234", line.url, str(line.storage))
    assert last_run(line.instance) == second.run_id
    with dg.DagsterInstance.ephemeral() as empty, pytest.raises(NoSuchRun, match="no run yet"):
        last_run(empty)
