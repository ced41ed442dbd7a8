"""Reasons of notes alone."""

from nexus_reimport.model.reasons.reason import NOTHING, Reason, reject

EMPTY_CONTENT = Reason(
    "empty_content",
    "The note has no text.",
    reject("notes", "Note", "no text"),
    advice=NOTHING,
)
