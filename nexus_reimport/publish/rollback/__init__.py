"""Taking publications back: Nexus as it was before, row by row, and people's own changes respected."""

from nexus_reimport.publish.rollback.obstacles import Obstacle
from nexus_reimport.publish.rollback.preview import Preview, done_by, effect_of, preview
from nexus_reimport.publish.rollback.rollback import Edits, Rollback, rollback

__all__ = ["Edits", "Obstacle", "Preview", "Rollback", "done_by", "effect_of", "preview", "rollback"]
