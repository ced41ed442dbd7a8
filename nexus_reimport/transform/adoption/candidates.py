"""The living rows that may still be a record, and the records that they may be: their patients'."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Generic

from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.transform.adoption.rows_in_nexus import Living
from nexus_reimport.transform.known_patients import KnownPatients
from nexus_reimport.transform.nexus_state import NexusState


@dataclass(frozen=True)
class Candidates(Generic[Living]):
    """Rows in order of creation. `owners`: a patient's row to the UUID under which they are published."""

    rows: Sequence[Living]
    owners: Mapping[str, str]

    def of_their_patients(self, places: Iterable[int], patients: Sequence[object]) -> list[int]:
        """Return the places whose patient, by published UUID, has a row among these; "" and None are one."""
        theirs = {self.owners.get(row.patient, row.patient) for row in self.rows}
        return [place for place in places if str(patients[place] or "") in theirs]


def candidates(
    row_type: type[Living], known: KnownPatients, state: NexusState, taken: Set[str]
) -> Candidates[Living]:
    """Return the rows that nobody has taken.

    Where older imports have written one patient twice, rows of what is theirs hang on either.
    """
    rows = [row for row in state.adoptable(row_type) if row.id not in taken]
    return Candidates(rows, _owners(known, state) if rows else {})


def _owners(known: KnownPatients, state: NexusState) -> dict[str, str]:
    doubles = {
        row_id: patient
        for key, rows in state.claims(PATIENTS.name).items()
        if (patient := known.find(key))
        for row_id in rows
    }
    return {**doubles, **{patient: patient for patient in known.ids.values()}}
