"""Dagster's own records: what is wrong with where they are kept is one line, at once."""

import os
from pathlib import Path

import pytest

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.launching.instance import open_instance, require_home
from nexus_reimport.load.exceptions import DatabaseUnreachable
from nexus_reimport.sandbox.postgres import Cluster


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of Dagster that it would take."""
    (tmp_path / "dagster.yaml").write_text(
        "storage:\n  postgres:\n    postgres_url:\n      env: DAGSTER_PG_URL\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_a_home_that_is_none_is_told_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    for folder, told in ((Path("dagster"), "whole path"), (tmp_path / "x", "no such folder")):
        with pytest.raises(SettingsRefused, match=f"DAGSTER_HOME.*{told}"):
            require_home(folder)
    with pytest.raises(SettingsRefused, match=r"no dagster.yaml"):
        require_home(tmp_path)


@pytest.mark.parametrize(
    ("account", "database", "told"),
    [("dagster:geheim", "dagster", "role and password"), ("", "nowhere", "no database of the name")],
)
def test_a_database_that_refuses_is_told_once_and_by_its_cause(
    home: Path, postgres: Cluster, monkeypatch: pytest.MonkeyPatch, account: str, database: str, told: str
) -> None:
    url = postgres.url(database)
    if account:
        url = f"postgresql://{account}@127.0.0.1:{postgres.port}/{database}"
    monkeypatch.setitem(os.environ, "DAGSTER_PG_URL", url.replace("postgresql:", "postgresql+psycopg2:"))
    with pytest.raises(DatabaseUnreachable, match=told) as caught:
        open_instance()
    assert "geheim" not in str(caught.value)
    assert str(caught.value).startswith("Dagster's database can't be reached")


def test_what_can_be_used_is_opened(home: Path, postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.url("dagster", "dagster")
    monkeypatch.setenv("DAGSTER_PG_URL", url.replace("postgresql:", "postgresql+psycopg2:"))
    with open_instance() as instance:
        assert instance.get_runs() == []
