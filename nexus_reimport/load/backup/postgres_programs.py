"""pg_dump and pg_restore: where they are, and how they are run without a secret on their command line."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nexus_reimport.load.backup.exceptions import DumpFailed
from nexus_reimport.load.backup.pg_dump_errors import reason
from nexus_reimport.load.database.connection import verification

PG_DUMP = "PG_DUMP"


def find_pg_dump(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where pg_dump is: what PG_DUMP says, else on the PATH. Raises DumpFailed where it is not."""
    found = shutil.which(environ.get(PG_DUMP) or "pg_dump", path=environ.get("PATH"))
    if found is None:
        raise DumpFailed(
            "pg_dump is not there. Install PostgreSQL's client programs, of the server's version or a newer "
            f"one, or say in {PG_DUMP} where it is."
        )
    return Path(found)


def find_pg_restore(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the pg_restore of the same release is: beside pg_dump."""
    return find_pg_dump(environ).with_name("pg_restore")


def run_on(program: Path, url: str, arguments: Sequence[str], output: IO[bytes] | None = None) -> None:
    """Run a program on a database; raises DumpFailed with its own reason, without a value of a row in it.

    The password goes by the environment, and TLS is verified as for our own connections.
    """
    # Asked first: it refuses a URL that can't be taken apart without quoting it.
    secured = verification(url)
    given = {**conninfo_to_dict(url), **secured}
    password = given.pop("password", None)
    # A dump in another encoding than the database's would lose letters, or fail.
    inherited = {name: value for name, value in os.environ.items() if name != "PGCLIENTENCODING"}
    environment = {**inherited, "LC_ALL": "C", **({"PGPASSWORD": str(password)} if password else {})}
    command = [str(program), "--no-password", f"--dbname={make_conninfo(**given)}", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise DumpFailed(f"{program.name} could not be started: {error.strerror}.") from None
    if done.returncode:
        raise DumpFailed(f"{program.name} failed with code {done.returncode}{reason(done.stderr)}.")
