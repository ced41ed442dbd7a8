"""The patients a row may be linked to: those staged now, and those who live in Nexus already."""

from dataclasses import dataclass

from nexus_reimport.model.reasons.every_table import LIMIT
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.model.reasons.several_tables import PATIENT_NOT_FOUND
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import SOURCE_KEY, Staged, column_texts


@dataclass(frozen=True)
class KnownPatients:
    """FileMaker id to UUID, UUID to clinic, and the FileMaker ids that a limit left out."""

    ids: dict[str, str]
    clinics: dict[str, str | None]
    cut: frozenset[str]

    def find(self, filemaker_id: str | None) -> str | None:
        """Return the patient's UUID; None where nobody known has that FileMaker id."""
        return None if filemaker_id is None else self.ids.get(filemaker_id)

    def fault(self, filemaker_id: str | None) -> Reason | None:
        """Return why no row may be linked to that FileMaker id: `limit`, `patient_not_found`, or None."""
        if filemaker_id in self.cut:
            return LIMIT
        return None if self.find(filemaker_id) else PATIENT_NOT_FOUND


def known_patients(patients: Staged, state: NexusState) -> KnownPatients:
    """Return everybody a row may be linked to.

    A patient gone from FileMaker but alive in Nexus is a good target. A staged patient without a clinic
    has the one that Nexus has.
    """
    ids = state.live_patients()
    clinics = {patient: state.patient_clinic(patient) for patient in ids.values()}
    staged = zip(
        *(column_texts(patients.rows, name) for name in (SOURCE_KEY, "id", "clinic_id")), strict=True
    )
    for key, patient, clinic in staged:
        ids[str(key)] = str(patient)
        clinics[str(patient)] = clinic or clinics.get(str(patient))
    return KnownPatients(ids, clinics, _cut(patients))


def _cut(patients: Staged) -> frozenset[str]:
    pairs = zip(*(column_texts(patients.rejects, name) for name in ("key", "reason")), strict=True)
    return frozenset(str(key) for key, reason in pairs if reason == LIMIT)
