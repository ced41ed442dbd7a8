"""The command line: what it does, what it prints, and how it ends: 0 done, 1 failed, 2 wrong use."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from nexus_reimport import cli
from nexus_reimport.cli import sandboxed as sandboxed_commands
from nexus_reimport.exceptions import ConnectionFailed
from nexus_reimport.load.exceptions import DatabaseUnreachable
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.sandbox import lifecycle
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.settings import SETTINGS
from nexus_reimport_tests.line import SCALE, contents, query
from nexus_reimport_tests.writes import last_writes


@pytest.fixture
def sandboxed(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment of this process leads to the sandbox."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of this process leads nowhere, and there is no .env file."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    monkeypatch.chdir(tmp_path)


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [str(word) for word in words])


@pytest.fixture(scope="module")
def demonstrated(
    running_sandbox: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """What a person sees who runs the demo, and the JSON that it writes."""
    file = tmp_path_factory.mktemp("demo") / "outcome.json"
    program = Path(sys.executable).with_name("nexus-reimport")
    words = ["demo", "--dir", str(running_sandbox), "--scale", str(SCALE), "--json", str(file)]
    environ = {name: value for name, value in os.environ.items() if name not in {s.name for s in SETTINGS}}
    done = subprocess.run(  # noqa: S603 - our own program
        [program, *words], capture_output=True, text=True, check=False, env=environ, cwd=file.parent
    )
    return done, json.loads(file.read_bytes())


Demonstrated = tuple[subprocess.CompletedProcess[str], dict[str, Any]]


def test_the_demo_reimports_the_whole_clinic(demonstrated: Demonstrated, clinic: SyntheticClinic) -> None:
    done, outcome = demonstrated
    assert (done.returncode, done.stderr) == (0, "")
    for name, expected in clinic.expected.items():
        counts = outcome["tables"][name]
        assert counts["read"] == expected["read"]
        assert counts["inserted"] + counts["updated"] + counts["unchanged"] == expected["published"]
        assert counts["rejected"] == expected["rejected"]


def test_the_outcome_has_the_agreed_shape(demonstrated: Demonstrated) -> None:
    _, outcome = demonstrated
    agreed = {"run_id", "success", "seconds", "dry_run", "tables", "checks"}
    assert agreed <= set(outcome)
    assert (outcome["success"], outcome["dry_run"]) == (True, False)
    assert outcome["seconds"] > 0
    assert list(outcome["tables"]) == list(BY_NAME)
    counted = {"read", "inserted", "updated", "unchanged", "missing", "conflicts", "rejected"}
    for counts in outcome["tables"].values():
        assert counted <= set(counts)
        assert all(isinstance(reason, str) for reason in counts["rejected"])
    for check in outcome["checks"]:
        assert {"asset", "check", "passed", "severity"} <= set(check)
        assert check["severity"] in {"ERROR", "WARN"}


def test_in_a_pipe_each_step_is_a_line_and_the_tables_follow(demonstrated: Demonstrated) -> None:
    done, outcome = demonstrated
    lines = done.stdout.splitlines()
    assert any(line.startswith("filemaker/contacts: done in ") for line in lines)
    assert any(line.startswith("nexus_publication: done in ") for line in lines)
    assert "\x1b" not in done.stdout
    shown = " ".join(line for line in lines if "no_name: 1" in line)
    assert "patients" in shown
    # The clinic has appointments without a clinic, which nothing but its people can mend.
    checks = len(outcome["checks"])
    assert lines[-3].endswith(f"{checks - 1} of {checks} checks passed.")
    assert any(line.startswith("staged/appointments, every_appointment_has_a_clinic: ") for line in lines)
    assert lines[-2].startswith("Report: ")
    assert lines[-1].startswith("The sandbox stays up. Stop it: nexus-reimport sandbox stop --dir")


def test_a_phase_runs_what_it_is_made_from_and_no_more(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str], tmp_path: Path
) -> None:
    before = last_writes(sandboxed["NEXUS_DATABASE_URL"])
    result = ask("run", "--yes", "--phase", "patients", "--json", tmp_path / "outcome.json")
    assert result.exit_code == 0, result.output
    outcome = json.loads((tmp_path / "outcome.json").read_bytes())
    assert list(outcome["tables"]) == ["patients"]
    assert outcome["tables"]["patients"]["inserted"] == 0
    assert last_writes(sandboxed["NEXUS_DATABASE_URL"]) == before


def test_a_dry_run_writes_nothing_and_says_so(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str], tmp_path: Path
) -> None:
    url = sandboxed["NEXUS_DATABASE_URL"]
    query(url, "UPDATE patients SET archived = NOT archived")
    before = contents(url)
    words = ("run", "--dry-run", "--phase", "patients", "--limit", "5", "--json", tmp_path / "outcome.json")
    result = ask(*words)
    assert result.exit_code == 0, result.output
    outcome = json.loads((tmp_path / "outcome.json").read_bytes())
    assert outcome["dry_run"] is True
    assert outcome["tables"]["patients"]["unchanged"] == 5
    assert outcome["plan"] in result.output
    assert contents(url) == before


def test_a_dry_run_of_the_publication_alone_is_wrong_use(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str]
) -> None:
    before = contents(sandboxed["NEXUS_DATABASE_URL"])
    result = ask("run", "--dry-run", "--select", 'key:"nexus/patients"')
    assert result.exit_code == 2
    assert "nothing was run" in result.output
    assert contents(sandboxed["NEXUS_DATABASE_URL"]) == before


def test_post_validation_alone_checks_nexus_and_fails_where_a_link_is_broken(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str], tmp_path: Path
) -> None:
    url = sandboxed["NEXUS_DATABASE_URL"]
    [(row, patient)] = query(
        url, "SELECT id, object_id FROM documents_document WHERE object_id IS NOT NULL LIMIT 1"
    )
    move = "UPDATE documents_document SET object_id = %s WHERE id = %s"
    query(url, move, "00000000-0000-4000-8000-000000000000", row)
    words = ("run", "--phase", "validation-post", "--phase", "validation-post", "--yes")
    result = ask(*words, "--json", tmp_path / "outcome.json")
    query(url, move, patient, row)
    assert result.exit_code == 1, result.output
    assert "nexus/documents, links_to_live_rows" in result.output
    assert result.output.splitlines()[-1].startswith("Not done in ")
    outcome = json.loads((tmp_path / "outcome.json").read_bytes())
    assert outcome["success"] is True
    assert outcome["tables"] == {}
    assert {check["asset"].split("/")[0] for check in outcome["checks"]} == {"nexus"}


def test_a_run_that_fails_says_why_in_words_and_ends_with_1(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILEMAKER_PASSWORD", "not the right one")
    result = ask("run", "--yes", "--select", 'key:"filemaker/clinics"')
    assert result.exit_code == 1
    assert "Check the user name and password" in result.output
    assert "not the right one" not in result.output
    assert "Traceback" not in result.output
    # It is found out before anything is read, once for all that would be.
    assert "filemaker/" not in result.output
    assert result.output.count("HTTP 401") == 1


def test_status_tells_publications_and_what_stands_in_the_way(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str], tmp_path: Path
) -> None:
    result = ask("status", "--json", tmp_path / "status.json")
    assert result.exit_code == 0, result.output
    assert "Publications" in result.output
    told = json.loads((tmp_path / "status.json").read_bytes())
    assert told["publications"][0]["run_id"] == demonstrated[1]["run_id"]
    # A phase has been run since, so what was staged from the patients before it is out of date.
    assert "staged/notes: made from an older staged/patients" in told["doubts"]
    assert "What is staged could not be published as it is." in result.output


def test_rejected_rows_are_listed_by_key_field_and_reason(
    demonstrated: Demonstrated, sandboxed: Mapping[str, str], clinic: SyntheticClinic, tmp_path: Path
) -> None:
    result = ask("status", "--rejects", "notes", "--json", tmp_path / "rejects.json")
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "rejects.json").read_bytes())
    assert {one["key"]: one["reason"] for one in told} == clinic.rejected["notes"]
    for key, reason in clinic.rejected["notes"].items():
        assert any(key in line and reason in line for line in result.output.splitlines())
    assert result.output.splitlines()[-1] == f"{len(told)} rejected rows."


@pytest.mark.usefixtures("demonstrated", "sandboxed")
def test_warnings_and_what_the_export_s_reading_rejected_are_listed_too(tmp_path: Path) -> None:
    result = ask("status", "--warnings", "images", "--json", tmp_path / "warnings.json")
    told = json.loads((tmp_path / "warnings.json").read_bytes())
    assert "no_object" in {one["reason"] for one in told}
    assert result.output.splitlines()[-1] == f"{len(told)} warnings."
    assert ask("status", "--rejects", "image_csv").output == "0 rejected rows.\n"
    assert ask("status", "--unlinked").output == "0 rows of people's own point at nobody.\n"
    left_over = "0 rows of older imports without a partner in FileMaker.\n"
    assert ask("status", "--left-over").output == left_over


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["run", "--phase", "lunch"],
            "No such phase: lunch. Phases: validation, backup, patients, appointments",
        ),
        (["run", "--full", "--phase", "notes"], "--full, --phase, --select and --plan exclude each other"),
        (["run", "--full", "--select", "*"], "--full, --phase, --select and --plan exclude each other"),
        (["run", "--limit", "0"], "0 is not in the range x>=1"),
        (["run", "--select", "((("], "--select: this is no selection"),
        (["run", "--select", 'key:"staged/lunch"'], "--select: no asset is selected"),
        (["run", "--allow-shrunk", "lunch"], "'lunch' is none of patients, appointments"),
        (["run", "--allow-shrunk", "lunch.DOB"], "'lunch.DOB' is none of patients, appointments"),
        (["run", "--allow-shrunk", "contacts.dob"], "contacts has id, title"),
        (["run", "--allow-change", "lunch.dob"], "write TABLE.COLUMN. Tables: patients, appointments"),
        (["plan", "--allow-change", "patients.DOB"], "patients has first_name, last_name"),
        (["status", "--rejects", "lunch"], "'lunch' is none of patients, appointments"),
        (["status", "--warnings", "image_csv"], "'image_csv' is none of patients, appointments"),
        (["status", "--warnings", "notes", "--unlinked"], "--unlinked and --left-over exclude each other"),
        (["status", "--unlinked", "--left-over"], "--unlinked and --left-over exclude each other"),
        (["run", "--older-imports", "notes=keep"], "write TABLE=report or TABLE=stay or TABLE=remove"),
        (["plan", "--older-imports", "lunch=stay"], "'lunch' is none of patients, appointments"),
        (["run", "--json", "/"], "is a directory"),
        (["lunch"], "No such command"),
    ],
)
def test_wrong_use_is_told_and_ends_with_2(words: list[str], said: str) -> None:
    result = ask(*words, "--yes") if words[0] == "run" else ask(*words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("command", ["run", "status"])
def test_missing_settings_are_all_named_in_one_message(command: str) -> None:
    result = ask(command)
    assert result.exit_code == 2
    for setting in SETTINGS:
        assert (f"  {setting.name}: {setting.meaning}" in result.output) == setting.required


def test_a_person_who_says_no_has_written_nothing(
    sandboxed: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    before = last_writes(sandboxed["NEXUS_DATABASE_URL"])
    result = CliRunner().invoke(cli.main, ["run"], input="n\n")
    assert result.exit_code == 1
    assert "This writes to Nexus. Go on?" in result.output
    assert last_writes(sandboxed["NEXUS_DATABASE_URL"]) == before


def test_a_dagster_database_that_is_down_is_told_in_one_line(
    sandboxed: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_PG_URL", "postgresql+psycopg2://dagster:secretword@127.0.0.1:1/dagster")
    result = ask("status")
    assert result.exit_code == 1
    assert "its port refuses the connection" in result.output
    assert "DAGSTER_PG_URL" in result.output
    assert "secretword" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("error", [ConnectionFailed("no answer"), DatabaseUnreachable("no database")])
def test_a_service_that_fails_a_command_is_told_in_one_line(error: Exception) -> None:
    @click.group(cls=cli.OneLineErrors)
    def group() -> None:
        """Do nothing."""

    @group.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(group, ["fail"])
    assert (result.exit_code, result.output) == (1, f"Error: {error}\n")


def test_a_demo_of_another_size_makes_the_sandbox_anew(
    monkeypatch: pytest.MonkeyPatch, running_sandbox: Path
) -> None:
    done: list[tuple[str, object]] = []
    monkeypatch.setattr(lifecycle, "clean_up", lambda directory: done.append(("clean", directory)))
    monkeypatch.setattr(
        lifecycle, "start_sandbox", lambda directory, **how: done.append(("start", how["scale"]))
    )
    monkeypatch.setattr(sandboxed_commands, "run_here", lambda *_: (_ for _ in ()).throw(SystemExit(7)))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    result = ask("demo", "--dir", running_sandbox, "--scale", "0.5")
    assert result.exit_code == 7
    assert "Making the sandbox anew: it had scale 0.02 and seed 7." in result.output
    assert done[0] == ("clean", running_sandbox)


def test_a_folder_that_is_no_sandbox_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    result = ask("demo", "--dir", tmp_path)
    assert result.exit_code == 2
    assert "is not a sandbox and not empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("words", [[], ["run"], ["demo"], ["status"], ["ui"], ["sandbox"]])
def test_every_command_helps(words: list[str]) -> None:
    result = ask(*words, "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
