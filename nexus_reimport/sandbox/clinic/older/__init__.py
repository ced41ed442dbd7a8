"""What each of the clinic's own older imports leaves in Nexus, made by its own rules, traps included.

It is written from what those scripts did, and shares no code with the reimport: what the sandbox says an
older row looks like must not follow from how the reimport looks for it.
"""

from nexus_reimport.sandbox.clinic.older.book import Book
from nexus_reimport.sandbox.clinic.older.build import OlderState, older_state
from nexus_reimport.sandbox.clinic.older.generations import GENERATIONS, PREFIX, runs_of

__all__ = ["GENERATIONS", "PREFIX", "Book", "OlderState", "older_state", "runs_of"]
