"""An older Nexus, whole: what the runs of a state's name leave, what people made beside it, and the book."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance
from nexus_reimport.sandbox.clinic.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.nexus_rows import DEFAULT_BUCKET, PATIENT_CONTENT_TYPE, Relations
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.older.appointments import run_a1, run_a2, run_a3
from nexus_reimport.sandbox.clinic.older.book import Book
from nexus_reimport.sandbox.clinic.older.deletion import delete
from nexus_reimport.sandbox.clinic.older.documents import run_d1, run_d2, run_d3
from nexus_reimport.sandbox.clinic.older.generations import DELETE, runs_of
from nexus_reimport.sandbox.clinic.older.images import run_i1, run_i2
from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus
from nexus_reimport.sandbox.clinic.older.notes import run_n1, run_n2, run_n3
from nexus_reimport.sandbox.clinic.older.patients import run_p1, run_p1_in_notes, run_p2, run_p3
from nexus_reimport.sandbox.clinic.older.people import add_people

RUNS: Final[dict[str, Callable[[OlderNexus], None]]] = {
    "P1": run_p1,
    "P1-notes": run_p1_in_notes,
    "P2": run_p2,
    "P3": run_p3,
    "A1": run_a1,
    "A2": run_a2,
    "A3": run_a3,
    "N1": run_n1,
    "N2": run_n2,
    "N3": run_n3,
    "D1": run_d1,
    "D2": run_d2,
    "D3": run_d3,
    "I1": run_i1,
    "I2": run_i2,
    DELETE: delete,
}


@dataclass(frozen=True)
class OlderState:
    """`rows` by relation: insert `clinic.nexus` before them. `objects`: the whole bucket, by key."""

    runs: tuple[str, ...]
    rows: Relations
    objects: list[ClinicObject] = field(repr=False)
    book: Book = field(repr=False)


def older_state(
    name: str,
    clinic: SyntheticClinic,
    *,
    content_type: int = PATIENT_CONTENT_TYPE,
    bucket: str = DEFAULT_BUCKET,
) -> OlderState:
    """Return what the runs of a state's name, such as `older:A2*2+N3`, leave of an empty Nexus.

    Raise UnknownStartingStateError where the name has an older import that there is none of.
    """
    runs = runs_of(name)
    nexus = OlderNexus(
        clinic,
        Chance(f"{clinic.seed}/older imports"),
        content_type,
        bucket,
        objects={entry.key: entry for entry in clinic.objects},
    )
    for run in runs:
        nexus.begin()
        RUNS[run](nexus)
    nexus.begin()
    add_people(nexus)
    rows = {relation: list(kept.values()) for relation, kept in nexus.rows.items()}
    return OlderState(runs, rows, sorted(nexus.objects.values(), key=lambda entry: entry.key), nexus.book)
