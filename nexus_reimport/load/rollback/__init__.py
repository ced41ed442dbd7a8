"""Taking publications back: Nexus as it was before, row by row, and people's own changes respected."""

from nexus_reimport.load.rollback.conflicts import Conflict
from nexus_reimport.load.rollback.preview import Preview, done_by, effect_of, preview
from nexus_reimport.load.rollback.rollback import Edits, Rollback, rollback

__all__ = ["Conflict", "Edits", "Preview", "Rollback", "done_by", "effect_of", "preview", "rollback"]
