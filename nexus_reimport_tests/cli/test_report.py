"""`nexus-reimport report`: where the page of a run is; one is made for a run that failed."""

import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from nexus_reimport import cli
from nexus_reimport.definitions import build_definitions
from nexus_reimport.launching.launch import RunRequest, launch
from nexus_reimport.orchestration.sensors.report_sensor import reports_of_failed_runs
from nexus_reimport.storage.report_store import ReportStore
from nexus_reimport_tests.line import DATABASE, PASSWORD, USERNAME, QuickFileMaker


@pytest.fixture
def failed_run(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A run in the sandbox that failed, as FileMaker was not there; the environment leads to it."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    nobody = QuickFileMaker(
        host="http://127.0.0.1:1", database=DATABASE, username=USERNAME, password=PASSWORD
    )
    selection = dg.AssetSelection.assets(
        dg.AssetKey(["files", "s3_listing"]), dg.AssetKey(["nexus", "notes"])
    )
    with dg.DagsterInstance.get() as instance:
        definitions = build_definitions({"filemaker": nobody})
        outcome = launch(definitions, instance, RunRequest(selection))
    assert not outcome.success
    return outcome.run_id


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["report", *map(str, words)])


def test_a_failed_run_gets_its_report_when_one_asks(
    failed_run: str, environment: Mapping[str, str], tmp_path: Path
) -> None:
    store = ReportStore(environment["NEXUS_REIMPORT_STORAGE"])
    assert store.read(f"{failed_run}.html") is None
    result = ask("--json", tmp_path / "report.json")
    assert result.exit_code == 0, result.output
    assert "Nothing was written to Nexus." in result.output
    assert f"Report: {store.place(failed_run)}" in result.output.splitlines()
    assert store.read(f"{failed_run}.html") is not None
    content = json.loads((tmp_path / "report.json").read_bytes())
    assert (content["report"]["run_id"], content["report"]["success"]) == (failed_run, False)


def test_one_made_is_kept_until_it_is_wanted_again(failed_run: str, environment: Mapping[str, str]) -> None:
    page = Path(environment["NEXUS_REIMPORT_STORAGE"]) / "reports" / f"{failed_run}.html"
    assert ask(failed_run, "--open-path").output == f"{page.resolve()}\n"
    page.write_text("kept")
    assert ask(failed_run).exit_code == 0
    assert page.read_text() == "kept"
    assert ask(failed_run, "--again").exit_code == 0
    assert page.read_text() != "kept"


def test_a_run_that_there_is_not_is_wrong_use(failed_run: str) -> None:
    result = ask("1234")
    assert (result.exit_code, result.output) == (2, "Dagster knows no run 1234. See: nexus-reimport status\n")


def test_the_sensor_leaves_a_report_of_a_failed_run_once(
    failed_run: str, environment: Mapping[str, str]
) -> None:
    store = ReportStore(environment["NEXUS_REIMPORT_STORAGE"])
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(failed_run)
        [event] = [
            entry.dagster_event
            for entry in instance.all_logs(failed_run, of_type=dg.DagsterEventType.RUN_FAILURE)
        ]
        assert run is not None
        assert event is not None
        context = dg.build_run_status_sensor_context(
            sensor_name="reports_of_failed_runs",
            dagster_event=event,
            dagster_instance=instance,
            dagster_run=run,
        ).for_run_failure()
        reports_of_failed_runs(context)
        assert store.read(f"{failed_run}.html") is not None
        page = Path(environment["NEXUS_REIMPORT_STORAGE"]) / "reports" / f"{failed_run}.html"
        page.write_text("kept")
        reports_of_failed_runs(context)
    assert page.read_text() == "kept"
