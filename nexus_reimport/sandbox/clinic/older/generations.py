"""The clinic's own older imports by name, and how a list of them is written: `P3+A2*2+delete+P3+N3`."""

import re
from typing import Final

from nexus_reimport.sandbox.exceptions import UnknownStartingStateError

PREFIX: Final = "older:"
DELETE: Final = "delete"
GENERATIONS: Final = {
    "P1": "patients of the first export, by a management command",
    "P1-notes": "P1 in a database that never moved the id from patients.notes to filemaker_metadata",
    "P2": "patients of the reimport, from the Data API",
    "P3": "patients of the reimport, from Contacts.xlsx, then their details from Coms.xlsx",
    "A1": "appointments by a management command, with FileMaker's event id",
    "A2": "appointments of the reimport, from the Data API",
    "A3": "appointments of the reimport, from Appointments.xlsx",
    "N1": "notes by a management command",
    "N2": "notes of the reimport, the first 10,000 only",
    "N3": "notes of the reimport, from Notes.xlsx",
    "D1": "documents and their files, by a management command",
    "D2": "documents linked again, their files moved",
    "D3": "documents linked again from Docs.xlsx, their files left where they are",
    "I1": "images by a management command, from the Data API",
    "I2": "images linked from the CSV export",
    DELETE: "all patients, with their appointments and notes; documents, batches and images stay",
}
"""What each did. `delete` is what the clinic's master run did before it imported patients again."""

MOST_RUNS: Final = 9
_PART: Final = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?:\*(?P<runs>[1-9]))?")
_HISTORY: Final = ("P1", "D1", DELETE)
"""What came before documents were linked again: they were made for patients who are gone since."""


def runs_of(state: str) -> tuple[str, ...]:
    """Return what ran, in order, from a state's name such as `older:A2*2+N3`.

    Without patients P3 runs first. Documents that are linked again (D2, D3) must be there: where D1 does not
    come before, P1, D1 and a delete run before everything. UnknownStartingStateError, which lists the names,
    where the list has another.
    """
    asked = [name for part in state.removeprefix(PREFIX).split("+") for name in _runs_of_part(part.strip())]
    runs = asked if any(name.startswith("P") for name in asked) else ["P3", *asked]
    relinks = [place for place, name in enumerate(runs) if name in {"D2", "D3"}]
    is_linked_again = bool(relinks) and "D1" not in runs[: relinks[0]]
    return (*_HISTORY, *runs) if is_linked_again else tuple(runs)


def _runs_of_part(part: str) -> list[str]:
    found = _PART.fullmatch(part)
    if found is None or found["name"] not in GENERATIONS:
        message = (
            f"there is no older import {part!r}; write {PREFIX}NAME+NAME*2 with names from"
            f" {', '.join(GENERATIONS)}, and up to {MOST_RUNS} runs of one"
        )
        raise UnknownStartingStateError(message)
    return [found["name"]] * int(found["runs"] or 1)
