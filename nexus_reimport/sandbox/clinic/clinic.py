"""The synthetic clinic, whole: what FileMaker, Nexus's configuration and S3 hold, what must come of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypedDict

from nexus_reimport.sandbox.clinic.chance import BULK_IMPORT_STAMPS, Row
from nexus_reimport.sandbox.clinic.configuration import configuration
from nexus_reimport.sandbox.clinic.details import directory
from nexus_reimport.sandbox.clinic.dirt import DirtLedger, Places
from nexus_reimport.sandbox.clinic.docs import archive
from nexus_reimport.sandbox.clinic.events import events
from nexus_reimport.sandbox.clinic.figures import Figures, figures_at
from nexus_reimport.sandbox.clinic.image_csv import drawn_image_csv, next_rows
from nexus_reimport.sandbox.clinic.images import ImageRow, gallery
from nexus_reimport.sandbox.clinic.messages import messages
from nexus_reimport.sandbox.clinic.notes import notes
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.patients import people

OPTIONAL_FIELDS = {
    "API_Contacts": ("CYS_ID",),
    "API_event": ("id_Clinician", "clinician_name", "Type", "Status"),
}
"""Fields that only some exports have."""


class ExpectedOutcome(TypedDict):
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
    `objects`: the bucket, by key. `image_csv`: the export of image metadata as a file, `image_csv_rows`: its
    rows, `later_images`: rows that only the next export has. `expected`: outcome by table. `rejected`: reason
    by table and lower-case FileMaker id; an image's key is its recid. `dirt`: lower-case FileMaker ids, or
    recids, by kind of dirt.
    """

    scale: float
    seed: int
    entities: dict[str, list[Row]]
    nexus: dict[str, list[Row]]
    objects: list[ClinicObject]
    expected: dict[str, ExpectedOutcome]
    rejected: dict[str, dict[str, str]]
    dirt: Places
    image_csv: bytes = field(repr=False)
    image_csv_rows: list[ImageRow]
    later_images: list[ImageRow]


def next_image_csv(clinic: SyntheticClinic) -> bytes:
    """Return the clinic's next image export, `Image_dataV10.csv`.

    It differs from the first by a new Type in five rows, and by two new rows: one for the file in S3 that had
    none, which makes it an image, and one whose file is not in S3 yet.
    """
    return drawn_image_csv(next_rows(clinic.image_csv_rows, clinic.later_images))


def synthetic_clinic(scale: float = 1.0, seed: int = 7) -> SyntheticClinic:
    """Return the clinic of that scale and seed, byte for byte the same everywhere.

    Scale 1 has the real clinic's counts. ValueError where the scale is not above zero.
    """
    figures, ledger, setup = figures_at(scale), DirtLedger(), configuration(seed)
    contacts = people(figures, setup, seed, scale, ledger)
    details = directory(figures, contacts, seed, scale, ledger)
    calendar = events(figures, contacts, setup, seed, scale, ledger)
    sent = messages(figures, contacts, calendar, details, seed, scale, ledger)
    written = notes(figures, contacts, seed, scale, ledger)
    documents = archive(figures, contacts, seed, scale, ledger)
    images = gallery(figures, contacts, seed, scale, ledger)
    entities = {
        "API_Contacts": contacts.rows,
        "API_Contact_Details": details.rows,
        "API_Clinic_Name": setup.clinics,
        "API_event": calendar,
        "API_Notes": written,
        "API_Messages": sent,
        "API_Docs": documents.rows,
        "API_Images": images.entities,
    }
    _note_bulk_imports(entities, ledger)
    return SyntheticClinic(
        scale=scale,
        seed=seed,
        entities=entities,
        nexus=setup.nexus,
        objects=sorted([*documents.objects, *images.objects], key=lambda entry: entry.key),
        expected=_outcomes(figures, ledger),
        rejected=ledger.rejected,
        dirt=ledger.places,
        image_csv=drawn_image_csv(images.rows),
        image_csv_rows=images.rows,
        later_images=images.later,
    )


def expected(scale: float = 1.0, seed: int = 7) -> dict[str, ExpectedOutcome]:
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


def _note_bulk_imports(entities: dict[str, list[Row]], ledger: DirtLedger) -> None:
    """Write down which rows share their creationTimestamp with many others."""
    for entity, rows in entities.items():
        key = "_kp_MessageID" if entity == "API_Messages" else "id"
        shared = [row[key] for row in rows if row["creationTimestamp"] in BULK_IMPORT_STAMPS]
        ledger.note("creation_stamp_of_a_bulk_import", shared)


def _outcomes(figures: Figures, ledger: DirtLedger) -> dict[str, ExpectedOutcome]:
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
        "image_batches": (figures.image_batches, 0),
        "images": (figures.images, 0),
    }
    return {table: _outcome(*counts, ledger.rejected.get(table, {})) for table, counts in linked.items()}


def _outcome(linked: int, unlinked: int, rejected: dict[str, str]) -> ExpectedOutcome:
    return ExpectedOutcome(
        read=linked + unlinked + len(rejected),
        published=linked + unlinked,
        rejected=dict(Counter(rejected.values())),
        linked=linked,
        unlinked=unlinked,
    )
