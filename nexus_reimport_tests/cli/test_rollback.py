"""Taking publications back from a terminal: what it says first, how it ends, what it lists."""

import json
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from nexus_reimport import cli
from nexus_reimport.launching import active_runs
from nexus_reimport.load.rollback import preview
from nexus_reimport.orchestration.jobs.rollback_job import rollback_job
from nexus_reimport.orchestration.records.run_kinds import KIND_TAG, ROLLBACK
from nexus_reimport.orchestration.sensors.abandoned import process_tag
from nexus_reimport_tests.cli.published_line import PublishedLine
from nexus_reimport_tests.line import contents, query

TYPED = "Typed-In-By-Hand"


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["rollback", "--yes", *map(str, words)])


def test_it_says_first_what_it_undoes_and_then_what_was_done(
    published: PublishedLine, tmp_path: Path
) -> None:
    done = ask("--json", tmp_path / "said.json")
    assert done.exit_code == 0, done.output
    first, _, then = done.output.partition("rollback: done in")
    assert "This undoes:\n  publication 1 of " in first
    assert "to take out" in first
    assert f" {published.patients} " in first
    assert "Rolled back: publication 1. Nexus is as it was before." in then
    assert "Report: " in then
    assert contents(published.url) == published.before
    said = json.loads((tmp_path / "said.json").read_bytes())
    assert (said["success"], said["counts"]["undone"]) == (True, [1])
    assert said["counts"]["tables"]["patients"]["taken_out"] == published.patients
    assert said["rows"] == {"refused": [], "left": [], "discarded": []}
    undone = ask()
    assert undone.exit_code == 0
    assert "rollback 2 of " in undone.output
    assert "Taken back before, and standing again: publication 1" in undone.output
    assert contents(published.url) == published.after
    again = ask()
    assert "Standing now, and not after it: publication 1" in again.output


def test_rows_that_people_changed_are_listed_with_the_choice_there_is(
    published: PublishedLine, tmp_path: Path
) -> None:
    [(patient,)] = query(published.url, "SELECT id::text FROM patients ORDER BY id LIMIT 1")
    query(published.url, "UPDATE patients SET last_name = %s WHERE id = %s", TYPED, patient)
    before = contents(published.url)
    refused = ask("--json", tmp_path / "said.json")
    assert refused.exit_code == 1
    assert f"  patients {patient}: changed since\n" in refused.output
    assert "--keep-edits" in refused.output
    assert "--discard-edits" in refused.output
    assert TYPED not in refused.output
    assert contents(published.url) == before
    rows = json.loads((tmp_path / "said.json").read_bytes())["rows"]
    assert rows["refused"] == [{"table": "patients", "id": patient, "what": "changed"}]
    kept = ask("--keep-edits")
    assert kept.exit_code == 0
    assert f"Left as they are (1):\n  patients {patient}: changed since\n" in kept.output
    gone = ask("--to", "1", "--discard-edits")
    assert (gone.exit_code, "Set back, though they had been changed" in gone.output) == (0, True)
    assert contents(published.url) == published.before


def test_wrong_use_and_what_there_is_not(published: PublishedLine) -> None:
    both = ask("--keep-edits", "--discard-edits")
    assert (both.exit_code, "exclude each other" in both.output) == (2, True)
    assert ask("--to", "0").exit_code == 2
    absent = ask("--to", "9")
    assert (absent.exit_code, "There is no such publication." in absent.output) == (1, True)


def test_it_keeps_out_of_the_way_of_another_run_and_others_of_its_own(
    published: PublishedLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = published.instance
    started = dg.DagsterRunStatus.STARTED
    other = instance.create_run_for_job(
        rollback_job, status=started, tags={**process_tag(), KIND_TAG: ROLLBACK}
    )
    assert [record.dagster_run.run_id for record in active_runs.active_runs(instance)] == [other.run_id]
    refused = ask()
    assert refused.exit_code == 1
    assert f"Nothing was started: run {other.run_id}" in refused.output
    assert contents(published.url) == published.after


@pytest.mark.parametrize("said", ["n\n", "y\n", ""])
def test_what_is_piped_in_is_no_answer(said: str, published: PublishedLine) -> None:
    result = CliRunner().invoke(cli.main, ["rollback"], input=said)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "Add --yes" in result.output
    assert contents(published.url) == published.after


def test_at_a_terminal_it_asks(published: PublishedLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)
    said = CliRunner().invoke(cli.main, ["rollback"], input="n\n")
    assert (said.exit_code, "This writes to Nexus. Go on?" in said.output) == (1, True)
    assert preview(published.url).numbers == [1]
