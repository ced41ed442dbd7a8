"""Why a backup can't be taken, proved or used; each message names the file or relation, never a value."""

from nexus_reimport.load.exceptions import PublicationError


class BackupError(PublicationError):
    """Something about a backup that a publication, or its rollback, can't go on with."""


class BackupMissing(BackupError):
    """There is no whole backup of that name: never begun, never finished, or forgotten since."""


class BackupDamaged(BackupError):
    """A file of a backup is not what was written."""


class BackupNotProved(BackupError):
    """A backup, loaded again, is not what was in Nexus."""


class BackupOutdated(BackupError):
    """A table of Nexus has other columns now than when the backup was taken."""


class DumpFailed(BackupError):
    """pg_dump or pg_restore is not there, or did not do it."""
