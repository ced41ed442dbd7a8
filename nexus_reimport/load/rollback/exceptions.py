"""Why nothing was taken back; each message says what to do, and names rows by table and id alone."""

from collections.abc import Sequence

from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.load.rollback.conflicts import Conflict

_SHOWN = 20


class NothingToUndo(PublicationError):
    """There is no such publication, or none at all."""


class CannotUndo(PublicationError):
    """A publication has no backup to undo it with."""


class RollbackNotProved(PublicationError):
    """What would be committed is not what there was before."""


class RollbackRefused(PublicationError):
    """People changed rows since, and nobody said what is to become of that. `obstacles` has every row."""

    def __init__(self, obstacles: Sequence[Conflict]) -> None:
        self.obstacles = tuple(obstacles)
        listed = "".join(f"\n  {one.table} {one.id}: {one.what}" for one in self.obstacles[:_SHOWN])
        more = len(self.obstacles) - _SHOWN
        rest = f"\n  and {more} more" if more > 0 else ""
        super().__init__(
            f"Rows that are not as they were left, or are in use: {len(self.obstacles)}. Nothing was taken "
            f"back.{listed}{rest}\nKeep them as they are, or discard what was changed since: say which."
        )
