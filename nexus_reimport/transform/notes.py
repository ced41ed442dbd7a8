"""Clinical and other notes, from FileMaker's notes."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime

import pandas as pd

from nexus_reimport.model import filemaker
from nexus_reimport.model.nexus import NOTES
from nexus_reimport.model.reasons.notes import EMPTY_CONTENT
from nexus_reimport.model.reasons.several_tables import BAD_DATE
from nexus_reimport.transform import choices
from nexus_reimport.transform.adoption.candidates import candidates
from nexus_reimport.transform.adoption.notes import IMPORTER, AdoptableNote, adopt_notes
from nexus_reimport.transform.adoption.rows_in_nexus import LivingNote
from nexus_reimport.transform.column_values import cut
from nexus_reimport.transform.dates import day, microseconds, noon
from nexus_reimport.transform.extract_rows import ExtractRows, creation_instants, read_extract
from nexus_reimport.transform.identity import decide_ids
from nexus_reimport.transform.known_patients import KnownPatients, known_patients
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting, Staged


def stage_notes(notes: pd.DataFrame, patients: Staged, state: NexusState, as_of: datetime) -> Staged:
    """Return one note per FileMaker note of a known patient that has content.

    Takes the extract frame, the staged patients and the run's instant (aware). Rejects: bad_id,
    duplicate_id, empty_content, limit, patient_not_found.
    """
    ledger = Accounting(NOTES)
    everything = read_extract(filemaker.CLINICAL_NOTES, notes, ledger)
    known = known_patients(patients, state)
    created = creation_instants(everything, ledger, "created_at", _noons(everything, ledger))
    kept = _kept(everything, known, ledger)
    written = everything.take(kept)
    owners = [str(known.find(patient)) for patient in written.ids("id_Key")]
    contents = written.texts("Note")
    authors = [name or IMPORTER for name in written.texts("creationAccountName")]

    def adopted(places: Sequence[int], taken: Set[str]) -> Iterable[tuple[int, str]]:
        living = candidates(LivingNote, known, state, taken)
        places = living.of_their_patients(places, owners)
        return adopt_notes(_adoptable(written, owners, places), living).items()

    columns: dict[str, Sequence[object]] = {
        "id": decide_ids(written.keys, state, ledger, (adopted,)),
        "note_type": [choices.note_type(text) for text in written.texts("Note Type")],
        "content": contents,
        "created_at": [created[place] for place in kept],
        "created_by": cut(written.keys, authors, "created_by", ledger),
        "patient_id": owners,
    }
    return ledger.staged(written.keys, columns, {"updated_at": microseconds(as_of)})


def _noons(notes: ExtractRows, ledger: Accounting) -> list[int | None]:
    """Return noon in Sydney of each note's day, None where it says none or one that cannot be read."""
    noons: list[int | None] = []
    for key, text in zip(notes.keys, notes.texts("Date"), strict=True):
        written_on = day(text)
        found = None if written_on is None else noon(written_on)
        if text and found is None:
            ledger.warn(key, "created_at", BAD_DATE)
        noons.append(found)
    return noons


def _kept(notes: ExtractRows, known: KnownPatients, ledger: Accounting) -> list[int]:
    kept = []
    for place, (patient, content) in enumerate(zip(notes.ids("id_Key"), notes.texts("Note"), strict=True)):
        fault = known.fault(patient)
        if not content:
            ledger.reject(notes.keys[place], "Note", EMPTY_CONTENT)
        elif fault:
            ledger.reject(notes.keys[place], "id_Key", fault)
        else:
            kept.append(place)
    return kept


def _adoptable(notes: ExtractRows, owners: Sequence[str], places: list[int]) -> list[AdoptableNote]:
    """Return the notes at the places, as living rows are compared with them."""
    some = notes.take(places)
    made = [moment or 0 for moment, _ in some.instants("creationTimestamp")]
    told = (some.texts(field) for field in ("Note", "creationAccountName", "Note Type"))
    patients = [owners[place] for place in places]
    return list(map(AdoptableNote, places, some.keys, patients, made, *told))
