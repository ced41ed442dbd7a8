"""Settings: all that is missing is named at once; a .env file is honoured, and loses to what is set."""

import os
from pathlib import Path

import pytest

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.settings import (
    SETTINGS,
    SettingsMissing,
    latest_fmid_token,
    load_dotenv_file,
    missing_settings,
    require_settings,
)
from nexus_reimport_tests.nowhere import NOWHERE

FULL = NOWHERE
ACCOUNT = ("FILEMAKER_USERNAME", "FILEMAKER_PASSWORD")


def test_with_everything_set_nothing_is_missing() -> None:
    assert missing_settings(FULL) == []
    require_settings(FULL)


@pytest.mark.parametrize("name", sorted(FULL))
def test_each_required_setting_is_missed_where_absent_or_empty(name: str) -> None:
    for environ in ({key: value for key, value in FULL.items() if key != name}, {**FULL, name: ""}):
        assert [setting.name for setting in missing_settings(environ)] == [name]


def test_one_message_names_everything_missing_and_what_it_is_for() -> None:
    with pytest.raises(SettingsMissing) as caught:
        require_settings({})
    lines = str(caught.value).splitlines()
    assert lines[0] == "Set these in the environment, or in a .env file:"
    assert lines[1:] == [f"  {setting.name}: {setting.meaning}" for setting in SETTINGS if setting.required]


def test_settings_that_can_not_be_used_are_a_line_each_before_those_that_are_missing() -> None:
    wrong = {"NEXUS_DATABASE_URL": "mysql://x", "NEXUS_REIMPORT_KEEP_DAYS": "ninety", "DAGSTER_HOME": ""}
    with pytest.raises(SettingsRefused) as caught:
        require_settings({**FULL, **wrong})
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        "NEXUS_DATABASE_URL: it does not begin with postgresql://. Expected: postgresql://"
    )
    assert second == "NEXUS_REIMPORT_KEEP_DAYS is to be a whole number, 0 or more."


def test_a_token_makes_the_account_needless() -> None:
    environ = {key: value for key, value in FULL.items() if key not in ACCOUNT}
    assert [setting.name for setting in missing_settings(environ)] == list(ACCOUNT)
    assert missing_settings({**environ, "FILEMAKER_FMID_TOKEN": "token"}) == []


def test_the_names_are_those_of_the_design() -> None:
    names = {setting.name for setting in SETTINGS}
    assert {"NEXUS_DATABASE_URL", "NEXUS_REIMPORT_STORAGE", "DAGSTER_HOME", "DAGSTER_PG_URL"} <= names
    assert {"AWS_S3_BUCKET_NAME", "AWS_ENDPOINT_URL_S3", "FILEMAKER_CA_BUNDLE"} <= names
    assert all(setting.meaning for setting in SETTINGS)


def test_an_env_file_is_read_and_loses_to_what_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("FILEMAKER_HOST='https://file'\nFILEMAKER_DATABASE='file'\n")
    monkeypatch.setenv("FILEMAKER_HOST", "https://set")
    # Set and deleted through monkeypatch, so that what the file brings does not outlive the test.
    monkeypatch.setenv("FILEMAKER_DATABASE", "")
    monkeypatch.delenv("FILEMAKER_DATABASE")
    load_dotenv_file(tmp_path)
    assert os.environ["FILEMAKER_HOST"] == "https://set"
    assert os.environ["FILEMAKER_DATABASE"] == "file"


def test_the_token_is_the_one_of_the_env_file_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FILEMAKER_FMID_TOKEN", "old")
    assert latest_fmid_token() == "old"
    (tmp_path / ".env").write_text("FILEMAKER_FMID_TOKEN=new\n")
    assert latest_fmid_token() == "new"
    monkeypatch.delenv("FILEMAKER_FMID_TOKEN")
    (tmp_path / ".env").unlink()
    assert latest_fmid_token() == ""
