"""The synthetic clinic, whole: what FileMaker, Nexus's configuration and S3 hold, what must come of it."""

from collections import Counter
from dataclasses import dataclass
from typing import TypedDict

from nexus_reimport.sandbox.clinic.chance import BULK_IMPORT_STAMPS, Row
from nexus_reimport.sandbox.clinic.configuration import configuration
from nexus_reimport.sandbox.clinic.details import directory
from nexus_reimport.sandbox.clinic.dirt import Ledger, Places
from nexus_reimport.sandbox.clinic.docs import ClinicObject, archive
from nexus_reimport.sandbox.clinic.events import events
from nexus_reimport.sandbox.clinic.figures import Figures, figures_at
from nexus_reimport.sandbox.clinic.messages import messages
from nexus_reimport.sandbox.clinic.notes import notes
from nexus_reimport.sandbox.clinic.patients import people

OPTIONAL_FIELDS = {
    "API_Contacts": ("CYS_ID",),
    "API_event": ("id_Clinician", "clinician_name", "Type", "Status"),
}
"""Fields that only some exports have."""


class Outcome(TypedDict):
    """What a correct import makes of one table; linked and unlinked count published rows by their patient."""

    read: int
    published: int
    rejected: dict[str, int]
    linked: int
    unlinked: int


@dataclass(frozen=True)
class SyntheticClinic:
    """A clinic that never was.

    `entities`: FileMaker's rows by entity set, as JSON answers them. `nexus`: configuration rows by relation.
    `objects`: the bucket, by key. `expected`: outcome by table. `rejected`: reason by table and lower-case
    FileMaker id. `dirt`: lower-case FileMaker ids by kind of dirt.
    """

    scale: float
    seed: int
    entities: dict[str, list[Row]]
    nexus: dict[str, list[Row]]
    objects: list[ClinicObject]
    expected: dict[str, Outcome]
    rejected: dict[str, dict[str, str]]
    dirt: Places


def synthetic_clinic(scale: float = 1.0, seed: int = 7) -> SyntheticClinic:
    """Return the clinic of that scale and seed, byte for byte the same everywhere.

    Scale 1 has the real clinic's counts. ValueError where the scale is not above zero.
    """
    figures, ledger, setup = figures_at(scale), Ledger(), configuration(seed)
    contacts = people(figures, setup, seed, scale, ledger)
    details = directory(figures, contacts, seed, scale, ledger)
    calendar = events(figures, contacts, setup, seed, scale, ledger)
    sent = messages(figures, contacts, calendar, details, seed, scale, ledger)
    written = notes(figures, contacts, seed, scale, ledger)
    documents = archive(figures, contacts, seed, scale, ledger)
    entities = {
        "API_Contacts": contacts.rows,
        "API_Contact_Details": details.rows,
        "API_Clinic_Name": setup.clinics,
        "API_event": calendar,
        "API_Notes": written,
        "API_Messages": sent,
        "API_Docs": documents.rows,
    }
    _note_bulk_imports(entities, ledger)
    return SyntheticClinic(
        scale=scale,
        seed=seed,
        entities=entities,
        nexus=setup.nexus,
        objects=documents.objects,
        expected=_outcomes(figures, ledger),
        rejected=ledger.rejected,
        dirt=ledger.places,
    )


def expected(scale: float = 1.0, seed: int = 7) -> dict[str, Outcome]:
    """Return what a correct import of the clinic of that scale and seed makes of each table."""
    return synthetic_clinic(scale, seed).expected


def without_optional_fields(clinic: SyntheticClinic) -> dict[str, list[Row]]:
    """Return the clinic's entities as the exports without the optional fields have them."""
    return {
        entity: [
            {name: value for name, value in row.items() if name not in OPTIONAL_FIELDS.get(entity, ())}
            for row in rows
        ]
        for entity, rows in clinic.entities.items()
    }


def _note_bulk_imports(entities: dict[str, list[Row]], ledger: Ledger) -> None:
    """Write down which rows share their creationTimestamp with many others."""
    for entity, rows in entities.items():
        key = "_kp_MessageID" if entity == "API_Messages" else "id"
        shared = [row[key] for row in rows if row["creationTimestamp"] in BULK_IMPORT_STAMPS]
        ledger.note("creation_stamp_of_a_bulk_import", shared)


def _outcomes(figures: Figures, ledger: Ledger) -> dict[str, Outcome]:
    by_number = figures.messages_by_number
    linked = {
        "patients": (figures.patients, 0),
        "appointments": (figures.appointments, 0),
        "notes": (figures.notes, 0),
        "sms_messages": (
            figures.messages_by_contact + by_number,
            figures.messages_to_family_numbers
            + figures.messages_to_unknown_numbers
            + figures.messages_of_unknown_contacts,
        ),
        "documents": (figures.documents_linked, figures.documents_unlinked),
    }
    return {table: _outcome(*counts, ledger.rejected.get(table, {})) for table, counts in linked.items()}


def _outcome(linked: int, unlinked: int, rejected: dict[str, str]) -> Outcome:
    return Outcome(
        read=linked + unlinked + len(rejected),
        published=linked + unlinked,
        rejected=dict(Counter(rejected.values())),
        linked=linked,
        unlinked=unlinked,
    )
