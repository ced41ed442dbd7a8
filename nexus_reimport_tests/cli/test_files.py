"""Files backed up, listed and put back from a terminal."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from nexus_reimport.cli.files import files as command
from nexus_reimport.settings import SETTINGS
from nexus_reimport_tests.clients.file_buckets import DOCUMENT, FILES, UPLOAD, Files, client_at
from nexus_reimport_tests.clients.served_bucket import BUCKET, Relay, served_bucket
from nexus_reimport_tests.nowhere import NOWHERE


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served_bucket(tmp_path_factory.mktemp("bucket")) as port:
        yield port


@pytest.fixture
def files(port: int, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The bucket with a few files and no backup; the environment leads to it, and to a Dagster of its own."""
    found = Files(Relay(port), client_at(f"http://127.0.0.1:{port}"))
    found.delete(*found.keys())
    found.put_all(FILES)
    own = {
        "AWS_ENDPOINT_URL_S3": found.relay.url,
        "AWS_S3_BUCKET_NAME": BUCKET,
        "AWS_REGION": "ap-southeast-2",
    }
    for setting in SETTINGS:
        monkeypatch.setenv(setting.name, "")
    for name, value in {**NOWHERE, **own}.items():
        monkeypatch.setenv(name, value)
    # A Dagster in memory: to make one on disk takes seconds.
    monkeypatch.setattr("nexus_reimport.automation.instance.open_instance", dg.DagsterInstance.ephemeral)
    return found


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_files_are_backed_up_listed_and_put_back(files: Files, tmp_path: Path) -> None:
    said = tmp_path / "said.json"
    assert "no backup of files yet" in ask("list").output
    first = ask("backup", "--json", said)
    assert first.exit_code == 0, first.output
    assert f"{len(FILES)} copied" in " ".join(first.output.split())
    outcome = json.loads(said.read_bytes())
    assert (outcome["success"], outcome["job"], outcome["counts"]["copied"]) == (
        True,
        "back_up_files",
        len(FILES),
    )
    assert "Nothing has changed since." in " ".join(ask("backup").output.split())
    name = outcome["counts"]["backup"]
    full = " ".join(ask("backup", "--full").output.split())
    assert f"{len(FILES)} copied, 0 kept by earlier backups" in full
    files.delete(*(key for key in files.keys("backup/") if name not in key))
    listed = ask("list", "--json", said)
    assert name in listed.output
    assert [(one["name"], one["state"]) for one in json.loads(said.read_bytes())] == [(name, "finished")]
    files.delete(UPLOAD, DOCUMENT)
    would = ask("restore", name, "--dry-run")
    assert (would.exit_code, "2 missing files would be put back" in would.output) == (0, True)
    done = ask("restore", name, "--yes")
    assert (done.exit_code, "2 missing files put back" in done.output) == (0, True)
    assert files.everything() == FILES


def test_a_folder_that_is_left_out_is_named_and_can_be_taken_in(files: Files) -> None:
    files.put("static/1.css", b"style")
    assert "Not looked at: static/." in ask("backup").output
    taken_in = ask("backup", "--prefix", "static/")
    assert f"{len(FILES) + 1} files" in taken_in.output
    assert "Not looked at" not in taken_in.output


def test_a_restore_that_fails_says_why_and_ends_with_one(files: Files) -> None:
    failed = ask("restore", "reimport_20200101T000000Z", "--yes")
    assert failed.exit_code == 1
    assert "NotFound: There is no finished backup" in failed.output
    assert "Not done in" in failed.output


def test_a_restore_whose_copy_is_lost_names_it_and_ends_with_one(files: Files) -> None:
    ask("backup")
    [name] = {key.split("/")[1] for key in files.keys("backup/")}
    files.delete(UPLOAD, f"backup/{name}/{UPLOAD}")
    failed = ask("restore", name, "--yes")
    assert failed.exit_code == 1
    assert f"no right copy: {UPLOAD}" in failed.output
