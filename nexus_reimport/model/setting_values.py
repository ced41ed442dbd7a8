"""What a setting that holds an address may look like, and what is wrong with one, without a piece of it.

An address may hold a password, and a mangled one holds it anywhere: what libraries say of one they can't
take apart quotes it. So each is looked at here first, and no message has more of it than the setting's name.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.model.loopback import require_private

POSTGRES_FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
DAGSTER_FORM = "postgresql+psycopg2://USER:PASSWORD@HOST:PORT/DATABASE"
STORAGE_FORM = "a folder, or s3://BUCKET/PREFIX"
HTTP_FORM = "https://HOST or https://HOST:PORT"
_ESCAPES = "In a user name or password write @ as %40, / as %2F, : as %3A, # as %23, ? as %3F, % as %25"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_RAW_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_BUCKET = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]*(/[^?#]*)?")
# As SQLAlchemy takes one apart: the account up to the @, then host, port and database.
_SQLALCHEMY = re.compile(
    r"postgresql(?:\+psycopg2)?://(?:[^:/@]*(?::[^@]*)?@)?"
    r"(?:\[[0-9A-Fa-f:.]+\]|[^/:?@\[\]]*)(?::(?P<port>[0-9]*))?(?:/[^?@]*)?(?:\?(?P<options>.*))?"
)
# Older buckets have capitals and underscores too.
_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", re.ASCII)
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def require_postgres(url: str, setting: str) -> None:
    """Raise SettingsRefused, by the setting's name, for what libpq can't take apart as it is meant."""
    if problem := _postgres_problem(url):
        raise refused(setting, problem, POSTGRES_FORM)


def require_dagster_postgres(url: str, setting: str) -> None:
    """Raise SettingsRefused, by the setting's name, for what SQLAlchemy can't take apart as it is meant."""
    if problem := _dagster_problem(url):
        raise refused(setting, problem, DAGSTER_FORM)


def require_storage(location: str, setting: str = "NEXUS_REIMPORT_STORAGE") -> None:
    """Raise SettingsRefused for what is neither a folder nor s3://BUCKET/PREFIX.

    Any other scheme would be taken for a folder of that name, and patients' extracts be written into it.
    """
    if problem := _storage_problem(location):
        raise refused(setting, problem, STORAGE_FORM)


def require_http(url: str, setting: str) -> None:
    """Raise SettingsRefused, by the setting's name, for what is no http or https address of a host."""
    if problem := _http_problem(url):
        raise refused(setting, problem, HTTP_FORM)


def require_private_http(url: str, setting: str) -> None:
    """Raise SettingsRefused for what is no such address, and for a plain one of another machine."""
    require_http(url, setting)
    require_private(url, setting)


def refused(setting: str, problem: str, form: str) -> SettingsRefused:
    """Return the error that names a setting, what is wrong with it, and what is expected."""
    return SettingsRefused(f"{setting}: {problem}. Expected: {form}.")


def _postgres_problem(url: str) -> str | None:
    if re.match(r"postgres(ql)?\+", url):
        return "it begins as SQLAlchemy writes it; leave out the + and the driver's name"
    if not url.startswith(("postgresql://", "postgres://")):
        return "it does not begin with postgresql://"
    if _BLANK.search(url):
        return "there is a blank or a control character in it, which is to be written as %20 or the like"
    if _RAW_PERCENT.search(url):
        return f"there is a percent sign without two hexadecimal digits behind it. {_ESCAPES}"
    return _parts_problem(url)


def _parts_problem(url: str) -> str | None:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except (ProgrammingError, UnicodeError):
        return f"PostgreSQL's client can't take it apart: a bracket, an option or a part is wrong. {_ESCAPES}"
    if any(port and not _is_port(port) for port in given.get("port", "").split(",")):
        return f"its port is no number from 1 to 65535. {_ESCAPES}"
    if not _has_one_account(url) or not all(map(_is_host, given.get("host", "").split(","))):
        return f"what stands for the host is none. {_ESCAPES}"
    if given.get("sslmode", "prefer") not in SSL_MODES:
        return f"its sslmode is none that PostgreSQL knows ({', '.join(SSL_MODES)})"
    return None


def _has_one_account(url: str) -> bool:
    """Say whether at most one @ stands before the options, and that before the first slash.

    libpq ends the account at the first @ or slash, so the rest of a password would be the host or database.
    """
    account, _, database = url.partition("://")[2].partition("?")[0].partition("/")
    return account.count("@") <= 1 and "@" not in database


def _dagster_problem(url: str) -> str | None:
    if not url.startswith(("postgresql://", "postgresql+psycopg2://")):
        return "it does not begin with postgresql+psycopg2://"
    if _BLANK.search(url):
        return "there is a blank or a control character in it, which is to be written as %20 or the like"
    found = _SQLALCHEMY.fullmatch(url)
    if found is None or (found["port"] and not _is_port(found["port"])):
        return f"what stands for the host, the port or the database is none. {_ESCAPES}"
    return _parts_problem(f"postgresql://?{found['options']}") if found["options"] else None


def _storage_problem(location: str) -> str | None:
    if not location.strip() or "\x00" in location:
        return "it is empty or holds a NUL"
    if not _SCHEME.match(location):
        return None if _is_folder_name(location) else "there is no such user's home"
    if not location.startswith("s3://"):
        return "it is an address of a kind that frames can't be kept at; s3:// is written in small letters"
    return (
        None if _BUCKET.fullmatch(location) else "behind s3:// there must be a bucket's name and no account"
    )


def _is_folder_name(location: str) -> bool:
    try:
        Path(location).expanduser()
    except RuntimeError:
        return False
    return True


def _http_problem(url: str) -> str | None:
    if _BLANK.search(url):
        return "there is a blank or a control character in it"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "its host or port can't be read"
    if parts.scheme not in ("http", "https"):
        return "it does not begin with https://"
    if "@" in url:
        return "there is an account or an @ in it, which does not belong there"
    if not _is_host(parts.hostname or "") or not parts.hostname or port == 0:
        return "what stands for the host or port is none"
    return None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536


def _is_host(text: str) -> bool:
    """Say whether a text may be a host: a name, an address, a socket's folder, or none."""
    return text.startswith(("/", "@/")) or re.fullmatch(r"[\w.-]*|[0-9A-Fa-f:.]+(%\w+)?", text) is not None


def require_whole_number(value: str, setting: str) -> None:
    """Raise SettingsRefused, by the setting's name, for what is no whole number."""
    if not (value.isascii() and value.isdecimal()):
        raise SettingsRefused(f"{setting} is to be a whole number, 0 or more.")


def require_bucket_name(value: str, setting: str) -> None:
    """Raise SettingsRefused, by the setting's name, for what no bucket is called: obstore panics at it."""
    if not _BUCKET_NAME.fullmatch(value):
        raise SettingsRefused(f"{setting}: no bucket has such a name: letters, digits, dots and dashes.")
