"""Backups and dumps from a terminal: listed, proved, noticed where damaged; and Nexus made again from one."""

import json
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nexus_reimport import cli
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport_tests.cli.published_line import PublishedLine
from nexus_reimport_tests.line import contents, query


def ask(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["backup", *map(str, words)])


def only_backup(published: PublishedLine) -> str:
    [folder] = (Path(published.storage) / "backups").iterdir()
    return folder.name


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_backup_is_listed_with_whose_it_is(published: PublishedLine, tmp_path: Path) -> None:
    listed = ask("list", "--json", tmp_path / "said.json")
    assert listed.exit_code == 0, listed.output
    name = only_backup(published)
    assert name in listed.output
    assert "There is no dump yet." in listed.output
    [one] = json.loads((tmp_path / "said.json").read_bytes())["backups"]
    [(run_id, backup)] = query(published.url, "SELECT run_id, backup FROM nexus_reimport.publications")
    assert (one["name"], one["run_id"], one["publication"], one["state"]) == (
        backup,
        run_id,
        "publication 1",
        "whole",
    )
    assert one["bytes"] > 0


def test_backups_are_listed_where_nexus_is_gone(
    published: PublishedLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXUS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nexus")
    listed = ask("list")
    assert listed.exit_code == 0, listed.output
    assert "does not answer" in listed.output
    assert only_backup(published) in listed.output


def test_a_backup_is_proved_and_one_changed_byte_is_noticed(published: PublishedLine, tmp_path: Path) -> None:
    right = ask("verify")
    assert right.exit_code == 0, right.output
    assert "were restored, and are as they were" in right.output
    name = only_backup(published)
    folder = Path(published.storage) / "backups" / name
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        flip_a_byte(file)
        wrong = ask("verify", name, "--json", tmp_path / "said.json")
        assert wrong.exit_code == 1, file
        assert "NOT RIGHT" in wrong.output
        [one] = json.loads((tmp_path / "said.json").read_bytes())
        assert (one["kind"], one["right"]) == ("backup", False)
        file.write_bytes(whole)
    (folder / "manifest.json.sha256").unlink()
    assert ask("verify").exit_code == 1
    assert "unfinished" in ask("list").output


def test_what_was_never_finished_is_no_backup_that_is_wrong(published: PublishedLine) -> None:
    left = Path(published.storage) / "backups" / "20260101T000000Z-12345678"
    left.mkdir()
    (left / "patients.copy.gz").write_bytes(b"half")
    assert ask("verify").exit_code == 0
    assert ask("verify", left.name).exit_code == 1


def test_a_backup_that_there_is_not_is_refused(published: PublishedLine) -> None:
    absent = ask("verify", "20260101T000000Z-00000000")
    assert (absent.exit_code, "There is no backup or dump" in absent.output) == (1, True)


def test_nexus_is_made_again_from_a_dump_as_the_manual_says(
    published: PublishedLine, tmp_path: Path, postgres: Cluster
) -> None:
    made = ask("dump", "--json", tmp_path / "said.json")
    assert made.exit_code == 0, made.output
    said = json.loads((tmp_path / "said.json").read_bytes())
    name = said["counts"]["dump"]
    assert f"{name}: {said['counts']['tables']} tables" in made.output
    assert name in ask("list").output
    assert "Every byte is as written" in ask("verify", name).output
    file = tmp_path / "nexus.dump"
    fetched = ask("fetch", name, file)
    assert fetched.exit_code == 0, fetched.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "is there already" in ask("fetch", name, file).output
    query(published.url, "TRUNCATE patients CASCADE")
    query(published.url, "DROP SCHEMA nexus_reimport CASCADE")
    restore(published.url, file, "--clean", "--if-exists")
    assert contents(published.url) == published.after
    assert len(query(published.url, "SELECT id FROM nexus_reimport.publications")) == 1
    with ephemeral_database(postgres, template="template0") as other:
        restore(other, file)
        assert contents(other) == published.after
    undone = CliRunner().invoke(cli.main, ["rollback", "--yes"])
    assert undone.exit_code == 0, undone.output
    assert contents(published.url) == published.before


def restore(url: str, file: Path, *options: str) -> None:
    given = [*options, "--no-owner", "--single-transaction", f"--dbname={url}", str(file)]
    subprocess.run([program("pg_restore"), *given], check=True)  # noqa: S603 - PostgreSQL's own program


def test_a_damaged_dump_is_not_fetched(published: PublishedLine, tmp_path: Path) -> None:
    assert ask("dump").exit_code == 0
    [folder] = (Path(published.storage) / "dumps").iterdir()
    flip_a_byte(folder / "nexus.dump")
    damaged = ask("fetch", folder.name, tmp_path / "nexus.dump")
    assert (damaged.exit_code, "is not what was written" in damaged.output) == (1, True)
    assert not (tmp_path / "nexus.dump").exists()
    assert ask("verify", folder.name).exit_code == 1


def test_a_run_that_could_not_dump_refuses_to_be_asked_for_it() -> None:
    for more in (["--select", 'key:"nexus/notes"'], ["--dry-run"]):
        refused = CliRunner().invoke(cli.main, ["run", "--full-dump", *more])
        assert (refused.exit_code, "nexus-reimport backup dump" in refused.output) == (2, True)
