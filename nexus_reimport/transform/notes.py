"""Clinical and other notes, from FileMaker's notes."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from nexus_reimport.schemas import filemaker
from nexus_reimport.schemas.nexus import NOTES
from nexus_reimport.transform import choices
from nexus_reimport.transform.dates import day, microseconds, noon
from nexus_reimport.transform.extracts import Extract, creation_instants, read_extract
from nexus_reimport.transform.identity import Adoption, decide_ids, natural_key
from nexus_reimport.transform.known_patients import KnownPatients, known_patients
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.shaping import cut
from nexus_reimport.transform.staged import Ledger, Staged

IMPORTER = "FileMaker Import"


def stage_notes(notes: pd.DataFrame, patients: Staged, state: NexusState, as_of: datetime) -> Staged:
    """Return one note per FileMaker note of a known patient that has content.

    Takes the extract frame, the staged patients and the run's instant (aware). Rejects: bad_id,
    duplicate_id, empty_content, limit, patient_not_found.
    """
    ledger = Ledger(NOTES)
    everything = read_extract(filemaker.NOTES, notes, ledger)
    known = known_patients(patients, state)
    created = creation_instants(everything, ledger, "created_at", _noons(everything, ledger))
    kept = _kept(everything, known, ledger)
    written = everything.take(kept)
    owners = [str(known.find(patient)) for patient in written.ids("id_Key")]
    contents = written.texts("Note")
    authors = [name or IMPORTER for name in written.texts("creationAccountName")]
    handles = [natural_key(*parts) for parts in zip(owners, contents, strict=True)]
    columns: dict[str, Sequence[object]] = {
        "id": decide_ids(written.keys, state, ledger, (Adoption(state.naturals(NOTES.name), handles),)),
        "note_type": [choices.note_type(text) for text in written.texts("Note Type")],
        "content": contents,
        "created_at": [created[place] for place in kept],
        "created_by": cut(written.keys, authors, "created_by", ledger),
        "patient_id": owners,
    }
    return ledger.staged(written.keys, columns, {"updated_at": microseconds(as_of)})


def _noons(notes: Extract, ledger: Ledger) -> list[int | None]:
    """Return noon in Sydney of each note's day, None where it says none or one that cannot be read."""
    noons: list[int | None] = []
    for key, text in zip(notes.keys, notes.texts("Date"), strict=True):
        written_on = day(text)
        found = None if written_on is None else noon(written_on)
        if text and found is None:
            ledger.warn(key, "created_at", "bad_date")
        noons.append(found)
    return noons


def _kept(notes: Extract, known: KnownPatients, ledger: Ledger) -> list[int]:
    kept = []
    for place, (patient, content) in enumerate(zip(notes.ids("id_Key"), notes.texts("Note"), strict=True)):
        fault = known.fault(patient)
        if not content:
            ledger.reject(notes.keys[place], "Note", "empty_content")
        elif fault:
            ledger.reject(notes.keys[place], "id_Key", fault)
        else:
            kept.append(place)
    return kept
