"""Notes as N1, N2 and N3 wrote them: none has FileMaker's id, and a second run of any doubles."""

from collections.abc import Iterator
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.clinic.figures import share
from nexus_reimport.sandbox.clinic.nexus_rows import note_row
from nexus_reimport.sandbox.clinic.older.nexus import IMPORT_ACCOUNT, OlderNexus
from nexus_reimport.sandbox.clinic.older.sheet import LINE_ENDS, cell_text, date_cell, is_number_cell

_FIRST_PAGE: Final = 10_000
"""N2 never asked for a second page; a share of it at another scale than 1."""


def run_n1(nexus: OlderNexus) -> None:
    """Write trimmed notes under FileMaker's own type and account."""
    for note, patient in _notes(nexus, nexus.clinic.entities["API_Notes"]):
        kind, account = note["Note Type"] or "General", note["creationAccountName"] or IMPORT_ACCOUNT
        _write(note, patient, str(note["Note"]).strip(), nexus, note_type=kind, created_by=account)


def run_n2(nexus: OlderNexus) -> None:
    """Write the first page's notes, raw."""
    page = nexus.clinic.entities["API_Notes"][: share(_FIRST_PAGE, nexus.clinic.scale)]
    for note, patient in _notes(nexus, page):
        _write(note, patient, str(note["Note"]), nexus)


def run_n3(nexus: OlderNexus) -> None:
    """Write the sheet's cells: line ends as the sheet has them, dates as ISO text, numbers not at all."""
    for place, (note, patient) in enumerate(_notes(nexus, nexus.clinic.entities["API_Notes"])):
        text = str(note["Note"])
        if is_number_cell(text):
            continue
        day = date_cell(text)
        content = day or cell_text(text, LINE_ENDS[place % len(LINE_ENDS)])
        row_id = _write(note, patient, content, nexus)
        if row_id and day:
            nexus.book.says_no_longer("notes", row_id)


def _notes(nexus: OlderNexus, notes: list[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield the notes with content of known patients."""
    for note in notes:
        patient = nexus.patient(note["id_Key"])
        if patient is not None and str(note["Note"] or "").strip():
            yield note, patient


def _write(
    note: Row,
    patient: Row,
    content: str,
    nexus: OlderNexus,
    *,
    note_type: object = "other",
    created_by: object = IMPORT_ACCOUNT,
) -> str | None:
    """Write one note; return its id, None where the database refused it."""
    row = note_row(
        id=nexus.chance.row_id(),
        note_type=note_type,
        content=content,
        created_by=created_by,
        patient_id=patient["id"],
        **nexus.stamps(),
    )
    if not nexus.add("notes", row, note["id"]):
        return None
    if created_by == IMPORT_ACCOUNT:
        nexus.book.silent.add(str(row["id"]))
    return str(row["id"])
