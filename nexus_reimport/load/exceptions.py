"""Why a publication is refused; each message names the table and what to do, never a row's values."""


class PublicationError(Exception):
    """A publication that did not happen; Nexus is as it was before."""


class TargetNotAsExpected(PublicationError):
    """Nexus lacks a table, a column or a content type that a publication needs."""


class PublicationInProgress(PublicationError):
    """Another publication, or somebody's long transaction, holds what this one needs."""


class StagedFramesOutdated(PublicationError):
    """Nexus has moved since the rows were staged: the ids decided then no longer hold."""


class BrokenLinks(PublicationError):
    """Rows about to be committed would point at rows that are not there."""


class ConnectionNotSafe(PublicationError):
    """The URL of the database does not let the server's certificate be verified."""


class DatabaseUnreachable(PublicationError):
    """No connection to Nexus's database could be made."""


class EncodingUnfit(PublicationError):
    """The database, or the line to it, has an encoding in which what is to be written can't be kept."""


class BackupNotReadable(PublicationError):
    """An old backup is not what its name promises."""


class FormerIdentityContradicted(PublicationError):
    """Two sources say that one UUID was two patients."""


class RightMissing(PublicationError):
    """A role lacks a right."""


class PlanMoved(PublicationError):
    """What would be written now is not what was planned."""


class TooManyMissing(PublicationError):
    """More rows would be archived or removed, since they are gone from FileMaker, than the run allows."""


class TooManyLeftOver(PublicationError):
    """More rows of older imports would be removed than the run allows."""


class LeftOversUnknown(PublicationError):
    """Rows of older imports are to be removed by a run that does not know which have a partner."""


class MassChange(PublicationError):
    """More rows would lose, change or get a value in one column than is ordinary."""


class PlanStale(PublicationError):
    """A plan that no longer holds: what it was made from has moved, or it was applied already."""


class PlanUnknown(PublicationError):
    """No plan is kept under that id."""
