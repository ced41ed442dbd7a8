"""Settings that can't be used, in every command: one line by name, exit code 2, no secret, nothing made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus_reimport import cli
from nexus_reimport.settings import SETTINGS
from nexus_reimport_tests.mangled import MANGLED, SECRET
from nexus_reimport_tests.nowhere import NOWHERE

PROGRAM = Path(sys.executable).with_name("nexus-reimport")
COMMANDS = [
    ["plan"],
    ["plan", "--list"],
    ["plan", "--show", "0123"],
    ["run", "--yes"],
    ["run", "--yes", "--plan", "0123"],
    ["run", "--dry-run"],
    ["resume", "--yes"],
    ["rollback", "--yes"],
    ["status"],
    ["status", "--unlinked"],
    ["report"],
    ["backup", "list"],
    ["backup", "verify"],
    ["backup", "dump"],
    ["backup", "fetch", "name", "file"],
    ["files", "backup"],
    ["files", "restore", "name", "--yes"],
    ["files", "list"],
    ["guard", "status"],
    ["guard", "install"],
    ["guard", "remove"],
    ["identity", "import", "patients.json"],
]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory, and settings that lead nowhere but have the right form."""
    for setting in SETTINGS:
        monkeypatch.setenv(setting.name, NOWHERE.get(setting.name, ""))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "patients.json").write_text("[]")
    return tmp_path


def assert_refused(words: list[str], setting: str, exit_code: int, said: str) -> None:
    """It was one line that names the setting and has no piece of its value."""
    assert (exit_code, said.count("\n")) == (2, 1), (words, said)
    assert said.startswith(setting), (words, said)
    assert SECRET not in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_refuses_a_mangled_url(
    words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in ("NEXUS_DATABASE_URL", "NEXUS_READONLY_DATABASE_URL"):
        for url in MANGLED:
            with monkeypatch.context() as patch:
                patch.setenv(setting, url)
                result = CliRunner().invoke(cli.main, words)
            assert_refused(words, setting, result.exit_code, result.output)
    assert [path.name for path in folder.iterdir()] == ["patients.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    words=st.sampled_from(COMMANDS),
    url=st.lists(st.sampled_from(["postgresql", "://", ":", "@", "/", "%", " ", "[", "?", "db", "=", "+"]))
    .flatmap(lambda pieces: st.permutations([*pieces, SECRET]))
    .map("".join),
)
def test_no_command_prints_a_secret_however_a_url_is_mangled(
    words: list[str], url: str, folder: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXUS_DATABASE_URL", "nothing://of-the-kind/" + url)
        patch.setenv("DAGSTER_PG_URL", "x" + url)
        patch.setenv("AWS_ENDPOINT_URL_S3", url)
        patch.setenv("NEXUS_REIMPORT_STORAGE", "gs://" + url)
        result = CliRunner().invoke(cli.main, words)
    assert result.exit_code == 2
    assert {line.split(":")[0] for line in result.output.splitlines()} >= {
        "NEXUS_DATABASE_URL",
        "DAGSTER_PG_URL",
        "NEXUS_REIMPORT_STORAGE",
    }
    assert SECRET not in result.output


@pytest.mark.parametrize("location", ["S3://bucket/frames", "gs://bucket", "ftp://host/x", "file:///x"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_refuses_a_storage_of_another_kind_and_makes_no_folder(
    words: list[str], location: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXUS_REIMPORT_STORAGE", location)
    result = CliRunner().invoke(cli.main, words)
    assert_refused(words, "NEXUS_REIMPORT_STORAGE", result.exit_code, result.output)
    assert [path.name for path in folder.iterdir()] == ["patients.json"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DAGSTER_PG_URL", f"postgresql+psycopg2://me:x@db:{SECRET}/dagster"),
        ("DAGSTER_PG_URL", f"postgresql+psycopg2://me:{SECRET}@x@db/dagster"),
        ("AWS_ENDPOINT_URL_S3", f"http://[{SECRET}"),
        ("AWS_ENDPOINT_URL_S3", f"https://key:{SECRET}@s3.example.org"),
        ("FILEMAKER_HOST", f"https://me:{SECRET}@fms.example.org"),
        ("FILEMAKER_HOST", f"fms.example.org:{SECRET}"),
        ("NEXUS_REIMPORT_REPORTS_URL", f"reports:{SECRET}"),
        ("NEXUS_REIMPORT_KEEP_BACKUPS", SECRET),
        ("NEXUS_REIMPORT_MAPPINGS", f"/nowhere/{SECRET}"),
        ("NEXUS_REIMPORT_MAPPINGS", f"{SECRET}\0"[:-1]),
        ("NEXUS_REIMPORT_MAPPINGS", "/"),
    ],
)
def test_other_settings_are_refused_likewise(
    setting: str, value: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, value)
    for words in COMMANDS[:3]:
        result = CliRunner().invoke(cli.main, words)
        assert_refused(words, setting, result.exit_code, result.output)


@pytest.mark.parametrize("words", [["run"], ["status"], ["guard", "status"]], ids=" ".join)
def test_a_program_of_its_own_refuses_without_a_traceback(words: list[str], folder: Path) -> None:
    environ = {**os.environ, "NEXUS_DATABASE_URL": MANGLED[0]}
    done = subprocess.run(  # noqa: S603 - our own program
        [PROGRAM, *words, *(["--yes"] if words == ["run"] else [])],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
        cwd=folder,
    )
    assert done.stdout == ""
    assert_refused(words, "NEXUS_DATABASE_URL", done.returncode, done.stderr)


@pytest.mark.parametrize(
    "words", [["run"], ["run", "--phase", "notes"], ["rollback"], ["files", "restore", "name"]], ids=" ".join
)
def test_nothing_is_done_where_nobody_can_be_asked(words: list[str], folder: Path) -> None:
    for said in ("", "n\n", "y\n"):
        result = CliRunner().invoke(cli.main, words, input=said)
        assert (result.exit_code, result.output.count("\n")) == (2, 1)
        assert "Add --yes to go on without being asked." in result.output


def test_a_run_that_only_reads_or_checks_needs_no_yes() -> None:
    from nexus_reimport.cli.running import run_request, writes
    from nexus_reimport.launching.launch import RunRequest

    assert not writes(RunRequest(job="validation_post"))
    assert not writes(RunRequest(dry_run=True))
    assert not writes(run_request([], 'key:"filemaker/notes"', False, {}))
    assert writes(run_request([], 'key:"nexus/notes"', False, {}))
    assert writes(run_request(["thumbnails"], None, False, {}))
    assert writes(RunRequest())
