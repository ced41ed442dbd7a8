"""Files backed up, listed and put back from a terminal."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from dagster_aws.s3 import S3Resource

from nexus_reimport.cli.files import files as command
from nexus_reimport.launching.op_jobs import file_definitions, launch_file_job
from nexus_reimport.orchestration.resources import BucketResource
from nexus_reimport.settings import SETTINGS
from nexus_reimport_tests.file_buckets import DOCUMENT, FILES, UPLOAD, Files, client_at
from nexus_reimport_tests.nowhere import NOWHERE
from nexus_reimport_tests.served_bucket import BUCKET, Relay, served_bucket


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
    monkeypatch.setattr("nexus_reimport.launching.instance.open_instance", dg.DagsterInstance.ephemeral)
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


def test_a_file_that_cannot_be_copied_is_named_and_ends_with_one(
    files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = tmp_path / "said.json"
    with served_bucket(tmp_path, FILES, [f"archived:{UPLOAD}"]) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        failed = ask("backup", "--json", said)
    output = " ".join(failed.output.split())
    assert failed.exit_code == 1
    assert f"{len(FILES) - 1} copied" in output
    assert f"not copied: {UPLOAD}: archived" in output
    assert "S3 would not copy 1 files, 1 archived; all others are backed up." in output
    counts = json.loads(said.read_bytes())["counts"]
    assert (counts["refused"], counts["files"], counts["written"]) == (1, len(FILES) - 1, True)


def test_a_restore_asks_and_says_so_where_the_bucket_heeds_no_conditions(
    files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served_bucket(tmp_path, FILES, ["ignores-conditions"]) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        ask("backup")
        there = Files(Relay(port), client_at(f"http://127.0.0.1:{port}"))
        [name] = {key.split("/")[1] for key in there.keys("backup/")}
        there.delete(UPLOAD)
        done = ask("restore", name, "--yes")
        assert done.exit_code == 0
        assert "This bucket heeds no conditions" in " ".join(done.output.split())
        assert there.everything() == FILES


def test_a_restore_from_the_ui_is_refused_where_the_bucket_heeds_no_conditions(tmp_path: Path) -> None:
    with served_bucket(tmp_path, FILES, ["ignores-conditions"]) as port:
        s3 = S3Resource(
            region_name="ap-southeast-2",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="anybody",
            aws_secret_access_key="anything",  # noqa: S106 - the server takes any
        )
        definitions = file_definitions({"s3": s3, "bucket": BucketResource(name=BUCKET), "nexus": None})
        with dg.DagsterInstance.ephemeral() as instance:
            made = launch_file_job(definitions, instance, "back_up_files", {})
            refused = launch_file_job(definitions, instance, "restore_files", {"name": made.counts["backup"]})
            assert not refused.success
            assert "heeds no conditions" in refused.failures[0]
