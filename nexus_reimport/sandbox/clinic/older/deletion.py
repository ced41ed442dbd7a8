"""What the clinic's master run deleted before it imported patients again."""

from typing import Final

from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus

WITH_PATIENTS: Final = ("patients", "appointments", "notes")
"""Tables whose rows go with the patients; documents, batches and images stay, and point at nobody."""


def delete(nexus: OlderNexus) -> None:
    """Delete every patient, through the app."""
    for relation in WITH_PATIENTS:
        nexus.remove(relation)
    nexus.known.clear()
