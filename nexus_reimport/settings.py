"""The settings of a reimport: environment variables, what each is for, and which are missing."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values, load_dotenv

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.extract.mappings_file import require_mappings
from nexus_reimport.model.setting_values import (
    require_bucket_name,
    require_dagster_postgres,
    require_http,
    require_postgres,
    require_private_http,
    require_storage,
    require_whole_number,
)

FMID_TOKEN = "FILEMAKER_FMID_TOKEN"  # noqa: S105 - the name of a variable
REPORTS_URL = "NEXUS_REIMPORT_REPORTS_URL"
UI_HOSTS = "NEXUS_REIMPORT_UI_HOSTS"


@dataclass(frozen=True)
class Setting:
    """One environment variable. `unless` names another that makes it needless.

    `require(value, name)` raises SettingsRefused for a value that can't be used, without a piece of it.
    """

    name: str
    meaning: str
    required: bool = True
    unless: str | None = None
    require: Callable[[str, str], None] | None = field(default=None, repr=False)


def _require_filemaker_host(host: str, _setting: str) -> None:
    from nexus_reimport.extract.filemaker.endpoint import parse_origin

    parse_origin(host)


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "FILEMAKER_HOST",
        "FileMaker's address, https://… (plain http only to this machine)",
        require=_require_filemaker_host,
    ),
    Setting("FILEMAKER_DATABASE", "the FileMaker database's name"),
    Setting("FILEMAKER_USERNAME", "an account with the fmodata privilege", unless=FMID_TOKEN),
    Setting("FILEMAKER_PASSWORD", "its password", unless=FMID_TOKEN),
    Setting(FMID_TOKEN, "a FileMaker Cloud token, in place of the account", required=False),
    Setting(
        "FILEMAKER_CA_BUNDLE", "a file with the private authority that signed its certificate", required=False
    ),
    Setting("NEXUS_DATABASE_URL", "Nexus's PostgreSQL, postgresql://…", require=require_postgres),
    Setting(
        "NEXUS_READONLY_DATABASE_URL",
        "the same for a role that can only read: plans use it",
        required=False,
        require=require_postgres,
    ),
    Setting("AWS_ACCESS_KEY_ID", "key of an account that may list the bucket"),
    Setting("AWS_SECRET_ACCESS_KEY", "its secret"),
    Setting("AWS_REGION", "the bucket's region"),
    Setting("AWS_S3_BUCKET_NAME", "the bucket with the clinic's files", require=require_bucket_name),
    Setting(
        "AWS_ENDPOINT_URL_S3",
        "the S3 endpoint, where it is not AWS's own",
        required=False,
        require=require_private_http,
    ),
    Setting("IMAGE_CSV_DIR", "folder where FileMaker's Image_dataV*.csv are dropped"),
    Setting("IMAGE_CSV_S3_PREFIX", "prefix in the bucket where they may be dropped too", required=False),
    Setting(
        "NEXUS_REIMPORT_STORAGE",
        "folder or s3://… where frames are kept between steps",
        require=require_storage,
    ),
    Setting(
        "NEXUS_REIMPORT_KEEP_BACKUPS",
        "how many backups stay at least (20)",
        required=False,
        require=require_whole_number,
    ),
    Setting(
        "NEXUS_REIMPORT_KEEP_DAYS",
        "for how many days each backup stays (90)",
        required=False,
        require=require_whole_number,
    ),
    Setting(
        "NEXUS_REIMPORT_MAPPINGS",
        "a file of names that are not the same in FileMaker and in Nexus",
        required=False,
        require=require_mappings,
    ),
    Setting("PG_DUMP", "pg_dump of the server's version, where it is not on the PATH", required=False),
    Setting(
        REPORTS_URL,
        "where reports are served, for links to them; `ui` sets it",
        required=False,
        require=require_http,
    ),
    Setting(UI_HOSTS, "names of a proxy that the UI is served under, commas between", required=False),
    Setting("DAGSTER_HOME", "folder with dagster.yaml"),
    Setting(
        "DAGSTER_PG_URL",
        "PostgreSQL for Dagster's own records, postgresql+psycopg2://…",
        require=require_dagster_postgres,
    ),
)


class SettingsMissing(Exception):
    """Settings that a reimport can't do without are not in the environment."""


def load_dotenv_file(folder: Path | None = None) -> None:
    """Read `.env` of the folder (the current one), if there is one; what is already set stays as it is."""
    load_dotenv((folder or Path.cwd()) / ".env", override=False)


def latest_fmid_token() -> str:
    """Return the FMID token as it is now, `.env` first: it lives an hour, and is renewed there."""
    return dotenv_values(Path.cwd() / ".env").get(FMID_TOKEN) or os.environ.get(FMID_TOKEN, "")


def missing_settings(environ: Mapping[str, str] = os.environ) -> list[Setting]:
    """Return every required setting that is absent or empty."""
    return [
        setting
        for setting in SETTINGS
        if setting.required and not environ.get(setting.name) and not environ.get(setting.unless or "")
    ]


def wrong_settings(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what is wrong with each setting that can't be used, by name, without a piece of its value."""
    wrong = []
    for setting in SETTINGS:
        if setting.require and environ.get(setting.name):
            try:
                setting.require(environ[setting.name], setting.name)
            except SettingsRefused as error:
                wrong.append(str(error))
    return wrong


def require_settings(environ: Mapping[str, str] = os.environ) -> None:
    """Raise SettingsRefused, a line for each setting that can't be used; else SettingsMissing.

    The latter has one message that names everything missing and what it is for.
    """
    if wrong := wrong_settings(environ):
        raise SettingsRefused("\n".join(wrong))
    if missing := missing_settings(environ):
        lines = [f"  {setting.name}: {setting.meaning}" for setting in missing]
        raise SettingsMissing("Set these in the environment, or in a .env file:\n" + "\n".join(lines))
