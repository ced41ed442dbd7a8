"""One look at Nexus's database before any work: what a run would only meet after all sources were read."""

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.rights import refuse_missing_to_plan, refuse_missing_to_publish
from nexus_reimport.load.database.target_schema import refuse_unexpected
from nexus_reimport.load.exceptions import RightMissing, TargetNotAsExpected
from nexus_reimport.load.our_tables.migrations import find_version


def prove_readable(url: str) -> None:
    """Raise what keeps a plan from being made at `url`: DatabaseUnreachable, RightMissing and their like."""
    with connect(url, "looking first") as connection:
        refuse_unexpected(connection)
        refuse_missing_to_plan(connection)
        find_version(connection)


def prove_writable(url: str) -> None:
    """Raise what keeps a publication from happening at `url`; it is another's row or lock at most after this.

    Raises DatabaseUnreachable, TargetNotAsExpected, RightMissing, SchemaNewer, ConnectionNotSafe or
    EncodingUnfit.
    """
    with connect(url, "looking first") as connection:
        refuse_unexpected(connection)
        _refuse_read_only(connection)
        refuse_missing_to_publish(connection)


def _refuse_read_only(connection: Connection) -> None:
    """Refuse a standby, and a role or a database whose transactions are read-only unless they say else."""
    row = connection.execute(
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')"
    ).fetchone()
    standby, read_only = row or (False, "off")
    if standby:
        raise TargetNotAsExpected("This server is a standby: let NEXUS_DATABASE_URL lead to the primary.")
    if read_only == "on":
        raise RightMissing(
            "Transactions in Nexus's database are read-only (default_transaction_read_only): a maintenance, "
            "a full disk at a hosted service, or a role made to read. Nothing was read or written."
        )
