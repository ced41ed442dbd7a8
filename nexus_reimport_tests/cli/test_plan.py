"""Plans at a terminal: words that are none are refused in one line, and so is a plan that is dead."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nexus_reimport import cli
from nexus_reimport.load.plan.stored_plans import save_plan
from nexus_reimport.release import code_fingerprint
from nexus_reimport.settings import SETTINGS
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport_tests.nowhere import NOWHERE


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--conflicts=patients=maybe", "write TABLE=nexus or TABLE=filemaker"),
        ("--conflicts=filemaker", "write TABLE=nexus or TABLE=filemaker"),
        ("--conflicts=people=nexus", "'people' is none of patients, appointments"),
        ("--deleted=notes=keep", "write TABLE=restore or TABLE=stay"),
        ("--on-missing=notes=archive", "only patients can be archived"),
        ("--on-missing=notes=delete", "write TABLE=keep or TABLE=archive or TABLE=remove"),
        ("--missing-percent=101", "101"),
        ("--missing-rows=-1", "-1"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_word_that_is_none_is_refused_in_one_line(command: str, option: str, said: str) -> None:
    result = CliRunner().invoke(cli.main, [command, option])
    assert result.exit_code == 2
    assert said in result.output.splitlines()[-1]


def test_a_dead_plan_is_refused_before_anything_is_read(
    nexus_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in SETTINGS:
        monkeypatch.setenv(setting.name, NOWHERE.get(setting.name, ""))
    monkeypatch.setenv("NEXUS_DATABASE_URL", nexus_database)
    monkeypatch.setenv("DAGSTER_PG_URL", "postgresql+psycopg2://nowhere/dagster")
    monkeypatch.setenv("NEXUS_REIMPORT_STORAGE", str(tmp_path))
    fingerprints = {"sources": {}, "target": {}, "schema": "another", "code": code_fingerprint()}
    plan: dict[str, Any] = {"id": "0123456789abcdef", "options": {}, "fingerprints": fingerprints, "rows": {}}
    save_plan(open_store(str(tmp_path)), plan)
    result = CliRunner().invoke(cli.main, ["run", "--yes", "--plan", plan["id"]])
    assert result.exit_code == 1
    assert "the schema of Nexus's database moved" in result.output
    result = CliRunner().invoke(cli.main, ["run", "--yes", "--plan", plan["id"], "--limit", "3"])
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert "was made with another --limit" in result.output
    plan["options"] = {"limit": 3, "allow_shrunk": ["images", "notes"]}
    save_plan(open_store(str(tmp_path)), plan)
    same = ["--limit", "3", "--allow-shrunk", "notes", "--allow-shrunk", "images"]
    result = CliRunner().invoke(cli.main, ["run", "--yes", "--plan", plan["id"], *same])
    assert result.exit_code == 1
    assert "the schema of Nexus's database moved" in result.output
    result = CliRunner().invoke(cli.main, ["run", "--yes", "--plan", "another"])
    assert result.exit_code == 1
    assert "There is no plan 'another'" in result.output
