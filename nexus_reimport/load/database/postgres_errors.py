"""What PostgreSQL's errors mean for a publication, without the values that it puts in its details."""

import psycopg
from psycopg import errors

from nexus_reimport.load.database.connection import LOCK_SECONDS
from nexus_reimport.load.exceptions import (
    PublicationError,
    PublicationInProgress,
    RightMissing,
    StagedFramesOutdated,
    TargetNotAsExpected,
)


def explained(error: psycopg.Error) -> PublicationError:
    """Say what a database error means, without the values that PostgreSQL puts in its detail."""
    diagnosis = error.diag
    where = ".".join(filter(None, [diagnosis.table_name, diagnosis.column_name or diagnosis.constraint_name]))
    match error:
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return TargetNotAsExpected(
                f"Nexus's schema is not the one expected: {diagnosis.message_primary}."
            )
        case errors.UniqueViolation():
            return StagedFramesOutdated(
                f"{where}: somebody else's row took a FileMaker id since staging. Materialize nexus_state "
                "and what is staged again, then publish."
            )
        case errors.LockNotAvailable() | errors.DeadlockDetected():
            return PublicationInProgress(
                f"Nexus's tables were in use for over {LOCK_SECONDS} s. Nothing was written; run again."
            )
        case errors.NotNullViolation() | errors.CheckViolation() | errors.StringDataRightTruncation():
            return TargetNotAsExpected(
                f"PostgreSQL refused ({error.sqlstate} {type(error).__name__}) {where}: Nexus's schema has "
                "changed since it was looked at. Nothing was written. Materialize nexus_state: it names all "
                "that differs."
            )
        case errors.InsufficientPrivilege():
            # Names a relation, a schema or the database
            return RightMissing(
                f"PostgreSQL refused: {diagnosis.message_primary}. Nothing was written. Apply again what "
                "nexus-reimport grants prints."
            )
    return PublicationError(
        f"PostgreSQL refused ({error.sqlstate or 'connection lost'} {type(error).__name__}) {where}. "
        "Nothing was written; run again, and look at the database's own log if it stays."
    )
