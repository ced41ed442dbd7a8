"""Taking publications back: Nexus as it was before, row by row, and people's own changes respected."""

from nexus_reimport.publish.rollback.obstacles import Obstacle
from nexus_reimport.publish.rollback.rollback import Edits, Rollback, rollback

__all__ = ["Edits", "Obstacle", "Rollback", "rollback"]
