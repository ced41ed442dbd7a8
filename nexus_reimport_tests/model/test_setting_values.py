"""Settings that hold an address: what is taken, what is refused, and that no refusal has a piece of one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.model.setting_values import require_storage
from nexus_reimport.settings import SETTINGS, wrong_settings
from nexus_reimport_tests.mangled import MANGLED, SECRET

CHECKED = [setting.name for setting in SETTINGS if setting.require]
PIECES = st.sampled_from([SECRET, "://", "@", ":", "/", "%", "?", "#", "[", "]", " ", "=", "&", "s3", "http"])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:p%40ss@db.example.org:5432/nexus?sslrootcert=/etc/ca.pem",
        "postgres://me@127.0.0.1/nexus",
        "postgresql:///nexus?host=/var/run/postgresql",
        "postgresql://a:b@one,two:5433/nexus?sslmode=verify-full&target_session_attrs=read-write",
        "postgresql://a:b@[::1]:5432/nexus",
        "postgresql://a:b?c@h/nexus",
    ],
)
def test_a_libpq_url_is_taken(url: str) -> None:
    assert wrong_settings({"NEXUS_DATABASE_URL": url, "NEXUS_READONLY_DATABASE_URL": url}) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://me:p/a:ss%@db.example.org:5432/dagster?sslmode=verify-full",
        "postgresql://me@[::1]/dagster",
        "postgresql+psycopg2:///dagster?host=/var/run/postgresql",
    ],
)
def test_what_sqlalchemy_takes_is_taken_for_dagster(url: str) -> None:
    assert wrong_settings({"DAGSTER_PG_URL": url}) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("NEXUS_REIMPORT_STORAGE", "storage"),
        ("NEXUS_REIMPORT_STORAGE", "/srv/a folder/ümlaut"),
        ("NEXUS_REIMPORT_STORAGE", "s3://clinic-files/nexus-reimport/frames"),
        ("NEXUS_REIMPORT_STORAGE", "s3://clinic.files"),
        ("AWS_ENDPOINT_URL_S3", "https://s3.example.org:9000"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/"),
        ("NEXUS_REIMPORT_REPORTS_URL", "http://intranet/reports"),
        ("FILEMAKER_HOST", "fms.example.org"),
    ],
)
def test_other_addresses_are_taken(setting: str, value: str) -> None:
    assert wrong_settings({setting: value}) == []


@pytest.mark.parametrize("url", MANGLED)
@pytest.mark.parametrize("setting", ["NEXUS_DATABASE_URL", "NEXUS_READONLY_DATABASE_URL"])
def test_a_mangled_url_is_refused_by_name_in_one_line_without_a_piece_of_it(setting: str, url: str) -> None:
    [line] = wrong_settings({setting: url})
    assert line.startswith(f"{setting}: ")
    assert line.endswith("Expected: postgresql://USER:PASSWORD@HOST:PORT/DATABASE.")
    assert "\n" not in line
    assert SECRET not in line


@given(st.lists(PIECES | st.text(string.printable, max_size=3), max_size=12).map("".join))
def test_no_setting_s_refusal_ever_has_the_secret_in_it(value: str) -> None:
    for prefix in ("", "postgresql://", "postgresql+psycopg2://", "https://", "s3://"):
        for setting in CHECKED:
            assert not any(SECRET in line for line in wrong_settings({setting: prefix + value}))


@pytest.mark.parametrize(
    "location",
    [
        "S3://bucket/prefix",
        "gs://bucket",
        "ftp://host/folder",
        "file:///srv/storage",
        "s3:/bucket",
        "s3:bucket",
        "s3a://bucket",
        "https://bucket.s3.amazonaws.com/prefix",
        f"s3://key:{SECRET}@bucket/prefix",
        "s3://",
        "s3:///prefix",
        "~nobody-of-that-name/storage",
        " ",
    ],
)
def test_frames_are_kept_in_a_folder_or_in_s3_and_nowhere_else(location: str) -> None:
    with pytest.raises(SettingsRefused, match="NEXUS_REIMPORT_STORAGE: ") as refused:
        require_storage(location)
    assert SECRET not in str(refused.value)
