"""How a terminal opens Dagster's own records: what is wrong with where they are kept is told at once.

Dagster itself answers a folder that is not there by a traceback, one without dagster.yaml by keeping records
in files nobody looks at, and a database that refuses by five tries in 16 seconds.
"""

import os
from pathlib import Path

import dagster as dg
import psycopg

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.load.database.connection import CONNECT_SECONDS
from nexus_reimport.load.database.unreachable import why_unreachable
from nexus_reimport.load.exceptions import DatabaseUnreachable

HOME, DATABASE = "DAGSTER_HOME", "DAGSTER_PG_URL"


def open_instance() -> dg.DagsterInstance:
    """Return Dagster's instance of the environment. Raises SettingsRefused or DatabaseUnreachable."""
    require_home(Path(os.environ[HOME]))
    _prove(os.environ[DATABASE])
    return dg.DagsterInstance.get()


def require_home(folder: Path) -> None:
    """Raise SettingsRefused where Dagster would refuse a folder, or keep its records in files there."""
    if not folder.is_absolute():
        raise SettingsRefused(f"{HOME} is to be a whole path, from / on.")
    if not folder.is_dir():
        raise SettingsRefused(
            f"{HOME}: there is no such folder. Make it, with the project's dagster.yaml in it."
        )
    if not (folder / "dagster.yaml").is_file():
        raise SettingsRefused(
            f"{HOME} has no dagster.yaml: Dagster would keep its records in files there, not in {DATABASE}. "
            "Copy the project's dagster.yaml into it."
        )


def _prove(url: str) -> None:
    """Ask Dagster's database for a connection, once."""
    try:
        psycopg.connect(url.replace("+psycopg2", "", 1), connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError as error:
        # "from None": its words may quote the URL.
        raise DatabaseUnreachable(why_unreachable(error, "Dagster's database", DATABASE)) from None
    except psycopg.ProgrammingError:
        raise SettingsRefused(f"{DATABASE} can't be taken apart by PostgreSQL's client.") from None
